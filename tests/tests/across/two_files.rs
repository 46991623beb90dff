//! Two DuckDB files, one of which the other compute mounts: what floe says and prints around a run, with no server to wait for.

use std::process::Command;

use floe_tests::{Project, Run};
use serde_json::{Value, json};

use super::{plain, results, rows_of_file, spec};

/// `shop` builds in one file; `vault` in another, and reads the first.
fn product() -> Project {
    let project = Project::new()
        .approving(
            "shop",
            &[
                "{name: shop, plugin: duckdb, config: {path: shop.duckdb}}",
                "{name: vault, plugin: duckdb, config: {path: vault.duckdb, attach: [{path: shop.duckdb, alias: store, read_only: true}]}, \
                 reads: {shop: {catalog: store}}}",
                "{name: brief, plugin: duckdb, config: {path: ':memory:'}}",
            ],
        )
        .with_environments(&[("shop", "duckdb"), ("vault", "duckdb"), ("brief", "duckdb")])
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n")
        .with("models/staging/stg_orders.sql", "select 1 as order_id, 20 as amount, current_database() as staged_in\n")
        .with("models/marts/sales.sql", "select sum(amount) as total, max(staged_in) as staged_in, current_database() as built_in from {{ ref('stg_orders') }}\n")
        .with("models/schema.yml", "models:\n  - {name: stg_orders, columns: [{name: order_id, data_tests: [not_null]}]}\n  - {name: sales, columns: [{name: total, data_tests: [not_null]}]}\n");
    spec(&project, &["{path: models/staging}", "{path: models/marts, compute: vault}"]);
    project
}

fn floe(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env_remove("FLOE_PLUGIN_PATH"))
}

fn is_built(project: &Project, total: i64) {
    let built = rows_of_file(&project.path("vault.duckdb"), "select total::int, staged_in, built_in from main.sales");
    assert_eq!(built, json!([[total, "shop", "vault"]]));
    let tables =
        rows_of_file(&project.path("shop.duckdb"), "select table_name from information_schema.tables order by 1");
    assert_eq!(tables, json!([["stg_orders"]]), "each builds its own alone");
}

/// What floe says of a product that is changed, both refusals and warnings.
fn said_of(files: &[(&str, &str)], transforms: &[&str], arguments: &[&str], code: i32) -> String {
    let project = product();
    for (path, text) in files {
        project.write(path, text);
    }
    if !transforms.is_empty() {
        spec(&project, transforms);
    }
    let run = floe(&project, arguments).expect(code);
    format!("$ floe {}\n{}", arguments.join(" "), plain(&project, &run))
}

#[test]
fn a_run_and_a_second_plan_that_starts_no_dbt() {
    let project = product();
    let run = floe(&project, &["run", "--format", "json"]).expect(0);
    assert_eq!(
        results(&run),
        [
            "model sales on vault: success",
            "model stg_orders on shop: success",
            "test not_null_sales_total on vault: success",
            "test not_null_stg_orders_order_id on shop: success",
        ]
    );
    is_built(&project, 20);
    for file in ["manifest.json", "run_results.json", "catalog.json", "index.html"] {
        assert!(project.path(".floe/runs/latest").join(file).exists(), "{file}");
    }
    let read = |file: &str| -> Value {
        let text = std::fs::read(project.path(".floe/runs/latest").join(file)).expect("it is there");
        serde_json::from_slice(&text).expect("JSON")
    };
    let (manifest, catalog) = (read("manifest.json"), read("catalog.json"));
    assert_eq!(manifest["nodes"]["model.shop.sales"]["database"], "vault");
    assert_eq!(manifest["nodes"]["model.shop.stg_orders"]["database"], "shop");
    assert!(
        manifest["nodes"]["model.shop.sales"]["compiled_code"]
            .as_str()
            .is_some_and(|sql| sql.contains("\"store\".\"main\".\"stg_orders\""))
    );
    assert_eq!(catalog["nodes"].as_object().map(serde_json::Map::len), Some(2));

    // dbt reads the project again where something has changed, and not otherwise.
    let read_at = || {
        let report = project.path(".floe/dbt/dev/parse/vault/report.jsonl");
        std::fs::metadata(report).and_then(|file| file.modified()).expect("it was read")
    };
    let first = read_at();
    let _ = floe(&project, &["plan"]).expect(0);
    assert_eq!(read_at(), first, "a second plan starts no dbt");
    project.write("models/marts/sales.sql", "select 1 as total\n");
    let _ = floe(&project, &["plan"]).expect(0);
    assert_ne!(read_at(), first, "a model has changed");
}

