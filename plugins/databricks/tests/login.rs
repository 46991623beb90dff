//! Ways to log in: what is refused, and what tokens live through.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use floe_plugin_api::ConnectionStatus;
use floe_plugin_common::check::jwt::SigningKey;
use floe_plugin_databricks::Databricks;
use floe_tests::servers::databricks::{self as servers, Road, TENANT};
use floe_tests::workspace::root;
use serde_json::{Value, json};
use support::{
    AZURE_SECRET, CLIENT, SECRET, asked, by_secret, check, check_config, compute, here, merged, seeing_nothing, shown,
    told, workspace,
};

fn grants(workspace: &servers::Databricks) -> usize {
    workspace.asked().iter().filter(|request| request.method == "POST" && request.path.ends_with("/token")).count()
}

#[test]
fn tokens_that_are_refused() {
    let workspace = workspace(&json!({}));
    let all = ["dapi-hunter2", "eyJhbGciOiJub25lIn0.e30.", "not/a=token"]
        .map(|token| told(&check(&seeing_nothing(), &here(&workspace, &json!({"token": token}))), &[workspace.port()]));
    insta::assert_json_snapshot!(all);
    assert!(workspace.asked().iter().all(|request| request.status == 403));
}

#[test]
fn secrets_that_are_refused() {
    let workspace = workspace(&json!({}));
    let all = [
        by_secret(&json!({"client_secret": "dosehunter2"})),
        by_secret(&json!({"client_secret": "hunter2"})),
        by_secret(&json!({"client_id": "00000000-0000-0000-0000-000000000000"})),
    ]
    .map(|over| shown(&check(&seeing_nothing(), &here(&workspace, &over)), &[workspace.port()]));
    insta::assert_json_snapshot!(json!({"found": all, "asked": asked(&workspace)}));
}

/// The gate's own library says that the token's time is over, though it was granted just now.
#[test]
fn a_token_that_came_too_late() {
    let workspace = workspace(&json!({"lifetime": -60, "told": 3600}));
    let found = check(&seeing_nothing(), &here(&workspace, &by_secret(&json!({}))));
    insta::assert_json_snapshot!(shown(&found, &[workspace.port()]));
}

#[test]
fn a_token_that_was_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let revoked = folder.path().join("revoked");
    let workspace = workspace(&json!({"revoked": revoked}));
    let settings = here(&workspace, &by_secret(&json!({})));
    let plugin = seeing_nothing();
    assert_eq!(check(&plugin, &settings).status, ConnectionStatus::Healthy);
    // The token that is kept is refused, a new one is taken.
    fs::write(&revoked, "1").unwrap();
    let second = check(&plugin, &settings);
    assert_eq!((second.status, grants(&workspace)), (ConnectionStatus::Healthy, 2));
    // All that come are refused: one is asked for again, once.
    fs::write(&revoked, "99").unwrap();
    let third = check(&plugin, &settings);
    assert_eq!(grants(&workspace), 3);
    insta::assert_json_snapshot!([shown(&second, &[workspace.port()]), shown(&third, &[workspace.port()])]);
}

/// A clock that the test sets: seconds after the first look at it.
static SECONDS: AtomicU64 = AtomicU64::new(0);

fn clock() -> Instant {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    *BEGUN.get_or_init(Instant::now) + Duration::from_secs(SECONDS.load(Ordering::SeqCst))
}

#[test]
fn a_token_is_kept_until_its_end_is_near() {
    let workspace = workspace(&json!({"clients": {CLIENT: SECRET, "other": SECRET}}));
    let plugin = Databricks::seeing(|_| None).with_clock(clock);
    let well = |over: Value| {
        let found = check(&plugin, &here(&workspace, &by_secret(&over)));
        assert_eq!(found.status, ConnectionStatus::Healthy, "{found:?}");
        (grants(&workspace), found.details.other.contains_key("token"))
    };
    assert_eq!(well(json!({})), (1, false));
    assert_eq!(well(json!({})), (1, true));
    assert_eq!(well(json!({"client_id": "other"})), (2, false));
    SECONDS.store(3_539, Ordering::SeqCst);
    assert_eq!(well(json!({})), (2, true));
    SECONDS.store(3_541, Ordering::SeqCst);
    assert_eq!(well(json!({})), (3, false));
    // Another plugin has a store of its own, and a wrong secret finds nothing there.
    let wrong = check(&plugin, &here(&workspace, &by_secret(&json!({"client_secret": "dose-hunter2"}))));
    assert_eq!(wrong.reason.as_deref(), Some("credential"));
}

