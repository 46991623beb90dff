//! The check against answers that are written from Trino's documentation of its client protocol: what goes well, what
//! is sent, and every way in which it fails.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use floe_plugin_api::ConnectionStatus;
use floe_plugin_trino::PROBE_STATEMENTS;
use floe_tests::results::shown;
use floe_tests::servers::trino::{Recorded, Reply, Script, failure, page, server_info};
use serde_json::{Value, json};
use support::{check, check_config, compute, settings};

/// A cluster on which all is well: the statements come through the queue, page by page.
fn well() -> Script {
    Script::new()
        .info(server_info("476", false))
        .statement(
            "SELECT current_user",
            vec![
                page("QUEUED", &[], true),
                page("QUEUED", &[], true),
                page("RUNNING", &[], true),
                page("RUNNING", &["dbt"], true),
                page("FINISHED", &[], false),
            ],
        )
        .statement("SHOW SCHEMAS", schemas(&["sales"]))
}

fn schemas(names: &[&str]) -> Vec<Reply> {
    vec![page("QUEUED", &[], true), page("FINISHED", names, true), page("FINISHED", &[], false)]
}

/// The same with another answer to the first statement.
fn with_login(replies: Vec<Reply>) -> Script {
    Script::new().info(server_info("476", false)).statement("SELECT current_user", replies)
}

fn told(script: Script, over: &Value) -> Value {
    let server = Recorded::start(script);
    shown(&check(&settings(server.port(), over)), &[server.port()])
}

#[test]
fn all_is_well() {
    let server = Recorded::start(well());
    insta::assert_json_snapshot!(shown(&check(&settings(server.port(), &json!({}))), &[server.port()]));
    let asked: Vec<String> =
        server.asked().iter().map(|asked| format!("{} {} {}", asked.method, asked.path, asked.body)).collect();
    insta::assert_json_snapshot!("all_is_well_asked", asked);
}

/// FR-004a: nothing but the listed statements is sent, and nothing is left running.
#[test]
fn only_probes_are_sent() {
    let server = Recorded::start(well());
    check(&settings(server.port(), &json!({})));
    let sent: Vec<String> =
        server.asked().into_iter().filter(|asked| asked.method == "POST").map(|asked| asked.body).collect();
    let listed = PROBE_STATEMENTS.map(|probe| probe.replace("<catalog>", "lake").replace("<schema>", "sales"));
    assert!(sent.iter().all(|sql| listed.contains(sql)), "{sent:?}");
    assert_eq!(sent.len(), 2);
}

/// The headers are those of dbt-trino, in trino-python-client's spelling.
#[test]
fn headers_are_those_of_dbt() {
    let server = Recorded::start(well());
    let over = json!({
        "roles": {"system": "analyst", "hive": "NONE"}, "client_tags": ["dbt", "nightly"], "timezone": "Europe/Berlin",
        "http_headers": {"X-Routing-Group": "etl"}, "session_properties": {"spill_enabled": true, "note": "a b,c"},
    });
    let config = compute(&settings(server.port(), &over)).with_timeout_seconds(900_u32);
    check_config(config, Path::new("/"), 10_000);
    let asked = server.asked();
    let post = asked.iter().find(|asked| asked.method == "POST").unwrap();
    let ours: Vec<String> = post
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-") || matches!(name.as_str(), "authorization" | "content-type"))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    insta::assert_json_snapshot!(ours);
    let info = asked.iter().find(|asked| asked.path == "/v1/info").unwrap();
    assert_eq!(info.headers["x-routing-group"], "etl");
    assert!(!info.headers.contains_key("x-trino-user"));
}

/// A server's answer changes the session of the next statement, as a browser keeps cookies.
#[test]
fn the_session_follows_the_server() {
    let changed = page("FINISHED", &["dbt"], false)
        .with_header("X-Trino-Set-Catalog", "other")
        .with_header("X-Trino-Set-Schema", "elsewhere")
        .with_header("X-Trino-Set-Session", "spill_enabled=false")
        .with_header("X-Trino-Clear-Session", "note")
        .with_header("X-Trino-Set-Role", "system=ROLE%7Badmin%7D");
    let server = Recorded::start(with_login(vec![changed]).statement("SHOW SCHEMAS", schemas(&["sales"])));
    check(&settings(server.port(), &json!({"session_properties": {"spill_enabled": true, "note": "x"}})));
    let asked = server.asked();
    let last = asked.iter().rfind(|asked| asked.method == "POST").unwrap();
    let seen = ["catalog", "schema", "session", "role"].map(|name| last.headers[&format!("x-trino-{name}")].clone());
    assert_eq!(seen, ["other", "elsewhere", "spill_enabled=false", "system=ROLE%7Badmin%7D"]);
}

#[test]
fn a_server_without_info_is_none_the_worse() {
    let script = Script::new()
        .statement("SELECT current_user", vec![page("FINISHED", &["dbt"], false)])
        .statement("SHOW SCHEMAS", schemas(&["sales"]));
    insta::assert_json_snapshot!(told(script, &json!({})));
}

