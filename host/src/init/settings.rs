//! An output of the profile as the settings of a compute.

use floe_plugin_api::{ConfigSchemaRequest, MetadataRequest};

use super::adapters;
use super::choice::Choice;
use super::profiles::{Output, Profile};
use super::target::plain_or_default;
use crate::compile::schema::SettingsSchema;
use crate::compile::settings;
use crate::compile::source::{ComputeSession as _, ComputeSource};
use crate::diagnostics::codes::init::{CHANGED, LEFT_OUT, NO_PLUGIN};
use crate::diagnostics::{Diagnostic, Span, listed};
use crate::documents::settings::{FLOE_KEYS, MAX_THREADS, MAX_TIMEOUT, SECRET_MOUNT};
use crate::documents::yaml::{Entry, Kind, Node};

/// dbt's threads where a profile sets none.
const DBT_THREADS: i64 = 1;

/// How often unknown keys are taken out: what stands below one that is wrong is looked at once that is gone.
const ROUNDS: usize = 8;

/// The plugin of an adapter.
pub(super) struct Plugin {
    /// Its name.
    pub(super) name: String,
    /// The settings that it takes.
    pub(super) schema: SettingsSchema,
}

/// Finds the plugin of an output's adapter and asks it for its settings.
pub(super) fn open<S: ComputeSource>(
    source: &S,
    installed: &[String],
    output: &Output,
    profile: &Profile,
) -> Result<Plugin, Box<Diagnostic>> {
    let adapter = &output.adapter;
    let at = |problem: Diagnostic| Box::new(problem.at(output.adapter_span.clone()));
    let name = match installed.iter().find(|name| *name == adapter) {
        Some(name) => name,
        None => installed
            .iter()
            .find(|name| is_for(source, name, adapter))
            .ok_or_else(|| at(no_plugin(installed, output, profile)))?,
    };
    let mut session = source.open(name).map_err(at)?;
    let answer = session.call(&ConfigSchemaRequest::new()).map_err(at);
    // What it did besides answering is told when the compiler asks it.
    let _ = session.close();
    let schema = SettingsSchema::new(name, answer?.schema).map_err(at)?;
    Ok(Plugin { name: name.clone(), schema })
}

/// Whether a plugin says that it is for an adapter; one that does not answer is for none.
fn is_for<S: ComputeSource>(source: &S, plugin: &str, adapter: &str) -> bool {
    let Ok(mut session) = source.open(plugin) else { return false };
    let is_for = session.call(&MetadataRequest::new()).is_ok_and(|metadata| metadata.dbt_adapter == adapter);
    let _ = session.close();
    is_for
}

fn no_plugin(installed: &[String], output: &Output, profile: &Profile) -> Diagnostic {
    let found = if installed.is_empty() { "none".to_owned() } else { listed(installed.iter().map(String::as_str)) };
    let known = profile.outputs.iter().find(|other| installed.contains(&other.adapter));
    let other = known.map(|other| format!(", or take another output: `--target {}` ({})", other.name, other.adapter));
    Diagnostic::error(
        &NO_PLUGIN,
        format!("output `{}` is on {}, and no plugin for that dbt adapter is installed", output.name, output.adapter),
        format!("found are {found}; install one for {}{}", output.adapter, other.unwrap_or_default()),
    )
}

/// The settings of an output, floe's own keys in front; what is changed or left out is told.
pub(super) struct Made {
    /// The settings.
    pub(super) entries: Vec<Entry>,
    /// What was decided.
    pub(super) choices: Vec<Choice>,
    /// What should be known.
    pub(super) warnings: Vec<Diagnostic>,
}

pub(super) fn of(output: &Output, plugin: &Plugin) -> Made {
    let mut made = Made { entries: Vec::new(), choices: Vec::new(), warnings: Vec::new() };
    let mut entries = output.settings.clone();
    plain(&mut entries);
    let threads = threads(&mut entries, output, &mut made);
    let timeout = timeout(&mut entries, output, &mut made);
    aliases(&mut entries, output, plugin, &mut made);
    owned(&mut entries, output, &mut made);
    unknown(&mut entries, output, plugin, &mut made);
    made.entries = [threads, timeout].into_iter().flatten().chain(entries).collect();
    made
}

