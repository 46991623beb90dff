//! The pods.

use floe_plugin_api::{ResourceSpec, ResourcesRequest, WorkloadSize};

use super::NO_SETTINGS;
use crate::conformance::context::Context;
use crate::conformance::subject::Subject;
use crate::conformance::{Finding, Verdict};

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    let findings = subject.look(|session, findings| {
        for sample in &context.samples {
            let mut smaller: Option<(WorkloadSize, ResourceSpec)> = None;
            for size in WorkloadSize::ALL {
                let what = format!("get_resource_requirements with {} for size {}", sample.name, size.as_str());
                let request = ResourcesRequest::new(sample.profile.clone(), size);
                match session.ask(&request).answered::<ResourcesRequest>(&what) {
                    Ok(spec) => {
                        findings.extend(wrong(&spec, smaller.as_ref(), &what));
                        smaller = Some((size, spec));
                    }
                    Err(finding) => findings.push(finding),
                }
            }
        }
    });
    Verdict::of(findings)
}

fn wrong(spec: &ResourceSpec, smaller: Option<&(WorkloadSize, ResourceSpec)>, what: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (request, limit) in spec.requests_over_limits() {
        findings.push(Finding::new(
            format!("{what}: `{request}` is over `{limit}`, which Kubernetes refuses"),
            "request no more than the limit",
        ));
    }
    if spec.memory_request.is_none() || spec.cpu_request.is_none() {
        findings.push(Finding::new(
            format!("{what}: `cpu_request` or `memory_request` is missing"),
            "say what the pod needs: without requests Kubernetes puts it anywhere",
        ));
    }
    if let Some((size, less)) = smaller {
        let pairs = [
            ("cpu_request", &less.cpu_request, &spec.cpu_request),
            ("memory_request", &less.memory_request, &spec.memory_request),
        ];
        for (field, less, more) in pairs {
            if matches!((less, more), (Some(less), Some(more)) if more < less) {
                findings.push(Finding::new(
                    format!("{what}: `{field}` is less than for size {}", size.as_str()),
                    "larger work gets no less",
                ));
            }
        }
    }
    findings
}
