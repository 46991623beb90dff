//! Makes environments with uv where it is there, else with venv and pip. The user's settings of either reach it as they are.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};

use super::interpreter::Interpreter;
use super::lock::Lock;
use super::reason::reason;
use super::settings;

/// Settings of pip that would put packages elsewhere than into the environment.
const DIVERSIONS: [&str; 5] = ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_DRY_RUN"];

/// Prints what is installed as pins. pip freeze leaves out setuptools and wheel, or not, by the version of Python: here they
/// stand where another package asks for them. `pip` belongs to the environment.
const FREEZE: &str = r"import re
from importlib.metadata import distributions
def norm(name):
    return re.sub(r'[-_.]+', '-', name).lower()
found, asked = {}, set()
for one in distributions():
    found[norm(one.metadata['Name'])] = one.version
    for line in one.requires or []:
        if 'extra ==' not in line:
            asked.add(norm(re.match(r'[A-Za-z0-9._-]+', line).group()))
for name in sorted(found):
    if name != 'pip' and (name not in ('setuptools', 'wheel') or name in asked):
        print(name + '==' + found[name])
";

/// dbt starts, and of the packages that look like adapters it finds at least one. The arguments are their names.
const CHECK: &str = r"import importlib, importlib.util, sys
import dbt.cli.main
names = ['dbt.adapters.' + name for name in sys.argv[1:]]
found = [name for name in names if importlib.util.find_spec(name)]
for name in found:
    importlib.import_module(name)
if names and not found:
    sys.exit('dbt finds no adapter among ' + ', '.join(names))
";

/// What installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tool {
    /// The program.
    Uv(PathBuf),
    /// Of each Python.
    Pip,
}

impl Tool {
    /// uv where it is on `PATH`, unless only pip knows where this user's packages come from.
    pub(super) fn find(project_dir: &Utf8Path) -> Self {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let uv = std::env::split_paths(&folders).map(|folder| folder.join("uv")).find(|path| path.is_file());
        match uv {
            Some(uv) if !settings::only_pip_is_set(project_dir.as_std_path(), &|name| std::env::var(name).ok()) => {
                Self::Uv(uv)
            }
            _ => Self::Pip,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Uv(_) => "uv",
            Self::Pip => "pip",
        }
    }
}

/// A new environment that is being made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Installer<'a> {
    pub(super) tool: &'a Tool,
    pub(super) python: &'a Interpreter,
    /// Where the tools are started: they look for the project's settings there.
    pub(super) project_dir: &'a Utf8Path,
    /// Where the environment is to be.
    pub(super) environment: &'a Utf8Path,
}

/// Why a tool failed, in one line.
pub(super) type Reason = String;

impl Installer<'_> {
    /// The pins of what a resolver chooses. pip has to install for that, so that nothing is left to be installed then.
    pub(super) fn resolve(&self, packages: &[String]) -> Result<String, Reason> {
        match self.tool {
            Tool::Uv(uv) => {
                let arguments = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python"];
                let mut command = Command::new(uv);
                command.args(arguments).arg(&self.python.program).arg("-");
                self.run(&mut command, &(packages.join("\n") + "\n"))
            }
            Tool::Pip => {
                self.make()?;
                // Behind `--` nothing is an option.
                let mut command = self.pip();
                command.arg("--").args(packages);
                self.run(&mut command, "")?;
                self.script(FREEZE, &[] as &[&str])
            }
        }
    }

    /// Whether what was resolved is installed already.
    pub(super) fn installs_to_resolve(&self) -> bool {
        *self.tool == Tool::Pip
    }

    /// Installs exactly the lock's pins, once the environment is made.
    pub(super) fn install(&self, lock: &Lock) -> Result<(), Reason> {
        self.make()?;
        // Beside the pins nothing is resolved: the lock is complete.
        match self.tool {
            Tool::Uv(uv) => {
                // As pip does: the launcher writes no bytecode, and without it each start of dbt would compile dbt anew.
                let arguments =
                    ["pip", "install", "--quiet", "--compile-bytecode", "--no-deps", "--requirements", "-", "--python"];
                let mut command = Command::new(uv);
                command.args(arguments).arg(self.program());
                self.run(&mut command, lock.text())?;
            }
            Tool::Pip => {
                let file = self.environment.join("requirements.lock");
                std::fs::write(&file, lock.text()).map_err(|error| format!("{file} cannot be written: {error}"))?;
                let mut command = self.pip();
                command.args(["--no-deps", "--requirement", file.as_str()]);
                self.run(&mut command, "")?;
            }
        }
        Ok(())
    }

    /// Whether dbt starts in it and finds its adapter.
    pub(super) fn check(&self, packages: &[String], lock: &Lock) -> Result<(), Reason> {
        if !lock.holds("dbt-core") {
            return self.script("", &[] as &[&str]).map(drop);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let names = packages.iter().filter_map(|package| package.split(|c| !is_name(c)).next());
        let adapters = names.filter_map(|name| name.strip_prefix("dbt-")).filter(|name| *name != "core");
        self.script(CHECK, &adapters.map(|name| name.replace(['-', '.'], "_")).collect::<Vec<_>>()).map(drop)
    }

    /// An empty environment.
    fn make(&self) -> Result<(), Reason> {
        let mut command = match self.tool {
            Tool::Uv(uv) => {
                let mut command = Command::new(uv);
                command.args(["venv", "--quiet", "--python"]).arg(&self.python.program);
                command
            }
            Tool::Pip => {
                let mut command = Command::new(&self.python.program);
                command.args(["-I", "-m", "venv"]);
                command
            }
        };
        self.run(command.arg(self.environment), "").map(drop)
    }

    fn program(&self) -> Utf8PathBuf {
        self.environment.join("bin/python")
    }

    /// `pip install` of the environment's own pip. `-I`: modules of the project do not get in its way.
    fn pip(&self) -> Command {
        let mut command = Command::new(self.program());
        command.args([
            "-I",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--no-user",
        ]);
        command
    }

    /// Runs a script by the environment's Python.
    fn script(&self, script: &str, arguments: &[impl AsRef<OsStr>]) -> Result<String, Reason> {
        self.run(Command::new(self.program()).args(["-I", "-c", script]).args(arguments), "")
    }

    /// Runs a command to its end, and returns what it printed.
    fn run(&self, command: &mut Command, input: &str) -> Result<String, Reason> {
        for variable in DIVERSIONS {
            command.env_remove(variable);
        }
        command.current_dir(self.project_dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        let stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            // Apart, since neither end of a full pipe waits for the other. What is not read was not wanted.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
            child.wait_with_output()
        });
        let output = output.map_err(|error| format!("{name} was lost: {error}"))?;
        if output.status.success() {
            String::from_utf8(output.stdout).map_err(|_| format!("{name} printed no UTF-8"))
        } else {
            let stderr = String::from_utf8_lossy(&output.stderr);
            // venv tells its errors on standard output.
            let said = if stderr.trim().is_empty() { String::from_utf8_lossy(&output.stdout) } else { stderr };
            Err(reason(&said))
        }
    }
}
