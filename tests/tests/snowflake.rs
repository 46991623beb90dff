//! Snowflake through the binary, with stock dbt-snowflake: on fakesnow, behind a gate that judges logins as Snowflake does.

use std::path::PathBuf;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::certificates::Authority;
use floe_tests::servers::forward::Forward;
use floe_tests::servers::snowflake::{self as server, Snowflake};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Project, Run, dbt, python, workspace};
use serde_json::{Value, json};

const WRONG: &str = "n0t-the-pa55word";

fn dbt_snowflake() -> PathBuf {
    python::environment("snowflake", &workspace::root().join("scripts/requirements/snowflake.txt")).join("bin/dbt")
}

const PLACE: &str = "role: transformer, warehouse: etl, database: lake, schema: sales";
const PASSWORD: &str = "user: dbt, password: {secret: {source: env, name: SNOW_PASSWORD}}";

fn at(account: &Snowflake) -> String {
    format!("host: 127.0.0.1, port: {}, protocol: http", account.port())
}

/// A product on one Snowflake.
fn on(project: Project, settings: &[&str]) -> Project {
    let config = format!("{{account: {}, {PLACE}, {}}}", server::ACCOUNT, settings.join(", "));
    let project = project.approving("snowflake", &[&format!("{{name: snowflake, config: {config}}}")]);
    let _ = project.floe(&["compile"]).expect(0);
    project
}

/// Runs with secrets in the environment, and shows that they appear nowhere.
fn run(command: &mut Command, variables: &[(&str, &str)]) -> Run {
    // What this machine itself says of proxies and certificate authorities is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let run = Run::of(command.envs(variables.iter().copied()));
    let secrets = [server::PASSWORD, WRONG, server::ACCESS_TOKEN, server::CLIENT_SECRET, server::PASSPHRASE];
    for secret in secrets.into_iter().chain([server::REFRESH, "access-t0ken"]) {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "a secret is shown:\n{}",
            run.transcript()
        );
    }
    run
}

/// Each variable, and the one that dbt reads in its place.
fn both<'a>(variables: &'a [(&'a str, &'a str)], names: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    let mut all = variables.to_vec();
    all.extend(names.iter().map(|(value, name)| (name.as_str(), *value)));
    all
}

fn health(project: &Project, variables: &[(&str, &str)]) -> Value {
    let found = run(&mut project.command(&["health", "--format", "json"]), variables).json();
    found["computes"][0].clone()
}

/// What a person sees.
fn seen(project: &Project, variables: &[(&str, &str)], port: u16) -> String {
    let text = redact(project, &run(&mut project.command(&["health"]), variables).transcript());
    text.replace(&format!("port {port}"), "port [port]").replace(&format!("port: {port}"), "port: [port]")
}

fn run_dbt(project: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let profiles = project.path("target/floe/profiles/dev/snowflake");
    run(&mut dbt::command(&dbt_snowflake(), &project.product(), &profiles, arguments), variables)
}

fn passes(run: &Run) {
    assert!(run.code() == Some(0) && run.stdout.contains("All checks passed!"), "{}", run.transcript());
}

fn of_dbt(key: &str) -> String {
    format!("DBT_ENV_SECRET_FLOE_SNOWFLAKE_{}", key.to_uppercase())
}

#[test]
fn passwords_and_a_build() {
    let account = Snowflake::start();
    // The example's models, without the parts of its spec that are about DuckDB.
    let spec = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: coffee-orders, version: 1.0.0}\n\
                platform: {manifest: manifest.yaml}\n";
    let project = on(Project::new().with_example().with("floe.yaml", spec), &[PASSWORD, &at(&account)]);
    let names = [(server::PASSWORD, of_dbt("password"))];
    let right = both(&[("SNOW_PASSWORD", server::PASSWORD)], &names);
    passes(&run_dbt(&project, &["debug"], &right));
    let before = account.statements().len();
    let found = health(&project, &right);
    assert_eq!(found["status"], "healthy", "{found:#}");
    assert_eq!(found["details"]["user"], "DBT", "{found:#}");
    // What the check sent, from what the gate saw.
    let sent = account.statements().split_off(before);
    assert_eq!(
        sent,
        ["SHOW WAREHOUSES LIKE 'etl'", "SHOW DATABASES LIKE 'lake'", "SHOW SCHEMAS LIKE 'sales' IN DATABASE \"LAKE\""]
    );
    insta::assert_snapshot!("password_right", seen(&project, &right, account.port()));

    // fakesnow cannot make the temporary tables of unit tests: all else is built and tested.
    let build = run_dbt(&project, &["build", "--exclude-resource-type", "unit_test"], &right);
    assert!(build.stdout.contains(" WARN=0 ERROR=0 SKIP=0 "), "{}", build.stdout);

    // What was compiled is enough for dbt: an environment of those requirements and nothing else.
    let program = python::environment("compiled-snowflake", &project.path("target/floe/requirements/snowflake.txt"));
    let profiles = project.path("target/floe/profiles/dev/snowflake");
    let mut command = dbt::command(&program.join("bin/dbt"), &project.product(), &profiles, &["debug"]);
    let debug = run(&mut command, &right);
    passes(&debug);
    assert!(debug.stdout.contains("dbt version: 1.11."), "{}", debug.stdout);

    let names = [(WRONG, of_dbt("password"))];
    let wrong = both(&[("SNOW_PASSWORD", WRONG)], &names);
    let refused = run_dbt(&project, &["debug"], &wrong);
    assert!(refused.code() != Some(0) && refused.stdout.contains("Incorrect username"), "{}", refused.transcript());
    assert_eq!(health(&project, &wrong)["reason"], "credential");
    insta::assert_snapshot!("password_wrong", seen(&project, &wrong, account.port()));

    account.change(|all| all["warehouses"]["ETL"] = json!({"state": "SUSPENDED", "auto_resume": true}));
    let found = health(&project, &right);
    assert_eq!((&found["status"], &found["details"]["will_start"]), (&json!("healthy"), &json!(true)), "{found:#}");
    insta::assert_snapshot!("suspended", seen(&project, &right, account.port()));
}

