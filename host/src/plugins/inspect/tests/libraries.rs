//! Where private libraries are found.

use super::forge;
use super::*;
use crate::plugins::inspect::contents::RunPath;
use crate::plugins::inspect::libraries::private;

/// A folder with files; what is no library has no needs of its own.
struct Tree(TempDir);

impl Tree {
    fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        for (file, bytes) in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        Self(folder)
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.0.path().canonicalize().unwrap()).unwrap()
    }

    /// What a plugin `plugins/p.so` finds beside it, from the root.
    fn found(&self, needs: &[&str], folders: &[&str], inherited: bool, platform: &Platform) -> Vec<String> {
        let root = self.root();
        let folders = folders.iter().map(|folder| folder.replace("ROOT", root.as_str())).collect();
        let needs: Vec<_> = needs.iter().map(|need| need.replace("ROOT", root.as_str())).collect();
        let run_path = RunPath { folders, inherited };
        let found = private(&root.join("plugins/p.so"), &needs, &run_path, platform).unwrap();
        found.iter().map(|library| library.path.strip_prefix(&root).unwrap().to_string()).collect()
    }
}

const BYTES: &[u8] = b"a library";

#[test]
fn what_lies_beside_the_plugin_is_private_and_nothing_else_is() {
    let tree = Tree::of(&[("lib/libx.so", BYTES), ("plugins/liby.so", BYTES), ("other/libx.so", BYTES)]);
    let found = |needs: &[&str], folders: &[&str]| tree.found(needs, folders, false, &Platform::current());
    if Platform::current().format == Format::MachO {
        return;
    }
    assert_eq!(found(&["libx.so", "libc.so.6"], &["$ORIGIN/../lib"]), ["lib/libx.so"]);
    assert_eq!(found(&["libx.so", "liby.so"], &["${ORIGIN}", "$ORIGIN/../lib"]), ["lib/libx.so", "plugins/liby.so"]);
    assert_eq!(found(&["libx.so"], &[]), [""; 0]);
    assert_eq!(found(&["libx.so"], &["$ORIGINAL/../lib", "../lib", "$LIB"]), [""; 0]);
    // The loader takes the first that it finds, and that one is the system's.
    assert_eq!(found(&["libx.so"], &["ROOT/other", "$ORIGIN/../lib"]), [""; 0]);
    assert_eq!(found(&["libx.so"], &["ROOT/nowhere", "$ORIGIN/../lib"]), ["lib/libx.so"]);
    assert_eq!(found(&["$ORIGIN/liby.so", "ROOT/lib/libx.so"], &[]), ["plugins/liby.so"]);
}

#[test]
fn folders_of_this_machine_say_nothing_of_another_platforms() {
    let tree = Tree::of(&[("lib/libx.so", BYTES), ("other/libx.so", BYTES)]);
    let other = Platform::linux("riscv64");
    assert_eq!(tree.found(&["libx.so"], &["ROOT/other", "$ORIGIN/../lib"], false, &other), ["lib/libx.so"]);
}

#[test]
fn builds_for_newer_processors_count_and_those_for_other_ones_do_not() {
    let riscv = forge::elf(elf::EM_RISCV.0, None);
    let tree = Tree::of(&[
        ("a/libx.so", &riscv),
        ("lib/libx.so", BYTES),
        ("lib/glibc-hwcaps/x86-64-v3/libx.so", BYTES),
        ("lib/glibc-hwcaps/x86-64-v3/liby.so", BYTES),
    ]);
    let found = tree.found(&["libx.so"], &["$ORIGIN/../a", "$ORIGIN/../lib"], false, &linux());
    assert_eq!(found, ["lib/glibc-hwcaps/x86-64-v3/libx.so", "lib/libx.so"]);
}

#[test]
fn libraries_of_libraries_are_found_as_the_loader_finds_them() {
    // It needs libnope.so.1 and has no run path of its own.
    let needs_more = forge::elf(X86_64, None);
    let tree = Tree::of(&[("lib/libx.so", &needs_more), ("lib/libnope.so.1", BYTES)]);
    let found = |inherited| tree.found(&["libx.so"], &["$ORIGIN/../lib"], inherited, &linux());
    assert_eq!(found(true), ["lib/libnope.so.1", "lib/libx.so"], "DT_RPATH");
    assert_eq!(found(false), ["lib/libx.so"], "DT_RUNPATH");
}

#[test]
fn mach_o_has_words_of_its_own() {
    let tree = Tree::of(&[("lib/libx.dylib", BYTES), ("plugins/liby.dylib", BYTES)]);
    let needs =
        ["@rpath/libx.dylib", "@loader_path/liby.dylib", "/usr/lib/libSystem.B.dylib", "@executable_path/libz.dylib"];
    let found = tree.found(&needs, &["/usr/lib", "@loader_path/../lib"], true, &Platform::macos("aarch64"));
    assert_eq!(found, ["lib/libx.dylib", "plugins/liby.dylib"]);
}

#[test]
fn a_private_library_that_cannot_be_read_is_an_error() {
    let tree = Tree::of(&[("lib/libx.so/file", BYTES)]);
    let run_path = RunPath { folders: vec!["$ORIGIN/../lib".to_owned()], inherited: false };
    let refused = private(&tree.root().join("plugins/p.so"), &["libx.so".to_owned()], &run_path, &linux()).unwrap_err();
    assert_eq!(
        (refused.code.id, refused.message.ends_with("cannot be read: it is a folder")),
        ("F0522", true),
        "{refused:?}"
    );
}
