//! Sizes as DuckDB writes them: `4GB`, `1.5 GiB`.

/// Why a text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SizeError {
    /// It does not begin with a number.
    NoNumber,
    /// Its unit is none of DuckDB's.
    Unit,
    /// It says a share of the memory, which DuckDB does not take.
    Percent,
    /// It is larger than any memory.
    TooLarge,
}

/// Bytes of a size; `None` for "no limit" (a leading `-`, or `none`).
///
/// # Errors
/// Where DuckDB would refuse it.
pub(crate) fn bytes(text: &str) -> Result<Option<u64>, SizeError> {
    let text = text.trim_start();
    if text == "none" || text.starts_with('-') {
        return Ok(None);
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| SizeError::NoNumber)?;
    let unit = unit.trim().to_ascii_lowercase();
    let scale: f64 = match unit.as_str() {
        "b" | "byte" | "bytes" => 1.0,
        "k" | "kb" | "kilobyte" | "kilobytes" => 1e3,
        "m" | "mb" | "megabyte" | "megabytes" => 1e6,
        "g" | "gb" | "gigabyte" | "gigabytes" => 1e9,
        "t" | "tb" | "terabyte" | "terabytes" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ if unit.starts_with('%') => return Err(SizeError::Percent),
        _ => return Err(SizeError::Unit),
    };
    let bytes = number * scale;
    if bytes >= 9.2e18 {
        return Err(SizeError::TooLarge);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9.2e18, and a fraction of a byte")]
    Ok(Some(bytes as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(bytes("4GB"), Ok(Some(4_000_000_000)));
        assert_eq!(bytes(" 1.5 gib"), Ok(Some(1_610_612_736)));
        assert_eq!(bytes("-1"), Ok(None));
        assert_eq!(bytes("4Gi"), Err(SizeError::Unit));
        assert_eq!(bytes("80%"), Err(SizeError::Percent));
        assert_eq!(bytes("lots"), Err(SizeError::NoNumber));
    }

    /// DuckDB itself is the judge of what is a size; beyond it, words behind a unit are refused, which it overlooks.
    #[test]
    fn duckdb_agrees() {
        let texts = [
            "1GB",
            "4GiB",
            "2 gigabytes",
            "-1",
            "80%",
            "abc",
            "1gb",
            "1XB",
            "0",
            "1",
            "1.5GB",
            "none",
            "unlimited",
            "4Gi",
            "4G",
            "1 GB",
            "100000000000000GB",
            "1e3MB",
            "  1GB ",
            "1000000B",
            "-5GB",
            "",
            "1GB2",
            "16MB extra",
            "1..2GB",
            "--1GB",
            "1TiB",
            "512kb",
            "1e",
            "Infinity",
            ".5GB",
            "5.GB",
            "1PB",
            "NONE",
            "none ",
            "1-2GB",
            "20000000TB",
            "1E3MB",
            "+1GB",
        ];
        for text in texts {
            let taken = duckdb::Config::default().with("memory_limit", text);
            let overlooked = text == "16MB extra";
            assert_eq!(bytes(text).is_ok(), taken.is_ok() && !overlooked, "{text:?}");
        }
    }
}
