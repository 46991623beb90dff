//! The live check on an account: fakesnow behind a gate that judges logins, by PyJWT where a key pair signs them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;
use std::sync::LazyLock;

use floe_plugin_api::{ConnectionResult, ConnectionStatus};
use floe_plugin_snowflake::{PROBE_STATEMENTS, Snowflake};
use floe_tests::servers::certificates::Authority;
use floe_tests::servers::forward::Forward;
use floe_tests::servers::snowflake::{self as server, Snowflake as Account};
use floe_tests::servers::tls_proxy::TlsProxy;
use serde_json::{Value, json};
use support::{check, check_by, lay, seeing_nothing, settings, shown};

/// One emulator does for the tests of this program, each of which has an account of its own before it.
fn account() -> Account {
    let account = Account::start();
    // The schema is made by the first login that names it, as fakesnow does.
    assert_eq!(check(&of(&account, &json!({}))).status, ConnectionStatus::Healthy);
    account
}

fn of(account: &Account, over: &Value) -> Value {
    let mut all = settings(&json!({
        "account": server::ACCOUNT, "password": server::PASSWORD, "host": "127.0.0.1", "port": account.port(),
        "protocol": "http",
    }));
    lay(&mut all, over);
    all
}

/// Without a password, which no other way to log in reads.
fn by(account: &Account, over: &Value) -> Value {
    let mut all = of(account, &json!({"password": null}));
    lay(&mut all, over);
    all
}

fn told(result: &ConnectionResult) -> Value {
    json!([result.status, result.reason, result.message, result.help, result.warnings])
}

/// Every secret that a test knows.
fn shows_no_secret(account: &Account, text: &str) {
    let keys = ["dbt.p8", "other.p8", "locked.p8", "der.b64"].map(|name| account.keys().text(name));
    let lines = keys.iter().flat_map(|key| key.lines().filter(|line| line.len() > 20 && !line.starts_with('-')));
    let named = [server::PASSWORD, server::ACCESS_TOKEN, server::CLIENT_SECRET, server::REFRESH, server::PASSPHRASE];
    for secret in named.into_iter().chain(["access-t0ken", "eyJ"]).chain(lines) {
        assert!(!text.contains(secret), "a secret is shown: {text}");
    }
}

#[test]
fn passwords_roles_and_places() {
    let account = account();
    let port = account.port();
    let healthy = check(&of(&account, &json!({"query_tag": "floe"})));
    insta::assert_json_snapshot!("healthy", shown(&healthy, &[port]));
    insta::assert_json_snapshot!(
        "healthy_login",
        account.asked().iter().rev().find(|a| a.path.contains("login")).unwrap().noted
    );

    let found: Vec<Value> = [
        json!({"password": "n0t-the-pa55word"}),
        json!({"user": "nobody"}),
        json!({"account": "acme-other"}),
        json!({"role": "accountadmin"}),
        json!({"warehouse": "nosuch"}),
        json!({"database": "nosuch"}),
        json!({"schema": "nosuch"}),
        json!({"warehouse": null}),
        json!({"role": null}),
        json!({"warehouse": "\"etl\""}),
        json!({"warehouse": "\"ETL\"", "database": "Lake", "schema": "\"SALES\""}),
    ]
    .iter()
    .map(|over| json!([over, told(&check(&of(&account, over)))]))
    .collect();
    shows_no_secret(&account, &json!(found).to_string().replace("n0t-the-pa55word", ""));
    insta::assert_json_snapshot!("places", redacted(&json!(found), &[port]));
}

fn redacted(value: &Value, ports: &[u16]) -> Value {
    let mut text = value.to_string();
    for port in ports {
        text = text.replace(&format!("port {port}"), "port [port]");
    }
    serde_json::from_str(&text).unwrap()
}

