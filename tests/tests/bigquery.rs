//! BigQuery through the binary, with stock dbt-bigquery: on an emulator behind a gate that plays Google's token servers and
//! has PyJWT verify what clients sign.

use std::path::PathBuf;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::bigquery::{ACCOUNT, BigQuery, PROJECT, TOKEN, key};
use floe_tests::servers::certificates::Authority;
use floe_tests::servers::forward::Forward;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Project, Run, dbt, python, workspace};
use serde_json::{Value, json};

const WRONG: &str = "ya29.n0t-the-t0ken";
const FORM: &str = "client_id=floe&client_secret=s3cret&grant_type=client_credentials";

fn dbt_bigquery() -> PathBuf {
    python::environment("bigquery", &workspace::root().join("scripts/requirements/bigquery.txt")).join("bin/dbt")
}

/// A product on one BigQuery, with settings besides project and dataset.
fn on(settings: &Value) -> Project {
    let mut config = json!({"project": PROJECT, "dataset": "marts"});
    config.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
    let compute = json!({"name": "bigquery", "plugin": "bigquery", "config": config}).to_string();
    let project = Project::new().approving("bigquery", &[&compute]);
    let _ = project.floe(&["compile"]).expect(0);
    project
}

/// The variable that a manifest names, and the one from which dbt reads the same.
fn both(key: &str, own: &'static str, value: &str) -> [(&'static str, String); 2] {
    let name: &'static str = format!("DBT_ENV_SECRET_FLOE_BIGQUERY_{key}").leak();
    [(own, value.to_owned()), (name, value.to_owned())]
}

fn reference(name: &str) -> Value {
    json!({"secret": {"source": "env", "name": name}})
}

/// Runs with variables, and shows that no secret appears.
fn run(command: &mut Command, variables: &[(&str, String)]) -> Run {
    // What this machine itself says of proxies and certificate authorities is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let run = Run::of(command.envs(variables.iter().map(|(name, value)| (name, value))));
    let pem = key("key.pem");
    let body = pem.lines().nth(1).expect("a line of the key");
    for secret in [TOKEN, WRONG, body, "s3cret"] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "a secret is shown:\n{}",
            run.transcript()
        );
    }
    run
}

fn health(project: &Project, variables: &[(&str, String)]) -> Value {
    let found = run(&mut project.command(&["health", "--format", "json"]), variables).json();
    found["computes"][0].clone()
}

fn seen(project: &Project, variables: &[(&str, String)], port: u16) -> String {
    let text = redact(project, &run(&mut project.command(&["health"]), variables).transcript());
    text.replace(&format!("port {port}"), "port [port]").replace(&format!(":{port}"), ":[port]")
}

fn dbt(project: &Project, arguments: &[&str], variables: &[(&str, String)]) -> Run {
    let profiles = project.path("target/floe/profiles/dev/bigquery");
    run(&mut dbt::command(&dbt_bigquery(), &project.product(), &profiles, arguments), variables)
}

fn debug_passes(project: &Project, variables: &[(&str, String)]) {
    let run = dbt(project, &["debug"], variables);
    assert!(run.code() == Some(0) && run.stdout.contains("All checks passed!"), "{}", run.transcript());
}

/// A service account whose key is read from a variable, as a Kubernetes secret sets it.
fn account(google: &BigQuery) -> Value {
    json!({
        "method": "service-account-json", "api_endpoint": google.url(), "location": "EU", "job_retries": 0,
        "keyfile_json": {
            "type": "service_account", "client_email": ACCOUNT, "private_key_id": "k1", "private_key": reference("BIGQUERY_KEY"),
            "project_id": PROJECT, "token_uri": format!("{}/token", google.url()),
        },
    })
}

#[test]
fn by_the_key_of_a_service_account() {
    let google = BigQuery::trusting();
    let project = on(&account(&google));
    let right = both("KEYFILE_JSON_PRIVATE_KEY", "BIGQUERY_KEY", &key("key.pem"));
    let found = health(&project, &right);
    assert_eq!(found["status"], "healthy", "{found:#}");
    insta::assert_snapshot!(seen(&project, &right, google.port()));
    debug_passes(&project, &right);
    let build = dbt(&project, &["build"], &right);
    assert!(build.stdout.contains("PASS=2 WARN=0 ERROR=0"), "{}", build.transcript());

    let wrong = both("KEYFILE_JSON_PRIVATE_KEY", "BIGQUERY_KEY", &key("other.pem"));
    let found = health(&project, &wrong);
    assert_eq!((&found["status"], &found["reason"]), (&"unhealthy".into(), &"credential".into()), "{found:#}");
    insta::assert_snapshot!("wrong_key", seen(&project, &wrong, google.port()));
    let debug = dbt(&project, &["debug"], &wrong);
    assert!(debug.code() == Some(1) && debug.stdout.contains("Invalid JWT Signature"), "{}", debug.transcript());
}