/// A key of the tests, and what the gate trusts of it.
fn federation(over: &Value) -> Value {
    let public = fs::read_to_string(root().join("plugins/common/tests/keys/public.pem")).unwrap();
    let policy = json!({
        "key": public, "issuer": "https://ci.example", "audience": "databricks", "subject": "repo:floe", "client_id": CLIENT,
    });
    json!({"federation": merged(&policy, over)})
}

fn assertion(key: &str, over: &Value) -> String {
    let pem = fs::read_to_string(root().join("plugins/common/tests/keys").join(key)).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let claims =
        json!({"iss": "https://ci.example", "aud": "databricks", "sub": "repo:floe", "iat": now, "exp": now + 300});
    let key = SigningKey::from_pem(&pem, None).unwrap();
    let header = json!({"alg": "RS256", "typ": "JWT"});
    key.sign(&header, &merged(&claims, over)).unwrap().expose().to_owned()
}

fn from_file(workspace: &servers::Databricks, text: &str) -> floe_plugin_api::ConnectionResult {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("oidc"), text).unwrap();
    let over = json!({"token": null, "auth_type": "file-oidc", "client_id": CLIENT, "oidc_token_filepath": "oidc"});
    check_config(&seeing_nothing(), compute(&here(workspace, &over)), folder.path(), 10_000)
}

#[test]
fn a_token_of_another_identity_provider() {
    let workspace = workspace(&federation(&json!({})));
    // Files end with a line break, as a rule.
    let found = from_file(&workspace, &format!("{}\n", assertion("pkcs8.pem", &json!({}))));
    insta::assert_json_snapshot!(json!({"found": shown(&found, &[workspace.port()]), "asked": asked(&workspace)}));
}

#[test]
fn tokens_of_other_identity_providers_that_are_refused() {
    let workspace = workspace(&federation(&json!({})));
    let good = assertion("pkcs8.pem", &json!({}));
    // Signed by nobody whom the gate trusts.
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let all = [
        assertion("pkcs8.pem", &json!({"exp": 1_700_000_000})),
        assertion("pkcs8.pem", &json!({"aud": "elsewhere"})),
        assertion("pkcs8.pem", &json!({"iss": "https://elsewhere.example"})),
        assertion("pkcs8.pem", &json!({"sub": "repo:other"})),
        forged,
        "\n".to_owned(),
    ]
    .map(|text| told(&from_file(&workspace, &text), &[workspace.port()]));
    insta::assert_json_snapshot!(all);
    assert_eq!(grants(&workspace), 5);
    assert!(!json!(all).to_string().contains(&good[..20]));
}

#[test]
fn a_token_in_a_variable() {
    let workspace = workspace(&federation(&json!({})));
    let by = |name: &'static str, text: String| {
        let plugin = Databricks::seeing(move |asked| (asked == name).then(|| text.clone()));
        let over = json!({"token": null, "auth_type": "env-oidc", "client_id": CLIENT});
        told(&check(&plugin, &here(&workspace, &over)), &[workspace.port()])
    };
    insta::assert_json_snapshot!([
        by("DATABRICKS_OIDC_TOKEN", assertion("pkcs8.pem", &json!({}))),
        by("DATABRICKS_OIDC_TOKEN_ENV", "CI_TOKEN".to_owned()),
        by("OTHER", String::new()),
    ]);
}

#[test]
fn a_file_that_is_not_there() {
    let workspace = workspace(&json!({}));
    let over = json!({"token": null, "auth_type": "file-oidc", "client_id": CLIENT, "oidc_token_filepath": "oidc"});
    let found = check_config(&seeing_nothing(), compute(&here(&workspace, &over)), Path::new("/nowhere"), 10_000);
    insta::assert_json_snapshot!(told(&found, &[workspace.port()]));
}