/// Whatever state a warehouse is in, nothing that a check sends resumes it.
#[test]
fn states_of_warehouses_and_nothing_resumes_one() {
    let account = account();
    let mut found = Vec::new();
    for (state, auto_resume) in [
        ("STARTED", true),
        ("RESIZING", false),
        ("RESUMING", true),
        ("SUSPENDED", true),
        ("SUSPENDING", true),
        ("SUSPENDED", false),
        ("FROZEN", true),
    ] {
        account.change(|all| all["warehouses"]["ETL"] = json!({"state": state, "auto_resume": auto_resume}));
        let result = check(&of(&account, &json!({})));
        found.push(json!([state, auto_resume, told(&result), result.details.will_start]));
    }
    account.change(|all| {
        all["warehouses"]["ETL"] = json!({"state": "STARTED", "auto_resume": true, "roles": ["SYSADMIN"]});
    });
    found.push(json!(["not usable", told(&check(&of(&account, &json!({}))))]));
    account.reset();
    account.change(|all| all["users"]["DBT"]["warehouse"] = json!("ETL"));
    found.push(json!(["default", told(&check(&of(&account, &json!({"warehouse": null}))))]));
    insta::assert_json_snapshot!(redacted(&json!(found), &[account.port()]));

    // From what the gate saw: the statements of the list, and nothing besides the login and the end of the session.
    let listed = |sql: &str| PROBE_STATEMENTS.iter().any(|listed| sql.starts_with(listed.split('\'').next().unwrap()));
    let statements = account.statements();
    assert!(statements.len() > 20 && statements.iter().all(|sql| listed(sql)), "{statements:?}");
    assert!(statements.iter().all(|sql| sql.starts_with("SHOW ")), "{statements:?}");
    let mut paths: Vec<String> =
        account.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["POST /queries/v1/query-request", "POST /session", "POST /session/v1/login-request"]);
    let ended = account.asked().iter().filter(|asked| asked.path == "/session" && asked.query == "delete=true").count();
    let begun = account.asked().iter().filter(|asked| asked.path.ends_with("login-request")).count();
    assert_eq!(ended, begun);
}

