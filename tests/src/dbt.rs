//! Stock dbt-core with dbt-duckdb.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Project, Run, python, workspace};

/// The program: `FLOE_TEST_DBT`, or the one of an environment in the cache, which is made here where it is not there.
///
/// # Panics
/// Where it cannot be made, with what pip said.
pub fn program() -> &'static Path {
    static DBT: OnceLock<PathBuf> = OnceLock::new();
    DBT.get_or_init(|| env::var_os("FLOE_TEST_DBT").map_or_else(make, PathBuf::from))
}

fn make() -> PathBuf {
    python::environment("tests", &workspace::root().join("scripts/requirements/tests.txt")).join("bin/dbt")
}

/// A Python with dbt and dbt-duckdb: the one of [`program`].
///
/// # Panics
/// As [`program`].
pub fn python() -> PathBuf {
    program().parent().expect("bin/").join("python")
}

impl Project {
    /// `dbt …` in a folder, with the profiles of one compute in one environment, and no help from floe.
    pub fn dbt(&self, environment: &str, compute: &str, arguments: &[&str]) -> Run {
        let profiles = self.path(&format!("target/floe/profiles/{environment}/{compute}"));
        dbt(&self.product(), &profiles, arguments)
    }
}

/// `dbt …` in a folder with a profiles folder.
pub fn dbt(folder: &Path, profiles: &Path, arguments: &[&str]) -> Run {
    Run::of(&mut command(program(), folder, profiles, arguments))
}

/// The command `dbt …` of a program, in a folder with a profiles folder.
pub fn command(program: &Path, folder: &Path, profiles: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("--profiles-dir")
        .arg(profiles)
        .current_dir(folder)
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        .env("DBT_USE_COLORS", "false")
        .env_remove("DBT_PROFILES_DIR")
        .env_remove("DBT_TARGET");
    command
}
