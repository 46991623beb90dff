//! The signature beside a file: `libx.so.minisig` beside `libx.so`.
//!
//! It lies beside the file that is loaded, behind symbolic links, so that a vendor's two files stay together wherever links
//! to them are.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use minisign_verify::Signature;

use super::keys::{KeyId, TrustedKey};
use crate::plugins::inspect::Opened;
use crate::plugins::text::{self, one_line};

/// What a signature's file is called, after the name of what it signs.
const ENDING: &str = ".minisig";

/// No signature is longer: minisign's own limit is 8 KiB for each comment.
const MOST_BYTES: u64 = 64 << 10;

/// Signatures of the hash of a file, and of the file itself as minisign made them before 0.10.
const OF_HASH: &[u8] = b"ED";
const OF_FILE: &[u8] = b"Ed";

/// A signature as its file says it, held against nothing yet.
#[derive(Clone)]
pub struct SignatureFile {
    /// The file.
    pub path: Utf8PathBuf,
    /// The key that it says it is by.
    pub key_id: KeyId,
    /// Whether it is of the old form, which cannot be checked without reading the whole file into memory.
    pub(super) is_of_file: bool,
    signature: Signature,
}

impl std::fmt::Debug for SignatureFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureFile").field("path", &self.path).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Where the signature of a file lies.
pub(super) fn place(real_path: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{real_path}{ENDING}"))
}

/// Reads the signature of a file; `None` where there is nothing of its name.
///
/// # Errors
/// Why there is something, and it is no signature.
pub(super) fn read(real_path: &Utf8Path) -> Result<Option<SignatureFile>, String> {
    let path = place(real_path);
    // A link that leads nowhere is something: whoever made it means a signature.
    if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let opened = Opened::open(&path)?;
    if opened.size() > MOST_BYTES {
        return Err(format!("it is longer than {}", text::bytes(MOST_BYTES)));
    }
    let mut bytes = Vec::new();
    opened.read(|part| bytes.extend_from_slice(part)).map_err(|error| crate::plugins::describe_io(&error))?;
    let words = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text")?;
    let (key_id, is_of_file, signature) = parse(&words).ok_or("it is no minisign signature")?;
    Ok(Some(SignatureFile { path, key_id, is_of_file, signature }))
}

fn parse(words: &str) -> Option<(KeyId, bool, Signature)> {
    let signature = Signature::decode(words).ok()?;
    let bytes = STANDARD.decode(words.lines().nth(1)?).ok()?;
    let (algorithm, rest) = bytes.split_at_checked(OF_HASH.len())?;
    let is_of_file = algorithm == OF_FILE;
    (is_of_file || algorithm == OF_HASH).then_some(())?;
    Some((KeyId(*rest.first_chunk()?), is_of_file, signature))
}

impl SignatureFile {
    /// Whether it is of this file, comment included, by one of these keys. Reads the descriptor that was inspected.
    pub(super) fn fits(&self, opened: &Opened, keys: &[&TrustedKey]) -> io::Result<bool> {
        let mut verifiers: Vec<_> = keys.iter().filter_map(|key| key.key.verify_stream(&self.signature).ok()).collect();
        opened.read(|part| verifiers.iter_mut().for_each(|verifier| verifier.update(part)))?;
        Ok(verifiers.iter_mut().any(|verifier| verifier.finalize().is_ok()))
    }

    /// What the signer says besides; signed too, and so worth something once the signature is found to fit.
    pub(super) fn trusted_comment(&self) -> String {
        one_line(self.signature.trusted_comment())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by minisign 0.11 of a file that holds `test`; the second with `-l`.
    const OF_TEST: &str = include_str!("testdata/minisign-0.11.minisig");
    const OLD_FORM: &str = include_str!("testdata/minisign-0.11-legacy.minisig");
    const KEY: &str = "RWQu3xH1LAWrvtC3KbNGz3nS0fBnF8cYcgSwIJH9wS1KGFe1chSCp6fq";
    /// Another key, to which the id of the first was given.
    const SAME_ID: &str = "RWQu3xH1LAWrvqe5XOmRcmOyogUQWh9Hn02ZX61GfKcRdgoGOru2XtE+";

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(folder.path()).unwrap().join("libx.so");
        (folder, file)
    }

    fn fits(file: &Utf8Path, keys: &[&str]) -> bool {
        let keys: Vec<_> = keys.iter().map(|key| TrustedKey::parse(key).unwrap()).collect();
        read(file).unwrap().unwrap().fits(&Opened::open(file).unwrap(), &keys.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_signature_fits_its_file_and_key_alone() {
        let (_folder, file) = folder();
        std::fs::write(&file, "test").unwrap();
        std::fs::write(place(&file), OF_TEST).unwrap();
        let found = read(&file).unwrap().unwrap();
        assert_eq!(found.key_id.to_string(), "BEAB052CF511DF2E");
        assert_eq!(found.trusted_comment(), "nimbus 2.1.0 for Linux");
        assert!(fits(&file, &[KEY]));
        assert!(!fits(&file, &[SAME_ID]));
        assert!(fits(&file, &[SAME_ID, KEY]), "an id is no proof, and two keys may have one");
        for other in ["tesT", "tes", "test\n", ""] {
            std::fs::write(&file, other).unwrap();
            assert!(!fits(&file, &[KEY]), "{other:?}");
        }
        std::fs::write(&file, "test").unwrap();
        std::fs::write(place(&file), OF_TEST.replace("nimbus 2.1.0", "nimbus 9.1.0")).unwrap();
        assert!(!fits(&file, &[KEY]), "the trusted comment is signed too");
        std::fs::write(place(&file), OLD_FORM).unwrap();
        assert!(read(&file).unwrap().unwrap().is_of_file);
        assert!(!fits(&file, &[KEY]));
    }

    #[test]
    fn what_is_no_signature_says_why() {
        let (_folder, file) = folder();
        let mut all = String::new();
        let mut tell = || all += &format!("{:?}\n", read(&file).map(|found| found.map(|found| found.is_of_file)));
        tell();
        for (from, to) in [("RUQu", "RWQu"), ("RUQu", "RUUu"), ("\ntrusted comment: ", "\n"), ("0CNDg==", "")] {
            assert!(OF_TEST.contains(from));
            std::fs::write(place(&file), OF_TEST.replacen(from, to, 1)).unwrap();
            tell();
        }
        std::fs::write(place(&file), b"caf\xe9").unwrap();
        tell();
        std::fs::write(place(&file), OF_TEST.repeat(1000)).unwrap();
        tell();
        std::fs::remove_file(place(&file)).unwrap();
        std::os::unix::fs::symlink("nowhere", place(&file)).unwrap();
        tell();
        std::fs::remove_file(place(&file)).unwrap();
        std::fs::create_dir(place(&file)).unwrap();
        tell();
        insta::assert_snapshot!(all);
    }
}
