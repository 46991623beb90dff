//! The live check: what it says, and that it ends in its time.

use std::time::Duration;

use floe_plugin_api::{CheckRequest, ComputeConfig, ConnectionStatus};

use super::NO_SETTINGS;
use crate::conformance::context::Context;
use crate::conformance::settings::Sample;
use crate::conformance::subject::{Reply, Subject};
use crate::conformance::{Finding, Verdict};

/// The deadline of a check where it does not matter.
pub(super) const USUAL: Duration = Duration::from_secs(3);

/// The deadline of a check that meets nobody who answers.
pub(super) const SHORT: Duration = Duration::from_secs(1);

/// How late an answer may come: as the host itself reckons.
const MARGIN: Duration = Duration::from_millis(200);

/// How long a late answer is waited for, to say how late it is.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) const NOWHERE: &str = "its settings do not say which machine they lead to: give settings with --config";

/// The compute of a check that a port of this machine answers, or nobody: never a stranger.
pub(super) fn reachable(context: &Context<'_>, sample: &Sample, port: u16) -> Option<ComputeConfig> {
    context.aimed(&sample.check, port).or_else(|| context.is_local().then(|| sample.check.clone()))
}

/// A request for a check, and how long its answer is waited for.
pub(super) fn request(context: &Context<'_>, config: ComputeConfig, deadline: Duration) -> (CheckRequest, Duration) {
    let milliseconds = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    let request = CheckRequest::new(config, "dev", context.folder().as_str(), milliseconds, "floe-plugin-test");
    (request, deadline + PATIENCE)
}

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(first) = context.samples.first() else { return Verdict::Skipped(NO_SETTINGS.to_owned()) };
    let mut note = None;
    let mut configs = Vec::new();
    if context.options.settings.is_some() {
        configs.push((&first.name, first.check.clone()));
    }
    for sample in &context.samples {
        configs
            .extend(reachable(context, sample, context.network.refusing_port()).map(|config| (&sample.name, config)));
    }
    if configs.is_empty() {
        return Verdict::Skipped(NOWHERE.to_owned());
    }
    let findings = subject.look(|session, findings| {
        for (name, config) in configs {
            let what = format!("validate_connection with {name}");
            let (request, patience) = request(context, config, USUAL);
            match session.ask_within(&request, patience).answered::<CheckRequest>(&what) {
                Ok(result) => {
                    let mut add = |message: &str, help: &str| {
                        findings.push(Finding::new(format!("{what}: {message}"), help));
                    };
                    if result.message.trim().is_empty() {
                        add("the result has no message", "say in one sentence what was found");
                    }
                    if result.status == ConnectionStatus::Unhealthy {
                        if result.help.as_deref().is_none_or(|help| help.trim().is_empty()) {
                            add("an unhealthy result has no help", "say what its reader can do: `with_help`");
                        }
                        if result.kind.is_none() {
                            add("an unhealthy result has no kind", "make it with `ConnectionResult::unhealthy`");
                        }
                    }
                    if !result.latency_ms.is_finite() || result.latency_ms < 0.0 {
                        add("its latency is no time", "measure it in milliseconds");
                    }
                    note.get_or_insert_with(|| format!("with {name}: {}", result.message));
                }
                Err(finding) => findings.push(finding),
            }
        }
    });
    match note {
        Some(note) => Verdict::noted(findings, note),
        None => Verdict::of(findings),
    }
}

pub(super) fn deadline(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    let (mut findings, mut slowest, before) = (Vec::new(), Duration::ZERO, context.network.connections());
    for sample in &context.samples {
        let Some(config) = reachable(context, sample, context.network.silent_port()) else { continue };
        let (request, patience) = request(context, config, SHORT);
        findings.extend(subject.look(|session, findings| {
            let what = format!(
                "validate_connection within {} s, of a server that says nothing, with {}",
                SHORT.as_secs(),
                sample.name
            );
            let reply = session.ask_within(&request, patience);
            findings.extend(reply.refused_well(&what));
            if let Reply::Answer(_, elapsed) = reply {
                slowest = slowest.max(elapsed);
                if elapsed > SHORT + MARGIN {
                    findings.push(Finding::new(
                        format!("{what}: the answer came after {:.1} s", elapsed.as_secs_f64()),
                        "give the driver what is left of `deadline_ms`, for connecting and for reading",
                    ));
                }
            }
        }));
    }
    if findings.is_empty() && !context.is_local() && context.network.connections() == before {
        return Verdict::Skipped("it connected to no server that says nothing: give settings with --config".to_owned());
    }
    Verdict::noted(findings, format!("answered after {:.1} s of {} s", slowest.as_secs_f64(), SHORT.as_secs()))
}
