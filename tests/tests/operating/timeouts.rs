//! A node that takes longer than it may is cancelled, whatever engine runs it; everything else goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use floe_tests::servers::postgres::{self, Endpoint, PASSWORD, USER};
use floe_tests::servers::spark::{self, Watched};
use floe_tests::{Project, Run, dbt};
use serde_json::{Value, json};

use super::{SLOW, alone, errors, floe, plain, result, results, rows_of_file};

/// A product on one compute with a limit of two seconds.
fn product(compute: &str, config: &str) -> Project {
    Project::new()
        .approving(
            compute,
            &[&format!(
                "{{name: {compute}, config: {{{config}, threads: 2, timeout_seconds: 2, max_timeout_seconds: 300}}}}"
            )],
        )
        .with_environments(&[(compute, compute)])
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n")
        .with("models/staging/stg_orders.sql", "select 1 as order_id\n")
        .with("models/marts/sales.sql", "select * from {{ ref('slow') }}\n")
}

/// A model was cancelled within a second of its limit, and the engine said so.
fn was_cancelled(run: &Run, name: &str) {
    let result = result(run, name);
    assert_eq!(result["status"], "error", "{result:#}");
    let timeout = &result["timeout"];
    assert_eq!(timeout["timeout_seconds"], 2.0, "{result:#}");
    let seconds = timeout["seconds"].as_f64().expect("seconds");
    println!("{name}: {seconds} s of 2 s");
    assert!((2.0..3.0).contains(&seconds), "{result:#}");
    // Where the limit falls between two statements there is nothing to cancel, and the next is not let through.
    assert_eq!(timeout["engine_confirmed"], json!(true), "{result:#}");
}

#[test]
fn duckdb() {
    let _alone = alone();
    let project = product("duckdb", "path: shop.duckdb")
        .with("models/slow.sql", SLOW)
        // Each for itself is short.
        .with(
            "models/short.sql",
            "{{ config(pre_hook=['create or replace temp table t as select sum(a.range * b.range % 7) from range(20000) a, range(5000) b'] * 200) }}\nselect 1 as id\n",
        )
        .with(
            "models/looping.py",
            "def model(dbt, session):\n    count = 0\n    while count >= 0:\n        count += 1\n    return session.sql('select 1 as id')\n",
        )
        .with(
            "models/asking.py",
            &format!("def model(dbt, session):\n    return session.sql('{}')\n", SLOW.trim()),
        )
        .with(
            "models/longer.py",
            "import time\n\ndef model(dbt, session):\n    dbt.config(meta={'floe': {'timeout_seconds': 60}})\n    time.sleep(3)\n    return session.sql('select 1 as id')\n",
        );
    let run = Run::of(
        project
            .command(&["run", "--format", "json"])
            .env_remove("FLOE_PLUGIN_PATH")
            .env("FLOE_LOG", "info")
            .env("FLOE_LOG_FORMAT", "json"),
    )
    .expect(1);
    for name in ["slow", "short", "looping", "asking"] {
        was_cancelled(&run, name);
    }
    assert_eq!(
        results(&run),
        [
            "model asking on duckdb: error",
            "model longer on duckdb: success",
            "model looping on duckdb: error",
            "model sales on duckdb: skipped",
            "model short on duckdb: error",
            "model slow on duckdb: error",
            "model stg_orders on duckdb: success",
        ]
    );
    assert_eq!(result(&run, "sales")["because"], "model.shop.slow");
    insta::assert_snapshot!("models_that_took_too_long", errors(&project, &run.json()));
    let built =
        rows_of_file(&project.path("shop.duckdb"), "select table_name from information_schema.tables order by 1");
    assert_eq!(built, json!([["longer"], ["stg_orders"]]));

    let logged = || run.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut ended =
        logged().filter(|line| line["message"] == "a node ended" && line["node"] == "model.shop.stg_orders");
    let event = ended.next().expect("each node's event");
    assert_eq!((&event["compute"], &event["status"]), (&json!("duckdb"), &json!("success")));
    assert!(event["seconds"].is_f64() && event["correlation_id"].is_string(), "{event:#}");
    let mut logged = logged().filter(|line| line["timed_out"] == json!(true) && line["node"] == "model.shop.slow");
    let event = logged.next().expect("the event of the log");
    assert_eq!(event["compute"], "duckdb");
    assert_eq!(event["timeout_seconds"], 2.0);
    assert_eq!((&event["cancel_sent"], &event["engine_confirmed"]), (&json!(true), &json!(true)));
    assert!(event["seconds"].is_f64() && event["correlation_id"].is_string(), "{event:#}");

    // dbt's own results say it in floe's words.
    let results = std::fs::read(project.path(".floe/runs/latest/run_results.json")).expect("dbt's results");
    assert!(String::from_utf8_lossy(&results).contains("timed out: took longer than timeout_seconds: 2"));
}

