//! Stock dbt on a profile with secrets: it wants the variables that the profile names, and what they hold reaches DuckDB.

use std::fs;
use std::process::Command;

use floe_tests::{Project, Run, dbt};

const VALUE: &str = "hunter2-sup3r";
const TOKEN: &str = "DBT_ENV_SECRET_FLOE_DUCKDB_SECRETS_0_BEARER_TOKEN";

/// A product whose DuckDB has a secret. Those of type `http` need no extension, so none is fetched.
fn compiled() -> Project {
    let project = Project::new().approving(
        "duckdb",
        &["{name: duckdb, config: {path: shop.duckdb, config_options: {allow_unredacted_secrets: true}, \
           secrets: [{type: http, name: shop_api, bearer_token: {secret: {source: env, name: SHOP_TOKEN}}}]}}"],
    );
    project.write(
        "models/marts/keys.sql",
        "{{ config(materialized='table') }}\nselect name, secret_string from duckdb_secrets(redact=false) where name = 'shop_api'\n",
    );
    let _ = Run::of(project.command(&["compile"]).env("SHOP_TOKEN", VALUE)).expect(0);
    project
}

fn command(project: &Project, arguments: &[&str]) -> Command {
    let profiles = project.path("target/floe/profiles/dev/duckdb");
    let mut command = dbt::command(dbt::program(), &project.product(), &profiles, arguments);
    command.env_remove(TOKEN).env_remove("SHOP_TOKEN");
    command
}

#[test]
fn debug_names_the_variable_that_is_missing_and_passes_with_it() {
    let project = compiled();
    let profile = fs::read_to_string(project.path("target/floe/profiles/dev/duckdb/profiles.yml")).expect("a profile");
    assert!(profile.contains(TOKEN), "{profile}");

    let missing = Run::of(&mut command(&project, &["debug"]));
    assert_ne!(missing.code(), Some(0), "{}", missing.stdout);
    assert!(missing.stdout.contains(&format!("Env var required but not provided: '{TOKEN}'")), "{}", missing.stdout);

    let _ = Run::of(command(&project, &["debug"]).env(TOKEN, VALUE)).expect(0);
}

#[test]
fn the_value_reaches_the_engine() {
    let project = compiled();
    let run = Run::of(command(&project, &["build"]).env(TOKEN, VALUE)).expect(0);
    assert!(!run.stdout.contains(VALUE), "{}", run.stdout);
    let script =
        "import duckdb; print(duckdb.connect('shop.duckdb', read_only=True).sql('select * from keys').fetchall())";
    let seen = Run::of(Command::new(dbt::python()).args(["-c", script]).current_dir(project.product())).expect(0);
    assert!(seen.stdout.contains("shop_api") && seen.stdout.contains(VALUE), "{}", seen.stdout);
}
