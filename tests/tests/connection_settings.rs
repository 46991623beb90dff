//! What products may set, and settings that a mounted Kubernetes secret holds.

use std::fs;

use floe_tests::redact::redact;
use floe_tests::{Project, Run};
use serde_json::{Value, json};

const HEAD: &str = "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme}\n";
const SPEC: &str =
    "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\nplatform: {manifest: manifest.yaml}\n";

fn product(manifest: &str) -> Project {
    Project::new().with_fixtures(&["good", "twin_a", "any-schema"]).with("manifest.yaml", &format!("{HEAD}{manifest}"))
}

/// What is said, by a plugin with these settings.
fn floe(project: &Project, settings: &Value, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env("FLOE_FIXTURE_SCHEMA", settings.to_string()))
}

fn secrets(project: &Project, environment: &str, compute: &str) -> Value {
    let text = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    let artifacts: Value = serde_json::from_str(&text).expect("JSON");
    artifacts["compute_registry"]["computes"][compute]["environments"][environment]["secrets"].clone()
}

/// A plugin with two secrets, none of them required.
fn login() -> Value {
    json!({"additionalProperties": false, "properties": {
        "host": {"type": "string"}, "port": {"type": "integer"},
        "password": {"type": "string", "x-floe-secret": true}, "key": {"type": "string", "x-floe-secret": true},
    }})
}

#[test]
fn what_products_may_set_is_a_setting() {
    let project = product(
        "compute: {approved: [good, twin_a, any-schema], default: good}\n\
         environments:\n  - {name: dev, product_may_set: [schema, threads, connection_secret_ref, schmea, host]}\n  \
         - {name: prod, product_may_set: [max_timeout_seconds, colour, plugin]}\n",
    );
    let run = floe(&project, &login(), &["compile"]).expect(1);
    let mut said = redact(&project, &run.transcript());
    project.write(
        "manifest.yaml",
        &fs::read_to_string(project.path("manifest.yaml")).expect("it").replace(", plugin]", "]"),
    );
    said += &redact(&project, &floe(&project, &login(), &["compile"]).expect(1).transcript());
    let json = floe(&project, &login(), &["compile", "--format", "json"]).expect(1);
    said += &redact(&project, &json.stdout);
    insta::assert_snapshot!(said);
    // A plugin that takes any setting takes those too.
    let _ = floe(&project, &json!({"type": "object"}), &["compile"]).expect(0);
}

#[test]
fn a_product_sets_a_secret_by_reference() {
    let project = product("compute: {approved: [good]}\nenvironments: [{name: dev, product_may_set: [password]}]\n");
    let with = |password: &str| {
        let text = format!("{SPEC}environments: [{{name: dev, connections: {{good: {{password: {password}}}}}}}]\n");
        project.write("floe.yaml", &text);
        project.floe(&["compile"])
    };
    let literal = with("hunter2hunter2").expect(1);
    assert!(literal.stderr.contains("F0122") && !literal.stderr.contains("hunter2"), "{}", literal.stderr);
    let _ = with("{secret: {source: env, name: MINE}}").expect(0);
    let own = json!({"DBT_ENV_SECRET_FLOE_GOOD_PASSWORD": {"source": "env", "name": "MINE"}});
    assert_eq!(secrets(&project, "dev", "good"), own);
}

#[test]
fn a_mounted_secret_holds_what_is_required_what_is_the_only_one_or_what_is_named() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, connection_secret_ref: only}\n      \
         - {name: any, plugin: any-schema, config: {connection_secret_ref: \"{product_name}-db\"}}\n      \
         - {name: named, plugin: any-schema, connection_secret_ref: {name: db, keys: [host, password], mount: /etc/db}, config: {host: own}}\n    \
         default: good\n\
         environments:\n  - {name: dev}\n  \
         - {name: prod, connections: {good: {connection_secret_ref: prod}, named: {connection_secret_ref: {name: db, keys: [host, password]}}}}\n",
    );
    let mut settings = login();
    settings["required"] = json!(["password"]);
    settings["properties"]["password"]["minLength"] = json!(100);
    let _ = floe(&project, &settings, &["compile"]).expect(0);
    let file = |folder: &str, key: &str| json!({"source": "file", "name": folder, "key": key});
    let password = "DBT_ENV_SECRET_FLOE_GOOD_PASSWORD";
    assert_eq!(secrets(&project, "dev", "good"), json!({password: file("/var/run/secrets/floe/only", "password")}));
    assert_eq!(secrets(&project, "prod", "good"), json!({password: file("/var/run/secrets/floe/prod", "password")}));
    let required = json!({"DBT_ENV_SECRET_FLOE_ANY_PASSWORD": file("/var/run/secrets/floe/shop-db", "password")});
    assert_eq!(secrets(&project, "dev", "any"), required, "the key is not required");
    let named = json!({"DBT_ENV_SECRET_FLOE_NAMED_PASSWORD": file("/etc/db", "password")});
    assert_eq!(secrets(&project, "dev", "named"), named, "a value of its own counts");
}

