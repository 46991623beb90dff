//! What is in the files: read once, on all cores, and searched for a few words before anything else is done with them.

use std::fs::File;
use std::io::Read as _;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use memchr::memmem;

use super::schema_files::{self, Versions};
use super::target_name::{Comparison, comparisons};
use super::{jinja, paths, walk};
use crate::diagnostics::{Source, Span};

/// Longer files are not read: nobody writes them, and generated ones compare no targets.
const MAX_BYTES: u64 = 4 << 20;
/// Files that a thread takes at once.
const BATCH: usize = 64;

/// A file that is to be read, and what for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its path, from where floe runs.
    pub(super) path: Utf8PathBuf,
    /// Its project, and its place among that project's files.
    pub(super) place: (usize, usize),
    /// Whether comparisons of `target.name` are wanted.
    pub(super) targets: bool,
    /// Whether blocks of snapshots are wanted.
    pub(super) snapshots: bool,
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Names of the snapshots in it.
    pub(super) snapshots: Vec<String>,
    /// Models with versions.
    pub(super) versions: Vec<Versions>,
    /// Comparisons of `target.name` that no environment meets.
    pub(super) unmet: Vec<(Span, Comparison)>,
}

impl Facts {
    fn is_empty(&self) -> bool {
        self.snapshots.is_empty() && self.versions.is_empty() && self.unmet.is_empty()
    }
}

/// Reads files; what is worth knowing comes back with the place of its file, in order.
pub(super) fn read(files: &[Wanted], environments: &[&str]) -> Vec<((usize, usize), Facts)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(batch) = files.get(from..files.len().min(from.saturating_add(BATCH))) else { return found };
            if batch.is_empty() {
                return found;
            }
            for file in batch {
                let facts = one(file, environments, &mut buffer).unwrap_or_default();
                if !facts.is_empty() {
                    found.push((file.place, facts));
                }
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let helpers = cores.min(files.len().div_ceil(BATCH)).saturating_sub(1);
    let mut found = thread::scope(|scope| {
        // A thread that the system does not give is no loss: the others do its work.
        let start = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let started: Vec<_> = (0..helpers).filter_map(start).collect();
        let mut found = work();
        found.extend(started.into_iter().filter_map(|thread| thread.join().ok()).flatten());
        found
    });
    found.sort_unstable_by_key(|(place, _)| *place);
    found
}

/// What one file says; nothing where it cannot be read: dbt will say so.
fn one(wanted: &Wanted, environments: &[&str], buffer: &mut Vec<u8>) -> Option<Facts> {
    let file = File::open(&wanted.path).ok()?;
    buffer.clear();
    let read = file.take(MAX_BYTES + 1).read_to_end(buffer).ok()?;
    if read as u64 > MAX_BYTES {
        return None;
    }
    let holds = |word: &[u8]| memmem::find(buffer, word).is_some();
    let targets = wanted.targets && holds(b"target");
    let is_yaml = ["yml", "yaml"].iter().any(|end| walk::has_extension(wanted.path.as_str(), end));
    if is_yaml && (targets || holds(b"versions") || holds(b"relation")) {
        let source = Source::new(&wanted.path, str::from_utf8(buffer).ok()?);
        return Some(of_yaml(&schema_files::parse(&source)?, targets, environments));
    }
    let snapshots = wanted.snapshots && holds(b"snapshot");
    if is_yaml || !(targets || snapshots) {
        return None;
    }
    let text = str::from_utf8(buffer).ok()?;
    let mut facts = Facts::default();
    if snapshots {
        facts.snapshots = jinja::snapshots(text);
    }
    if targets {
        let mut unmet = unmet(comparisons(text), environments).peekable();
        if unmet.peek().is_some() {
            let source = Source::new(&wanted.path, text);
            facts.unmet = unmet.map(|one| (span(&source, &one), one)).collect();
        }
    }
    Some(facts)
}

/// What a file says that is a tree already.
pub(super) fn of_yaml(file: &crate::documents::yaml::Node, targets: bool, environments: &[&str]) -> Facts {
    let source = file.span.source();
    let comparisons = if targets { schema_files::comparisons_in(file) } else { Vec::new() };
    Facts {
        snapshots: schema_files::snapshots(file),
        versions: schema_files::versions(file),
        unmet: unmet(comparisons, environments).map(|one| (span(source, &one), one)).collect(),
    }
}

fn unmet(comparisons: Vec<Comparison>, environments: &[&str]) -> impl Iterator<Item = Comparison> {
    comparisons.into_iter().filter(|one| !environments.iter().any(|environment| one.is_met_by(environment)))
}

fn span(source: &Arc<Source>, comparison: &Comparison) -> Span {
    Span::new(source, comparison.range.start, comparison.range.end)
}

/// The files of a project that are worth reading. `targets`: comparisons of `target.name` count, as they do not in packages,
/// which others wrote.
pub(super) fn wanted<'f>(
    project: usize,
    folder: &'f Utf8Path,
    files: &'f [Utf8PathBuf],
    snapshots: &'f [Utf8PathBuf],
    targets: bool,
) -> impl Iterator<Item = Wanted> + 'f {
    files.iter().enumerate().filter_map(move |(at, file)| {
        let is = |ends: &[&str]| ends.iter().any(|end| walk::has_extension(file.as_str(), end));
        let may_hold_snapshots = is(&["sql"]) && snapshots.iter().any(|folder| paths::lies_in(file, folder));
        // Python models hold no Jinja (dbt refuses it), and seeds are data.
        let is_read = may_hold_snapshots || is(&["yml", "yaml"]) || targets && is(&["sql"]);
        is_read.then(|| Wanted {
            path: folder.join(file),
            place: (project, at),
            targets,
            snapshots: may_hold_snapshots,
        })
    })
}
