//! Makes the environments that are not there or do not fit.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use camino::Utf8Path;

use super::installer::{Installer, Tool};
use super::interpreter;
use super::lock::Lock;
use super::marker::Marker;
use super::place::Place;
use super::status::existing;
use super::{Environment, Made, Wanted};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::python::{ENVIRONMENT_NOT_MADE, ENVIRONMENT_NOT_WRITTEN};

/// Resolvers need memory and the network, and two keep a machine of two cores busy.
const SIDE_BY_SIDE: usize = 2;

/// How to make environments.
#[derive(Clone, Copy)]
pub struct SyncOptions<'a> {
    /// Resolves anew, whatever the locks say.
    pub upgrade: bool,
    /// Is told what is being done, a line at a time.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// Makes the environments of computes that have none, or one that does not fit; all others are left as they are. Returns
/// those that can be used, in the order of `wanted`, and an error for each of the others, whose former environment stays.
pub fn sync(
    project_dir: &Utf8Path,
    wanted: &[Wanted],
    options: &SyncOptions<'_>,
) -> (Vec<Environment>, Vec<Diagnostic>) {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<_>> = Mutex::default();
    let work = || {
        while let Some(wanted) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = sync_one(project_dir, wanted, options);
            let mut results = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            results.push((wanted, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..SIDE_BY_SIDE.min(wanted.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(one, _)| wanted.iter().position(|other| other == *one));
    let mut environments = Vec::new();
    let mut diagnostics = Vec::new();
    for (_, result) in results {
        match result {
            Ok(environment) => environments.push(environment),
            Err(error) => diagnostics.push(error),
        }
    }
    (environments, diagnostics)
}

fn sync_one(project_dir: &Utf8Path, wanted: &Wanted, options: &SyncOptions<'_>) -> Result<Environment, Diagnostic> {
    // Before anything is written or started.
    if let Some(environment) = existing(project_dir, wanted).filter(|_| !options.upgrade) {
        return Ok(environment);
    }
    let place = Place::new(project_dir, &wanted.compute);
    let say = |what: &str| (options.progress)(&format!("{}: {what}", wanted.compute));
    let refused = |error: io::Error| not_written(wanted, &place, &error);
    place.prepare().map_err(refused)?;
    let _claim = place.claim(|| say("waiting for another command that makes it")).map_err(refused)?;
    // What the other command made while this one waited.
    if let Some(environment) = existing(project_dir, wanted).filter(|_| !options.upgrade) {
        return Ok(environment);
    }
    make(project_dir, wanted, options, &place, &say)
}

/// Makes an environment beside the former and puts it in its place.
fn make(
    project_dir: &Utf8Path,
    wanted: &Wanted,
    options: &SyncOptions<'_>,
    place: &Place,
    say: &dyn Fn(&str),
) -> Result<Environment, Diagnostic> {
    let begun = Instant::now();
    let refused = |error: io::Error| not_written(wanted, place, &error);
    let former = Marker::read(&place.environment());
    let tool = Tool::find(project_dir);
    let python = interpreter::find(wanted, tool == Tool::Pip)?;
    let known = Lock::read(&place.lock_file()).map_err(refused)?;
    let known = known.filter(|lock| !options.upgrade && lock.fits_python(wanted, python.minor()));

    let environment = place.fresh().map_err(refused)?;
    let installer = Installer { tool: &tool, python: &python, project_dir, environment: &environment };
    let result = install(&installer, wanted, known, say).map_err(|reason| {
        let former = if former.is_some() { "the former environment is as it was" } else { "nothing was changed" };
        let again = if options.upgrade { " --upgrade" } else { "" };
        let compute = &wanted.compute;
        Diagnostic::error(
            &ENVIRONMENT_NOT_MADE,
            format!("the Python environment of compute `{compute}` cannot be made: {reason}"),
            format!("{former}; when that is mended, try it again: floe env sync --compute {compute}{again}"),
        )
        .for_compute(compute)
    });
    let finished = result.and_then(|lock| {
        let marker = Marker::new(&environment, lock.digest(), python.version.clone());
        marker.write(&environment).and_then(|()| place.switch(&environment, &lock)).map_err(refused)?;
        Ok(lock)
    });
    let packages = finished.inspect_err(|_| Place::discard(&environment))?.packages();
    say(&format!("ready, {} ({:.1} s)", counted(packages), begun.elapsed().as_secs_f64()));
    let made = if former.is_some() { Made::Updated } else { Made::Created };
    Ok(Environment { compute: wanted.compute.clone(), folder: place.environment(), packages, made })
}

/// Resolves where there is no lock that fits, installs, and checks.
fn install(
    installer: &Installer<'_>,
    wanted: &Wanted,
    known: Option<Lock>,
    say: &dyn Fn(&str),
) -> Result<Lock, String> {
    let tool = installer.tool.name();
    let lock = if let Some(lock) = known {
        say(&format!("installing {} of the lock with {tool}", counted(lock.packages())));
        installer.install(&lock)?;
        lock
    } else {
        say(&format!("resolving {} with {tool}", counted(wanted.packages.len())));
        let pins = installer.resolve(&wanted.packages)?;
        let lock = Lock::new(wanted, installer.python.minor(), &pins);
        if !installer.installs_to_resolve() {
            say(&format!("installing {} with {tool}", counted(lock.packages())));
            installer.install(&lock)?;
        }
        lock
    };
    installer.check(&wanted.packages, &lock)?;
    Ok(lock)
}

fn counted(packages: usize) -> String {
    format!("{packages} package{}", if packages == 1 { "" } else { "s" })
}

fn not_written(wanted: &Wanted, place: &Place, error: &io::Error) -> Diagnostic {
    let folder = place.folder();
    Diagnostic::error(
        &ENVIRONMENT_NOT_WRITTEN,
        format!("the Python environment of compute `{}` cannot be written to {folder}: {error}", wanted.compute),
        "see that the folder can be written to and the disk has room; the former environment is as it was",
    )
    .for_compute(&wanted.compute)
}
