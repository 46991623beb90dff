//! Signatures by minisign, where a manifest demands them: what does not fulfil the demand is refused before anything of it
//! is executed. The fixture `traces` leaves a file beside itself as soon as the system's loader has it in hand.

mod chains;
mod keys;
mod libraries;
mod replaced;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use floe_tests::fixtures::fixture;
use floe_tests::{Project, forge};
use keys::{Vendor, demand, edit, said, signature_of};

/// A product on the fixture `traces`, signed, in a folder of its own beside others.
struct Signed {
    project: Project,
    plugin: PathBuf,
    vendor: Vendor,
    stranger: Vendor,
}

impl Signed {
    fn new() -> Self {
        let project = Project::new().with_fixtures(&["traces"]);
        let plugin = project.plugins().join("libtraces.so");
        let (vendor, stranger) = (Vendor::new("vendor"), Vendor::new("stranger"));
        vendor.sign(&plugin);
        demand(&project, "traces", &[&vendor]);
        Self { project, plugin, vendor, stranger }
    }

    fn said(&self, arguments: &[&str], code: i32) -> String {
        said(&self.project, arguments, code, &[&self.vendor, &self.stranger])
    }

    /// Puts a file in the place of the plugin.
    fn install(&self, write: impl FnOnce(&Path, &Path)) {
        self.project.install("libtraces.so", |to| {
            let _ = fs::remove_file(to);
            write(fixture("traces"), to);
        });
    }

    /// Puts a link to a file of another folder in the place of the plugin, and returns that file.
    fn link(&self) -> PathBuf {
        let store = self.project.root().join("store");
        fs::create_dir(&store).expect("a folder");
        mode(&store, 0o755);
        let file = store.join("traces-1.0.0.so");
        fs::rename(&self.plugin, &file).expect("moved");
        symlink("../store/traces-1.0.0.so", &self.plugin).expect("a link");
        file
    }

