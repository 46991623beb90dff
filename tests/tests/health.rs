//! `floe health` on DuckDB, through the binary: what it finds, and that it leaves nothing behind.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use floe_tests::redact::redact;
use floe_tests::show;
use floe_tests::tree::tree;
use floe_tests::{Project, dbt};
use serde_json::Value;

fn on(config: &str) -> Project {
    Project::new().approving("duckdb", &[&format!("{{name: duckdb, config: {config}}}")])
}

/// Checks, expects an exit status, shows that no file came, went or changed, and returns the compute's entry.
fn check(project: &Project, code: i32) -> Value {
    let before = tree(&project.product());
    let run = project.floe(&["health", "--format", "json"]).expect(code);
    assert!(tree(&project.product()) == before, "the check changed a file of the product");
    let json = run.json();
    assert_eq!(json["computes"].as_array().map(Vec::len), Some(1), "{json:#}");
    json["computes"][0].clone()
}

/// What a person sees.
fn seen(project: &Project) -> String {
    redact(project, &project.floe(&["health"]).transcript())
}

/// A process that has a database open, and writes in it, until it is told to end.
struct Holder(Child);

impl Holder {
    fn of(project: &Project, database: &str) -> Self {
        let script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.sql('create table t as select 1 as i'); \
                      print('open', flush=True); sys.stdin.readline()";
        let mut child = Command::new(dbt::program().parent().expect("bin/").join("python"))
            .args(["-c", script, database])
            .current_dir(project.product())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "open\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.stdin.take().map(|mut stdin| stdin.write_all(b"\n"));
        let _ = self.0.wait();
    }
}

#[test]
fn in_memory_is_healthy() {
    let found = check(&on("{}"), 0);
    assert_eq!(found["status"], "healthy");
    assert!(found["details"]["server_version"].as_str().is_some_and(|version| version.contains("1.5.5")), "{found:#}");
    assert!(found["latency_ms"].as_f64().is_some_and(|latency| latency > 0.0), "{found:#}");
}

#[test]
fn a_file_that_is_not_there_yet_is_healthy_and_not_made() {
    let project = on("{path: shop.duckdb}");
    assert_eq!(check(&project, 0)["status"], "healthy");
    assert!(!project.path("shop.duckdb").exists());
    insta::assert_snapshot!(seen(&project));
}

#[test]
fn a_file_that_is_there_is_healthy_and_unchanged() {
    let project = on("{path: shop.duckdb}");
    drop(Holder::of(&project, "shop.duckdb"));
    assert_eq!(check(&project, 0)["status"], "healthy");
}

#[test]
fn a_file_in_use_is_healthy_and_says_by_whom() {
    let project = on("{path: shop.duckdb}");
    let holder = Holder::of(&project, "shop.duckdb");
    let found = check(&project, 0);
    assert_eq!(found["status"], "healthy");
    assert_eq!(found["details"]["in_use_by"]["pid"], holder.0.id());
    assert!(found["details"]["in_use_by"]["command"].as_str().is_some_and(|c| c.contains("python")), "{found:#}");
    insta::assert_snapshot!(seen(&project));
}

#[test]
fn a_file_that_is_no_database() {
    let project = on("{path: shop.duckdb}").with("shop.duckdb", &"no database ".repeat(1000));
    let found = check(&project, 1);
    assert_eq!((&found["status"], &found["reason"]), (&"unhealthy".into(), &"not_a_database".into()));
    insta::assert_snapshot!(seen(&project));
}

#[test]
fn a_folder_that_is_not_there() {
    let project = on("{path: nowhere/shop.duckdb}");
    assert_eq!(check(&project, 1)["status"], "unhealthy");
    assert!(!project.path("nowhere").exists());
    insta::assert_snapshot!(seen(&project));
}

#[test]
fn a_folder_that_cannot_be_written() {
    let project = on("{path: locked/shop.duckdb}");
    fs::create_dir(project.path("locked")).expect("a folder");
    fs::set_permissions(project.path("locked"), Permissions::from_mode(0o555)).expect("its permissions");
    if fs::write(project.path("locked/probe"), "").is_ok() {
        // Root may write anywhere, so for root the folder is fine, and the check says so.
        fs::remove_file(project.path("locked/probe")).expect("it is there");
        show("NOT SHOWN as root: a folder that cannot be written; shown instead: it is healthy for who can");
        assert_eq!(check(&project, 0)["status"], "healthy");
        return;
    }
    assert_eq!(check(&project, 1)["status"], "unhealthy");
}

