//! floe's compliance suite as a test of a plugin crate: see [`compliance_test!`](crate::compliance_test).

use std::env;
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The variable that names the `floe` binary; `floe` of the `PATH` where it is not set.
pub const FLOE_VARIABLE: &str = "FLOE";

/// The settings that the suite uses, beside `Cargo.toml`: what a manifest writes below `config:`.
pub const SETTINGS_FILE: &str = "compliance.yaml";

/// Runs floe's compliance suite (`floe plugin test`) on the plugin of this crate.
///
/// The whole of `tests/compliance.rs`:
///
/// ```no_run
/// # mod a_test {
/// floe_plugin_api::compliance_test!();
/// # }
/// ```
///
/// It builds the crate as it is shipped (`cargo build --release`) and calls the `floe` binary that the variable `FLOE`
/// names, or the one of the `PATH`, on the library, with the settings of `compliance.yaml` beside `Cargo.toml` where there
/// is such a file. Further arguments of `floe plugin test` go between the parentheses:
/// `compliance_test!("--python", "venv/bin/python")`.
#[macro_export]
macro_rules! compliance_test {
    ($($argument:expr),* $(,)?) => {
        /// Every check of `floe plugin test` passes.
        #[test]
        fn complies_with_floe() {
            let arguments: &[&str] = &[$($argument),*];
            if let Err(why) = $crate::compliance::check(::core::env!("CARGO_MANIFEST_DIR"), arguments) {
                ::core::panic!("{why}");
            }
        }
    };
}

/// Why a plugin does not comply, or could not be tested; `Display` says it with what was said.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotCompliant {
    /// A program cannot be started: cargo, or floe.
    NotStarted(String, std::io::Error),
    /// The crate does not build.
    NotBuilt(String),
    /// It builds no shared library.
    NoLibrary,
    /// The suite found something: its report.
    Failed(String),
}

impl fmt::Display for NotCompliant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(program, error) => {
                write!(f, "{program} cannot be started ({error}); {FLOE_VARIABLE} names the floe binary")
            }
            Self::NotBuilt(said) => write!(f, "the crate does not build:\n{said}"),
            Self::NoLibrary => {
                f.write_str("the crate builds no shared library: add `crate-type = [\"cdylib\"]` to [lib]")
            }
            Self::Failed(report) => f.write_str(report),
        }
    }
}

impl std::error::Error for NotCompliant {}

/// Runs the suite for the crate in a folder; what [`compliance_test!`](crate::compliance_test) expands to.
///
/// # Errors
/// [`NotCompliant`]: a check failed, or there was nothing to check or to check it with.
pub fn check(folder: &str, arguments: &[&str]) -> Result<(), NotCompliant> {
    let library = build(folder)?;
    let program = named(FLOE_VARIABLE, "floe");
    let mut command = Command::new(&program);
    command.args(["plugin", "test", &library]).current_dir(folder);
    if Path::new(folder).join(SETTINGS_FILE).exists() {
        command.args(["--config", SETTINGS_FILE]);
    }
    let output = command.args(arguments).output().map_err(|error| NotCompliant::NotStarted(program, error))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(NotCompliant::Failed(format!("{library} does not comply\n\n{out}\n{err}")))
}

/// Builds the crate's library; cargo itself does not, for a test of a crate that is a `cdylib` alone.
fn build(folder: &str) -> Result<String, NotCompliant> {
    let program = named("CARGO", "cargo");
    let mut command = Command::new(&program);
    command.args(["build", "--release", "--lib", "--message-format", "json-render-diagnostics"]).current_dir(folder);
    let output = command.output().map_err(|error| NotCompliant::NotStarted(program, error))?;
    if !output.status.success() {
        return Err(NotCompliant::NotBuilt(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let manifest = Path::new(folder).join("Cargo.toml");
    let text = String::from_utf8_lossy(&output.stdout);
    let built = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut files = built
        .filter(|message| message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest))
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(str::to_owned));
    files.find(|file| file.ends_with(env::consts::DLL_SUFFIX)).ok_or(NotCompliant::NoLibrary)
}

fn named(variable: &str, or: &str) -> String {
    env::var(variable).ok().filter(|path| !path.is_empty()).unwrap_or_else(|| or.to_owned())
}
