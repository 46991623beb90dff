//! Stock dbt-redshift on the profiles that floe generates, against PostgreSQL behind pgbouncer.

use std::fs;
use std::path::Path;
use std::process::Command;

use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::postgres::{Endpoint, PASSWORD, USER, shared};
use floe_tests::{Project, Run, dbt, python, workspace};

const WRONG: &str = "n0t-the-pa55word";

/// A manifest that approves redshift alone, with the password by reference.
fn manifest(port: u16, schema: &str, more: &str) -> String {
    format!(
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\nplugins:\n  compute:\n    \
         approved:\n      - name: redshift\n        config:\n          host: localhost\n          port: {port}\n          \
         database: shop\n          schema: {schema}\n          user: {USER}\n          password: {{secret: {{source: env, \
         name: REDSHIFT_PASSWORD}}}}\n          {more}\n    default: redshift\n"
    )
}

fn spec() -> &'static str {
    "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: coffee-orders, version: 1.0.0}\n\
     platform: {manifest: manifest.yaml}\n"
}

fn floe(project: &Project, arguments: &[&str], password: &str, authority: Option<&Path>) -> Run {
    let mut command = project.command(arguments);
    command.env("REDSHIFT_PASSWORD", password);
    authority.map(|file| command.env("SSL_CERT_FILE", file));
    without_secrets(Run::of(&mut command))
}

fn without_secrets(run: Run) -> Run {
    for secret in [PASSWORD, WRONG] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "a secret is shown:\n{}",
            run.transcript()
        );
    }
    run
}

fn dbt_redshift() -> std::path::PathBuf {
    python::environment("redshift", &workspace::root().join("scripts/requirements/redshift.txt")).join("bin/dbt")
}

fn run_dbt(project: &Project, program: &Path, arguments: &[&str], password: &str, authority: Option<&Path>) -> Run {
    let profiles = project.path("target/floe/profiles/dev/redshift");
    let mut command: Command = dbt::command(program, &project.product(), &profiles, arguments);
    command.env("DBT_ENV_SECRET_FLOE_REDSHIFT_PASSWORD", password);
    authority.map(|file| command.env("SSL_CERT_FILE", file));
    without_secrets(Run::of(&mut command))
}

#[test]
fn the_example_is_built_with_a_password() {
    let endpoint = Endpoint::plain();
    let project = Project::new().with_example().with("floe.yaml", spec());
    project.write("manifest.yaml", &manifest(endpoint.port, "coffee", "sslmode: disable"));
    let _ = floe(&project, &["compile"], PASSWORD, None).expect(0);
    let health = floe(&project, &["health", "--format", "json"], PASSWORD, None).expect(0).json();
    assert_eq!(health["computes"][0]["status"], "healthy", "{health:#}");

    // What was compiled is enough for dbt: an environment of those requirements and nothing else.
    let program = python::environment("compiled-redshift", &project.path("target/floe/requirements/redshift.txt"));
    let program = program.join("bin/dbt");
    let debug = run_dbt(&project, &program, &["debug"], PASSWORD, None).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
    let build = run_dbt(&project, &program, &["build"], PASSWORD, None).expect(0);
    assert!(build.stdout.contains(" WARN=0 ERROR=0 SKIP=0 "), "{}", build.stdout);
    assert_ne!(shared().sql("shop", "SELECT count(*) FROM coffee.fct_orders"), "0");

    let wrong = run_dbt(&project, &program, &["debug"], WRONG, None);
    assert_ne!(wrong.code(), Some(0), "the server rejects a wrong password:\n{}", wrong.stdout);
    let health = floe(&project, &["health", "--format", "json"], WRONG, None).expect(1).json();
    assert_eq!(health["computes"][0]["reason"], "credential", "{health:#}");
}

#[test]
fn the_example_is_built_over_tls() {
    let authority = Authority::new();
    let endpoint = Endpoint::with_tls(&authority.issue(Kind::Good));
    let project = Project::new().with_example().with("floe.yaml", spec());
    project.write("manifest.yaml", &manifest(endpoint.port, "coffee_tls", "sslmode: verify-full"));
    let _ = floe(&project, &["compile"], PASSWORD, None).expect(0);
    let trusted = authority.file();
    let (program, trusted) = (dbt_redshift(), Some(trusted.as_path()));
    let health = floe(&project, &["health", "--format", "json"], PASSWORD, trusted).expect(0).json();
    assert_eq!(health["computes"][0]["status"], "healthy", "{health:#}");
    let _ = run_dbt(&project, &program, &["debug"], PASSWORD, trusted).expect(0);
    let build = run_dbt(&project, &program, &["build"], PASSWORD, trusted).expect(0);
    assert!(build.stdout.contains(" WARN=0 ERROR=0 SKIP=0 "), "{}", build.stdout);

    // Both refuse an authority that the machine does not trust.
    let debug = run_dbt(&project, &program, &["debug"], PASSWORD, None);
    assert!(debug.code() != Some(0) && debug.stdout.contains("CERTIFICATE_VERIFY_FAILED"), "{}", debug.stdout);
    let health = floe(&project, &["health", "--format", "json"], PASSWORD, None).expect(1).json();
    assert_eq!(health["computes"][0]["reason"], "tls_untrusted", "{health:#}");
}

