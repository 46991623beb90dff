//! Every statement that a check sends goes through here.

use duckdb::{Config, Connection, Error};

/// The statements that a check may send, as the crate's documentation lists them. The check's own tests fail for any
/// other.
pub const PROBE_STATEMENTS: [&str; 3] =
    ["SELECT version(), current_database(), current_schema()", "LOAD <extension>", "SET <setting> = '<value>'"];

/// A statement that a check may send.
pub(crate) enum Probe<'a> {
    /// Loads an extension that is installed.
    Load(&'a str),
    /// Sets a setting, as dbt-duckdb does.
    Set(&'a str, &'a str),
}

impl Probe<'_> {
    fn sql(&self) -> String {
        match self {
            Self::Load(extension) => format!("LOAD {extension}"),
            Self::Set(name, value) => format!("SET {name} = '{}'", value.replace('\'', "''")),
        }
    }
}

/// What the engine says of itself.
pub(crate) struct Identity {
    /// Its version: `v1.5.5`.
    pub version: String,
}

/// An open database that takes nothing but probes.
pub(crate) struct Session(Connection);

impl Session {
    /// Opens a database in memory.
    pub(crate) fn in_memory(config: Config) -> Result<Self, Error> {
        Connection::open_in_memory_with_flags(config).map(Self)
    }

    /// Opens a database file.
    pub(crate) fn of_file(path: &std::path::Path, config: Config) -> Result<Self, Error> {
        Connection::open_with_flags(path, config).map(Self)
    }

    /// Sends a statement that answers nothing.
    pub(crate) fn send(&self, probe: &Probe<'_>) -> Result<(), Error> {
        self.0.execute_batch(&probe.sql())
    }

    /// Asks the engine what it is.
    pub(crate) fn identity(&self) -> Result<Identity, Error> {
        self.0.query_row(PROBE_STATEMENTS[0], [], |row| Ok(Identity { version: row.get(0)? }))
    }
}

/// What DuckDB says, in its own words and on one line.
pub(crate) fn words(error: &Error) -> String {
    let text = match error {
        Error::DuckDBFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_tests::probes::{called_in, listed_in_documents};

    /// FR-004a: whatever a probe becomes is on the list, with the placeholders filled in.
    #[test]
    fn a_probe_is_on_the_list() {
        assert_eq!(Probe::Load("httpfs").sql(), PROBE_STATEMENTS[1].replace("<extension>", "httpfs"));
        let set = PROBE_STATEMENTS[2].replace("<setting>", "threads").replace("<value>", "it''s");
        assert_eq!(Probe::Set("threads", "it's").sql(), set);
    }

    /// FR-004a: no other file of the plugin can reach the driver's means of sending a statement.
    #[test]
    fn nothing_else_sends_statements() {
        let sends = ["Connection::open", ".execute", ".query", ".prepare", ".appender"];
        called_in(env!("CARGO_MANIFEST_DIR"), &sends, &["check/probe.rs"]);
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }
}
