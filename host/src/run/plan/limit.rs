//! How long a node may take: what its model says, else its transform, else its compute in the environment; and never longer than
//! the compute's limit.

use serde_json::Value;

use crate::compile::artifacts::TransformArtifact;
use crate::diagnostics::codes::manifest::TIMEOUT_OVER_MAX;
use crate::diagnostics::codes::run::MODEL_SETTING;
use crate::diagnostics::{Diagnostic, Span, meant_or_listed};
use crate::documents::read_source;
use crate::documents::settings::MAX_TIMEOUT;
use crate::run::Session;
use crate::run::graph::Node;

/// The key of a model's setting.
const KEY: &str = "timeout_seconds";

/// Wall time in seconds; `None`: no limit.
///
/// # Errors
/// A model's setting that is none, or that exceeds what the compute allows.
pub(super) fn of(
    session: &Session<'_>,
    node: &Node,
    compute: &str,
    transform: Option<&TransformArtifact>,
) -> Result<Option<u32>, Box<Diagnostic>> {
    let entry = session.compute(compute);
    let own = node.floe().map(|setting| own(session, node, setting)).transpose()?.flatten();
    if let Some(seconds) = own {
        let max = entry.and_then(|entry| entry.max_timeout_seconds);
        return match max.filter(|max| seconds > *max) {
            Some(max) => Err(Box::new(over(session, node, compute, seconds, max))),
            None => Ok(Some(seconds)),
        };
    }
    let of_transform = transform.and_then(|transform| transform.timeout_seconds);
    Ok(of_transform.or_else(|| session.default_timeout(compute)))
}

fn own(session: &Session<'_>, node: &Node, setting: &Value) -> Result<Option<u32>, Box<Diagnostic>> {
    let wrong = |what: String, help: String| {
        let diagnostic = Diagnostic::error(&MODEL_SETTING, format!("`meta.floe` of `{}`: {what}", node.name), help);
        Box::new(placed(session, node, diagnostic))
    };
    let example = "write `meta: {floe: {timeout_seconds: 3600}}` into the model's `config`";
    let Value::Object(settings) = setting else {
        return Err(wrong("it is no mapping".to_owned(), example.to_owned()));
    };
    if let Some(unknown) = settings.keys().find(|key| *key != KEY) {
        let help = meant_or_listed(unknown, [KEY], "a model may set");
        return Err(wrong(format!("there is no setting `{unknown}`"), help));
    }
    let Some(value) = settings.get(KEY) else { return Ok(None) };
    let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    match seconds.filter(|seconds| (1..=MAX_TIMEOUT).contains(seconds)) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(wrong(
            format!("`{KEY}` is {value}, and no whole number of seconds from 1 to {MAX_TIMEOUT}"),
            example.to_owned(),
        )),
    }
}

fn over(session: &Session<'_>, node: &Node, compute: &str, seconds: u32, max: u32) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &TIMEOUT_OVER_MAX,
        format!("`{KEY}` of `{}` is {seconds}, over the limit of {max} of compute `{compute}`", node.name),
        format!("set at most {max}, or ask the manifest's owner to raise `max_timeout_seconds`"),
    );
    placed(session, node, diagnostic.for_compute(compute))
}

/// Points at the setting, in the model's own file or the one that describes it.
fn placed(session: &Session<'_>, node: &Node, diagnostic: Diagnostic) -> Diagnostic {
    if node.package_name != session.compiled.artifacts.dbt.name {
        return diagnostic;
    }
    let described = node.patch_path.as_deref().and_then(|path| path.split("://").nth(1));
    let mut whole = None;
    for path in [Some(node.original_file_path.as_str()), described].into_iter().flatten() {
        let Ok(source) = read_source(&session.place.project_dir.join(path), "the model") else { continue };
        let text = source.text();
        // What describes many models does it behind their names.
        let from = if Some(path) == described { text.find(&node.name).unwrap_or(0) } else { 0 };
        if let Some(at) = text[from..].find("floe").map(|at| from + at) {
            let at = text[at..].find(KEY).map_or(at, |key| at + key);
            let length = text[at..].find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(0);
            return diagnostic.at(Span::new(&source, at, at + length));
        }
        whole = whole.or_else(|| Some(Span::new(&source, 0, 0)));
    }
    match whole {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}
