//! Parity end to end: what `floe compile` refuses, and what `floe parity` finds between two compiles.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::{Value, json};

const MANIFEST: &str = "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme, version: 1.0.0}\n";
const SPEC: &str = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
                    platform: {manifest: manifest.yaml}\n";
const COMPUTES: &str = "plugins:\n  compute:\n    approved:\n      - {name: good, config: {path: shop.duckdb}}\n      \
                        - {name: lake, plugin: twin_a}\n    default: good\n";
const TRANSFORMS: &str = "transforms:\n  - {path: models/staging/}\n  - {path: models/marts/, compute: lake}\n";
const ENVIRONMENTS: &str = "environments:\n  - {name: dev}\n  - name: prod\n    \
                            connections: {good: {path: /srv/shop.duckdb, threads: 16}, lake: {schema: marts}}\n";

fn product(manifest: &str, spec: &str) -> Project {
    Project::new()
        .with_fixtures(&["good", "twin_a", "warehouses"])
        .with("manifest.yaml", &format!("{MANIFEST}{manifest}"))
        .with("floe.yaml", &format!("{SPEC}{spec}"))
}

fn usual() -> Project {
    product(&format!("{COMPUTES}{ENVIRONMENTS}"), TRANSFORMS)
}

/// Compiles into a folder of the product.
fn compile(project: &Project, arguments: &[&str], out: &str) {
    let _ = project.floe(&[&["compile", "--out", out], arguments].concat()).expect(0);
}

fn said(project: &Project, code: i32, arguments: &[&str]) -> String {
    redact(project, &project.floe(arguments).expect(code).transcript())
}

/// Writes changed artifacts beside those of a folder.
fn changed(project: &Project, from: &str, to: &str, change: impl Fn(&mut Value)) {
    let text = fs::read_to_string(project.path(from).join("compiled_artifacts.json")).expect("artifacts");
    let mut artifacts = serde_json::from_str(&text).expect("JSON");
    change(&mut artifacts);
    project.write(to, &serde_json::to_string_pretty(&artifacts).expect("JSON"));
}

#[test]
fn one_product_compiled_for_dev_and_for_prod_is_in_parity() {
    let project = usual();
    compile(&project, &["--env", "dev"], "target/dev");
    compile(&project, &["--env", "prod"], "target/prod");
    insta::assert_snapshot!("same.text", said(&project, 0, &["parity", "target/dev", "target/prod"]));
    let json = ["parity", "target/dev", "target/prod/compiled_artifacts.json", "--format", "json"];
    insta::assert_snapshot!("same.json", said(&project, 0, &json));
}

#[test]
fn two_manifests_that_agree_on_the_computes_are_in_parity() {
    let project = usual();
    project.write(
        "prod.yaml",
        &format!(
            "{MANIFEST}{}environments: [{{name: prod, connections: {{lake: {{path: p}}}}}}]\n",
            COMPUTES.replace("shop.duckdb", "/srv/x")
        ),
    );
    compile(&project, &[], "target/dev");
    compile(&project, &["--manifest", "prod.yaml", "--env", "prod"], "target/prod");
    let _ = project.floe(&["parity", "target/dev", "target/prod"]).expect(0);
}

#[test]
fn every_drift_between_two_manifests_is_named() {
    let project = usual();
    let other = "plugins:\n  compute:\n    approved:\n      - {name: good, plugin: twin_a}\n      - {name: lake, plugin: twin_a}\n    default: lake\n";
    project.write("prod.yaml", &format!("{MANIFEST}{other}"));
    compile(&project, &[], "target/dev");
    compile(&project, &["--manifest", "prod.yaml"], "target/prod");
    // A transform that takes the default drifts with it.
    insta::assert_snapshot!("drift.text", said(&project, 1, &["parity", "target/dev", "target/prod"]));
    insta::assert_snapshot!(
        "drift.json",
        said(&project, 1, &["parity", "target/dev", "target/prod", "--format", "json"])
    );

    project.write("prod.yaml", &format!("{MANIFEST}{}", other.replace("default: lake", "default: good")));
    compile(&project, &["--manifest", "prod.yaml"], "target/prod");
    insta::assert_snapshot!("other-plugin", said(&project, 1, &["parity", "target/dev", "target/prod"]));

    project.write(
        "floe.yaml",
        &format!("{SPEC}transforms: [{{path: models/marts/, compute: lake}}, {{name: sales, compute: lake}}]\n"),
    );
    project.write("prod.yaml", &format!("{MANIFEST}{COMPUTES}"));
    compile(&project, &["--manifest", "prod.yaml"], "target/prod");
    insta::assert_snapshot!("other-transforms", said(&project, 1, &["parity", "target/dev", "target/prod"]));
}

