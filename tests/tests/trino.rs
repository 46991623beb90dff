//! Trino through the binary, with stock dbt-trino: on a real engine of its protocol, and through a proxy that checks
//! credentials.

use std::path::PathBuf;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::forward::Forward;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Credential, Dask, Gate, Recorded, Script, page, server_info};
use floe_tests::{Project, Run, dbt, python, workspace};
use serde_json::Value;

const PASSWORD: &str = "c0rrect-h0rse";
const WRONG: &str = "n0t-the-pa55word";

fn dbt_trino() -> PathBuf {
    python::environment("trino", &workspace::root().join("scripts/requirements/trino.txt")).join("bin/dbt")
}

/// A product on one Trino, with settings in YAML besides host, port and user.
fn on(port: u16, more: &str) -> Project {
    let config = format!("{{host: 127.0.0.1, port: {port}, user: dbt, {more}}}");
    let project = Project::new().approving("trino", &[&format!("{{name: trino, config: {config}}}")]);
    let _ = project.floe(&["compile"]).expect(0);
    project
}

const DASK: &str = "database: dask_sql, schema: root";

fn ldap(authority: &Authority) -> String {
    format!(
        "{DASK}, method: ldap, password: {{secret: {{source: env, name: TRINO_PASSWORD}}}}, cert: {}",
        authority.file().display()
    )
}

/// Runs with a secret in the environment, and shows that it appears nowhere.
fn run(command: &mut Command, variables: &[(&str, &str)]) -> Run {
    // What this machine itself says of proxies and certificate authorities is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let run = Run::of(command.envs(variables.iter().copied()));
    for secret in [PASSWORD, WRONG] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "a secret is shown:\n{}",
            run.transcript()
        );
    }
    run
}

fn health(project: &Project, variables: &[(&str, &str)]) -> Value {
    let found = run(&mut project.command(&["health", "--format", "json"]), variables).json();
    found["computes"][0].clone()
}

/// What a person sees.
fn seen(project: &Project, variables: &[(&str, &str)], ports: &[u16]) -> String {
    let mut text = redact(project, &run(&mut project.command(&["health"]), variables).transcript());
    for port in ports {
        text = text.replace(&format!("port {port}"), "port [port]").replace(&format!("port: {port}"), "port: [port]");
    }
    text
}

fn debug(project: &Project, variables: &[(&str, &str)]) -> Run {
    let profiles = project.path("target/floe/profiles/dev/trino");
    run(&mut dbt::command(&dbt_trino(), &project.product(), &profiles, &["debug"]), variables)
}

fn passes(run: &Run) {
    assert!(run.code() == Some(0) && run.stdout.contains("All checks passed!"), "{}", run.transcript());
}

#[test]
fn on_the_engine_itself() {
    let dask = Dask::start();
    let project = on(dask.port(), DASK);
    passes(&debug(&project, &[]));
    let found = health(&project, &[]);
    assert_eq!(found["status"], "healthy", "{found:#}");
    insta::assert_snapshot!(seen(&project, &[], &[dask.port()]));

    // What was compiled is enough for dbt: an environment of those requirements and nothing else.
    let program = python::environment("compiled-trino", &project.path("target/floe/requirements/trino.txt"));
    let profiles = project.path("target/floe/profiles/dev/trino");
    let mut command = dbt::command(&program.join("bin/dbt"), &project.product(), &profiles, &["debug"]);
    let debug = run(&mut command, &[]);
    passes(&debug);
    assert!(debug.stdout.contains("dbt version: 1.11."), "{}", debug.stdout);

    let nosuch = on(dask.port(), "database: nosuch, schema: root");
    assert_eq!(health(&nosuch, &[])["reason"], "no_such_catalog");
    insta::assert_snapshot!("no_such_catalog", seen(&nosuch, &[], &[dask.port()]));
}

#[test]
fn passwords_through_a_proxy_that_checks_them() {
    let dask = Dask::start();
    let credential =
        Credential::Password { user: "dbt".into(), password: PASSWORD.into(), may_be: vec!["sales".into()] };
    let gate = Gate::start(credential, dask.port(), "https");
    let authority = Authority::new();
    let tls = TlsProxy::start(&authority.issue(Kind::Good), gate.port());
    let project = on(tls.port, &ldap(&authority));
    let (right, wrong) = (&[("TRINO_PASSWORD", PASSWORD)], &[("TRINO_PASSWORD", WRONG)]);

    passes(&debug(&project, &[("DBT_ENV_SECRET_FLOE_TRINO_PASSWORD", PASSWORD)]));
    assert_eq!(health(&project, right)["status"], "healthy");
    assert_eq!(gate.refused(), 0);
    insta::assert_snapshot!("password_right", seen(&project, right, &[tls.port]));

    let refused = debug(&project, &[("DBT_ENV_SECRET_FLOE_TRINO_PASSWORD", WRONG)]);
    assert!(refused.code() != Some(0) && refused.stdout.contains("401"), "{}", refused.transcript());
    assert_eq!(health(&project, wrong)["reason"], "credential");
    assert!(gate.refused() >= 2);
    insta::assert_snapshot!("password_wrong", seen(&project, wrong, &[tls.port]));

    let other = on(tls.port, &format!("{}, impersonation_user: boss", ldap(&authority)));
    let refused = debug(&other, &[("DBT_ENV_SECRET_FLOE_TRINO_PASSWORD", PASSWORD)]);
    assert!(refused.code() != Some(0) && refused.stdout.contains("cannot impersonate"), "{}", refused.transcript());
    assert_eq!(health(&other, right)["reason"], "permission");
}

