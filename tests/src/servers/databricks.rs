//! A workspace of Databricks, put together from what can be had: brickhouse, an emulator of another make, for warehouses,
//! catalogs and users; a real Spark for statements; before both a gate that grants tokens and has PyJWT verify them.
//!
//! `tests/servers/databricks_gate.py` says what it answers itself.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::certificates::Certificate;
use super::child::Child;
use super::forward::Forward;
use super::free_port;
use super::gate::{Asked, Gate};
use super::spark::{self, Mode};
use super::tls_proxy::TlsProxy;
use crate::{Run, python, workspace};

/// The catalog and schema that are there.
pub const CATALOG: &str = "lake";
/// The schema of [`CATALOG`].
pub const SCHEMA: &str = "marts";
/// A personal access token, for those who need no other.
pub const TOKEN: &str = "dapi-br1ck-by-br1ck";
/// The tenant of Microsoft Entra ID that the gate tells.
pub const TENANT: &str = "0b5c1d6e-floe";

/// Id of a warehouse that runs.
pub const RUNNING: &str = "1a2b3c4d5e6f7a8b";
/// Id of a warehouse that is stopped.
pub const STOPPED: &str = "9c8d7e6f5a4b3c2d";

/// The emulator: one for a test process.
struct Brickhouse {
    port: u16,
    /// What it calls the warehouses: it makes their ids up.
    warehouses: Value,
    _child: Child,
}

/// The Python environment of the emulator and of the gate.
pub fn environment() -> PathBuf {
    python::environment("databricks-server", &workspace::root().join("scripts/requirements/databricks-server.txt"))
}

/// The Python environment of stock dbt-databricks.
pub fn adapter() -> PathBuf {
    python::environment("databricks", &workspace::root().join("scripts/requirements/databricks.txt"))
}

/// The line of Python that puts dbt-databricks 1.12.8 in place of the version of [`adapter`], before anything of it is
/// imported. It wants a certifi that is not to be had everywhere; its own files, unchanged, are kept beside the environment.
///
/// # Panics
/// Where they cannot be had, with what pip said.
pub fn with_federation() -> String {
    let environment = adapter();
    let files = environment.join("dbt-databricks-1.12.8");
    if !files.is_dir() {
        let fresh = tempfile::tempdir_in(&environment).expect("a temporary folder").keep();
        let mut pip = Command::new(environment.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"]);
        let _ = Run::of(pip.arg(&fresh).arg("dbt-databricks==1.12.8")).expect(0);
        // Another test may have been first.
        if std::fs::rename(&fresh, &files).is_err() {
            let _ = std::fs::remove_dir_all(&fresh);
        }
    }
    format!("import dbt.adapters; dbt.adapters.__path__.insert(0, '{}')", files.join("dbt/adapters").display())
}

/// The emulator, started when a test first asks for it.
fn brickhouse() -> &'static Brickhouse {
    static SHARED: OnceLock<Brickhouse> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("floe-brickhouse-").tempdir().expect("a temporary folder");
        let port = free_port();
        let mut command = Command::new(environment().join("bin/python"));
        command.arg(workspace::root().join("tests/servers/databricks_brickhouse.py"));
        command.arg(folder.path().join("workspace")).arg(port.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
        let child = Child::start_in(folder, &command);
        let told = || child.log().lines().find_map(|line| serde_json::from_str::<Value>(line).ok());
        child.wait_until_ready(|| told().is_some());
        let told = told().expect("it has said so");
        let warehouses = json!({RUNNING: told["running"], STOPPED: told["stopped"]});
        Brickhouse { port, warehouses, _child: child }
    })
}

/// A workspace. It ends when it is dropped.
pub struct Databricks {
    gate: Gate,
}

impl Databricks {
    /// Starts it with settings of the gate.
    pub fn start(settings: &Value) -> Self {
        Self::with(settings, &json!({}))
    }

    /// Starts it with a real Spark that runs statements.
    pub fn with_spark(settings: &Value) -> Self {
        let spark =
            json!({"port": spark::server(Mode::Http).port, "path": spark::HTTP_PATH, "password": spark::PASSWORD});
        Self::with(settings, &json!({"spark": spark}))
    }

    fn with(settings: &Value, own: &Value) -> Self {
        let mut settings = settings.clone();
        if let (Some(all), Some(own)) = (settings.as_object_mut(), own.as_object()) {
            all.extend(own.clone());
        }
        settings["backend"] = brickhouse().port.into();
        settings["warehouses"] = brickhouse().warehouses.clone();
        Self { gate: Gate::start("databricks_gate.py", &environment(), &settings) }
    }

    /// Its port, without TLS.
    pub fn port(&self) -> u16 {
        self.gate.port()
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.gate.asked()
    }
}

/// A way to a workspace by https and by any host name: an HTTP proxy whose tunnels all end there.
pub struct Road {
    forward: Forward,
    /// The port that ends TLS.
    pub tls: u16,
    /// The PEM file to trust.
    pub trusted: PathBuf,
    _folder: tempfile::TempDir,
}

impl Road {
    /// Makes it: TLS with one certificate for all these names.
    ///
    /// # Panics
    /// Where a file cannot be written.
    pub fn to(workspace: &Databricks, names: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("floe-road-").tempdir().expect("a temporary folder");
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let files = Certificate { certificate: folder.path().join("host.pem"), key: folder.path().join("host.key") };
        std::fs::write(&files.certificate, made.cert.pem()).expect("the certificate's file");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("the key's file");
        let tls = TlsProxy::start(&files, workspace.port()).port;
        Self { forward: Forward::leading_to(tls), tls, trusted: files.certificate, _folder: folder }
    }

    /// The proxy's address.
    pub fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.forward.port())
    }

    /// The tunnels so far: `CONNECT dbc.example:443`.
    pub fn tunnels(&self) -> Vec<String> {
        self.forward.asked()
    }
}