#[test]
fn key_pairs() {
    let account = account();
    let keys = account.keys();
    let path = |name: &str| keys.file(name).display().to_string();
    for over in [
        json!({"private_key_path": path("dbt.p8")}),
        json!({"private_key_path": path("dbt.p8"), "authenticator": "snowflake_jwt", "user": "DbT"}),
        json!({"private_key_path": path("locked.p8"), "private_key_passphrase": server::PASSPHRASE}),
        json!({"private_key": keys.text("dbt.p8")}),
        json!({"private_key": keys.text("der.b64")}),
        json!({"private_key": keys.text("locked-der.b64"), "private_key_passphrase": server::PASSPHRASE}),
    ] {
        let result = check(&by(&account, &over));
        assert_eq!(result.status, ConnectionStatus::Healthy, "{}", result.message);
    }
    // A relative path counts from the dbt project's folder.
    let folder = keys.file("dbt.p8").parent().unwrap().to_owned();
    let relative = by(&account, &json!({"private_key_path": "dbt.p8"}));
    assert_eq!(check_by(&seeing_nothing(), &relative, &folder, 10_000).status, ConnectionStatus::Healthy);
    let login = account.asked().into_iter().rev().find(|asked| asked.path.contains("login")).unwrap().noted;
    assert_eq!((&login["sub"], &login["lifetime"]), (&json!("ACME-SHOP.DBT"), &json!(60)));
    assert!(login["iss"].as_str().unwrap().starts_with("ACME-SHOP.DBT.SHA256:"), "{login}");
    // Whatever stands behind the account's name: the token is for the name alone.
    for spelling in ["ACME_SHOP", "acme-shop.privatelink", "acme-shop.eu-central-1.aws", "acme-shop-k7f2.global"] {
        let result = check(&by(&account, &json!({"account": spelling, "private_key_path": path("dbt.p8")})));
        assert_eq!(result.status, ConnectionStatus::Healthy, "{spelling}: {}", result.message);
    }

    let fingerprint = login["iss"].as_str().unwrap().rsplit_once("SHA256:").unwrap().1.to_owned();
    let mut found = Vec::new();
    let mut see = |what: &str, settings: &Value| found.push(json!([what, told(&check(settings))]));
    see("another key", &by(&account, &json!({"private_key_path": path("other.p8")})));
    let right = by(&account, &json!({"private_key_path": path("dbt.p8")}));
    account.change(|all| all["users"]["DBT"]["public_key"] = Value::Null);
    see("no public key any more", &right);
    account.reset();
    see("another user", &by(&account, &json!({"private_key_path": path("dbt.p8"), "user": "nobody"})));
    account.change(|all| all["clock"] = json!(120));
    see("the token has expired there", &right);
    account.change(|all| all["clock"] = json!(-120));
    see("the token is not good there yet", &right);
    account.reset();
    see("encrypted, no passphrase", &by(&account, &json!({"private_key_path": path("locked.p8")})));
    see(
        "wrong passphrase",
        &by(&account, &json!({"private_key_path": path("locked.p8"), "private_key_passphrase": "hunter2"})),
    );
    see(
        "passphrase for a plain key",
        &by(&account, &json!({"private_key_path": path("dbt.p8"), "private_key_passphrase": server::PASSPHRASE})),
    );
    see("no such file", &by(&account, &json!({"private_key_path": path("nosuch.p8")})));
    see("a public key", &by(&account, &json!({"private_key_path": path("dbt.pub")})));
    see("no RSA key", &by(&account, &json!({"private_key_path": path("curve.p8")})));
    see("no Base64", &by(&account, &json!({"private_key": "not a key!"})));
    see("line breaks as letters", &by(&account, &json!({"private_key": keys.text("dbt.p8").replace('\n', "\\n")})));
    let text = json!(found).to_string();
    shows_no_secret(&account, &text.replace("BEGIN", ""));
    assert!(!text.contains("hunter2"));
    let other = text.split("SHA256:").nth(1).unwrap().split([',', ';', '"']).next().unwrap().to_owned();
    let text = text
        .replace(&other, "[other]")
        .replace(&fingerprint, "[own]")
        .replace(&folder.display().to_string(), "[keys]")
        .replace(&format!("port {}", account.port()), "port [port]");
    insta::assert_json_snapshot!(serde_json::from_str::<Value>(&text).unwrap());
}

#[test]
fn access_tokens_and_workloads() {
    let account = account();
    let pat = |token: &str| by(&account, &json!({"authenticator": "programmatic_access_token", "token": token}));
    let mut found = Vec::new();
    assert_eq!(check(&pat(server::ACCESS_TOKEN)).status, ConnectionStatus::Healthy);
    account.change(|all| all["users"]["DBT"]["access_tokens"] = json!([]));
    found.push(json!(["revoked", told(&check(&pat(server::ACCESS_TOKEN)))]));
    account.reset();

    let workload = |token: String| {
        by(
            &account,
            &json!({"authenticator": "workload_identity", "workload_identity_provider": "oidc", "user": null,
                             "token": token}),
        )
    };
    let trusting =
        Snowflake::seeing(|name| (name == "SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES").then(|| "127.0.0.1".to_owned()));
    let through = |token: String| check_by(&trusting, &workload(token), Path::new("/"), 10_000);
    let good = account.workload_token("dbt.p8", 300);
    assert_eq!(through(good.clone()).status, ConnectionStatus::Healthy);
    found.push(json!(["host of another", told(&check(&workload(good)))]));
    found.push(json!(["expired", told(&through(account.workload_token("dbt.p8", -300)))]));
    found.push(json!(["signed by another", told(&through(account.workload_token("other.p8", 300)))]));

    for over in [
        json!({"authenticator": "workload_identity", "workload_identity_provider": "AWS"}),
        json!({"authenticator": "externalbrowser"}),
        json!({"authenticator": "oauth_authorization_code"}),
        json!({"authenticator": "https://acme.okta.com", "password": server::PASSWORD}),
        json!({"authenticator": "username_password_mfa", "password": server::PASSWORD}),
    ] {
        let before = account.asked().len();
        found.push(json!([over["authenticator"], told(&check(&by(&account, &over)))]));
        // Nobody is disturbed.
        assert_eq!(account.asked().len(), before);
    }
    shows_no_secret(&account, &json!(found).to_string());
    insta::assert_json_snapshot!(redacted(&json!(found), &[account.port()]));
}

