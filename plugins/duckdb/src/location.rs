//! Where a `path` points, by the rules of DuckDB and of dbt-duckdb.

use std::path::{Path, PathBuf};

/// Where a `path` points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Into the process.
    Memory,
    /// To a database in memory with a name, which dbt-duckdb cannot address.
    NamedMemory,
    /// To a file; the path as it is written.
    File(String),
    /// To MotherDuck.
    MotherDuck,
    /// To a DuckLake; what follows `ducklake:`.
    DuckLake(String),
    /// To an address that DuckDB can only read: `s3://…`.
    Remote,
    /// Into another database: `postgres:…`.
    Foreign {
        /// Kind of database.
        kind: String,
        /// What follows it.
        rest: String,
    },
    /// To wherever a dbt expression says, which is not known yet.
    Template,
}

impl Location {
    /// Reads a path; an empty one is memory.
    pub fn of(path: &str) -> Self {
        if path.contains("{{") {
            return Self::Template;
        }
        match path {
            "" | ":memory:" => return Self::Memory,
            _ if path.starts_with(":memory:") => return Self::NamedMemory,
            _ => {}
        }
        if let Some(local) = path.strip_prefix("file://") {
            return Self::File(local.to_owned());
        }
        if path.contains("://") && !path.contains(":ducklake:") {
            return Self::Remote;
        }
        // One letter before the colon is a Windows drive.
        match path.split_once(':') {
            Some((scheme, rest)) if scheme.len() > 1 && scheme.chars().all(is_word) => {
                match scheme.to_lowercase().as_str() {
                    "md" | "motherduck" => Self::MotherDuck,
                    "ducklake" => Self::DuckLake(rest.to_owned()),
                    "duckdb" | "file" => Self::File(rest.to_owned()),
                    kind => Self::Foreign { kind: kind.to_owned(), rest: rest.to_owned() },
                }
            }
            _ => Self::File(path.to_owned()),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The absolute path of a file: relative paths count from the dbt project's folder, `~/` from the user's.
pub(crate) fn absolute(path: &str, project_dir: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => Path::new(project_dir).join(path),
    }
}

/// The name that dbt-duckdb and DuckDB derive from a path: the first part of the file's name. Nothing where a dbt
/// expression hides it.
pub(crate) fn database_name(path: &str) -> Option<String> {
    match Location::of(path) {
        Location::Template => None,
        Location::Memory => Some("memory".to_owned()),
        Location::MotherDuck => {
            let name = path.split_once(':')?.1.split('?').next()?;
            let name = file_name(name).rsplit_once('.').map_or(file_name(name), |(stem, _)| stem);
            Some(if name.is_empty() { "my_db" } else { name }.to_owned())
        }
        Location::DuckLake(rest) => {
            let file = file_name(rest.split('?').next()?);
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            Some(stem.rsplit_once(':').map_or(stem, |(_, name)| name).to_owned())
        }
        _ => {
            let file = file_name(path.split(['?', '#']).next()?);
            let file = file.rsplit_once(':').map_or(file, |(_, name)| name);
            file.trim_start_matches('.').split('.').next().filter(|name| !name.is_empty()).map(str::to_owned)
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_point_where_duckdb_takes_them() {
        assert_eq!(Location::of(":memory:"), Location::Memory);
        assert_eq!(Location::of(""), Location::Memory);
        assert_eq!(Location::of(":memory:x"), Location::NamedMemory);
        assert_eq!(Location::of("data/a.duckdb"), Location::File("data/a.duckdb".to_owned()));
        assert_eq!(Location::of("file:///tmp/a.duckdb"), Location::File("/tmp/a.duckdb".to_owned()));
        assert_eq!(Location::of("C:/a.duckdb"), Location::File("C:/a.duckdb".to_owned()));
        assert_eq!(Location::of("md:sales"), Location::MotherDuck);
        assert_eq!(Location::of("MotherDuck:sales"), Location::MotherDuck);
        assert_eq!(Location::of("s3://b/a.duckdb"), Location::Remote);
        assert_eq!(Location::of("ducklake:meta.db"), Location::DuckLake("meta.db".to_owned()));
        assert_eq!(Location::of("{{ env_var('DB') }}"), Location::Template);
        let postgres = Location::Foreign { kind: "postgres".to_owned(), rest: "dbname=x".to_owned() };
        assert_eq!(Location::of("postgres:dbname=x"), postgres);
    }

    #[test]
    fn names_are_derived_as_dbt_duckdb_does() {
        let cases = [
            ("", "memory"),
            (":memory:", "memory"),
            ("data/sales.duckdb", "sales"),
            ("my.db.duckdb", "my"),
            (".hidden.duckdb", "hidden"),
            ("md:sales?x=1", "sales"),
            ("md:", "my_db"),
            ("ducklake:meta.ducklake", "meta"),
            ("s3://bucket/a.duckdb", "a"),
        ];
        for (path, name) in cases {
            assert_eq!(database_name(path).as_deref(), Some(name), "{path}");
        }
        assert_eq!(database_name("{{ env_var('DB') }}"), None);
    }
}
