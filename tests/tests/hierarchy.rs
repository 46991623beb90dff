//! Enterprise → domain → product, end to end: what is inherited, who set it, and what nobody may loosen.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::{Value, json};

const ENTERPRISE: &str = "apiVersion: floe.dev/v1
kind: Manifest
metadata: {name: acme, version: 2.1.0, owner: platform@acme.example}
scope: enterprise
plugins:
  compute:
    approved:
      - {name: good, config: {path: acme.duckdb, threads: 2, max_timeout_seconds: 3600}, resources: {large: {memory_limit: 16Gi}}}
      - {name: lake, plugin: twin_a, version: '>=0.1', config: {timeout_seconds: 900}}
      - {name: mart, plugin: twin_b}
    default: good
environments:
  - {name: prod, connections: {good: {path: prod.duckdb}}}
";

const DOMAIN: &str = "apiVersion: floe.dev/v1
kind: Manifest
metadata: {name: emea, owner: data-emea@acme.example}
scope: domain
parent_manifest: ../acme.yaml
plugins:
  compute:
    approved:
      - {name: good, config: {threads: 6, max_timeout_seconds: 600}}
      - lake
    default: lake
environments:
  - {name: dev, product_may_set: [path]}
";

/// A product below a domain and an enterprise.
fn product(transforms: &str) -> Project {
    let project = Project::new().with_fixtures(&["good", "twin_a", "twin_b"]);
    project.write("../acme.yaml", ENTERPRISE);
    project.write("../emea/manifest.yaml", DOMAIN);
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
             platform: {{manifest: ../emea/manifest.yaml}}\n{transforms}"
        ),
    );
    project
}

fn artifacts(project: &Project) -> Value {
    let text = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    serde_json::from_str(&text).expect("JSON")
}

/// A snapshot of what is said as text and as JSON.
fn refused(name: &str, project: &Project) {
    let text = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(format!("{name}.text"), redact(project, &text.transcript()));
    let json = project.floe(&["compile", "--format", "json"]).expect(1);
    let _ = json.json();
    insta::assert_snapshot!(format!("{name}.json"), redact(project, &json.stdout));
}

