//! Private keys as openssl writes them, and the tokens that they sign.
#![cfg(feature = "net")]
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::path::Path;

use floe_plugin_common::check::jwt::{KeyFault, SigningKey};
use serde_json::json;

const PASSPHRASE: Option<&str> = Some("espresso");

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name);
    std::fs::read_to_string(path).expect("it is in the repository")
}

fn fault(name: &str, passphrase: Option<&str>) -> KeyFault {
    SigningKey::from_pem(&file(name), passphrase).expect_err("it cannot be used")
}

#[test]
fn one_key_in_all_its_forms() {
    for name in ["pkcs8.pem", "pkcs1.pem", "aes.pem", "des3.pem", "des3-sha1.pem", "scrypt.pem"] {
        let key = SigningKey::from_pem(&file(name), PASSPHRASE).unwrap_or_else(|fault| panic!("{name} {fault}"));
        assert_eq!(key.public_fingerprint(), file("fingerprint.txt").trim(), "{name}");
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", file("fingerprint.txt").trim()));
    }
    // What stands before a key in a file, and the line ends of Windows.
    let crowded = format!("Bag Attributes\n{}{}", file("public.pem"), file("aes.pem")).replace('\n', "\r\n");
    assert!(SigningKey::from_pem(&crowded, PASSPHRASE).is_ok());
}

#[test]
fn a_token_is_the_one_that_openssl_signs() {
    let key = SigningKey::from_pem(&file("pkcs8.pem"), None).expect("a key");
    let token = key.sign(&json!({"kid": "k1"}), &json!({"iss": "NIMBUS.ANA", "iat": 1})).expect("it signs");
    assert_eq!(token.expose(), file("token.jwt"));
}

#[test]
fn der_is_taken_too() {
    use base64::Engine as _;
    let der = |name: &str| {
        let text: String = file(name).lines().filter(|line| !line.starts_with("-----")).collect();
        base64::engine::general_purpose::STANDARD.decode(text).expect("Base64")
    };
    for (name, passphrase) in [("pkcs8.pem", None), ("pkcs1.pem", None), ("des3.pem", PASSPHRASE)] {
        let key = SigningKey::from_der(&der(name), passphrase).unwrap_or_else(|fault| panic!("{name} {fault}"));
        assert_eq!(key.public_fingerprint(), file("fingerprint.txt").trim(), "{name}");
    }
    assert_eq!(SigningKey::from_der(b"no key", None).unwrap_err(), KeyFault::Broken);
}

#[test]
fn what_is_wrong_with_a_key_is_told_apart() {
    assert_eq!(fault("aes.pem", None), KeyFault::Encrypted);
    assert_eq!(fault("aes.pem", Some("")), KeyFault::Encrypted);
    for name in ["aes.pem", "des3.pem", "des3-sha1.pem", "scrypt.pem"] {
        assert_eq!(fault(name, Some("ristretto")), KeyFault::Passphrase, "{name}");
    }
    assert_eq!(fault("pbes1.pem", PASSPHRASE), KeyFault::Cipher);
    assert_eq!(fault("pkcs1-aes.pem", PASSPHRASE), KeyFault::Cipher);
    assert_eq!(fault("ec.pem", None), KeyFault::NotRsa);
    assert_eq!(fault("short.pem", None), KeyFault::Size);
    assert_eq!(fault("public.pem", None), KeyFault::NotPem);
    let broken = |text: &str| SigningKey::from_pem(text, None).unwrap_err();
    let whole = file("pkcs8.pem");
    assert_eq!(broken(&whole[..900]), KeyFault::Broken);
    assert_eq!(broken(&whole.replace("MII", "MIJ")), KeyFault::Broken);
}
