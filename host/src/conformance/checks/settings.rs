//! The schema against what the plugin takes: finds settings that it accepts, and departs from them.

use floe_plugin_api::{ComputeConfig, ProfileRequest};
use serde_json::{Map, Value, json};

use super::NO_SETTINGS;
use crate::conformance::context::Context;
use crate::conformance::settings::{COMPUTE, Found, Generator, Sample, Search, given, with_settings};
use crate::conformance::subject::{Reply, Session, Subject};
use crate::conformance::{Finding, Verdict};

/// Settings that are tried in every check, at most.
const MOST: usize = 6;

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(schema) = context.schema.take() else { return Verdict::Skipped("it has no schema".to_owned()) };
    let validator = match jsonschema::validator_for(schema.as_value()) {
        Ok(validator) => validator,
        Err(error) => {
            return Verdict::Failed(vec![Finding::new(error.to_string(), "write a schema that can be compiled")]);
        }
    };
    let plugin = subject.name().to_owned();
    let file = context.options.settings.clone();
    let read = file.map(|file| given(&file, &context.folder_of_settings(), &plugin, &schema)).transpose();
    let first = match read {
        Ok(first) => first,
        Err(problems) => {
            context.wrong_settings = problems;
            return Verdict::Skipped(NO_SETTINGS.to_owned());
        }
    };
    let folder = context.folder().to_owned();
    let generator = Generator { schema: schema.as_value(), port: context.network.refusing_port(), folder: &folder };
    context.ports =
        generator.properties().map(|(key, _)| key).filter(|key| *key == "port").map(str::to_owned).collect();
    let mut search = Search { generator, schema: &schema, validator: &validator, findings: Vec::new() };
    let mut samples = Vec::new();
    let mut refused = None;
    let died = subject.with(|session| {
        let base = ComputeConfig::new(COMPUTE, &plugin);
        let mut ask = |settings: &Map<String, Value>| {
            session.ask(&request(with_settings(&base, Value::Object(settings.clone()))))
        };
        match first {
            Some(first) => {
                let reply = ask(first.profile.connection.as_map());
                match reply.answered::<ProfileRequest>("generate_dbt_profile with the settings of the file") {
                    Ok(_) => samples.push(first),
                    Err(finding) => search.findings.push(finding),
                }
            }
            None => match search.smallest(&mut ask) {
                Found::Accepted(settings) => {
                    let settings = search.leading_here(settings, &mut ask);
                    samples.push(Sample::made("the smallest settings", &plugin, settings));
                }
                Found::Refused(why) => refused = Some(why),
                Found::Nothing => {}
            },
        }
        if let Some(smallest) = samples.first().map(|sample| sample.profile.connection.as_map().clone()) {
            let largest = search.largest(&smallest, &mut ask);
            let mut made = vec![("the largest settings".to_owned(), largest)];
            for key in search.generator.secrets() {
                let is_in = |settings: &Map<String, Value>| settings.contains_key(key);
                if made.len() < MOST && !is_in(&smallest) && !made.iter().any(|(_, settings)| is_in(settings)) {
                    let with = search.with(&smallest, key, &mut ask);
                    made.extend(with.map(|settings| (format!("settings with `{key}`"), settings)));
                }
            }
            made.retain(|(_, settings)| *settings != smallest);
            samples.extend(made.into_iter().map(|(name, settings)| Sample::made(name, &plugin, settings)));
            let more = departures(session, &search, &samples);
            search.findings.extend(more);
        }
    });
    let mut findings = std::mem::take(&mut search.findings);
    findings.extend(died.err().map(|error| Finding::new(error.message, error.help)));
    if let (true, Some(why)) = (findings.is_empty(), refused) {
        context.needs_settings = Some(why);
        context.schema = Some(schema);
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    let note =
        samples.iter().map(|sample| format!("{}: {} keys", sample.name, sample.profile.connection.as_map().len()));
    let note = note.collect::<Vec<_>>().join(", ");
    subject.keeps_secret(samples.iter().flat_map(|sample| sample.secrets.clone()));
    context.samples = samples;
    context.schema = Some(schema);
    Verdict::noted(findings, note)
}

/// Asks for the profile of a compute.
pub(super) fn request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "floe-test", "dev", "target/floe/dbt")
}

/// Settings that the schema refuses: the plugin is to refuse them too, in its own words.
fn departures(session: &mut Session, search: &Search<'_>, samples: &[Sample]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // The largest is the second, where there is one.
    let (Some(smallest), Some(largest)) = (samples.first(), samples.get(1).or(samples.first())) else {
        return findings;
    };
    let mut refuses = |base: &Sample, settings: Map<String, Value>, what: &str| {
        let settings = Value::Object(settings);
        if search.fits(&settings) || !session.is_alive() {
            return;
        }
        let reply = session.ask(&request(with_settings(&base.profile, settings)));
        findings.extend(reply.refused_well(&format!("generate_dbt_profile {what}")));
        if matches!(reply, Reply::Answer(..)) {
            findings.push(Finding::new(
                format!("generate_dbt_profile answers {what}, which the schema refuses"),
                "read the settings into the type that the schema is derived from, with `deny_unknown_fields`",
            ));
        }
    };
    let settings = |sample: &Sample| sample.profile.connection.as_map().clone();
    for key in settings(largest).keys() {
        // A list last: serde reads one into a struct, field by field.
        let wrong = [json!(true), json!(12), json!("floe"), json!({}), Value::Null, json!([])];
        let with = |value: &Value| {
            let mut other = settings(largest);
            other.insert(key.clone(), value.clone());
            other
        };
        if let Some(value) = wrong.iter().find(|value| !search.fits(&Value::Object(with(value)))) {
            refuses(largest, with(value), &format!("with `{key}: {value}`"));
        }
    }
    for key in settings(smallest).keys() {
        let mut other = settings(smallest);
        other.remove(key);
        refuses(smallest, other, &format!("without `{key}`"));
    }
    let mut other = settings(smallest);
    other.insert("floe_has_no_such_key".to_owned(), json!("floe"));
    refuses(smallest, other, "with a key that the schema does not name");
    findings
}
