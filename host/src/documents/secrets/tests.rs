//! References, the names they get, their values, and literals where none may be.

use std::collections::HashMap;

use camino::Utf8Path;
use serde_json::json;

use super::*;
use crate::diagnostics::{Report, Source, TextStyle};
use crate::documents::yaml;

fn node(text: &str) -> Node {
    yaml::parse(&Source::new("manifest.yaml", text)).0.unwrap()
}

fn text(problems: Vec<Diagnostic>) -> String {
    Report::new(problems).to_text(TextStyle::default(), "id")
}

const SETTINGS: &str = "\
user: floe
password: {secret: {source: env, name: PG_PASSWORD}}
host: \"{{ env_var('PGHOST', 'localhost') }}\"
port: \"{{ env_var('PGPORT') | int }}\"
schema: \"dbt_{{ env_var(\\\"USER\\\") }}\"
secrets:
  - {type: s3, secret-key: {secret: {source: file, name: mounted, key: s3}}}
";

#[test]
fn a_profile_holds_expressions_in_place_of_secrets() {
    let (found, problems) = profile_settings(&node(SETTINGS), "spark-large");
    assert!(problems.is_empty(), "{problems:?}");
    insta::assert_json_snapshot!(found.value, @r#"
    {
      "user": "floe",
      "password": "{{ env_var('DBT_ENV_SECRET_FLOE_SPARK_LARGE_PASSWORD') }}",
      "host": "{{ env_var('PGHOST', 'localhost') }}",
      "port": "{{ env_var('PGPORT') | int }}",
      "schema": "dbt_{{ env_var(\"USER\") }}",
      "secrets": [
        {
          "type": "s3",
          "secret-key": "{{ env_var('DBT_ENV_SECRET_FLOE_SPARK_LARGE_SECRETS_0_SECRET_KEY') }}"
        }
      ]
    }
    "#);
    assert_eq!(found.expressions, ["/host", "/port", "/schema"]);
    let bound: Vec<_> = found.secrets.iter().map(|bound| bound.pointer.as_str()).collect();
    assert_eq!(bound, ["/password", "/secrets/0/secret-key"]);
    assert_eq!(variable_name(CATALOG_OWNER, ["token"]), "DBT_ENV_SECRET_FLOE__CATALOG_TOKEN");
}

#[test]
fn values_are_looked_up_for_a_live_check() {
    let folder = tempfile::tempdir().unwrap();
    let project = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::create_dir(project.join("mounted")).unwrap();
    std::fs::write(project.join("mounted/s3"), "k3y\n").unwrap();
    let variables = HashMap::from([("PG_PASSWORD", "hunter2"), ("PGPORT", "5439"), ("USER", "ann")]);
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let (found, problems) =
        resolve_settings(&node(SETTINGS), &Surroundings { project_dir: project, variable: &variable });
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        found.value,
        json!({"user": "floe", "password": "hunter2", "host": "localhost", "port": 5439, "schema": "dbt_ann",
               "secrets": [{"type": "s3", "secret-key": "k3y"}]})
    );
    let secret: Vec<_> = found.secrets.iter().map(|one| (one.pointer.as_str(), one.is_secret)).collect();
    let expected =
        [("/password", true), ("/host", false), ("/port", false), ("/schema", false), ("/secrets/0/secret-key", true)];
    assert_eq!(secret, expected);
    assert_eq!(found.secrets[3].value.expose(), "ann", "the variable, without the text around it");
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let project = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::create_dir(project.join("dir")).unwrap();
    std::fs::write(project.join("empty"), "\n").unwrap();
    std::fs::write(project.join("binary"), b"\xff").unwrap();
    let variable = |name: &str| match name {
        "EMPTY" => Some(String::new()),
        "WORD" => Some("word".to_owned()),
        _ => None,
    };
    let settings = node(
        "a: {secret: {source: env, name: NOT_SET}}\nb: {secret: {source: env, name: EMPTY}}\n\
         c: \"{{ env_var('NOT_SET') }}\"\nd: \"{{ env_var('WORD') | int }}\"\ne: \"{{ env_var('WORD') | as_bool }}\"\n\
         f: {secret: {source: file, name: nowhere}}\ng: {secret: {source: file, name: dir}}\n\
         h: {secret: {source: file, name: empty}}\ni: {secret: {source: file, name: binary}}\n\
         j: {secret: {source: file, name: dir, key: dir}}\n",
    );
    let (_, problems) = resolve_settings(&settings, &Surroundings { project_dir: project, variable: &variable });
    insta::assert_snapshot!(text(problems).replace(project.as_str(), "/project"));
}

