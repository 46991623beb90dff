//! What was checked is what is loaded: a file that is exchanged once its signature was found to be right is not used.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use floe::diagnostics::{Diagnostic, Source, Span};
use floe::plugins::trust::{Demand, Policy, SignatureState, TrustedKey};
use floe::plugins::{Launcher, PluginHost, SearchOptions};
use floe_tests::fixtures::{fixture, private};
use floe_tests::redact::redact;
use floe_tests::{Project, dist, forge};

use crate::keys::{Vendor, signature_of};
use crate::mode;

fn host(project: &Project, vendor: &Vendor) -> PluginHost {
    let place = Span::new(&Source::new("manifest.yaml", ""), 0, 0);
    let key = TrustedKey::parse(&vendor.key()).expect("a key");
    let policy = Policy::default().demanding(Some(Demand::new(place.clone(), vec![(key, place)])));
    let options = SearchOptions { plugins_dir: Some(project.plugins()), ..SearchOptions::default() };
    PluginHost::discover(&options, Launcher::new(dist::floe())).with_policy(policy)
}

/// Finds a plugin to be signed as demanded, lets something happen, and starts it.
fn started_after(project: &Project, vendor: &Vendor, plugin: &str, meanwhile: impl FnOnce()) -> Result<(), Diagnostic> {
    let host = host(project, vendor);
    let found = host.find(plugin).expect("it is there");
    assert!(matches!(host.signature(found), SignatureState::Signed(_)), "{:?}", host.examine(found));
    assert_eq!(host.examine(found), []);
    meanwhile();
    host.start(found).map(drop)
}

fn changed(project: &Project, outcome: Result<(), Diagnostic>) -> String {
    let error = outcome.expect_err("it was exchanged");
    assert_eq!(error.code.id, "F0607", "{error:?}");
    redact(project, &error.to_text("id")) + "\n\n"
}

fn executed(folder: &Path) -> bool {
    folder.read_dir().expect("a folder").flatten().any(|file| file.file_name().to_string_lossy().ends_with(".trace"))
}

#[test]
fn what_is_exchanged_after_the_check_is_not_loaded() {
    let project = Project::new().with_fixtures(&["traces"]);
    let (vendor, plugin) = (Vendor::new("vendor"), project.plugins().join("libtraces.so"));
    vendor.sign(&plugin);
    let other = project.root().join("other.so");
    let mut all = String::new();

    forge::tampered(fixture("traces"), &other);
    let outcome = started_after(&project, &vendor, "traces", || fs::rename(&other, &plugin).expect("renamed"));
    all += &changed(&project, outcome);

    // Written into, in its place.
    fs::copy(fixture("traces"), &plugin).expect("a copy");
    let mut bytes = fs::read(&plugin).expect("a file");
    let outcome = started_after(&project, &vendor, "traces", || {
        bytes.push(0);
        fs::write(&plugin, &bytes).expect("written");
    });
    all += &changed(&project, outcome);

    // A folder on the way to it leads elsewhere now.
    let (first, second, link) =
        (project.root().join("first"), project.root().join("second"), project.root().join("current"));
    for folder in [&first, &second] {
        fs::create_dir(folder).expect("a folder");
        mode(folder, 0o755);
        fs::copy(fixture("traces"), folder.join("libtraces.so")).expect("a copy");
        mode(&folder.join("libtraces.so"), 0o644);
    }
    vendor.sign(&first.join("libtraces.so"));
    symlink(&first, &link).expect("a link");
    fs::remove_file(&plugin).expect("removed");
    fs::remove_file(signature_of(&plugin)).expect("removed");
    symlink(link.join("libtraces.so"), &plugin).expect("a link");
    let outcome = started_after(&project, &vendor, "traces", || {
        fs::rename(&first, project.root().join("gone")).expect("moved");
        fs::rename(&second, &first).expect("moved");
    });
    all += &changed(&project, outcome);

    for folder in [project.plugins(), project.root().to_owned(), first, project.root().join("gone")] {
        assert!(!executed(&folder), "something of it was executed");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_link_that_leads_elsewhere_after_the_check_does_not_matter() {
    let project = Project::new();
    let vendor = Vendor::new("vendor");
    let store = project.root().join("store");
    fs::create_dir(&store).expect("a folder");
    mode(&store, 0o755);
    for name in ["signed.so", "other.so"] {
        fs::copy(fixture("traces"), store.join(name)).expect("a copy");
        mode(&store.join(name), 0o644);
    }
    vendor.sign(&store.join("signed.so"));
    let link = project.plugins().join("libtraces.so");
    symlink("../store/signed.so", &link).expect("a link");
    started_after(&project, &vendor, "traces", || {
        fs::remove_file(&link).expect("removed");
        symlink("../store/other.so", &link).expect("a link");
    })
    .expect("the file that was checked is loaded");
    assert!(store.join("signed.so.trace").exists() && !store.join("other.so.trace").exists());
}

#[test]
fn a_library_that_is_exchanged_after_the_check_is_not_loaded() {
    let (from, library) = private();
    let project = Project::new();
    let vendor = Vendor::new("vendor");
    let plugin = project.install("libprivate.so", |to| assert!(fs::copy(from, to).is_ok()));
    let folder = project.root().join("lib");
    fs::create_dir(&folder).expect("a folder");
    mode(&folder, 0o755);
    let place = folder.join("libfloe_private.so");
    for to in [&place, &project.root().join("other.so")] {
        fs::copy(library, to).expect("a copy");
        mode(to, 0o644);
    }
    vendor.sign(&plugin);
    vendor.sign(&place);
    let outcome = started_after(&project, &vendor, "private", || {
        fs::rename(project.root().join("other.so"), &place).expect("renamed");
    });
    insta::assert_snapshot!(changed(&project, outcome));
}