#[test]
fn a_product_runs_on_what_its_domain_leaves_of_the_enterprise() {
    let project = product(
        "transforms:\n  - {path: models/staging/, compute: good}\n  - {path: models/marts/}\n\
         environments: [{name: dev, connections: {good: {path: mine.duckdb}}}, {name: prod}]\n",
    );
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = artifacts(&project);
    let registry = &artifacts["compute_registry"];
    assert_eq!(registry["computes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["good", "lake"]);
    assert_eq!((&registry["default"], &registry["default_set_by"]), (&json!("lake"), &json!("../emea/manifest.yaml")));
    let computes: Vec<_> =
        artifacts["transforms"].as_array().unwrap().iter().map(|one| one["compute"].clone()).collect();
    assert_eq!(computes, ["good", "lake"]);
    let good = &registry["computes"]["good"];
    assert_eq!((&good["threads"], &good["timeout_seconds"]), (&json!(6), &json!(600)));
    insta::assert_snapshot!(format!(
        "{:#}\n{:#}\n{:#}",
        artifacts["inheritance"],
        good["set_by"],
        json!({"dev": good["environments"]["dev"]["set_by"], "prod": good["environments"]["prod"]["set_by"]}),
    ));
    let profile = fs::read_to_string(project.path("target/floe/profiles/prod/good/profiles.yml")).expect("a profile");
    assert!(profile.contains("prod.duckdb"), "{profile}");
}

#[test]
fn a_compute_that_the_domain_left_out_is_refused_with_who_did_it() {
    let project = product(
        "transforms:\n  - {path: models/staging/, compute: mart}\n  - {path: models/marts/, compute: laek, timeout_seconds: 700}\n  \
         - {name: sales, compute: good, timeout_seconds: 700}\nenvironments: [{name: dev, connections: {mart: {path: x}}}]\n",
    );
    refused("left-out", &project);
}

#[test]
fn a_domain_that_loosens_is_refused_with_every_constraint_and_who_set_it() {
    let project = product("transforms: [{path: models/, compute: mart}]\n");
    project.write(
        "../emea/manifest.yaml",
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: emea}\nscope: domain\nparent_manifest: ../acme.yaml\n\
         plugins:\n  compute:\n    approved:\n      - {name: good, config: {max_timeout_seconds: 7200}, resources: {large: {memory_limit: 64Gi}}}\n      \
         - {name: lake, plugin: twin_b}\n      - warehouse\n    default: warehouse\n",
    );
    refused("loosened", &project);
}

#[test]
fn errors_of_every_file_and_plugin_are_told_in_one_run_and_in_order() {
    let project = product(
        "tranforms: []\nenvironments:\n  - {name: dev, compute: lake, connections: {good: {path: 7}}}\n  - {name: dev}\n",
    );
    project.write("../acme.yaml", &ENTERPRISE.replace("threads: 2", "threads: 200").replace("scope:", "scop:"));
    project.write(
        "../emea/manifest.yaml",
        &DOMAIN.replace("[path]", "[path, compute]").replace("- lake\n", "- {name: lake, colour: red}\n"),
    );
    project.write("dbt_project.yml", "name: shop\n");
    refused("everything", &project);
}

#[test]
fn a_parent_that_is_not_there_is_shown_with_the_way_to_it() {
    let project = product("transforms: [{path: models/nowhere/}]\n");
    fs::remove_file(project.path("../acme.yaml")).expect("it was there");
    refused("no-parent", &project);
    project.write("../emea/manifest.yaml", &DOMAIN.replace("../acme.yaml", "oci://registry.example/acme/platform:2.1"));
    refused("registry", &project);
    project.write(
        "../acme.yaml",
        &ENTERPRISE.replace("scope: enterprise", "scope: domain\nparent_manifest: emea/manifest.yaml"),
    );
    project.write("../emea/manifest.yaml", DOMAIN);
    refused("cycle", &project);
}

#[test]
fn files_are_named_by_url_too() {
    let project = product("");
    let root = project.root().to_str().expect("a path in UTF-8").to_owned();
    project.write("../emea/manifest.yaml", &DOMAIN.replace("../acme.yaml", &format!("file://{root}/acme.yaml")));
    let _ = project.floe(&["compile"]).expect(0);
    assert_eq!(artifacts(&project)["inheritance"][0]["path"], json!("../acme.yaml"));
}

#[test]
fn one_aggregate_says_why_no_compute_can_be_used() {
    let project = product("");
    for plugin in ["libgood.so", "libtwin_b.so"] {
        fs::remove_file(project.plugins().join(plugin)).expect("it was there");
    }
    project.write("../emea/manifest.yaml", &DOMAIN.replace("- lake\n", "- {name: lake, version: '>=99'}\n"));
    refused("all-failed", &project);
}

#[test]
fn warnings_fail_where_that_is_asked_for_and_leave_the_former_artifacts() {
    let project = product("");
    // The fixtures warn that nothing holds a timeout.
    let domain = DOMAIN.replace(", max_timeout_seconds: 600", "");
    let enterprise =
        ENTERPRISE.replace(", max_timeout_seconds: 3600", "").replace(", config: {timeout_seconds: 900}", "");
    project.write("../acme.yaml", &enterprise);
    project.write("../emea/manifest.yaml", &domain);
    let _ = project.floe(&["compile", "--deny-warnings"]).expect(0);
    let before = fs::read(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    project.write("../emea/manifest.yaml", &format!("{domain}  - name: prod\n"));
    // The target is the environment, and no environment has a compute's name.
    project
        .write("models/marts/sales.sql", "select {% if target.name == 'lake' %} 1 {% else %} 2 {% endif %} as total\n");
    let run = project.floe(&["compile", "--deny-warnings"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    assert_eq!(fs::read(project.path("target/floe/compiled_artifacts.json")).expect("artifacts"), before);
    let _ = project.floe(&["compile"]).expect(0);
}

#[test]
fn health_looks_at_what_the_chain_says() {
    let project = product("");
    let run = project.floe(&["health", "--env", "prod", "--format", "json"]);
    let computes: Vec<_> =
        run.json()["computes"].as_array().unwrap().iter().map(|one| one["compute"].clone()).collect();
    assert_eq!(computes, ["good", "lake"]);
}
