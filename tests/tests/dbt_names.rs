//! What floe finds in a dbt project without running dbt, against what `dbt ls` finds in the same project.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use floe_tests::{Project, Run, dbt};
use serde_json::Value;

const MODEL: &str = "select 1 as one\n";
const PYTHON: &str = "def model(dbt, session):\n    return dbt.ref('stg_orders')\n";

/// A project with every oddity of dbt's layout that has to do with names.
fn oddities() -> Project {
    let project = Project::new().approving("duckdb", &["duckdb"]);
    project.write(
        "dbt_project.yml",
        "name: shop\nversion: 1.0.0\nprofile: shop\nmodel-paths: [models, ./more//models/]\nseed-paths: [data]\n\
         snapshot-paths: [snaps]\nmacro-paths: [macros]\npackages-install-path: vendor/\n",
    );
    for (path, text) in [
        ("models/py_model.py", PYTHON),
        ("models/UPPER.SQL", MODEL),
        ("models/MixedCase.sql", MODEL),
        ("models/.hidden_folder/in_hidden.sql", MODEL),
        ("models/.hidden.sql", MODEL),
        ("models/#hash.sql", MODEL),
        ("models/~tilde.sql", MODEL),
        ("models/backup.sql~", MODEL),
        ("models/notes.txt", MODEL),
        ("models/deep/er/deepest.sql", MODEL),
        ("more/models/more_models.sql", MODEL),
        ("more/not_models.sql", MODEL),
        // What .dbtignore says, in its own order.
        (
            ".dbtignore",
            "# drafts\n*_draft.sql\nmodels/old/\n!models/old/kept.sql\n/models/rooted.sql\nmodels/**/far?.sql\n!models/deep/fary.sql\n",
        ),
        ("models/a_draft.sql", MODEL),
        ("models/old/left.sql", MODEL),
        ("models/old/kept.sql", MODEL),
        ("models/rooted.sql", MODEL),
        ("models/deep/rooted_not.sql", MODEL),
        ("models/deep/er/farx.sql", MODEL),
        ("models/deep/fary.sql", MODEL),
        // Versions: by default name, by `defined_in`, and the latest under its plain name.
        ("models/versions/orders_v1.sql", MODEL),
        ("models/versions/newest_orders.sql", MODEL),
        ("models/versions/items_v1.sql", MODEL),
        ("models/versions/items.sql", MODEL),
        ("models/versions/words_vbeta.sql", MODEL),
        (
            "models/versions/schema.yml",
            "models:\n  - name: orders\n    latest_version: 1\n    versions: [{v: 1}, {v: 2, defined_in: newest_orders}]\n  \
             - name: items\n    versions: [{v: 1}, {v: 2}]\n  - name: words\n    versions: [{v: beta}]\n  - name: sales\n    description: plain\n",
        ),
        // Seeds and snapshots.
        ("data/countries.csv", "code\nde\n"),
        ("data/Loud.CSV", "code\nde\n"),
        ("seeds/elsewhere.csv", "code\nde\n"),
        (
            "snaps/in_blocks.sql",
            "{# {% snapshot commented %}{% endsnapshot %} #}\n{% snapshot first_snap %}\n{{ config(unique_key='one', \
             strategy='check', check_cols='all', schema='snaps') }}\nselect 1 as one\n{% endsnapshot %}\n{%- snapshot second_snap -%}\n\
             {{ config(unique_key='one', strategy='check', check_cols='all', schema='snaps') }}\nselect 1 as one\n{%- endsnapshot -%}\n",
        ),
        (
            "models/deep/yaml_snaps.yaml",
            "snapshots:\n  - name: yaml_snap\n    relation: ref('stg_orders')\n    config: {unique_key: one, strategy: check, check_cols: all}\n  \
             - {name: first_snap, description: only described}\n",
        ),
        ("macros/some_macro.sql", "{% macro some_macro() %}1{% endmacro %}\n"),
        ("tests/some_test.sql", "select 1 as one where false\n"),
        ("analyses/some_analysis.sql", MODEL),
        // Packages: a local one, which brings another one.
        ("packages.yml", "packages:\n  - local: packages/base\n"),
        ("packages/base/dbt_project.yml", "name: base_shop\nversion: 1.0.0\nmodel-paths: [src]\n"),
        ("packages/base/.dbtignore", "never.sql\n"),
        ("packages/base/src/never.sql", MODEL),
        ("packages/base/src/base_model.sql", MODEL),
        ("packages/base/models/not_here.sql", MODEL),
        ("packages/base/seeds/base_seed.csv", "code\nde\n"),
        ("packages/base/packages.yml", "packages:\n  - local: packages/far\n"),
        ("packages/far/dbt_project.yml", "name: far_shop\nversion: 1.0.0\n"),
        ("packages/far/models/far_model.sql", MODEL),
        ("vendor/__pycache__/dbt_project.yml", "name: nonsense\n"),
        ("vendor/__pycache__/models/nonsense_model.sql", MODEL),
    ] {
        project.write(path, text);
    }
    fs::create_dir_all(project.root().join("outside")).expect("a folder");
    fs::write(project.root().join("outside/linked_model.sql"), MODEL).expect("a file");
    symlink("../../outside", project.path("models/linked_folder")).expect("a link");
    symlink("../../outside/linked_model.sql", project.path("models/linked_file.sql")).expect("a link");
    project
}

