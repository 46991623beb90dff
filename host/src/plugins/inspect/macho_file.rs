//! Mach-O dynamic libraries, thin and universal.

use object::macho;
use object::read::ReadRef;
use object::read::macho::{FatArch, MachHeader, MachOFatFile, Section, Segment};

use floe_plugin_api::record::MACHO_SECTION;

use super::contents::{Contents, Defect, LARGEST_TABLE, within};
use super::platform::{Format, Platform};

/// No universal file has more processors than there are.
const MOST_PROCESSORS: u32 = 32;

/// Reads a file for one processor.
pub(super) fn read_thin<'data, H, R>(data: R, length: u64, wanted: &Platform) -> Contents
where
    H: MachHeader,
    R: ReadRef<'data>,
{
    read_at::<H, R>(data, 0, length, wanted)
}

/// Reads the part of a universal file that is for the wanted processor.
pub(super) fn read_fat<'data, F, R>(data: R, length: u64, wanted: &Platform) -> Contents
where
    F: FatArch,
    R: ReadRef<'data>,
{
    let incomplete = || Contents::refused(Defect::Incomplete("its table of processors".to_owned()));
    let count = data.read_bytes_at(4, 4).ok().and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
    let Some(count) = count else { return incomplete() };
    if count > MOST_PROCESSORS {
        // Java's class files begin with the same bytes.
        return Contents::refused(Defect::NoLibrary("of an unknown format"));
    }
    let Ok(file) = MachOFatFile::<F>::parse(data) else { return incomplete() };
    let names: Vec<_> = file.arches().iter().map(|part| processor(part.cputype())).collect();
    let all = names.join(", ");
    let part = file.arches().iter().zip(&names).find(|(_, name)| **name == wanted.processor);
    let Some((part, name)) = part.filter(|_| wanted.format == Format::MachO) else {
        return Contents { platform: Some(format!("macOS {all}")), ..Contents::refused(Defect::OtherPlatform) };
    };
    let (offset, size) = part.file_range();
    let mut contents = if within(offset, size, length) {
        read_at::<macho::MachHeader64<object::Endianness>, R>(data, offset, size, wanted)
    } else {
        let end = offset.saturating_add(size);
        Contents::refused(Defect::Incomplete(format!("its part for {name} up to byte {end}")))
    };
    contents.platform = Some(format!("macOS {name} (of a universal file: {all})"));
    contents
}

fn processor(cpu: macho::CpuType) -> String {
    match cpu {
        macho::CPU_TYPE_X86_64 => "x86_64".to_owned(),
        macho::CPU_TYPE_ARM64 => "aarch64".to_owned(),
        macho::CPU_TYPE_X86 => "x86".to_owned(),
        macho::CPU_TYPE_ARM => "arm".to_owned(),
        other => format!("machine {}", other.0),
    }
}

/// Reads the library that begins at a byte of the file; all places in it count from there.
fn read_at<'data, H, R>(data: R, base: u64, length: u64, wanted: &Platform) -> Contents
where
    H: MachHeader,
    R: ReadRef<'data>,
{
    let Some((header, endian)) = H::parse(data, base).ok().and_then(|header| Some((header, header.endian().ok()?)))
    else {
        return Contents::refused(Defect::Incomplete("its header".to_owned()));
    };
    let mut contents = Contents::default();
    let processor = processor(header.cputype(endian));
    contents.platform = Some(format!("macOS {processor}"));
    if wanted.format != Format::MachO || processor != wanted.processor || !header.is_little_endian() {
        contents.defects.push(Defect::OtherPlatform);
    }
    match header.filetype(endian) {
        macho::MH_DYLIB | macho::MH_BUNDLE => {}
        macho::MH_EXECUTE => contents.defects.push(Defect::NoLibrary("a program")),
        macho::MH_OBJECT => contents.defects.push(Defect::NoLibrary("an object file that was not linked")),
        _ => contents.defects.push(Defect::NoLibrary("a Mach-O file, but no dynamic library")),
    }
    let size = u64::from(header.sizeofcmds(endian));
    let commands = (size <= LARGEST_TABLE && within(0, size, length)).then(|| header.load_commands(endian, data, base));
    let Some(Ok(mut commands)) = commands else {
        contents.incomplete("its load commands");
        return contents;
    };
    contents.run_path.inherited = true;
    let mut record = None;
    loop {
        match commands.next() {
            Ok(Some(command)) => {
                if let Ok(Some((segment, sections))) = H::Segment::from_command(command) {
                    let (offset, size) = segment.file_range(endian);
                    if !within(offset, size, length) {
                        contents.incomplete(format!("a segment up to byte {}", offset.saturating_add(size)));
                    }
                    let sections = segment.sections(endian, sections).unwrap_or_default();
                    let place = sections.iter().find(|section| is_record(*section));
                    let place = place.map(|section| (u64::from(section.offset(endian)), section.size(endian).into()));
                    record = record.or(place);
                } else if command.cmd() != macho::LC_ID_DYLIB
                    && let Ok(Some(library)) = command.dylib()
                {
                    let name = command.string(endian, library.dylib.name).unwrap_or_default();
                    contents.needs.push(String::from_utf8_lossy(name).into_owned());
                } else if command.cmd() == macho::LC_RPATH
                    && let Ok(run_path) = command.data::<macho::RpathCommand<H::Endian>>()
                {
                    let folder = command.string(endian, run_path.path).unwrap_or_default();
                    contents.run_path.folders.push(String::from_utf8_lossy(folder).into_owned());
                }
            }
            Ok(None) => break,
            Err(_) => {
                contents.incomplete("its load commands");
                break;
            }
        }
    }
    contents.take_record(data, record.map(|(offset, size)| (base.saturating_add(offset), size)));
    contents
}

fn is_record<S: Section>(section: &S) -> bool {
    (section.segment_name(), section.name()) == (MACHO_SECTION.0.as_bytes(), MACHO_SECTION.1.as_bytes())
}
