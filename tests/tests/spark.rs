//! Spark through the binary: the example on a real Spark Thrift Server with stock dbt, and its health.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use floe_tests::redact::redact;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::spark::front::{Cluster, Front};
use floe_tests::servers::spark::{Mode, PASSWORD, server};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Project, Run, dbt, python, workspace};
use serde_json::Value;

/// Stock dbt with dbt-spark.
fn program() -> PathBuf {
    python::environment("spark", &workspace::root().join("scripts/requirements/spark.txt")).join("bin/dbt")
}

/// The example of the README on one compute, Spark, by default.
fn example(config: &str) -> Project {
    let project = Project::new().with_example();
    let spec = fs::read_to_string(project.path("floe.yaml")).expect("the spec");
    project.write("floe.yaml", &spec.replace("compute: duckdb", "compute: spark"));
    project.with(
        "manifest.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: coffee-platform, version: 1.0.0}}\n\
             plugins:\n  compute:\n    approved:\n      - {{name: spark, config: {config}}}\n    default: spark\n\
             environments: [{{name: dev}}, {{name: prod}}]\n"
        ),
    )
}

fn compile(project: &Project) -> Run {
    project.floe(&["compile"]).expect(0)
}

fn profiles(project: &Project) -> PathBuf {
    project.path("target/floe/profiles/dev/spark")
}

fn dbt_on(project: &Project, secret: Option<&str>, arguments: &[&str]) -> Run {
    run_dbt(&program(), project, secret, arguments)
}

fn run_dbt(program: &Path, project: &Project, secret: Option<&str>, arguments: &[&str]) -> Run {
    let mut command = dbt::command(program, &project.product(), &profiles(project), arguments);
    command.env_remove("DBT_ENV_SECRET_FLOE_SPARK_PASSWORD");
    if let Some(secret) = secret {
        command.env("DBT_ENV_SECRET_FLOE_SPARK_PASSWORD", secret).env("DBT_ENV_SECRET_FLOE_SPARK_TOKEN", secret);
    }
    Run::of(&mut command)
}

fn healthy(run: &Run) -> Value {
    let json = run.json();
    assert_eq!(json["computes"][0]["status"], "healthy", "{json:#}");
    json["computes"][0].clone()
}

/// What a person sees, without ports and times.
fn seen(project: &Project, run: &Run, port: u16) -> String {
    redact(project, &run.transcript()).replace(&port.to_string(), "<port>")
}

#[test]
fn the_example_without_a_password() {
    let port = server(Mode::None).port;
    let project = example(&format!(
        "{{method: thrift, host: 127.0.0.1, port: {port}, user: dbt, schema: coffee, threads: 2, poll_interval: 1}}"
    ));
    let _ = compile(&project);
    let debug = dbt_on(&project, None, &["debug"]).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);

    // Before the first build dbt still has to make the schema.
    let before = healthy(&project.floe(&["health", "--format", "json"]).expect(0));
    assert_eq!(before["warnings"][0]["reason"], "no_such_database", "{before:#}");
    // Everything of the example that Spark can do: no snapshot, no unit test.
    let built = dbt_on(&project, None, &["build"]).expect(0);
    assert!(built.stdout.contains("Done. PASS=52 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=52"), "{}", built.stdout);
    let after = healthy(&project.floe(&["health", "--format", "json"]).expect(0));
    assert_eq!(after["warnings"].as_array().map_or(0, Vec::len), 0, "{after:#}");
    assert_eq!(
        (after["details"]["user"].as_str(), after["details"]["server_version"].as_str()),
        (Some("dbt"), Some("3.5.9"))
    );

    // The incremental model takes the last day up again, and adds up.
    let again = dbt_on(&project, None, &["build", "--select", "daily_store_sales", "daily_sales_add_up_to_the_orders"])
        .expect(0);
    assert!(again.stdout.contains("ERROR=0 SKIP=0"), "{}", again.stdout);
    let counts = "select count(*) as n, sum(revenue_cents) as cents from {{ ref('daily_store_sales') }}";
    let shown = dbt_on(&project, None, &["show", "--output", "json", "--inline", counts]).expect(0);
    // The same as on DuckDB.
    assert!(shown.stdout.contains("1581") && shown.stdout.contains("4644369"), "{}", shown.stdout);
}

