//! Stock dbt-core with dbt-duckdb.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{Project, Run, workspace};

/// The program: `FLOE_TEST_DBT`, or the one of an environment in the cache, which is made here where it is not there.
///
/// # Panics
/// Where it cannot be made, with what pip said.
pub fn program() -> &'static Path {
    static DBT: OnceLock<PathBuf> = OnceLock::new();
    DBT.get_or_init(|| env::var_os("FLOE_TEST_DBT").map_or_else(make, PathBuf::from))
}

fn make() -> PathBuf {
    let root = workspace::root();
    let script = format!(
        "set -euo pipefail; . {0}/scripts/lib/common.sh; . {0}/scripts/lib/python.sh; \
         python_env tests {0}/scripts/requirements/tests.txt",
        root.display()
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("bash cannot be started: {error}"));
    assert!(output.status.success(), "dbt cannot be installed:\n{}", String::from_utf8_lossy(&output.stderr));
    let folder = String::from_utf8(output.stdout).expect("a path in UTF-8");
    Path::new(folder.trim()).join("bin/dbt")
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
    Run::of(
        Command::new(program())
            .args(arguments)
            .arg("--profiles-dir")
            .arg(profiles)
            .current_dir(folder)
            .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            .env("DBT_USE_COLORS", "false")
            .env_remove("DBT_PROFILES_DIR")
            .env_remove("DBT_TARGET"),
    )
}
