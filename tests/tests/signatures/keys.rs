//! Vendors that sign: keys of their own, made anew for each test.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use floe_tests::Project;
use floe_tests::redact::redact;
use minisign::KeyPair;

/// Somebody who signs files.
pub(crate) struct Vendor {
    name: &'static str,
    pair: KeyPair,
}

impl Vendor {
    /// With a new key.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, pair: KeyPair::generate_unencrypted_keypair().expect("a key pair") }
    }

    /// The public key as manifests hold it.
    pub(crate) fn key(&self) -> String {
        self.pair.pk.to_base64()
    }

    /// Its id as minisign prints it.
    pub(crate) fn id(&self) -> String {
        let bytes = self.pair.pk.to_bytes();
        format!("{:016X}", u64::from_le_bytes(bytes[2..10].try_into().expect("eight bytes")))
    }

    /// Signs a file, and returns the signature's file.
    pub(crate) fn sign(&self, file: &Path) -> PathBuf {
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
pub(crate) fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Changes the text of a file.
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("a text");
    assert!(text.contains(from), "{from} is in {text}");
    fs::write(file, text.replacen(from, to, 1)).expect("written");
}

/// A manifest that approves plugins, and demands signatures by these vendors.
pub(crate) fn demand(project: &Project, plugins: &str, vendors: &[&Vendor]) {
    trusting(project, plugins, &format!("{{require_signature: true, trusted_keys: [{}]}}", keys(vendors)));
}

/// The same with another section `trust`.
pub(crate) fn trusting(project: &Project, plugins: &str, trust: &str) {
    // The first of several is the default.
    let default = plugins.split_once(", ").filter(|_| !plugins.starts_with('{'));
    let default = default.map(|(first, _)| format!(", default: {first}")).unwrap_or_default();
    project.write(
        "manifest.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\n\
             plugins:\n  compute: {{approved: [{plugins}]{default}}}\n  trust: {trust}\n"
        ),
    );
}

/// Their keys as a list in YAML.
pub(crate) fn keys(vendors: &[&Vendor]) -> String {
    vendors.iter().map(|vendor| vendor.key()).collect::<Vec<_>>().join(", ")
}

/// What a command says, with the names of the keys in their place.
pub(crate) fn said(project: &Project, arguments: &[&str], code: i32, vendors: &[&Vendor]) -> String {
    let run = project.floe(arguments).expect(code);
    let text = format!("$ floe {}\n{}\n", arguments.join(" "), run.transcript());
    named(redact(project, &text), vendors)
}

/// Puts the names of vendors in the place of their keys.
pub(crate) fn named(text: String, vendors: &[&Vendor]) -> String {
    vendors.iter().fold(text, |text, vendor| {
        text.replace(&vendor.key(), &format!("[key of {}]", vendor.name))
            .replace(&vendor.id(), &format!("[id of {}]", vendor.name))
    })
}
