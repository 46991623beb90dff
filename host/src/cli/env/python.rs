//! `floe env sync` and `floe env list`: the Python environments of the computes.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::args::{ProductArgs, StrictArgs};
use crate::cli::table::table;
use crate::cli::{product, progress};
use crate::diagnostics::Diagnostic;
use crate::run::python::{self, Environment, Made, SyncOptions, Wanted};

/// Which computes of which product.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ComputeArgs {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// Only these computes; all approved ones without
    #[arg(long = "compute", value_name = "NAME")]
    computes: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SyncArgs {
    #[command(flatten)]
    computes: ComputeArgs,

    /// Resolve anew, to the newest versions that the plugins allow, whatever the locks say
    #[arg(long)]
    upgrade: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    computes: ComputeArgs,
}

/// An environment for machines.
#[derive(Debug, Serialize)]
struct Entry {
    compute: String,
    status: &'static str,
    packages: Option<usize>,
    python: Option<String>,
    /// From the spec's folder.
    folder: Utf8PathBuf,
    /// By `sync`; absent in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<&'static str>,
}

pub(super) fn sync(args: &SyncArgs) -> Answer {
    let (project_dir, wanted, mut diagnostics) = computes(&args.computes);
    let options = SyncOptions { upgrade: args.upgrade, progress: &progress::line };
    let (made, errors) = python::sync(&project_dir, &wanted, &options);
    diagnostics.extend(errors);
    let entries = entries(&project_dir, &wanted, &made);
    let made = |entry: &Entry| entry.made.unwrap_or("not made").to_owned();
    answer(&entries, diagnostics, "made", &made)
}

pub(super) fn list(args: &ListArgs) -> Answer {
    let (project_dir, wanted, diagnostics) = computes(&args.computes);
    let entries = entries(&project_dir, &wanted, &[]);
    answer(&entries, diagnostics, "status", &|entry| entry.status.to_owned())
}

/// What the computes want, as they are compiled now: none where they do not compile.
fn computes(args: &ComputeArgs) -> (Utf8PathBuf, Vec<Wanted>, Vec<Diagnostic>) {
    let (compiled, mut diagnostics) = product::compile(&args.product, &args.strict, &[], Utf8Path::new("target/floe"));
    let Some(compiled) = compiled else { return (Utf8PathBuf::new(), Vec::new(), diagnostics) };
    let mut wanted = Wanted::of(&compiled.artifacts);
    diagnostics.extend(product::unknown(&args.computes, wanted.iter().map(|wanted| wanted.compute.as_str())));
    wanted.retain(|wanted| args.computes.is_empty() || args.computes.contains(&wanted.compute));
    (compiled.project_dir, wanted, diagnostics)
}

fn entries(project_dir: &Utf8Path, wanted: &[Wanted], made: &[Environment]) -> Vec<Entry> {
    let entry = |wanted: &Wanted| {
        let status = python::status(project_dir, wanted);
        let made = made.iter().find(|environment| environment.compute == wanted.compute);
        Entry {
            compute: wanted.compute.clone(),
            status: status.state.as_str(),
            packages: status.packages,
            python: status.python,
            folder: python::folder(&wanted.compute),
            made: made.map(|environment| environment.made).map(Made::as_str),
        }
    };
    wanted.iter().map(entry).collect()
}

fn answer(entries: &[Entry], diagnostics: Vec<Diagnostic>, word: &str, word_of: &dyn Fn(&Entry) -> String) -> Answer {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let packages = entry.packages.map_or_else(|| "-".to_owned(), |count| count.to_string());
            let python = entry.python.clone().unwrap_or_else(|| "-".to_owned());
            [entry.compute.clone(), word_of(entry), packages, python, entry.folder.to_string()]
        })
        .collect();
    let text =
        if rows.is_empty() { String::new() } else { table(["compute", word, "packages", "python", "folder"], &rows) };
    Answer::text(text).with_diagnostics(diagnostics).with("environments", json!(entries))
}
