//! Checks what a plugin answers before anything is built on it.

use std::str::FromStr;

use floe_plugin_api::{DbtPackages, ErrorKind, ProfileResponse, ResourceSpec};
use pep508_rs::pep440_rs::{Operator, VersionSpecifiers};
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};
use serde_json::{Map, Value, json};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::{PACKAGE_INVALID, PROFILE_INVALID, RESOURCES_INVALID};
use crate::documents::manifest::ResourceSettings;

const TELL_VENDOR: &str = "this is a defect of the plugin: tell its vendor, or pin another version of it";

/// A profile can be written as one output of a `profiles.yml`.
///
/// # Errors
/// [`PROFILE_INVALID`], naming what is missing or wrong.
pub fn profile(plugin: &str, response: &ProfileResponse) -> Result<(), Diagnostic> {
    let wrong = |what: String| {
        Err(Diagnostic::error(&PROFILE_INVALID, format!("the profile of plugin `{plugin}` {what}"), TELL_VENDOR))
    };
    let output = &response.output;
    if output.get("type").and_then(Value::as_str).is_none_or(str::is_empty) {
        return wrong("has no `type`, the name of a dbt adapter".to_owned());
    }
    if output.get("threads").and_then(Value::as_u64).is_none_or(|count| count == 0) {
        return wrong("has no `threads`, a number above 0".to_owned());
    }
    if !["schema", "dataset"].iter().any(|key| output.get(*key).is_some_and(Value::is_string)) {
        return wrong("has no `schema`".to_owned());
    }
    for file in &response.helper_files {
        if let Err(error) = file.check() {
            return wrong(format!("comes with a file that cannot be written: {error}"));
        }
    }
    Ok(())
}

/// Every package is a requirement by PEP 508 with a lower and an upper bound.
///
/// # Errors
/// [`PACKAGE_INVALID`], naming the first that is not.
pub fn packages(plugin: &str, answer: &DbtPackages) -> Result<(), Diagnostic> {
    let wrong =
        |what: String| Diagnostic::error(&PACKAGE_INVALID, format!("plugin `{plugin}` asks for {what}"), TELL_VENDOR);
    if answer.packages.is_empty() {
        return Err(wrong("no dbt package at all".to_owned()));
    }
    for package in &answer.packages {
        let text = package.as_str();
        if text.chars().any(char::is_control) {
            // It would be more than one line of a requirements file.
            return Err(wrong(format!("{text:?}, which is no requirement by PEP 508: it holds a control character")));
        }
        let requirement = Requirement::<VerbatimUrl>::from_str(text).map_err(|error| {
            wrong(format!("{text:?}, which is no requirement by PEP 508: {}", first_line(&error.to_string())))
        })?;
        let bounded = match &requirement.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => is_bounded(specifiers),
            _ => false,
        };
        if !bounded {
            return Err(wrong(format!("{text:?}, which lacks a lower or an upper bound")));
        }
    }
    if let Some(python) = &answer.requires_python {
        VersionSpecifiers::from_str(python)
            .map_err(|_| wrong(format!("Python {python:?}, which is no version range by PEP 440")))?;
    }
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn is_bounded(specifiers: &VersionSpecifiers) -> bool {
    let has = |operators: &[Operator]| specifiers.iter().any(|specifier| operators.contains(specifier.operator()));
    let both = [Operator::Equal, Operator::EqualStar, Operator::ExactEqual, Operator::TildeEqual];
    has(&both)
        || (has(&[Operator::GreaterThan, Operator::GreaterThanEqual])
            && has(&[Operator::LessThan, Operator::LessThanEqual]))
}