#[test]
fn plain_dbt_and_floe_dbt_on_duckdb() {
    let _alone = alone();
    let project = product("duckdb", "path: shop.duckdb").with("models/slow.sql", SLOW).with(
        "models/longer.py",
        "import time\n\ndef model(dbt, session):\n    dbt.config(meta={'floe': {'timeout_seconds': 60}})\n    time.sleep(3)\n    return session.sql('select 1 as id')\n",
    );
    let _ = floe(&project, &["compile"]).expect(0);
    let profiles = project.path("target/floe/profiles/dev/duckdb");
    let program = dbt::program();
    let plain = Run::of(&mut dbt::command(program, &project.product(), &profiles, &["build"]));
    let through = floe(&project, &["dbt", "--compute", "duckdb", "--", "build"]).expect(1);
    for run in [plain, through] {
        assert_eq!(run.code(), Some(1), "{}", run.transcript());
        assert!(run.stdout.contains("timed out: took longer than timeout_seconds: 2"), "{}", run.transcript());
        assert!(run.stdout.contains("PASS=2 WARN=0 ERROR=1 SKIP=1"), "{}", run.transcript());
    }
}

#[test]
fn what_cannot_be_ended_ends_dbt_and_nothing_else() {
    let _alone = alone();
    let project = product("duckdb", "path: shop.duckdb").with(
        "models/slow.py",
        "import time\n\ndef model(dbt, session):\n    time.sleep(600)\n    return session.sql('select 1 as x')\n",
    );
    let run = floe(&project, &["run", "--format", "json"]).expect(1);
    assert_eq!(
        results(&run),
        ["model sales on duckdb: skipped", "model slow on duckdb: error", "model stg_orders on duckdb: success"]
    );
    let slow = result(&run, "slow");
    assert_eq!(slow["timeout"]["engine_confirmed"], json!(false), "{slow:#}");
    assert_eq!(result(&run, "sales")["because"], "model.shop.slow");
}

#[test]
fn a_limit_of_a_transform_and_of_a_model() {
    let project = product("duckdb", "path: shop.duckdb")
        .with("models/slow.sql", "select 1 as x\n")
        .with("models/own.sql", "{{ config(meta={'floe': {'timeout_seconds': 60}}) }}\nselect 1 as x\n")
        .with("models/tests.yml", "models:\n  - name: own\n    columns:\n      - {name: x, data_tests: [not_null]}\n")
        .with(
            "floe.yaml",
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\nplatform: {manifest: manifest.yaml}\n\
             transforms:\n  - {path: models/marts, timeout_seconds: 30}\n",
        );
    let plan = floe(&project, &["plan", "--format", "json"]).expect(0).json();
    let nodes = plan["nodes"].as_array().cloned().unwrap_or_default();
    let limits: Vec<(String, Value)> = nodes
        .iter()
        .map(|node| (node["name"].as_str().unwrap_or_default().to_owned(), node["timeout_seconds"].clone()))
        .collect();
    let limit = |name: &str| limits.iter().find(|(other, _)| other == name).map(|(_, limit)| limit.clone());
    assert_eq!(limit("own"), Some(json!(60)));
    assert_eq!(limit("sales"), Some(json!(30)));
    assert_eq!(limit("slow"), Some(json!(2)));
    assert_eq!(limit("not_null_own_x"), Some(json!(2)));
    // Plain dbt does not know what transforms say, and compile says so; what holds it does not warn.
    let compiled = floe(&project, &["compile"]).expect(0);
    insta::assert_snapshot!("a_limit_of_a_transform", plain(&project, &compiled));
    assert!(!floe(&project, &["plan"]).expect(0).stderr.contains("F0454"));
}

