use camino::{Utf8Path, Utf8PathBuf};
use object::elf;

use super::*;
use crate::plugins::inspect::tests::forge;
use crate::plugins::inspect::{Platform, inspect_for};

/// A plugin `nimbus`, and the locks of a chain of manifests, in a folder that only its owner can write to.
struct Chain(tempfile::TempDir);

impl Chain {
    fn new() -> Self {
        let chain = Self(tempfile::tempdir().unwrap());
        let record = forge::nimbus("2.1.0", "1.0.0");
        std::fs::write(chain.root().join("nimbus.so"), forge::elf(elf::EM_X86_64.0, Some(&record))).unwrap();
        chain
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).unwrap().to_owned()
    }

    fn plugin(&self) -> Inspected {
        inspect_for(&self.root().join("nimbus.so"), &Platform::linux("x86_64"), &semver::Version::new(1, 0, 0)).unwrap()
    }

    /// Writes the lock of one manifest; it pins a plugin of this name.
    fn lock(&self, folder: &str, name: &str, sha256: &str) -> Utf8PathBuf {
        let file = self.root().join(folder).join(LOCK_FILE);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let pin = Pin {
            name: name.to_owned(),
            version: "2.1.0".to_owned(),
            floe_api_version: "1.0.0".to_owned(),
            platform: Platform::linux("x86_64"),
            file: "nimbus.so".to_owned(),
            sha256: sha256.to_owned(),
            libraries: std::collections::BTreeMap::new(),
        };
        lock::save(&file, [pin].iter()).unwrap();
        file
    }

    fn said(&self, files: &[&Utf8PathBuf], locked: bool) -> Vec<&'static str> {
        let policy = Policy::read(files.iter().copied().cloned(), locked).unwrap();
        policy.examine(&self.plugin()).iter().map(|found| found.code.id).collect()
    }
}

#[test]
fn a_plugin_fulfils_every_lock_that_names_it_and_locked_wants_one_of_them() {
    let chain = Chain::new();
    let right = chain.plugin().sha256().unwrap();
    let own = chain.lock("own", "nimbus", &right);
    let wrong = chain.lock("enterprise", "nimbus", &"0".repeat(64));
    let other = chain.lock("other", "stratus", &right);
    let nowhere = chain.root().join("nowhere").join(LOCK_FILE);
    assert_eq!(chain.said(&[&nowhere, &other, &own], true), [""; 0]);
    assert_eq!(chain.said(&[&other, &nowhere], false), [""; 0]);
    assert_eq!(chain.said(&[&other, &nowhere], true), ["F0518"]);
    assert_eq!(chain.said(&[&wrong, &own], false), ["F0516"], "the nearer lock does not outweigh the other");
    assert_eq!(chain.said(&[&wrong, &own, &wrong], true), ["F0516"], "a file that two manifests share is read once");
    let missing = Policy::read([nowhere], true).unwrap_err();
    assert_eq!(missing.iter().map(|found| found.code.id).collect::<Vec<_>>(), ["F0517"]);
}