/// fakesnow itself answers `SHOW` in Arrow, which Snowflake does not: nothing is read into that.
#[test]
fn rows_in_another_form_are_unchecked() {
    let account = account();
    let all = of(&account, &json!({"port": account.emulator()}));
    insta::assert_json_snapshot!(shown(&check(&all), &[account.emulator()]));
}

/// What the account itself answers in other cases.
#[test]
fn what_accounts_say_besides() {
    let account = account();
    let mut found = Vec::new();
    for (what, change) in [
        ("network policy", json!({"blocked": true})),
        ("no such host", json!({"status": 404})),
        ("too many", json!({"status": 429})),
        ("out of order", json!({"status": 503})),
        ("elsewhere", json!({"status": 302})),
        ("odd", json!({"status": 418})),
        ("no account", json!({"status": 200})),
    ] {
        account.change(|all| lay(all, &change));
        found.push(json!([what, told(&check(&of(&account, &json!({}))))]));
        account.reset();
    }
    for wants in ["EXT_AUTHN_DUO_ALL", "PWD_CHANGE"] {
        account.change(|all| all["users"]["DBT"]["wants"] = json!(wants));
        found.push(json!([wants, told(&check(&of(&account, &json!({}))))]));
    }
    insta::assert_json_snapshot!(redacted(&json!(found), &[account.port()]));
}

/// An account behind TLS at its own name, to which a proxy of the environment leads.
struct Named {
    account: Account,
    authority: Authority,
    proxy: Forward,
}

impl Named {
    fn start() -> Self {
        let account = account();
        let authority = Authority::new();
        let host = format!("{}.snowflakecomputing.com", server::ACCOUNT);
        let tls = TlsProxy::start(&authority.issue_for(&[&host]), account.port());
        Self { account, authority, proxy: Forward::leading_to(tls.port) }
    }

    fn variables(&self) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
        let (bundle, proxy) = (self.authority.file().display().to_string(), self.proxy.port());
        move |name| match name {
            "REQUESTS_CA_BUNDLE" => Some(bundle.clone()),
            "HTTPS_PROXY" => Some(format!("http://127.0.0.1:{proxy}")),
            _ => None,
        }
    }

    fn check(&self, over: &Value) -> ConnectionResult {
        let mut all = by(&self.account, &json!({"host": null, "port": null, "protocol": null}));
        lay(&mut all, over);
        check_by(&Snowflake::seeing(self.variables()), &all, Path::new("/"), 10_000)
    }

    fn tokens_asked(&self) -> usize {
        self.account.asked().iter().filter(|asked| asked.path == "/oauth/token-request").count()
    }
}