#[test]
fn wrong_limits_of_models_are_refused() {
    let said = |config: &str, described: &str| {
        let project = product("duckdb", "path: shop.duckdb")
            .with("models/slow.sql", "select 1 as x\n")
            .with("models/own.sql", &format!("{config}select 1 as x\n"))
            .with("models/described.yml", described);
        plain(&project, &floe(&project, &["plan"]).expect(1))
    };
    let config = |meta: &str| said(&format!("-- a model\n{{{{ config(meta={{'floe': {meta}}}) }}}}\n"), "");
    let described = "models:\n  - name: slow\n  - name: own\n    config:\n      meta:\n        floe:\n          timeout_seconds: 301\n";
    insta::assert_snapshot!(
        [
            config("{'timeout_seconds': 0}"),
            config("{'timeout_seconds': 'long'}"),
            config("{'timeout_second': 5}"),
            config("5"),
            said("", described),
        ]
        .join("\n")
    );
}

#[test]
fn postgres_through_dbt_redshift() {
    let _alone = alone();
    let endpoint = Endpoint::plain();
    let config = format!(
        "host: localhost, port: {}, database: shop, schema: timeouts, user: {USER}, sslmode: disable, region: us-east-1, \
         password: {{secret: {{source: env, name: REDSHIFT_PASSWORD}}}}",
        endpoint.port
    );
    let project = product("redshift", &config)
        .with("models/slow.sql", "select pg_sleep(40)::text as x\n")
        .with("models/short.sql", "{{ config(pre_hook=['select pg_sleep(0.4)'] * 20) }}\nselect 1 as id\n")
        .with(
            "models/longer.sql",
            "{{ config(meta={'floe': {'timeout_seconds': 60}}) }}\nselect pg_sleep(3)::text as x\n",
        );
    let run = Run::of(
        project.command(&["run", "--format", "json"]).env_remove("FLOE_PLUGIN_PATH").env("REDSHIFT_PASSWORD", PASSWORD),
    )
    .expect(1);
    assert!(!run.stdout.contains(PASSWORD) && !run.stderr.contains(PASSWORD));
    was_cancelled(&run, "slow");
    was_cancelled(&run, "short");
    assert_eq!(
        results(&run),
        [
            "model longer on redshift: success",
            "model sales on redshift: skipped",
            "model short on redshift: error",
            "model slow on redshift: error",
            "model stg_orders on redshift: success",
        ]
    );
    let slow = result(&run, "slow");
    assert_eq!(slow["timeout"]["cancel_sent"], json!(true));
    assert!(slow["query_id"].as_str().is_some_and(|id| id.starts_with("pid ")), "{slow:#}");
    let left = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()";
    assert_eq!(postgres::shared().sql("shop", left), "0", "no query is left running");
    assert_eq!(postgres::shared().sql("shop", "select count(*) from timeouts.longer"), "1");
}

#[test]
fn spark() {
    let _alone = alone();
    let server = spark::watched();
    let project = product("spark", &format!("method: thrift, host: 127.0.0.1, port: {}, user: dbt, schema: timeouts", server.port))
        .with("models/slow.sql", "select sum(a.id * b.id % 7) as x from range(100000000) a cross join range(10000000) b\n")
        .with(
            "models/short.sql",
            "{{ config(pre_hook=[\"select java_method('java.lang.Thread', 'sleep', bigint(400))\"] * 20) }}\nselect 1 as id\n",
        )
        .with(
            "models/longer.sql",
            "{{ config(meta={'floe': {'timeout_seconds': 60}}) }}\nselect java_method('java.lang.Thread', 'sleep', bigint(3000)) as x\n",
        );
    let run = floe(&project, &["run", "--format", "json"]).expect(1);
    was_cancelled(&run, "slow");
    was_cancelled(&run, "short");
    assert_eq!(
        results(&run),
        [
            "model longer on spark: success",
            "model sales on spark: skipped",
            "model short on spark: error",
            "model slow on spark: error",
            "model stg_orders on spark: success",
        ]
    );
    assert!(result(&run, "slow")["query_id"].as_str().is_some_and(|id| id.len() == 36));
    no_job_is_left(server);
}

/// Spark's own interface shows the jobs that run.
fn no_job_is_left(server: &Watched) {
    let get = |path: &str| -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", server.ui)).expect("Spark's interface");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    };
    let applications = get("/api/v1/applications");
    let id = applications[0]["id"].as_str().expect("the application").to_owned();
    assert_ne!(get(&format!("/api/v1/applications/{id}/jobs")), json!([]), "it knows of the jobs");
    assert_eq!(get(&format!("/api/v1/applications/{id}/jobs?status=running")), json!([]), "no job is left running");
}
