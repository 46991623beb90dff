//! Kubernetes quantities.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A quantity by the grammar of Kubernetes (`k8s.io/apimachinery/pkg/api/resource`): `500m`, `4Gi`, `1.5`, `2e3`.
///
/// It keeps the text that it was written as and compares by value. Not negative, and below 2^63.
#[derive(Debug, Clone)]
pub struct Quantity {
    text: String,
    /// In billionths, the finest unit that Kubernetes has.
    nanos: u128,
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no Kubernetes quantity: {why}; write a number with an optional unit, such as 500m, 4Gi or 2")]
pub struct QuantityError {
    text: String,
    why: &'static str,
}

const NANO: u128 = 1_000_000_000;

impl Quantity {
    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value in whole units (bytes, cores), rounded up as Kubernetes does.
    pub fn rounded_up(&self) -> u64 {
        u64::try_from(self.nanos.div_ceil(NANO)).unwrap_or(u64::MAX)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = |why| QuantityError { text: text.to_owned(), why };
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(wrong("it does not begin with a number that is not negative"));
        }
        let scale = scale(suffix).ok_or_else(|| wrong("the unit is none of n u m k M G T P E Ki Mi Gi Ti Pi Ei"))?;
        let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| wrong("the number is too large"))?;
        let nanos = u32::try_from(fraction.len())
            .ok()
            .and_then(|places| 10_u128.checked_pow(places))
            .and_then(|divisor| Some(digits.checked_mul(scale)?.div_ceil(divisor)))
            .filter(|nanos| *nanos < (1 << 63) * NANO)
            .ok_or_else(|| wrong("the number is too large"))?;
        Ok(Self { text: text.to_owned(), nanos })
    }
}

/// Billionths in one of the unit.
fn scale(suffix: &str) -> Option<u128> {
    let binary = |power: u32| Some(NANO << (10 * power));
    let decimal = |power: u32| 10_u128.checked_pow(power);
    match suffix {
        "n" => Some(1),
        "u" => decimal(3),
        "m" => decimal(6),
        "" => decimal(9),
        "k" => decimal(12),
        "M" => decimal(15),
        "G" => decimal(18),
        "T" => decimal(21),
        "P" => decimal(24),
        "E" => decimal(27),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            decimal(u32::try_from(exponent.checked_add(9)?).ok()?)
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn quantities_compare_by_value() {
        assert_eq!(quantity("1"), quantity("1000m"));
        assert_eq!(quantity("1Ki"), quantity("1024"));
        assert_eq!(quantity("2e3"), quantity("2k"));
        assert_eq!(quantity("1.5Gi"), quantity("1536Mi"));
        assert_eq!(quantity(".5"), quantity("500m"));
        assert!(quantity("1G") < quantity("1Gi"));
        assert!(quantity("999999n") < quantity("1m"));
        assert_eq!(quantity("1500m").rounded_up(), 2);
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        for text in [
            "", " ", "-1", "+1", "1 Gi", "1gi", "1GB", "1Kib", ".", "1..2", "1.2.3", "e3", "1e", "1e99", "10E", "Gi",
            "½",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = text.parse::<Quantity>();
        }

        #[test]
        fn whole_numbers_keep_their_order(a in 0..u64::from(u32::MAX), b in 0..u64::from(u32::MAX)) {
            prop_assert_eq!(quantity(&format!("{a}Mi")).cmp(&quantity(&format!("{b}Mi"))), a.cmp(&b));
        }
    }
}
