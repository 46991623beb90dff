pub(in crate::plugins) mod forge;
mod libraries;

use camino::Utf8PathBuf;
use object::{elf, macho};
use tempfile::TempDir;

use super::*;
use forge::{fat, nimbus, record};

const X86_64: u16 = elf::EM_X86_64.0;

struct File(TempDir);

impl File {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.so"), bytes).unwrap();
        Self(folder)
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.0.path().join("p.so")).unwrap()
    }

    fn inspect(&self, platform: &Platform) -> Result<Inspected, Box<Refused>> {
        inspect_for(&self.path(), platform, &Version::new(1, 3, 0))
    }

    /// The reasons for refusing it, with FILE in place of its path.
    fn refused(&self, platform: &Platform) -> Vec<String> {
        let refused = self.inspect(platform).unwrap_err();
        let said = refused.reasons.iter();
        said.map(|found| format!("{} {}", found.code.id, found.message.replace(self.path().as_str(), "FILE"))).collect()
    }
}

fn linux() -> Platform {
    Platform::linux("x86_64")
}

fn elf_with(record: &[u8]) -> File {
    File::new(&forge::elf(X86_64, Some(record)))
}

#[test]
fn an_elf_plugin_is_read() {
    let file = elf_with(&nimbus("2.1.0", "1.0.0"));
    let plugin = file.inspect(&linux()).unwrap();
    assert_eq!((plugin.name(), plugin.platform.as_str()), ("nimbus", "Linux x86_64"));
    assert_eq!(plugin.needs, ["libnope.so.1"]);
    assert_eq!(plugin.record.env, ["NIMBUS_HOME"]);
    assert_eq!(plugin.sha256().unwrap().len(), 64);
    assert_eq!(plugin.sha256().unwrap(), plugin.sha256().unwrap());
    assert!(plugin.fulfils(&">=2, <3".parse().unwrap()).is_ok());
    let excluded = plugin.fulfils(&"^1".parse().unwrap()).unwrap_err();
    assert!(
        excluded.message.contains("has version 2.1.0") && excluded.message.ends_with("^1 is required"),
        "{excluded:?}"
    );
}

#[test]
fn sha256_is_that_of_the_file() {
    let file = File::new(b"abc");
    let refused = file.inspect(&linux()).unwrap_err();
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(refused.sha256().unwrap(), known);
}

#[test]
fn an_api_of_the_same_major_that_is_not_newer_fits() {
    for api in ["1.0.0", "1.3.0", "1.3.9", "1.2.0-rc.1"] {
        assert!(elf_with(&nimbus("1.0.0", api)).inspect(&linux()).is_ok(), "{api}");
    }
    let refused = |api| elf_with(&nimbus("1.0.0", api)).refused(&linux());
    let newer = |api| format!("F0510 FILE was built for floe API {api}; this floe has 1.3.0 and loads 1.0 to 1.3");
    assert_eq!(refused("2.0.0"), [newer("2.0.0")]);
    assert_eq!(refused("1.999.0"), [newer("1.999.0")]);
    assert_eq!(refused("0.9.0"), [newer("0.9.0")]);
    for garbage in ["garbage", "", "1.0", "1.0.0.0", "1.٢.0", "99999999999999999999.0.0"] {
        let said = refused(garbage);
        assert!(said.len() == 1 && said[0].contains("which is no version"), "{said:?}");
    }
}

#[test]
fn all_reasons_are_given() {
    let said = File::new(&forge::elf(elf::EM_AARCH64.0, Some(&nimbus("1", "2.0.0")))).refused(&linux());
    let codes: Vec<_> = said.iter().map(|text| &text[..5]).collect();
    assert_eq!(codes, ["F0507", "F0509", "F0510"], "{said:?}");
    assert_eq!(said[0], "F0507 FILE was built for Linux aarch64; floe runs on Linux x86_64");
}

