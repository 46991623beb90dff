//! What lies in a file, whichever format it has.

use std::io::{Read, Seek};

use object::read::{ReadCache, ReadRef};
use object::{Endianness, FileKind, elf, macho};

use super::platform::Platform;
use super::{elf_file, macho_file};

/// The largest section that can be a record; a name, a version and a few variables take some hundred bytes.
pub(super) const LARGEST_RECORD: u64 = 64 << 10;

/// Tables of headers that are larger than this are nothing that a linker wrote.
pub(super) const LARGEST_TABLE: u64 = 16 << 20;

/// Something that refuses the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Defect {
    /// It has none of the formats; says what it looks like.
    NoLibrary(&'static str),
    /// A table or what it describes reaches behind the end, or cannot be read.
    Incomplete(String),
    /// It was built for something else.
    OtherPlatform,
    /// It has no record.
    NoRecord,
    /// Its record is larger than any can be.
    RecordTooLarge(u64),
}

/// The folders that a library names for the libraries that it needs, as they are written (`$ORIGIN/../lib`).
#[derive(Debug, Clone, Default)]
pub(super) struct RunPath {
    pub(super) folders: Vec<String>,
    /// Whether it counts for what these libraries need in turn, and those of its own users for it: DT_RPATH and Mach-O's
    /// do, DT_RUNPATH does not.
    pub(super) inherited: bool,
}

/// What lies in a file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The platform, in words, as far as it can be told.
    pub(super) platform: Option<String>,
    /// The libraries that it needs.
    pub(super) needs: Vec<String>,
    /// Where it looks for them.
    pub(super) run_path: RunPath,
    /// The bytes of the record's section.
    pub(super) record: Option<Vec<u8>>,
    /// What refuses it, the first cause first.
    pub(super) defects: Vec<Defect>,
}

impl Contents {
    pub(super) fn refused(defect: Defect) -> Self {
        Self { defects: vec![defect], ..Self::default() }
    }

    /// Notes that something cannot be read; only the first of such findings says anything.
    pub(super) fn incomplete(&mut self, what: impl Into<String>) {
        if !self.defects.iter().any(|defect| matches!(defect, Defect::Incomplete(_))) {
            self.defects.push(Defect::Incomplete(what.into()));
        }
    }

    /// Takes the bytes of the record's section out of the file.
    pub(super) fn take_record<'data, R: ReadRef<'data>>(&mut self, data: R, place: Option<(u64, u64)>) {
        match place {
            None => self.defects.push(Defect::NoRecord),
            Some((_, size)) if size > LARGEST_RECORD => self.defects.push(Defect::RecordTooLarge(size)),
            Some((offset, size)) => match data.read_bytes_at(offset, size) {
                Ok(bytes) => self.record = Some(bytes.to_vec()),
                Err(()) => self.incomplete("its record"),
            },
        }
    }
}

/// Whether a piece lies within a file.
pub(super) fn within(offset: u64, size: u64, length: u64) -> bool {
    offset.checked_add(size).is_some_and(|end| end <= length)
}

/// Reads what lies in a file. Executes nothing, maps nothing, and reads only the tables that it needs.
pub(super) fn read<F: Read + Seek>(file: F, length: u64, wanted: &Platform) -> Contents {
    let cache = ReadCache::new(file);
    let data = &cache;
    let Ok(magic) = data.read_bytes_at(0, length.min(64)) else {
        return Contents::refused(Defect::Incomplete("its first bytes".to_owned()));
    };
    if magic.len() < 4 {
        return Contents::refused(Defect::NoLibrary(if magic.is_empty() { "empty" } else { "only a few bytes long" }));
    }
    // `FileKind` wants more bytes than a file that was cut off early may have.
    let mut padded = [0_u8; 64];
    padded[..magic.len()].copy_from_slice(magic);
    match FileKind::parse(&padded[..]) {
        Ok(FileKind::Elf64) => elf_file::read::<elf::FileHeader64<Endianness>, _>(data, length, wanted),
        Ok(FileKind::Elf32) => elf_file::read::<elf::FileHeader32<Endianness>, _>(data, length, wanted),
        Ok(FileKind::MachO64) => macho_file::read_thin::<macho::MachHeader64<Endianness>, _>(data, length, wanted),
        Ok(FileKind::MachO32) => macho_file::read_thin::<macho::MachHeader32<Endianness>, _>(data, length, wanted),
        Ok(FileKind::MachOFat32) => macho_file::read_fat::<macho::FatArch32, _>(data, length, wanted),
        Ok(FileKind::MachOFat64) => macho_file::read_fat::<macho::FatArch64, _>(data, length, wanted),
        Ok(FileKind::Pe32 | FileKind::Pe64) => {
            Contents { platform: Some("Windows".to_owned()), ..Contents::refused(Defect::OtherPlatform) }
        }
        _ if magic.starts_with(&elf::ELFMAG) => Contents::refused(Defect::Incomplete("its header".to_owned())),
        _ => Contents::refused(Defect::NoLibrary(looks_like(magic))),
    }
}

/// What a file that is no library may be.
fn looks_like(start: &[u8]) -> &'static str {
    let text = |prefix: &str| {
        let bytes = start.get(..prefix.len()).unwrap_or_default();
        bytes.eq_ignore_ascii_case(prefix.as_bytes())
    };
    if text("version https://git-lfs") {
        "a Git LFS pointer (run git lfs pull)"
    } else if text("<!doctype") || text("<html") || text("<?xml") {
        "a web page"
    } else if text("#!") {
        "a script"
    } else if text("!<arch>") {
        "a static library"
    } else if start.starts_with(&[0x1f, 0x8b])
        || start.starts_with(b"PK")
        || start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
    {
        "an archive (unpack it)"
    } else if start.iter().all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace()) {
        "a text file"
    } else if start.iter().all(|byte| *byte == 0) {
        "all zeros (a copy that was cut off?)"
    } else {
        "of an unknown format"
    }
}