#[test]
fn the_example_with_a_password() {
    let port = server(Mode::Password).port;
    let project = example(&format!(
        "{{method: thrift, host: 127.0.0.1, port: {port}, user: dbt, schema: coffee, threads: 2, poll_interval: 1, \
         auth: CUSTOM, password: {{secret: {{source: env, name: SPARK_PASSWORD}}}}}}"
    ));
    let mut command = project.command(&["compile"]);
    let _ = Run::of(command.env("SPARK_PASSWORD", PASSWORD)).expect(0);
    for (path, bytes) in floe_tests::tree::tree(&project.path("target")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(PASSWORD), "{} holds the password", path.display());
    }
    let debug = dbt_on(&project, Some(PASSWORD), &["debug"]).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
    // Some of it: what Spark makes of the rest does not depend on who asks.
    let some = ["build", "--select", "raw_stores", "stg_stores", "--indirect-selection", "cautious"];
    let built = dbt_on(&project, Some(PASSWORD), &some).expect(0);
    assert!(built.stdout.contains("Done. PASS=4 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=4"), "{}", built.stdout);

    let mut command = project.command(&["health", "--format", "json"]);
    let _ = healthy(&Run::of(command.env("SPARK_PASSWORD", PASSWORD)).expect(0));

    // dbt and floe agree that another one is wrong.
    let debug = dbt_on(&project, Some("hunter2-wrong"), &["debug"]).expect(1);
    assert!(debug.stdout.contains("Error validating the login"), "{}", debug.stdout);
    let mut command = project.command(&["health"]);
    let health = Run::of(command.env("SPARK_PASSWORD", "hunter2-wrong")).expect(1);
    assert!(!health.transcript().contains("hunter2"));
    insta::assert_snapshot!(seen(&project, &health, port));
}

/// A Python environment with what `floe compile` wrote for the compute, and nothing else, runs dbt on its profile.
#[test]
fn what_was_compiled_is_enough_for_dbt() {
    let port = server(Mode::None).port;
    let project = Project::new().approving(
        "spark",
        &[&format!(
            "{{name: spark, config: {{method: thrift, host: 127.0.0.1, port: {port}, user: dbt, schema: compiled, poll_interval: 1}}}}"
        )],
    );
    let _ = compile(&project);
    let requirements = project.path("target/floe/requirements/spark.txt");
    let asked = fs::read_to_string(&requirements).expect("the requirements");
    assert!(asked.contains("dbt-core>=1.11,<1.12") && asked.contains("dbt-spark[PyHive]>=1.11,<1.12"), "{asked}");
    let program = python::environment("compiled-spark", &requirements).join("bin/dbt");
    let debug = run_dbt(&program, &project, None, &["debug"]).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
    let build = run_dbt(&program, &project, None, &["build"]).expect(0);
    assert!(build.stdout.contains("PASS=2 WARN=0 ERROR=0"), "{}", build.stdout);
}