#[test]
fn a_schema_that_is_not_there_yet() {
    // `_` in a pattern stands for any letter, so that the server may name others.
    let script = with_login(vec![page("FINISHED", &["dbt"], false)]).statement("SHOW SCHEMAS", schemas(&["salesXeu"]));
    insta::assert_json_snapshot!(told(script, &json!({"schema": "Sales_EU"})));
}

#[test]
fn names_are_quoted() {
    let server =
        Recorded::start(with_login(vec![page("FINISHED", &["dbt"], false)]).statement("SHOW", schemas(&["it's"])));
    let result = check(&settings(server.port(), &json!({"database": "la\"ke", "schema": "It's"})));
    assert_eq!(result.status, ConnectionStatus::Healthy);
    let asked = server.asked();
    let last = asked.iter().rfind(|asked| asked.method == "POST").unwrap();
    assert_eq!(last.body, "SHOW SCHEMAS FROM \"la\"\"ke\" LIKE 'it''s'");
}

/// Answers to the login, each with what is made of it.
#[test]
fn logins_that_fail() {
    let challenge = "Basic realm=\"Trino\"";
    let unauthorized = || Reply::status(401, "Unauthorized").with_header("WWW-Authenticate", challenge);
    let html = || Reply::status(200, "<html><body>Log in</body></html>").with_header("Content-Type", "text/html");
    let cases: Vec<(&str, Vec<Reply>, Value)> = vec![
        ("401 without a credential", vec![unauthorized()], json!({})),
        ("403 to a user", vec![Reply::status(403, "Access Denied: User dbt may not log in")], json!({})),
        ("403 by http", vec![Reply::status(403, "Authentication over HTTP is not enabled")], json!({})),
        ("400", vec![Reply::status(400, "Invalid X-Trino-Session header")], json!({})),
        ("404", vec![Reply::status(404, "<html>no such page</html>")], json!({})),
        ("500", vec![Reply::status(500, "Internal Server Error")], json!({})),
        ("a page for people", vec![html()], json!({})),
        ("JSON of another service", vec![Reply::json(&json!({"ok": true}))], json!({})),
        (
            "redirect to https",
            vec![Reply::status(307, "").with_header("Location", "https://trino.example/v1/statement")],
            json!({}),
        ),
        ("redirect elsewhere", vec![Reply::status(302, "").with_header("Location", "/login")], json!({})),
        ("no role", vec![failure("ROLE_NOT_FOUND", "USER_ERROR", 91, "Role 'analyst' does not exist")], json!({})),
        (
            "a session property",
            vec![failure("INVALID_SESSION_PROPERTY", "USER_ERROR", 25, "Session property 'spil' does not exist")],
            json!({}),
        ),
        (
            "no impersonation",
            vec![failure("PERMISSION_DENIED", "USER_ERROR", 4, "Access Denied: User dbt cannot impersonate user boss")],
            json!({}),
        ),
        (
            "starting",
            vec![failure("SERVER_STARTING_UP", "INTERNAL_ERROR", 65_548, "Trino server is still initializing")],
            json!({}),
        ),
        (
            "shutting down",
            vec![failure("SERVER_SHUTTING_DOWN", "INTERNAL_ERROR", 65_545, "Server is shutting down")],
            json!({}),
        ),
        (
            "no workers",
            vec![failure("NO_NODES_AVAILABLE", "INTERNAL_ERROR", 65_541, "No nodes available to run query")],
            json!({}),
        ),
        (
            "a full queue",
            vec![failure(
                "QUERY_QUEUE_FULL",
                "INSUFFICIENT_RESOURCES",
                131_074,
                "Too many queued queries for \"global.etl\"",
            )],
            json!({}),
        ),
        (
            "too long",
            vec![
                page("QUEUED", &[], true),
                failure(
                    "EXCEEDED_TIME_LIMIT",
                    "INSUFFICIENT_RESOURCES",
                    131_075,
                    "Query exceeded the maximum run time limit of 1.00s",
                ),
            ],
            json!({}),
        ),
        ("a defect", vec![failure("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", 65_536, "null")], json!({})),
        ("503 for good", vec![Reply::status(503, "no healthy upstream")], json!({})),
        ("429 for good", vec![Reply::status(429, "").with_header("Retry-After", "0")], json!({})),
        ("429 for ever", vec![Reply::status(429, "").with_header("Retry-After", "18446744073709551615")], json!({})),
        ("nothing for good", vec![Reply::status(200, "")], json!({})),
    ];
    let told: Vec<Value> = cases
        .into_iter()
        .map(|(name, replies, over)| {
            let told = told(with_login(replies), &over);
            assert_eq!(told["status"], "unhealthy", "{name}");
            json!([name, told["kind"], told["reason"], told["message"], told["help"], told["steps"]])
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

/// Answers to the look at the catalog, each with what is made of it.
#[test]
fn catalogs_that_cannot_be_used() {
    let cases: Vec<(&str, Vec<Reply>)> = vec![
        ("no catalog", vec![failure("CATALOG_NOT_FOUND", "USER_ERROR", 44, "line 1:1: Catalog 'lake' not found")]),
        (
            "an old Presto's words",
            vec![failure("SYNTAX_ERROR", "USER_ERROR", 1, "line 1:1: Catalog lake does not exist")],
        ),
        (
            "no access",
            vec![
                page("QUEUED", &[], true),
                failure("PERMISSION_DENIED", "USER_ERROR", 4, "Access Denied: Cannot access catalog lake"),
            ],
        ),
        (
            "a broken connector",
            vec![failure("HIVE_METASTORE_ERROR", "EXTERNAL", 16_777_216, "metastore: Failed connecting")],
        ),
        ("shutting down", vec![failure("SERVER_SHUTTING_DOWN", "INTERNAL_ERROR", 65_545, "Server is shutting down")]),
        ("an unknown statement", vec![failure("SYNTAX_ERROR", "USER_ERROR", 1, "line 1:1: mismatched input 'SHOW'")]),
    ];
    let told: Vec<Value> = cases
        .into_iter()
        .map(|(name, replies)| {
            let script = with_login(vec![page("FINISHED", &["dbt"], false)]).statement("SHOW SCHEMAS", replies);
            let told = told(script, &json!({}));
            json!([
                name,
                told["status"],
                told["kind"],
                told["reason"],
                told["message"],
                told["help"],
                told["warnings"],
                told["steps"]
            ])
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

/// What `/v1/info` says is told before anyone logs in.
#[test]
fn servers_that_take_no_statements_yet() {
    let worker = Reply::json(&json!({"nodeVersion": {"version": "476"}, "coordinator": false, "starting": false}));
    let told: Vec<Value> = [
        Script::new().info(server_info("476", true)),
        Script::new().info(worker),
        Script::new().info(Reply::status(503, "no healthy upstream")),
        Script::new().info(Reply::status(400, "400 The plain HTTP request was sent to HTTPS port")),
        Script::new().info(Reply::raw(b"SSH-2.0-OpenSSH_9.2p1\r\n")),
    ]
    .into_iter()
    .map(|script| told(script, &json!({})))
    .collect();
    insta::assert_json_snapshot!(told);
}

/// A gateway that hiccups is asked again, as dbt would.
#[test]
fn what_passes_is_waited_for() {
    let busy = || Reply::status(503, "no healthy upstream");
    let script = with_login(vec![
        busy(),
        Reply::status(429, "").with_header("Retry-After", "0"),
        page("QUEUED", &[], true),
        Reply::status(502, ""),
        Reply::status(504, ""),
        page("FINISHED", &["dbt"], true),
        Reply::status(200, ""),
        page("FINISHED", &[], false),
    ])
    .statement("SHOW SCHEMAS", schemas(&["sales"]));
    assert_eq!(told(script, &json!({}))["status"], "healthy");
    let once = with_login(vec![busy(), page("FINISHED", &["dbt"], false)]);
    assert_eq!(told(once, &json!({"retries": 1}))["reason"], "unavailable");
}

/// A statement that waits for its turn is cancelled, and the message says that it waited.
#[test]
fn a_full_resource_group() {
    let server = Recorded::start(with_login(vec![page("QUEUED", &[], true)]));
    let begun = Instant::now();
    let result = check_config(compute(&settings(server.port(), &json!({}))), Path::new("/"), 1_500);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    insta::assert_json_snapshot!(shown(&result, &[server.port()]));
    let asked = server.asked();
    let last = asked.last().unwrap();
    assert_eq!((last.method.as_str(), last.path.contains("/v1/statement/queued/")), ("DELETE", true));
}

/// The same where the server keeps the answer back, as Trino does.
#[test]
fn a_server_that_answers_late() {
    let server = Recorded::start(with_login(vec![
        page("RUNNING", &[], true),
        page("RUNNING", &[], true).after(Duration::from_secs(10)),
    ]));
    let begun = Instant::now();
    let result = check_config(compute(&settings(server.port(), &json!({}))), Path::new("/"), 1_500);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    insta::assert_json_snapshot!(shown(&result, &[server.port()]));
    let asked = server.asked();
    assert_eq!(asked.last().unwrap().method, "DELETE");
}

/// A proxy that does not tell Trino its own address: dbt would follow, a check does not, with its credential.
#[test]
fn an_answer_that_leads_elsewhere() {
    let script = with_login(vec![page("QUEUED", &[], true)]);
    let server = Recorded::behind(script, Some("http://trino.internal:8080"));
    insta::assert_json_snapshot!(shown(&check(&settings(server.port(), &json!({}))), &[server.port()]));
    assert!(!server.asked().iter().any(|asked| asked.method == "GET" && asked.path != "/v1/info"));
}