/// A plugin on the road to a workspace, with further variables.
fn on(road: &Road, more: &[(&'static str, &str)]) -> Databricks {
    let mut variables = vec![("HTTPS_PROXY", road.proxy()), ("REQUESTS_CA_BUNDLE", road.trusted.display().to_string())];
    variables.extend(more.iter().map(|(name, text)| (*name, (*text).to_owned())));
    Databricks::seeing(move |asked| {
        variables.iter().rev().find(|(name, _)| *name == asked).map(|(_, text)| text.clone())
    })
}

const ON_AZURE: &str = "adb-1234567890123456.7.azuredatabricks.net";

/// The settings of a workspace on Azure, at its own address: there is no other way to Microsoft's login server.
fn azure(road: &Road, over: &Value) -> Value {
    let own = json!({
        "host": ON_AZURE, "auth_type": "oauth", "azure_client_id": "a2u4", "azure_client_secret": AZURE_SECRET,
        "catalog": servers::CATALOG, "schema": servers::SCHEMA,
        "http_path": format!("/sql/1.0/warehouses/{}", servers::RUNNING),
        "connection_parameters": {"_tls_trusted_ca_file": road.trusted},
    });
    merged(&own, over)
}

#[test]
fn a_secret_of_microsoft_entra_id() {
    let workspace = workspace(&json!({"scheme": "https"}));
    let road = Road::to(&workspace, &[ON_AZURE, "login.microsoftonline.com"]);
    let plugin = on(&road, &[]);
    let found = shown(&check(&plugin, &azure(&road, &json!({}))), &[]);
    insta::assert_json_snapshot!(json!({"found": without_proxy(found, &road), "asked": asked(&workspace)}));
    assert_eq!(road.tunnels().iter().filter(|tunnel| tunnel.contains("login.microsoftonline.com:443")).count(), 2);
    // Both tokens are kept; the tenant may come from a variable.
    let _ = check(&plugin, &azure(&road, &json!({})));
    assert_eq!(grants(&workspace), 2);
    let named = on(&road, &[("ARM_TENANT_ID", TENANT)]);
    assert_eq!(check(&named, &azure(&road, &json!({}))).status, ConnectionStatus::Healthy);
    assert_eq!(workspace.asked().iter().filter(|request| request.path == "/aad/auth").count(), 1);
    // Under the names of Databricks' own secrets, which dbt tells apart by their first letters.
    let legacy = json!({"azure_client_id": null, "azure_client_secret": null, "client_id": "a2u4", "client_secret": AZURE_SECRET});
    assert_eq!(check(&plugin, &azure(&road, &legacy)).status, ConnectionStatus::Healthy);
    let own =
        json!({"azure_client_id": null, "azure_client_secret": null, "client_id": CLIENT, "client_secret": SECRET});
    assert_eq!(check(&plugin, &azure(&road, &own)).status, ConnectionStatus::Healthy);
    assert_eq!(workspace.asked().iter().filter(|request| request.path == "/oidc/v1/token").count(), 1);
}

fn without_proxy(mut shown: Value, road: &Road) -> Value {
    let text = shown["details"]["other"]["proxy"].as_str().map(str::to_owned);
    assert_eq!(text, Some(road.proxy()));
    shown["details"]["other"]["proxy"] = json!("[proxy]");
    shown
}

#[test]
fn secrets_of_microsoft_entra_id_that_are_refused() {
    let workspace = workspace(&json!({"scheme": "https"}));
    let road = Road::to(&workspace, &[ON_AZURE, "login.microsoftonline.com"]);
    let wrong = check(&on(&road, &[]), &azure(&road, &json!({"azure_client_secret": "hunter2"})));
    let nowhere = check(&on(&road, &[("ARM_TENANT_ID", "../x")]), &azure(&road, &json!({})));
    insta::assert_json_snapshot!([told(&wrong, &[]), told(&nowhere, &[])]);
}

/// The login goes by another library than statements, and that trusts others.
#[test]
fn whom_each_of_the_two_ways_trusts() {
    let host = "dbc-1a2b.cloud.databricks.com";
    let workspace = workspace(&json!({"scheme": "https"}));
    let (road, other) = (Road::to(&workspace, &[host]), Road::to(&workspace, &[host]));
    let with = |login: &Value, bundle: &Path, file: &Path| {
        let plugin = on(&road, &[("REQUESTS_CA_BUNDLE", bundle.to_str().unwrap())]);
        let own = json!({"host": host, "connection_parameters": {"_tls_trusted_ca_file": file}});
        let found = check(&plugin, &here(&workspace, &merged(login, &own)));
        json!([
            found.status,
            found.reason,
            found.message,
            found.help,
            found.steps.iter().map(|step| &step.name).collect::<Vec<_>>()
        ])
    };
    let (token, secret) = (json!({}), by_secret(&json!({})));
    insta::assert_json_snapshot!([
        // A token needs no login: what requests trusts does not matter.
        with(&token, &other.trusted, &road.trusted),
        with(&token, &road.trusted, &other.trusted),
        with(&secret, &road.trusted, &road.trusted),
        with(&secret, &other.trusted, &road.trusted),
        with(&secret, &road.trusted, &other.trusted),
    ]);
}

/// Where a workspace says that tokens are granted elsewhere, a secret goes there by https alone.
#[test]
fn tokens_that_are_granted_elsewhere() {
    let (host, elsewhere) = ("dbc-1a2b.cloud.databricks.com", "accounts.cloud.databricks.com");
    let at = |token_host: &str| {
        let workspace = workspace(&json!({"scheme": "https", "token_host": token_host}));
        let road = Road::to(&workspace, &[host, elsewhere]);
        let own = json!({"host": host, "connection_parameters": {"_tls_trusted_ca_file": road.trusted}});
        let found = check(&on(&road, &[]), &here(&workspace, &by_secret(&own)));
        let steps = found.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>();
        (json!([found.status, found.reason, found.message, steps]), grants(&workspace), road.tunnels())
    };
    let (well, granted, tunnels) = at(&format!("https://{elsewhere}"));
    assert_eq!(granted, 1);
    assert!(tunnels.contains(&format!("CONNECT {elsewhere}:443")), "{tunnels:?}");
    let (plain, granted, _) = at(&format!("http://{elsewhere}"));
    assert_eq!(granted, 0);
    insta::assert_json_snapshot!([well, plain]);
}

#[test]
fn variables_that_have_dbt_log_in_otherwise() {
    let workspace = workspace(&json!({}));
    let by = |name: &'static str, text: &'static str, over: &Value| {
        let plugin = Databricks::seeing(move |asked| (asked == name).then(|| text.to_owned()));
        json!([name, told(&check(&plugin, &here(&workspace, over)), &[workspace.port()])])
    };
    insta::assert_json_snapshot!([
        by("DATABRICKS_CLIENT_ID", CLIENT, &json!({})),
        by("DATABRICKS_CLIENT_ID", CLIENT, &by_secret(&json!({}))),
        by("ARM_CLIENT_ID", CLIENT, &json!({})),
        by("DATABRICKS_AUTH_TYPE", "oauth-m2m", &json!({})),
        by("DATABRICKS_AUTH_TYPE", "pat", &json!({})),
        by("DATABRICKS_CONFIG_PROFILE", "work", &json!({})),
    ]);
    assert!(workspace.asked().iter().all(|request| request.status == 200));
}

/// Proxies that a check does not speak to.
#[test]
fn proxies_that_are_no_way() {
    let workspace = workspace(&json!({}));
    let by = |name: &'static str, text: &'static str, over: &Value| {
        let plugin = Databricks::seeing(move |asked| (asked == name).then(|| text.to_owned()));
        told(
            &check(
                &plugin,
                &merged(&here(&workspace, &json!({"connection_parameters": null, "host": "dbc.example"})), over),
            ),
            &[],
        )
    };
    insta::assert_json_snapshot!([
        by("HTTPS_PROXY", "socks5://127.0.0.1:1080", &json!({})),
        by("ALL_PROXY", "socks5://127.0.0.1:1080", &by_secret(&json!({}))),
        by(
            "HTTPS_PROXY",
            "http://127.0.0.1:1080",
            &json!({"connection_parameters": {"_proxy_auth_method": "negotiate"}})
        ),
    ]);
}