#[test]
fn hooks_are_told_where_they_are_and_fail_fast_stops() {
    let project = product();
    let hooks = "on-run-end: \"{{ log('hook of ' ~ env_var('FLOE_ENV') ~ ' ' ~ env_var('FLOE_STEP') ~ ' ' ~ env_var('FLOE_FIRST') ~ ' ' ~ env_var('FLOE_LAST'), info=True) }}\"\n";
    project.write(
        "dbt_project.yml",
        &format!("name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {{shop: {{+materialized: table}}}}\n{hooks}"),
    );
    project.write("models/marts/alone.sql", "select 1 as id\n");
    let _ = floe(&project, &["run"]).expect(0);
    let log = |step: &str| {
        std::fs::read_to_string(project.path(".floe/runs/latest/steps").join(step).join("logs/dbt.log"))
            .expect("dbt's log")
    };
    assert!(log("1-shop").contains("hook of dev 1 true false"), "{}", log("1-shop"));
    assert!(log("2-vault").contains("hook of dev 2 false true"), "{}", log("2-vault"));

    project.write("models/staging/stg_orders.sql", "select nonesuch\n");
    let alone = |arguments: &[&str]| {
        let run = floe(&project, arguments).expect(1);
        results(&run).iter().find(|line| line.contains("alone")).cloned()
    };
    assert_eq!(alone(&["run", "--format", "json"]).as_deref(), Some("model alone on vault: success"));
    assert_eq!(alone(&["run", "--fail-fast", "--format", "json"]), None, "the second step does not begin");
}

#[test]
fn the_lines_of_a_plan_run_without_floe() {
    let project = product();
    let lines = floe(&project, &["plan", "--as", "shell"]).expect(0).stdout;
    let run = Run::of(Command::new("sh").arg("-c").arg(&lines).current_dir(project.product()));
    let run = run.expect(0);
    assert!(run.stdout.contains("PASS=2"), "{}", run.stdout);
    is_built(&project, 20);
}

#[test]
fn plain_dbt_on_one_compute() {
    let project = product();
    let refused =
        floe(&project, &["dbt", "--compute", "vault", "--", "run", "--select", "sales", "stg_orders"]).expect(1);
    let mut said = plain(&project, &refused);
    let short = floe(&project, &["dbt", "--compute", "vault", "--", "run", "-sstg_orders"]).expect(1);
    assert!(short.stderr.contains("F0829"), "{}", short.stderr);
    said +=
        &plain(&project, &floe(&project, &["dbt", "--compute", "vault", "--", "run", "--target", "prod"]).expect(1));
    said += &plain(&project, &floe(&project, &["dbt", "--compute", "vaul", "--", "run"]).expect(1));
    assert!(!project.path("vault.duckdb").exists(), "nothing was run");

    // Without a selection each runs what it owns.
    let own = floe(&project, &["dbt", "--compute", "shop", "--", "build"]).expect(0);
    assert!(own.stdout.contains("PASS=2"), "{}", own.stdout);
    said += &plain(&project, &own);
    let own = floe(&project, &["dbt", "--compute", "vault", "--", "build", "--select", "sales"]).expect(0);
    assert!(own.stdout.contains("PASS=2"), "{}", own.stdout);
    is_built(&project, 20);
    let shown = floe(
        &project,
        &[
            "dbt",
            "--compute",
            "vault",
            "--",
            "show",
            "--inline",
            "select amount + 1 as more from {{ ref('stg_orders') }}",
        ],
    )
    .expect(0);
    assert!(shown.stdout.contains("21"), "{}", shown.stdout);
    let listed = floe(&project, &["dbt", "--compute", "vault", "--", "ls", "--resource-type", "model"]).expect(0);
    assert!(listed.stdout.contains("stg_orders"), "listing is not running: {}", listed.stdout);
    // dbt's own exit status.
    assert_eq!(floe(&project, &["dbt", "--compute", "vault", "--", "run", "--no-such-flag"]).code(), Some(2));

    // A shell that is set up for it.
    let lines = floe(&project, &["env", "activate", "--compute", "vault"]).expect(0).stdout;
    project.write(
        "models/marts/sales.sql",
        "select 7 as total, max(staged_in) as staged_in, current_database() as built_in from {{ ref('stg_orders') }}\n",
    );
    let run = Run::of(
        Command::new("sh").args(["-c", &format!("{lines}\ndbt run --select sales")]).current_dir(project.product()),
    )
    .expect(0);
    assert!(run.stdout.contains("PASS=1"), "{}", run.stdout);
    is_built(&project, 7);
    insta::assert_snapshot!(said);
}