/// dbt and the check agree on every `sslmode`, for each certificate.
#[test]
fn the_check_trusts_whom_dbt_trusts() {
    let authority = Authority::new();
    let program = dbt_redshift();
    for kind in [Kind::WrongHost, Kind::Expired] {
        let endpoint = Endpoint::with_tls(&authority.issue(kind));
        for sslmode in ["prefer", "verify-full"] {
            let project = Project::new();
            project.write("manifest.yaml", &manifest(endpoint.port, "agree", &format!("sslmode: {sslmode}")));
            let _ = floe(&project, &["compile"], PASSWORD, None).expect(0);
            let trusted = authority.file();
            let health = floe(&project, &["health", "--format", "json"], PASSWORD, Some(&trusted)).json();
            let debug = run_dbt(&project, &program, &["debug"], PASSWORD, Some(&trusted));
            let healthy = health["computes"][0]["status"] == "healthy";
            assert_eq!(healthy, debug.code() == Some(0), "{kind:?} {sslmode}: {health:#}\n{}", debug.stdout);
            assert_eq!(healthy, kind == Kind::WrongHost && sslmode == "prefer", "{health:#}");
        }
    }
}

/// What cannot be checked without AWS is never healthy.
#[test]
fn logins_that_aws_issues_are_degraded() {
    let authority = Authority::new();
    let endpoint = Endpoint::with_tls(&authority.issue(Kind::Good));
    let methods = [
        "method: iam, user: dbt, cluster_id: sales",
        "method: iam_role, cluster_id: sales",
        "method: iam_role, is_serverless: true",
        "method: browser_identity_center, idc_region: eu-central-1, issuer_url: \"https://id.example\"",
        "method: oauth_token_identity_center, token_endpoint: {type: entra, request_url: \"https://id.example\", \
         request_data: \"{{ env_var('REDSHIFT_PASSWORD') }}\"}",
    ];
    let computes: Vec<_> = methods
        .iter()
        .enumerate()
        .map(|(number, method)| {
            format!(
                "{{name: wh-{number}, plugin: redshift, config: {{host: localhost, port: {}, database: shop, schema: marts, \
                 {method}}}}}",
                endpoint.port
            )
        })
        .collect();
    let project = Project::new().approving("wh-0", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    let trusted = authority.file();
    let health = floe(&project, &["health", "--format", "json"], PASSWORD, Some(&trusted)).expect(0).json();
    let told: Vec<_> = health["computes"].as_array().expect("computes").iter().collect();
    assert_eq!(told.len(), methods.len());
    for compute in &told {
        assert_eq!((&compute["status"], &compute["warnings"][0]["reason"]), (&"degraded".into(), &"unchecked".into()));
    }
    let text: Vec<_> = told.iter().map(|compute| compute["warnings"][0].clone()).collect();
    insta::assert_json_snapshot!(text);
    let denied = floe(&project, &["health", "--deny-degraded"], PASSWORD, Some(&trusted));
    assert_eq!(denied.code(), Some(1));
}

/// Why `connect_timeout_seconds` does not become `connect_timeout`: redshift_connector leaves it on the socket.
#[test]
fn the_connect_timeout_of_the_adapter_ends_long_queries() {
    let endpoint = Endpoint::plain();
    let project =
        Project::new().with("models/slow.sql", "{{ config(materialized='table') }}\nselect 1 as id from pg_sleep(4)\n");
    let _ = fs::remove_dir_all(project.path("models/marts"));
    let build = |more: &str| {
        project.write("manifest.yaml", &manifest(endpoint.port, "slow", more));
        let _ = floe(&project, &["compile"], PASSWORD, None).expect(0);
        run_dbt(&project, &dbt_redshift(), &["run", "--select", "slow"], PASSWORD, None)
    };
    let ended = build("sslmode: disable\n          connect_timeout: 2\n          retries: 0");
    assert!(ended.code() != Some(0), "the adapter's socket timeout is no trap any more:\n{}", ended.stdout);
    let _ = build("sslmode: disable\n          connect_timeout_seconds: 2").expect(0);
}