/// Access tokens are got by the refresh token, kept in memory, got anew when their end is near or they are refused.
#[test]
fn oauth_with_a_refresh_token() {
    static NAMED: LazyLock<Named> = LazyLock::new(Named::start);
    let named = &*NAMED;
    let client = |over: Value| {
        let mut all = json!({"authenticator": "oauth", "token": server::REFRESH, "oauth_client_id": server::CLIENT,
                             "oauth_client_secret": server::CLIENT_SECRET});
        lay(&mut all, &over);
        all
    };
    let right = client(json!({}));
    let first = named.check(&right);
    insta::assert_json_snapshot!("refresh", shown(&first, &[named.proxy.port()]));
    assert_eq!(named.tokens_asked(), 1);

    // Kept.
    assert_eq!(named.check(&right).status, ConnectionStatus::Healthy);
    assert_eq!(named.tokens_asked(), 1);

    // Revoked: it is refused, and another one got once.
    named.account.change(|all| all["revoked"] = json!(1));
    let again = named.check(&right);
    assert_eq!((again.status, named.tokens_asked()), (ConnectionStatus::Healthy, 2), "{}", again.message);
    let steps: Vec<_> = again.steps.iter().map(|step| (step.name.as_str(), step.ok)).collect();
    assert!(steps.contains(&("login", false)) && steps.contains(&("token.request", true)), "{steps:?}");

    // All of them are revoked: a new one is refused as well, and not kept.
    named.account.change(|all| all["revoked"] = json!(1000));
    let mut found = vec![json!(["revoked", told(&named.check(&right))])];
    assert_eq!(named.tokens_asked(), 3);
    named.account.reset();

    // One that is over at once, whatever it is said to be.
    named.account.change(|all| lay(all, &json!({"lifetime": -5, "told": 600})));
    found.push(json!(["expired", told(&named.check(&right))]));
    named.account.reset();
    assert_eq!(named.check(&right).status, ConnectionStatus::Healthy);

    // One whose end has come is not used: of one second, the last tenth is left out.
    let short = client(json!({"token": "r3fresh-short"}));
    named.account.change(|all| lay(all, &json!({"refresh": ["r3fresh-short"], "lifetime": 1})));
    let before = named.tokens_asked();
    assert_eq!(named.check(&short).status, ConnectionStatus::Healthy);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(named.check(&short).status, ConnectionStatus::Healthy);
    assert_eq!(named.tokens_asked(), before + 2);
    named.account.reset();

    found.push(json!(["wrong secret", told(&named.check(&client(json!({"oauth_client_secret": "n0t-it"}))))]));
    found.push(json!(["wrong refresh token", told(&named.check(&client(json!({"token": "n0t-it"}))))]));
    found.push(json!([
        "an access token that is none",
        told(&named.check(&json!({"authenticator": "oauth", "token": "n0t-it"})))
    ]));
    found.push(json!(["the same, as it is", told(&named.check(&json!({"authenticator": "jwt", "token": "n0t-it"})))]));
    let text = json!(found).to_string();
    shows_no_secret(&named.account, &text);
    assert!(!text.contains("n0t-it"));
    insta::assert_json_snapshot!("refresh_refused", found);
}

#[test]
fn variables_win_over_the_settings() {
    let named = Named::start();
    let right = json!({"password": server::PASSWORD});
    let found = named.check(&json!({"password": server::PASSWORD, "proxy_host": "proxy.invalid", "proxy_port": 3128}));
    assert_eq!(found.status, ConnectionStatus::Healthy, "{}", found.message);
    assert_eq!(found.warnings[0].reason, "proxy_overridden");

    let mut all = by(&named.account, &json!({"host": null, "port": null, "protocol": null}));
    lay(&mut all, &right);
    // The proxy of the settings, with the authority of the other variable.
    let bundle = named.authority.file().display().to_string();
    let only_bundle = Snowflake::seeing(move |name| (name == "CURL_CA_BUNDLE").then(|| bundle.clone()));
    lay(&mut all, &json!({"proxy_host": "127.0.0.1", "proxy_port": named.proxy.port()}));
    let found = check_by(&only_bundle, &all, Path::new("/"), 10_000);
    insta::assert_json_snapshot!(shown(&found, &[named.proxy.port()]));

    // Without the variable nobody trusts the authority.
    let found = check_by(&seeing_nothing(), &all, Path::new("/"), 10_000);
    assert_eq!(found.reason.as_deref(), Some("tls_untrusted"));
    assert!(found.help.unwrap().contains("REQUESTS_CA_BUNDLE"));
    // Past the proxy, to a name that is known nowhere.
    lay(&mut all, &json!({"host": "snow.invalid"}));
    let past = Snowflake::seeing(|name| (name == "NO_PROXY").then(|| ".invalid".to_owned()));
    let tunnels = named.proxy.asked().len();
    assert!(check_by(&past, &all, Path::new("/"), 5_000).reason.unwrap().starts_with("dns"));
    assert_eq!(named.proxy.asked().len(), tunnels);
}
