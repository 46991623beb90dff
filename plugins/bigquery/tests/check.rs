//! The check against an emulator behind a gate that plays Google's token servers: what clients sign is verified by PyJWT.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use floe_plugin_api::{ConnectionResult, ConnectionStatus};
use floe_tests::results::shown;
use floe_tests::servers::bigquery::{ACCOUNT, BigQuery, TOKEN, key};
use floe_tests::servers::gate::Asked;
use serde_json::{Value, json};
use support::{check, merged, seeing, seeing_nothing, settings};
use tempfile::TempDir;

const PERSON: &str = "ada@nimbus.example";
const CLIENT: &str = "floe.apps.googleusercontent.com";

/// A gate that knows a service account, a person with a refresh token, and a token.
fn google(more: &Value) -> BigQuery {
    let known = json!({
        "accounts": {ACCOUNT: key("public.pem")}, "tokens": {TOKEN: PERSON}, "clients": {CLIENT: "s3cret"},
        "refresh": {"1//refresh": PERSON},
    });
    BigQuery::start(&merged(&known, more))
}

fn at(google: &BigQuery, over: &Value) -> Value {
    settings(&merged(&json!({"api_endpoint": google.url()}), over))
}

/// A service account by its key; `name` is one of the test keys.
fn account(google: &BigQuery, name: &str, over: &Value) -> Value {
    let key = json!({
        "type": "service_account", "client_email": ACCOUNT, "private_key_id": "k1",
        // As a variable holds it.
        "private_key": key(name).replace('\n', "\\n"), "token_uri": format!("{}/token", google.url()),
    });
    at(google, &merged(&json!({"method": "service-account-json", "keyfile_json": key}), over))
}

fn refresh(google: &BigQuery, over: &Value) -> Value {
    let all = json!({
        "method": "oauth-secrets", "refresh_token": "1//refresh", "client_id": CLIENT, "client_secret": "s3cret",
        "token_uri": format!("{}/token", google.url()),
    });
    at(google, &merged(&all, over))
}

fn token(google: &BigQuery, over: &Value) -> Value {
    at(google, &merged(&json!({"method": "oauth-secrets", "token": TOKEN}), over))
}

fn look(settings: &Value) -> ConnectionResult {
    check(&seeing_nothing(), settings, Path::new("/"))
}

fn healthy(result: &ConnectionResult) {
    assert_eq!(result.status, ConnectionStatus::Healthy, "{result:#?}");
}

/// No request but those that a check may send: looks, dry runs, and tokens.
fn nothing_ran(asked: &[Asked]) {
    assert!(!asked.is_empty());
    for request in asked {
        let dry = request.noted["dry_run"] == true && request.noted["query"] == "SELECT 1";
        let grants = request.path.ends_with("/token") || request.path.ends_with(":generateAccessToken");
        match request.method.as_str() {
            "GET" => {}
            "POST" => assert!(dry && request.path.ends_with("/jobs") || grants, "{request} {}", request.noted),
            _ => panic!("{request}"),
        }
    }
}

#[test]
fn a_service_account_signs_what_another_library_verifies() {
    let google = google(&json!({}));
    let result = look(&account(&google, "key.pem", &json!({"location": "eu"})));
    healthy(&result);
    insta::assert_json_snapshot!(shown(&result, &[google.port()]));
    nothing_ran(&google.asked());
}

