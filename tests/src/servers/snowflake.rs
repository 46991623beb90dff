//! An account of Snowflake: fakesnow, an emulator of another make, behind a gate that judges who logs in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::child::Child;
use super::gate::{Asked, Gate};
use super::{free_port, listens};
use crate::{Run, python, workspace};

/// The account's identifier.
pub const ACCOUNT: &str = "acme-shop";
/// Its user.
pub const USER: &str = "dbt";
/// The user's password.
pub const PASSWORD: &str = "c0rrect-h0rse";
/// A programmatic access token of the user.
pub const ACCESS_TOKEN: &str = "pat-t0ken";
/// The id of the OAuth client. Snowflake's own end with `=`, too.
pub const CLIENT: &str = "cl1ent=";
/// The secret of the OAuth client.
pub const CLIENT_SECRET: &str = "cl1ent+s3cret=";
/// A refresh token of the OAuth client.
pub const REFRESH: &str = "r3fresh";
/// The passphrase of the encrypted keys.
pub const PASSPHRASE: &str = "pass-phr4se";

/// Key pairs of tests.
pub struct Keys {
    folder: TempDir,
}

impl Keys {
    /// Makes them.
    ///
    /// # Panics
    /// Where the script fails.
    pub fn make() -> Self {
        let folder = tempfile::Builder::new().prefix("floe-keys-").tempdir().expect("a temporary folder");
        let script = workspace::root().join("tests/servers/snowflake_keys.py");
        let _ = Run::of(Command::new(environment().join("bin/python")).arg(script).arg(folder.path())).expect(0);
        Self { folder }
    }

    /// A file of them: `dbt.p8`, `locked.p8`, `der.b64`, `locked-der.b64`, `other.p8`, `curve.p8`, `dbt.pub`, `other.pub`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of them holds.
    ///
    /// # Panics
    /// Where there is none of the name.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("a file of a key")
    }
}

/// The account. It ends when it is dropped.
pub struct Snowflake {
    gate: Gate,
    state: PathBuf,
    emulator: u16,
    keys: Keys,
    _folder: TempDir,
    _fakesnow: Child,
}

impl Snowflake {
    /// Starts it, with a database `LAKE` and its schema `SALES`, a warehouse `ETL` that runs, and the user [`USER`] of the
    /// role `TRANSFORMER`.
    ///
    /// # Panics
    /// Where it does not come up, with what it wrote.
    pub fn start() -> Self {
        let (environment, keys) = (environment(), Keys::make());
        let folder = tempfile::Builder::new().prefix("floe-snowflake-").tempdir().expect("a temporary folder");
        let backend = free_port();
        let mut command = Command::new(environment.join("bin/fakesnow"));
        command.args(["-s", "-p", &backend.to_string()]).current_dir(folder.path());
        let fakesnow = Child::start(&command);
        fakesnow.wait_until_ready(|| listens(backend));
        let state = folder.path().join("state.json");
        let settings = json!({"backend": backend, "state": state});
        let account = Self {
            gate: Gate::start("snowflake_gate.py", &environment, &settings),
            state,
            emulator: backend,
            _folder: folder,
            _fakesnow: fakesnow,
            keys,
        };
        account.write(&account.beginning());
        account
    }

    fn beginning(&self) -> Value {
        let public_key = self.keys.text("dbt.pub");
        json!({
            "account": ACCOUNT.to_uppercase(),
            "users": {USER.to_uppercase(): {
                "password": PASSWORD, "public_key": public_key, "access_tokens": [ACCESS_TOKEN],
                "role": "PUBLIC", "roles": ["PUBLIC", "TRANSFORMER"], "warehouse": null,
            }},
            "warehouses": {"ETL": {"state": "STARTED", "auto_resume": true}},
            "databases": ["LAKE"],
            "schemas": ["SALES"],
            "client": {"id": CLIENT, "secret": CLIENT_SECRET, "user": USER.to_uppercase()},
            "refresh": [REFRESH],
            "oidc": {
                "public_key": public_key, "issuer": "https://id.example", "subject": "job:floe",
                "user": USER.to_uppercase(),
            },
        })
    }

    fn write(&self, state: &Value) {
        // Whole or not at all: the gate may read at any moment.
        let new = self.state.with_extension("new");
        fs::write(&new, state.to_string()).expect("the state of the account");
        fs::rename(&new, &self.state).expect("the state of the account");
    }

    /// Changes what the account knows, as `tests/servers/snowflake_gate.py` lists it.
    ///
    /// # Panics
    /// Where its file cannot be read.
    pub fn change(&self, change: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(&self.state).expect("the state of the account");
        let mut state = serde_json::from_str(&text).expect("JSON");
        change(&mut state);
        self.write(&state);
    }

    /// Takes back all changes.
    pub fn reset(&self) {
        self.write(&self.beginning());
    }

    /// The port of 127.0.0.1 at which it answers, by http.
    pub fn port(&self) -> u16 {
        self.gate.port()
    }

    /// The port of fakesnow itself, which lets everybody in, and answers `SHOW` in Arrow.
    pub fn emulator(&self) -> u16 {
        self.emulator
    }

    /// The key pairs; `dbt` is the user's.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.gate.asked()
    }

    /// The statements that it was asked so far.
    pub fn statements(&self) -> Vec<String> {
        self.asked().iter().filter_map(|asked| Some(asked.noted["sql"].as_str()?.to_owned())).collect()
    }

    /// A token of a workload, signed with the key of a file of [`Keys`], that is good for some seconds.
    ///
    /// # Panics
    /// Where it cannot be signed.
    pub fn workload_token(&self, key: &str, seconds: i64) -> String {
        workload_token(&self.keys.file(key), seconds)
    }
}

fn workload_token(key: &Path, seconds: i64) -> String {
    let script = "import jwt, pathlib, sys, time; \
                  claims = {'iss': 'https://id.example', 'sub': 'job:floe', 'aud': 'snowflakecomputing.com', \
                  'exp': int(time.time()) + int(sys.argv[2])}; \
                  print(jwt.encode(claims, pathlib.Path(sys.argv[1]).read_text(), algorithm='RS256'))";
    let mut command = Command::new(environment().join("bin/python"));
    command.args(["-c", script]).arg(key).arg(seconds.to_string());
    Run::of(&mut command).expect(0).stdout.trim().to_owned()
}

/// The Python environment of the emulator and the gate.
pub fn environment() -> PathBuf {
    python::environment("snowflake-server", &workspace::root().join("scripts/requirements/snowflake-server.txt"))
}
