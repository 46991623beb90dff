//! REQ-023 and user story 5 of the requirement documents: enterprise, domain, product, with the lists that stand there.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::Value;

const HIERARCHY: &str = include_str!("../data/requirements/req-023-hierarchy.yaml");

/// What the example says of a level: `# Enterprise: approved: […]` gives `approved: […]`.
fn level(name: &str) -> &'static str {
    let line = HIERARCHY.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("the example has no {name}")).trim()
}

fn manifest(name: &str, head: &str, approved: &str) -> String {
    format!(
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: {name}, version: 1.0.0}}\n{head}\
         plugins:\n  compute:\n    {approved}\n    default: duckdb\n"
    )
}

/// The product below its domain's manifest, and that below the enterprise's.
fn project(domain: &str, product: &str) -> Project {
    Project::new()
        .with_fixtures(&["spark", "snowflake", "bigquery"])
        .with("platform/enterprise.yaml", &manifest("acme", "scope: enterprise\n", level("Enterprise")))
        .with(
            "platform/sales/manifest.yaml",
            &manifest("sales", "scope: domain\nparent_manifest: ../enterprise.yaml\n", domain),
        )
        .with(
            "floe.yaml",
            &format!(
                "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
                 platform: {{manifest: platform/sales/manifest.yaml}}\ntransforms:\n  - path: models/staging/\n    {product}\n"
            ),
        )
}

#[test]
fn only_what_the_domain_keeps_is_there_for_its_products() {
    let project = project(level("Domain"), level("Product"));
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    let artifacts: Value = serde_json::from_str(&artifacts).expect("JSON");
    let computes: Vec<_> =
        artifacts["compute_registry"]["computes"].as_object().expect("computes").keys().map(String::as_str).collect();
    assert_eq!(computes, ["duckdb", "spark"]);
    assert_eq!(artifacts["transforms"][0]["compute"], "spark");
    let chain: Vec<_> =
        artifacts["inheritance"].as_array().expect("manifests").iter().map(|one| &one["name"]).collect();
    assert_eq!(chain, ["acme", "sales"], "the root first");
}

#[test]
fn a_domain_that_approves_more_than_its_enterprise_is_refused() {
    let project = project("approved: [duckdb, spark, trino]", level("Product"));
    let run = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    // Where, what is allowed, and who says so.
    for said in ["platform/sales/manifest.yaml:8:", "trino", "bigquery", "platform/enterprise.yaml"] {
        assert!(run.stderr.contains(said), "{said} is not in\n{}", run.stderr);
    }
}

#[test]
fn a_product_outside_of_its_domains_list_is_refused() {
    let project = project(level("Domain"), "compute: snowflake");
    let run = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    for said in ["floe.yaml:7:", "snowflake", "duckdb", "spark"] {
        assert!(run.stderr.contains(said), "{said} is not in\n{}", run.stderr);
    }
}

#[test]
fn a_compute_that_no_level_approves_is_refused() {
    let project = project(level("Domain"), "compute: redshift");
    let run = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    assert!(run.stderr.contains("floe.yaml:7:") && run.stderr.contains("redshift"), "{}", run.stderr);
}

#[test]
fn a_domain_as_other_users_have_it_compiles() {
    let project = Project::new()
        .with("enterprise.yaml", include_str!("../data/manifests/enterprise.yaml"))
        .with("manifest.yaml", include_str!("../data/manifests/domain.yaml"));
    let run = project.floe(&["compile", "--format", "json"]).expect(0);
    assert!(run.diagnostics().is_empty(), "{}", run.stdout);
}
