//! `floe plugin`: list and inspect here, the others in files of their own. Only `test` executes anything of a plugin.

mod lock;
mod new;
mod test;
mod verify;

use std::fmt::Write as _;

use camino::Utf8Path;
use clap::Subcommand;
use floe_plugin_api::record::StaticRecord;
use serde_json::{Map, Value, json};

use crate::cli::answer::Answer;
use crate::cli::args::PluginArgs;
use crate::cli::table::table;
use crate::cli::wiring;
use crate::diagnostics::{Diagnostic, Severity};
use crate::plugins::trust::SignatureFile;
use crate::plugins::{Found, Inspected, PluginHost, Refused, inspect, trust};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the plugins that are found, and what is wrong with those that cannot be used
    List(PluginArgs),
    /// Show what one plugin says of itself, without executing anything of it
    Inspect(InspectArgs),
    /// Write a crate for a new plugin, which builds, passes its tests and loads at once
    New(new::Args),
    /// Ask a plugin everything that floe may ask it, and say what it does otherwise than it should
    Test(test::Args),
    /// Write floe.lock, which pins the plugins that the manifest's computes use
    Lock(lock::Args),
    /// Check the plugins that the manifest's computes use against floe.lock and the keys that it trusts
    Verify(verify::Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct InspectArgs {
    /// A file, or the name of a plugin of the search path
    plugin: String,

    #[command(flatten)]
    plugins: PluginArgs,
}

pub(super) fn run(command: &Command) -> Answer {
    match command {
        Command::List(args) => list(&wiring::plugin_host_without_manifest(args)),
        Command::Inspect(args) => inspect_one(args),
        Command::New(args) => answered(new::run(args)),
        Command::Test(args) => test::run(args).unwrap_or_else(|errors| {
            Answer::default().with_diagnostics(errors).with("plugins", json!([])).with("checks", json!([]))
        }),
        Command::Lock(args) => answered(lock::run(args)),
        Command::Verify(args) => answered(verify::run(args)),
    }
}

/// The answer of a command that can do nothing where the documents are wrong.
fn answered(outcome: Result<Answer, Vec<Diagnostic>>) -> Answer {
    outcome.unwrap_or_else(|errors| Answer::default().with_diagnostics(errors).with("plugins", json!([])))
}

fn list(host: &PluginHost) -> Answer {
    let mut rows = Vec::new();
    let mut diagnostics = host.problems().to_vec();
    for found in host.list() {
        let (version, api, platform) = match &found.outcome {
            Ok(plugin) => (plugin.version.to_string(), plugin.record.floe_api_version.clone(), plugin.platform.clone()),
            Err(refused) => {
                let of = |field: fn(&StaticRecord) -> &str| refused.record.as_ref().map_or("-", field).to_owned();
                let platform = refused.platform.clone().unwrap_or_else(|| "-".to_owned());
                (of(|record| &record.version), of(|record| &record.floe_api_version), platform)
            }
        };
        let name = found.name().unwrap_or("-").to_owned();
        rows.push([name, version, api, platform, status(found), found.path.to_string()]);
        if let Err(refused) = &found.outcome {
            // A bad file that no manifest names fails nothing.
            diagnostics.extend(refused.reasons.iter().cloned().map(|reason| as_warning(reason, refused)));
        }
    }
    let mut text = String::new();
    if rows.is_empty() {
        text.push_str("no plugins were found\n\n");
    } else {
        text.push_str(&table(["name", "version", "api", "platform", "status", "file"], &rows));
        text.push('\n');
    }
    text.push_str("looked in, the first first:\n");
    for folder in host.folders() {
        let missing = if folder.exists { "" } else { " (not there)" };
        let _ = writeln!(text, "  {}{missing}", folder.path);
    }
    Answer::text(text).with_diagnostics(diagnostics).with("plugins", host.list().iter().map(entry).collect::<Vec<_>>())
}

fn as_warning(reason: Diagnostic, _refused: &Refused) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..reason }
}

fn status(found: &Found) -> String {
    match (&found.outcome, &found.shadowed_by) {
        (_, Some(_)) => "shadowed".to_owned(),
        (Ok(_), None) => "ok".to_owned(),
        (Err(_), None) => "refused".to_owned(),
    }
}

fn entry(found: &Found) -> Value {
    let mut entry = Map::new();
    entry.insert("path".to_owned(), json!(found.path));
    entry.insert("status".to_owned(), json!(status(found)));
    entry.insert("shadowed_by".to_owned(), json!(found.shadowed_by));
    entry.extend(match &found.outcome {
        Ok(plugin) => facts(Some(&plugin.record), Some(plugin.size), Some(&plugin.platform), &plugin.needs, &[]),
        Err(refused) => {
            facts(refused.record.as_ref(), refused.size, refused.platform.as_ref(), &refused.needs, &refused.reasons)
        }
    });
    Value::Object(entry)
}