#[test]
fn names_that_are_none_are_refused() {
    for name in ["", "Nimbus", "../x", "a b", "1a", &"a".repeat(64)] {
        let json =
            format!(r#"{{"name":{name:?},"version":"1.0.0","floe_api_version":"1.0.0","plugin_api_version":"0.1.0"}}"#);
        let said = elf_with(&record(&json)).refused(&linux());
        assert!(said.len() == 1 && said[0].contains("is no plugin name"), "{said:?}");
    }
}

#[test]
fn a_damaged_record_is_refused() {
    let whole = nimbus("1.0.0", "1.0.0");
    let cut = elf_with(&whole[..40]).refused(&linux());
    assert_eq!(cut, ["F0509 the floe record of FILE is damaged: it ends before the record does"]);
    let foreign = elf_with(b"something else entirely").refused(&linux());
    assert_eq!(
        foreign,
        ["F0509 the floe record of FILE is damaged: it does not begin with the magic bytes of a floe plugin"]
    );
    let huge = elf_with(&vec![b'x'; 100_000]).refused(&linux());
    assert_eq!(huge, ["F0509 the floe record of FILE is 97.6 KiB large; none is larger than 64 KiB"]);
    let none = File::new(&forge::elf(X86_64, None)).refused(&linux());
    assert_eq!(none, ["F0508 FILE is a library but no floe plugin: it has no floe record"]);
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused_and_never_read_beyond() {
    let whole = forge::elf(X86_64, Some(&nimbus("1.0.0", "1.0.0")));
    for length in 0..whole.len() {
        let file = File::new(&whole[..length]);
        let refused = file.inspect(&linux()).unwrap_err();
        let code = refused.reasons[0].code.id;
        let expected = if length < 4 { "F0505" } else { "F0506" };
        assert_eq!(code, expected, "{length}: {refused:?}");
    }
}

#[test]
fn no_byte_can_make_the_reader_fail_otherwise_than_in_words() {
    let whole = forge::elf(X86_64, Some(&nimbus("1.0.0", "1.0.0")));
    let library = forge::macho(macho::CPU_TYPE_ARM64, &nimbus("1.0.0", "1.0.0"));
    let universal = fat(&[(macho::CPU_TYPE_ARM64, library.clone())]);
    for (bytes, platform) in
        [(whole, linux()), (library, Platform::macos("aarch64")), (universal, Platform::macos("aarch64"))]
    {
        for at in 0..bytes.len().min(4096) {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let contents = contents::read(std::io::Cursor::new(&damaged), damaged.len() as u64, &platform);
                assert!(contents.record.is_some() || !contents.defects.is_empty());
            }
        }
    }
}

#[test]
fn what_is_no_library_is_named() {
    let say = |bytes: &[u8]| File::new(bytes).refused(&linux()).remove(0);
    let expected = |found: &str| format!("F0505 FILE is {found}; a plugin is an ELF shared object (.so)");
    assert_eq!(say(b""), expected("empty"));
    assert_eq!(say(b"hello, world\n"), expected("a text file"));
    assert_eq!(say(b"#!/bin/sh\n"), expected("a script"));
    assert_eq!(say(b"<!DOCTYPE html><html>"), expected("a web page"));
    assert_eq!(say(b"version https://git-lfs.github.com/spec/v1\n"), expected("a Git LFS pointer (run git lfs pull)"));
    assert_eq!(say(b"\x1f\x8b\x08\0\0\0\0\0"), expected("an archive (unpack it)"));
    assert_eq!(say(&[0; 4096]), expected("all zeros (a copy that was cut off?)"));
    assert_eq!(say(b"\xca\xfe\xba\xbe\0\0\0\x41class"), expected("of an unknown format"));
    let mut program = forge::elf(X86_64, Some(&nimbus("1.0.0", "1.0.0")));
    program[16] = 2;
    assert_eq!(say(&program), expected("a program"));
}

#[test]
fn what_is_no_readable_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    std::fs::create_dir(path("folder.so")).unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling.so")).unwrap();
    std::process::Command::new("mkfifo").arg(path("pipe.so")).status().unwrap();
    for (name, why) in [
        ("folder.so", "it is a folder"),
        ("dangling.so", "no such file or folder"),
        ("pipe.so", "it is no regular file"),
    ] {
        let refused = inspect(&path(name)).unwrap_err();
        assert_eq!(refused.reasons.len(), 1);
        assert_eq!(refused.reasons[0].message, format!("{} cannot be read: {why}", path(name)));
    }
}

#[test]
fn a_thin_mach_o_plugin_is_read() {
    let file = File::new(&forge::macho(macho::CPU_TYPE_ARM64, &nimbus("2.1.0", "1.0.0")));
    let plugin = file.inspect(&Platform::macos("aarch64")).unwrap();
    assert_eq!((plugin.name(), plugin.platform.as_str()), ("nimbus", "macOS aarch64"));
    assert_eq!(plugin.needs, ["/usr/lib/libSystem.B.dylib"]);
    let wrong = |platform| file.refused(&platform);
    let processor = "F0507 FILE was built for macOS aarch64; floe runs on macOS x86_64";
    assert_eq!(wrong(Platform::macos("x86_64")), [processor]);
    assert_eq!(wrong(linux()), ["F0507 FILE was built for macOS aarch64; floe runs on Linux x86_64"]);
}

#[test]
fn a_universal_mach_o_plugin_is_read_for_the_right_processor() {
    let part = |processor, version| (processor, forge::macho(processor, &nimbus(version, "1.0.0")));
    let bytes = fat(&[part(macho::CPU_TYPE_X86_64, "1.0.0"), part(macho::CPU_TYPE_ARM64, "2.0.0")]);
    let file = File::new(&bytes);
    for (processor, version) in [("x86_64", "1.0.0"), ("aarch64", "2.0.0")] {
        let plugin = file.inspect(&Platform::macos(processor)).unwrap();
        assert_eq!(plugin.record.version, version);
        assert_eq!(plugin.platform, format!("macOS {processor} (of a universal file: x86_64, aarch64)"));
    }
    let other = file.refused(&Platform::macos("riscv64"));
    assert_eq!(other, ["F0507 FILE was built for macOS x86_64, aarch64; floe runs on macOS riscv64"]);
    let cut = File::new(&bytes[..bytes.len() - 10]).refused(&Platform::macos("aarch64"));
    assert!(
        cut.len() == 1 && cut[0].starts_with("F0506 FILE is not whole: its part for aarch64 up to byte"),
        "{cut:?}"
    );
}

#[test]
fn a_mach_o_file_that_was_cut_off_is_refused() {
    let whole = forge::macho(macho::CPU_TYPE_ARM64, &nimbus("1.0.0", "1.0.0"));
    for length in 4..whole.len() {
        let refused = File::new(&whole[..length]).inspect(&Platform::macos("aarch64")).unwrap_err();
        assert_eq!(refused.reasons[0].code.id, "F0506", "{length}: {refused:?}");
    }
}
