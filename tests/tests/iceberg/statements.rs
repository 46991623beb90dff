//! Every statement that `get_catalog_attachment_sql` can return, run by the DuckDB that it is for.

use std::fmt::Write as _;
use std::path::Path;

use floe_plugin_api::{AccessDelegation, CatalogAttachmentRequest, CatalogAuth, CatalogConfig, ComputeConfig, Secret};
use floe_tests::servers::iceberg::{self, CLIENT_ID, CLIENT_SECRET, Catalog, WAREHOUSE};
use serde_json::{Map, Value, json};

use floe_tests::Project;

use super::{ask, environment, extensions, floe, holds_a_secret, manifest, oauth2 as oauth2_in_manifest, run_dbt};

fn oauth2() -> CatalogAuth {
    CatalogAuth::Oauth2 {
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new("{{ env_var('LAKE_SECRET') }}"),
        scope: None,
        token_url: None,
    }
}

fn statements(catalog: &CatalogConfig, extensions: &Path, version: Option<&str>) -> Vec<String> {
    // A mirror of the site's own is named before anything is installed.
    let settings = json!({
        "config_options": {"extension_directory": extensions},
        "settings": {"custom_extension_repository": "https://mirror.example/it's"},
    });
    let settings = settings.as_object().cloned().expect("a mapping");
    let config = ComputeConfig::new("duckdb", "duckdb").with_connection(settings);
    let mut request = CatalogAttachmentRequest::new(config, catalog.clone());
    request.engine_version = version.map(str::to_owned);
    let attachment = ask(&request).unwrap_or_else(|error| panic!("{catalog:?}: {error:?}"));
    attachment.statements.expect("DuckDB needs statements")
}

/// What the text says to whoever runs it: the value in the place of the expression, each quote doubled.
fn with_secret(statements: &[String], secret: &str) -> Vec<String> {
    let secret = secret.replace('\'', "''");
    statements.iter().map(|statement| statement.replace("{{ env_var(\"LAKE_SECRET\") }}", &secret)).collect()
}

fn all_options() -> Map<String, Value> {
    let options = json!({
        "default_region": "us-east-1",
        "default_schema": "it's",
        "max_table_staleness": "5 minutes",
        "read_only": false,
        "support_nested_namespaces": true,
        "encode_entire_prefix": false,
        "purge_requested": true,
        "stage_create_tables": true,
        "disable_multi_table_commit": true,
        "skip_create_table_metadata_updates": false,
        "remove_files_on_delete": true,
    });
    options.as_object().cloned().expect("a mapping")
}

/// Runs them, and makes, reads and drops a table where the login lets it.
fn work(python: &Path, folder: &Path, statements: Vec<String>, writes: Option<&str>) {
    let mut all = statements;
    let attached = all.len();
    if let Some(schema) = writes {
        all.extend([
            format!("CREATE SCHEMA IF NOT EXISTS lake.{schema}"),
            format!("CREATE TABLE lake.{schema}.t AS SELECT 42 AS x"),
            format!("SELECT x FROM lake.{schema}.t"),
            format!("DROP TABLE lake.{schema}.t"),
        ]);
    }
    let found = iceberg::run_statements(python, Some(folder), &all);
    for (statement, found) in all.iter().zip(&found) {
        assert!(found.get("error").is_none(), "{statement}\n{found}");
        assert_eq!(found["parsed"].as_array().map(Vec::len), Some(1), "{statement}\n{found}");
    }
    if writes.is_some() {
        assert_eq!(found[attached + 2]["rows"], json!([["42"]]));
    }
}