/// Takes out keys without a value, which dbt reads as absent, and reads the truths of YAML 1.1 as dbt does.
fn plain(entries: &mut Vec<Entry>) {
    entries.retain(|entry| entry.value.kind != Kind::Null);
    for entry in entries {
        truths(&mut entry.value);
    }
}

fn truths(node: &mut Node) {
    match &mut node.kind {
        Kind::Map(entries) => plain(entries),
        Kind::Seq(items) => items.iter_mut().for_each(truths),
        // One in quotes is a text to every reader.
        Kind::Str(text) if node.span.text() == text => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" => node.kind = Kind::Bool(true),
            "no" | "off" => node.kind = Kind::Bool(false),
            _ => {}
        },
        _ => {}
    }
}

fn take(entries: &mut Vec<Entry>, key: &str) -> Option<Entry> {
    let at = entries.iter().position(|entry| entry.key == key)?;
    Some(entries.remove(at))
}

fn number(key: &str, value: i64, span: &Span) -> Entry {
    let value = Node { kind: Kind::Int(value), span: span.clone() };
    Entry { key: key.to_owned(), key_span: span.clone(), value }
}

/// A number, or the one that an expression has as its default.
fn whole(node: &Node) -> Option<i64> {
    match &node.kind {
        Kind::Int(value) => Some(*value),
        Kind::Str(_) => plain_or_default(node)?.trim().parse().ok(),
        _ => None,
    }
}

fn threads(entries: &mut Vec<Entry>, output: &Output, made: &mut Made) -> Option<Entry> {
    let Some(entry) = take(entries, "threads") else {
        let what = format!("`threads: {DBT_THREADS}` in output `{}`", output.name);
        made.choices.push(Choice::new(what, "dbt's default; floe's own would be 4", &output.span));
        return Some(number("threads", DBT_THREADS, &output.span));
    };
    let most = i64::from(MAX_THREADS);
    let found = whole(&entry.value);
    let kept = found.map(|threads| threads.clamp(1, most));
    if kept.is_none() || kept != found || !matches!(entry.value.kind, Kind::Int(_)) {
        let stands = kept.map_or_else(
            || "it is left out, so that 4 count".to_owned(),
            |kept| format!("`threads: {kept}` stands in its place"),
        );
        made.warnings.push(changed(
            format!("`threads` of output `{}` must be a number from 1 to {most}: {stands}", output.name),
            "write another number in manifest.yaml",
            &entry.key_span,
        ));
    }
    kept.map(|kept| number("threads", kept, &entry.value.span))
}

/// What the adapter calls its limit of a query is `timeout_seconds` for every compute.
fn timeout(entries: &mut Vec<Entry>, output: &Output, made: &mut Made) -> Option<Entry> {
    let mut kept = None;
    for (inside, key) in adapters::timeouts(&output.adapter) {
        let entry = match inside {
            None => take(entries, key),
            Some(inside) => take_inside(entries, inside, key),
        };
        let Some(entry) = entry else { continue };
        let name = inside.map_or_else(|| key.to_owned(), |inside| format!("{inside}.{key}"));
        let seconds = match &entry.value.kind {
            Kind::Int(value) => u32::try_from(*value).ok(),
            Kind::Str(text) => adapters::seconds(text),
            _ => None,
        };
        match seconds.filter(|seconds| (1..=MAX_TIMEOUT).contains(seconds)) {
            Some(seconds) => {
                let why = format!(
                    "`{name}` of output `{}`: every compute has its limit of a query under this name",
                    output.name
                );
                made.choices.push(Choice::new(format!("`timeout_seconds: {seconds}`"), why, &entry.key_span));
                kept.get_or_insert_with(|| number("timeout_seconds", i64::from(seconds), &entry.value.span));
            }
            None => made.warnings.push(changed(
                format!(
                    "`{name}` of output `{}` is no limit from 1 to {MAX_TIMEOUT} seconds: it is left out",
                    output.name
                ),
                "write the limit of a query as `timeout_seconds` in manifest.yaml",
                &entry.key_span,
            )),
        }
    }
    kept
}

