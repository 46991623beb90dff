//! Credentials that the catalog vends: whom they let in, until when, and how a check takes them from somebody else.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floe_plugin_api::{
    CatalogAuth, CatalogConfig, CheckRequest, ComputeConfig, ConnectionResult, ConnectionStatus, ErrorKind, Secret,
    StorageCredential, VendedCredentials,
};
use floe_tests::Project;
use floe_tests::servers::iceberg::{CLIENT_ID, CLIENT_SECRET, Catalog, LIFE, WAREHOUSE};
use serde_json::{Value, json};

use super::{ask, extensions, floe, holds_a_secret, on, run_dbt};

fn credential(prefix: &Value, config: &Value) -> StorageCredential {
    let entries = config.as_object().expect("a mapping");
    let config: BTreeMap<String, Secret> =
        entries.iter().map(|(key, value)| (key.clone(), Secret::new(value.as_str().expect("a text")))).collect();
    StorageCredential::new(prefix.as_str().expect("a prefix"), config)
}

fn check(catalog: &Catalog, vended: VendedCredentials) -> ConnectionResult {
    let settings = json!({"config_options": {"extension_directory": extensions()}});
    let settings = settings.as_object().cloned().expect("a mapping");
    let config = ComputeConfig::new("duckdb", "duckdb").with_connection(settings);
    let login = CatalogAuth::Oauth2 {
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(CLIENT_SECRET),
        scope: None,
        token_url: None,
    };
    let mounted = CatalogConfig::rest("lake", catalog.uri(), WAREHOUSE).with_auth(login);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().to_str().expect("a path in UTF-8");
    let request = CheckRequest::new(config, "dev", folder, 10_000, "01J-test")
        .with_catalog(mounted)
        .with_vended_credentials(vended);
    let result = ask(&request).expect("an answer");
    let shown = serde_json::to_string(&result).expect("JSON");
    assert!(!holds_a_secret(&shown), "{shown}");
    result
}

fn why(result: &ConnectionResult) -> (Option<ErrorKind>, Option<&str>) {
    assert_eq!(result.status, ConnectionStatus::Unhealthy, "{result:?}");
    assert!(result.help.is_some(), "{result:?}");
    (result.kind, result.reason.as_deref())
}

#[test]
fn a_vended_key_opens_its_table_alone_and_ends() {
    let catalog = Catalog::shared();
    let project = on(Project::new(), catalog, "vended")
        .with("models/mine.sql", "{{ config(materialized='table') }} select 1 as x\n")
        .with("models/other.sql", "{{ config(materialized='table') }} select 2 as x\n");
    let _ = floe(&project, &["compile"]).expect(0);
    let build = run_dbt(&project, &["run", "--select", "mine", "other"], &[]);
    assert!(build.stdout.contains("PASS=2 WARN=0 ERROR=0"), "{}", build.transcript());

    // By another client of S3: the storage itself refuses the other table's files.
    let found = catalog.vend("vended", "mine", "other", Duration::ZERO);
    assert!(found["mine"].as_str().is_some_and(|said| said.ends_with("bytes")), "{}", found["mine"]);
    let refused = found["other"].as_str().expect("a text");
    assert!(refused.contains("ACCESS_DENIED") || refused.contains("HTTP response code 403"), "{refused}");

    // A check takes them from whoever asked for them.
    let (mine, other) = (&found["prefix"], &found["other_prefix"]);
    let given = check(catalog, VendedCredentials::new(vec![credential(mine, &found["config"])]));
    assert_eq!(given.status, ConnectionStatus::Healthy, "{given:?}");
    assert_eq!(given.details.other["catalog"]["vending"], "given");
    assert!(given.steps.iter().any(|step| step.name == "catalog.storage" && step.ok), "{:?}", given.steps);

    let wrong = check(catalog, VendedCredentials::new(vec![credential(other, &found["config"])]));
    assert_eq!(why(&wrong), (Some(ErrorKind::Connection), Some("permission")), "{wrong:?}");

    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let ended = u64::try_from(now).expect("before the year 500 million") - 5_000;
    let before = catalog.asked().len();
    let past = VendedCredentials::new(vec![credential(mine, &found["config"])]).with_expires_at_ms(ended);
    let past = check(catalog, past);
    assert_eq!(why(&past), (Some(ErrorKind::Connection), Some("expired")));
    assert_eq!(past.message, "the vended credentials ended 5 s ago");
    let after: Vec<_> = catalog.asked().split_off(before);
    assert!(!after.iter().any(|asked| asked.path.contains("vended")), "nothing was asked with them: {after:?}");

    let later = catalog.vend("vended", "mine", "other", LIFE + Duration::from_secs(2));
    assert!(later["mine"].as_str().is_some_and(|said| said.ends_with("bytes")), "{}", later["mine"]);
    assert!(later["later"].as_str().is_some_and(|said| !said.ends_with("bytes")), "{}", later["later"]);
    // Who does not say when they end is told by the storage.
    let late = check(catalog, VendedCredentials::new(vec![credential(mine, &later["config"])]));
    assert_eq!(why(&late), (Some(ErrorKind::Connection), Some("expired")), "{late:?}");
}
