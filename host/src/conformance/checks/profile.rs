//! The profiles.

use floe_plugin_api::{ProfileRequest, ProfileResponse, TIMEOUT_NOT_ENFORCED, TIMEOUT_VARIABLE, TimeoutEnforcement};
use serde_json::{Value, json};

use super::NO_SETTINGS;
use super::settings::request;
use crate::compile::answers;
use crate::conformance::context::Context;
use crate::conformance::python;
use crate::conformance::settings::Sample;
use crate::conformance::subject::Subject;
use crate::conformance::{Finding, Verdict};

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    let adapter = context.metadata.as_ref().map(|metadata| metadata.dbt_adapter.clone());
    let name = subject.name().to_owned();
    let findings = subject.look(|session, findings| {
        for sample in &context.samples {
            let what = format!("generate_dbt_profile with {}", sample.name);
            let plain = request(sample.profile.clone());
            let mut limited = request(sample.profile.clone().with_threads(7));
            limited.config.timeout_seconds = Some(77);
            limited.config.connect_timeout_seconds = Some(7);
            "prod".clone_into(&mut limited.environment);
            for (request, what) in [(plain, what.clone()), (limited, format!("{what} and a limit of time"))] {
                match session.ask(&request).answered::<ProfileRequest>(&what) {
                    Ok(response) => {
                        findings.extend(wrong(&name, &request, &response, sample, adapter.as_deref(), &what));
                    }
                    Err(finding) => findings.push(finding),
                }
            }
        }
    });
    Verdict::of(findings)
}

/// Everything that is wrong with a profile.
fn wrong(
    plugin: &str,
    request: &ProfileRequest,
    response: &ProfileResponse,
    sample: &Sample,
    adapter: Option<&str>,
    what: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |message: String, help: &str| findings.push(Finding::new(format!("{what}: {message}"), help));
    if let Err(error) = answers::profile(plugin, response) {
        add(error.message, "write `type`, `threads` and `schema` (or `dataset`) into the output");
    }
    let output = &response.output;
    if let (Some(adapter), Some(kind)) = (adapter, output.get("type").and_then(Value::as_str))
        && kind != adapter
    {
        add(format!("`type` is {kind:?}; the metadata says {adapter:?}"), "they are the same dbt adapter");
    }
    if output.get("threads") != Some(&json!(request.config.threads)) {
        add(format!("`threads` is not the {} of the request", request.config.threads), "copy `config.threads`");
    }
    let written = Value::Object(output.clone()).to_string() + &helpers(response);
    for expression in sample.expressions() {
        let variable = expression.split('\'').nth(1).unwrap_or_default();
        let whole = written.matches(expression.as_str()).count();
        if written.matches(&format!("{variable}'")).count() > whole {
            add(format!("the expression of the secret {variable} is altered"), "copy it as it is: `secret.expose()`");
        }
    }
    if request.config.timeout_seconds.is_some() {
        findings.extend(timeout(response, &written, what));
    }
    findings
}

/// What the profile does about `timeout_seconds` is what it says that it does.
fn timeout(response: &ProfileResponse, written: &str, what: &str) -> Option<Finding> {
    let told = response.warnings.iter().any(|warning| warning.reason == TIMEOUT_NOT_ENFORCED);
    match response.timeout {
        TimeoutEnforcement::Native | TimeoutEnforcement::Coarse { .. } if !written.contains(TIMEOUT_VARIABLE) => {
            Some(Finding::new(
                format!(
                    "{what}: `timeout_seconds` is held, by its own word, and {TIMEOUT_VARIABLE} is nowhere in the output"
                ),
                "give the adapter's key `config.timeout_expression()`: floe lifts the limit for models that may take longer",
            ))
        }
        TimeoutEnforcement::None if !told && !written.contains(TIMEOUT_VARIABLE) => Some(Finding::new(
            format!("{what}: nothing holds `timeout_seconds`, and no warning says so"),
            "warn with the reason `TIMEOUT_NOT_ENFORCED`: plain dbt does not hold the limit",
        )),
        _ => None,
    }
}

fn helpers(response: &ProfileResponse) -> String {
    response.helper_files.iter().map(|file| file.content.as_str()).collect()
}

pub(super) fn adapter(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    let (mut names, mut outputs) = (Vec::new(), Vec::new());
    let mut findings = subject.look(|session, findings| {
        for sample in &context.samples {
            let mut asked = request(sample.profile.clone());
            asked.config.timeout_seconds = Some(77);
            match session.ask(&asked).answered::<ProfileRequest>(&sample.name) {
                Ok(response) => {
                    names.push(&sample.name);
                    outputs.push(Value::Object(response.output));
                }
                Err(finding) => findings.push(finding),
            }
        }
    });
    if outputs.iter().any(|output| output.get("type").is_none_or(|kind| kind != &outputs[0]["type"])) {
        return Verdict::Skipped("its profiles have no `type`, or not always the same".to_owned());
    }
    match python::read_by_adapter(context.options.python.as_deref(), &outputs) {
        python::Read::Fits(version) => Verdict::noted(findings, version),
        python::Read::NotThere(why) => Verdict::Skipped(why),
        python::Read::Wrong(wrong) => {
            for (name, wrong) in names.into_iter().zip(wrong) {
                findings.extend(wrong.into_iter().map(|wrong| {
                    Finding::new(
                        format!("the profile with {name}: {wrong}"),
                        "write what the adapter's own credentials class reads",
                    )
                }));
            }
            Verdict::of(findings)
        }
    }
}
