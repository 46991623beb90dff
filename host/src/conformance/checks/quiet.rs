//! What a plugin does besides answering.

use super::NO_SETTINGS;
use super::connection::{NOWHERE, SHORT, USUAL, reachable, request};
use crate::conformance::context::Context;
use crate::conformance::footprint::Footprint;
use crate::conformance::subject::Subject;
use crate::conformance::{Finding, Verdict};

pub(super) fn left_behind(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    let mut unseen = None;
    match context.samples.first() {
        None => unseen = Some(NO_SETTINGS),
        Some(sample) => match reachable(context, sample, context.network.refusing_port()) {
            None => unseen = Some(NOWHERE),
            Some(config) => findings.extend(subject.look(|session, findings| {
                let process = session.process_id();
                let Some(before) = Footprint::of(process) else {
                    unseen = Some("this system does not tell what a process holds");
                    return;
                };
                // The first keeps what it has; the last is to leave nothing, and meets nobody who answers.
                let silent = context.aimed(&config, context.network.silent_port()).unwrap_or_else(|| config.clone());
                for (config, keep, deadline) in [(config, true, USUAL), (silent, false, SHORT)] {
                    let (mut asked, patience) = request(context, config, deadline);
                    asked.keep_connection = keep;
                    let _ = session.ask_within(&asked, patience);
                }
                for what in before.left(process) {
                    let finding = Finding::new(
                        format!("after a check that was not to keep its connection there is {what}"),
                        "close what the check opened before it answers, unless the request says `keep_connection`",
                    );
                    if !findings.contains(&finding) {
                        findings.push(finding);
                    }
                }
            })),
        },
    }
    let processes = &subject.besides.processes;
    let help = "wait for every process that you start";
    findings.extend(processes.iter().map(|message| Finding::new(message, help)));
    match unseen {
        Some(why) if findings.is_empty() => Verdict::Skipped(why.to_owned()),
        _ => Verdict::of(findings),
    }
}

pub(super) fn stdout(subject: &mut Subject<'_>, _: &mut Context<'_>) -> Verdict {
    let noise = subject.besides.stdout.iter();
    Verdict::of(noise.map(|message| Finding::new(message, "log to standard error: it reaches floe's log")).collect())
}

pub(super) fn secrets(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let leaks = subject.besides.secrets.iter();
    let help = "never put the value of a secret into a text: `Secret` does not print itself";
    let findings: Vec<_> = leaks.map(|message| Finding::new(message, help)).collect();
    let count: usize = context.samples.iter().map(|sample| sample.secrets.len()).max().unwrap_or_default();
    if findings.is_empty() && count == 0 {
        let why = if context.samples.is_empty() { NO_SETTINGS } else { "its settings hold no secret" };
        return Verdict::Skipped(why.to_owned());
    }
    let plural = if count == 1 { "" } else { "s" };
    Verdict::noted(findings, format!("{count} secret{plural} at a time"))
}
