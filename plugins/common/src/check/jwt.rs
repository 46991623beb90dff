//! JSON Web Tokens by RS256 (RFC 7515, RFC 7519), with which an engine knows a client by its private key.

use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use floe_plugin_api::Secret;
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::{AnyRef, BitStringRef};
use pkcs8::der::pem::PemLabel as _;
use pkcs8::spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use ring::{digest, rand};
use serde_json::Value;
use zeroize::Zeroizing;

/// `rsaEncryption` (RFC 8017, appendix C).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a private key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// The text holds no PEM block of a private key.
    NotPem,
    /// It is encrypted, and there is no passphrase.
    Encrypted,
    /// It is encrypted with another passphrase.
    Passphrase,
    /// It is encrypted in a way that is not known here, such as the old one of `BEGIN RSA PRIVATE KEY`.
    Cipher,
    /// It is the key of another algorithm than RSA.
    NotRsa,
    /// It is an RSA key that is too short to be safe, or of an unusual form: 2048 to 8192 bits are taken.
    Size,
    /// It is damaged.
    Broken,
}

/// What is wrong, as the rest of a sentence that begins with the key: `… is encrypted, and no passphrase is given`.
impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPem => "holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`)",
            Self::Encrypted => "is encrypted, and no passphrase is given",
            Self::Passphrase => "cannot be decrypted with the passphrase that is given",
            Self::Cipher => {
                "is encrypted in a way that is not supported (supported: PKCS#8 with PBES2 and AES or Triple DES)"
            }
            Self::NotRsa => "is no RSA key",
            Self::Size => "is an RSA key of a size that is not taken (2048 to 8192 bits are)",
            Self::Broken => "is damaged: it cannot be read as an RSA key",
        })
    }
}

/// A private RSA key that signs tokens. It shows nothing of itself but its public half.
pub struct SigningKey(KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_fingerprint())
    }
}

impl SigningKey {
    /// Reads a PEM text: PKCS#8 (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`, not encrypted).
    /// Certificates and other blocks before the key are passed over.
    ///
    /// # Errors
    /// As [`KeyFault`] says.
    pub fn from_pem(text: &str, passphrase: Option<&str>) -> Result<Self, KeyFault> {
        let start = text
            .match_indices("-----BEGIN ")
            .map(|(at, _)| &text[at..])
            .find(|block| block.lines().next().is_some_and(|line| line.contains("PRIVATE KEY-----")));
        let block = start.ok_or(KeyFault::NotPem)?;
        // The old encryption of PKCS#1 says so in headers, which are no PEM by RFC 7468.
        if block.lines().nth(1).is_some_and(|line| line.starts_with("Proc-Type:")) {
            return Err(KeyFault::Cipher);
        }
        let end = block.match_indices("-----END ").next().and_then(|(at, _)| {
            let close = block[at + 9..].find("-----")?;
            Some(at + 9 + close + 5)
        });
        let block = &block[..end.ok_or(KeyFault::Broken)?];
        let (label, der) = SecretDocument::from_pem(block).map_err(|_| KeyFault::Broken)?;
        match label {
            "RSA PRIVATE KEY" => KeyPair::from_der(der.as_bytes()).map(Self).map_err(rejected),
            PrivateKeyInfoRef::PEM_LABEL => Self::from_pkcs8(der.as_bytes()),
            EncryptedPrivateKeyInfoRef::PEM_LABEL => Self::from_encrypted(der.as_bytes(), passphrase),
            _ => Err(KeyFault::NotRsa),
        }
    }

    /// Reads DER: PKCS#8, encrypted or not, or PKCS#1.
    ///
    /// # Errors
    /// As [`KeyFault`] says.
    pub fn from_der(der: &[u8], passphrase: Option<&str>) -> Result<Self, KeyFault> {
        if PrivateKeyInfoRef::try_from(der).is_ok() {
            Self::from_pkcs8(der)
        } else if EncryptedPrivateKeyInfoRef::try_from(der).is_ok() {
            Self::from_encrypted(der, passphrase)
        } else {
            KeyPair::from_der(der).map(Self).map_err(rejected)
        }
    }

    fn from_encrypted(der: &[u8], passphrase: Option<&str>) -> Result<Self, KeyFault> {
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyFault::Cipher)?;
        let passphrase = passphrase.filter(|text| !text.is_empty()).ok_or(KeyFault::Encrypted)?;
        let opened = encrypted.decrypt(passphrase).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
                KeyFault::Passphrase
            }
            _ => KeyFault::Cipher,
        })?;
        // A wrong passphrase may leave something whose padding fits by chance: one in 256.
        Self::from_pkcs8(opened.as_bytes())
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFault> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyFault::Broken)?;
        if info.algorithm.oid != RSA {
            return Err(KeyFault::NotRsa);
        }
        KeyPair::from_der(info.private_key.as_bytes()).map(Self).map_err(rejected)
    }

    /// `SHA256:` and the Base64 of the SHA-256 over the public key (DER of `SubjectPublicKeyInfo`), as Snowflake shows it.
    pub fn public_fingerprint(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.public_der());
        format!("SHA256:{}", STANDARD.encode(hash))
    }

    /// The DER of the public half (`SubjectPublicKeyInfo`, RFC 5280); empty where it cannot be written, which no RSA key causes.
    fn public_der(&self) -> Vec<u8> {
        let info = BitStringRef::from_bytes(self.0.public_key().as_ref()).map(|subject_public_key| {
            let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
            SubjectPublicKeyInfoRef { algorithm, subject_public_key }
        });
        info.and_then(|info| info.to_der()).unwrap_or_default()
    }

    /// Signs a token. `alg` and `typ` of the header are set here.
    ///
    /// # Errors
    /// [`KeyFault::Broken`] where the key does not fit together.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<Secret, KeyFault> {
        let mut whole = serde_json::json!({"alg": "RS256", "typ": "JWT"});
        if let (Some(whole), Some(header)) = (whole.as_object_mut(), header.as_object()) {
            whole.extend(header.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", part(&whole), part(claims));
        let mut signature = Zeroizing::new(vec![0; self.0.public().modulus_len()]);
        self.0
            .sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| KeyFault::Broken)?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(&*signature));
        Ok(Secret::new(token))
    }
}

/// Whether a token says of itself that its time is over (`exp`). Nothing of it is verified: that is for a server that has
/// refused it, and did not say why. A text that is no such token says nothing.
pub fn is_over(token: &str) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims: Option<Value> = claims.map(Zeroizing::new).and_then(|claims| serde_json::from_slice(&claims).ok());
    claims.and_then(|claims| claims["exp"].as_f64()).is_some_and(|end| end < now)
}

/// What ring says of a key, in our words: its own are one line (`TooSmall`, `InvalidEncoding`, …).
#[allow(clippy::needless_pass_by_value)] // as map_err gives it
fn rejected(error: ring::error::KeyRejected) -> KeyFault {
    match error.to_string().as_str() {
        "TooSmall" | "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => KeyFault::Size,
        _ => KeyFault::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_that_its_time_is_over() {
        let of = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        assert!(is_over(&of(r#"{"exp": 1600000000}"#)) && is_over(&of(r#"{"exp": 1600000000.5}"#)));
        assert!(!is_over(&of(r#"{"exp": 99999999999}"#)) && !is_over(&of("{}")) && !is_over(&of(r#"{"exp": "1"}"#)));
        for none in ["", "dapi0123", "a.b.c", "..", "e30.e30"] {
            assert!(!is_over(none), "{none}");
        }
    }
}
