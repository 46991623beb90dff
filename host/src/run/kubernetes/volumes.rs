//! The volume on which the files of computes lie: a pod's own files are gone when its step ends.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use floe_plugin_api::Storage;

use super::Wish;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{VOLUME_FOLDER, VOLUME_NEEDED};
use crate::run::plan::Step;
use crate::run::prepare::Prepared;

/// The volume of a plan.
#[derive(Debug, Default)]
pub(super) struct Volume {
    /// Its claim.
    pub(super) claim: String,
    /// Where it is mounted, as the container sees it.
    pub(super) folders: BTreeSet<Utf8PathBuf>,
    /// The steps that need it.
    pub(super) steps: BTreeSet<usize>,
}

/// The volume that a plan needs: none where no step has to do with a file.
pub(super) fn volume(prepared: &Prepared<'_>, wish: &Wish) -> Result<Volume, Vec<Diagnostic>> {
    let files = Files { prepared, wish };
    let plan = prepared.plan;
    let mut volume = Volume::default();
    let mut wanted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for step in &plan.steps {
        let own =
            files.of(&plan.environment, &step.compute).map(|_| (plan.environment.as_str(), step.compute.as_str()));
        let read = plan.edges.iter().filter(|edge| edge.reader == step.compute);
        let read = read.map(|edge| (edge.environment.as_deref().unwrap_or(&plan.environment), edge.writer.as_str()));
        for key in own.into_iter().chain(read.filter(|(environment, writer)| files.of(environment, writer).is_some())) {
            volume.steps.insert(step.step);
            wanted.entry(key).or_insert(step.step);
        }
    }
    if wanted.is_empty() {
        return Ok(volume);
    }
    let mut problems = Vec::new();
    for ((environment, compute), number) in &wanted {
        let Some(path) = files.of(environment, compute) else { continue };
        let Some(step) = plan.steps.iter().find(|step| step.step == *number) else { continue };
        match (&wish.volume_claim, files.folder(path)) {
            (_, Err(why)) => problems.push(cannot_mount(compute, path, &why)),
            (None, Ok(_)) => problems.push(needed(step, compute, path)),
            (Some(claim), Ok(folder)) => {
                volume.claim.clone_from(claim);
                volume.folders.insert(folder);
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // A compute may mount another's file although no model reads it: the folder is there then too.
    let others = prepared.session.computes.iter().filter_map(|compute| files.of(&plan.environment, compute));
    volume.folders.extend(others.filter_map(|path| files.folder(path).ok()));
    Ok(volume)
}

struct Files<'a> {
    prepared: &'a Prepared<'a>,
    wish: &'a Wish,
}

impl<'a> Files<'a> {
    /// The file in which a compute keeps what it builds.
    fn of(&self, environment: &str, compute: &str) -> Option<&'a str> {
        match &self.prepared.session.compute(compute)?.environments.get(environment)?.storage {
            Storage::File { path } => Some(path),
            _ => None,
        }
    }

    /// The folder of a file in the container, where a volume may hide what the image has there.
    fn folder(&self, path: &str) -> Result<Utf8PathBuf, String> {
        if path.starts_with('~') {
            return Err("its folder is that of whoever runs dbt".to_owned());
        }
        let path = plain(&self.wish.workdir.join(path));
        let folder = path.parent().unwrap_or(Utf8Path::new("/"));
        if folder.as_str().contains("{{") {
            return Err("its folder is known only where dbt runs".to_owned());
        }
        if folder.as_str().contains(':') {
            return Err("Kubernetes mounts nothing at a path with `:`".to_owned());
        }
        let own = self.prepared.graphs.nodes().map(|(node, _)| node.original_file_path.as_str());
        let hidden = own
            .chain(["dbt_project.yml", ".floe/artifacts"])
            .find(|file| plain(&self.wish.workdir.join(file)).starts_with(folder));
        match hidden {
            Some(file) => Err(format!("`{folder}` holds files of the product (`{file}`), which the volume would hide")),
            None => Ok(folder.to_owned()),
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

fn needed(step: &Step, compute: &str, path: &str) -> Diagnostic {
    let does = if step.compute == compute { "builds in" } else { "reads" };
    Diagnostic::error(
        &VOLUME_NEEDED,
        format!("step {} on `{}` {does} the file `{path}`, which is gone when its pod ends", step.step, step.compute),
        "name a PersistentVolumeClaim with `--volume-claim NAME`: it is mounted at the file's folder in each step that needs it",
    )
    .for_compute(compute)
}

fn cannot_mount(compute: &str, path: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        &VOLUME_FOLDER,
        format!("no volume can be mounted for the file `{path}` of compute `{compute}`: {why}"),
        "give the file a folder of its own, such as `path: data/shop.duckdb`, or an absolute path",
    )
    .for_compute(compute)
}