#[test]
fn what_cannot_be_planned_is_said() {
    let mut said = String::new();
    said += &said_of(&[("models/marts/sales.sql", "select * from {{ ref('stg_ordres') }}\n")], &[], &["plan"], 1);
    // A view, and what is read back from it in a file that is not mounted.
    said += &said_of(
        &[
            ("models/staging/stg_orders.sql", "{{ config(materialized='view') }} select 1 as order_id\n"),
            ("models/staging/back.sql", "select * from {{ ref('sales') }}\n"),
        ],
        &[],
        &["plan"],
        1,
    );
    // In memory, with another compute between two steps.
    let between = [
        ("models/staging/stg_orders.sql", "select 1 as order_id, 2 as amount\n"),
        ("models/marts/sales.sql", "select 1 as total from {{ ref('stg_orders') }}\n"),
        ("models/brief/one.sql", "select 1 as id\n"),
        ("models/brief/two.sql", "select 1 as id from {{ ref('one') }} -- depends_on: {{ ref('kept') }}\n"),
        ("models/brief/kept.sql", "select 1 as id\n"),
    ];
    said += &said_of(
        &between,
        &[
            "{path: models/brief, compute: brief, dependsOn: [stg_orders]}",
            "{name: one, compute: brief}",
            "{path: models/staging, dependsOn: [one]}",
            "{path: models/marts, compute: vault}",
        ],
        &["plan"],
        1,
    );
    // A model that waits for what is built from it.
    said += &said_of(
        &[("models/staging/more.sql", "select 1 as id from {{ ref('stg_orders') }}\n")],
        &["{path: models/staging, dependsOn: [more_sales]}", "{path: models/marts}"],
        &["plan"],
        1,
    );
    said += &said_of(
        &[("models/marts/more_sales.sql", "select * from {{ ref('stg_orders') }}\n")],
        &["{path: models/staging, dependsOn: [more_sales]}", "{name: more_sales}"],
        &["plan"],
        1,
    );
    said += &said_of(&[], &[], &["plan", "--select", "nonesuch:x"], 1);
    said += &said_of(&[], &[], &["plan", "--select", "nonesuch"], 0);
    said += &said_of(&[], &[], &["run", "--env", "nonesuch"], 1);
    let unit_test = "unit_tests: [{name: adds_up, model: sales, given: [{input: ref('stg_orders'), rows: [{amount: 3}]}], expect: {rows: [{total: 3}]}}]\n";
    said += &said_of(&[("models/unit.yml", unit_test)], &[], &["plan", "--select", "test_type:unit"], 0);
    // Hooks, and a source that both read.
    let sources = "version: 2\nsources: [{name: raw, schema: main, tables: [{name: events}]}]\n";
    said += &said_of(
        &[
            (
                "dbt_project.yml",
                "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\non-run-end: \"select 1\"\n",
            ),
            ("models/sources.yml", sources),
            (
                "models/staging/stg_orders.sql",
                "select 1 as order_id, 20 as amount from {{ source('raw', 'events') }}\n",
            ),
            (
                "models/marts/sales.sql",
                "select 1 as total from {{ ref('stg_orders') }}, {{ source('raw', 'events') }}\n",
            ),
        ],
        &[],
        &["plan"],
        0,
    );
    // `reads` in words that DuckDB does not have.
    said += &said_of(
        &[(
            "manifest.yaml",
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme, version: 1.0.0}\nplugins:\n  compute:\n    approved:\n      - {name: shop, plugin: duckdb}\n      \
             - {name: vault, plugin: duckdb, reads: {shop: {schema_prefix: store.}}}\n    default: shop\n",
        )],
        &[],
        &["plan"],
        1,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn what_fails_while_it_runs_is_said() {
    let mut said = String::new();
    // The engine refuses a model.
    said += &said_of(&[("models/staging/stg_orders.sql", "select nonesuch as order_id\n")], &[], &["run"], 1);
    // dbt cannot connect at all.
    said += &said_of(
        &[
            (
                "manifest.yaml",
                "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme, version: 1.0.0}\nplugins:\n  compute:\n    approved:\n      \
             - {name: shop, plugin: duckdb, config: {path: no/such/folder/shop.duckdb}}\n      - {name: vault, plugin: duckdb, config: {path: vault.duckdb}}\n    default: shop\n",
            ),
            ("models/marts/sales.sql", "select 1 as total\n"),
        ],
        &[],
        &["run", "--select", "stg_orders"],
        1,
    );
    // dbt warns, and cannot describe what it built.
    said += &said_of(
        &[
            (
                "macros/catalog.sql",
                "{% macro get_catalog_relations(information_schema, relations) %}{{ exceptions.raise_compiler_error('no catalog here') }}{% endmacro %}\n\
              {% macro get_catalog(information_schema, schemas) %}{{ exceptions.raise_compiler_error('no catalog here') }}{% endmacro %}\n",
            ),
            (
                "models/staging/stg_orders.sql",
                "{% do exceptions.warn('old orders') %} select 1 as order_id, 20 as amount, 'x' as staged_in\n",
            ),
        ],
        &[],
        &["run", "--select", "stg_orders"],
        0,
    );
    insta::assert_snapshot!(said);
}

fn sha256(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("text");
    std::fs::write(&file, text).expect("a file");
    let output = Command::new("sha256sum").arg(&file).output().expect("sha256sum starts");
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().expect("a digest").to_owned()
}

#[test]
fn environments_and_folders_that_are_broken_are_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut said = String::new();
    // A file where the folder should be.
    let project = product();
    std::fs::remove_dir_all(project.path(".floe")).expect("it was there");
    project.write(".floe", "");
    said += &plain(&project, &floe(&project, &["plan"]).expect(1));
    // Python that cannot be started, and one that is something else.
    for (program, mode) in
        [("no program", 0o644), ("#!/bin/sh\nhead -n 1 > request.json\nexec python3 fake.py\n", 0o755)]
    {
        let project = product();
        let fake = "import json\nr = json.load(open('request.json'))\nopen(r['target_path'] + '/manifest.json', 'w').write('{}')\n\
                    open(r['report'], 'a').write(json.dumps({'event': 'end', 'name': 'parse', 'ok': True, 'error': None}) + '\\n')\n";
        project.write("fake.py", fake);
        spec(&project, &["{path: models}"]);
        let shared = project.path(".floe/python/shop").canonicalize().expect("an environment");
        let own = project.root().join("environment");
        let copied = Command::new("cp").arg("-r").arg(&shared).arg(&own).status().expect("cp starts");
        assert!(copied.success());
        let python = own.join("bin/python");
        std::fs::remove_file(&python).expect("it was there");
        std::fs::write(&python, program).expect("a file");
        std::fs::set_permissions(&python, std::fs::Permissions::from_mode(mode)).expect("its permissions");
        // An environment belongs to its folder: this one is where it was made.
        let marker = own.join(".floe-environment");
        let text = std::fs::read_to_string(&marker).expect("the marker");
        let real = own.canonicalize().expect("a path");
        let place = sha256(real.to_str().expect("UTF-8"));
        let lines = text
            .lines()
            .map(|line| if line.starts_with("place: ") { format!("place: {place}\n") } else { format!("{line}\n") });
        std::fs::write(&marker, lines.collect::<String>()).expect("a file");
        std::fs::remove_file(project.path(".floe/python/shop")).expect("the link");
        std::os::unix::fs::symlink(&own, project.path(".floe/python/shop")).expect("a link");
        said += &plain(&project, &floe(&project, &["plan"]).expect(1));
    }
    insta::assert_snapshot!(said);
}
