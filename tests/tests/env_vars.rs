//! `floe env vars`: what dbt needs from its environment; and stock dbt that gets it from there.

use std::fs;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::{Project, Run, dbt, dist};

const VALUE: &str = "hunter2-sup3r";

/// A product whose computes read secrets from everywhere.
fn project() -> Project {
    let project = Project::new().with_fixtures(&["good", "twin_a", "twin_b"]).approving(
        "good",
        &[
            "{name: good, config: {password: {secret: {source: env, name: SHOP_PW}}, schema: \"{{ env_var('SHOP_SCHEMA', 'main') }}\"}}",
            "{name: lake, plugin: twin_a, connection_secret_ref: lake-login, config: {schema: \"s_{{ env_var('SHOP_USER') }}\"}}",
            "{name: attic, plugin: twin_b, config: {password: {secret: {source: file, name: secrets/attic}}, schema: \"s_{{ env_var('SHOP_USER') }}\"}}",
            "{name: cellar, plugin: good, config: {password: {secret: {source: file, name: secrets}}}}",
            "{name: roof, plugin: good, config: {password: \"{{ env_var('ROOF_PW') }}\"}}",
        ],
    );
    project.write("secrets/attic", VALUE);
    project
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    let mut command = project.command(arguments);
    command.env("SHOP_PW", VALUE).env("SHOP_USER", "me");
    Run::of(&mut command)
}

#[test]
fn names_sources_and_whether_they_are_there() {
    let project = project();
    for (name, arguments) in [
        ("env-vars.text", ["env", "vars"].as_slice()),
        ("env-vars.json", &["env", "vars", "--format", "json"]),
        ("env-vars.shell", &["env", "vars", "--as", "shell"]),
    ] {
        let run = run(&project, arguments).expect(0);
        assert!(!run.transcript().contains(VALUE), "{}", run.transcript());
        insta::assert_snapshot!(name, redact(&project, &run.transcript()));
    }
    let _ = run(&project, &["env", "vars", "--deny-missing"]).expect(1);
}

#[test]
fn nothing_is_needed_and_nothing_can_be_said() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    let mut said = redact(&project, &project.floe(&["env", "vars", "--deny-missing"]).expect(0).transcript());
    said += &redact(&project, &project.floe(&["env", "vars", "--env", "prod"]).expect(1).transcript());
    project.approve("good", &["{name: good, config: {paswsord: x}}"]);
    said += &redact(&project, &project.floe(&["env", "vars", "--format", "json"]).expect(1).transcript());
    insta::assert_snapshot!(said);
}

/// A shell that exports what `floe env vars` says, and then does something.
fn shell(project: &Project, then: &str) -> Run {
    let script = format!("set -e; vars=$(\"$FLOE\" env vars --as shell); eval \"$vars\"; {then}");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(project.product())
        .env("FLOE", dist::floe())
        .env("FLOE_PLUGIN_PATH", project.plugins())
        .env("DBT", dbt::program())
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        .env("DBT_USE_COLORS", "false");
    Run::of(&mut command)
}

#[test]
fn the_file_of_a_mounted_secret_reaches_the_engine_through_stock_dbt() {
    let project = Project::new().approving(
        "duckdb",
        &["{name: duckdb, config: {path: shop.duckdb, config_options: {allow_unredacted_secrets: true}, \
           secrets: [{type: http, name: shop_api, bearer_token: {secret: {source: file, name: it's mounted, key: token}}}]}}"],
    );
    project.write("it's mounted/token", &format!("{VALUE} $HOME \"quoted\"\n"));
    project.write(
        "models/marts/keys.sql",
        "{{ config(materialized='table') }}\nselect name, secret_string from duckdb_secrets(redact=false) where name = 'shop_api'\n",
    );
    let _ = project.floe(&["compile"]).expect(0);
    let build = "\"$DBT\" build --profiles-dir target/floe/profiles/dev/duckdb";
    let _ = shell(&project, build).expect(0);
    let read =
        "import duckdb; print(duckdb.connect('shop.duckdb', read_only=True).sql('select * from keys').fetchall())";
    let seen = Run::of(Command::new(dbt::python()).args(["-c", read]).current_dir(project.product())).expect(0);
    assert!(seen.stdout.contains(&format!("{VALUE} $HOME \"quoted\"")), "{}", seen.stdout);
}

#[test]
fn dbt_wants_what_the_list_names_and_nothing_else() {
    let project = Project::new().with_fixtures(&["good"]).approving(
        "good",
        &["{name: good, connection_secret_ref: {name: shop-login, keys: [password, schema], mount: mounted}}"],
    );
    project.write("mounted/password", VALUE);
    project.write("mounted/schema", "ours\n");
    let _ = project.floe(&["compile"]).expect(0);
    let profile = fs::read_to_string(project.path("target/floe/profiles/dev/good/profiles.yml")).expect("a profile");
    assert!(profile.contains("schema: \"{{ env_var('DBT_ENV_SECRET_FLOE_GOOD_SCHEMA') }}\""), "{profile}");
    let debug = "\"$DBT\" debug --profiles-dir target/floe/profiles/dev/good";
    let run = shell(&project, debug).expect(0);
    assert!(!run.transcript().contains(VALUE), "{}", run.transcript());
    let run = shell(&project, &format!("unset DBT_ENV_SECRET_FLOE_GOOD_SCHEMA; {debug}"));
    assert_ne!(run.code(), Some(0), "{}", run.stdout);
    assert!(run.stdout.contains("DBT_ENV_SECRET_FLOE_GOOD_SCHEMA"), "{}", run.stdout);
}
