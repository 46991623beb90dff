//! Manifests as other users of the platform have them (tests/data/manifests): a single compute, plugins of all other
//! categories, the sections of other parts, placeholders. They compile as they are, literal secrets excepted.

use std::fs;

use floe_tests::redact::redact;
use floe_tests::tree::tree;
use floe_tests::{Project, Run};

const QUICKSTART: &str = include_str!("../data/manifests/quickstart.yaml");
const ENTERPRISE: &str = include_str!("../data/manifests/enterprise.yaml");
const DOMAIN: &str = include_str!("../data/manifests/domain.yaml");
const LAKEHOUSE: &str = include_str!("../data/manifests/lakehouse.yaml");

fn compile(manifest: &str) -> (Project, Run) {
    let spec = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: sales-eu, version: 1.0.0}\n\
                platform: {manifest: manifest.yaml}\n";
    let project = Project::new().with("floe.yaml", spec).with("manifest.yaml", manifest);
    let run = project.floe(&["compile", "--format", "json"]);
    (project, run)
}

fn profile(project: &Project) -> String {
    fs::read_to_string(project.path("target/floe/profiles/dev/duckdb/profiles.yml")).expect("a profile")
}

/// The codes of all diagnostics.
fn codes(run: &Run) -> Vec<String> {
    run.diagnostics().iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn they_compile_without_a_word() {
    for manifest in [QUICKSTART, ENTERPRISE] {
        let (project, run) = compile(manifest);
        let run = run.expect(0);
        assert_eq!(codes(&run), Vec::<String>::new(), "{}", run.stdout);
        assert_eq!(fs::read_to_string(project.path("manifest.yaml")).expect("the manifest"), manifest);
    }
}

#[test]
fn the_single_compute_is_the_approved_one_and_the_default() {
    for manifest in [QUICKSTART, ENTERPRISE] {
        let (project, _) = compile(manifest);
        let artifacts = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
        let artifacts: serde_json::Value = serde_json::from_str(&artifacts).expect("JSON");
        assert_eq!(artifacts["compute_registry"]["default"], "duckdb");
        assert_eq!(artifacts["compute_registry"]["computes"].as_object().expect("computes").len(), 1);
    }
}

#[test]
fn placeholders_are_the_product() {
    let (project, _) = compile(QUICKSTART);
    let profile = profile(&project);
    for line in [r#"path: "sales_eu.duckdb""#, r#"schema: "sales_eu_main""#, "threads: 8", r#"memory_limit: "2GB""#] {
        assert!(profile.contains(line), "{line} is not in\n{profile}");
    }
}

#[test]
fn every_category_and_section_that_passes_through_is_in_one_of_them() {
    let schema = Project::new().floe(&["schema", "manifest"]).expect(0).json();
    let keys =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().expect("properties").keys().cloned().collect() };
    let (top, plugins) = (keys(&schema["properties"]), keys(&schema["properties"]["plugins"]["properties"]));
    let elsewhere = top.iter().chain(&plugins).filter(|key| {
        !["apiVersion", "kind", "metadata", "scope", "parent_manifest", "plugins", "compute", "environments", "trust"]
            .contains(&key.as_str())
    });
    for key in elsewhere {
        let written = format!("\n{key}:");
        let nested = format!("\n  {key}:");
        let is_there = [QUICKSTART, ENTERPRISE, DOMAIN, LAKEHOUSE]
            .iter()
            .any(|text| text.contains(&written) || text.contains(&nested));
        assert!(is_there, "no manifest here has `{key}`");
    }
}

#[test]
fn literal_secrets_are_refused_with_the_reference_to_write() {
    let (project, run) = compile(LAKEHOUSE);
    let run = run.expect(1);
    let text = project.floe(&["compile"]).expect(1).transcript();
    insta::assert_snapshot!(redact(&project, &text));
    for secret in ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "minioadmin123"] {
        assert!(!run.stdout.contains(secret) && !text.contains(secret), "{secret} is shown");
    }
    assert!(!project.path("target").exists(), "nothing was written");
}

#[test]
fn with_the_references_it_compiles_and_the_rest_stays_as_it_is() {
    let reference = |name: &str| format!("{{secret: {{source: env, name: {name}}}}}");
    let manifest = LAKEHOUSE
        .replace("AKIAIOSFODNN7EXAMPLE", &reference("LAKE_KEY_ID"))
        .replace("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &reference("LAKE_SECRET"));
    let (project, run) = compile(&manifest);
    assert_eq!(codes(&run.expect(0)), Vec::<String>::new());
    assert!(profile(&project).contains("s3://lake/sales_eu/reference.duckdb"), "{}", profile(&project));
    // What passes through reaches no artifact: neither do the secrets that other parts wrote out.
    for (path, bytes) in tree(&project.path("target/floe")) {
        assert!(!String::from_utf8_lossy(&bytes).contains("minioadmin"), "{}", path.display());
    }
}
