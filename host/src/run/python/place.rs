//! Where environments are: `.floe/python/` beside the spec.
//!
//! `<compute>` is a link to `.envs/<compute>-<random>`, `<compute>.lock` holds the versions. Names of computes have no dot, so
//! that nothing else is taken for one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use uuid::Uuid;

use super::lock::Lock;

const FOLDER: &str = ".floe";
const PYTHON: &str = "python";
const ENVIRONMENTS: &str = ".envs";

/// Digits of the random part of an environment's name.
const RANDOM: usize = 12;

/// Where the environment of a compute is, from the spec's folder.
pub fn folder(compute: &str) -> Utf8PathBuf {
    Utf8Path::new(FOLDER).join(PYTHON).join(compute)
}

/// The place of one compute.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `.floe`.
    product: crate::run::place::Place,
    /// `.floe/python`, as the user sees it.
    python: Utf8PathBuf,
    compute: String,
}

impl Place {
    pub(super) fn new(project_dir: &Utf8Path, compute: &str) -> Self {
        let project_dir = camino::absolute_utf8(project_dir).unwrap_or_else(|_| project_dir.to_owned());
        let product = crate::run::place::Place::of(&project_dir);
        Self { python: product.python(), product, compute: compute.to_owned() }
    }

    /// The folder of all environments.
    pub(super) fn folder(&self) -> &Utf8Path {
        &self.python
    }

    /// The link to the environment that is in use.
    pub(super) fn environment(&self) -> Utf8PathBuf {
        self.python.join(&self.compute)
    }

    pub(super) fn lock_file(&self) -> Utf8PathBuf {
        self.python.join(format!("{}.lock", self.compute))
    }

    /// Makes the folders; what is in them is no part of the project.
    pub(super) fn prepare(&self) -> io::Result<()> {
        self.product.try_make(&self.python.join(ENVIRONMENTS))
    }

    /// Keeps every other command from this compute until the file is dropped.
    pub(super) fn claim(&self, waiting: impl FnOnce()) -> io::Result<File> {
        let file = File::create(self.python.join(format!(".{}.sync", self.compute)))?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => waiting(),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        file.lock()?;
        Ok(file)
    }

    /// Where a new environment is made, and stays: its programs hold its path. Without links, since the way to it may be
    /// that of one project among several. The name is random, so that making it touches none that is in use.
    pub(super) fn fresh(&self) -> io::Result<Utf8PathBuf> {
        let mut random = Uuid::new_v4().simple().to_string();
        random.truncate(RANDOM);
        Ok(self.python.canonicalize_utf8()?.join(ENVIRONMENTS).join(format!("{}-{random}", self.compute)))
    }

    /// Puts a finished environment and its lock in the place of the former ones, and removes all others of this compute.
    pub(super) fn switch(&self, environment: &Utf8Path, lock: &Lock) -> io::Result<()> {
        let name = environment.file_name().unwrap_or_default();
        let aside = self.python.join(format!(".{}.new", self.compute));
        // Left there by a command that was killed.
        let _ = fs::remove_file(&aside);
        // The lock first: with the new lock the former environment is taken for none, and is made anew from the lock.
        fs::write(&aside, lock.text())?;
        fs::rename(&aside, self.lock_file())?;
        symlink(format!("{ENVIRONMENTS}/{name}"), &aside)?;
        fs::rename(&aside, self.environment())?;
        self.remove_all_but(name);
        Ok(())
    }

    /// Removes what a failed command made.
    pub(super) fn discard(environment: &Utf8Path) {
        let _ = fs::remove_dir_all(environment);
    }

    /// Removes environments of this compute; what cannot be removed now is removed the next time.
    fn remove_all_but(&self, kept: &str) {
        let of_this = |name: &str| {
            name.strip_prefix(&self.compute)
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        for entry in self.python.join(ENVIRONMENTS).read_dir_utf8().into_iter().flatten().flatten() {
            if of_this(entry.file_name()) && entry.file_name() != kept {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}