/// The check takes the way that requests takes: the proxy and the certificate authorities of the environment.
#[test]
fn proxies_and_authorities_of_the_environment() {
    let dask = Dask::start();
    let credential = Credential::Password { user: "dbt".into(), password: PASSWORD.into(), may_be: Vec::new() };
    let gate = Gate::start(credential, dask.port(), "https");
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), gate.port());
    let project = on(tls.port, &ldap(&authority));
    let secrets = [("TRINO_PASSWORD", PASSWORD), ("DBT_ENV_SECRET_FLOE_TRINO_PASSWORD", PASSWORD)];
    let with = |more: &[(&'static str, String)]| -> (Run, Value, Vec<u16>) {
        let mut all: Vec<(&str, &str)> = secrets.to_vec();
        all.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
        (debug(&project, &all), health(&project, &all), vec![tls.port])
    };

    let forward = Forward::start(Some("Basic ZmxvZTpodW50ZXIy"));
    let proxy = format!("http://floe:hunter2@127.0.0.1:{}", forward.port());
    let (dbt, found, _) = with(&[("HTTPS_PROXY", proxy.clone())]);
    passes(&dbt);
    assert_eq!(found["status"], "healthy", "{found:#}");
    assert_eq!(found["details"]["other"]["proxy"], format!("http://127.0.0.1:{}", forward.port()), "{found:#}");
    assert!(!found.to_string().contains("hunter2"));
    let tunnels = forward.asked();
    assert!(tunnels.len() >= 2 && tunnels.iter().all(|asked| *asked == format!("CONNECT 127.0.0.1:{}", tls.port)));

    // Past the proxy.
    let (dbt, found, _) = with(&[("HTTPS_PROXY", proxy), ("no_proxy", "127.0.0.0/8".to_owned())]);
    passes(&dbt);
    assert_eq!(found["status"], "healthy", "{found:#}");
    assert_eq!(forward.asked().len(), tunnels.len());

    // The variable wins over `cert`.
    let (dbt, found, _) = with(&[("REQUESTS_CA_BUNDLE", other.file().display().to_string())]);
    assert!(dbt.code() != Some(0) && dbt.stdout.contains("CERTIFICATE_VERIFY_FAILED"), "{}", dbt.transcript());
    assert_eq!(found["reason"], "tls_untrusted", "{found:#}");
}

/// What a check sends is what dbt sends.
#[test]
fn headers_are_those_of_dbt() {
    let script = || {
        Script::new()
            .info(server_info("476", false))
            .statement("SELECT current_user", vec![page("FINISHED", &["dbt"], false)])
            .statement("SHOW SCHEMAS", vec![page("FINISHED", &["sales"], false)])
            .statement("select 1", vec![page("QUEUED", &[], true), page("FINISHED", &["1"], false)])
    };
    let server = Recorded::start(script());
    let project = on(
        server.port(),
        "database: lake, schema: sales, timezone: Europe/Berlin, roles: {system: analyst, hive: NONE, lake: 'a b/c'}, \
         client_tags: [dbt, nightly], http_headers: {X-Routing-Group: etl}, timeout_seconds: 900, \
         session_properties: {spill_enabled: true, task_concurrency: 8, lake.note: 'a b,c=ü'}",
    );
    passes(&debug(&project, &[]));
    let of_dbt = server.asked();
    assert_eq!(health(&project, &[])["status"], "healthy");
    let of_floe = &server.asked()[of_dbt.len()..];
    // dbt also reads results in encodings that a check does not ask for; a check also says which one it is.
    let different = ["x-trino-query-data-encoding", "x-trino-client-info"];
    let sent = |asked: &[floe_tests::servers::trino::Asked]| -> Vec<String> {
        let post = asked.iter().find(|asked| asked.method == "POST").expect("a statement");
        let own = post.headers.iter().filter(|(name, _)| name.starts_with("x-") && !different.contains(&name.as_str()));
        own.map(|(name, value)| {
            // They are assignments, in any order.
            let mut parts: Vec<&str> = value.split(',').collect();
            parts.sort_unstable();
            format!("{name}: {}", parts.join(","))
        })
        .collect()
    };
    assert_eq!(sent(of_floe), sent(&of_dbt));
    assert!(sent(of_floe).iter().any(|header| header.starts_with("x-trino-session: ")));
}

/// A contradiction is told when compiling, at the compute.
#[test]
fn contradictions_are_told_when_compiling() {
    let config = "{host: trino.example, port: 8443, user: dbt, database: lake, schema: sales, method: ldap}";
    let project = Project::new().approving("trino", &[&format!("{{name: trino, config: {config}}}")]);
    insta::assert_snapshot!(redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
    project.approve(
        "trino",
        &["{name: trino, config: {host: trino.example, port: 8080, user: dbt, catalog: lake, schema: s}}"],
    );
    insta::assert_snapshot!(
        "catalog_is_database",
        redact(&project, &project.floe(&["compile"]).expect(1).transcript())
    );
}