#[test]
fn duckdb_runs_them() {
    let catalog = Catalog::shared();
    let plain = CatalogConfig::rest("lake", catalog.uri(), WAREHOUSE);
    let with_all = plain.clone().with_auth(oauth2()).with_options(all_options());
    let unread = plain.clone().with_auth(oauth2()).with_access_delegation(AccessDelegation::None);
    let token_url = format!("{}/v1/oauth/tokens", catalog.uri());
    let scoped = CatalogAuth::Oauth2 {
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new("{{ env_var('LAKE_SECRET') }}"),
        scope: Some("it's all".to_owned()),
        token_url: Some(token_url),
    };
    let bearer = CatalogAuth::Bearer { token: Secret::new("{{ env_var('LAKE_SECRET') }}") };
    let cases = [
        (plain.clone().with_auth(oauth2()), Some("statements_a")),
        (with_all.clone(), Some("statements_b")),
        (plain.clone().with_auth(scoped), Some("statements_c")),
        (unread, None),
        (plain.clone().with_auth(bearer), None),
        (plain.clone(), None),
    ];
    let mut shown = String::new();
    for (case, writes) in cases {
        let texts = statements(&case, extensions(), None);
        assert!(!texts.iter().any(|text| holds_a_secret(text)), "{texts:?}");
        let _ = write!(shown, "{}\n\n", texts.join(";\n"));
        work(environment(), extensions(), with_secret(&texts, CLIENT_SECRET), writes);
        // The same once more does no harm.
        let twice: Vec<String> = texts.iter().chain(&texts).cloned().collect();
        work(environment(), extensions(), with_secret(&twice, CLIENT_SECRET), None);
    }
    let shown = shown
        .replace(extensions().to_str().expect("a path in UTF-8"), "[extensions]")
        .replace(&catalog.uri(), "http://[catalog]");
    insta::assert_snapshot!("attachment_sql", shown);
}

#[test]
fn other_versions_run_theirs() {
    let catalog = Catalog::shared();
    let older = iceberg::environment("-older");
    let folder = iceberg::extensions(&older);
    let mounted = CatalogConfig::rest("lake", catalog.uri(), WAREHOUSE).with_auth(oauth2());
    let texts = statements(&mounted, folder.path(), Some("v1.4.4"));
    assert!(!texts.iter().any(|text| text.contains("STAGE_CREATE_TABLES")), "{texts:?}");
    work(&older, folder.path(), with_secret(&texts, CLIENT_SECRET), Some("statements_older"));

    // No package has the extensions of DuckDB 2: its own parser takes the statements, and all that is missing are these.
    let newer = iceberg::environment("-newer");
    let texts = statements(&mounted, folder.path(), Some("2.0.1"));
    let attach = texts.last().expect("a statement");
    assert!(attach.contains("URI 'http") && !attach.contains("ENDPOINT"), "{attach}");
    let found = iceberg::run_statements(&newer, Some(folder.path()), &texts);
    for (text, found) in texts.iter().zip(&found) {
        assert_eq!(found["parsed"].as_array().map(Vec::len), Some(1), "{text}\n{found}");
        assert!(!found["parsed"].to_string().contains("Error"), "{text}\n{found}");
        let error = found.get("error").and_then(Value::as_str).unwrap_or("xtension");
        assert!(error.contains("xtension"), "{text}\n{found}");
    }
}

#[test]
fn a_version_that_cannot_is_told() {
    let mounted = CatalogConfig::rest("lake", "https://catalog.example", WAREHOUSE);
    let config = ComputeConfig::new("duckdb", "duckdb");
    let refused = |catalog: &CatalogConfig, version: &str| {
        let request =
            CatalogAttachmentRequest::new(config.clone(), catalog.clone()).with_engine_version(version.to_owned());
        let error = ask(&request).expect_err("it is refused");
        format!("{}\n  {}", error.message, error.help)
    };
    let with_all = mounted.clone().with_options(all_options());
    insta::assert_snapshot!(
        "versions_refused",
        [refused(&mounted, "1.3.2"), refused(&mounted, "newest"), refused(&with_all, "1.4.4")].join("\n")
    );
}

/// What is not text when it gets out of its quotes.
const ATTACKS: [&str; 14] = [
    "'",
    "''",
    "'; DROP TABLE x; --",
    "' OR '1'='1",
    "\\'; SELECT 1; --",
    "\"; SELECT 1; --",
    "$$; SELECT 1; $$",
    "a\nb'; SELECT 1; --\n",
    "/* ' */ '",
    "warehouse' AS x (TYPE iceberg); ATTACH 'y",
    "{{ env_var('LAKE_SECRET') }}'; --",
    "E'\\x27'",
    "ünï'cödé ’",
    "%27; --",
];

