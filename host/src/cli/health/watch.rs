//! `floe health --watch`: prints what changes, until somebody ends it.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::args::Format;
use crate::diagnostics::Diagnostic;
use crate::health::watch::{Event, Status, Watch, What, now};
use crate::health::{Manner, Target, word};
use crate::interrupt;
use crate::plugins::PluginHost;
use crate::run::journal;

pub(super) fn run(
    format: Format,
    targets: &[Target<'_>],
    manner: Manner<'_>,
    host: &PluginHost,
    interval: Duration,
    diagnostics: Vec<Diagnostic>,
) -> Answer {
    let Some(product) = targets.first().map(|target| target.product) else {
        return Answer::default().with_diagnostics(diagnostics).with("computes", json!([]));
    };
    // Where the system refuses, a signal ends this process as it does any other, and its workers notice.
    let _ = interrupt::watch();
    // They are told before the watch and not after it, which may be in days.
    Answer::default().with_diagnostics(diagnostics).print_diagnostics();
    let is_run_going_on = |environment: &str| journal::is_going_on(&product.project_dir, environment);
    let watch = Watch { targets, manner, host, interval, is_run_going_on: &is_run_going_on };
    let (begun, mut changes, mut is_read) = (Instant::now(), 0_u64, true);
    watch.run(&|| interrupt::count() > 0, &mut |event| {
        changes += u64::from(matches!(&event.what, What::Status(status) if status.previous.is_some()));
        is_read = is_read && print(&line(format, &event));
        is_read
    });
    let seconds = begun.elapsed().as_secs_f64();
    if is_read {
        print(&match format {
            Format::Json => json!({
                "event": "end",
                "time": now(),
                "seconds": (seconds * 1e3).round() / 1e3,
                "changes": changes,
            })
            .to_string(),
            Format::Text => {
                let computes = targets.len();
                format!(
                    "watched {computes} connection{} for {}: {changes} change{}",
                    s(computes as u64),
                    lasting(seconds),
                    s(changes)
                )
            }
        });
    }
    Answer::verbatim("")
}

/// Prints a line, and says whether anybody reads it.
fn print(line: &str) -> bool {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

fn line(format: Format, event: &Event) -> String {
    match format {
        Format::Json => serde_json::to_string(event).unwrap_or_default(),
        Format::Text => {
            let second = event.time.split('.').next().unwrap_or_default();
            format!("{second}Z  {} ({}): {}", event.compute, event.environment, words(&event.what))
        }
    }
}

fn words(what: &What) -> String {
    match what {
        What::Status(status) => changed(status),
        What::Reconnected { .. } => "its connection had broken; reconnected".to_owned(),
        What::WorkerRestarted => "the plugin's process had died; started anew".to_owned(),
        What::CredentialsChanged => "its credentials have changed".to_owned(),
        What::LeftAlone => "left alone while a run goes on".to_owned(),
        What::TakenUp => "the run is over; checked again".to_owned(),
        What::Warning { code, message, help } => format!("warning[{code}]: {message}{}", helped(Some(help))),
    }
}

fn changed(status: &Status) -> String {
    let word = word(status.status);
    let before = match (status.previous, status.previous_seconds) {
        (Some(previous), Some(seconds)) if previous == status.status => {
            format!(" still, for {} now", lasting(seconds))
        }
        (Some(previous), Some(seconds)) => format!(", was {} for {}", self::word(previous), lasting(seconds)),
        _ => String::new(),
    };
    let reconnected = if status.reconnected { "; reconnected" } else { "" };
    let code = status.code.map(|code| format!(" [{code}]")).unwrap_or_default();
    let warnings: String = status
        .warnings
        .iter()
        .map(|warning| format!("\n  warning: {}{}", warning.message, helped(warning.help.as_ref())))
        .collect();
    format!("{word}{before}{reconnected}: {}{code}{}{warnings}", status.message, helped(status.help.as_ref()))
}

fn helped(help: Option<&String>) -> String {
    help.map(|help| format!("\n  help: {help}")).unwrap_or_default()
}

/// `3 d 4 h`, `2 min 5 s`, `0.4 s`: the two largest units.
fn lasting(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    let parts = [(whole / 86400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "min"), (whole % 60, "s")];
    let said: Vec<_> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if whole < 10 { format!("{seconds:.1} s") } else { said.join(" ") }
}

fn s(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
