//! Vendors that sign: keys of their own, made anew for each test.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use floe_tests::Project;
use floe_tests::redact::redact;
use minisign::KeyPair;

/// Somebody who signs files.
pub struct Vendor {
    name: &'static str,
    pair: KeyPair,
}

impl Vendor {
    /// With a new key.
    pub fn new(name: &'static str) -> Self {
        Self { name, pair: KeyPair::generate_unencrypted_keypair().expect("a key pair") }
    }

    /// The public key as manifests hold it.
    pub fn key(&self) -> String {
        self.pair.pk.to_base64()
    }

    /// Its id as minisign prints it.
    pub fn id(&self) -> String {
        let bytes = self.pair.pk.to_bytes();
        bytes[2..10].iter().rev().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Signs a file, and returns the signature's file.
    pub fn sign(&self, file: &Path) -> PathBuf {
        let data = File::open(file).expect("a file to sign");
        let comment = format!("{} by {}", file.file_name().expect("a name").display(), self.name);
        let signature = minisign::sign(Some(&self.pair.pk), &self.pair.sk, data, Some(&comment), None).expect("signed");
        let place = signature_of(file);
        fs::write(&place, signature.into_string()).expect("the signature is written");
        fs::set_permissions(&place, Permissions::from_mode(0o644)).expect("its permissions");
        place
    }
}

/// Where the signature of a file lies.
pub fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Changes the text of a file.
pub fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("a text");
    assert!(text.contains(from), "{from} is in {text}");
    fs::write(file, text.replacen(from, to, 1)).expect("written");
}

/// A manifest that approves plugins, and demands signatures by these vendors.
pub fn demand(project: &Project, plugins: &str, vendors: &[&Vendor]) {
    trusting(project, plugins, &format!("{{require_signature: true, trusted_keys: [{}]}}", keys(vendors)));
}

/// The same with another section `trust`.
pub fn trusting(project: &Project, plugins: &str, trust: &str) {
    project.write(
        "manifest.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\n\
             plugins:\n  compute: {{approved: [{plugins}]}}\n  trust: {trust}\n"
        ),
    );
}

/// Their keys as a list in YAML.
pub fn keys(vendors: &[&Vendor]) -> String {
    vendors.iter().map(|vendor| vendor.key()).collect::<Vec<_>>().join(", ")
}

/// What a command says, with the names of the keys in their place.
pub fn said(project: &Project, arguments: &[&str], code: i32, vendors: &[&Vendor]) -> String {
    let run = project.floe(arguments).expect(code);
    let text = format!("$ floe {}\n{}\n", arguments.join(" "), run.transcript());
    named(redact(project, &text), vendors)
}

/// Puts the names of vendors in the place of their keys.
pub fn named(text: String, vendors: &[&Vendor]) -> String {
    vendors.iter().fold(text, |text, vendor| {
        text.replace(&vendor.key(), &format!("[key of {}]", vendor.name))
            .replace(&vendor.id(), &format!("[id of {}]", vendor.name))
    })
}
