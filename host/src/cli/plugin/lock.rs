//! `floe plugin lock`.

use camino::Utf8Path;
use serde_json::json;

use super::verify::{approved, wanted};
use crate::cli::answer::Answer;
use crate::cli::args::ProductArgs;
use crate::cli::table::table;
use crate::cli::{product, wiring};
use crate::compile::plugins::located;
use crate::compile::resolve::ApprovedComputes;
use crate::diagnostics::codes::plugins::LOCK_OUTDATED;
use crate::diagnostics::{Diagnostic, listed};
use crate::plugins::trust::lock::save;
use crate::plugins::trust::pinning::{Addition, Change, Problem, Step, pin, update};
use crate::plugins::trust::{Lock, Policy};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    /// Pin a file for a platform that may be another one than this: linux-aarch64=FILE
    #[arg(long = "add", value_name = "PLATFORM=FILE")]
    additions: Vec<Addition>,

    /// Say whether the lock is up to date, fail where it is not, and write nothing
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args) -> Result<Answer, Vec<Diagnostic>> {
    let approved = approved(&args.product)?;
    let files = product::lock_files(&args.product, &approved.manifests);
    let Some(file) = files.last() else { return Err(Vec::new()) };
    let former = Lock::read(file)?;
    // Only what may be loaded is pinned; what was pinned before does not matter.
    let policy = Policy::default().demanding(product::demanded(approved.trust.as_ref())?);
    let host = wiring::plugin_host(&args.product.plugins, policy);
    let pins = pin(&host, &wanted(&approved), &args.additions).map_err(|problems| placed(problems, &approved))?;
    let steps = update(former.as_ref(), pins);
    let differs = steps.iter().any(|step| step.change != Change::Kept) || former.is_none();
    let mut diagnostics: Vec<_> = host.problems().iter().filter(|problem| !problem.is_error()).cloned().collect();
    let done = if args.check {
        diagnostics.extend(differs.then(|| outdated(file, former.is_some(), &steps)));
        match (differs, &former) {
            (false, _) => "is up to date",
            (true, Some(_)) => "would change",
            (true, None) => "would be written",
        }
    } else if differs || !former.as_ref().is_some_and(Lock::is_as_written) {
        let kept = steps.iter().filter(|step| step.change != Change::Removed).map(|step| &step.pin);
        save(file, kept).map_err(|error| vec![error])?;
        "was written"
    } else {
        "is up to date"
    };
    Ok(Answer::text(text(file, done, &steps)).with_diagnostics(diagnostics).with("plugins", json!(steps)))
}

/// Each problem of a plugin once, where the manifest names the first compute that uses it.
fn placed(problems: Vec<Problem>, approved: &ApprovedComputes) -> Vec<Diagnostic> {
    let place = |problem: Problem| {
        let computes = || approved.computes.iter();
        let compute = problem.plugin.and_then(|name| computes().find(|compute| compute.plugin == name));
        compute.map_or(problem.diagnostic.clone(), |compute| located(problem.diagnostic, compute))
    };
    problems.into_iter().map(place).collect()
}

fn outdated(file: &Utf8Path, exists: bool, steps: &[Step]) -> Diagnostic {
    let changes = steps.iter().filter(|step| step.change != Change::Kept).map(|step| {
        let (pin, change) = (&step.pin, step.change.as_str());
        format!("plugin {} {} for {} would be {change}", pin.name, pin.version, pin.platform.word())
    });
    let message = if exists {
        format!("{file} is not up to date: {}", changes.collect::<Vec<_>>().join("; "))
    } else {
        format!("there is no {file}; it would pin {}", listed(steps.iter().map(|step| step.pin.name.as_str())))
    };
    Diagnostic::error(&LOCK_OUTDATED, message, "run `floe plugin lock`, look at what it says, and commit the lock")
}

fn text(file: &Utf8Path, done: &str, steps: &[Step]) -> String {
    let count = |change| match steps.iter().filter(|step| step.change == change).count() {
        0 => None,
        count => Some(format!("{count} {}", change.as_str())),
    };
    let counts = [Change::Added, Change::Changed, Change::Kept, Change::Removed].into_iter().filter_map(count);
    let counts = counts.collect::<Vec<_>>().join(", ");
    let rows: Vec<_> = steps
        .iter()
        .map(|step| {
            let pin = &step.pin;
            let files: Vec<_> = std::iter::once(&pin.file).chain(pin.libraries.keys()).map(String::as_str).collect();
            [
                pin.name.clone(),
                pin.version.clone(),
                pin.platform.word(),
                step.change.as_str().to_owned(),
                files.join(", "),
                step.because.clone(),
            ]
        })
        .collect();
    format!("{file} {done}: {counts}\n\n{}", table(["plugin", "version", "platform", "pin", "files", "because"], &rows))
}
