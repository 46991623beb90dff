//! What is there, without starting anything.

use camino::Utf8Path;

use super::lock::Lock;
use super::marker::Marker;
use super::place::Place;
use super::{Environment, Made, Wanted};

/// Whether a compute's environment can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is whole and fits.
    Ready,
    /// There is none that is whole.
    Missing,
    /// There is one, made for something else than what is wanted now.
    Stale,
}

impl State {
    /// The word that people and machines read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Missing => "missing",
            Self::Stale => "stale",
        }
    }
}

/// What is there of a compute's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether it can be used.
    pub state: State,
    /// Version of its Python.
    pub python: Option<String>,
    /// How many packages are in it, where it is ready.
    pub packages: Option<usize>,
}

/// Looks at a compute's environment.
pub fn status(project_dir: &Utf8Path, wanted: &Wanted) -> Status {
    let place = Place::new(project_dir, &wanted.compute);
    let Some(marker) = Marker::read(&place.environment()) else {
        return Status { state: State::Missing, python: None, packages: None };
    };
    // A lock that cannot be read is none: `sync` says why.
    let lock = Lock::read(&place.lock_file()).ok().flatten();
    let fitting = lock.filter(|lock| lock.fits(wanted) && lock.digest() == marker.lock);
    Status {
        state: if fitting.is_some() { State::Ready } else { State::Stale },
        python: Some(marker.python),
        packages: fitting.map(|lock| lock.packages()),
    }
}

/// The environment of a compute, if it is whole and made for what is wanted. Starts no process.
pub fn existing(project_dir: &Utf8Path, wanted: &Wanted) -> Option<Environment> {
    let status = status(project_dir, wanted);
    let packages = status.packages.filter(|_| status.state == State::Ready)?;
    let folder = Place::new(project_dir, &wanted.compute).environment();
    Some(Environment { compute: wanted.compute.clone(), folder, packages, made: Made::Reused })
}
