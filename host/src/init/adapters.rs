//! Where a dbt adapter's keys and floe's differ.
//!
//! A plugin takes the adapter's own keys, each by one name. What is left are other names that adapters accept for one of
//! them (`_ALIASES` of their credentials), and the limit that every compute has as `timeout_seconds`, whatever the adapter
//! calls it. A plugin of another vendor needs no line here: what its schema does not take is left out and named.

/// Other names of an adapter's keys: adapter, name, the key.
const ALIASES: &[(&str, &str, &str)] =
    &[("redshift", "pass", "password"), ("bigquery", "retries", "job_retries"), ("trino", "catalog", "database")];

/// The limit of one query, as an adapter calls it: adapter, the mapping that it stands in, the key.
const TIMEOUTS: &[(&str, Option<&str>, &str)] = &[
    ("bigquery", None, "job_execution_timeout_seconds"),
    ("bigquery", None, "timeout_seconds"),
    ("spark", None, "query_timeout"),
    ("databricks", Some("session_properties"), "statement_timeout"),
    ("trino", Some("session_properties"), "query_max_run_time"),
];

/// The key that another name stands for.
pub(super) fn alias(adapter: &str, name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(of, other, _)| *of == adapter && *other == name).map(|(_, _, key)| *key)
}

/// The limits of one query that an adapter has: the mapping that each stands in, and its key.
pub(super) fn timeouts(adapter: &str) -> impl Iterator<Item = (Option<&'static str>, &'static str)> {
    TIMEOUTS.iter().filter(move |(of, ..)| *of == adapter).map(|(_, inside, key)| (*inside, *key))
}

/// Seconds, as adapters write them: a number, or one with a unit (`5m`); `None` for anything else.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
    let factor = match unit.trim() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let seconds = (number * factor).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked to fit")]
    (seconds >= 0.0 && seconds <= f64::from(u32::MAX)).then_some(seconds as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_units() {
        for (text, found) in [("300", 300), ("300s", 300), ("5m", 300), ("1.5h", 5400), ("1d", 86_400), ("1ms", 1)] {
            assert_eq!(seconds(text), Some(found), "{text}");
        }
        for text in ["", "m", "-1", "1 year", "{{ env_var('T') }}"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
