//! Hostile settings: refused or answered, as the plugin likes, but never the end of it.

use floe_plugin_api::{DbtPackagesRequest, ResourcesRequest, WorkloadSize};
use serde_json::Value;

use super::NO_SETTINGS;
use super::settings::request;
use crate::conformance::context::Context;
use crate::conformance::settings::{Sample, hostile, is_host, is_url, leaves, replaced, with_settings};
use crate::conformance::subject::{Session, Subject};
use crate::conformance::{Finding, Verdict};

/// Settings of which each is tried with every hostile value, at most.
const MOST: usize = 60;

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(sample) = context.largest().cloned() else { return Verdict::Skipped(NO_SETTINGS.to_owned()) };
    let settings = Value::Object(sample.profile.connection.as_map().clone());
    let places: Vec<_> = leaves(&settings).into_iter().take(MOST).collect();
    let mut asked = 0;
    let mut findings = Vec::new();
    for (pointer, value) in &places {
        let texts = hostile::texts().into_iter().map(|(what, text)| (what, Value::from(text)));
        let of_type = texts.filter(|_| value.is_string()).chain(hostile::values());
        let cases: Vec<(&str, Value)> = of_type.map(|(what, by)| (what, replaced(&settings, pointer, by))).collect();
        let key = pointer.trim_start_matches('/').replace('/', ".");
        let mut cases = cases.into_iter();
        // What brings it down costs that case and no other.
        while cases.len() > 0 {
            findings.extend(subject.look(|session, findings| {
                for (what, settings) in cases.by_ref() {
                    asked += 1;
                    ask(session, &sample, &settings, &format!("with {what} as `{key}`"), findings);
                    if !session.is_alive() {
                        return;
                    }
                }
            }));
            // One that cannot even be loaded any more, or dies again and again, has been told often enough.
            if findings.len() > 10 {
                return Verdict::Failed(findings);
            }
        }
    }
    findings.extend(subject.look(|session, findings| keys(session, &sample, findings)));
    findings.extend(checks(subject, context, &sample));
    Verdict::noted(findings, format!("{asked} hostile values in {} settings", places.len()))
}

fn ask(session: &mut Session, sample: &Sample, settings: &Value, what: &str, findings: &mut Vec<Finding>) {
    let config = || with_settings(&sample.profile, settings.clone());
    let mut look = |method: &str, reply: crate::conformance::subject::Reply| {
        findings.extend(reply.refused_well(&format!("{method} {what}")));
    };
    look("generate_dbt_profile", session.ask(&request(config())));
    if session.is_alive() {
        look("get_required_dbt_packages", session.ask(&DbtPackagesRequest::new(config())));
    }
    if session.is_alive() {
        look("get_resource_requirements", session.ask(&ResourcesRequest::new(config(), WorkloadSize::Large)));
    }
}

/// Names that no compute and no environment has, and very many keys.
fn keys(session: &mut Session, sample: &Sample, findings: &mut Vec<Finding>) {
    for (what, text) in hostile::texts() {
        let mut asked = request(sample.profile.clone());
        asked.config.name.clone_from(&text);
        asked.environment.clone_from(&text);
        asked.product = text;
        let reply = session.ask(&asked);
        findings.extend(reply.refused_well(&format!("generate_dbt_profile with {what} as every name")));
        if !session.is_alive() {
            return;
        }
    }
    let many = (0..100_000).map(|number| (format!("floe_{number}"), Value::Null));
    let config = sample.profile.clone().with_connection(many.collect());
    let reply = session.ask(&request(config));
    findings.extend(reply.refused_well("generate_dbt_profile with 100,000 keys that it does not know"));
}

/// The same for checks, in all settings at once that do not say where to connect to.
fn checks(subject: &mut Subject<'_>, context: &Context<'_>, sample: &Sample) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(base) = super::connection::reachable(context, sample, context.network.refusing_port()) else {
        return findings;
    };
    let settings = Value::Object(base.connection.as_map().clone());
    // In every setting at once: a request has its limit.
    let texts =
        hostile::texts().into_iter().map(|(what, text)| (what, text.chars().take(64 << 10).collect::<String>()));
    for (what, text) in texts {
        let mut all = settings.clone();
        for (pointer, value) in leaves(&settings) {
            let key = pointer.rsplit('/').next().unwrap_or_default();
            if value.is_string() && !is_host(key) && !is_url(key) {
                all = replaced(&all, &pointer, Value::from(text.as_str()));
            }
        }
        let config = with_settings(&base, all);
        findings.extend(subject.look(|session, findings| {
            let (request, patience) = super::connection::request(context, config, super::connection::USUAL);
            let reply = session.ask_within(&request, patience);
            findings.extend(reply.refused_well(&format!("validate_connection with {what} in every text")));
        }));
    }
    findings
}
