//! Databricks through the binary, with stock dbt-databricks: a workspace put together from brickhouse, a real Spark and a
//! gate that verifies every token by PyJWT, reached by https at hosts as Databricks names them.

use std::path::PathBuf;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::databricks::{self, Databricks, Road};
use floe_tests::{Project, Run, dbt, python};
use serde_json::{Value, json};

const HOST: &str = "dbc-1a2b3c4d-5e6f.cloud.databricks.com";
const ON_AZURE: &str = "adb-1234567890123456.7.azuredatabricks.net";
const MICROSOFT: &str = "login.microsoftonline.com";
const TOKEN: &str = "dapi0123456789abcdef";
const CLIENT: &str = "5f0d1c2b-9a7e-4d3c-8b6a-0e1f2d3c4b5a";
const SECRET: &str = "dose0123456789abcdef";
const AZURE_SECRET: &str = "abc8Q~0123456789abcdef";
const WRONG: &str = "dosen0t-the-secret";

fn dbt_databricks() -> PathBuf {
    databricks::adapter().join("bin/dbt")
}

/// What the gate knows.
fn known() -> Value {
    json!({
        "scheme": "https", "tokens": {TOKEN: "ada@example.com"}, "clients": {CLIENT: SECRET},
        "azure": {CLIENT: AZURE_SECRET}, "clusters": {"0801-brew": "RUNNING"},
    })
}

/// A product on one workspace, with settings in YAML.
fn on(host: &str, login: &str, more: &str) -> Project {
    let path = format!("/sql/1.0/warehouses/{}", databricks::RUNNING);
    let path = if more.contains("http_path") { String::new() } else { format!("http_path: {path}, ") };
    let config = format!("{{host: {host}, {path}catalog: lake, schema: marts, {login}{more}}}");
    let project = Project::new().approving("databricks", &[&format!("{{name: databricks, config: {config}}}")]);
    let _ = project.floe(&["compile"]).expect(0);
    project
}

fn secret(key: &str) -> String {
    format!("{key}: {{secret: {{source: env, name: DATABRICKS_SECRET}}}}")
}

/// Runs by a road to the workspace, with secrets in the environment, and shows that they appear nowhere.
fn run(command: &mut Command, road: &Road, variables: &[(&str, &str)]) -> Run {
    // What this machine itself says is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
        .env("HTTPS_PROXY", road.proxy())
        .env("SSL_CERT_FILE", &road.trusted)
        .env("REQUESTS_CA_BUNDLE", &road.trusted);
    let run = Run::of(command.envs(variables.iter().copied()));
    for secret in [TOKEN, SECRET, AZURE_SECRET, WRONG] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "a secret is shown:\n{}",
            run.transcript()
        );
    }
    run
}

fn health(project: &Project, road: &Road, value: &str) -> Value {
    let variables = [("DATABRICKS_SECRET", value)];
    run(&mut project.command(&["health", "--format", "json"]), road, &variables).json()["computes"][0].clone()
}

/// What a person sees.
fn seen(project: &Project, road: &Road, value: &str) -> String {
    redact(project, &run(&mut project.command(&["health"]), road, &[("DATABRICKS_SECRET", value)]).transcript())
}

fn debug(project: &Project, road: &Road, key: &str, value: &str) -> Run {
    let profiles = project.path("target/floe/profiles/dev/databricks");
    let name = format!("DBT_ENV_SECRET_FLOE_DATABRICKS_{key}");
    let mut command = dbt::command(&dbt_databricks(), &project.product(), &profiles, &["debug"]);
    run(&mut command, road, &[(name.as_str(), value)])
}

fn passes(run: &Run) {
    assert!(run.code() == Some(0) && run.stdout.contains("All checks passed!"), "{}", run.transcript());
}

/// The calls of dbt's driver that came through, and who made them.
fn calls(workspace: &Databricks) -> Vec<String> {
    let asked = workspace.asked();
    let of_driver = asked.iter().filter(|request| request.path.starts_with("/sql/"));
    of_driver
        .map(|request| format!("{} {}", request.noted["call"].as_str().unwrap_or("none"), request.status))
        .collect()
}

/// Shows that a check, which came after so many requests, has asked for nothing that starts, runs or changes anything.
fn starts_nothing(workspace: &Databricks, before: usize) {
    let asked = workspace.asked();
    assert!(asked.len() > before, "nothing was asked");
    for request in &asked[before..] {
        let grants = request.method == "POST" && request.path.ends_with("/token");
        let reads =
            request.method == "GET" && !request.path.contains("/statements") && !request.path.starts_with("/sql/");
        assert!(grants || reads, "a check asked {request}");
    }
}

