//! Every statement that a check sends comes from here.

/// The statements that a check may send, as the crate's documentation lists them. The check's own tests fail for any
/// other.
pub const PROBE_STATEMENTS: [&str; 3] =
    ["SELECT current_user", "SELECT 1", "SHOW SCHEMAS FROM \"<catalog>\" LIKE '<schema>'"];

/// A statement that a check may send.
pub(super) enum Probe<'a> {
    /// Asks who the engine thinks dbt is.
    CurrentUser,
    /// Asks nothing.
    One,
    /// Asks for the schema of a catalog.
    Schemas {
        /// The catalog.
        catalog: &'a str,
        /// The schema. `_` and `%` in it stand for more than themselves, so that the answer may hold others.
        schema: &'a str,
    },
}

impl Probe<'_> {
    /// The statement.
    pub(super) fn sql(&self) -> String {
        match self {
            Self::CurrentUser => PROBE_STATEMENTS[0].to_owned(),
            Self::One => PROBE_STATEMENTS[1].to_owned(),
            Self::Schemas { catalog, schema } => format!(
                "SHOW SCHEMAS FROM \"{}\" LIKE '{}'",
                catalog.replace('"', "\"\""),
                // Trino writes names in small letters, whatever a user writes.
                schema.to_lowercase().replace('\'', "''")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_tests::probes::{called_in, listed_in_documents};

    /// FR-004a: whatever a probe becomes is on the list, with the placeholders filled in.
    #[test]
    fn a_probe_is_on_the_list() {
        assert_eq!(Probe::CurrentUser.sql(), PROBE_STATEMENTS[0]);
        assert_eq!(Probe::One.sql(), PROBE_STATEMENTS[1]);
        let filled = PROBE_STATEMENTS[2].replace("<catalog>", "la\"\"ke").replace("<schema>", "it''s");
        assert_eq!(Probe::Schemas { catalog: "la\"ke", schema: "It's" }.sql(), filled);
    }

    /// FR-004a: no other file of the plugin can send a statement: only one posts, and it takes nothing but a probe.
    #[test]
    fn nothing_else_sends_statements() {
        called_in(env!("CARGO_MANIFEST_DIR"), &["\"POST\"", ".post("], &["check/statement.rs"]);
        let sender = include_str!("statement.rs");
        assert_eq!(sender.matches("\"POST\"").count(), 1);
        assert!(sender.contains("probe.sql()"));
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }
}
