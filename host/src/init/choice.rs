//! What was decided, why, and what it comes from.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::names;
use super::profiles::{Output, Profile, place};
use crate::compile::resolve::ProjectFacts;
use crate::diagnostics::codes::init::OTHER_ADAPTER;
use crate::diagnostics::{Diagnostic, Span};

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What was decided.
    pub what: String,
    /// Why.
    pub why: String,
    /// What it comes from.
    pub from: Option<From>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct From {
    /// The file.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl From {
    pub(super) fn of(span: &Span) -> Self {
        let (file, line) = place(span);
        Self { file: file.to_owned(), line }
    }
}

impl Choice {
    pub(super) fn new(what: impl Into<String>, why: impl Into<String>, from: &Span) -> Self {
        Self { what: what.into(), why: why.into(), from: Some(From::of(from)) }
    }
}

/// The product's name.
pub(super) fn product(project: &ProjectFacts, choices: &mut Vec<Choice>) -> String {
    let written = &project.dbt.name;
    let name = names::name(written, "product");
    let why = if name == *written {
        "the name of the dbt project".to_owned()
    } else {
        format!("`{written}`, the name of the dbt project, as names are written here")
    };
    choices.push(Choice::new(format!("product `{name}`"), why, &project.name_span));
    name
}

/// The compute that everything runs on.
pub(super) fn default_compute(
    compute: &str,
    chosen: &Output,
    profile: &Profile,
    is_asked: bool,
    choices: &mut Vec<Choice>,
) {
    let output = &chosen.name;
    let why = match &profile.target {
        _ if is_asked => format!("the adapter of output `{output}`, which --target names"),
        Some(_) => format!("the adapter of output `{output}`, the profile's target"),
        None => format!("the adapter of output `{output}`, which dbt takes where the profile names no target"),
    };
    let why = format!("{why}; an environment never chooses another one");
    choices.push(Choice::new(format!("default compute `{compute}`"), why, &chosen.adapter_span));
}

/// What the transforms are.
pub(super) fn transforms(models: Option<&Utf8Path>, project: &ProjectFacts, choices: &mut Vec<Choice>) {
    choices.push(match models {
        Some(path) => Choice::new(
            format!("one transform, `{path}/`"),
            "all models on the default compute; seeds and snapshots run there too",
            &project.name_span,
        ),
        None => Choice::new(
            "no transforms",
            "no folder of models was found; what no transform claims runs on the default compute",
            &project.name_span,
        ),
    });
}

/// An output that is on another engine than the default.
pub(super) fn other_adapter(output: &Output, chosen: &Output) -> Diagnostic {
    let (name, adapter) = (&output.name, &output.adapter);
    Diagnostic::warning(
        &OTHER_ADAPTER,
        format!(
            "output `{name}` is on {adapter} and the default `{}` on {}: it is left out, for what a model runs on is the same \
             in every environment",
            chosen.name, chosen.adapter
        ),
        format!(
            "`floe init --target {name}` takes {adapter} in its place; to use both, approve `{adapter}` in manifest.yaml and \
             name it as `compute:` of a transform"
        ),
    )
    .labelled(output.adapter_span.clone(), "another engine")
    .labelled(chosen.adapter_span.clone(), "the default")
}
