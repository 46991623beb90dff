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
    use floe_tests::probes::{called_in, listed_in_documents};

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
        called_in(env!("CARGO_MANIFEST_DIR"), &[".execute("], &["check/probe.rs"]);
        called_in(env!("CARGO_MANIFEST_DIR"), &["ExecuteStatement"], &["hive_server/session.rs"]);
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }
}
