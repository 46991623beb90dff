//! What transforms select of the dbt project, who gets what, and what is wrong with it.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::{Value, json};

/// A product on DuckDB and a second compute, `lake`, with these transforms, one a line.
fn product(transforms: &[&str]) -> Project {
    let project = Project::new().approving("duckdb", &["duckdb", "{name: lake, plugin: duckdb}"]);
    choose(&project, transforms);
    project
}

/// Writes a spec with these transforms.
fn choose(project: &Project, transforms: &[&str]) {
    let transforms: Vec<String> = transforms.iter().map(|transform| format!("  - {transform}\n")).collect();
    let transforms = transforms.concat();
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
             platform: {{manifest: manifest.yaml}}\nenvironments: [{{name: dev}}, {{name: prod}}]\ntransforms:\n{transforms}"
        ),
    );
}

/// A package whose project is called `name`, with models, in a folder.
fn package(project: &Project, folder: &str, name: &str, models: &[&str]) {
    project.write(&format!("{folder}/dbt_project.yml"), &format!("name: {name}\nversion: 1.0.0\n"));
    for model in models {
        project.write(&format!("{folder}/models/{model}.sql"), "select 1 as one\n");
    }
}

/// What `floe compile --check` says, as text and as JSON.
fn snapshot(name: &str, project: &Project, code: i32) {
    let said = |arguments: &[&str]| redact(project, &project.floe(arguments).expect(code).transcript());
    insta::assert_snapshot!(format!("{name}.text"), said(&["compile", "--check"]));
    insta::assert_snapshot!(format!("{name}.json"), said(&["compile", "--check", "--format", "json"]));
}