/// The token that the check signs is the one that dbt's connector signs: PyJWT verifies both by the same public key.
#[test]
fn key_pairs() {
    let account = Snowflake::start();
    let key = account.keys().file("locked.p8");
    let passphrase = "private_key_passphrase: {secret: {source: env, name: SNOW_PASSPHRASE}}";
    let by_key = |key: &str| {
        on(Project::new(), &["user: dbt", &format!("private_key_path: '{key}'"), passphrase, &at(&account)])
    };
    let project = by_key(key.to_str().expect("UTF-8"));
    let names = [(server::PASSPHRASE, of_dbt("private_key_passphrase"))];
    let right = both(&[("SNOW_PASSPHRASE", server::PASSPHRASE)], &names);
    passes(&run_dbt(&project, &["debug"], &right));
    let of_dbt = account.asked().into_iter().rev().find(|asked| asked.path.contains("login")).expect("a login").noted;
    assert_eq!(health(&project, &right)["status"], "healthy");
    let mut of_floe = account.asked().into_iter().rev().find(|a| a.path.contains("login")).expect("a login").noted;
    // What else dbt sets for a session does not matter to a login.
    of_floe["parameters"] = of_dbt["parameters"].clone();
    assert_eq!(of_floe, of_dbt);

    // Another key pair of the user: the old one is revoked.
    let other = account.keys().text("other.pub");
    account.change(|all| all["users"]["DBT"]["public_key"] = json!(other));
    let refused = run_dbt(&project, &["debug"], &right);
    assert!(refused.code() != Some(0) && refused.stdout.contains("JWT token is invalid"), "{}", refused.transcript());
    let found = health(&project, &right);
    assert_eq!(found["reason"], "credential", "{found:#}");
    assert!(found["help"].as_str().is_some_and(|help| help.contains("RSA_PUBLIC_KEY_FP")), "{found:#}");
}

#[test]
fn tokens() {
    let account = Snowflake::start();
    let token = "token: {secret: {source: env, name: SNOW_TOKEN}}";
    let project = on(Project::new(), &["authenticator: programmatic_access_token, user: dbt", token, &at(&account)]);
    let names = [(server::ACCESS_TOKEN, of_dbt("token"))];
    let right = both(&[("SNOW_TOKEN", server::ACCESS_TOKEN)], &names);
    passes(&run_dbt(&project, &["debug"], &right));
    assert_eq!(health(&project, &right)["status"], "healthy");
    account.change(|all| all["users"]["DBT"]["access_tokens"] = json!([]));
    let refused = run_dbt(&project, &["debug"], &right);
    assert!(refused.code() != Some(0) && refused.stdout.contains("is invalid"), "{}", refused.transcript());
    assert_eq!(health(&project, &right)["reason"], "credential");
}

/// dbt asks for access tokens at the account's own name, and so does the check: a proxy leads both to the gate.
#[test]
fn a_refresh_token_at_the_accounts_own_name() {
    let account = Snowflake::start();
    let authority = Authority::new();
    let tls = TlsProxy::start(
        &authority.issue_for(&[&format!("{}.snowflakecomputing.com", server::ACCOUNT)]),
        account.port(),
    );
    let proxy = Forward::leading_to(tls.port);
    let project = on(
        Project::new(),
        &[
            "authenticator: oauth, user: dbt",
            &format!("oauth_client_id: {}", server::CLIENT),
            "oauth_client_secret: {secret: {source: env, name: SNOW_CLIENT_SECRET}}",
            "token: {secret: {source: env, name: SNOW_TOKEN}}",
        ],
    );
    let (proxy_address, bundle) =
        (format!("http://127.0.0.1:{}", proxy.port()), authority.file().display().to_string());
    let names = [(server::REFRESH, of_dbt("token")), (server::CLIENT_SECRET, of_dbt("oauth_client_secret"))];
    let variables = [
        ("SNOW_TOKEN", server::REFRESH),
        ("SNOW_CLIENT_SECRET", server::CLIENT_SECRET),
        ("HTTPS_PROXY", &proxy_address),
        ("REQUESTS_CA_BUNDLE", &bundle),
    ];
    let right = both(&variables, &names);
    passes(&run_dbt(&project, &["debug"], &right));
    let found = health(&project, &right);
    assert_eq!(found["status"], "healthy", "{found:#}");
    let asked = format!("CONNECT {}.snowflakecomputing.com:443", server::ACCOUNT);
    assert!(proxy.asked().iter().all(|tunnel| *tunnel == asked), "{:?}", proxy.asked());

    account.change(|all| all["refresh"] = json!([]));
    let refused = run_dbt(&project, &["debug"], &right);
    assert!(refused.code() != Some(0), "{}", refused.transcript());
    assert_eq!(health(&project, &right)["reason"], "credential");
}

/// A contradiction is told when compiling, at the compute.
#[test]
fn contradictions_are_told_when_compiling() {
    let project = Project::new();
    let config =
        "{account: 'https://acme-shop.snowflakecomputing.com', user: dbt, private_key_path: k, database: d, schema: s}";
    project.approve("snowflake", &[&format!("{{name: snowflake, config: {config}}}")]);
    insta::assert_snapshot!(redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
}
