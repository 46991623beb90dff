//! Every statement that a check sends goes through here.

use crate::hive_server::{Error, Session};

/// The statements that a check may send, as the crate's documentation lists them. The check's own tests fail for any
/// other.
pub const PROBE_STATEMENTS: [&str; 3] = ["USE `default`", "SELECT current_user()", "DESCRIBE DATABASE `<schema>`"];

/// A statement that a check may send.
pub(crate) enum Probe<'a> {
    /// What dbt's driver begins with.
    Use,
    /// The user as the engine sees it.
    User,
    /// Whether the user may see a schema.
    Describe(&'a str),
}

impl Probe<'_> {
    fn sql(&self) -> String {
        match self {
            Self::Use => PROBE_STATEMENTS[0].to_owned(),
            Self::User => PROBE_STATEMENTS[1].to_owned(),
            Self::Describe(schema) => PROBE_STATEMENTS[2].replace("<schema>", &schema.replace('`', "``")),
        }
    }

    /// Sends it, and gives the first text of its answer.
    pub(crate) fn send(&self, session: &mut Session) -> Result<Option<String>, Error> {
        session.execute(&self.sql())
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
        assert_eq!(Probe::Use.sql(), PROBE_STATEMENTS[0]);
        assert_eq!(Probe::User.sql(), PROBE_STATEMENTS[1]);
        assert_eq!(Probe::Describe("a`; DROP").sql(), PROBE_STATEMENTS[2].replace("<schema>", "a``; DROP"));
    }

    /// FR-004a: no other file of the plugin can reach the client's means of sending a statement.
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
            if code.contains(".execute(") {
                assert!(path.ends_with("check/probe.rs"), "{} sends statements", path.display());
            }
            if code.contains("ExecuteStatement") {
                assert!(path.ends_with("hive_server/session.rs"), "{} sends statements", path.display());
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
