//! Methods that only compute.

use floe_plugin_api::{ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize};

use super::NO_SETTINGS;
use super::settings::request;
use crate::conformance::context::Context;
use crate::conformance::settings::Sample;
use crate::conformance::subject::{Reply, Session, Subject};
use crate::conformance::{Finding, Verdict};

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(sample) = context.largest() else { return Verdict::Skipped(NO_SETTINGS.to_owned()) };
    // Where they lead, somebody counts.
    let mut sample = sample.clone();
    if let Some(aimed) = context.aimed(&sample.profile, context.network.silent_port()) {
        sample.profile = aimed;
    }
    let before = context.network.connections();
    let mut rounds: Vec<Vec<(&'static str, String)>> = Vec::new();
    let mut findings = Vec::new();
    // Twice in one process and once in another.
    for times in [2, 1] {
        findings.extend(subject.look(|session, findings| {
            for _ in 0..times {
                rounds.push(answers(session, &sample, findings));
            }
        }));
    }
    if let Some((first, others)) = rounds.split_first() {
        for (index, (method, answer)) in first.iter().enumerate() {
            let differs = |round: &&Vec<(&str, String)>| round.get(index).is_some_and(|(_, other)| other != answer);
            if others.iter().any(|round| differs(&round)) {
                findings.push(Finding::new(
                    format!("{method}: the same request got different answers"),
                    "keep times, random numbers and the order of hash maps out of answers: artifacts are compared byte for byte",
                ));
            }
        }
    }
    let connected = context.network.connections() - before;
    if connected > 0 {
        findings.push(Finding::new(
            format!("it connected to the engine {connected} times in calls that only compute"),
            "connect in `validate_connection` alone: `floe compile` works without a network",
        ));
    }
    Verdict::of(findings)
}

fn answers(session: &mut Session, sample: &Sample, findings: &mut Vec<Finding>) -> Vec<(&'static str, String)> {
    let config = || sample.profile.clone();
    let replies = [
        ("metadata", session.ask(&MetadataRequest::new())),
        ("config_schema", session.ask(&ConfigSchemaRequest::new())),
        ("generate_dbt_profile", session.ask(&request(config()))),
        ("get_required_dbt_packages", session.ask(&DbtPackagesRequest::new(config()))),
        ("get_resource_requirements", session.ask(&ResourcesRequest::new(config(), WorkloadSize::Medium))),
    ];
    let text = |(method, reply): (&'static str, Reply)| match reply {
        Reply::Answer(document, _) => (method, document),
        Reply::Refused(error) => (method, format!("{error:?}")),
        Reply::Broke(broke) => {
            findings.push(Finding::new(format!("{method}: {}", broke.message), broke.help));
            (method, String::new())
        }
    };
    replies.into_iter().map(text).collect()
}
