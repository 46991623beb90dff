//! ELF shared objects.

use object::elf;
use object::read::ReadRef;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader, SectionHeader};

use floe_plugin_api::record::ELF_SECTION;

use super::contents::{Contents, Defect, LARGEST_TABLE, within};
use super::platform::{Format, Platform};

/// Reads an ELF file of one class.
pub(super) fn read<'data, H, R>(data: R, length: u64, wanted: &Platform) -> Contents
where
    H: FileHeader,
    R: ReadRef<'data>,
{
    let Some((header, endian)) = H::parse(data).ok().and_then(|header| Some((header, header.endian().ok()?))) else {
        return Contents::refused(Defect::Incomplete("its header".to_owned()));
    };
    let mut contents = Contents::default();
    describe(&mut contents, header, endian, wanted);

    // Both tables must lie in the file before they are read: their sizes come from it.
    let table = |count: u16, size: u16| u64::from(count) * u64::from(size);
    let segments = (header.e_phoff(endian).into(), table(header.e_phnum(endian), header.e_phentsize(endian)));
    let sections = (header.e_shoff(endian).into(), table(header.e_shnum(endian), header.e_shentsize(endian)));
    let readable = |(offset, size): (u64, u64)| size <= LARGEST_TABLE && within(offset, size, length);
    match readable(segments).then(|| header.program_headers(endian, data).ok()).flatten() {
        Some(segments) => {
            let cut = |segment: &&H::ProgramHeader| {
                let (offset, size) = segment.file_range(endian);
                !within(offset, size, length)
            };
            if let Some(segment) = segments.iter().find(cut) {
                let (offset, size) = segment.file_range(endian);
                contents.incomplete(format!("a segment up to byte {}", offset.saturating_add(size)));
            }
            if !segments.iter().any(|segment| segment.p_type(endian) == elf::PT_LOAD) {
                contents.incomplete("a segment that can be loaded");
            }
        }
        None => contents.incomplete(format!("its table of segments at byte {}", segments.0)),
    }
    if sections.0 == 0 || sections.1 == 0 {
        contents.defects.push(Defect::NoRecord);
    } else if readable(sections) {
        read_sections(&mut contents, header, endian, data, length);
    } else {
        contents.incomplete(format!("its table of sections up to byte {}", sections.0.saturating_add(sections.1)));
    }
    contents
}

fn describe<H: FileHeader>(contents: &mut Contents, header: &H, endian: H::Endian, wanted: &Platform) {
    let processor = processor(header.e_machine(endian), header.is_class_64(), header.is_little_endian());
    let system = match header.e_ident().os_abi {
        elf::ELFOSABI_NONE | elf::ELFOSABI_GNU => "Linux",
        elf::ELFOSABI_FREEBSD => "FreeBSD",
        elf::ELFOSABI_NETBSD => "NetBSD",
        elf::ELFOSABI_OPENBSD => "OpenBSD",
        elf::ELFOSABI_SOLARIS => "Solaris",
        _ => "another system",
    };
    contents.platform = Some(format!("{system} {processor}"));
    if wanted.format != Format::Elf || system != "Linux" || processor != wanted.processor {
        contents.defects.push(Defect::OtherPlatform);
    }
    match header.e_type(endian) {
        elf::ET_DYN => {}
        elf::ET_EXEC => contents.defects.push(Defect::NoLibrary("a program")),
        elf::ET_REL => contents.defects.push(Defect::NoLibrary("an object file that was not linked")),
        elf::ET_CORE => contents.defects.push(Defect::NoLibrary("a core dump")),
        _ => contents.defects.push(Defect::NoLibrary("an ELF file, but no shared object")),
    }
}

fn processor(machine: elf::Machine, wide: bool, little: bool) -> String {
    let name = match (machine, wide, little) {
        (elf::EM_X86_64, true, true) => "x86_64",
        (elf::EM_AARCH64, true, true) => "aarch64",
        (elf::EM_RISCV, true, true) => "riscv64",
        (elf::EM_PPC64, true, true) => "powerpc64le",
        (elf::EM_PPC64, true, false) => "powerpc64",
        (elf::EM_S390, true, false) => "s390x",
        (elf::EM_LOONGARCH, true, true) => "loongarch64",
        (elf::EM_386, false, true) => "x86",
        (elf::EM_ARM, false, true) => "arm",
        _ => {
            let bits = if wide { 64 } else { 32 };
            let order = if little { "little" } else { "big" };
            return format!("machine {} ({bits}-bit, {order}-endian)", machine.0);
        }
    };
    name.to_owned()
}

fn read_sections<'data, H, R>(contents: &mut Contents, header: &H, endian: H::Endian, data: R, length: u64)
where
    H: FileHeader,
    R: ReadRef<'data>,
{
    let Ok(sections) = header.sections(endian, data) else {
        return contents.incomplete("its table of sections");
    };
    let ranges = sections.iter().filter_map(|section| section.file_range(endian));
    if let Some((offset, size)) = ranges.into_iter().find(|(offset, size)| !within(*offset, *size, length)) {
        contents.incomplete(format!("a section up to byte {}", offset.saturating_add(size)));
    }
    let record = sections.section_by_name(endian, ELF_SECTION.as_bytes());
    contents.take_record(data, record.and_then(|(_, section)| section.file_range(endian)));

    let mut dynamic = sections.iter().filter(|section| section.sh_type(endian) == elf::SHT_DYNAMIC);
    let size = dynamic.next().map_or(0, |section| section.sh_size(endian).into());
    if size > LARGEST_TABLE {
        return contents.incomplete("its dynamic section");
    }
    // Strings behind a broken link do not count as missing: the loader reads segments, not sections.
    if let Ok(Some((entries, link))) = sections.dynamic(endian, data)
        && let Ok(strings) = sections.strings(endian, data, link)
    {
        let texts = |tag| {
            let tagged = entries.iter().filter(move |entry| entry.d_tag(endian) == tag);
            let texts = tagged.filter_map(|entry| strings.get(u32::try_from(entry.d_val(endian).into()).ok()?).ok());
            texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect::<Vec<_>>()
        };
        contents.needs = texts(elf::DT_NEEDED);
        let run_path = texts(elf::DT_RUNPATH);
        // Where there are both, the loader passes over DT_RPATH.
        contents.run_path.inherited = run_path.is_empty();
        let written = if run_path.is_empty() { texts(elf::DT_RPATH) } else { run_path };
        let folders = written.iter().flat_map(|list| list.split(':')).filter(|folder| !folder.is_empty());
        contents.run_path.folders = folders.map(str::to_owned).collect();
    }
}
