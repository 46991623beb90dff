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
    use std::fs;
    use std::path::{Path, PathBuf};

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
        fn files(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { files(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 10);
        for path in found {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            if code.contains("\"POST\"") || code.contains(".post(") {
                assert!(path.ends_with("check/statement.rs"), "{} sends statements", path.display());
                assert_eq!(code.matches("\"POST\"").count(), 1);
                assert!(code.contains("probe.sql()"));
            }
        }
    }

    /// The crate's documentation and the README list the same statements.
    #[test]
    fn the_documents_list_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for document in ["src/lib.rs", "README.md"] {
            let text = fs::read_to_string(root.join(document)).unwrap();
            for statement in PROBE_STATEMENTS {
                assert!(text.contains(statement), "{document} lacks {statement}");
            }
        }
    }
}