#[test]
fn other_binaries_and_other_products_are_warnings() {
    let project = usual();
    compile(&project, &[], "target/floe");
    changed(&project, "target/floe", "other.json", |artifacts| {
        artifacts["product"]["name"] = json!("store");
        artifacts["plugins"]["good"]["sha256"] = json!("0".repeat(64));
        artifacts["plugins"]["twin_a"]["version"] = json!("2.0.0");
    });
    insta::assert_snapshot!("binaries", said(&project, 0, &["parity", "target/floe", "other.json"]));
}

#[test]
fn what_is_no_artifacts_is_told_of_both() {
    let project = usual().with("list.json", "[1]\n").with("text.json", "compute: duckdb\n");
    insta::assert_snapshot!("no-artifacts", said(&project, 1, &["parity", "list.json", "text.json"]));
    insta::assert_snapshot!("no-folder", said(&project, 1, &["parity", "target/floe", "models"]));
    let project = project.with("later.json", "{\"version\": \"2.3\"}\n");
    insta::assert_snapshot!(
        "later-version",
        said(&project, 1, &["parity", "later.json", "later.json", "--format", "json"])
    );
}

#[test]
fn an_environment_that_selects_a_compute_does_not_compile_however_it_is_written() {
    let spec = "x-prod: &prod {\"\\x63ompute\": lake}\n\
                transforms:\n  - {path: models/marts/, compute: {dev: good, prod: lake}}\n  \
                - {path: models/staging/, environments: {prod: {compute: lake}}}\n\
                environments:\n  - name: dev\n    transforms:\n      compute: good\n  \
                - {<<: [*prod], name: prod, connections: {good: {? type : lake}, 'plugin': lake, lake: {compute: {a: b}}}}\n";
    insta::assert_snapshot!("selections.text", said(&product(COMPUTES, spec), 1, &["compile"]));
    insta::assert_snapshot!("selections.json", said(&product(COMPUTES, spec), 1, &["compile", "--format", "json"]));
}

/// dbt-databricks has a setting `compute`, a mapping of SQL warehouses by name. The fixture has it too.
#[test]
fn a_mapping_of_that_name_is_a_setting_where_the_plugin_declares_it_and_nowhere_else() {
    let manifest = |compute: &str| {
        format!(
            "plugins: {{compute: {{approved: [{{name: wh, plugin: {compute}}}]}}}}\n\
             environments:\n  - {{name: dev, connections: {{wh: {{compute: {{large: {{http_path: /sql/dev}}}}}}}}}}\n  \
             - name: prod\n    connections: {{wh: {{compute: {{large: {{http_path: /sql/prod}}}}}}}}\n"
        )
    };
    let project = product(&manifest("warehouses"), "");
    compile(&project, &[], "target/floe");
    let profile = fs::read_to_string(project.path("target/floe/profiles/prod/wh/profiles.yml")).expect("a profile");
    assert!(profile.contains("/sql/prod"), "{profile}");

    let undeclared = product(&manifest("good"), "");
    insta::assert_snapshot!("undeclared", said(&undeclared, 1, &["compile", "--env", "dev"]));
    for wrong in ["compute: large", "compute: [large]", "compute: ", "type: {large: {http_path: x}}"] {
        let one = manifest("warehouses").replace("compute: {large: {http_path: /sql/dev}}", wrong);
        let run = product(&one, "").floe(&["compile"]).expect(1);
        assert!(run.stderr.contains("error[F0124]") && run.stderr.ends_with("1 error\n"), "{wrong}: {}", run.stderr);
    }
}
