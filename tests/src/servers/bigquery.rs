//! BigQuery: crucible, an emulator of another make, behind a gate that plays Google's token servers and has PyJWT verify
//! tokens. What the gate answers itself stands in `tests/servers/bigquery_gate.py`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::child::Child;
use super::gate::{Asked, Gate};
use super::{free_port, listens};
use crate::{python, workspace};

/// The project that tests use.
pub const PROJECT: &str = "nimbus";

/// A service account of the project.
pub const ACCOUNT: &str = "dbt@nimbus.iam.gserviceaccount.com";

/// An access token that [`BigQuery::trusting`] takes.
pub const TOKEN: &str = "ya29.c0rrect";

/// A folder with RSA keys: `key.pem` and `public.pem`, `other.pem`.
pub fn keys() -> &'static Path {
    static KEYS: OnceLock<tempfile::TempDir> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("floe-keys-").tempdir().expect("a temporary folder");
        let script = "import sys; from cryptography.hazmat.primitives import serialization as s\n\
                      from cryptography.hazmat.primitives.asymmetric import rsa\n\
                      for name, public in [('key', 'public'), ('other', 'other-public')]:\n\
                      \x20   key = rsa.generate_private_key(public_exponent=65537, key_size=2048)\n\
                      \x20   pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())\n\
                      \x20   open(f'{sys.argv[1]}/{name}.pem', 'wb').write(pem)\n\
                      \x20   pem = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)\n\
                      \x20   open(f'{sys.argv[1]}/{public}.pem', 'wb').write(pem)\n";
        let made = Command::new(environment().join("bin/python"))
            .args(["-c", script])
            .arg(folder.path())
            .status()
            .expect("Python can be started");
        assert!(made.success(), "the keys are made");
        folder
    })
    .path()
}

/// The text of one of the [`keys`].
pub fn key(name: &str) -> String {
    std::fs::read_to_string(keys().join(name)).expect("a key")
}

/// The emulator behind a gate. Both end when this is dropped.
pub struct BigQuery {
    gate: Gate,
    _emulator: Child,
}

impl BigQuery {
    /// Starts both; the gate with settings of its own. The project [`PROJECT`] has the dataset `marts` in `EU`.
    ///
    /// # Panics
    /// Where one does not come up, with what it wrote.
    pub fn start(settings: &Value) -> Self {
        let port = free_port();
        let mut command = Command::new(environment().join("bin/crucible"));
        command.args(["serve", "--dialect", "bigquery", "--host", "127.0.0.1", "--port", &port.to_string()]);
        let emulator = Child::start(&command);
        emulator.wait_until_ready(|| listens(port));
        make_dataset(port);
        let mut settings = settings.clone();
        settings["backend"] = port.into();
        Self { gate: Gate::start("bigquery_gate.py", &environment(), &settings), _emulator: emulator }
    }

    /// Starts both; the gate takes [`TOKEN`] and the key of [`ACCOUNT`].
    pub fn trusting() -> Self {
        Self::start(&json!({"tokens": {TOKEN: "ada@nimbus.example"}, "accounts": {ACCOUNT: key("public.pem")}}))
    }

    /// The gate's port.
    pub fn port(&self) -> u16 {
        self.gate.port()
    }

    /// The gate's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The requests that the gate saw.
    pub fn asked(&self) -> Vec<Asked> {
        self.gate.asked()
    }
}

fn make_dataset(port: u16) {
    let script = format!(
        "import json, urllib.request as u; body = {{'datasetReference': {{'projectId': '{PROJECT}', 'datasetId': 'marts'}}, \
         'location': 'EU'}}; u.urlopen(u.Request('http://127.0.0.1:{port}/bigquery/v2/projects/{PROJECT}/datasets', \
         json.dumps(body).encode(), {{'content-type': 'application/json'}})).read()"
    );
    let made = Command::new(environment().join("bin/python")).args(["-c", &script]).status().expect("Python starts");
    assert!(made.success(), "the dataset is made");
}

fn environment() -> PathBuf {
    python::environment("bigquery-server", &workspace::root().join("scripts/requirements/bigquery-server.txt"))
}
