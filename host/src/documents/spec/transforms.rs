//! `transforms[]`.

use floe_plugin_api::WorkloadSize;

use super::ELSEWHERE;
use crate::diagnostics::codes::documents::PARITY;
use crate::diagnostics::codes::spec as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::{self, Fields, Problems, Shape};
use crate::documents::settings::MAX_TIMEOUT;
use crate::documents::spanned::Spanned;
use crate::documents::yaml::{Entry, Kind, Node};

/// What runs on which compute, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    /// Where it stands.
    pub span: Span,
    /// What it is about.
    pub selector: Selector,
    /// The compute; the manifest's default when absent.
    pub compute: Option<Spanned<String>>,
    /// Seconds that one dbt node may take.
    pub timeout_seconds: Option<Spanned<u32>>,
    /// How much work it is.
    pub workload_size: Option<Spanned<WorkloadSize>>,
    /// The user's own words for selecting.
    pub tags: Vec<Spanned<String>>,
    /// Models that run before.
    pub depends_on: Vec<Spanned<String>>,
    /// What belongs to other parts of the platform.
    pub elsewhere: Vec<Entry>,
}

/// What a transform is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// What is in a folder, or a file, of the root project.
    Path(Spanned<String>),
    /// A model.
    Name(Spanned<String>),
    /// The models of a dbt package.
    Package(Spanned<String>),
}

impl Selector {
    /// The key that it is written with.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Name(_) => "name",
            Self::Package(_) => "package",
        }
    }

    /// What is written.
    pub const fn text(&self) -> &Spanned<String> {
        match self {
            Self::Path(text) | Self::Name(text) | Self::Package(text) => text,
        }
    }
}

static TRANSFORM: Shape = Shape {
    what: "a transform",
    keys: &["type", "path", "name", "package", "compute", "timeout_seconds", "workload_size", "tags", "dependsOn"],
    elsewhere: ELSEWHERE,
    extensions: false,
};

const SIZES: [(&str, WorkloadSize); 3] =
    [("small", WorkloadSize::Small), ("medium", WorkloadSize::Medium), ("large", WorkloadSize::Large)];

pub(super) fn read(node: Node, problems: &mut Problems) -> Option<Transform> {
    let mut fields = Fields::open_with(node, &TRANSFORM, problems, by_environment)?;
    let span = fields.span.clone();
    let _ = fields.word("type", &[("dbt", ())], problems);
    let selector = selector(&mut fields, problems);
    let compute = fields.take("compute").and_then(|entry| compute(entry, problems));
    let timeout_seconds = fields.number("timeout_seconds", 1..=MAX_TIMEOUT, problems);
    let workload_size = fields.word("workload_size", &SIZES, problems);
    let tags = fields.texts("tags", problems);
    let depends_on = fields.texts("dependsOn", problems);
    Some(Transform {
        span,
        selector: selector?,
        compute,
        timeout_seconds,
        workload_size,
        tags,
        depends_on,
        elsewhere: fields.elsewhere,
    })
}

fn compute(entry: Entry, problems: &mut Problems) -> Option<Spanned<String>> {
    let names_several = |entries: &[Entry]| entries.iter().any(|each| !matches!(each.value.kind, Kind::Null));
    if entry.value.as_map().is_some_and(names_several) {
        problems.push(several(&entry));
        return None;
    }
    crate::documents::fields::text(entry, problems)
}

/// A transform that differs between environments, as it is tried first.
fn by_environment(entry: &Entry) -> Option<Diagnostic> {
    matches!(entry.key.as_str(), "environments" | "environment").then(|| several(entry))
}

fn several(entry: &Entry) -> Diagnostic {
    Diagnostic::error(
        &PARITY,
        format!("a transform cannot select its compute by environment with `{}`", entry.key),
        "name one compute, `compute: NAME`: a transform runs on it in every environment, or prod would run what dev never tested",
    )
    .labelled(entry.key_span.clone(), "would make environments drift apart")
}

fn selector(fields: &mut Fields, problems: &mut Problems) -> Option<Selector> {
    let given = ["path", "name", "package"].map(|key| fields.take(key));
    if given.iter().flatten().count() != 1 {
        problems.push(not_one_selector(&given, &fields.span));
        return None;
    }
    let [path, name, package] = given.map(|entry| entry.map(|entry| fields::text(entry, problems)));
    match (path, name, package) {
        (Some(path), _, _) => Some(Selector::Path(check_path(path?, problems)?)),
        (_, Some(name), _) => name.map(Selector::Name),
        (_, _, package) => package?.map(Selector::Package),
    }
}

fn not_one_selector(given: &[Option<Entry>; 3], transform: &Span) -> Diagnostic {
    let error = |message: String| {
        let help = "write exactly one of `path` (a folder), `name` (a model) and `package` (a dbt package)";
        Diagnostic::error(&codes::SELECTOR, message, help)
    };
    let mut entries = given.iter().flatten();
    let Some(first) = entries.next() else {
        return error("a transform does not say what it is about".to_owned()).at(transform.clone());
    };
    let keys = given.iter().flatten().map(|entry| entry.key.as_str());
    let all = entries.fold(
        error(format!("a transform has more than one of {}", crate::diagnostics::listed(keys))),
        |error, entry| error.labelled(entry.key_span.clone(), "one too many"),
    );
    all.labelled(first.key_span.clone(), "the first")
}

fn check_path(path: Spanned<String>, problems: &mut Problems) -> Option<Spanned<String>> {
    let why = if path.starts_with('/') {
        "it is absolute"
    } else if path.contains('\\') {
        "it holds a backslash"
    } else if path.split('/').any(|part| part == "..") {
        "it leaves the dbt project"
    } else {
        return Some(path);
    };
    problems.push(
        Diagnostic::error(
            &codes::PATH,
            format!("`path: {}` is no path in the dbt project: {why}", path.value),
            "write it from the project's folder, with `/` and without `..`, as in `models/staging/`",
        )
        .at(path.span),
    );
    None
}