#[test]
fn by_a_token() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let project = on(HOST, &secret("token"), "");
    passes(&debug(&project, &road, "TOKEN", TOKEN));
    // A statement of dbt ran on Spark.
    let calls = calls(&workspace);
    assert!(calls.starts_with(&["OpenSession 200".to_owned(), "ExecuteStatement 200".to_owned()]), "{calls:?}");
    assert!(calls.contains(&"FetchResults 200".to_owned()), "{calls:?}");

    let before = workspace.asked().len();
    assert_eq!(health(&project, &road, TOKEN)["status"], "healthy");
    insta::assert_snapshot!("token_right", seen(&project, &road, TOKEN));
    starts_nothing(&workspace, before);

    let refused = debug(&project, &road, "TOKEN", WRONG);
    assert!(refused.code() != Some(0) && refused.stdout.contains("http-code=403"), "{}", refused.transcript());
    let found = health(&project, &road, WRONG);
    assert_eq!(found["reason"], "credential", "{found:#}");
    insta::assert_snapshot!("token_wrong", seen(&project, &road, WRONG));
}

/// What was compiled is enough for dbt: an environment of those requirements and nothing else.
#[test]
fn what_was_compiled_is_enough() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let login = format!("auth_type: oauth, client_id: {CLIENT}, {}", secret("client_secret"));
    let more =
        ", timeout_seconds: 900, session_properties: {ansi_mode: true}, query_tags: {team: sales}, connect_retries: 2";
    let project = on(HOST, &login, more);
    let program = python::environment("compiled-databricks", &project.path("target/floe/requirements/databricks.txt"));
    let profiles = project.path("target/floe/profiles/dev/databricks");
    let mut command = dbt::command(&program.join("bin/dbt"), &project.product(), &profiles, &["debug"]);
    let debug = run(&mut command, &road, &[("DBT_ENV_SECRET_FLOE_DATABRICKS_CLIENT_SECRET", SECRET)]);
    passes(&debug);
    assert!(debug.stdout.contains("dbt version: 1.11."), "{}", debug.stdout);
    // Limit, properties and tags are those of the session.
    let opened =
        workspace.asked().into_iter().find(|request| request.noted["call"] == "OpenSession").expect("a session");
    let session = &opened.noted["session"];
    assert_eq!((&session["statement_timeout"], &session["ansi_mode"]), (&json!("900"), &json!("True")), "{session}");
    assert!(session["QUERY_TAGS"].as_str().is_some_and(|tags| tags.contains("team:sales")), "{session}");
}

/// The example of the README, built by stock dbt-databricks: what runs it is a Spark without Delta, so that it does what it
/// does on Spark. Its catalog is the one from before Unity Catalog, which Spark has.
#[test]
fn the_example_is_built() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let project = Project::new().with_example();
    let path = databricks::RUNNING;
    let config = format!(
        "{{host: {HOST}, http_path: /sql/1.0/warehouses/{path}, schema: coffee, threads: 4, auth_type: oauth, client_id: \
         {CLIENT}, connection_parameters: {{enable_telemetry: false}}, {}}}",
        secret("client_secret")
    );
    let project = project.with(
        "manifest.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: coffee-platform, version: 1.0.0}}\n\
             plugins:\n  compute:\n    approved:\n      - {{name: databricks, config: {config}}}\n    default: databricks\n\
             environments: [{{name: dev}}, {{name: prod}}]\n"
        ),
    );
    let edit = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(project.path(file)).expect("a file of the example");
        assert!(text.contains(from), "{file} holds no {from:?}");
        project.write(file, &text.replace(from, to));
    };
    edit("floe.yaml", "compute: duckdb", "compute: databricks");
    edit("dbt_project.yml", "models:\n", "seeds:\n  +file_format: parquet\nmodels:\n  +file_format: parquet\n");
    for file in ["dbt_project.yml", "models/marts/daily_store_sales.sql", "snapshots/product_prices.yml"] {
        edit(file, "= 'spark'", "= 'databricks'");
    }
    let _ = project.floe(&["compile"]).expect(0);
    let profiles = project.path("target/floe/profiles/dev/databricks");
    let dbt = |arguments: &[&str]| {
        let mut command = dbt::command(&dbt_databricks(), &project.product(), &profiles, arguments);
        run(&mut command, &road, &[("DBT_ENV_SECRET_FLOE_DATABRICKS_CLIENT_SECRET", SECRET)]).expect(0)
    };
    // Its 34 generic tests pass as well; they are statements like others, and take a minute.
    let seeded = dbt(&["seed"]);
    assert!(seeded.stdout.contains("Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=5"), "{}", seeded.stdout);
    let built = dbt(&["build", "--exclude", "test_type:generic", "resource_type:seed"]);
    assert!(built.stdout.contains("Done. PASS=13 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=13"), "{}", built.stdout);
    let counts = "select count(*) as n, sum(revenue_cents) as cents from {{ ref('daily_store_sales') }}";
    let shown = dbt(&["show", "--output", "json", "--inline", counts]);
    // The same as on the other engines.
    assert!(shown.stdout.contains("1581") && shown.stdout.contains("4644369"), "{}", shown.stdout);

    let found = health(&project, &road, SECRET);
    assert_eq!(
        (&found["status"], &found["warnings"][0]["reason"]),
        (&json!("degraded"), &json!("unchecked")),
        "{found:#}"
    );
}

