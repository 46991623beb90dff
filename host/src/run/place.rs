//! Where floe keeps what it needs to run a product: `.floe/` beside the spec. Nothing in it is the user's, and nothing is worth
//! a commit.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::FILES;

/// `.floe/` of a product.
#[derive(Debug, Clone)]
pub struct Place {
    /// The dbt project's folder.
    pub project_dir: Utf8PathBuf,
    root: Utf8PathBuf,
}

/// The artifacts that the run commands compile for themselves, from the dbt project's folder.
pub const ARTIFACTS: &str = ".floe/artifacts";

impl Place {
    /// That of a dbt project. Nothing is made yet.
    pub fn of(project_dir: &Utf8Path) -> Self {
        Self { root: project_dir.join(".floe"), project_dir: project_dir.to_owned() }
    }

    /// The artifacts' folder.
    pub fn artifacts(&self) -> Utf8PathBuf {
        self.project_dir.join(ARTIFACTS)
    }

    /// The profiles folder of a compute in an environment.
    pub fn profiles(&self, environment: &str, compute: &str) -> Utf8PathBuf {
        self.artifacts().join("profiles").join(environment).join(compute)
    }

    /// What dbt makes of the project for a compute: its manifest and its cache.
    pub fn parse(&self, environment: &str, compute: &str) -> Utf8PathBuf {
        self.dbt(environment).join("parse").join(compute)
    }

    /// What a reader defers to.
    pub fn state(&self, environment: &str, compute: &str) -> Utf8PathBuf {
        self.dbt(environment).join("state").join(compute)
    }

    /// The folder of plain dbt commands on one compute: its target path.
    pub fn target(&self, environment: &str, compute: &str) -> Utf8PathBuf {
        self.dbt(environment).join("target").join(compute)
    }

    /// Everything of one environment.
    pub fn dbt(&self, environment: &str) -> Utf8PathBuf {
        self.root.join("dbt").join(environment)
    }

    /// Which compute built what in an environment.
    pub fn owners(&self, environment: &str) -> Utf8PathBuf {
        self.dbt(environment).join("owners.json")
    }

    /// The lock of the runs of an environment: held by the one that goes on.
    pub fn run_lock(&self, environment: &str) -> Utf8PathBuf {
        self.dbt(environment).join("run.lock")
    }

    /// The lock of what dbt builds in an environment: held by dbt itself, which may outlive a floe that is killed.
    pub fn build_lock(&self, environment: &str) -> Utf8PathBuf {
        self.dbt(environment).join("build.lock")
    }

    /// The runs, newest last by name.
    pub fn runs(&self) -> Utf8PathBuf {
        self.root.join("runs")
    }

    /// Where the launcher is written.
    pub fn launcher(&self) -> Utf8PathBuf {
        self.root.join("launcher")
    }

    /// Makes a folder below `.floe`, for its owner alone: dbt's logs and caches hold what users would not show around.
    ///
    /// # Errors
    /// [`FILES`] where the system refuses.
    pub fn make(&self, folder: &Utf8Path) -> Result<(), Diagnostic> {
        self.try_make(folder).map_err(|error| not_written(folder, &error))
    }

    /// The same, in the system's words.
    pub(super) fn try_make(&self, folder: &Utf8Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let ignore = self.root.join(".gitignore");
        if ignore.exists() { Ok(()) } else { fs::write(ignore, "*\n") }
    }

    /// The Python environments.
    pub(super) fn python(&self) -> Utf8PathBuf {
        self.root.join("python")
    }

    /// A path as it is seen from the project, for people and for commands that are started there.
    pub fn shown<'p>(&self, path: &'p Utf8Path) -> &'p Utf8Path {
        path.strip_prefix(&self.project_dir).unwrap_or(path)
    }
}

/// Where a step keeps what is its own, in the folder of its run.
pub fn step_folder(step: usize, compute: &str) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("steps/{step}-{compute}"))
}

/// Writes a file in one step: whoever reads it finds the former one or the new one.
///
/// # Errors
/// [`FILES`] where the system refuses.
pub fn write(path: &Utf8Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error: io::Error| not_written(path, &error))
}

/// Something below `.floe` cannot be written.
pub fn not_written(path: &Utf8Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        &FILES,
        format!("{path} cannot be written: {error}"),
        "see that `.floe` beside the spec can be written to and the disk has room; all in it can be deleted",
    )
}