fn codes(project: &Project) -> Vec<String> {
    let found = project.floe(&["compile", "--check", "--format", "json"]).diagnostics();
    found.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn what_the_project_does_not_have() {
    let project = product(&[
        "{name: slaes}",
        "{name: sales.sql}",
        "{name: sales, dependsOn: [stg_order, models/staging, nothing_like_it]}",
        "{package: dbt_utls}",
        "{package: dbt-labs/dbt_utils}",
        "{path: models/stagin}",
        "{path: models/staging}",
        "{path: macros/}",
        "{path: dbt_packages/dbt_utils/models}",
        "{name: dbt_utils}",
    ]);
    package(&project, "dbt_packages/dbt_utils", "dbt_utils", &["spine"]);
    project.write("packages.yml", "packages:\n  - {package: dbt-labs/dbt_utils, version: 1.3.0}\n");
    project.write("macros/cents.sql", "{% macro cents(x) %}{{ x }} / 100{% endmacro %}\n");
    snapshot("unknown", &project, 1);
}

#[test]
fn what_may_come_with_packages_that_are_not_installed() {
    let project = product(&[
        "{package: dbt_utils}",
        "{package: elementry}",
        "{name: spine}",
        "{name: sales, dependsOn: [spine, stg_order]}",
    ]);
    let packages = "packages:\n  - {package: dbt-labs/dbt_utils, version: 1.3.0}\n  \
                    - {package: elementary-data/elementary, version: 0.18.0}\n";
    project.write("packages.yml", packages);
    snapshot("not-installed", &project, 0);
    // What `dbt deps` brings makes the difference.
    package(&project, "dbt_packages/dbt_utils", "dbt_utils", &["spine", "other"]);
    package(&project, "dbt_packages/elementary", "elementary", &["alerts"]);
    assert_eq!(codes(&project), ["F0304", "F0310"]);
}

#[test]
fn where_only_dbt_can_tell_nobody_is_accused() {
    let project = product(&[
        "{path: macros}",
        "{name: nowhere, dependsOn: [nothing]}",
        "{path: models/staging}",
        "{package: shop}",
    ]);
    project.write("macros/cents.sql", "{% macro cents(x) %}{{ x }} / 100{% endmacro %}\n");
    let paths = "name: shop\nprofile: shop\nmodel-paths: [\"{{ env_var('MODELS') }}\"]\n";
    project.write("dbt_project.yml", paths);
    assert!(codes(&project).is_empty(), "{:?}", codes(&project));
    // A path that does not exist does not, whatever dbt is told.
    choose(&project, &["{path: models/stagin}"]);
    assert_eq!(codes(&project), ["F0415"]);
}

#[test]
fn transforms_that_get_nothing() {
    let project = product(&[
        "{path: models/marts}",
        "{name: sales, compute: lake}",
        "{path: models/empty}",
        "{path: models/schema.yml}",
        "{package: macros_only}",
        "{name: orders}",
        "{path: models}",
    ]);
    project.write("models/empty/.gitkeep", "");
    project.write("models/empty/#draft.sql", "select 1\n");
    project.write("models/schema.yml", "models: [{name: sales}]\n");
    project.write("models/orders.sql", "select 1 as one\n");
    package(&project, "dbt_packages/macros_only", "macros_only", &[]);
    package(&project, "dbt_packages/base", "base_shop", &["orders"]);
    snapshot("nothing", &project, 0);
}

#[test]
fn one_path_is_one_claim_however_it_is_written() {
    let project = product(&[
        "{path: models/staging}",
        "{path: models/staging/, compute: lake}",
        "{path: ./models//staging}",
        "{path: .}",
        "{path: ./}",
        "{name: sales}",
        "{name: sales}",
        "{package: shop}",
        "{package: shop}",
    ]);
    snapshot("claimed-twice", &project, 1);
}

#[test]
fn circles_of_depends_on() {
    let project = product(&[
        "{name: sales, dependsOn: [stg_orders]}",
        "{path: models/staging, dependsOn: [a]}",
        "{path: models/deep, dependsOn: [b, sales]}",
        "{name: b}",
        "{path: models/own, dependsOn: [x, y]}",
        "{name: c, dependsOn: [d]}",
        "{name: d, dependsOn: [c, sales]}",
    ]);
    for model in ["deep/a", "deep/b", "own/x", "own/y", "c", "d"] {
        project.write(&format!("models/{model}.sql"), "select 1 as one\n");
    }
    snapshot("circles", &project, 1);
}

#[test]
fn what_comes_first_is_what_owns_the_model() {
    let project = product(&[
        "{path: models/marts, compute: lake, dependsOn: [stg_orders]}",
        "{path: models, compute: duckdb, dependsOn: [countries]}",
        "{path: seeds, compute: lake}",
    ]);
    project.write("seeds/countries.csv", "code\nde\n");
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = fs::read(project.path("target/floe/compiled_artifacts.json")).expect("the artifacts");
    let artifacts: Value = serde_json::from_slice(&artifacts).expect("JSON");
    let after: Vec<&Value> =
        artifacts["transforms"].as_array().expect("transforms").iter().map(|one| &one["after"]).collect();
    assert_eq!(after, [&json!([1]), &json!([2]), &Value::Null]);
}

#[test]
fn versions_are_claimed_together_or_one_by_one() {
    let project = product(&[
        "{name: orders, dependsOn: [orders.v1]}",
        "{name: orders_v1}",
        "{name: orders.v1}",
        "{name: orders.v3}",
    ]);
    project.write("models/orders_v1.sql", "select 1 as one\n");
    project.write("models/newest.sql", "select 1 as one\n");
    project.write("models/schema.yml", "models:\n  - {name: orders, versions: [{v: 1}, {v: 2, defined_in: newest}]}\n");
    snapshot("versions", &project, 1);
    choose(&project, &["{name: orders, dependsOn: [orders.v1]}", "{name: orders_v1}"]);
    assert!(codes(&project).is_empty(), "{:?}", codes(&project));
}

#[test]
fn targets_that_are_no_environment() {
    let project = product(&["{path: models}"]);
    let dbt_project = "name: shop\nprofile: shop\nmodels:\n  +enabled: \"{{ target.name != 'production' }}\"\n";
    project.write("dbt_project.yml", dbt_project);
    project.write(
        "models/marts/sales.sql",
        "{# target.name == 'no' #}\nselect 1 as one -- target.name == 'no'\n{% if target.name == 'prod' %}\nwhere true\n\
         {% elif target['name'] in ['dev', \"prd\"] %}\nwhere false\n{% endif %}\n",
    );
    project.write("macros/engine.sql", "{% macro engine() %}{{ 'lake' == target.get('name') }}{% endmacro %}\n");
    project.write(
        "models/schema.yml",
        "models:\n  # {{ target.name == 'no' }}\n  - name: sales\n    config: {enabled: \"{{ 'stag' not in target.name }}\"}\n",
    );
    project.write("dbt_packages/base/dbt_project.yml", "name: base\n");
    project.write("dbt_packages/base/models/far.sql", "select '{{ target.name == 'no' }}' as no\n");
    snapshot("targets", &project, 0);
    // One that is compiled alone does not make the others unknown.
    let run = project.floe(&["compile", "--check", "--env", "prod", "--format", "json"]).expect(0);
    assert_eq!(run.diagnostics().len(), 4, "{}", run.stdout);
}

#[test]
fn of_very_many_comparisons_the_first_ones_are_shown_and_the_others_counted() {
    let project = product(&["{path: models}"]);
    for number in 0..50 {
        project.write(&format!("models/many_{number:02}.sql"), "select '{{ target.name == 'qa' }}' as x\n");
    }
    let found = project.floe(&["compile", "--check", "--format", "json"]).expect(0).diagnostics();
    assert_eq!(found.len(), 20);
    assert_eq!(found[19]["help"], "environments are `dev`, `prod`; 30 more places compare with it");
}

#[test]
fn a_spec_elsewhere_names_files_as_the_user_reaches_them() {
    let project = product(&["{path: models/stagin}"]);
    project.write("models/marts/sales.sql", "select '{{ target.name == 'qa' }}' as x\n");
    let mut command = project.command(&["compile", "--check", "--spec", "product/floe.yaml", "--format", "json"]);
    let run = floe_tests::Run::of(command.current_dir(project.root())).expect(1);
    let files: Vec<Value> = run.diagnostics().iter().map(|one| one["spans"][0]["file"].clone()).collect();
    assert_eq!(files, ["product/floe.yaml", "product/models/marts/sales.sql"]);
}

#[test]
fn links_are_what_they_are_for_dbt() {
    let project = product(&["{path: models/linked}", "{name: outside}", "{name: one_file}"]);
    fs::create_dir_all(project.root().join("elsewhere")).expect("a folder");
    fs::write(project.root().join("elsewhere/outside.sql"), "select 1 as one\n").expect("a file");
    std::os::unix::fs::symlink("../../elsewhere", project.path("models/linked")).expect("a link");
    std::os::unix::fs::symlink("../../elsewhere/outside.sql", project.path("models/one_file.sql")).expect("a link");
    // dbt follows the link to the file alone, so the folder selects nothing and its model has no name.
    assert_eq!(codes(&project), ["F0307", "F0303"]);
}
