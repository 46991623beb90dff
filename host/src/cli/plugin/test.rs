//! `floe plugin test`.

use std::fmt::Write as _;
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::args::PluginArgs;
use crate::cli::table::table;
use crate::cli::wiring;
use crate::conformance::{self, Options, Report, Verdict};
use crate::diagnostics::Diagnostic;
use crate::plugins::{Inspected, inspect};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A file, or the name of a plugin of the search path
    plugin: String,

    /// Test with the settings of this file, written as below `config:` of a manifest; made from the schema without
    #[arg(long, value_name = "FILE")]
    config: Option<Utf8PathBuf>,

    /// The Python in which the dbt adapter is installed, which is to read the profiles
    #[arg(long, value_name = "FILE", default_value = "python3")]
    python: PathBuf,

    /// Ask the package index whether the plugin's packages can be installed together
    #[arg(long)]
    resolve_packages: bool,

    /// Write the report to this file too, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<Utf8PathBuf>,

    #[command(flatten)]
    plugins: PluginArgs,
}

pub(super) fn run(args: &Args) -> Result<Answer, Vec<Diagnostic>> {
    let host = wiring::plugin_host_without_manifest(&args.plugins);
    // A name has no slash and no dot, so the two cannot be confused.
    let at_path;
    let plugin = if args.plugin.contains(['/', '.']) {
        at_path = inspect(Utf8Path::new(&args.plugin)).map_err(|refused| refused.reasons)?;
        &at_path
    } else {
        host.find(&args.plugin).map_err(|error| vec![error])?
    };
    let options = Options {
        settings: args.config.clone(),
        python: Some(args.python.clone()),
        resolve_packages: args.resolve_packages,
    };
    let report = conformance::test(&host, plugin, &options)?;
    let mut diagnostics = report.diagnostics(plugin);
    let compliant = diagnostics.is_empty();
    let saved = args.junit.as_ref().map(|file| conformance::save_junit(file, plugin.name(), &report));
    diagnostics.extend(saved.and_then(Result::err));
    let entry = json!({
        "name": plugin.name(),
        "version": plugin.record.version,
        "path": plugin.path,
        "sha256": plugin.sha256().ok(),
        "compliant": compliant,
    });
    Ok(Answer::text(text(plugin, &report))
        .with_diagnostics(diagnostics)
        .with("plugins", json!([entry]))
        .with("checks", report.checks))
}

fn text(plugin: &Inspected, report: &Report) -> String {
    let rows: Vec<_> = report
        .checks
        .iter()
        .map(|check| {
            let findings = match check.verdict.findings().len() {
                0 => check.verdict.note().unwrap_or_default().to_owned(),
                1 => "1 finding".to_owned(),
                count => format!("{count} findings"),
            };
            [check.check.to_owned(), check.verdict.as_str().to_owned(), check.expects.to_owned(), findings]
        })
        .collect();
    let count = |word: &str| report.checks.iter().filter(|check| check.verdict.as_str() == word).count();
    let mut text = format!("plugin {} {} ({})\n\n", plugin.name(), plugin.record.version, plugin.path);
    text.push_str(&table(["check", "result", "expects", "seen"], &rows));
    let (passed, failed, skipped) = (count("passed"), count("failed"), count("skipped"));
    let _ = write!(text, "\n{passed} passed, {failed} failed, {skipped} skipped: ");
    let is_skipped = |check: &&conformance::CheckReport| matches!(check.verdict, Verdict::Skipped(_));
    text.push_str(match (failed, report.checks.iter().any(|check| is_skipped(&check)), &report.needs_settings) {
        (0, _, Some(_)) => "too little was seen\n",
        (0, false, None) => "the plugin complies\n",
        (0, true, None) => "the plugin complies, as far as it was seen\n",
        _ => "the plugin does not comply\n",
    });
    text
}
