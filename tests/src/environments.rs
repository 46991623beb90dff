//! The Python environments of computes: made by `floe env sync` once for each plugin, and shared by all tests.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::{Project, dist, workspace};

impl Project {
    /// Gives computes their environments, as `floe env sync` would: each by its name and its plugin.
    ///
    /// # Panics
    /// Where an environment cannot be made, with what floe said.
    #[must_use]
    pub fn with_environments(self, computes: &[(&str, &str)]) -> Self {
        let own = self.path(".floe/python");
        fs::create_dir_all(&own).expect("a folder");
        for (compute, plugin) in computes {
            let shared = shared(plugin);
            // A lock says what was asked for, and not by whom.
            fs::copy(shared.join(format!("{plugin}.lock")), own.join(format!("{compute}.lock"))).expect("the lock");
            symlink(shared.join(plugin), own.join(compute)).expect("a link");
        }
        self
    }
}

/// The folder `.floe/python` of a product that has a compute of a plugin.
fn shared(plugin: &str) -> PathBuf {
    let folder = workspace::target_dir().join("floe-tests/environments").join(plugin);
    fs::create_dir_all(&folder).expect("a folder");
    // Another test program may be about it.
    let guard = File::create(folder.join("lock")).expect("a lock");
    guard.lock().expect("it is locked");
    let fixtures = Project::new().with_fixtures(&["good"]);
    let config = match plugin {
        // Every fixture asks for the same.
        "good" => "{}",
        "duckdb" => "{path: x.duckdb}",
        "redshift" => {
            "{host: localhost, port: 5439, database: x, schema: x, user: x, password: {secret: {source: env, name: X}}}"
        }
        "spark" => "{method: thrift, host: 127.0.0.1, port: 10000, user: dbt, schema: x}",
        other => panic!("no test runs dbt of {other} through floe"),
    };
    let manifest = format!(
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: x, version: 1.0.0}}\nplugins:\n  compute:\n    \
         approved: [{{name: {plugin}, config: {config}}}]\n    default: {plugin}\n"
    );
    let spec = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: x, version: 1.0.0}\nplatform: {manifest: manifest.yaml}\n";
    for (file, text) in [
        ("dbt_project.yml", "name: x\nversion: 1.0.0\nprofile: x\n"),
        ("manifest.yaml", &manifest),
        ("floe.yaml", spec),
        ("constraints.txt", &constraints()),
    ] {
        fs::write(folder.join(file), text).expect("a file");
    }
    let output = Command::new(dist::floe())
        .args(["env", "sync"])
        .current_dir(&folder)
        .env("FLOE_PLUGIN_PATH", fixtures.plugins())
        .env("PIP_CONSTRAINT", folder.join("constraints.txt"))
        .env("UV_CONSTRAINT", folder.join("constraints.txt"))
        .output()
        .expect("floe can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(".floe/python")
}

/// The versions that the other tests run, which are pinned: of a requirement with extras the name alone.
fn constraints() -> String {
    let read = |name: &str| {
        let path = workspace::root().join(format!("scripts/requirements/{name}.txt"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let text = read("iceberg") + &read("spark") + &read("redshift");
    let lines = text.lines().filter(|line| line.contains("==")).map(|line| match (line.find('['), line.find(']')) {
        (Some(begin), Some(end)) => format!("{}{}\n", &line[..begin], &line[end + 1..]),
        _ => format!("{line}\n"),
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines.dedup();
    lines.concat()
}
