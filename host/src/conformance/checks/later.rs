//! Requests of later versions of floe: fields and words that this plugin cannot know.

use floe_plugin_api::{
    CatalogAttachmentRequest, CatalogConfig, DbtPackagesRequest, Method, ResourcesRequest, WorkloadSize,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::NO_SETTINGS;
use super::settings::request;
use crate::conformance::context::Context;
use crate::conformance::subject::{Reply, Subject};
use crate::conformance::{Finding, Verdict};

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(sample) = context.samples.first() else { return Verdict::Skipped(NO_SETTINGS.to_owned()) };
    let config = || sample.profile.clone();
    let catalog = CatalogConfig::rest("lake", "http://127.0.0.1:9", "warehouse");
    let requests = [
        (Method::Metadata, json!({})),
        (Method::ConfigSchema, json!({})),
        (Method::GenerateDbtProfile, document(&request(config()))),
        (Method::GetRequiredDbtPackages, document(&DbtPackagesRequest::new(config()))),
        (Method::GetResourceRequirements, document(&ResourcesRequest::new(config(), WorkloadSize::Small))),
        (Method::GetCatalogAttachmentSql, document(&CatalogAttachmentRequest::new(config(), catalog))),
    ];
    let mut findings = subject.look(|session, findings| {
        for (method, now) in requests {
            let [today, again] = [(); 2].map(|()| session.ask_document(method, &now));
            let tomorrow = session.ask_document(method, &grown(now.clone()));
            findings.extend(tomorrow.refused_well(&format!("{method} with fields of a later version")));
            // What is refused today may be refused tomorrow; what is never the same says nothing.
            let same = |one: &Reply, two: &Reply| matches!((one, two), (Reply::Answer(one, _), Reply::Answer(two, _)) if one == two);
            if same(&today, &again) && !same(&today, &tomorrow)
            {
                findings.push(Finding::new(
                    format!("{method}: a field of a later version changes the answer"),
                    "pass over fields that you do not know: never `deny_unknown_fields` on requests",
                ));
            }
            if method == Method::GetResourceRequirements {
                let mut word = now;
                word["workload_size"] = json!("gigantic");
                let reply = session.ask_document(method, &word);
                findings.extend(reply.refused_well("get_resource_requirements with a size of a later version"));
            }
        }
    });
    findings.extend(nonsense(subject));
    Verdict::of(findings)
}

fn document(request: &impl Serialize) -> Value {
    serde_json::to_value(request).unwrap_or_default()
}

/// The request with fields that nobody knows yet, wherever floe may add some.
fn grown(mut request: Value) -> Value {
    let fields = || json!({"added": [1, "floe"]});
    for pointer in ["", "/config", "/catalog"] {
        if let Some(Value::Object(part)) = request.pointer_mut(pointer) {
            part.insert("later".to_owned(), fields());
        }
    }
    request
}

/// Documents that are no requests at all.
fn nonsense(subject: &mut Subject<'_>) -> Vec<Finding> {
    let documents = [json!({}), json!([]), Value::Null, json!("floe")];
    subject.look(|session, findings| {
        for method in Method::ALL {
            for document in &documents {
                let reply: Reply = session.ask_document(method, document);
                findings.extend(reply.refused_well(&format!("{method} with the document {document}")));
                if !session.is_alive() {
                    return;
                }
            }
        }
    })
}
