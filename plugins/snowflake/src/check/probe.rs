//! Every statement that a check sends comes from here.
//!
//! All of them are `SHOW`, which Snowflake answers from its catalog: no warehouse works on it, and so none is resumed. A
//! `SELECT`, even of a constant, is not among them, so that nothing depends on what Snowflake does with it.

/// The statements that a check may send, as the crate's documentation lists them. The check's own tests fail for any
/// other.
pub const PROBE_STATEMENTS: [&str; 3] = [
    "SHOW WAREHOUSES LIKE '<warehouse>'",
    "SHOW DATABASES LIKE '<database>'",
    "SHOW SCHEMAS LIKE '<schema>' IN DATABASE \"<database>\"",
];

/// A statement that a check may send.
pub(super) enum Probe<'a> {
    /// Asks for a warehouse and its state.
    Warehouse(&'a str),
    /// Asks for a database.
    Database(&'a str),
    /// Asks for a schema of a database, both as Snowflake has them.
    Schema {
        /// The database.
        database: &'a str,
        /// The schema.
        schema: &'a str,
    },
}

impl Probe<'_> {
    /// The statement. `LIKE` takes no account of capitals, and `_` and `%` stand for more than themselves: the answer may
    /// hold others.
    pub(super) fn sql(&self) -> String {
        match self {
            Self::Warehouse(name) => PROBE_STATEMENTS[0].replace("<warehouse>", &literal(name)),
            Self::Database(name) => PROBE_STATEMENTS[1].replace("<database>", &literal(name)),
            Self::Schema { database, schema } => {
                let (schema, database) = (literal(schema), database.replace('"', "\"\""));
                // Not by one placeholder after another: a name may hold one.
                format!("SHOW SCHEMAS LIKE '{schema}' IN DATABASE \"{database}\"")
            }
        }
    }
}

/// The inside of a text in single quotes, in which Snowflake reads backslashes.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "''")
}

/// A name as Snowflake has it: in capitals, unless it is written in double quotes.
pub(super) fn stored(name: &str) -> String {
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.is_empty() => inner.replace("\"\"", "\""),
        _ => name.to_uppercase(),
    }
}

/// Whether a name of the settings means the object of a name: dbt writes names without quotes, or, where the project says
/// `quoting`, with.
pub(super) fn means(written: &str, name: &str) -> bool {
    name == stored(written) || name == written
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_tests::probes::{called_in, listed_in_documents};

    /// FR-004a: whatever a probe becomes is on the list, with the placeholders filled in.
    #[test]
    fn a_probe_is_on_the_list() {
        let filled = |at: usize, names: &[(&str, &str)]| {
            names.iter().fold(PROBE_STATEMENTS[at].to_owned(), |sql, (place, name)| sql.replace(place, name))
        };
        assert_eq!(Probe::Warehouse("it's").sql(), filled(0, &[("<warehouse>", "it''s")]));
        assert_eq!(Probe::Database("a\\b").sql(), filled(1, &[("<database>", "a\\\\b")]));
        let schema = Probe::Schema { database: "la\"ke", schema: "it's" };
        assert_eq!(schema.sql(), filled(2, &[("<schema>", "it''s"), ("<database>", "la\"\"ke")]));
    }

    /// FR-004a: no other file of the plugin can send a statement: only one asks for a query, and it takes nothing but a probe.
    #[test]
    fn nothing_else_sends_statements() {
        called_in(env!("CARGO_MANIFEST_DIR"), &["query-request", "sqlText"], &["check/session.rs"]);
        let sender = include_str!("session.rs");
        assert_eq!((sender.matches("query-request").count(), sender.matches("sqlText").count()), (1, 1));
        assert!(sender.contains("probe.sql()"));
        // `SHOW` alone, which needs no warehouse.
        assert!(PROBE_STATEMENTS.iter().all(|sql| sql.starts_with("SHOW ")));
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }

    #[test]
    fn names_are_in_capitals_unless_quoted() {
        assert_eq!(["etl", "\"Etl\"", "\"a\"\"b\"", "\""].map(stored), ["ETL", "Etl", "a\"b", "\""]);
        assert!(means("etl", "ETL") && means("Etl", "Etl") && means("\"Etl\"", "Etl"));
        assert!(!means("etl", "Etl") && !means("\"Etl\"", "ETL"));
    }
}
