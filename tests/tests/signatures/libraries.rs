//! The libraries that are loaded with a plugin are signed as the plugin is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use floe_tests::fixtures::private;
use floe_tests::redact::redact;
use floe_tests::{Project, Run, forge};

use crate::keys::{Vendor, demand, said, signature_of};
use crate::mode;

/// A product on a plugin with a private library, both signed.
struct Private {
    project: Project,
    plugin: PathBuf,
    library: PathBuf,
    vendor: Vendor,
}

impl Private {
    fn new() -> Self {
        let (plugin, library) = private();
        let (project, vendor) = (Project::new(), Vendor::new("vendor"));
        let plugin = project.install("libprivate.so", |to| assert!(fs::copy(plugin, to).is_ok()));
        let folder = project.root().join("lib");
        fs::create_dir(&folder).expect("a folder");
        mode(&folder, 0o755);
        let place = folder.join("libfloe_private.so");
        fs::copy(library, &place).expect("a copy");
        mode(&place, 0o644);
        vendor.sign(&plugin);
        vendor.sign(&place);
        demand(&project, "private", &[&vendor]);
        Self { project, plugin, library: place, vendor }
    }

    fn was_loaded(&self) -> bool {
        self.project.root().join("home/private-library-was-loaded").exists()
    }

    fn refused(&self, codes: &[&str]) -> String {
        for command in [&["compile"][..], &["health"], &["plugin", "verify"], &["plugin", "lock"]] {
            let found = self.project.floe(&[command, &["--format", "json"]].concat()).expect(1).diagnostics();
            let mut found: Vec<_> = found.iter().map(|one| one["code"].as_str().expect("a code")).collect();
            found.dedup();
            // Loading takes one error for all causes of it.
            assert!(found == codes || found == codes[..1], "{command:?}: {found:?}");
        }
        assert!(!self.was_loaded(), "something of it was executed");
        said(&self.project, &["compile"], 1, &[&self.vendor])
    }
}

#[test]
fn a_private_library_needs_a_signature_of_its_own() {
    let it = Private::new();
    fs::remove_file(signature_of(&it.library)).expect("removed");
    let mut all = it.refused(&["F0523"]);
    it.vendor.sign(&it.plugin);
    fs::copy(signature_of(&it.plugin), signature_of(&it.library)).expect("a copy");
    all += &it.refused(&["F0527"]);
    it.vendor.sign(&it.library);
    let mut bytes = fs::read(&it.library).expect("a file");
    bytes.push(0);
    fs::write(&it.library, bytes).expect("written");
    all += &it.refused(&["F0527"]);
    // The plugin's own is told first, with the library's.
    fs::remove_file(signature_of(&it.plugin)).expect("removed");
    all += &it.refused(&["F0523", "F0527"]);
    it.vendor.sign(&it.plugin);
    it.vendor.sign(&it.library);
    mode(it.library.parent().expect("a folder"), 0o777);
    all += &it.refused(&["F0512"]);
    mode(it.library.parent().expect("a folder"), 0o755);
    let _ = it.project.floe(&["compile"]).expect(0);
    assert!(it.was_loaded(), "the control");
    insta::assert_snapshot!(all);
}

#[test]
fn the_signature_of_a_library_lies_beside_the_file_to_which_it_leads() {
    let it = Private::new();
    let versioned = it.library.with_file_name("libfloe_private.so.1");
    fs::rename(&it.library, &versioned).expect("moved");
    symlink("libfloe_private.so.1", &it.library).expect("a link");
    insta::assert_snapshot!(it.refused(&["F0523"]));
    it.vendor.sign(&versioned);
    let _ = it.project.floe(&["compile"]).expect(0);
}

/// What the system's loader takes in place of a signed library is found out once it is loaded, at the latest.
#[test]
fn a_library_that_the_loader_takes_from_elsewhere_is_refused() {
    let it = Private::new();
    let asks = it.project.root().join("asks.so");
    forge::with_record(&it.plugin, &asks, |record| record["env"] = serde_json::json!(["LD_LIBRARY_PATH"]));
    fs::rename(&asks, &it.plugin).expect("moved");
    it.vendor.sign(&it.plugin);
    let _ = it.project.floe(&["compile"]).expect(0);
    let elsewhere = it.project.root().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    fs::copy(&it.library, elsewhere.join("libfloe_private.so")).expect("a copy");
    let run = Run::of(it.project.command(&["compile"]).env("LD_LIBRARY_PATH", &elsewhere)).expect(1);
    insta::assert_snapshot!(redact(&it.project, &run.transcript()));
}