#[test]
fn an_environments_mounted_secret_replaces_what_the_compute_sets() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, config: {password: {secret: {source: env, name: PW}}}}\n\
         environments:\n  - {name: dev}\n  - {name: prod, connections: {good: {connection_secret_ref: prod}}}\n  \
         - {name: test, connections: {good: {connection_secret_ref: prod, password: {secret: {source: env, name: TEST_PW}}}}}\n",
    );
    let _ = project.floe(&["compile"]).expect(0);
    let name =
        |environment: &str| secrets(&project, environment, "good")["DBT_ENV_SECRET_FLOE_GOOD_PASSWORD"]["name"].clone();
    assert_eq!([name("dev"), name("prod"), name("test")], ["PW", "/var/run/secrets/floe/prod", "TEST_PW"]);
}

#[test]
fn a_check_gets_the_files_of_a_mounted_secret() {
    let project = product(
        "compute: {approved: [{name: db, plugin: any-schema, connection_secret_ref: {name: db, keys: [password], mount: mounted}}]}\n",
    );
    let missing = floe(&project, &login(), &["health"]).expect(1);
    project.write("mounted/password", "hunter2-sup3r\n");
    let found = floe(&project, &login(), &["health"]).expect(0);
    assert!(found.stdout.contains("settings: password"), "{}", found.stdout);
    insta::assert_snapshot!(redact(&project, &missing.transcript()));
}

#[test]
fn mounted_secrets_that_cannot_be_are_refused() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: a, plugin: any-schema, connection_secret_ref: db}\n      \
         - {name: b, plugin: any-schema, connection_secret_ref: {name: db, keys: [passwrod]}}\n      \
         - {name: c, plugin: any-schema, connection_secret_ref: {name: db, keys: [port]}}\n      \
         - {name: d, plugin: twin_a, connection_secret_ref: db}\n    default: a\n",
    );
    let mut said = redact(&project, &floe(&project, &login(), &["compile"]).expect(1).transcript());
    let none = json!({"additionalProperties": false, "properties": {"host": {"type": "string"}}});
    said += &redact(&project, &floe(&project, &none, &["compile"]).expect(1).transcript());
    project.write(
        "manifest.yaml",
        &format!(
            "{HEAD}compute:\n  approved:\n    - {{name: a, plugin: good, connection_secret_ref: db, config: {{connection_secret_ref: db}}}}\n    \
             - {{name: b, plugin: good, connection_secret_ref: My Login}}\n    \
             - {{name: c, plugin: good, connection_secret_ref: {{name: db, keys: [../x], mont: /x}}}}\n    \
             - {{name: d, plugin: good, connection_secret_ref: {{keys: []}}}}\n    \
             - {{name: e, plugin: good, connection_secret_ref: {{name: db, keys: []}}}}\n    \
             - {{name: f, plugin: good, connection_secret_ref: [db]}}\n  default: a\n"
        ),
    );
    said += &redact(&project, &project.floe(&["compile"]).expect(1).transcript());
    let json = project.floe(&["compile", "--format", "json"]).expect(1);
    said += &redact(&project, &json.stdout);
    insta::assert_snapshot!(said);
}

#[test]
fn secrets_that_would_share_a_variable_are_found_in_mounted_secrets_too() {
    let settings = json!({"additionalProperties": false, "properties": {
        "b_c": {"type": "string", "x-floe-secret": true}, "c": {"type": "string", "x-floe-secret": true},
    }});
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: a, plugin: any-schema, connection_secret_ref: {name: x, keys: [b_c]}}\n      \
         - {name: a_b, plugin: any-schema, connection_secret_ref: {name: y, keys: [c]}}\n    default: a\n",
    );
    let run = floe(&project, &settings, &["compile"]).expect(1);
    assert_eq!(run.stderr.matches("error[F0125]").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("`DBT_ENV_SECRET_FLOE_A_B_C`"), "{}", run.stderr);
}
