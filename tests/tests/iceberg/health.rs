//! `floe health` of a compute that mounts a catalog.

use std::fmt::Write as _;

use floe_tests::redact::redact;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::faults::BlackHole;
use floe_tests::servers::free_port;
use floe_tests::servers::iceberg::{CLIENT_ID, Catalog};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Project, Run};
use serde_json::Value;

use super::{OF_DBT, VARIABLE, floe, holds_a_secret, manifest, oauth2, on, run, run_dbt};

/// What a person sees, with a variable of another value than the right one if given.
fn seen(project: &Project, secret: Option<&str>, port: u16) -> String {
    let transcript = match secret {
        None => floe(project, &["health", "--timeout", "5"]).transcript(),
        Some(wrong) => {
            let run = Run::of(project.command(&["health", "--timeout", "5"]).env(VARIABLE, wrong));
            assert!(!run.stdout.contains(wrong) && !run.stderr.contains(wrong), "{}", run.transcript());
            run.transcript()
        }
    };
    redact(project, &transcript).replace(&format!(":{port}"), ":[port]")
}

fn product(uri: &str, login: &str) -> Project {
    Project::new().with("manifest.yaml", &manifest(uri, "checked", login))
}

#[test]
fn a_catalog_that_answers() {
    let catalog = Catalog::start();
    let project = on(Project::new(), &catalog, "checked")
        .with("models/t.sql", "{{ config(materialized='table') }} select 1 as x\n");
    // Before there is a table, nobody knows whether the catalog vends.
    let empty: Value = floe(&project, &["health", "--format", "json"]).expect(0).json();
    assert_eq!(empty["computes"][0]["details"]["other"]["catalog"]["vending"], "unknown", "{empty:#}");
    let _ = floe(&project, &["compile"]).expect(0);
    let build = run_dbt(&project, &["run", "--select", "t"], &[]);
    assert!(build.stdout.contains("PASS=1"), "{}", build.transcript());
    let before = catalog.asked().len();
    let health = floe(&project, &["health", "--format", "json"]).expect(0);
    insta::assert_snapshot!("health_json", redact(&project, &health.stdout));
    // It reads and changes nothing.
    let asked: Vec<String> =
        catalog.asked().split_off(before).iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    assert!(asked.iter().all(|asked| asked.starts_with("GET ") || asked == "POST /v1/oauth/tokens"), "{asked:?}");
    insta::assert_snapshot!("health_right", seen(&project, None, catalog.gate_port()));

    // Without delegation there is nobody to open the storage.
    let login = format!("access_delegation_mode: none\n      {}", oauth2());
    project.write("manifest.yaml", &manifest(&catalog.uri(), "checked", &login));
    let alone = run(&mut project.command(&["health", "--format", "json"])).expect(0).json();
    let found = &alone["computes"][0];
    assert_eq!(
        (&found["status"], &found["details"]["other"]["catalog"]["vending"]),
        (&"degraded".into(), &"not_asked".into())
    );
    assert!(found["warnings"].to_string().contains("catalog_storage"), "{found:#}");
}

#[test]
fn logins_that_are_refused() {
    let catalog = Catalog::shared();
    let uri = catalog.uri();
    let token = format!("token: {{secret: {{source: env, name: {VARIABLE}}}}}");
    let ended = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl";
    assert!(holds_a_secret(ended));
    let age = regex::Regex::new(r"ended \d+ s ago").expect("a pattern");
    let mut all = String::new();
    for (name, login, secret) in [
        ("a wrong client secret", oauth2(), Some("n0t-the-s3cret")),
        ("a wrong token", token.clone(), Some("0paque-t0ken")),
        ("a token that has ended", token, Some(ended)),
        ("no login", String::new(), None),
    ] {
        let text = seen(&product(&uri, &login), secret, catalog.gate_port());
        let text = age.replace_all(&text, "ended [n] s ago");
        let _ = write!(all, "# {name}\n{text}\n");
    }
    insta::assert_snapshot!("logins_refused", all);

    // dbt is refused as well, and says the secret neither on its screen nor in its log.
    let (wrong, project) = ("n0t-the-s3cret", product(&uri, &oauth2()));
    let _ = floe(&project, &["compile"]).expect(0);
    let debug = run_dbt(&project, &["debug"], &[(OF_DBT, wrong)]);
    let log = std::fs::read_to_string(project.path("logs/dbt.log")).expect("dbt's log");
    assert!(debug.stdout.contains("Invalid client credentials") && debug.code() == Some(1), "{}", debug.transcript());
    assert!(![&debug.stdout, &debug.stderr, &log].iter().any(|text| text.contains(wrong)), "{}", debug.transcript());
}

#[test]
fn catalogs_that_cannot_be_used() {
    let catalog = Catalog::shared();
    let (closed, hole) = (free_port(), BlackHole::start());
    let mut all = String::new();
    let mut show = |name: &str, project: &Project, port: u16| {
        let _ = write!(all, "# {name}\n{}\n", seen(project, None, port));
    };
    show("nothing listens", &product(&format!("http://127.0.0.1:{closed}"), &oauth2()), closed);
    show("nothing answers", &product(&format!("http://127.0.0.1:{}", hole.port), &oauth2()), hole.port);
    show("no such host", &product("http://catalog.invalid", &oauth2()), 0);
    let tls = catalog.uri().replace("http:", "https:");
    show("TLS to a plain port", &product(&tls, &oauth2()), catalog.gate_port());
    let authority = Authority::new();
    let proxy = TlsProxy::start(&authority.issue(Kind::Good), catalog.gate_port());
    let secured = manifest(&format!("https://127.0.0.1:{}", proxy.port), "checked", &oauth2());
    show("a certificate of nobody known", &Project::new().with("manifest.yaml", &secured), proxy.port);
    let other = manifest(&catalog.uri(), "checked", &oauth2()).replace("warehouse: warehouse", "warehouse: nosuch");
    show("no such warehouse", &Project::new().with("manifest.yaml", &other), catalog.gate_port());
    let elsewhere = oauth2().replace("oauth2: {", &format!("oauth2: {{token_url: \"{}/nowhere\", ", catalog.uri()));
    show("no token endpoint", &product(&catalog.uri(), &elsewhere), catalog.gate_port());
    assert!(elsewhere.contains(CLIENT_ID));
    let folder = tempfile::tempdir().expect("a folder");
    let bare = manifest(&catalog.uri(), "checked", &oauth2()).replace(
        super::extensions().to_str().expect("a path in UTF-8"),
        folder.path().to_str().expect("a path in UTF-8"),
    );
    let missing = seen(&Project::new().with("manifest.yaml", &bare), None, catalog.gate_port());
    let missing = missing.replace(folder.path().to_str().expect("a path in UTF-8"), "[extensions]");
    let _ = write!(all, "# no extensions\n{missing}\n");
    insta::assert_snapshot!("catalogs_unusable", all);

    // As the help says.
    let settings = format!("          settings: {{ca_cert_file: {}}}\n    default:", authority.file().display());
    let trusting = Project::new().with("manifest.yaml", &secured.replace("    default:", &settings));
    let trusted = floe(&trusting, &["health", "--format", "json"]).json();
    assert_eq!(trusted["computes"][0]["details"]["other"]["catalog"]["warehouse"], "warehouse", "{trusted:#}");
}