fn take_inside(entries: &mut Vec<Entry>, inside: &str, key: &str) -> Option<Entry> {
    let at = entries.iter().position(|entry| entry.key == inside)?;
    let Kind::Map(below) = &mut entries[at].value.kind else { return None };
    let found = take(below, key);
    if below.is_empty() && found.is_some() {
        entries.remove(at);
    }
    found
}

/// Other names of keys; only where the plugin does not take them itself.
fn aliases(entries: &mut Vec<Entry>, output: &Output, plugin: &Plugin, made: &mut Made) {
    for at in (0..entries.len()).rev() {
        let name = entries[at].key.clone();
        let Some(key) = adapters::alias(&output.adapter, &name) else { continue };
        if plugin.schema.declares(&name) || !plugin.schema.declares(key) {
            continue;
        }
        if entries.iter().any(|other| other.key == key) {
            let entry = entries.remove(at);
            made.warnings.push(left_out(
                format!(
                    "`{name}` of output `{}` is another name of `{key}`, which is set too: it is left out",
                    output.name
                ),
                &format!("see that `{key}` in manifest.yaml is the right one"),
                &entry,
            ));
            continue;
        }
        let what = format!("`{key}` for `{name}`");
        let why = format!("two names of one setting of dbt-{}", output.adapter);
        made.choices.push(Choice::new(what, why, &entries[at].key_span));
        key.clone_into(&mut entries[at].key);
    }
}

/// Keys that are floe's, and that dbt passed over.
fn owned(entries: &mut Vec<Entry>, output: &Output, made: &mut Made) {
    let is_owned = |entry: &mut Entry| FLOE_KEYS.contains(&entry.key.as_str()) || entry.key == SECRET_MOUNT;
    for entry in entries.extract_if(.., is_owned) {
        made.warnings.push(left_out(
            format!(
                "`{}` of output `{}` had no effect in dbt, and would have one in floe: it is left out",
                entry.key, output.name
            ),
            "write it in manifest.yaml if that is what you want",
            &entry,
        ));
    }
}

/// Keys that the plugin does not have, at any depth: dbt passed over them.
fn unknown(entries: &mut Vec<Entry>, output: &Output, plugin: &Plugin, made: &mut Made) {
    let mut node = Node { kind: Kind::Map(std::mem::take(entries)), span: output.span.clone() };
    for _ in 0..ROUNDS {
        let found = settings::unknown(&plugin.name, &node, &plugin.schema);
        let mut removed = false;
        for problem in found {
            let Some(span) = problem.labels.first().map(|label| label.span.clone()) else { continue };
            if remove(&mut node, &span) {
                removed = true;
                let message = format!("{}, and is left out", problem.message);
                made.warnings.push(Diagnostic::warning(&LEFT_OUT, message, problem.help).at(span));
            }
        }
        if !removed {
            break;
        }
    }
    if let Kind::Map(left) = node.kind {
        *entries = left;
    }
}

/// Removes the entry whose key stands at a place.
fn remove(node: &mut Node, span: &Span) -> bool {
    match &mut node.kind {
        Kind::Map(entries) => {
            let before = entries.len();
            entries.retain(|entry| entry.key_span != *span);
            before != entries.len() || entries.iter_mut().any(|entry| remove(&mut entry.value, span))
        }
        Kind::Seq(items) => items.iter_mut().any(|item| remove(item, span)),
        _ => false,
    }
}

fn left_out(message: String, help: &str, entry: &Entry) -> Diagnostic {
    Diagnostic::warning(&LEFT_OUT, message, help).at(entry.key_span.clone())
}

pub(super) fn changed(message: String, help: &str, span: &Span) -> Diagnostic {
    Diagnostic::warning(&CHANGED, message, help).at(span.clone())
}