#[test]
fn a_memory_limit_that_is_none() {
    let project = on("{settings: {memory_limit: lots}}");
    let run = project.floe(&["health"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
}

#[test]
fn an_extension_that_is_not_there_degrades() {
    let project = on("{extensions: [nonesuch_extension]}");
    assert_eq!(check(&project, 0)["status"], "degraded");
    let denied = project.floe(&["health", "--deny-degraded"]).expect(1);
    insta::assert_snapshot!(redact(&project, &denied.transcript()));
}

#[test]
fn relative_paths_count_from_the_project() {
    let project = on("{path: data/shop.duckdb}").with("data/.keep", "");
    let spec = project.path("floe.yaml");
    let mut command = project.command(&["health", "--spec", spec.to_str().expect("a path in UTF-8")]);
    let _ = floe_tests::Run::of(command.current_dir("/")).expect(0);
}

#[test]
fn one_that_is_unhealthy_does_not_hide_the_others() {
    let project = Project::new().with_fixtures(&["hangs"]);
    project.approve("duckdb", &["duckdb", "{name: broken, plugin: duckdb, config: {path: no/x.duckdb}}", "hangs"]);
    let run = project.floe(&["health", "--timeout", "2", "--format", "json"]).expect(1);
    let json = run.json();
    let states: Vec<_> = json["computes"].as_array().expect("computes").iter().map(|c| c["status"].clone()).collect();
    assert_eq!(states, ["healthy", "unhealthy", "unhealthy"], "{json:#}");
    assert!(run.took.as_secs_f64() < 10.0, "side by side: {:?}", run.took);
    insta::assert_snapshot!(redact(&project, &project.floe(&["health", "--timeout", "2"]).transcript()));

    let only = project.floe(&["health", "--compute", "duckdb", "--format", "json"]).expect(0).json();
    assert_eq!(only["computes"].as_array().map(Vec::len), Some(1));
}

/// What is in it counts, and not what the process has; what is wrong with it is told without it.
#[test]
fn files_of_variables() {
    let project = on("{path: \"{{ env_var('SHOP_FILE') }}\"}");
    project.write("good.env", "# where it is\nSHOP_FILE=of_the_file.duckdb\n");
    project.write("bad.env", "SHOP_FILE=x.duckdb\nexport SECRET-THING\n");
    let health = |files: &[&str], code| {
        let mut command = project.command(&["health"]);
        for file in files {
            command.args(["--env-file", file]);
        }
        floe_tests::Run::of(command.env("SHOP_FILE", "of_the_process.duckdb")).expect(code)
    };
    assert!(health(&[], 0).stdout.contains("of_the_process.duckdb"));
    assert!(health(&["good.env"], 0).stdout.contains("of_the_file.duckdb"));
    let wrong = health(&["good.env", "bad.env", "none.env"], 1);
    assert!(!wrong.transcript().contains("SECRET-THING"));
    insta::assert_snapshot!(redact(&project, &wrong.transcript()));
}

/// Where it stands alone in a text it is hidden; numbers stay numbers, so that the answer can be read.
#[test]
fn a_password_of_one_digit() {
    let config = "{host: 127.0.0.1, port: 1, user: dbt, password: {secret: {source: env, name: PW}}, dbname: shop, schema: marts}";
    let project = Project::new().approving("redshift", &[&format!("{{name: redshift, config: {config}}}")]);
    let mut command = project.command(&["health", "--format", "json"]);
    let json = floe_tests::Run::of(command.env("PW", "1")).expect(1).json();
    let found = &json["computes"][0];
    assert_eq!(found["reason"], "refused", "{found:#}");
    assert!(found["message"].as_str().is_some_and(|text| text.starts_with("`127.0.0.***` port ***")), "{found:#}");
}

/// Of a platform team that has no product: everything that its manifest approves, in its first environment or the named ones.
#[test]
fn a_manifest_without_a_product() {
    let project = Project::new().with_example();
    let health = |arguments: &[&str]| {
        let mut command = project.command(&[&["health", "--format", "json"], arguments].concat());
        let folder = project.root().join("home");
        std::fs::copy(project.path("manifest.yaml"), folder.join("manifest.yaml")).expect("a copy");
        floe_tests::Run::of(command.current_dir(folder)).expect(0).json()
    };
    let found = |answer: &Value| -> Vec<String> {
        let computes = answer["computes"].as_array().expect("computes").iter();
        computes.map(|one| format!("{} {} {}", one["compute"], one["environment"], one["status"])).collect()
    };
    let first = health(&["--manifest", "manifest.yaml"]);
    assert_eq!(found(&first), [r#""duckdb" "dev" "healthy""#]);
    let both = health(&["--manifest", "manifest.yaml", "--env", "dev", "--env", "prod"]);
    assert_eq!(found(&both), [r#""duckdb" "dev" "healthy""#, r#""duckdb" "prod" "healthy""#]);
    assert!(
        both["computes"][1]["message"].as_str().is_some_and(|text| text.contains("coffee_prod.duckdb")),
        "{both:#}"
    );
}