    fn was_executed(&self) -> bool {
        let mut folders = vec![self.project.plugins(), self.project.root().join("store")];
        folders.retain(|folder| folder.exists());
        let files = folders.iter().flat_map(|folder| folder.read_dir().expect("a folder").flatten());
        files.into_iter().any(|file| file.file_name().to_string_lossy().ends_with(".trace"))
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("its permissions");
}

/// Changes something of a product that is signed as demanded, and returns what `compile` says. Every other command that
/// uses plugins says the same, and nothing of the plugin is executed.
fn refused(code: &str, change: impl FnOnce(&Signed)) -> String {
    let signed = Signed::new();
    change(&signed);
    let compile = signed.project.floe(&["compile", "--format", "json"]).expect(1).diagnostics();
    assert_eq!(compile.len(), 1, "{compile:?}");
    assert_eq!(compile[0]["code"], code, "{compile:?}");
    for command in [&["health"][..], &["plan"], &["plugin", "verify"], &["plugin", "lock"]] {
        let found = signed.project.floe(&[command, &["--format", "json"]].concat()).expect(1).diagnostics();
        let found: Vec<_> = found.iter().map(|one| (&one["code"], &one["message"])).collect();
        assert_eq!(found, [(&compile[0]["code"], &compile[0]["message"])], "{command:?}");
    }
    for command in [&["run"][..], &["dbt", "--compute", "traces", "--", "parse"], &["env", "list"]] {
        let run = signed.project.floe(command).expect(1);
        assert!(run.stderr.contains(code), "{command:?}: {}", run.stderr);
    }
    assert!(!signed.was_executed(), "something of it was executed");
    signed.said(&["compile"], 1)
}

#[test]
fn what_is_not_signed_as_demanded_is_refused_unexecuted() {
    let mut all = String::new();
    let mut tell = |what: &str, code: &str, change: fn(&Signed)| {
        all.extend(["--- ", what, "\n", &refused(code, change)]);
    };
    tell("no signature", "F0523", |it| fs::remove_file(signature_of(&it.plugin)).expect("removed"));
    tell("another version of it, with the signature of the former one", "F0527", |it| {
        it.install(|from, to| forge::with_record(from, to, |record| record["version"] = "1.1.0".into()));
    });
    tell("one bit changed", "F0527", |it| it.install(forge::tampered));
    tell("cut off by half", "F0506", |it| it.install(forge::truncated));
    tell("cut off by what is not needed to load it", "F0527", |it| {
        let whole = fs::read(&it.plugin).expect("a file");
        it.install(|_, to| fs::write(to, [&whole[..], b"padding"].concat()).expect("written"));
        it.vendor.sign(&it.plugin);
        it.install(|_, to| fs::write(to, whole).expect("written"));
    });
    tell("signed by another key", "F0526", |it| drop(it.stranger.sign(&it.plugin)));
    tell("another plugin with its valid signature", "F0501", |it| {
        it.install(|_, to| assert!(fs::copy(fixture("good"), to).is_ok()));
        it.vendor.sign(&it.plugin);
    });
    tell("the signer's comment changed", "F0527", |it| edit(&signature_of(&it.plugin), "libtraces", "libothers"));
    tell("no text in the place of the signature", "F0524", |it| {
        fs::write(signature_of(&it.plugin), b"caf\xe9").expect("written");
    });
    tell("a page in the place of the signature", "F0524", |it| {
        fs::write(signature_of(&it.plugin), "<html>\n<body>\n404\n</body>\n").expect("written");
    });
    tell("a signature that leads nowhere", "F0524", |it| {
        fs::remove_file(signature_of(&it.plugin)).expect("removed");
        symlink("nowhere", signature_of(&it.plugin)).expect("a link");
    });
    tell("a signature of the old form", "F0525", |it| edit(&signature_of(&it.plugin), "\nRU", "\nRW"));
    tell("a link to a file without a signature", "F0523", |it| drop(it.link()));
    tell("a link to a file that another key signed", "F0526", |it| drop(it.stranger.sign(&it.link())));
    tell("a folder in which all can write", "F0512", |it| mode(&it.project.plugins(), 0o777));
    tell("a file to which all can write", "F0512", |it| mode(&it.plugin, 0o666));
    tell("a folder behind a link in which all can write", "F0512", |it| {
        it.vendor.sign(&it.link());
        mode(&it.project.root().join("store"), 0o777);
    });
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_signed_as_demanded_is_used() {
    let signed = Signed::new();
    let mut all = signed.said(&["plugin", "verify"], 0);
    all += &signed.said(&["plugin", "verify", "--format", "json"], 0);
    all += &signed.said(&["plugin", "inspect", "traces"], 0);
    assert!(!signed.was_executed(), "to verify needs nothing of it executed");
    let json = signed.project.floe(&["plugin", "inspect", "traces", "--format", "json"]).expect(0).json();
    assert_eq!(json["plugins"][0]["signature_file"]["key_id"], signed.vendor.id());
    for command in ["compile", "plan", "health"] {
        let _ = signed.project.floe(&[command]).expect(0);
    }
    assert!(signed.was_executed(), "the control");
    // A lock besides, and two keys, as while a vendor changes its own.
    demand(&signed.project, "traces", &[&signed.stranger, &signed.vendor]);
    let _ = signed.project.floe(&["plugin", "lock"]).expect(0);
    let _ = signed.project.floe(&["compile", "--locked"]).expect(0);
    all += &signed.said(&["plugin", "verify"], 0);
    insta::assert_snapshot!(all);
}

#[test]
fn the_signature_lies_beside_the_file_to_which_links_lead() {
    let signed = Signed::new();
    signed.vendor.sign(&signed.link());
    fs::remove_file(signature_of(&signed.plugin)).expect("removed");
    let _ = signed.project.floe(&["compile"]).expect(0);
    let said = signed.said(&["plugin", "inspect", "traces"], 0);
    insta::assert_snapshot!(said.lines().find(|line| line.starts_with("signature")).expect("a line"));
}

/// A signature says who made a file, not that it is the newest: that is what a lock and `version:` are for.
#[test]
fn an_older_version_with_its_valid_signature_is_held_by_the_lock() {
    let signed = Signed::new();
    let _ = signed.project.floe(&["plugin", "lock"]).expect(0);
    signed.install(|from, to| forge::with_record(from, to, |record| record["version"] = "0.9.0".into()));
    signed.vendor.sign(&signed.plugin);
    let mut all = signed.said(&["plugin", "verify"], 1);
    fs::remove_file(signed.project.path("floe.lock")).expect("removed");
    demand(&signed.project, "{name: traces, version: '>=1.0'}", &[&signed.vendor]);
    all += &signed.said(&["compile"], 1);
    assert!(!signed.was_executed());
    insta::assert_snapshot!(all);
}

#[test]
fn who_would_pin_a_new_file_is_told_to_sign_it_first() {
    let signed = Signed::new();
    let _ = signed.project.floe(&["plugin", "lock"]).expect(0);
    signed.install(|from, to| forge::with_record(from, to, |record| record["version"] = "1.0.1".into()));
    let said = signed.said(&["compile"], 1);
    assert!(said.contains("error[F0516]") && said.contains("its signature comes first (F0527)"), "{said}");
    signed.vendor.sign(&signed.plugin);
    let said = signed.said(&["compile"], 1);
    assert!(said.contains("error[F0516]") && !said.contains("signature"), "{said}");
    assert!(!signed.was_executed());
}

#[test]
fn verify_says_of_each_plugin_what_its_signature_is() {
    let project = Project::new().with_fixtures(&["good", "noisy", "twin_a", "packages"]);
    let (vendor, stranger) = (Vendor::new("vendor"), Vendor::new("stranger"));
    let plugin = |name: &str| project.plugins().join(format!("lib{name}.so"));
    vendor.sign(&plugin("good"));
    stranger.sign(&plugin("noisy"));
    vendor.sign(&plugin("packages"));
    edit(&signature_of(&plugin("packages")), "vendor", "nobody");
    demand(&project, "good, noisy, twin_a, packages, nonesuch", &[&vendor]);
    let mut all = said(&project, &["plugin", "verify"], 1, &[&vendor, &stranger]);
    // Where nothing is demanded a signature is not looked at.
    project.approve("good", &["good", "noisy"]);
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    all += &said(&project, &["plugin", "verify"], 0, &[&vendor, &stranger]);
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_not_signed_is_not_pinned_for_other_platforms_either() {
    let signed = Signed::new();
    let riscv = signed.project.root().join("riscv.so");
    forge::for_riscv(fixture("traces"), &riscv);
    mode(&riscv, 0o644);
    let addition = format!("linux-riscv64={}", riscv.display());
    let run = signed.project.floe(&["plugin", "lock", "--add", &addition, "--format", "json"]).expect(1);
    assert_eq!(run.diagnostics()[0]["code"], "F0523");
    assert!(!signed.project.path("floe.lock").exists());
    signed.vendor.sign(&riscv);
    let _ = signed.project.floe(&["plugin", "lock", "--add", &addition]).expect(0);
}