/// The packages of a compute are resolved, and not installed: dbt on them is what the other tests run.
#[test]
fn what_was_compiled_resolves_and_a_token_is_enough() {
    let google = BigQuery::trusting();
    let project = on(&json!({
        "method": "oauth-secrets", "token": reference("BIGQUERY_TOKEN"), "api_endpoint": google.url(), "job_retries": 0,
    }));
    debug_passes(&project, &[("DBT_ENV_SECRET_FLOE_BIGQUERY_TOKEN", TOKEN.to_owned())]);
    let found = health(&project, &[("BIGQUERY_TOKEN", WRONG.to_owned())]);
    assert_eq!(found["reason"], "credential", "{found:#}");

    let program = python::environment("resolver", &workspace::root().join("scripts/requirements/resolver.txt"));
    let mut command = Command::new(program.join("bin/uv"));
    command.args(["pip", "compile", "--quiet", "--python-version", "3.11"]);
    let resolved = Run::of(command.arg(project.path("target/floe/requirements/bigquery.txt"))).expect(0);
    assert!(
        resolved.stdout.contains("dbt-bigquery==1.12.") && resolved.stdout.contains("dbt-core==1.11."),
        "{}",
        resolved.stdout
    );
}

/// Google's own hosts, by TLS and through the proxy that the machine's variables name: the check and stock dbt alike. The
/// other identity provider's token is exchanged for Google's, and that one for a service account's.
#[test]
fn by_federation_through_a_proxy_to_googles_own_hosts() {
    let google = BigQuery::start(&json!({
        "entra": {FORM: "eyJ.entra"}, "subjects": {"eyJ.entra": "principal://pool/ada"},
        "impersonate": {ACCOUNT: ["principal://pool/ada"], "runs@nimbus.iam.gserviceaccount.com": [ACCOUNT]},
    }));
    let authority = Authority::new();
    let certificate = authority.issue_for(&[
        "bigquery.googleapis.com",
        "iamcredentials.googleapis.com",
        "login.microsoftonline.com",
        "sts.googleapis.com",
    ]);
    let proxy = Forward::leading_to(TlsProxy::start(&certificate, google.port()).port);
    let variables = [
        ("BIGQUERY_FORM", FORM.to_owned()),
        ("DBT_ENV_SECRET_FLOE_BIGQUERY_TOKEN_ENDPOINT_REQUEST_DATA", FORM.to_owned()),
        ("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port())),
        ("REQUESTS_CA_BUNDLE", authority.file().display().to_string()),
    ];
    let project = on(&json!({
        "method": "external-oauth-wif", "location": "EU", "job_retries": 0,
        "workload_pool_provider_path": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/e",
        "token_endpoint": {
            "type": "entra", "request_url": "https://login.microsoftonline.com/entra/token", "request_data": reference("BIGQUERY_FORM"),
        },
        "service_account_impersonation_url":
            format!("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"),
        "impersonate_service_account": "runs@nimbus.iam.gserviceaccount.com",
    }));
    let found = health(&project, &variables);
    assert_eq!(found["status"], "healthy", "{found:#}");
    assert_eq!(found["details"]["user"], "runs@nimbus.iam.gserviceaccount.com", "{found:#}");
    debug_passes(&project, &variables);

    // Nobody may get a token of that account.
    let other = on(&json!({
        "method": "oauth-secrets", "token": reference("BIGQUERY_TOKEN"),
        "impersonate_service_account": "vault@nimbus.iam.gserviceaccount.com",
    }));
    let mut with_token = variables.to_vec();
    with_token.push(("BIGQUERY_TOKEN", WRONG.to_owned()));
    assert_eq!(health(&other, &with_token)["reason"], "credential");
    insta::assert_snapshot!("impersonation", seen(&other, &with_token, proxy.port()));
}
