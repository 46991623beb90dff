//! What the dbt project beside the spec has, read from its files as dbt lays them out, without running dbt.
//!
//! `project_file` says where dbt looks, `walk` and `ignored` which files it finds there, `packages` which other projects belong
//! to it, `scan` what the files say (`jinja`, `schema_files`, `target_name`), `nodes` what there is to claim. Where only dbt
//! can tell (an expression among the paths, packages that are not installed), [`Contents`] says so, and nobody is accused of
//! naming what is not there.

mod ignored;
mod jinja;
mod nodes;
mod packages;
pub(super) mod paths;
mod project_file;
mod scan;
mod schema_files;
mod target_name;
mod walk;

use std::collections::{HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostics::codes::compile::TARGET_NAME;
use crate::diagnostics::{Diagnostic, Span, did_you_mean, listed};
use crate::telemetry;

pub(super) use nodes::Node;
use project_file::Layout;
pub use project_file::{ProjectFacts, facts};
pub(super) use project_file::{ProjectFile, read};
use scan::Facts;
use target_name::{Comparison, How};

/// What a dbt project has. By default one that cannot be read: anything may be in it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Names of the projects: its own, then those of its packages.
    pub(super) packages: Vec<String>,
    /// Everything that a transform can claim: the project's own, then that of its packages.
    pub(super) nodes: Vec<Node>,
    /// The project's folders in which dbt looks for what a transform can claim; `None` where only dbt can tell.
    pub(super) node_paths: Option<Vec<Utf8PathBuf>>,
    /// All folders of the project in which dbt looks for anything, and those below.
    pub(super) folders: HashSet<Utf8PathBuf>,
    /// Names of the packages that are asked for, whether they are there or not.
    pub(super) declared: Vec<String>,
    /// Whether all packages that are asked for are there.
    pub(super) has_all_packages: bool,
    /// Whether the project can be read at all.
    pub(super) is_there: bool,
    /// Whether the project's own nodes are all known.
    pub(super) is_whole: bool,
}

impl Contents {
    /// Whether a name that is not among the nodes is certainly none.
    pub(super) fn knows_all_names(&self) -> bool {
        self.is_whole && self.has_all_packages
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The dbt project's folder.
    pub(super) folder: &'a Utf8Path,
    /// Every environment of the product.
    pub(super) environments: &'a [&'a str],
    /// Every approved compute.
    pub(super) computes: &'a [&'a str],
    /// Whether packages matter: where transforms choose by path alone they do not.
    pub(super) packages: bool,
}

/// Looks through a project and its packages; finds comparisons of `target.name` with what is no environment on the way.
pub(super) fn look(file: &ProjectFile, wanted: Wanted<'_>) -> (Contents, Vec<Diagnostic>) {
    let packages =
        if wanted.packages { packages::of(wanted.folder, &file.layout) } else { packages::Packages::default() };
    let projects: Vec<(&Utf8Path, &Layout)> = std::iter::once((wanted.folder, &file.layout))
        .chain(packages.present.iter().map(|package| (package.folder.as_path(), &package.layout)))
        .collect();
    let found: Vec<walk::Found> =
        telemetry::phase("walk", || projects.iter().map(|(folder, layout)| walk::walk(folder, layout.all())).collect());
    let each = || projects.iter().zip(&found).enumerate();
    let read = each().flat_map(|(at, ((folder, layout), found))| {
        let snapshots = layout.snapshots.as_deref().unwrap_or_default();
        scan::wanted(at, folder, &found.files, snapshots, at == 0)
    });
    let read: Vec<scan::Wanted> = read.collect();
    let facts = telemetry::phase("scan", || scan::read(&read, wanted.environments));
    let nodes = each().flat_map(|(at, ((_, layout), found))| {
        let own = facts.iter().filter(|((project, _), _)| *project == at);
        let own: HashMap<usize, &Facts> = own.map(|((_, file), facts)| (*file, facts)).collect();
        nodes::of(at, layout, &found.files, &own)
    });
    let nodes = nodes.collect();
    let own = scan::of_yaml(&file.node, true, wanted.environments);
    let unmet = facts.iter().map(|(_, facts)| facts).chain([&own]).flat_map(|facts| &facts.unmet);
    let diagnostics = no_environments(unmet, wanted);
    let is_whole = file.layout.of_nodes().is_some() && !found.iter().any(|found| found.is_partial);
    let packages_are_whole = packages.present.iter().all(|package| package.layout.of_nodes().is_some());
    let contents = Contents {
        packages: std::iter::once(file.dbt.name.clone())
            .chain(packages.present.into_iter().map(|one| one.name))
            .collect(),
        nodes,
        node_paths: file.layout.of_nodes().map(|paths| paths.into_iter().map(Utf8Path::to_owned).collect()),
        folders: found.into_iter().next().unwrap_or_default().folders,
        declared: packages.declared,
        is_there: true,
        has_all_packages: packages.is_complete && packages_are_whole,
        is_whole,
    };
    (contents, diagnostics)
}

/// A warning for each place; of one text in very many places only the first ones, with the number of the others.
fn no_environments<'f>(unmet: impl Iterator<Item = &'f (Span, Comparison)>, wanted: Wanted<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    // How often each text was met, and the place of its last warning.
    let mut met: HashMap<&str, (usize, usize)> = HashMap::new();
    for (span, comparison) in unmet {
        let (count, last) = met.entry(&comparison.literal).or_default();
        *count += 1;
        if *count <= SHOWN {
            *last = diagnostics.len();
            diagnostics.push(no_environment(span, comparison, wanted));
        }
    }
    for (count, last) in met.into_values().filter(|(count, _)| *count > SHOWN) {
        diagnostics[last].help += &format!("; {} more places compare with it", count - SHOWN);
    }
    diagnostics
}

/// Warnings about one text.
const SHOWN: usize = 20;

fn no_environment(span: &Span, comparison: &Comparison, wanted: Wanted<'_>) -> Diagnostic {
    let literal = comparison.literal.as_str();
    let environments = wanted.environments.iter().copied();
    // People shorten them: `production` is `prod`.
    let begins = |name: &&str| !literal.is_empty() && (literal.starts_with(*name) || name.starts_with(literal));
    let near = did_you_mean(literal, environments.clone()).or_else(|| environments.clone().find(begins));
    let near = near.map(|near| format!("did you mean `{near}`? "));
    let there_are = format!("{}environments are {}", near.unwrap_or_default(), listed(environments));
    let (message, help) = if wanted.computes.contains(&literal) {
        let message = format!("`target.name` is compared with `{literal}`, which is a compute and no environment");
        let help = "the dbt target is the environment, the same for every compute, so the outcome never changes; for what depends on the \
                    engine compare `target.type` with the adapter's name";
        (message, format!("{help}; {there_are}"))
    } else {
        let what = if comparison.how == How::Part { "searched for" } else { "compared with" };
        (format!("`target.name` is {what} `{literal}`, which is no environment"), there_are)
    };
    Diagnostic::warning(&TARGET_NAME, message, help).labelled(span.clone(), "no target has this name")
}
