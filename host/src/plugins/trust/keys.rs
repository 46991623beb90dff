//! Minisign's public keys, and the ids by which a signature says which of them made it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::edwards::CompressedEdwardsY;
use minisign_verify::PublicKey;

/// The name of the algorithm, the id, the key.
const LENGTH: usize = 2 + 8 + 32;
const ALGORITHM: &[u8] = b"Ed";

/// The id of a key: chosen at random when the key is made, and no secret. Two keys may have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; 8]);

/// As minisign prints it.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

/// A key whose signatures count.
#[derive(Debug, Clone)]
pub struct TrustedKey {
    pub(super) id: KeyId,
    pub(super) key: PublicKey,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// It is not 42 bytes in base64 that begin with the name of the algorithm.
    #[error("it is not 56 characters that begin with `RW`")]
    Form,
    /// No private key can belong to it: its last 43 characters are wrong.
    #[error("it has the form of one, and no ed25519 key is in it")]
    Curve,
}

impl TrustedKey {
    /// Reads a key as it stands in the second line of `minisign.pub`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == LENGTH && bytes.starts_with(ALGORITHM));
        let bytes = bytes.ok_or(NoKey::Form)?;
        let (id, point) = bytes[ALGORITHM.len()..].split_first_chunk().ok_or(NoKey::Form)?;
        let point = CompressedEdwardsY::from_slice(point).map_err(|_| NoKey::Form)?;
        // With a point of small order anybody can make signatures that fit.
        if point.decompress().is_none_or(|point| point.is_small_order()) {
            return Err(NoKey::Curve);
        }
        let key = PublicKey::from_base64(text).map_err(|_| NoKey::Form)?;
        Ok(Self { id: KeyId(*id), key })
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key with which minisign itself is signed.
    const MINISIGN: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    fn with(point: [u8; 32]) -> String {
        STANDARD.encode([b"Ed12345678".as_slice(), &point].concat())
    }

    #[test]
    fn a_key_has_the_id_that_minisign_prints() {
        assert_eq!(TrustedKey::parse(MINISIGN).unwrap().id().to_string(), "E7620F1842B4E81F");
        assert_eq!(KeyId([1, 0, 0, 0, 0, 0, 0, 0]).to_string(), "0000000000000001");
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let no = |text: &str| TrustedKey::parse(text).unwrap_err();
        assert_eq!(no(""), NoKey::Form);
        assert_eq!(no(&MINISIGN[..55]), NoKey::Form);
        assert_eq!(no(&MINISIGN.replace('Q', "a")), NoKey::Form, "`RWa`: another algorithm");
        assert_eq!(no(&MINISIGN.replace("73", "7=")), NoKey::Form);
        let (mut two, mut one) = ([0; 32], [0; 32]);
        (two[0], one[0]) = (2, 1);
        assert_eq!(no(&with(two)), NoKey::Curve, "no point has 2 for its second coordinate");
        assert_eq!(no(&with(one)), NoKey::Curve, "the neutral point");
        assert_eq!(no(&with([0; 32])), NoKey::Curve, "a point of order four");
    }
}