/// Lays the manifest's values over the plugin's and writes them as Kubernetes ResourceRequirements.
///
/// # Errors
/// [`RESOURCES_INVALID`] where a request is over its limit.
pub fn resources(
    compute: &str,
    size: &str,
    spec: &ResourceSpec,
    own: Option<&ResourceSettings>,
) -> Result<Value, Diagnostic> {
    if let Some((request, limit)) = spec.requests_over_limits().first() {
        let error = Diagnostic::error(
            &RESOURCES_INVALID,
            format!(
                "`{request}` of compute `{compute}` for size `{size}` is over its `{limit}`, which Kubernetes refuses"
            ),
            format!(
                "set both in the manifest, below `resources: {{{size}: …}}` of the compute, the request not over the limit"
            ),
        )
        .of_kind(ErrorKind::Configuration);
        // Of the two, what the manifest sets is what can be changed there.
        return Err(match own {
            Some(own) if own.place_of(request) == &own.span => error.at(own.place_of(limit).clone()),
            Some(own) => error.at(own.place_of(request).clone()),
            None => error,
        });
    }
    Ok(kubernetes(spec))
}

/// The spec as Kubernetes writes it: `{requests: {…}, limits: {…}}`.
pub fn kubernetes(spec: &ResourceSpec) -> Value {
    let list = |pairs: [(&str, &Option<floe_plugin_api::Quantity>); 3]| {
        let mut list: Map<String, Value> = pairs
            .into_iter()
            .filter_map(|(name, quantity)| Some((name.to_owned(), json!(quantity.as_ref()?.as_str()))))
            .collect();
        if let Some(gpu) = spec.gpu.as_ref().filter(|gpu| gpu.count > 0) {
            list.insert(gpu.resource.clone(), json!(gpu.count.to_string()));
        }
        list
    };
    json!({
        "requests": list([
            ("cpu", &spec.cpu_request),
            ("memory", &spec.memory_request),
            ("ephemeral-storage", &spec.ephemeral_storage_request),
        ]),
        "limits": list([
            ("cpu", &spec.cpu_limit),
            ("memory", &spec.memory_limit),
            ("ephemeral-storage", &spec.ephemeral_storage_limit),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_plugin_api::{Gpu, Quantity};

    fn answer(packages: &[&str]) -> DbtPackages {
        serde_json::from_value(json!({"packages": packages})).unwrap()
    }

    #[test]
    fn packages_need_both_bounds() {
        for good in ["dbt-duckdb>=1.11,<2", "dbt-spark[PyHive]~=1.11.0", "x==1.2", "x>1,<=2; python_version<'4'"] {
            assert!(packages("p", &answer(&[good])).is_ok(), "{good}");
        }
        for bad in [
            "dbt-duckdb",
            "dbt-duckdb>=1",
            "dbt-duckdb<2",
            "x @ https://a.example/x.whl",
            "x>=1,<2\n-r y",
            "x>=1,<2\n",
            ">=1,<2",
            "a b>=1,<2",
            "",
        ] {
            let error = packages("p", &answer(&[bad])).unwrap_err();
            assert!(error.message.contains(&format!("{bad:?}")), "{}", error.message);
        }
        assert!(packages("p", &answer(&[])).is_err());
    }

    #[test]
    fn a_profile_has_type_threads_and_schema() {
        let profile_of = |output: Value| {
            profile("p", &ProfileResponse::new(output.as_object().cloned().unwrap())).map_err(|error| error.message)
        };
        assert!(profile_of(json!({"type": "t", "threads": 1, "schema": "s"})).is_ok());
        assert!(profile_of(json!({"type": "t", "threads": 1, "dataset": "s"})).is_ok());
        assert!(profile_of(json!({"type": "", "threads": 1, "schema": "s"})).is_err());
        assert!(profile_of(json!({"type": "t", "threads": 0, "schema": "s"})).is_err());
        assert!(profile_of(json!({"type": "t", "threads": 1})).is_err());
    }

    #[test]
    fn gpus_stand_in_requests_and_limits() {
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        let spec = ResourceSpec::new().with_cpu_request(quantity("500m")).with_gpu(Gpu::new("nvidia.com/gpu", 1));
        assert_eq!(
            kubernetes(&spec),
            json!({"requests": {"cpu": "500m", "nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "1"}})
        );
    }
}
