//! The Python packages.

use floe_plugin_api::{DbtPackages, DbtPackagesRequest, PackageRequirement};

use super::NO_SETTINGS;
use crate::compile::answers;
use crate::conformance::context::Context;
use crate::conformance::python;
use crate::conformance::subject::Subject;
use crate::conformance::{Finding, Verdict};

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let name = subject.name().to_owned();
    let (answers, mut findings) = asked(subject, context);
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    for (what, packages) in answers {
        if let Err(error) = answers::packages(&name, &packages) {
            let finding = Finding::new(format!("{what}: {}", error.message), "use `PackageRequirement::between`");
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        let names_dbt = packages.packages.iter().any(|package| package.as_str().starts_with("dbt-"));
        if !names_dbt {
            findings.push(Finding::new(
                format!("{what}: no package of dbt is among them"),
                "name dbt-core and the dbt adapter: each compute has a Python environment of its own",
            ));
        }
    }
    Verdict::of(findings)
}

pub(super) fn installs(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    if context.samples.is_empty() {
        return Verdict::Skipped(NO_SETTINGS.to_owned());
    }
    if !context.options.resolve_packages {
        return Verdict::Skipped("not asked for: --resolve-packages asks the package index".to_owned());
    }
    let (answers, mut findings) = asked(subject, context);
    let mut seen: Vec<DbtPackages> = Vec::new();
    for (what, packages) in answers {
        if seen.contains(&packages) {
            continue;
        }
        match python::resolve(context.options.python.as_deref(), &packages) {
            Ok(()) => {}
            Err(python::Unresolved::NotThere(why)) => return Verdict::Skipped(why),
            Err(python::Unresolved::Refused(why)) => findings.push(Finding::new(
                format!("{what}: pip cannot install {} together: {why}", listed(&packages)),
                "give bounds for which there are versions that fit each other",
            )),
        }
        seen.push(packages);
    }
    Verdict::of(findings)
}

fn listed(packages: &DbtPackages) -> String {
    packages.packages.iter().map(PackageRequirement::as_str).collect::<Vec<_>>().join(", ")
}

fn asked(subject: &mut Subject<'_>, context: &Context<'_>) -> (Vec<(String, DbtPackages)>, Vec<Finding>) {
    let mut answers = Vec::new();
    let findings = subject.look(|session, findings| {
        for sample in &context.samples {
            let what = format!("get_required_dbt_packages with {}", sample.name);
            let request = DbtPackagesRequest::new(sample.profile.clone());
            match session.ask(&request).answered::<DbtPackagesRequest>(&what) {
                Ok(packages) => answers.push((what, packages)),
                Err(finding) => findings.push(finding),
            }
        }
    });
    (answers, findings)
}