#[test]
fn by_a_secret() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let login = format!("auth_type: oauth, client_id: {CLIENT}, {}", secret("client_secret"));
    let project = on(HOST, &login, "");
    passes(&debug(&project, &road, "CLIENT_SECRET", SECRET));
    assert!(calls(&workspace).contains(&"FetchResults 200".to_owned()));
    let of_dbt: Vec<_> = workspace.asked().into_iter().filter(|request| request.path == "/oidc/v1/token").collect();

    let before = workspace.asked().len();
    assert_eq!(health(&project, &road, SECRET)["status"], "healthy");
    starts_nothing(&workspace, before);
    let of_floe = workspace.asked()[before..].iter().find(|request| request.path == "/oidc/v1/token").cloned();
    // The check asks for its token as dbt does.
    assert_eq!(of_floe.as_ref(), of_dbt.first());
    insta::assert_snapshot!("secret_right", seen(&project, &road, SECRET));

    let refused = debug(&project, &road, "CLIENT_SECRET", WRONG);
    assert!(refused.code() != Some(0) && refused.stdout.contains("invalid_client"), "{}", refused.transcript());
    assert_eq!(health(&project, &road, WRONG)["reason"], "credential");
    insta::assert_snapshot!("secret_wrong", seen(&project, &road, WRONG));
}

/// Tokens that are over, or revoked: dbt fails, and the check says why.
#[test]
fn tokens_that_are_over() {
    let login = format!("auth_type: oauth, client_id: {CLIENT}, {}", secret("client_secret"));
    let project = on(HOST, &login, "");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let revoked = folder.path().join("revoked");
    std::fs::write(&revoked, "999").expect("a file");
    let cases = [
        ("expired", json!({"lifetime": -60, "told": 3600}), "http-code=401"),
        ("revoked", json!({"revoked": revoked}), "http-code=403"),
    ];
    for (name, over, words) in cases {
        let mut settings = known();
        settings.as_object_mut().expect("a map").extend(over.as_object().cloned().expect("a map"));
        let workspace = Databricks::with_spark(&settings);
        let road = Road::to(&workspace, &[HOST]);
        let dbt = debug(&project, &road, "CLIENT_SECRET", SECRET);
        assert!(dbt.code() != Some(0) && dbt.stdout.contains(words), "{}", dbt.transcript());
        let found = health(&project, &road, SECRET);
        assert_eq!(found["reason"], if name == "expired" { "expired" } else { "credential" }, "{found:#}");
        insta::assert_snapshot!(name, seen(&project, &road, SECRET));
    }
}

#[test]
fn by_a_secret_of_microsoft_entra_id() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[ON_AZURE, MICROSOFT]);
    let login = format!("auth_type: oauth, azure_client_id: {CLIENT}, {}", secret("azure_client_secret"));
    let project = on(ON_AZURE, &login, "");
    passes(&debug(&project, &road, "AZURE_CLIENT_SECRET", AZURE_SECRET));
    assert!(calls(&workspace).contains(&"FetchResults 200".to_owned()));
    let grants = |from: usize| -> Vec<_> {
        workspace.asked()[from..].iter().filter(|request| request.path.ends_with("/oauth2/token")).cloned().collect()
    };
    let of_dbt = grants(0);
    let before = workspace.asked().len();
    assert_eq!(health(&project, &road, AZURE_SECRET)["status"], "healthy");
    starts_nothing(&workspace, before);
    assert_eq!(grants(before), of_dbt[..2]);
    insta::assert_snapshot!("azure_right", seen(&project, &road, AZURE_SECRET));
    assert_eq!(health(&project, &road, WRONG)["reason"], "credential");
}

