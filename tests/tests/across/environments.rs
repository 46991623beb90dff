//! Schemas of a developer's own, macros that ask for the environment, and what a change is tested with: production's tables.

use serde_json::json;

use super::{floe, project, results, rows, with_session};

/// Four models over two computes.
fn product(schema: &str) -> floe_tests::Project {
    let project = with_session(project(schema), schema)
        .with("seeds/orders.csv", "id,amount\n1,10\n2,20\n")
        .with("models/spark/staged.sql", "select id, amount, '{{ target.name }}' as staged_in from {{ ref('orders') }}\n")
        .with("models/duckdb/doubled.sql", "select id, amount * 2 as amount, staged_in, '{{ target.name }}' as doubled_in from {{ ref('staged') }}\n")
        .with(
            "models/spark/total.sql",
            "select cast(sum(amount) as bigint) as total, max(staged_in) as staged_in, max(doubled_in) as doubled_in,\n\
             {% if target.name == 'prod' %} 'all' {% else %} 'sample' {% endif %} as what, version() as by from {{ ref('doubled') }}\n",
        )
        .with("models/duckdb/report.sql", "select total, staged_in, doubled_in, what, version() as by from {{ ref('total') }}\n");
    let manifest = std::fs::read_to_string(project.path("manifest.yaml")).expect("the manifest");
    project.write(
        "manifest.yaml",
        &(manifest + "environments:\n  - {name: dev, product_may_set: [schema]}\n  - {name: prod}\n"),
    );
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
             platform: {{manifest: manifest.yaml}}\ntransforms:\n  - {{path: ., compute: duckdb}}\n  - {{path: models/spark, compute: spark}}\n  \
             - {{path: seeds, compute: spark}}\nenvironments:\n  \
             - {{name: dev, connections: {{\"*\": {{schema: \"{schema}_{{{{ env_var('WHO') }}}}\"}}}}}}\n  - {{name: prod}}\n"
        ),
    );
    project
}

#[test]
fn a_developer_has_a_schema_and_a_change_is_tested_on_what_production_has() {
    let project = product("slim");
    let _ = floe(&project, &["run", "--env", "prod"]).expect(0);
    let report = |schema: &str| rows(&format!("{schema}.report"))[0].clone();
    let prod = report("slim");
    assert_eq!(prod["total"], json!(60));
    assert_eq!(prod["what"], "all");
    assert!(prod["by"].as_str().is_some_and(|by| by.starts_with("v1.5.")), "{prod}");

    // The sandbox: the same, in schemas of one's own, and macros see the environment.
    let _ = floe(&project, &["run", "--env", "dev"]).expect(0);
    let dev = report("slim_ann");
    assert_eq!(
        (&dev["total"], &dev["what"], &dev["staged_in"], &dev["doubled_in"]),
        (&json!(60), &json!("sample"), &json!("dev"), &json!("dev"))
    );
    assert_eq!(report("slim"), prod, "production is as it was");

    // One of four models changes, in a sandbox that has nothing yet.
    let state = project.path(".floe/runs/prod-state");
    let runs = std::fs::read_dir(project.path(".floe/runs")).expect("runs");
    let mut runs: Vec<_> = runs.flatten().map(|run| run.path()).filter(|path| !path.is_symlink()).collect();
    runs.sort();
    std::os::unix::fs::symlink(&runs[0], &state).expect("a link");
    project.write(
        "models/duckdb/doubled.sql",
        "select id, amount * 3 as amount, staged_in, '{{ target.name }}' as doubled_in from {{ ref('staged') }}\n",
    );
    let arguments = [
        "run",
        "--env",
        "dev",
        "--select",
        "state:modified+",
        "--state",
        state.to_str().expect("UTF-8"),
        "--defer-to",
        "prod",
    ];
    let arguments = [arguments.as_slice(), &["--format", "json"]].concat();
    let run = super::floe_as(&project, "bob", &arguments).expect(0);
    assert_eq!(
        results(&run),
        ["model doubled on duckdb: success", "model report on duckdb: success", "model total on spark: success"]
    );
    let bob = report("slim_bob");
    assert_eq!(
        (&bob["total"], &bob["staged_in"], &bob["doubled_in"]),
        (&json!(90), &json!("prod"), &json!("dev")),
        "{bob}"
    );
    let one =
        super::floe_as(&project, "cy", &["run", "--env", "dev", "--select", "report", "--defer-to", "prod"]).expect(0);
    assert!(one.stdout.contains("1 done"), "{}", one.stdout);
    assert_eq!(report("slim_cy")["total"], json!(60), "production's total");
}
