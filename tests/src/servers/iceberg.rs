//! An Iceberg REST catalog with storage of its own: SeaweedFS, with S3 signatures, an STS and credentials that it vends for
//! each table and that live for 20 seconds, behind a gate that writes down what was asked.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::child::Child;
use super::gate::{Asked, Gate};
use super::{free_ports, listens};
use crate::{python, workspace};

/// The client that the catalog trusts.
pub const CLIENT_ID: &str = "lake-client";

/// Its secret.
pub const CLIENT_SECRET: &str = "l4ke-client-s3cret";

/// The login of the scripts, which leave nothing beside themselves.
const LOGIN: [(&str, &str); 3] =
    [("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET), ("PYTHONDONTWRITEBYTECODE", "1")];

/// The warehouse that there is.
pub const WAREHOUSE: &str = "warehouse";

/// How long credentials live that the catalog vends.
pub const LIFE: Duration = Duration::from_secs(20);

/// A catalog. It ends when this is dropped.
pub struct Catalog {
    gate: Gate,
    port: u16,
    filer: u16,
    _server: Child,
}

impl Catalog {
    /// Starts an empty one.
    ///
    /// # Panics
    /// Where it does not come up, with what it wrote.
    pub fn start() -> Self {
        Self::start_with(&json!({}))
    }

    /// The same, whose tokens count for some seconds alone, in place of an hour.
    ///
    /// # Panics
    /// As [`Catalog::start`].
    pub fn with_short_tokens(life: Duration) -> Self {
        Self::start_with(&json!({"token_seconds": life.as_secs()}))
    }

    fn start_with(gate: &Value) -> Self {
        // Somebody else may take a port between the search and the start.
        let (server, port, filer) = (0..5).find_map(|_| serve()).expect("ports that stay free");
        let mut gate = gate.clone();
        gate["backend"] = port.into();
        let gate = Gate::start("iceberg/gate.py", &server_environment(), &gate);
        Self { gate, port, filer, _server: server }
    }

    /// One for all tests of a program, which use namespaces of their own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Catalog> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Its address, through the gate.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.gate.port())
    }

    /// The port of SeaweedFS's own interface to what the catalog stores.
    pub fn filer_port(&self) -> u16 {
        self.filer
    }

    /// The gate's port.
    pub fn gate_port(&self) -> u16 {
        self.gate.port()
    }

    /// The requests that the gate saw.
    pub fn asked(&self) -> Vec<Asked> {
        self.gate.asked()
    }

    /// Makes a namespace.
    ///
    /// # Panics
    /// Where the catalog refuses.
    pub fn make_namespace(&self, name: &str) {
        let _ = script("namespace.py", &[&format!("http://127.0.0.1:{}", self.port), WAREHOUSE, name]);
    }

    /// What PyIceberg reads from tables, by name: `{partition, rows}`.
    ///
    /// # Panics
    /// Where it cannot read them, with what it says.
    pub fn read(&self, tables: &[&str]) -> Value {
        let uri = format!("http://127.0.0.1:{}", self.port);
        let token_url = format!("{uri}/v1/oauth/tokens");
        let mut arguments = vec![uri.as_str(), WAREHOUSE, &token_url];
        arguments.extend(tables);
        script("read.py", &arguments)
    }

    /// The credentials that the catalog vends for a table, and what they open, now and `later`: see `vend.py`.
    ///
    /// # Panics
    /// Where the catalog does not vend.
    pub fn vend(&self, namespace: &str, mine: &str, other: &str, later: Duration) -> Value {
        let uri = format!("http://127.0.0.1:{}", self.port);
        let seconds = later.as_secs().to_string();
        script("vend.py", &[&uri, WAREHOUSE, namespace, mine, other, &seconds])
    }
}

/// A server that is ready, the catalog's port and the filer's; nothing where a port was taken meanwhile, or the warehouse was not made.
fn serve() -> Option<(Child, u16, u16)> {
    let folder = tempfile::Builder::new().prefix("floe-lake-").tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a folder");
    let iam = workspace::root().join("tests/servers/iceberg/iam.json");
    let [port, storage, master, volume, filer, admin, grpc @ ..] = free_ports::<11>();
    let mut command = Command::new(server_environment().join("bin/weed"));
    command
        .arg("mini")
        .arg(format!("-dir={}", data.display()))
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
        .args(["-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.port.lance=0"])
        .arg(format!("-s3.config={}", iam.display()))
        .arg(format!("-s3.iam.config={}", iam.display()))
        .arg("-s3.iceberg.credentialRole=arn:aws:iam::000000000000:role/VendRole")
        .arg("-s3.iceberg.credentialDurationSeconds=0")
        .arg(format!("-s3.externalUrl=http://127.0.0.1:{storage}"))
        .arg(format!("-tableBucket={WAREHOUSE}"))
        .arg(format!("-s3.port={storage}"))
        .arg(format!("-s3.port.iceberg={port}"));
    for (name, port) in [("master", master), ("volume", volume), ("filer", filer), ("admin", admin)] {
        command.arg(format!("-{name}.port={port}"));
    }
    for (name, port) in ["master", "volume", "filer", "admin", "s3"].into_iter().zip(grpc) {
        command.arg(format!("-{name}.port.grpc={port}"));
    }
    command.current_dir(folder.path());
    let server = Child::start_in(folder, &command);
    let begun = Instant::now();
    let is_lost = || server.log().contains("Port allocation failed") || begun.elapsed() > Duration::from_mins(1);
    let has_warehouse = || {
        let python = server_environment().join("bin/python");
        Command::new(python)
            .arg(workspace::root().join("tests/servers/iceberg/ready.py"))
            .arg(format!("http://127.0.0.1:{port}"))
            .arg(WAREHOUSE)
            .envs(LOGIN)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let mut is_ready = false;
    server.wait_until_ready(|| {
        is_ready = listens(port) && listens(storage) && has_warehouse();
        is_ready || is_lost()
    });
    is_ready.then_some((server, port, filer))
}

fn script(name: &str, arguments: &[&str]) -> Value {
    let output = Command::new(server_environment().join("bin/python"))
        .arg(workspace::root().join("tests/servers/iceberg").join(name))
        .args(arguments)
        .envs(LOGIN)
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}:\n{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}\n{said}"))
}

/// A gate that answers an `ATTACH` itself, with no catalog behind it, and writes down all that came.
pub fn recorder() -> Gate {
    Gate::start("iceberg/gate.py", &server_environment(), &json!({"alone": true}))
}

/// Runs statements in the DuckDB of an environment; see `statements.py`.
///
/// # Panics
/// Where Python fails.
pub fn run_statements(environment: &Path, extensions: Option<&Path>, statements: &[String]) -> Vec<Value> {
    let mut python = Command::new(environment.join("bin/python"))
        .arg(workspace::root().join("tests/servers/iceberg/statements.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let asked = json!({"extensions": extensions, "statements": statements}).to_string();
    python.stdin.take().expect("a pipe").write_all(asked.as_bytes()).expect("it reads");
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The environment of a requirements file `scripts/requirements/iceberg<suffix>.txt`.
pub fn environment(suffix: &str) -> PathBuf {
    let name = format!("iceberg{suffix}");
    python::environment(&name, &workspace::root().join(format!("scripts/requirements/{name}.txt")))
}

fn server_environment() -> PathBuf {
    environment("-server")
}

/// The folder of extensions that [`environment`] has, laid out as DuckDB's `extension_directory`.
///
/// # Panics
/// Where there are none.
pub fn extensions(environment: &Path) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("floe-extensions-").tempdir().expect("a temporary folder");
    // The packages leave the platform out of the path.
    let script = "import sys, pathlib, duckdb\n\
                  platform = duckdb.sql('PRAGMA platform').fetchone()[0]\n\
                  root = pathlib.Path(duckdb.__file__).parent.parent\n\
                  found = sorted(root.glob('duckdb_extension_*/extensions/*/*.duckdb_extension'))\n\
                  assert len(found) == 3, found\n\
                  for path in found:\n\
                  \x20   place = pathlib.Path(sys.argv[1]) / path.parent.name / platform\n\
                  \x20   place.mkdir(parents=True, exist_ok=True)\n\
                  \x20   (place / path.name).symlink_to(path)\n";
    let output = Command::new(environment.join("bin/python")).args(["-c", script]).arg(folder.path()).output();
    let output = output.expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}