fn facts(
    record: Option<&StaticRecord>,
    size: Option<u64>,
    platform: Option<&String>,
    needs: &[String],
    reasons: &[Diagnostic],
) -> Map<String, Value> {
    let reasons: Vec<_> = reasons
        .iter()
        .map(|reason| json!({"code": reason.code.id, "message": reason.message, "help": reason.help}))
        .collect();
    let facts = json!({
        "record": record,
        "size": size,
        "platform": platform,
        "needs": needs,
        "refused_because": reasons,
    });
    facts.as_object().cloned().unwrap_or_default()
}

fn inspect_one(args: &InspectArgs) -> Answer {
    let path = Utf8Path::new(&args.plugin);
    // A name has no slash and no dot, so the two cannot be confused.
    if args.plugin.contains(['/', '.']) {
        return match inspect(path) {
            Ok(plugin) => shown(&plugin),
            Err(refused) => shown_refused(&refused),
        };
    }
    let host = wiring::plugin_host_without_manifest(&args.plugins);
    match host.find(&args.plugin) {
        Ok(plugin) => shown(plugin),
        Err(error) => {
            let mut refused = host.list().iter().filter(|found| found.name() == Some(args.plugin.as_str()));
            match refused.find_map(|found| found.outcome.as_ref().err()) {
                Some(refused) => shown_refused(refused),
                None => Answer::default().with_diagnostics([error]).with("plugins", json!([])),
            }
        }
    }
}

fn shown(plugin: &Inspected) -> Answer {
    let (sha256, mut diagnostics) = match plugin.sha256() {
        Ok(sha256) => (Some(sha256), Vec::new()),
        Err(error) => (None, vec![error]),
    };
    diagnostics.extend(trust::check(plugin));
    let signature = trust::signature_of(plugin).unwrap_or_else(|error| {
        diagnostics.push(Diagnostic { severity: Severity::Warning, ..error });
        None
    });
    let mut entry = facts(Some(&plugin.record), Some(plugin.size), Some(&plugin.platform), &plugin.needs, &[]);
    entry.insert("path".to_owned(), json!(plugin.path));
    entry.insert("sha256".to_owned(), json!(sha256));
    entry.insert("status".to_owned(), json!("ok"));
    let file = |signature: &SignatureFile| json!({"path": signature.path, "key_id": signature.key_id.to_string()});
    entry.insert("signature_file".to_owned(), json!(signature.as_ref().map(file)));
    let mut text = text(
        &plugin.path,
        Some(&plugin.record),
        Some(plugin.size),
        Some(&plugin.platform),
        sha256.as_ref(),
        &plugin.needs,
    );
    if let Some(SignatureFile { path, key_id, .. }) = signature {
        let _ = writeln!(text, "{:<17} {path}, by key {key_id} as it says; not checked", "signature");
    }
    Answer::text(text).with_diagnostics(diagnostics).with("plugins", vec![Value::Object(entry)])
}

fn shown_refused(refused: &Refused) -> Answer {
    let sha256 = refused.sha256();
    let mut entry =
        facts(refused.record.as_ref(), refused.size, refused.platform.as_ref(), &refused.needs, &refused.reasons);
    entry.insert("path".to_owned(), json!(refused.path));
    entry.insert("sha256".to_owned(), json!(sha256));
    entry.insert("status".to_owned(), json!("refused"));
    let text = text(
        &refused.path,
        refused.record.as_ref(),
        refused.size,
        refused.platform.as_ref(),
        sha256.as_ref(),
        &refused.needs,
    );
    Answer::text(text).with_diagnostics(refused.reasons.clone()).with("plugins", vec![Value::Object(entry)])
}

fn text(
    path: &Utf8Path,
    record: Option<&StaticRecord>,
    size: Option<u64>,
    platform: Option<&String>,
    sha256: Option<&String>,
    needs: &[String],
) -> String {
    let mut lines = vec![("file", path.to_string())];
    if let Some(record) = record {
        lines.push(("name", record.name.clone()));
        lines.push(("version", record.version.clone()));
        lines.push(("floe_api_version", record.floe_api_version.clone()));
        lines.push(("plugin-api", record.plugin_api_version.clone()));
        lines.push(("built by", record.rustc.clone()));
        lines.push(("built for", record.target.clone()));
        lines.push(("sees", seen(&record.env)));
    }
    lines.extend(platform.map(|platform| ("platform", platform.clone())));
    lines.extend(size.map(|size| ("size", format!("{size} bytes"))));
    lines.extend(sha256.map(|sha256| ("sha256", sha256.clone())));
    lines.push(("needs", if needs.is_empty() { "no library".to_owned() } else { needs.join(", ") }));
    lines.into_iter().map(|(name, value)| format!("{name:<17} {value}\n")).collect()
}

fn seen(variables: &[String]) -> String {
    if variables.is_empty() {
        "no environment variable beyond those that every plugin sees".to_owned()
    } else {
        format!("the environment variables {}", variables.join(", "))
    }
}
