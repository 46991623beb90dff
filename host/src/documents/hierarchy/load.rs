//! From a manifest to the root of its chain.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Chain, Level, narrow, reference};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Source, Span};
use crate::documents::fields::Problems;
use crate::documents::manifest::Manifest;
use crate::documents::paths::tidy;
use crate::documents::spanned::Spanned;
use crate::documents::{load_manifest, parse_manifest};

/// Reads a manifest and those that it narrows. Without a chain there is at least one error; with one there may be some.
pub fn load(path: &Utf8Path) -> (Option<Chain>, Vec<Diagnostic>) {
    let mut problems = Problems::new();
    let chain = follow(path, &mut problems).and_then(|mut manifests| {
        let root = manifests.pop()?;
        Some(narrow::all(root, manifests.into_iter().rev().collect(), &mut problems))
    });
    (chain, problems)
}

/// A manifest that is in no file yet, and that names no parent.
pub fn of_draft(source: &Arc<Source>) -> (Option<Chain>, Vec<Diagnostic>) {
    let (manifest, mut problems) = parse_manifest(source);
    let chain = manifest.map(|manifest| narrow::all(manifest, Vec::new(), &mut problems));
    (chain, problems)
}

/// A step from a manifest to its parent: where the parent is named.
type Hop = Span;

/// The manifests from the first to the root.
fn follow(path: &Utf8Path, problems: &mut Problems) -> Option<Vec<Manifest>> {
    let mut found: Vec<Manifest> = Vec::new();
    let mut seen: Vec<Utf8PathBuf> = Vec::new();
    let mut hops: Vec<Hop> = Vec::new();
    let mut next = path.to_owned();
    loop {
        let (manifest, more) = load_manifest(&next);
        problems.extend(more.into_iter().map(|problem| {
            // That it cannot be read has no place in a file of its own: it is where it was named.
            if problem.labels.is_empty() { in_view(problem, &hops) } else { problem }
        }));
        let manifest = manifest?;
        seen.push(real(&next));
        check_scope(&manifest, &hops, problems);
        let parent = manifest.parent_manifest.clone();
        found.push(manifest);
        let Some(parent) = parent else { break };
        hops.push(parent.span.clone());
        next = match locate(&parent, &next) {
            Ok(path) => path,
            Err(problem) => {
                problems.push(in_view_after(*problem, &hops));
                return None;
            }
        };
        if let Some(first) = seen.iter().position(|seen| *seen == real(&next)) {
            problems.push(cycle(&found[first..], &hops[first..]));
            return None;
        }
    }
    Some(found)
}

fn locate(parent: &Spanned<String>, child: &Utf8Path) -> Result<Utf8PathBuf, Box<Diagnostic>> {
    let path = reference::locate(parent, child.parent().unwrap_or(Utf8Path::new("")))?;
    Ok(tidy(&path))
}

/// What a path leads to, where it leads anywhere.
fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}

/// Puts the way to a manifest beside what is wrong with it, the last step first.
fn in_view(problem: Diagnostic, hops: &[Hop]) -> Diagnostic {
    let Some((last, before)) = hops.split_last() else { return problem };
    in_view_of(problem.labelled(last.clone(), "named here"), before)
}

/// The same for a problem that stands at the last step already.
fn in_view_after(problem: Diagnostic, hops: &[Hop]) -> Diagnostic {
    in_view_of(problem, hops.split_last().map_or(&[], |(_, before)| before))
}

fn in_view_of(problem: Diagnostic, before: &[Hop]) -> Diagnostic {
    before.iter().rev().fold(problem, |problem, hop| problem.labelled(hop.clone(), "on the way from here"))
}

/// A manifest that others narrow must say at which level it stands.
fn check_scope(manifest: &Manifest, hops: &[Hop], problems: &mut Problems) {
    let Some(hop) = hops.last().filter(|_| manifest.lacks_scope) else { return };
    let name = &manifest.metadata.name;
    let problem = Diagnostic::error(
        &codes::SCOPE,
        format!("the parent `{}` has no scope, so nothing may narrow it", name.value),
        format!("add `scope: enterprise` to {}", manifest.source.path()),
    );
    let problem = problem.labelled(hop.clone(), "named as a parent").labelled(name.span.clone(), "without a scope");
    problems.push(in_view_after(problem, hops));
}

/// Manifests each of which narrows the next, and the last the first.
fn cycle(manifests: &[Manifest], hops: &[Hop]) -> Diagnostic {
    let paths = manifests.iter().map(|manifest| manifest.source.path().as_str());
    let way: Vec<&str> = paths.chain(manifests.first().map(|first| first.source.path().as_str())).collect();
    let message = format!("the manifests lead back to where they began: {}", way.join(" → "));
    let help = "one of them must be the root: `scope: enterprise`, without `parent_manifest`";
    let problem = Diagnostic::error(&codes::PARENT_CYCLE, message, help);
    hops.iter().rev().zip(manifests.iter().rev()).fold(problem, |problem, (hop, manifest)| {
        problem.labelled(hop.clone(), format!("the parent of {}", Level::of(manifest).described()))
    })
}