#[test]
fn what_looks_like_a_reference_and_is_none_is_refused() {
    let settings = node(
        "a: {secret: {source: env}}\nb: {secret: {sorce: env, name: A}}\nc: \"{{ env_var(A) }}\"\n\
         d: \"{{ env_var('A') | upper }}\"\ne: \"{{ env_var('A' }}\"\nf: \"x {{ y\"\ng: \"{{ env_var('1A') }}\"\n\
         h: \"{{ env_var('A', 'b', 'c') }}\"\ni: {secret: a-plain-setting}\nj: {secret: {}, other: 1}\n",
    );
    let (found, problems) = profile_settings(&settings, "pg");
    assert_eq!(found.value["i"], json!({"secret": "a-plain-setting"}));
    assert_eq!(found.value["j"], json!({"secret": {}, "other": 1}));
    insta::assert_snapshot!(text(problems));
}

#[test]
fn a_literal_where_the_schema_says_secret_is_refused() {
    let schema = json!({
        "properties": {
            "password": {"anyOf": [{"$ref": "#/$defs/secret"}, {"type": "null"}]},
            "pin": {"x-floe-secret": true},
            "token": {"type": ["string", "null"], "x-floe-secret": true},
            "reference": {"x-floe-secret": true},
            "nested": {"items": {"allOf": [{"properties": {"key": {"$ref": "#/$defs/secret"}}}]}},
            "map": {"additionalProperties": {"x-floe-secret": true}},
            "loop": {"$ref": "#/properties/loop"},
        },
        "$defs": {"secret": {"type": "string", "x-floe-secret": true}},
    });
    let settings = node(
        "{password: hunter2, pin: 1234, nothing: hunter}\n".trim_matches(['{', '}', '\n']).replace(", ", "\n").as_str(),
    );
    let all = node("{token: ~, reference: {secret: {source: env, name: A}}, loop: x, user: floe}");
    assert!(refuse_literals(&all, &schema, "pg").is_empty());
    let mut problems = refuse_literals(&settings, &schema, "pg-main");
    let more = node(
        "nested: [{key: hunter2, name: n}]\nmap: {a: hunter2, b: \"{{ env_var('B') }}\", c: \"{{ env_var('C', 'hunter2') }}\"}\n",
    );
    problems.extend(refuse_literals(&more, &schema, "pg-main"));
    let said = text(problems);
    assert!(!said.contains("hunter2") && !said.contains("1234"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn two_secrets_must_not_share_a_variable() {
    let settings = node("b_c: {secret: {source: env, name: A}}\n");
    let other = node("c: {secret: {source: env, name: B}}\n");
    let mut variables = SecretVariables::new();
    for bound in &profile_settings(&settings, "a").0.secrets {
        assert!(variables.add(bound).is_ok() && variables.add(bound).is_ok());
    }
    let clash = variables.add(&profile_settings(&other, "a_b").0.secrets[0]).unwrap_err();
    insta::assert_snapshot!(text(vec![*clash]));
    assert_eq!(variables.iter().next().unwrap().0, "DBT_ENV_SECRET_FLOE_A_B_C");
}

#[test]
fn a_variable_that_sounds_secret_is_one_in_a_longer_text_and_as_a_number_too() {
    let settings =
        node("dsn: \"pg://floe:{{ env_var('DB_PASSWORD') }}@h\"\npin: \"{{ env_var('PIN_TOKEN') | int }}\"\n");
    let variable = |name: &str| Some(if name == "PIN_TOKEN" { "123456" } else { "hunter2" }.to_owned());
    let (found, _) = resolve_settings(&settings, &Surroundings { project_dir: "".into(), variable: &variable });
    let secrets: Vec<_> = found.secrets.iter().map(|one| (one.value.expose(), one.is_secret)).collect();
    assert_eq!(secrets, [("hunter2", true), ("123456", true)]);
    assert_eq!(found.value, json!({"dsn": "pg://floe:hunter2@h", "pin": 123_456}));
}

#[test]
fn where_the_schemas_secrets_are() {
    let schema = json!({"properties": {
        "password": {"x-floe-secret": true}, "other": {"x-floe-secret": true}, "user": {},
        "keys": {"items": {"properties": {"a/b": {"x-floe-secret": true}}}},
    }});
    let settings = node("password: \"{{ env_var('X') }}\"\nother: ~\nuser: floe\nkeys: [{}, {a/b: x}]\n");
    assert_eq!(secret_pointers(&settings, &schema), ["/password", "/keys/1/a~1b"]);
}

#[test]
fn what_sounds_secret_is_not_shown_before_any_schema_is_known() {
    let text_of = |config: &str| {
        let manifest = format!(
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme}}\nplugins:\n  compute:\n    approved:\n      \
             - {{name: pg, config: {{threads: 99, {config}}}}}\n"
        );
        text(crate::documents::parse_manifest(&Source::new("manifest.yaml", manifest)).1)
    };
    for config in [
        "password: hunter2",
        "auth: {client_secret: 'hunter2'}",
        "api-key: \"{{ env_var('X', 'hunter2') }}\"",
        "pwd: \"{{ hunter2\"",
    ] {
        let said = text_of(config);
        assert!(said.contains("F0116") && !said.contains("hunter2"), "{said}");
    }
    let said = text_of("token_url: http://a, password: \"{{ env_var('PG') }}\"");
    assert!(said.contains("http://a") && said.contains("env_var('PG')"), "{said}");
}
