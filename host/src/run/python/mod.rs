//! One Python environment for each compute, in `.floe/python/` beside the spec: adapters' requirements conflict with each other.
//!
//! What a plugin asks for is resolved once, into `<compute>.lock`, and installed once; both are reused while the plugin asks
//! for the same. A new environment is made beside the former, checked, and only then put in its place by a switched link.
//! `interpreter` finds Python, `installer` runs uv or pip, `lock` and `marker` say what was made, `place` knows the folders,
//! `sync` ties them together, and `status` looks without starting anything.

mod installer;
mod interpreter;
mod lock;
mod marker;
mod place;
mod reason;
mod settings;
mod status;
mod sync;

use camino::Utf8PathBuf;
use sha2::{Digest as _, Sha256};

use crate::compile::artifacts::CompiledArtifacts;

pub use place::folder;
pub use status::{State, Status, existing, status};
pub use sync::{SyncOptions, sync};

/// What a compute wants of Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The compute.
    pub compute: String,
    /// The packages, by PEP 508.
    pub packages: Vec<String>,
    /// The versions of Python that they support, by PEP 440.
    pub requires_python: Option<String>,
}

impl Wanted {
    /// What each approved compute wants, by name.
    pub fn of(artifacts: &CompiledArtifacts) -> Vec<Self> {
        let computes = artifacts.compute_registry.computes.iter();
        computes
            .map(|(name, compute)| Self {
                compute: name.clone(),
                packages: compute.packages.clone(),
                requires_python: compute.requires_python.clone(),
            })
            .collect()
    }

    /// Digest of what is asked, on a Python of this version (`3.11`) and on this platform.
    fn digest(&self, python: &str) -> String {
        let mut packages = self.packages.clone();
        packages.sort_unstable();
        let requires = self.requires_python.as_deref().unwrap_or_default();
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        digest(&format!("{}\n--\n{requires}\n{python}\n{os}\n{arch}\n", packages.join("\n")))
    }
}

/// An environment that is whole and fits what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The compute.
    pub compute: String,
    /// Its absolute path, which stays the same when another environment takes its place.
    pub folder: Utf8PathBuf,
    /// How many packages are in it.
    pub packages: usize,
    /// How it came to be there.
    pub made: Made,
}

impl Environment {
    /// A program of the environment, such as `python` or `dbt`.
    pub fn program(&self, name: &str) -> Utf8PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// How an environment came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was there.
    Reused,
    /// There was none before.
    Created,
    /// It took the place of another.
    Updated,
}

impl Made {
    /// The word that people and machines read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reused => "reused",
            Self::Created => "created",
            Self::Updated => "updated",
        }
    }
}

/// The sha256 of a text, in hexadecimal digits.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_changes_with_all_that_is_asked_and_not_with_its_order() {
        let wanted = |packages: &[&str], requires: Option<&str>| Wanted {
            compute: "a".to_owned(),
            packages: packages.iter().map(ToString::to_string).collect(),
            requires_python: requires.map(str::to_owned),
        };
        let one = wanted(&["a>=1,<2", "b>=1,<2"], None).digest("3.11");
        assert_eq!(one, wanted(&["b>=1,<2", "a>=1,<2"], None).digest("3.11"));
        assert_ne!(one, wanted(&["a>=1,<2"], None).digest("3.11"));
        assert_ne!(one, wanted(&["a>=1,<2", "b>=1,<2"], Some(">=3.10")).digest("3.11"));
        assert_ne!(one, wanted(&["a>=1,<2", "b>=1,<2"], None).digest("3.12"));
    }
}
