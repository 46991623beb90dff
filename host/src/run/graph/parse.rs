//! Lets dbt read the project for one compute, where it has not read just that already.

use std::fs::{self, File};

use camino::{Utf8Path, Utf8PathBuf};

use super::inputs::Inputs;
use super::manifest::Manifest;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::DBT_CANNOT_READ;
use crate::run::launcher::Event;
use crate::run::{Session, one_line, place};

/// The file with the digest of what was read.
const DIGEST: &str = "floe-digest";

/// What dbt makes of a project, in a target path.
const MANIFEST: &str = "manifest.json";

/// dbt's cache, in a target path.
pub(super) const PARTIAL_PARSE: &str = "partial_parse.msgpack";

/// What dbt makes of the project for a compute; from what it made before where nothing has changed.
///
/// # Errors
/// What dbt says of the project, and what the system refuses.
pub(super) fn manifest(session: &Session<'_>, compute: &str, inputs: &Inputs) -> Result<Manifest, Diagnostic> {
    let folder = session.place.parse(&session.environment, compute);
    let digest = inputs.digest(&texts(session, compute));
    if let Some(known) = known(&folder, &digest) {
        return Ok(known);
    }
    session.place.make(&folder)?;
    // Another command may be about it: what it makes is as good.
    let lock = folder.join("lock");
    let guard = File::create(&lock).and_then(|file| file.lock().map(|()| file));
    let _guard = guard.map_err(|error| place::not_written(&lock, &error))?;
    if let Some(known) = known(&folder, &digest) {
        return Ok(known);
    }
    // What is half written must not count.
    let _ = fs::remove_file(folder.join(DIGEST));
    parse(session, compute, &folder)?;
    let manifest = Manifest::read(&folder.join(MANIFEST))?;
    place::write(&folder.join(DIGEST), digest.as_bytes())?;
    Ok(manifest)
}

/// What dbt made of just that before.
fn known(folder: &Utf8Path, digest: &str) -> Option<Manifest> {
    let is_same = fs::read_to_string(folder.join(DIGEST)).is_ok_and(|known| known == digest);
    is_same.then(|| Manifest::read(&folder.join(MANIFEST)).ok()).flatten()
}

/// What besides the project's files it depends on.
fn texts<'s>(session: &'s Session<'_>, compute: &'s str) -> Vec<&'s str> {
    let environment = &session.environment;
    let profile = session.compiled.files.get(&format!("profiles/{environment}/{compute}/profiles.yml"));
    let packages = session.python(compute).map_or("", |python| python.identity.as_str());
    let mut texts = vec![env!("CARGO_PKG_VERSION"), compute, environment, packages, session.vars()];
    texts.extend(profile.map(String::as_str));
    texts.extend(
        session.compiled.files.iter().filter(|(path, _)| path.starts_with("dbt/")).map(|(_, text)| text.as_str()),
    );
    texts.extend(crate::run::launcher::SOURCES.iter().map(|(_, text)| *text));
    texts
}

fn parse(session: &Session<'_>, compute: &str, folder: &Utf8Path) -> Result<(), Diagnostic> {
    let mut outcome = None;
    let ended = session.quietly(compute, folder, ("parse", Vec::new()), None, |event| {
        if let Event::End { ok, error, .. } = event {
            outcome = Some((ok, error));
        }
    })?;
    match outcome {
        Some((true, _)) => Ok(()),
        Some((false, Some(error))) => Err(cannot_read(compute, &error)),
        _ => Err(cannot_read(compute, if ended.said.is_empty() { "it ended without a word" } else { &ended.said })),
    }
}

fn cannot_read(compute: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        &DBT_CANNOT_READ,
        format!("dbt cannot read the project for compute `{compute}`: {}", one_line(why)),
        format!("mend what dbt names; `floe dbt --compute {compute} -- parse` shows it in dbt's own words"),
    )
    .for_compute(compute)
}

/// The cache of a compute's last parse.
pub fn partial_parse(session: &Session<'_>, compute: &str) -> Option<Utf8PathBuf> {
    let path = session.place.parse(&session.environment, compute).join(PARTIAL_PARSE);
    path.exists().then_some(path)
}
