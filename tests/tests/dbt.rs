//! Stock dbt on the profiles that floe generates: `dbt debug`, `dbt build`, and what is in the database afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;

use floe_tests::{Project, Run, dbt, workspace};

/// A product on DuckDB in a file or in memory.
fn duckdb(config: &str) -> Project {
    Project::new().approving("duckdb", &[&format!("{{name: duckdb, config: {config}}}")])
}

fn compile(project: &Project) {
    let _ = project.floe(&["compile"]).expect(0);
}

/// What dbt says in its last line: `Done. PASS=2 WARN=0 ERROR=0 …`.
fn done(run: &Run) -> &str {
    run.stdout.lines().rev().find_map(|line| line.split_once("Done. ").map(|(_, counts)| counts)).unwrap_or_default()
}

/// Rows of a DuckDB file, read by dbt's own Python.
fn rows(database: &Path, query: &str) -> String {
    let python = dbt::program().parent().expect("bin/").join("python");
    let script = "import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall())";
    Run::of(Command::new(python).args(["-c", script]).arg(database).arg(query)).expect(0).stdout.trim().to_owned()
}

#[test]
fn a_file() {
    let project = duckdb("{path: shop.duckdb, schema: sales}");
    compile(&project);
    let _ = project.dbt("dev", "duckdb", &["debug"]).expect(0);
    let run = project.dbt("dev", "duckdb", &["build"]).expect(0);
    assert!(done(&run).starts_with("PASS=2 WARN=0 ERROR=0"), "{}", run.stdout);
    assert_eq!(rows(&project.path("shop.duckdb"), "select total::int from sales.sales"), "[(20,)]");
}

#[test]
fn in_memory() {
    let project = duckdb("{}");
    compile(&project);
    let _ = project.dbt("dev", "duckdb", &["debug"]).expect(0);
    let run = project.dbt("dev", "duckdb", &["build"]).expect(0);
    assert!(done(&run).starts_with("PASS=2 WARN=0 ERROR=0"), "{}", run.stdout);
    let left = fs::read_dir(project.product()).expect("the product").flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("duckdb")).collect();
    assert!(left.is_empty(), "nothing of the database is kept: {left:?}");
}

#[test]
fn each_environment_has_its_own_connection_and_target_name() {
    let project = duckdb("{path: shop.duckdb}");
    let manifest = fs::read_to_string(project.path("manifest.yaml")).expect("the manifest");
    project.write(
        "manifest.yaml",
        &format!(
            "{manifest}environments:\n  - name: dev\n    connections: {{duckdb: {{path: dev.duckdb, schema: dev}}}}\n  \
             - name: prod\n    connections: {{duckdb: {{path: prod.duckdb, schema: live}}}}\n"
        ),
    );
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: manifest.yaml}\nenvironments: [{name: dev}, {name: prod}]\n",
    );
    project.write("models/marts/target.sql", "select '{{ target.name }}' as name\n");
    compile(&project);
    for (environment, schema) in [("dev", "dev"), ("prod", "live")] {
        let _ = project.dbt(environment, "duckdb", &["debug"]).expect(0);
        let _ = project.dbt(environment, "duckdb", &["build"]).expect(0);
        let database = project.path(&format!("{environment}.duckdb"));
        assert_eq!(
            rows(&database, &format!("select name from {environment}.{schema}.target")),
            format!("[('{environment}',)]")
        );
    }
    assert!(!project.path("shop.duckdb").exists());
}

#[test]
fn without_any_manifest() {
    let project = Project::new();
    for spec in [Some("apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: my-shop, version: 1.0.0}\n"), None] {
        match spec {
            Some(spec) => project.write("floe.yaml", spec),
            None => fs::remove_file(project.path("floe.yaml")).expect("it was there"),
        }
        compile(&project);
        let _ = project.dbt("dev", "duckdb", &["debug"]).expect(0);
        let run = project.dbt("dev", "duckdb", &["build"]).expect(0);
        assert!(done(&run).starts_with("PASS=2 WARN=0 ERROR=0"), "{spec:?}: {}", run.stdout);
    }
    assert!(project.path("my_shop.duckdb").exists(), "<product_slug>.duckdb beside the spec");
}

#[test]
fn floe_from_another_folder() {
    let project = duckdb("{path: shop.duckdb}");
    let spec = project.path("floe.yaml");
    let mut command = project.command(&["compile", "--spec", spec.to_str().expect("a path in UTF-8")]);
    let _ = Run::of(command.current_dir("/")).expect(0);
    let from_afar = floe_tests::tree::tree(&project.path("target/floe"));
    compile(&project);
    assert_eq!(floe_tests::tree::tree(&project.path("target/floe")), from_afar);
    let run = project.dbt("dev", "duckdb", &["build"]).expect(0);
    assert!(done(&run).starts_with("PASS=2 WARN=0 ERROR=0"), "{}", run.stdout);
}

#[test]
fn secrets_reach_dbt_and_not_the_artifacts() {
    const VALUE: &str = "hunter2-sup3r";
    let project = duckdb(
        "{path: shop.duckdb, secrets: [{type: s3, key_id: {secret: {source: env, name: SHOP_KEY}}, \
         secret: {secret: {source: env, name: SHOP_SECRET}}}]}",
    );
    let mut command = project.command(&["compile"]);
    let _ = Run::of(command.env("SHOP_KEY", VALUE).env("SHOP_SECRET", VALUE)).expect(0);
    for (path, bytes) in floe_tests::tree::tree(&project.path("target")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(VALUE), "{} holds the value", path.display());
    }
    let profile = fs::read_to_string(project.path("target/floe/profiles/dev/duckdb/profiles.yml")).expect("a profile");
    assert!(profile.contains("DBT_ENV_SECRET_FLOE_DUCKDB_"), "{profile}");
}

/// The example of the README: a copy of it, so that nothing is left in the checkout.
#[test]
fn the_example_in_both_environments() {
    let project = Project::new();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(workspace::root().join("examples/coffee-orders"))
        .arg(project.path("example"))
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    let example = project.path("example");
    for left in ["target", "logs", "coffee_dev.duckdb", "coffee_prod.duckdb"] {
        let path = example.join(left);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    let _ = Run::of(project.command(&["compile"]).current_dir(&example)).expect(0);
    for (environment, schema) in [("dev", "dev"), ("prod", "analytics")] {
        let profiles = format!("target/floe/profiles/{environment}/duckdb");
        let _ = dbt::dbt(&example, Path::new(&profiles), &["debug"]).expect(0);
        let run = dbt::dbt(&example, Path::new(&profiles), &["build"]).expect(0);
        assert!(done(&run).contains("ERROR=0") && done(&run).contains("SKIP=0"), "{}", run.stdout);
        let database = example.join(format!("coffee_{environment}.duckdb"));
        let orders = rows(&database, &format!("select count(*) > 1000 from {schema}.fct_orders"));
        assert_eq!(orders, "[(True,)]", "{environment}");
    }
    let health = Run::of(project.command(&["health", "--format", "json"]).current_dir(&example)).expect(0).json();
    assert_eq!(health["computes"][0]["status"], "healthy");
}