#[test]
fn a_key_file_is_read_where_dbt_reads_it() {
    let (google, folder) = (google(&json!({})), TempDir::new().unwrap());
    let file = &account(&google, "key.pem", &json!({}))["keyfile_json"];
    let file = merged(file, &json!({"private_key": key("key.pem")}));
    fs::write(folder.path().join("dbt.json"), file.to_string()).unwrap();
    let by = |keyfile: &str| at(&google, &json!({"method": "service-account", "keyfile": keyfile}));
    healthy(&check(&seeing_nothing(), &by("dbt.json"), folder.path()));

    fs::write(
        folder.path().join("person.json"),
        json!({"type": "authorized_user", "client_secret": "s3cret"}).to_string(),
    )
    .unwrap();
    fs::write(folder.path().join("broken.json"), "{\"private_key\": \"s3cret").unwrap();
    let place = folder.path().display().to_string();
    let told: Vec<_> = ["nowhere.json", "person.json", "broken.json"]
        .iter()
        .map(|file| {
            let result = check(&seeing_nothing(), &by(file), folder.path());
            let text = shown(&result, &[]).to_string().replace(&place, "[folder]");
            assert!(!text.contains("s3cret"));
            serde_json::from_str::<Value>(&text).unwrap()
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

/// Each refusal of a token server has its own words: ours, and Google's.
#[test]
fn what_a_token_server_refuses() {
    let (usual, late, gone) =
        (google(&json!({})), google(&json!({"skew": 7200})), google(&json!({"deleted": [ACCOUNT]})));
    let cases = [
        ("the key of another account", account(&usual, "other.pem", &json!({}))),
        ("an assertion that is out of time", account(&late, "key.pem", &json!({}))),
        ("an account that is deleted", account(&gone, "key.pem", &json!({}))),
        ("scopes of nobody's", account(&usual, "key.pem", &json!({"scopes": ["https://nowhere.example/auth"]}))),
        ("a refresh token that was revoked", refresh(&usual, &json!({"refresh_token": "1//revoked"}))),
        ("another client", refresh(&usual, &json!({"client_secret": "wrong"}))),
        ("an access token that is over, or was revoked", token(&usual, &json!({"token": "ya29.expired"}))),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|(name, settings)| {
            let result = look(settings);
            assert_eq!(result.reason.as_deref(), Some("credential"), "{name}: {result:#?}");
            let ports = [usual.port(), late.port(), gone.port()];
            let found = shown(&result, &ports);
            json!({"case": name, "message": found["message"], "help": found["help"], "steps": found["steps"]})
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn a_key_that_cannot_sign() {
    let google = google(&json!({}));
    let with = |pem: &str| {
        let mut settings = account(&google, "key.pem", &json!({}));
        settings["keyfile_json"]["private_key"] = pem.into();
        let result = look(&settings);
        assert!(!format!("{result:?}").contains("hunter2"));
        json!({"reason": result.reason, "message": result.message, "help": result.help})
    };
    insta::assert_json_snapshot!([with("hunter2"), with(&key("key.pem")[..400]), with(&key("public.pem"))]);
    assert_eq!(google.asked(), [], "nothing was sent");
}

/// What Google says of a token that it granted, and that was expired or revoked before it came back.
#[test]
fn a_token_that_is_over_when_it_comes() {
    let late = google(&json!({"lifetime": -60}));
    let result = look(&account(&late, "key.pem", &json!({})));
    assert_eq!(result.reason.as_deref(), Some("credential"));
    insta::assert_json_snapshot!(shown(&result, &[late.port()]));
}

static SECONDS: AtomicU64 = AtomicU64::new(0);

fn clock() -> Instant {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    *BEGUN.get_or_init(Instant::now) + Duration::from_secs(SECONDS.load(Ordering::SeqCst))
}

#[test]
fn tokens_are_kept_until_their_end_is_near_and_got_anew_when_they_are_revoked() {
    let folder = TempDir::new().unwrap();
    let revoked = folder.path().join("revoked");
    fs::write(&revoked, "0").unwrap();
    let google = google(&json!({"revoked": revoked.to_str().unwrap()}));
    let plugin = seeing_nothing().with_clock(clock);
    let settings = account(&google, "key.pem", &json!({}));
    let grants = || google.asked().iter().filter(|asked| asked.path == "/token").count();
    let again = |expected: usize| {
        let result = check(&plugin, &settings, Path::new("/"));
        healthy(&result);
        assert_eq!(grants(), expected);
        result
    };
    let _ = again(1);
    let kept = again(1);
    insta::assert_json_snapshot!(shown(&kept, &[google.port()]));
    SECONDS.store(3_538, Ordering::SeqCst);
    let _ = again(1);
    SECONDS.store(3_540, Ordering::SeqCst);
    let _ = again(2);
    // The second is revoked; the check notices, and asks for a third.
    fs::write(&revoked, "2").unwrap();
    let result = again(3);
    insta::assert_json_snapshot!("revoked", shown(&result, &[google.port()]));
    // Another account's settings have a token of their own.
    let other = check(
        &plugin,
        &account(&google, "key.pem", &json!({"scopes": ["https://www.googleapis.com/auth/bigquery"]})),
        Path::new("/"),
    );
    healthy(&other);
    assert_eq!(grants(), 4);
    nothing_ran(&google.asked());
}

#[test]
fn application_default_credentials() {
    let google = google(&json!({
        "metadata": "node@nimbus.iam.gserviceaccount.com", "subjects": {"eyJ.other": "principal://pool/ada"},
        "impersonate": {ACCOUNT: [PERSON, "principal://pool/ada"]},
    }));
    let (folder, url) = (TempDir::new().unwrap(), google.url());
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let impersonation = format!("{url}/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken");
    let person = json!({
        "type": "authorized_user", "client_id": CLIENT, "client_secret": "s3cret", "refresh_token": "1//refresh",
        "token_uri": format!("{url}/token"), "quota_project_id": "nimbus-quota",
    });
    let external = |source: Value| {
        json!({
            "type": "external_account", "audience": "//iam.googleapis.com/projects/1/pool", "token_url": format!("{url}/v1/token"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": source,
            "service_account_impersonation_url": impersonation,
        })
    };
    write("person.json", &person.to_string());
    write("gcloud/application_default_credentials.json", &person.to_string());
    write("home/.config/gcloud/application_default_credentials.json", &person.to_string());
    write(
        "as.json",
        &json!({
            "type": "impersonated_service_account", "source_credentials": person,
            "service_account_impersonation_url": impersonation,
        })
        .to_string(),
    );
    write("subject.txt", "eyJ.other\n");
    write("subject.json", &json!({"id_token": "eyJ.other"}).to_string());
    write("file.json", &external(json!({"file": "subject.txt"})).to_string());
    let format = json!({"type": "json", "subject_token_field_name": "id_token"});
    write("json.json", &external(json!({"file": "subject.json", "format": format})).to_string());
    write("wrong.json", &external(json!({"file": "person.json"})).to_string());
    write("program.json", &external(json!({"executable": {"command": "/bin/token"}})).to_string());
    write("aws.json", &external(json!({"environment_id": "aws1", "url": "http://169.254.169.254/"})).to_string());
    write("old.json", &json!({"type": "service"}).to_string());

    let named = |file: &str| vec![("GOOGLE_APPLICATION_CREDENTIALS", file.to_owned())];
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cases = [
        ("a person's file", named("person.json")),
        ("gcloud's folder", vec![("CLOUDSDK_CONFIG", path("gcloud"))]),
        ("gcloud's folder at home", vec![("HOME", path("home"))]),
        ("the metadata server", vec![("GCE_METADATA_HOST", format!("127.0.0.1:{}", google.port()))]),
        ("no metadata server", vec![("GCE_METADATA_HOST", "nowhere.invalid".to_owned())]),
        ("as a service account", named("as.json")),
        ("another provider's token in a file", named("file.json")),
        ("another provider's token in a file of JSON", named("json.json")),
        ("another provider's token that is refused", named("wrong.json")),
        ("a program", named("program.json")),
        ("AWS", named("aws.json")),
        ("an unknown type", named("old.json")),
        ("no file", named("nowhere.json")),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|(name, variables)| {
            let result = check(&seeing(variables), &at(&google, &json!({})), folder.path());
            let mut found = shown(&result, &[google.port()]);
            if result.message.contains("metadata server") {
                // The resolver's own word depends on the machine.
                let message = result.message.split(": ").next().unwrap().to_owned();
                found["message"] = message.into();
            }
            let text = json!({"case": name, "found": found}).to_string().replace(&path(""), "[folder]/");
            serde_json::from_str::<Value>(&text).unwrap()
        })
        .collect();
    insta::assert_json_snapshot!(told);
    let quotas: Vec<_> = google.asked().iter().map(|asked| asked.noted["quota"].clone()).collect();
    assert!(quotas.contains(&json!("nimbus-quota")), "the file's quota project is sent");
    nothing_ran(&google.asked());
}

#[test]
fn projects_datasets_and_locations() {
    let denied = |reason: &str, message: &str| {
        json!({"status": 403, "body": {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED",
               "errors": [{"reason": reason, "domain": "global", "message": message}]}}})
    };
    let disabled = "BigQuery API has not been used in project off before or it is disabled. Enable it by visiting …";
    let google = google(&json!({"answers": {
        "/bigquery/v2/projects/nimbus/datasets/vault": denied("accessDenied", "Access Denied: Dataset nimbus:vault: Permission bigquery.datasets.get denied on dataset nimbus:vault (or it may not exist)."),
        "/bigquery/v2/projects/off/jobs": denied("accessNotConfigured", disabled),
        "/bigquery/v2/projects/busy/jobs": {"status": 429, "body": {"error": {"code": 429, "message": "Quota exceeded: api requests"}}},
        "/bigquery/v2/projects/down/jobs": {"status": 503, "body": {"error": {"code": 503, "message": "Visibility check was unavailable"}}},
        "/bigquery/v2/projects/page/jobs": {"status": 404, "body": "a page"},
        "/bigquery/v2/projects/odd/jobs": {"status": 200, "body": {}},
    }}));
    let cases = [
        json!({}),
        json!({"location": "EU", "execution_project": "nimbus-runs"}),
        json!({"location": "US"}),
        json!({"location": "nowhere"}),
        json!({"dataset": "new"}),
        json!({"dataset": "vault"}),
        json!({"project": "nowhere"}),
        json!({"execution_project": "nowhere"}),
        json!({"project": "off"}),
        json!({"project": "busy"}),
        json!({"project": "down"}),
        json!({"project": "page"}),
        json!({"project": "odd"}),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|over| json!({"settings": over, "found": shown(&look(&token(&google, over)), &[google.port()])}))
        .collect();
    insta::assert_json_snapshot!(told);
    nothing_ran(&google.asked());
}

#[test]
fn a_user_who_may_not_run_statements() {
    let google = google(&json!({"jobs": []}));
    let result = look(&token(&google, &json!({})));
    assert_eq!(result.reason.as_deref(), Some("permission"));
    insta::assert_json_snapshot!(shown(&result, &[google.port()]));
}
