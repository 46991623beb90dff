//! `dbt_project.yml`: name and profile, and where dbt looks for what.

use camino::{Utf8Path, Utf8PathBuf};

use super::paths;
use crate::compile::artifacts::DbtProject;
use crate::diagnostics::codes::compile::{DBT_PROJECT_INVALID, DBT_PROJECT_MISSING};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::yaml::{Kind, Node};
use crate::documents::{read_source, yaml};

/// The file that makes a folder a dbt project.
pub(super) const PROJECT_FILE: &str = "dbt_project.yml";

/// What `dbt_project.yml` says.
#[derive(Debug)]
pub(in crate::compile::resolve) struct ProjectFile {
    /// Name and profile.
    pub(in crate::compile::resolve) dbt: DbtProject,
    /// Where dbt looks for what.
    pub(super) layout: Layout,
    /// All of it.
    pub(super) node: Node,
}

/// What `dbt_project.yml` says to those who have no spec yet.
#[derive(Debug)]
pub struct ProjectFacts {
    /// Name and profile.
    pub dbt: DbtProject,
    /// Where the name stands.
    pub name_span: Span,
    /// Where the profile is named.
    pub profile_span: Span,
    /// The project's own version.
    pub version: Option<String>,
    /// Folders in which dbt looks for models, none where only dbt can tell.
    pub models: Vec<Utf8PathBuf>,
}

/// Reads the dbt project of a folder, for those who have no spec yet.
///
/// # Errors
/// As when the project is read.
pub fn facts(folder: &Utf8Path) -> Result<ProjectFacts, Vec<Diagnostic>> {
    let ProjectFile { dbt, layout, node } = read(folder)?;
    let span = |key: &str| node.get(key).map_or_else(|| node.span.clone(), |value| value.span.clone());
    Ok(ProjectFacts {
        name_span: span("name"),
        profile_span: span("profile"),
        version: node.get("version").and_then(plain).map(str::to_owned),
        models: layout.models.unwrap_or_default(),
        dbt,
    })
}

/// The folders of a project in which dbt looks, by what it looks for. `None` where only dbt can tell: an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) models: Option<Vec<Utf8PathBuf>>,
    pub(super) seeds: Option<Vec<Utf8PathBuf>>,
    pub(super) snapshots: Option<Vec<Utf8PathBuf>>,
    pub(super) functions: Option<Vec<Utf8PathBuf>>,
    pub(super) macros: Option<Vec<Utf8PathBuf>>,
    pub(super) analyses: Option<Vec<Utf8PathBuf>>,
    pub(super) tests: Option<Vec<Utf8PathBuf>>,
    /// Where `dbt deps` puts packages.
    pub(super) packages: Option<Utf8PathBuf>,
}

impl Layout {
    /// Reads it, with dbt's defaults.
    pub(super) fn of(project: &Node) -> Self {
        let paths = |keys: &[&str], default: &str| match keys.iter().find_map(|key| project.get(key)) {
            Some(value) if value.kind == Kind::Null => Some(vec![default.into()]),
            Some(value) => value.as_seq()?.iter().map(|one| plain(one).map(paths::clean)).collect(),
            None => Some(vec![default.into()]),
        };
        Self {
            models: paths(&["model-paths", "source-paths"], "models"),
            seeds: paths(&["seed-paths", "data-paths"], "seeds"),
            snapshots: paths(&["snapshot-paths"], "snapshots"),
            functions: paths(&["function-paths"], "functions"),
            macros: paths(&["macro-paths"], "macros"),
            analyses: paths(&["analysis-paths"], "analyses"),
            tests: paths(&["test-paths"], "tests"),
            packages: match project.get("packages-install-path") {
                Some(path) if path.kind != Kind::Null => plain(path).map(paths::clean),
                _ => Some("dbt_packages".into()),
            },
        }
    }

    /// Where what a transform can claim may be; `None` where a part of it only dbt can tell.
    pub(super) fn of_nodes(&self) -> Option<Vec<&Utf8Path>> {
        let parts = [&self.models, &self.seeds, &self.snapshots, &self.functions];
        let parts: Option<Vec<_>> = parts.into_iter().map(Option::as_ref).collect();
        Some(parts?.into_iter().flatten().map(Utf8PathBuf::as_path).collect())
    }

    /// All folders in which dbt looks for anything but documentation.
    pub(super) fn all(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        let nodes = [&self.models, &self.seeds, &self.snapshots, &self.functions];
        nodes.into_iter().chain([&self.macros, &self.analyses, &self.tests]).flatten().flatten()
    }
}

/// The text of a value that needs no dbt to be read.
pub(super) fn plain(value: &Node) -> Option<&str> {
    value.as_str().filter(|text| !text.contains("{{") && !text.contains("{%"))
}

/// Reads the dbt project of a folder.
///
/// # Errors
/// Where it is not there, is no YAML, or lacks a key that floe needs.
pub(in crate::compile::resolve) fn read(folder: &Utf8Path) -> Result<ProjectFile, Vec<Diagnostic>> {
    let path = folder.join(PROJECT_FILE);
    if !path.exists() {
        let place = if folder.as_str().is_empty() { "this folder".to_owned() } else { format!("`{folder}`") };
        return Err(vec![Diagnostic::error(
            &DBT_PROJECT_MISSING,
            format!("there is no `dbt_project.yml` in {place}"),
            "floe compiles the dbt project beside the spec; run it there, or name the spec with --spec",
        )]);
    }
    let source = read_source(&path, "the dbt project").map_err(|error| vec![*error])?;
    let (node, errors) = yaml::parse(&source);
    let Some(node) = node.filter(|_| !errors.iter().any(Diagnostic::is_error)) else { return Err(errors) };
    let text = |key: &str| match node.get(key) {
        Some(value) => match value.as_str() {
            Some(text) if !text.contains("{{") && !text.is_empty() => Ok(text.to_owned()),
            Some(_) => {
                Err(wrong(&format!("`{key}` of the dbt project is an expression or empty"), key, value.span.clone()))
            }
            None => {
                Err(wrong(&format!("`{key}` of the dbt project is {}", value.described()), key, value.span.clone()))
            }
        },
        None => Err(wrong(&format!("the dbt project lacks `{key}`"), key, Span::new(&source, 0, 0))),
    };
    match (text("name"), text("profile")) {
        (Ok(name), Ok(profile)) => {
            Ok(ProjectFile { dbt: DbtProject { name, profile }, layout: Layout::of(&node), node })
        }
        (name, profile) => Err([name.err(), profile.err()].into_iter().flatten().collect()),
    }
}

fn wrong(message: &str, key: &str, span: Span) -> Diagnostic {
    let why = if key == "profile" { ", the name by which dbt finds the generated profiles" } else { "" };
    Diagnostic::error(&DBT_PROJECT_INVALID, message, format!("write `{key}: …` with a plain text{why}")).at(span)
}
