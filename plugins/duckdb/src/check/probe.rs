//! Every statement that a check sends goes through here.

use duckdb::{Config, Connection, Error};

use crate::catalog::literal;

/// The statements that a check may send, as the crate's documentation lists them. The check's own tests fail for any
/// other.
pub const PROBE_STATEMENTS: [&str; 13] = [
    "SELECT version(), current_database(), current_schema()",
    "LOAD <extension>",
    "SET <setting> = '<value>'",
    "CREATE OR REPLACE SECRET <name> (<options>)",
    "ATTACH IF NOT EXISTS <warehouse> AS <catalog> (<options>, READ_ONLY true)",
    "CALL enable_logging('HTTP')",
    "SELECT response.status::VARCHAR FROM duckdb_logs_parsed('HTTP') WHERE ends_with(request.url, '/namespaces')",
    "SELECT schema_name FROM duckdb_schemas() WHERE database_name = <catalog>",
    "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = <catalog> ORDER BY schema_name = <schema> DESC LIMIT 1",
    "DESCRIBE <table>",
    "SELECT name FROM duckdb_secrets() WHERE starts_with(name, '__internal_ic_')",
    "SELECT count(*) FROM iceberg_snapshots(<table>)",
    "SELECT count(*) FROM glob(<prefix>)",
];

/// A statement that a check may send.
pub(crate) enum Probe<'a> {
    /// Loads an extension that is installed.
    Load(&'a str),
    /// Sets a setting, as dbt-duckdb does.
    Set(&'a str, &'a str),
    /// Makes the secret that opens a catalog, or a storage; the statement.
    Secret(&'a str),
    /// Attaches a catalog for reading alone; the statement.
    Attach(&'a str),
    /// Keeps what HTTP requests came to, in memory.
    LogHttp,
}

/// A question that a check may ask of a catalog.
pub(crate) enum Question<'a> {
    /// What the catalog answered when it was asked for its namespaces.
    ListingStatus,
    /// Its namespaces.
    Namespaces {
        /// The catalog.
        catalog: &'a str,
    },
    /// A table, of a schema if that has one.
    AnyTable {
        /// The catalog.
        catalog: &'a str,
        /// The schema.
        schema: &'a str,
    },
    /// The columns of a table.
    Describe(&'a str),
    /// Secrets made of what the catalog vended.
    Vended,
    /// Reads the metadata file of a table.
    Snapshots(&'a str),
    /// Lists the files that fit a pattern.
    Files(&'a str),
}

impl Question<'_> {
    fn sql(&self) -> String {
        match self {
            Self::ListingStatus => PROBE_STATEMENTS[6].to_owned(),
            Self::Namespaces { catalog } => PROBE_STATEMENTS[7].replace("<catalog>", &literal(catalog)),
            Self::AnyTable { catalog, schema } => {
                let (catalog, schema) = (literal(catalog), literal(schema));
                format!(
                    "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = {catalog} \
                     ORDER BY schema_name = {schema} DESC LIMIT 1"
                )
            }
            Self::Describe(table) => format!("DESCRIBE {table}"),
            Self::Vended => PROBE_STATEMENTS[10].to_owned(),
            Self::Snapshots(table) => format!("SELECT count(*) FROM iceberg_snapshots({table})"),
            Self::Files(pattern) => format!("SELECT count(*) FROM glob({})", literal(pattern)),
        }
    }
}

impl Probe<'_> {
    fn sql(&self) -> String {
        match self {
            Self::Load(extension) => format!("LOAD {extension}"),
            Self::Set(name, value) => format!("SET {name} = '{}'", value.replace('\'', "''")),
            Self::Secret(statement) | Self::Attach(statement) => (*statement).to_owned(),
            Self::LogHttp => PROBE_STATEMENTS[5].to_owned(),
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

    /// Asks; the texts of the first two columns of every row.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<Vec<[String; 2]>, Error> {
        let mut statement = self.0.prepare(&question.sql())?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column| row.get::<_, Option<String>>(column).ok().flatten().unwrap_or_default();
            found.push([text(0), text(1)]);
        }
        Ok(found)
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
        assert_eq!(Probe::LogHttp.sql(), PROBE_STATEMENTS[5]);
        let filled = |number: usize| {
            PROBE_STATEMENTS[number]
                .replace("<catalog>", "'lake'")
                .replace("<schema>", "'it''s'")
                .replace("<table>", "\"t\"")
        };
        let questions = [
            (6, Question::ListingStatus),
            (7, Question::Namespaces { catalog: "lake" }),
            (8, Question::AnyTable { catalog: "lake", schema: "it's" }),
            (9, Question::Describe("\"t\"")),
            (10, Question::Vended),
            (11, Question::Snapshots("\"t\"")),
        ];
        for (number, question) in questions {
            assert_eq!(question.sql(), filled(number));
        }
        assert_eq!(Question::Files("s3://b/it's").sql(), PROBE_STATEMENTS[12].replace("<prefix>", "'s3://b/it''s'"));
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