/// What dbt-spark does with `query_timeout`.
#[test]
fn a_statement_that_takes_too_long_ends() {
    let port = server(Mode::None).port;
    let project = Project::new().approving(
        "spark",
        &[&format!(
            "{{name: spark, config: {{method: thrift, host: 127.0.0.1, port: {port}, user: dbt, schema: slow, \
             timeout_seconds: 2, poll_interval: 1}}}}"
        )],
    );
    project.write(
        "models/staging/stg_orders.sql",
        "select count(*) as order_id, max(a.id * b.id % 7) as amount from range(10000000) as a cross join range(1000000) as b\n",
    );
    let _ = compile(&project);
    let run = dbt_on(&project, None, &["run", "--select", "stg_orders", "--vars", "{}"]);
    // A view takes no time.
    let _ = run.expect(0);
    project.write(
        "dbt_project.yml",
        "name: shop\nversion: 1.0.0\nprofile: shop\nmodel-paths: [models]\nmodels: {+materialized: table}\n",
    );
    let run = dbt_on(&project, None, &["run", "--select", "stg_orders", "--full-refresh"]).expect(1);
    assert!(run.stdout.contains("Query exceeded timeout of 2 seconds"), "{}", run.stdout);
}

/// A Databricks cluster, as dbt and floe reach it: TLS, the state of the cluster, Spark over HTTP at the cluster's path.
struct Databricks {
    project: Project,
    authority: Authority,
    front: Front,
    port: u16,
}

impl Databricks {
    fn with(cluster: Cluster) -> Self {
        let authority = Authority::new();
        let front = Front::start(cluster, PASSWORD, server(Mode::Http).port);
        let port = TlsProxy::start(&authority.issue(Kind::Good), front.port).port;
        let project = Project::new().approving(
            "spark",
            &[&format!(
                "{{name: spark, config: {{method: http, host: localhost, port: {port}, cluster: 0801-brew, schema: default, \
                 poll_interval: 1, token: {{secret: {{source: env, name: SPARK_TOKEN}}}}}}}}"
            )],
        );
        let _ = Run::of(project.command(&["compile"]).env("SPARK_TOKEN", PASSWORD)).expect(0);
        Self { project, authority, front, port }
    }

    fn health(&self, token: &str, code: i32) -> Run {
        let mut command = self.project.command(&["health", "--format", "json"]);
        Run::of(command.env("SPARK_TOKEN", token).env("SSL_CERT_FILE", self.authority.file())).expect(code)
    }

    /// The compute's entry, without what differs between runs.
    fn shown(&self, run: &Run) -> Value {
        let mut entry = run.json()["computes"][0].clone();
        for key in ["latency_ms", "correlation_id", "steps"] {
            entry.as_object_mut().expect("an object").shift_remove(key);
        }
        serde_json::from_str(&entry.to_string().replace(&self.port.to_string(), "<port>")).expect("JSON")
    }
}

#[test]
fn a_cluster_that_runs() {
    let databricks = Databricks::with(Cluster::State("RUNNING"));
    let run = databricks.health(PASSWORD, 0);
    assert_eq!(healthy(&run)["details"]["server_version"], "3.5.9");
    insta::assert_json_snapshot!(databricks.shown(&run));

    // Stock dbt takes the same way.
    let mut debug = dbt::command(&program(), &databricks.project.product(), &profiles(&databricks.project), &["debug"]);
    debug.env("DBT_ENV_SECRET_FLOE_SPARK_TOKEN", PASSWORD).env("SSL_CERT_FILE", databricks.authority.file());
    let debug = Run::of(&mut debug).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
}

/// No session may be opened: it would start the cluster.
#[test]
fn a_cluster_that_is_off_stays_off() {
    for state in ["TERMINATED", "PENDING"] {
        let databricks = Databricks::with(Cluster::State(state));
        let run = databricks.health(PASSWORD, 0);
        insta::assert_json_snapshot!(format!("cluster_{state}"), databricks.shown(&run));
        assert_eq!(databricks.front.requests(), ["GET /api/2.0/clusters/get?cluster_id=0801-brew HTTP/1.1"]);
    }
}

#[test]
fn a_wrong_token() {
    // Told by the interface, and where there is none by Spark itself.
    for cluster in [Cluster::State("RUNNING"), Cluster::NoInterface] {
        let databricks = Databricks::with(cluster);
        let run = databricks.health("hunter2-wrong", 1);
        assert!(!run.stdout.contains("hunter2"));
        insta::assert_json_snapshot!(databricks.shown(&run));
    }
}

