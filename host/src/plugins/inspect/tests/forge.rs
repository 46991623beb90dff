//! Makes the smallest files that are what a test needs.

use floe_plugin_api::record::{ELF_SECTION, MACHO_SECTION, MAGIC};
use object::write::macho::{DylibCommand, Encoder, MachHeader, SectionHeader, SegmentCommand};
use object::{Endianness, macho};

/// The bytes of a record's section.
pub(in crate::plugins) fn record(json: &str) -> Vec<u8> {
    let length = u32::try_from(json.len()).unwrap().to_le_bytes();
    [&MAGIC[..], &length, json.as_bytes(), b"\0\0"].concat()
}

/// A record of a plugin called `nimbus`.
pub(in crate::plugins) fn nimbus(version: &str, api: &str) -> Vec<u8> {
    record(&format!(
        r#"{{"name":"nimbus","version":{version:?},"floe_api_version":{api:?},"plugin_api_version":"0.1.0","env":["NIMBUS_HOME"]}}"#
    ))
}

/// A 64-bit little-endian ELF shared object: header, one segment, dynamic strings, the record, names, section headers.
pub(in crate::plugins) fn elf(machine: u16, record: Option<&[u8]>) -> Vec<u8> {
    const DYNSTR: &[u8] = b"\0libnope.so.1\0";
    let names = format!("\0{ELF_SECTION}\0.dynstr\0.dynamic\0.shstrtab\0");
    let name = |wanted: &str| u32::try_from(names.find(&format!("\0{wanted}\0")).unwrap() + 1).unwrap();
    let mut file = vec![0; 64 + 56];
    let mut place = |bytes: &[u8]| {
        let offset = file.len();
        file.extend_from_slice(bytes);
        (offset as u64, bytes.len() as u64)
    };
    let dynamic: Vec<u8> = [1_u64, 1, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut sections = vec![
        (0, 0, (0, 0), 0),
        (name(".dynstr"), 3, place(DYNSTR), 0),
        (name(".dynamic"), 6, place(&dynamic), 1),
        (name(".shstrtab"), 3, place(names.as_bytes()), 0),
    ];
    if let Some(record) = record {
        sections.push((name(ELF_SECTION), 1, place(record), 0));
    }
    let table = file.len() as u64;
    for (name, kind, (offset, size), link) in &sections {
        file.extend([*name, *kind].iter().flat_map(|word: &u32| word.to_le_bytes()));
        file.extend([0, 0, *offset, *size].iter().flat_map(|word| word.to_le_bytes()));
        file.extend([*link, 0].iter().flat_map(|word: &u32| word.to_le_bytes()));
        file.extend([8, 0_u64].iter().flat_map(|word| word.to_le_bytes()));
    }
    let length = file.len() as u64;
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(16, &3_u16.to_le_bytes());
    put(18, &machine.to_le_bytes());
    put(20, &1_u32.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(40, &table.to_le_bytes());
    let count = u16::try_from(sections.len()).unwrap();
    for (at, value) in [(52, 64), (54, 56), (56, 1), (58, 64), (60, count), (62, 3)] {
        put(at, &value.to_le_bytes());
    }
    put(64, &1_u32.to_le_bytes());
    put(64 + 32, &length.to_le_bytes());
    file
}

/// A 64-bit Mach-O dynamic library.
pub(in crate::plugins) fn macho(processor: macho::CpuType, record: &[u8]) -> Vec<u8> {
    const NEEDED: &[u8] = b"/usr/lib/libSystem.B.dylib";
    let encoder = Encoder::new(Endianness::Little, true);
    let commands = encoder.segment_command_size(1) + encoder.dylib_command_size(NEEDED.len());
    let offset = encoder.mach_header_size() + commands;
    let size = record.len() as u64;
    let mut file = Vec::new();
    let header = MachHeader {
        cputype: processor,
        cpusubtype: macho::CpuSubtype(0),
        filetype: macho::MH_DYLIB,
        ncmds: 2,
        sizeofcmds: u32::try_from(commands).unwrap(),
        flags: macho::FileFlags(0),
    };
    encoder.mach_header(&mut file, &header);
    let segment = SegmentCommand {
        segname: padded(MACHO_SECTION.0),
        vmaddr: 0,
        vmsize: size,
        fileoff: offset,
        filesize: size,
        maxprot: macho::VmProt(0),
        initprot: macho::VmProt(0),
        nsects: 1,
        flags: macho::SegmentFlags(0),
    };
    encoder.segment_command(&mut file, &segment);
    let section = SectionHeader {
        sectname: padded(MACHO_SECTION.1),
        segname: padded(MACHO_SECTION.0),
        addr: 0,
        size,
        offset: u32::try_from(offset).unwrap(),
        align: 0,
        reloff: 0,
        nreloc: 0,
        flags: macho::SectionFlags(0),
        reserved1: 0,
        reserved2: 0,
        reserved3: 0,
    };
    encoder.section_header(&mut file, &section);
    let library = DylibCommand {
        cmd: macho::LC_LOAD_DYLIB,
        name: NEEDED,
        timestamp: 0,
        current_version: macho::Version(0),
        compatibility_version: macho::Version(0),
    };
    encoder.dylib_command(&mut file, &library);
    file.extend_from_slice(record);
    file
}

fn padded(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

/// A universal file, whose table is always big-endian.
pub(in crate::plugins) fn fat(parts: &[(macho::CpuType, Vec<u8>)]) -> Vec<u8> {
    let mut table: Vec<u32> = vec![macho::FAT_MAGIC, u32::try_from(parts.len()).unwrap()];
    let mut offset = 4096;
    for (processor, part) in parts {
        let size = u32::try_from(part.len()).unwrap();
        table.extend([processor.0, 0, offset, size, 12]);
        offset += size.next_multiple_of(4096);
    }
    let mut file: Vec<u8> = table.iter().flat_map(|word| word.to_be_bytes()).collect();
    for (_, part) in parts {
        file.resize(file.len().next_multiple_of(4096), 0);
        file.extend_from_slice(part);
    }
    file
}
