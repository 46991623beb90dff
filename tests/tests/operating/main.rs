//! What operators rely on: timeouts that hold, and runs that can be interrupted, killed, looked at and gone on with.

mod killed;
mod offline;
mod status;
mod timeouts;

use std::sync::Mutex;

use floe_tests::outcomes::{plain, results, rows_of_file};
use floe_tests::{Project, Run};
use serde_json::{Value, json};

/// One at a time: what takes time on two cores is measured here.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn floe(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env_remove("FLOE_PLUGIN_PATH"))
}

/// The result of a node.
fn result(run: &Run, name: &str) -> Value {
    let results = run.json()["results"].as_array().cloned().unwrap_or_default();
    results.into_iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} in {}", run.transcript()))
}

/// The errors of a JSON answer for a snapshot, without what differs from run to run.
fn errors(project: &Project, answer: &Value) -> String {
    let all = answer["diagnostics"].as_array().cloned().unwrap_or_default();
    let errors = all.iter().filter(|one| one["severity"] == "error");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = errors
        .map(|one| format!("{}: {}\n  help: {}\n", text(&one["code"]), text(&one["message"]), text(&one["help"])))
        .collect();
    lines.sort_unstable();
    let seconds = regex::Regex::new(r"after \d+\.\d+ s").expect("a pattern");
    seconds.replace_all(&floe_tests::redact::redact(project, &lines.concat()), "after [s]").into_owned()
}

/// `shop` builds in one file; `vault` in another, and reads the first. `slow` takes longer than any test waits.
fn two_files() -> Project {
    Project::new()
        .approving(
            "shop",
            &[
                "{name: shop, plugin: duckdb, config: {path: shop.duckdb, threads: 2}}",
                "{name: vault, plugin: duckdb, config: {path: vault.duckdb, attach: [{path: shop.duckdb, alias: store, read_only: true}]}, \
                 reads: {shop: {catalog: store}}}",
            ],
        )
        .with_environments(&[("shop", "duckdb"), ("vault", "duckdb")])
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n")
        .with("models/staging/stg_orders.sql", "select 20 as amount\n")
        .with("models/staging/slow.sql", SLOW)
        .with("models/staging/behind.sql", "select * from {{ ref('slow') }}\n")
        .with("models/marts/sales.sql", "select (select sum(amount) from {{ ref('stg_orders') }}) + (select max(x) from {{ ref('slow') }}) as total\n")
        .with("models/marts/apart.sql", "select sum(amount) as total from {{ ref('stg_orders') }}\n")
        .with(
            "floe.yaml",
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\nplatform: {manifest: manifest.yaml}\n\
             transforms:\n  - {path: models/marts, compute: vault}\n",
        )
}

/// A query of hours.
const SLOW: &str = "select sum(a.range * b.range % 7) as x from range(3000000) a, range(1000000) b\n";

/// The same model, mended.
const QUICK: &str = "select 22 as x\n";

/// What is built once all of it ran.
fn is_built(project: &Project) {
    let built = rows_of_file(
        &project.path("vault.duckdb"),
        "select (select total::int from sales), (select total::int from apart)",
    );
    assert_eq!(built, json!([[42, 20]]));
    assert_eq!(rows_of_file(&project.path("shop.duckdb"), "select x::int from behind"), json!([[22]]));
}
