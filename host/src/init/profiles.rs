//! `profiles.yml`: found where dbt finds it, and the profile of the project in it.

use std::sync::Arc;

use camino::Utf8Path;

use super::ProfilesFolder;
use super::target::plain_or_default;
use crate::compile::resolve::ProjectFacts;
use crate::diagnostics::codes::init::{LEFT_OUT, PROFILE_INVALID, PROFILE_MISSING, PROFILES_MISSING};
use crate::diagnostics::{Diagnostic, Source, Span, meant_or_listed};
use crate::documents::yaml::{Entry, Kind, Node};
use crate::documents::{read_source, yaml};

/// The file of the connections.
pub(super) const PROFILES_FILE: &str = "profiles.yml";

/// The profile of a dbt project.
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// Its file, as files that others read may show it.
    pub(super) shown: String,
    /// Where its name stands.
    pub(super) span: Span,
    /// Which output is the default.
    pub(super) target: Option<Node>,
    /// Its outputs; at least one.
    pub(super) outputs: Vec<Output>,
}

/// An output of a profile.
pub(super) struct Output {
    /// Its name.
    pub(super) name: String,
    /// Where that stands.
    pub(super) span: Span,
    /// The name of its dbt adapter.
    pub(super) adapter: String,
    /// Where that stands.
    pub(super) adapter_span: Span,
    /// Everything else.
    pub(super) settings: Vec<Entry>,
}

/// Reads the profile that a project names.
pub(super) fn read(
    folders: &[ProfilesFolder],
    project: &ProjectFacts,
) -> Result<(Profile, Vec<Diagnostic>), Vec<Diagnostic>> {
    let folder = find(folders).map_err(|problem| vec![*problem])?;
    let source =
        read_source(&folder.path.join(PROFILES_FILE), "the file of the profiles").map_err(|error| vec![*error])?;
    let (node, problems) = yaml::parse(&source);
    if problems.iter().any(Diagnostic::is_error) {
        hide_all(&source);
        return Err(problems);
    }
    // An empty file has no profile either.
    let node = node.unwrap_or_else(|| Node::empty_map(Span::new(&source, 0, 0)));
    hide_values(&node, "");
    let name = &project.dbt.profile;
    let Some(entry) = node.entry(name) else {
        let keys = node.as_map().unwrap_or_default().iter().map(|entry| entry.key.as_str());
        let keys: Vec<&str> = keys.filter(|key| *key != "config").collect();
        let help = match keys.as_slice() {
            [] => "it has no profile at all; name the folder of another with --profiles-dir".to_owned(),
            keys => meant_or_listed(name, keys.iter().copied(), "there are"),
        };
        let message = format!("there is no profile `{name}` in `{}`", source.path());
        return Err(vec![
            Diagnostic::error(&PROFILE_MISSING, message, help).labelled(project.profile_span.clone(), "named here"),
        ]);
    };
    let outputs = outputs(entry)?;
    let profile = Profile {
        name: name.clone(),
        shown: Utf8Path::new(&folder.shown).join(PROFILES_FILE).into_string(),
        span: entry.key_span.clone(),
        target: entry.value.get("target").filter(|target| target.kind != Kind::Null).cloned(),
        outputs,
    };
    Ok((profile, flags(&node)))
}

/// The first folder that is named, or has the file.
fn find(folders: &[ProfilesFolder]) -> Result<&ProfilesFolder, Box<Diagnostic>> {
    let has = |folder: &&ProfilesFolder| folder.path.join(PROFILES_FILE).symlink_metadata().is_ok();
    let found = match folders.iter().find(|folder| folder.is_named) {
        Some(named) => Some(named).filter(has),
        None => folders.iter().find(has),
    };
    found.ok_or_else(|| {
        let looked = folders.iter().find(|folder| folder.is_named).map_or(folders, std::slice::from_ref);
        let shown = looked.iter().map(|folder| match folder.shown.as_str() {
            "" => "the project's folder".to_owned(),
            shown => format!("`{shown}`"),
        });
        Box::new(Diagnostic::error(
            &PROFILES_MISSING,
            format!("there is no `{PROFILES_FILE}` in {}", shown.collect::<Vec<_>>().join(" or ")),
            "name its folder with --profiles-dir; a project that has none runs on DuckDB by `floe compile`, without any manifest",
        ))
    })
}

fn outputs(profile: &Entry) -> Result<Vec<Output>, Vec<Diagnostic>> {
    let invalid = |message: String, span: &Span| {
        Diagnostic::error(&PROFILE_INVALID, message, "correct it as `dbt debug` says, and run floe again")
            .at(span.clone())
    };
    let Some(outputs) = profile.value.entry("outputs") else {
        return Err(vec![invalid(format!("profile `{}` has no `outputs`", profile.key), &profile.key_span)]);
    };
    let Some(entries) = outputs.value.as_map().filter(|entries| !entries.is_empty()) else {
        let message = format!("`outputs` of profile `{}` holds no output", profile.key);
        return Err(vec![invalid(message, &outputs.key_span)]);
    };
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for entry in entries {
        let Some(settings) = entry.value.as_map() else {
            problems.push(invalid(format!("output `{}` is no mapping", entry.key), &entry.key_span));
            continue;
        };
        let kind = entry.value.entry("type");
        let Some((adapter, span)) = kind.and_then(|kind| Some((plain_or_default(&kind.value)?, &kind.value.span)))
        else {
            let message = format!("output `{}` has no `type` that floe can read", entry.key);
            problems.push(invalid(message, kind.map_or(&entry.key_span, |kind| &kind.value.span)));
            continue;
        };
        found.push(Output {
            name: entry.key.clone(),
            span: entry.key_span.clone(),
            adapter,
            adapter_span: span.clone(),
            settings: settings.iter().filter(|setting| setting.key != "type").cloned().collect(),
        });
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// Flags of dbt, which have moved to `dbt_project.yml` since.
fn flags(node: &Node) -> Vec<Diagnostic> {
    let Some(config) = node.entry("config").filter(|config| config.value.as_map().is_some_and(|map| !map.is_empty()))
    else {
        return Vec::new();
    };
    let message = "`config` of profiles.yml holds flags of dbt, which the generated profiles do not: it is left out";
    let help = "write them below `flags:` in dbt_project.yml, where dbt reads them whatever profile it runs with";
    vec![Diagnostic::warning(&LEFT_OUT, message, help).at(config.key_span.clone())]
}

/// It is a file of credentials, and an adapter may keep one under any key: none of its values is shown in a diagnostic, save
/// those that say what it is about.
fn hide_values(node: &Node, key: &str) {
    match &node.kind {
        Kind::Map(entries) => entries.iter().for_each(|entry| hide_values(&entry.value, &entry.key)),
        Kind::Seq(items) => items.iter().for_each(|item| hide_values(item, key)),
        _ if matches!(key, "type" | "target" | "threads" | "method") => {}
        _ => node.span.hide(),
    }
}

/// The same of a text that could not be read: all that stands behind a colon, and every line without one.
fn hide_all(source: &Arc<Source>) {
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let from = line.find(':').map_or(0, |colon| colon + 1);
        Span::new(source, start + from, start + line.trim_end().len().max(from)).hide();
        start += line.len();
    }
}

/// A path as it is seen from the project, where it lies in it: choices say where they come from.
pub(super) fn place(span: &Span) -> (&Utf8Path, usize) {
    (span.source().path(), span.position().line)
}