#[test]
fn a_cluster_that_is_not_there() {
    let databricks = Databricks::with(Cluster::Missing);
    insta::assert_json_snapshot!(databricks.shown(&databricks.health(PASSWORD, 1)));
}

#[test]
fn no_databricks_but_spark_at_its_path() {
    let databricks = Databricks::with(Cluster::NoInterface);
    let run = databricks.health(PASSWORD, 0);
    assert_eq!(healthy(&run)["details"]["other"]["databricks"], false);
}

/// A proxy that opens tunnels (`CONNECT`) for whoever asks, until the test process ends. Returns its port.
fn proxy() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that breaks off is no fault of this proxy.
            thread::spawn(move || tunnel(client));
        }
    });
    port
}

fn tunnel(mut client: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(place) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    };
    let mut server = TcpStream::connect(place)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut reads, mut writes) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut reads, &mut writes);
        let _ = writes.shutdown(Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}

/// dbt's library asks the environment for a proxy, and so does the check, which says so.
#[test]
fn through_a_proxy() {
    let databricks = Databricks::with(Cluster::State("RUNNING"));
    let proxy = format!("http://127.0.0.1:{}", proxy());
    let health = |name: &str, value: &str| {
        let mut command = databricks.project.command(&["health", "--format", "json"]);
        command
            .env("SPARK_TOKEN", PASSWORD)
            .env("SSL_CERT_FILE", databricks.authority.file())
            .env("HTTPS_PROXY", &proxy);
        Run::of(command.env(name, value)).expect(0)
    };
    let through = healthy(&health("NO_PROXY", ""));
    assert_eq!(through["details"]["other"]["proxy"], proxy.as_str(), "{through:#}");
    assert_eq!(healthy(&health("NO_PROXY", "localhost"))["details"]["other"]["proxy"], Value::Null);

    let mut debug = dbt::command(&program(), &databricks.project.product(), &profiles(&databricks.project), &["debug"]);
    debug.env("DBT_ENV_SECRET_FLOE_SPARK_TOKEN", PASSWORD).env("SSL_CERT_FILE", databricks.authority.file());
    let debug = Run::of(debug.env("HTTPS_PROXY", &proxy).env("NO_PROXY", "")).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
}

/// The requirements of each method resolve; only those of thrift are installed by these tests.
#[test]
fn requirements_of_every_method_resolve() {
    let program = python::environment("resolver", &workspace::root().join("scripts/requirements/resolver.txt"));
    let snapshot = workspace::root().join("plugins/spark/tests/snapshots/profile__packages.snap");
    let text = fs::read_to_string(snapshot).expect("the packages");
    let all: Value = serde_json::from_str(text.splitn(3, "---\n").last().expect("a body")).expect("JSON");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut seen = BTreeSet::new();
    for entry in all.as_array().expect("a list") {
        let (name, packages) = (entry[0].as_str().expect("a method"), &entry[1]["packages"]);
        if !seen.insert(packages.to_string()) {
            continue;
        }
        let asked: Vec<&str> = packages.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let file = folder.path().join(format!("{name}.in"));
        fs::write(&file, asked.join("\n")).expect("a file");
        let mut command = Command::new(program.join("bin/uv"));
        command.args(["pip", "compile", "--quiet", "--python-version", "3.11"]).arg(&file);
        let found = Run::of(&mut command).expect(0).stdout;
        assert!(found.contains("dbt-spark==1.11."), "{name}:\n{found}");
        let driver = match name {
            "session" => "pyspark==",
            name if name.starts_with("odbc") => "pyodbc==",
            name if name.ends_with("kerberos") => "kerberos==",
            _ => "pyhive==",
        };
        assert!(found.contains(driver), "{name}:\n{found}");
    }
    assert_eq!(seen.len(), 4, "thrift and http, Kerberos, odbc, session");
}