/// dbt-databricks 1.12.8 is the first to know it.
#[test]
fn by_a_token_of_another_identity_provider() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("oidc");
    let (key, assertion) = assertion();
    std::fs::write(&file, format!("{assertion}\n")).expect("a file");
    let mut settings = known();
    settings["federation"] = json!({
        "key": key, "issuer": "https://ci.example", "audience": "databricks", "subject": "repo:floe", "client_id": CLIENT,
    });
    let workspace = Databricks::with_spark(&settings);
    let road = Road::to(&workspace, &[HOST]);
    let login = format!("auth_type: file-oidc, client_id: {CLIENT}, oidc_token_filepath: {}", file.display());
    let project = on(HOST, &login, "");
    let debug = |project: &Project| {
        let profiles = project.path("target/floe/profiles/dev/databricks");
        let python = databricks::adapter().join("bin/python");
        let script = format!("{}; from dbt.cli.main import cli; cli()", databricks::with_federation());
        run(&mut dbt::command(&python, &project.product(), &profiles, &["-c", &script, "debug"]), &road, &[])
    };
    let well = debug(&project);
    passes(&well);
    assert!(well.stdout.contains("adapter version: 1.12.8"), "{}", well.stdout);
    let before = workspace.asked().len();
    assert_eq!(health(&project, &road, "")["status"], "healthy");
    starts_nothing(&workspace, before);

    // Signed by nobody whom the policy names.
    let (signed, signature) = assertion.rsplit_once('.').expect("a JWT");
    std::fs::write(&file, format!("{signed}.{}", signature.chars().rev().collect::<String>())).expect("a file");
    let refused = debug(&project);
    assert!(refused.code() != Some(0) && refused.stdout.contains("invalid_grant"), "{}", refused.transcript());
    let found = health(&project, &road, "");
    assert_eq!(found["reason"], "credential", "{found:#}");
    insta::assert_snapshot!("assertion_wrong", seen(&project, &road, ""));
}

/// A public key, and a token of another identity provider that it proves; made by PyJWT.
fn assertion() -> (String, String) {
    let script = "import json, time, jwt\n\
        from cryptography.hazmat.primitives.asymmetric import rsa\n\
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat\n\
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)\n\
        claims = {'iss': 'https://ci.example', 'aud': 'databricks', 'sub': 'repo:floe', 'exp': int(time.time()) + 3600}\n\
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()\n\
        print(json.dumps([public, jwt.encode(claims, key, algorithm='RS256')]))";
    let python = databricks::environment().join("bin/python");
    let made = Run::of(Command::new(python).args(["-c", script])).expect(0);
    serde_json::from_str(&made.stdout).expect("a pair")
}

/// A variable of databricks-sdk keeps dbt from logging in by the token of its profile; the check says so before.
#[test]
fn a_variable_that_says_another_way_to_log_in() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let project = on(HOST, &secret("token"), "");
    let with =
        |command: &mut Command, name: &str| run(command, &road, &[(name, TOKEN), ("DATABRICKS_CLIENT_ID", CLIENT)]);
    let profiles = project.path("target/floe/profiles/dev/databricks");
    let mut command = dbt::command(&dbt_databricks(), &project.product(), &profiles, &["debug"]);
    let dbt = with(&mut command, "DBT_ENV_SECRET_FLOE_DATABRICKS_TOKEN");
    assert!(
        dbt.code() != Some(0) && dbt.stdout.contains("more than one authorization method configured"),
        "{}",
        dbt.transcript()
    );
    let found =
        with(&mut project.command(&["health", "--format", "json"]), "DATABRICKS_SECRET").json()["computes"][0].clone();
    assert_eq!(found["reason"], "variables", "{found:#}");
}

/// A stopped warehouse is healthy, and stays as it is: the emulator says so afterwards.
#[test]
fn a_stopped_warehouse_is_not_started() {
    let workspace = Databricks::start(&known());
    let road = Road::to(&workspace, &[HOST]);
    let path = format!(", http_path: /sql/1.0/warehouses/{}", databricks::STOPPED);
    let project = on(HOST, &secret("token"), &path);
    for _ in 0..2 {
        let found = health(&project, &road, TOKEN);
        assert_eq!((&found["status"], &found["details"]["will_start"]), (&json!("healthy"), &json!(true)), "{found:#}");
        assert_eq!(found["details"]["other"]["state"], "STOPPED");
    }
    starts_nothing(&workspace, 0);
    insta::assert_snapshot!(seen(&project, &road, TOKEN));
}

/// A contradiction is told when compiling, at the compute.
#[test]
fn contradictions_are_told_when_compiling() {
    let config = |more: &str| {
        format!(
            "{{name: databricks, config: {{host: {HOST}, http_path: /sql/1.0/warehouses/1a2b3c, schema: marts, {more}}}}}"
        )
    };
    let both = config(&format!("{}, auth_type: oauth", secret("token")));
    let project = Project::new().approving("databricks", &[&both]);
    insta::assert_snapshot!(redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
    project.approve("databricks", &[&config("token: dapi0123")]);
    insta::assert_snapshot!("literal_token", redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
}
