//! `floe init` in dbt projects as others have published them: what it writes compiles and runs, nothing of the user's is
//! changed, and no secret is anywhere but where it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::postgres::{self, Endpoint, PASSWORD, USER};
use floe_tests::tree::tree;
use floe_tests::{Project, Run, dbt, workspace};

/// A copy of one of `tests/projects`, without anything of floe's.
fn published(name: &str) -> Project {
    let project = empty();
    for (path, bytes) in tree(&workspace::root().join("tests/projects").join(name)) {
        project.write(path.to_str().expect("UTF-8"), std::str::from_utf8(&bytes).expect("UTF-8"));
    }
    project
}

/// A folder with nothing in it.
fn empty() -> Project {
    let project = Project::new();
    fs::remove_dir_all(project.product()).expect("the product was there");
    fs::create_dir(project.product()).expect("a folder");
    project
}

/// A dbt project of one model, with a profile.
fn with_profile(profile: &str) -> Project {
    empty()
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\n")
        .with("models/sales.sql", "select 1 as a\n")
        .with("profiles.yml", profile)
}

fn text(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What `floe init` says, and the files that it writes, with nothing else changed; the files compile as they are.
fn begun(project: &Project, arguments: &[&str]) -> String {
    let before = (tree(&project.product()), tree(&project.root().join("home")));
    let run = project.floe(&[&["init"], arguments].concat()).expect(0);
    let mut after = (tree(&project.product()), tree(&project.root().join("home")));
    for new in ["floe.yaml", "manifest.yaml"] {
        assert!(after.0.remove(Path::new(new)).is_some(), "{new} is written");
    }
    assert_eq!(before, after, "nothing of the user's is changed, and nothing else is left");
    let _ = project.floe(&["compile", "--deny-warnings"]).expect(0);
    let files = ["floe.yaml", "manifest.yaml"].map(|file| format!("=== {file}\n{}", text(project, file)));
    redact(project, &format!("{}\n{}", run.transcript(), files.concat()))
}

/// That values are in nothing that floe says or writes, however it is asked.
fn nowhere(project: &Project, arguments: &[&str], values: &[&str]) {
    let hidden = |what: &str, text: &str| {
        for value in values {
            assert!(!text.contains(value), "{value} is in {what}:\n{text}");
        }
    };
    let own: Vec<PathBuf> = tree(&project.product()).into_keys().collect();
    for more in [["--dry-run"].as_slice(), &["--dry-run", "--format", "json"], &[]] {
        let all = [&["init"], arguments, more].concat();
        let run = Run::of(project.command(&all).env("FLOE_LOG", "trace"));
        hidden(&format!("{all:?}"), &run.transcript());
    }
    let compiled = Run::of(project.command(&["compile"]).env("FLOE_LOG", "trace")).expect(0);
    hidden("compile", &compiled.transcript());
    let new: BTreeMap<_, _> = tree(&project.product()).into_iter().filter(|(path, _)| !own.contains(path)).collect();
    assert!(new.len() > 4, "the artifacts are there");
    for (path, bytes) in new {
        hidden(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn jaffle_shop_is_built_by_stock_dbt() {
    let project = published("jaffle-shop");
    insta::assert_snapshot!("jaffle-shop", begun(&project, &[]));
    let _ = project.floe(&["compile"]).expect(0);
    for environment in ["dev", "prod"] {
        let run = project.dbt(environment, "duckdb", &["build"]).expect(0);
        assert!(run.stdout.contains("PASS=7 WARN=0 ERROR=0"), "{}", run.stdout);
    }
    assert!(project.path("jaffle_shop.duckdb").exists(), "where the profile had it");
}

/// floe runs it with no edit.
#[test]
fn jaffle_shop_is_run_by_floe() {
    let project = published("jaffle-shop");
    let _ = project.floe(&["init"]).expect(0);
    let project = project.with_environments(&[("duckdb", "duckdb")]);
    for environment in ["dev", "prod"] {
        let run = project.floe(&["run", "--env", environment, "--format", "json"]).expect(0).json();
        let results = run["results"].as_array().cloned().unwrap_or_default();
        assert_eq!(results.len(), 7, "{run:#}");
        assert!(results.iter().all(|one| one["status"] == "success"), "{run:#}");
    }
}

/// One output with nothing but a path, beside a database that holds a source already.
#[test]
fn octocatalog_is_run_by_floe() {
    let project = published("octocatalog");
    let fill = "import duckdb, sys\nduckdb.connect(sys.argv[1]).sql(\"create table github_events as select range as id, 'push' as kind from range(3)\")\n";
    let database = project.path("github_archive.db");
    let filled = Command::new(dbt::python()).args(["-c", fill]).arg(&database).status().expect("Python starts");
    assert!(filled.success());
    insta::assert_snapshot!("octocatalog", begun(&project, &[]));
    let project = project.with_environments(&[("duckdb", "duckdb")]);
    let _ = project.floe(&["run"]).expect(0);
    let read = "import duckdb, sys\nprint(duckdb.connect(sys.argv[1]).sql('select kind, events from events_by_kind').fetchall())\n";
    let rows = Command::new(dbt::python()).args(["-c", read]).arg(&database).output().expect("Python starts");
    assert_eq!(String::from_utf8_lossy(&rows.stdout).trim(), "[('push', 3)]", "{rows:?}");
}

/// The output for Redshift of a profile for many engines, with all of it from variables, on a server.
#[test]
fn the_tests_of_dbt_utils_are_run_by_floe_on_redshift() {
    let project = published("many-engines");
    let _ = project.floe(&["init", "--target", "redshift"]).expect(0);
    let project = project.with_environments(&[("redshift", "redshift")]);
    let authority = Authority::new();
    let endpoint = Endpoint::with_tls(&authority.issue(Kind::Good));
    let mut command = project.command(&["run", "--format", "json"]);
    command.env("SSL_CERT_FILE", authority.file());
    for (name, value) in [
        ("REDSHIFT_TEST_HOST", "localhost"),
        ("REDSHIFT_TEST_PORT", &endpoint.port.to_string()),
        ("REDSHIFT_TEST_USER", USER),
        ("DBT_ENV_SECRET_REDSHIFT_TEST_PASS", PASSWORD),
        ("REDSHIFT_TEST_DBNAME", "shop"),
        ("REDSHIFT_TEST_SCHEMA", "utils"),
    ] {
        command.env(name, value);
    }
    let run = Run::of(&mut command).expect(0);
    assert!(!run.transcript().contains(PASSWORD));
    assert_eq!(run.json()["results"].as_array().map(Vec::len), Some(1), "{}", run.transcript());
    assert_eq!(postgres::shared().sql("shop", "select a from utils.data_people"), "1");
}

#[test]
fn a_profile_in_the_home_folder_with_passwords() {
    let in_home = || {
        let project = published("warehouse");
        let home = project.root().join("home/.dbt");
        fs::create_dir(&home).expect("a folder");
        fs::rename(project.path("profiles.yml"), home.join("profiles.yml")).expect("it can be moved");
        project
    };
    insta::assert_snapshot!("warehouse", begun(&in_home(), &[]));
    insta::assert_snapshot!("warehouse-prod", begun(&in_home(), &["--target", "prod"]));
    nowhere(&in_home(), &[], &["correct-horse-4711", "battery-staple-4712", "not-of-this-project-4713"]);
}

#[test]
fn key_pairs_on_snowflake() {
    insta::assert_snapshot!("tasty", begun(&published("tasty"), &[]));
    nowhere(&published("tasty"), &[], &["bm90IGEga2V5IGF0IGFsbCA0NzE0", "PRIVATE KEY-----", "open-sesame-4715"]);
}

#[test]
fn outputs_on_many_engines() {
    let project = published("many-engines");
    let run = project.floe(&["init"]).expect(1);
    assert!(!project.path("floe.yaml").exists() && !project.path("manifest.yaml").exists());
    insta::assert_snapshot!("many-engines-refused", redact(&project, &run.transcript()));
    insta::assert_snapshot!("many-engines", begun(&project, &["--target", "redshift"]));
    for target in ["bigquery", "snowflake"] {
        let _ = begun(&published("many-engines"), &["--target", target]);
    }
    let project = published("many-engines");
    nowhere(&project, &["--target", "redshift"], &["local-only-4716", "snowflake-word-4717"]);
}

/// The keys of each adapter that floe calls otherwise, and its secrets.
#[test]
fn every_adapter_compiles() {
    let outputs = [
        (
            "duckdb",
            "{type: duckdb, path: data/shop.duckdb, extensions: [httpfs, {name: h3, repo: community}], \
                    attach: [{path: 'postgres://me:hunter2-4718@db/shop', alias: crm, type: postgres}], \
                    settings: {s3_region: eu-central-1, s3_secret_access_key: hunter2-4718}, \
                    secrets: [{type: s3, key_id: hunter2-4718, secret: hunter2-4718}]}",
        ),
        (
            "snowflake",
            "{type: snowflake, account: a-b, user: u, password: hunter2-4718, database: d, schema: s, warehouse: w, \
                       client_session_keep_alive: no, threads: 4}",
        ),
        (
            "spark",
            "{type: spark, method: thrift, host: h, port: 10000, user: u, schema: s, query_timeout: 600, threads: 2}",
        ),
        (
            "bigquery",
            "{type: bigquery, method: oauth, project: p, dataset: d, job_execution_timeout_seconds: 300, retries: 2}",
        ),
        (
            "databricks",
            "{type: databricks, host: h.cloud.databricks.com, http_path: /sql/1.0/warehouses/1, catalog: main, \
                        schema: s, token: hunter2-4718, session_properties: {statement_timeout: 900}}",
        ),
        ("redshift", "{type: redshift, host: h, port: 5439, user: u, pass: 'hunter2-4718', dbname: d, schema: s}"),
        (
            "trino",
            "{type: trino, method: ldap, host: h, port: 443, http_scheme: https, user: u, password: hunter2-4718, \
                   catalog: hive, schema: s, session_properties: {query_max_run_time: 30m}}",
        ),
    ];
    let mut all = String::new();
    for (adapter, output) in outputs {
        let project = with_profile(&format!("shop:\n  target: dev\n  outputs:\n    dev: {output}\n"));
        let said = begun(&project, &[]);
        assert!(!said.contains("hunter2"), "{said}");
        all.extend(["##### ", adapter, "\n", &said, "\n"]);
    }
    insta::assert_snapshot!("adapters", all);
}

/// The transcripts of `floe init` with these profiles, each of which ends in this way.
fn said(profiles: &[(&str, &str)], code: i32) -> String {
    let one = |(arguments, profile): &(&str, &str)| {
        let project = with_profile(profile);
        let arguments: Vec<&str> = ["init"].into_iter().chain(arguments.split_whitespace()).collect();
        let run = project.floe(&arguments).expect(code);
        assert!(!run.transcript().contains("hunter2"), "{}", run.transcript());
        format!("{profile}$ floe {}\n{}", arguments.join(" "), redact(&project, &run.transcript()))
    };
    profiles.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_cannot_be_taken_over_is_told() {
    let profile = "shop:\n  outputs:\n    Default 1: {type: duckdb, threads: 100, timeout_seconds: 5, paht: x.duckdb, pasword: hunter2, settings: {}}\n    \
                   default_1: {type: duckdb, threads: \"{{ env_var('N', '6') | int }}\"}\n    \
                   default: {type: duckdb, threads: \"{{ env_var('N') | int }}\", attach: [{path: a.duckdb, alas: hunter2}]}\n";
    let trino = "shop:\n  outputs:\n    dev: {type: trino, method: none, host: h, port: 80, user: u, database: a, catalog: b, schema: s, \
                 session_properties: {query_max_run_time: forever, x: 1}}\n";
    insta::assert_snapshot!("left-out", said(&[("", profile), ("--dry-run", trino)], 0));
}

#[test]
fn what_does_not_compile_is_written_and_the_edits_are_asked_for() {
    let project = with_profile(
        "shop:\n  target: dev\n  outputs:\n    dev: {type: redshift, host: \"{{ target.name ~ '.example' }}\", port: many, password: hunter2}\n",
    );
    let run = project.floe(&["init"]).expect(1);
    let files = ["floe.yaml", "manifest.yaml"].map(|file| text(&project, file)).concat();
    insta::assert_snapshot!("edits", redact(&project, &format!("{}\n{files}", run.transcript())));
    let compiled = project.floe(&["compile"]).expect(1);
    let [asked, found] = [&run, &compiled].map(|run| redact(&project, &run.stderr));
    assert_eq!(asked, found, "the errors are those of `floe compile`");
}

#[test]
fn targets() {
    let outputs = "  outputs:\n    dev: {type: duckdb}\n    prod: {type: duckdb, path: p.duckdb}\n";
    let with = |target: &str| format!("shop:\n{target}{outputs}");
    let (variable, default, unknown, none) = (
        with("  target: \"{{ env_var('DBT_TARGET') }}\"\n"),
        with("  target: \"{{ env_var('DBT_TARGET', 'prod') }}\"\n"),
        with("  target: stage\n"),
        with(""),
    );
    insta::assert_snapshot!(
        "targets",
        said(&[("", &variable), ("", &unknown), ("", &none), ("--target stage", &none)], 1)
    );
    let first = |arguments: &[&str], profile: &str| {
        let project = with_profile(profile);
        let _ = project.floe(&[&["init"], arguments].concat()).expect(0);
        text(&project, "floe.yaml").lines().find_map(|line| line.strip_prefix("  - name: ").map(str::to_owned))
    };
    assert_eq!(first(&[], &default).as_deref(), Some("prod"), "the default of the variable");
    assert_eq!(first(&["--target", "dev"], &default).as_deref(), Some("dev"));
    assert_eq!(first(&["--target", "prod"], &variable).as_deref(), Some("prod"));
}

#[test]
fn profiles_that_cannot_be_used() {
    let broken = [
        ("", "other: {outputs: {dev: {type: duckdb}}}\n"),
        ("", "shop: {target: dev}\n"),
        ("", "shop: {outputs: {}}\n"),
        ("", "shop: {outputs: {dev: hunter2, prod: {schema: hunter2}, ci: {type: \"{{ var('x') }}\"}}}\n"),
        ("", "shop:\n  outputs:\n    dev: {type: duckdb, pass: hunter2\n  pass: hunter2\n"),
        ("", "shop:\n  outputs:\n    dev: {type: duckdb, p: {{ env_var('hunter2') }}}\n"),
        ("", "- hunter2\n"),
        ("", ""),
        ("--profiles-dir nowhere", "shop: {outputs: {dev: {type: duckdb}}}\n"),
        ("--plugins-dir models", "shop: {outputs: {dev: {type: duckdb}}}\n"),
    ];
    insta::assert_snapshot!("broken-profiles", said(&broken, 1));
}

#[test]
fn projects_that_cannot_be_used() {
    let mut all = String::new();
    let project = empty();
    for (name, text) in [
        ("nothing", None),
        ("no profile", Some("name: shop\n")),
        ("no YAML", Some("name: [shop\n")),
        ("no profiles.yml", Some("name: shop\nprofile: shop\n")),
    ] {
        if let Some(text) = text {
            project.write("dbt_project.yml", text);
        }
        let run = project.floe(&["init"]).expect(1);
        all.extend(["##### ", name, "\n", &redact(&project, &run.transcript()), "\n"]);
    }
    insta::assert_snapshot!("broken-projects", all);
}

#[test]
fn nothing_is_replaced() {
    let mut all = String::new();
    for file in ["floe.yaml", "floe.yml", "manifest.yaml"] {
        let project = with_profile("shop: {outputs: {dev: {type: duckdb}}}\n").with(file, "mine: 1\n");
        let before = tree(&project.product());
        let run = project.floe(&["init"]).expect(1);
        assert_eq!(tree(&project.product()), before);
        all.push_str(&redact(&project, &run.transcript()));
    }
    insta::assert_snapshot!("not-replaced", all);
}

#[test]
fn nothing_is_written_by_a_dry_run() {
    let project = published("jaffle-shop");
    let before = tree(&project.product());
    let run = project.floe(&["init", "--dry-run"]).expect(0);
    let json = project.floe(&["init", "--dry-run", "--format", "json"]).expect(0);
    assert_eq!(tree(&project.product()), before);
    insta::assert_snapshot!("dry-run", redact(&project, &run.transcript()));
    insta::assert_snapshot!("dry-run.json", redact(&project, &json.transcript()));
    let _ = project.floe(&["init"]).expect(0);
    for file in json.json()["files"].as_array().expect("files") {
        let path = file["path"].as_str().expect("a path");
        assert_eq!(text(&project, path), file["content"].as_str().expect("a text"), "{path}");
    }
}

#[test]
fn from_another_folder() {
    let here = published("jaffle-shop");
    let _ = here.floe(&["init"]).expect(0);
    let afar = published("jaffle-shop");
    let product = afar.product();
    let folder = product.to_str().expect("UTF-8");
    let _ = Run::of(afar.command(&["init", "--project-dir", folder]).current_dir("/")).expect(0);
    for file in ["floe.yaml", "manifest.yaml"] {
        assert_eq!(text(&here, file), text(&afar, file), "{file}");
    }
}

#[test]
fn profiles_are_looked_for_where_dbt_does() {
    let database = |command: &dyn Fn(&Project) -> Vec<String>, variable: bool| {
        let profile = |path: &str| format!("shop: {{outputs: {{dev: {{type: duckdb, path: {path}.duckdb}}}}}}\n");
        let project = with_profile(&profile("project"));
        for (folder, name) in [("home/.dbt", "home"), ("named", "named"), ("variable", "variable")] {
            let folder = project.root().join(folder);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("profiles.yml"), profile(name)).expect("a file");
        }
        let arguments = command(&project);
        let mut floe = project.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        if variable {
            floe.env("DBT_PROFILES_DIR", project.root().join("variable"));
        }
        let _ = Run::of(&mut floe).expect(0);
        let manifest = text(&project, "manifest.yaml");
        manifest.lines().find_map(|line| line.trim().strip_prefix("path: ").map(str::to_owned)).expect("a path")
    };
    let plain = |_: &Project| vec!["init".to_owned()];
    let named = |project: &Project| {
        vec!["init".to_owned(), "--profiles-dir".to_owned(), project.root().join("named").display().to_string()]
    };
    let at_home = |project: &Project| {
        fs::remove_file(project.path("profiles.yml")).expect("it was there");
        vec!["init".to_owned()]
    };
    assert_eq!(database(&named, true), "named.duckdb");
    assert_eq!(database(&plain, true), "variable.duckdb");
    assert_eq!(database(&plain, false), "project.duckdb");
    assert_eq!(database(&at_home, false), "home.duckdb");
}

/// A plugin of another vendor is found by the adapter that it says it is for; of an adapter that none knows, that is told.
#[test]
fn a_plugin_of_another_name() {
    let project = with_profile("shop: {outputs: {dev: {type: duckdb, path: x.db}}}\n").with_fixtures(&["good"]);
    let plugins = project.plugins();
    let only = ["--plugins-dir", plugins.to_str().expect("UTF-8")];
    let _ = project.floe(&[["init"].as_slice(), &only].concat()).expect(0);
    assert!(text(&project, "manifest.yaml").contains("- name: good\n"), "{}", text(&project, "manifest.yaml"));
    let _ = project.floe(&[["compile"].as_slice(), &only].concat()).expect(0);
    insta::assert_snapshot!("no-plugin", said(&[("", "shop: {outputs: {dev: {type: nimbus, pass: hunter2}}}\n")], 1));
}