/// All that dbt lists that a transform can claim.
fn listed(project: &Project) -> Vec<Value> {
    let kinds = ["--resource-type", "model", "seed", "snapshot"];
    let keys = ["--output", "json", "--output-keys", "name", "version", "package_name", "original_file_path"];
    let run = project.dbt("dev", "duckdb", &[&["ls", "--quiet"][..], &kinds, &keys].concat()).expect(0);
    run.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The things, each a transform of a kind, that floe refuses as not there.
fn refused(project: &Project, kind: &str, things: &BTreeSet<String>) -> BTreeSet<String> {
    let transforms: Vec<String> =
        things.iter().map(|one| format!("  - {{{kind}: {}}}\n", Value::from(one.as_str()))).collect();
    let transforms = transforms.concat();
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop}}\nplatform: {{manifest: manifest.yaml}}\n\
             transforms:\n{transforms}"
        ),
    );
    let run: Run = project.floe(&["compile", "--check", "--format", "json"]);
    // Two names of one version are one claim: that is no refusal of the name.
    let missing =
        run.diagnostics().into_iter().filter(|one| ["F0303", "F0307"].contains(&one["code"].as_str().unwrap_or("")));
    let lines = missing.map(|one| usize::try_from(one["spans"][0]["line"].as_u64().expect("a line")).expect("a line"));
    let things: Vec<&String> = things.iter().collect();
    lines.map(|line| things[line - 6].clone()).collect()
}

/// Every name that somebody might take for one: of each file, and of each thing that YAML and blocks name.
fn candidates(project: &Project) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = floe_tests::tree::tree(&project.product())
        .into_iter()
        .filter(|(path, _)| !path.starts_with("target") && !path.starts_with("logs"))
        .filter_map(|(path, _)| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    for name in ["orders", "items", "words", "first_snap", "second_snap", "yaml_snap", "commented", "linked_model"] {
        names.insert(name.to_owned());
    }
    for version in ["orders.v1", "orders.v2", "orders.v3", "items.v1", "items.v2", "words.vbeta", "newest_orders.v2"] {
        names.insert(version.to_owned());
    }
    names
}

#[test]
fn the_names_are_those_of_dbt() {
    let project = oddities();
    let _ = project.floe(&["compile"]).expect(0);
    let _ = project.dbt("dev", "duckdb", &["deps", "--quiet"]).expect(0);
    let listed = listed(&project);
    let mut names = BTreeSet::new();
    for node in &listed {
        let name = node["name"].as_str().expect("a name");
        names.insert(name.to_owned());
        let version = &node["version"];
        if let Some(version) = version.as_str().map(str::to_owned).or_else(|| version.as_u64().map(|v| v.to_string())) {
            // As dbt shows it, and as `--select` takes it too.
            names.extend([format!("{name}.v{version}"), format!("{name}_v{version}")]);
        }
    }
    for expected in
        ["py_model", "UPPER", "kept", "fary", "orders.v2", "items", "yaml_snap", "base_model", "far_model", "Loud"]
    {
        assert!(names.contains(expected), "dbt itself lacks {expected}: {names:?}");
    }
    let candidates = candidates(&project);
    let missing: Vec<_> = names.difference(&candidates).filter(|name| !name.contains("_v")).collect();
    assert!(missing.is_empty(), "the test has not thought of {missing:?}");
    let accepted: BTreeSet<_> = candidates.difference(&refused(&project, "name", &candidates)).cloned().collect();
    let expected: BTreeSet<_> = names.intersection(&candidates).cloned().collect();
    assert_eq!(accepted, expected);

    // The files, too: those of dbt are claimed, others of the same folders are nothing.
    let own = listed.iter().filter(|node| node["package_name"] == "shop");
    let clean = |path: &str| path.trim_start_matches("./").replace("//", "/");
    let files: BTreeSet<String> = own.map(|node| clean(node["original_file_path"].as_str().expect("a path"))).collect();
    let all: BTreeSet<String> = floe_tests::tree::tree(&project.product())
        .into_keys()
        .filter(|path| ["models", "more/models", "data", "snaps"].iter().any(|folder| path.starts_with(folder)))
        .map(|path| path.to_str().expect("UTF-8").to_owned())
        .collect();
    let accepted: BTreeSet<_> = all.difference(&refused(&project, "path", &all)).cloned().collect();
    assert_eq!(accepted, files);
}

/// The same product before and after `dbt deps`: local packages can be read without.
#[test]
fn a_local_package_is_known_before_it_is_installed() {
    let project = oddities();
    let names: BTreeSet<String> = ["base_model", "base_seed", "far_model", "never"].map(str::to_owned).into();
    let before = refused(&project, "name", &names);
    assert_eq!(before, ["never".to_owned()].into());
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\nplatform: {manifest: manifest.yaml}\n",
    );
    let _ = project.floe(&["compile"]).expect(0);
    let _ = project.dbt("dev", "duckdb", &["deps", "--quiet"]).expect(0);
    assert!(dbt::program().exists() && project.path("vendor/base_shop").exists());
    assert_eq!(refused(&project, "name", &names), before);
}