/// The parser of DuckDB sees one statement, and the server behind gets the very text.
#[test]
fn no_text_leaves_its_literal() {
    let recorder = iceberg::recorder();
    let uri = format!("http://127.0.0.1:{}", recorder.port());
    for attack in ATTACKS {
        let login = CatalogAuth::Oauth2 {
            client_id: format!("id{attack}"),
            client_secret: Secret::new("{{ env_var('LAKE_SECRET') }}"),
            scope: Some(format!("scope{attack}")),
            token_url: None,
        };
        let mut options = Map::new();
        options.insert("default_schema".to_owned(), format!("schema{attack}").into());
        let mounted = CatalogConfig::rest("lake", &uri, format!("w{attack}")).with_auth(login).with_options(options);
        let before = recorder.asked().len();
        let secret = format!("secret{attack}");
        let all = with_secret(&statements(&mounted, extensions(), None), &secret);
        work(environment(), extensions(), all, None);
        // A template in the attack is one for whoever fills it in.
        let filled = |text: String| text.replace("{{ env_var('LAKE_SECRET') }}", &secret);
        let asked = recorder.asked().split_off(before);
        let login = &asked.iter().find(|asked| asked.path.ends_with("/tokens")).expect("a login").noted;
        assert_eq!(login["login"], format!("{}:{secret}", filled(format!("id{attack}"))), "{attack}");
        assert_eq!(login["form"]["scope"], filled(format!("scope{attack}")), "{attack}");
        let config = asked.iter().find(|asked| asked.path.ends_with("/v1/config")).expect("an attachment");
        let warehouse = percent_decoded(config.query.strip_prefix("warehouse=").expect("the warehouse"));
        assert_eq!(warehouse, filled(format!("w{attack}")), "{attack}");
    }
}

/// dbt-duckdb writes the SQL of a profile: it quotes what is in it, too.
#[test]
fn dbt_keeps_them_in_their_literals() {
    let recorder = iceberg::recorder();
    let uri = format!("http://127.0.0.1:{}", recorder.port());
    let attack = "x' AS y (TYPE iceberg); --\" \\ ünï";
    let text = |field: &str| Value::from(format!("{field}{attack}")).to_string();
    let login = oauth2_in_manifest()
        .replace(&format!("client_id: {CLIENT_ID}"), &format!("client_id: {}, scope: {}", text("id"), text("scope")));
    let manifest = manifest(&uri, "sales", &login).replace(
        "warehouse: warehouse",
        &format!("warehouse: {}\n      options: {{default_schema: {}}}", text("w"), text("s")),
    );
    let project = Project::new().with("manifest.yaml", &manifest);
    let _ = floe(&project, &["compile"]).expect(0);
    let debug = run_dbt(&project, &["debug"], &[]);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.transcript());
    let asked = recorder.asked();
    let login = &asked.iter().find(|asked| asked.path.ends_with("/tokens")).expect("a login").noted;
    assert_eq!(login["login"], format!("id{attack}:{CLIENT_SECRET}"));
    assert_eq!(login["form"]["scope"], format!("scope{attack}"));
    let config = asked.iter().find(|asked| asked.path.ends_with("/v1/config")).expect("an attachment");
    assert_eq!(percent_decoded(config.query.strip_prefix("warehouse=").expect("the warehouse")), format!("w{attack}"));
}

/// A name or an address that is none never becomes SQL.
#[test]
fn names_and_addresses_are_refused() {
    let mut shown = String::new();
    let config = ComputeConfig::new("duckdb", "duckdb");
    let good = "https://catalog.example";
    let names = ["a'b", "a\"b", "a b", "a;b", "1a", "", "a-b", "ä"].map(|name| (name, good));
    let addresses = [
        "",
        "catalog.example",
        "ftp://catalog.example",
        "https://",
        "https://u:p@h",
        "https://h/' ; --",
        "https://h/\" x",
        "https://h/a b",
        "https://h/\n",
        "https://h?x=1",
        "https://h#x",
        "file:///etc/passwd",
    ];
    for (name, uri) in names.into_iter().chain(addresses.map(|uri| ("lake", uri))) {
        let request = CatalogAttachmentRequest::new(config.clone(), CatalogConfig::rest(name, uri, WAREHOUSE));
        let error = ask(&request).expect_err("it is refused");
        let _ = writeln!(shown, "{name:?} {uri:?}: {}", error.message);
    }
    insta::assert_snapshot!("names_and_addresses", shown);
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits =
                    [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
                let [Some(high), Some(low)] = digits else { panic!("{text}") };
                bytes.push(u8::try_from(high * 16 + low).expect("a byte"));
            }
            b'+' => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
