//! Files that are no plugins, or not the plugins that they say they are, made from one that is good.

use std::fs;
use std::ops::Range;
use std::path::Path;

use floe_plugin_api::record::{ELF_SECTION, MACHO_SECTION, MAGIC};
use object::write::Object as Writer;
use object::{Architecture, BinaryFormat, Endianness, Object, ObjectSection, SectionKind};
use serde_json::{Map, Value};

/// Where the JSON of the record lies in the file.
fn json_range(file: &[u8]) -> Range<usize> {
    let object = object::File::parse(file).expect("a fixture is an object file");
    let section = object.section_by_name(ELF_SECTION).expect("a fixture has the record");
    let start = usize::try_from(section.file_range().expect("a section of bytes").0).expect("fits");
    let json = start + MAGIC.len() + 4;
    let length = file[start + MAGIC.len()..json].try_into().map(u32::from_le_bytes).expect("four bytes");
    json..json + usize::try_from(length).expect("fits")
}

/// Copies a plugin with other bytes.
fn copy(from: &Path, to: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut file = fs::read(from).expect("the fixture can be read");
    change(&mut file);
    fs::write(to, file).expect("the forged file can be written");
}

/// Copies a plugin whose static record says something else. Its code stays as it is.
///
/// # Panics
/// Where the new record does not fit in the place of the old one.
pub fn with_record(from: &Path, to: &Path, change: impl FnOnce(&mut Map<String, Value>)) {
    copy(from, to, |file| {
        let range = json_range(file);
        let mut record: Map<String, Value> = serde_json::from_slice(&file[range.clone()]).expect("a record is JSON");
        change(&mut record);
        let text = |record: &Map<String, Value>| serde_json::to_string(record).expect("a record is JSON");
        // The compiler's name gives way where the rest got longer; spaces fill what got shorter.
        let excess = text(&record).len().saturating_sub(range.len());
        if excess > 0 {
            let rustc = record["rustc"].as_str().expect("a text").to_owned();
            record["rustc"] = rustc[..rustc.len() - excess].into();
        }
        let text = text(&record);
        file[range.clone()].copy_from_slice(format!("{text:<width$}", width = range.len()).as_bytes());
    });
}

/// Copies a plugin whose record names another version of the boundary.
pub fn with_api_version(from: &Path, to: &Path, version: &str) {
    with_record(from, to, |record| {
        record["floe_api_version"] = version.into();
    });
}

/// Copies a plugin whose record is no JSON.
pub fn with_garbage_record(from: &Path, to: &Path) {
    copy(from, to, |file| {
        let range = json_range(file);
        file[range].fill(0xB5);
    });
}

/// Copies a plugin whose record does not begin as one.
pub fn with_broken_magic(from: &Path, to: &Path) {
    copy(from, to, |file| {
        let start = json_range(file).start - 4 - MAGIC.len();
        file[start] ^= 0x20;
    });
}

/// Copies the first part of a plugin, as a download that broke off.
pub fn truncated(from: &Path, to: &Path) {
    copy(from, to, |file| file.truncate(file.len() * 6 / 10));
}

/// Copies a plugin with one bit changed in its machine code.
///
/// # Panics
/// Where it has no code.
pub fn tampered(from: &Path, to: &Path) {
    copy(from, to, |file| {
        let object = object::File::parse(&**file).expect("a fixture is an object file");
        let text = object.section_by_name(".text").expect("a plugin has code");
        let (start, length) = text.file_range().expect("a section of bytes");
        let at = usize::try_from(start + length / 2).expect("fits");
        file[at] ^= 0x01;
    });
}

/// Copies a plugin whose ELF header says that it is for 64-bit RISC-V.
pub fn for_riscv(from: &Path, to: &Path) {
    copy(from, to, |file| file[0x12..0x14].copy_from_slice(&243_u16.to_le_bytes()));
}

/// Copies a plugin whose ELF header says that it is for 32-bit x86.
pub fn for_i386(from: &Path, to: &Path) {
    copy(from, to, |file| {
        file[4] = 1;
        file[0x12..0x14].copy_from_slice(&3_u16.to_le_bytes());
    });
}

/// Writes a library for macOS with the record of a plugin.
pub fn for_macos(from: &Path, to: &Path) {
    const FILE_TYPE: Range<usize> = 12..16;
    const DYLIB: u32 = 6;
    let file = fs::read(from).expect("the fixture can be read");
    let json = &file[json_range(&file)];
    let length = u32::try_from(json.len()).expect("fits").to_le_bytes();
    let mut object = Writer::new(BinaryFormat::MachO, Architecture::Aarch64, Endianness::Little);
    let (segment, section) = MACHO_SECTION;
    let section = object.add_section(segment.into(), section.into(), SectionKind::Data);
    object.append_section_data(section, &[&MAGIC[..], &length, json].concat(), 1);
    let mut bytes = object.write().expect("a Mach-O file can be written");
    bytes[FILE_TYPE].copy_from_slice(&DYLIB.to_le_bytes());
    fs::write(to, bytes).expect("the forged file can be written");
}
