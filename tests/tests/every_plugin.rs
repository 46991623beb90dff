//! What holds for every plugin that floe ships: seen from outside, through the binary.

use floe_tests::Project;
use floe_tests::engines::ALL;
use serde_json::Value;

/// The plugins that are shipped, by name; `boundary.rs` sees to it that none is left out.
fn names() -> Vec<&'static str> {
    ALL.iter().map(|engine| engine.name).collect()
}

fn schema(plugin: &str) -> Value {
    let run = Project::new().floe(&["schema", "plugin", plugin]).expect(0);
    serde_json::from_str(&run.stdout).expect("a JSON Schema")
}

/// Every property of a schema, however deep, with its path.
fn properties<'a>(at: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                if let (true, Value::Object(named)) = (key == "properties", value) {
                    for (name, property) in named {
                        found.push((format!("{at}/{name}"), property));
                    }
                }
                properties(&format!("{at}/{key}"), value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| properties(at, value, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_described_and_nothing_else_is_taken() {
    for plugin in names() {
        let schema = schema(plugin);
        assert_eq!(schema["additionalProperties"], false, "{plugin}");
        let mut found = Vec::new();
        properties("", &schema, &mut found);
        assert!(found.len() > 15, "{plugin} has {} keys", found.len());
        for (path, property) in found {
            let described = property["description"].as_str().is_some_and(|text| text.len() > 5);
            assert!(described || property.get("$ref").is_some(), "{plugin}: {path} is not described");
            if let Some(role) = property.get("x-floe-role") {
                assert!(["timeout", "pool", "retry"].iter().any(|known| role == known), "{plugin}: {path}: {role}");
            }
            if let Some(unit) = property.get("x-floe-unit") {
                assert!(unit == "seconds" || unit == "bytes", "{plugin}: {path}: {unit}");
            }
        }
    }
}

/// FR-020, FR-021: the schema says which keys carry limits of time, pooling and retries.
#[test]
fn the_schema_names_the_keys_of_retries_and_pooling() {
    let roles: Vec<_> = names()
        .iter()
        .map(|plugin| {
            let schema = schema(plugin);
            let mut found = Vec::new();
            properties("", &schema, &mut found);
            let of = |role: &str| {
                let keys = found.iter().filter(|(_, property)| property["x-floe-role"] == role);
                keys.map(|(path, _)| path.rsplit('/').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
            };
            format!("{plugin}: timeout {:?}, pool {:?}, retry {:?}", of("timeout"), of("pool"), of("retry"))
        })
        .collect();
    insta::assert_snapshot!(roles.join("\n"));
}

/// Names of keys that hold secrets, whatever the plugin.
const SECRET: [&str; 14] = [
    "azure_client_secret",
    "client_secret",
    "jwt_token",
    "oauth_client_secret",
    "password",
    "private_key",
    "private_key_passphrase",
    "proxy_password",
    "refresh_token",
    "secret",
    "secret_access_key",
    "session_token",
    "token",
    "token_secret",
];

#[test]
fn a_key_that_holds_a_secret_says_so() {
    for plugin in names() {
        let schema = schema(plugin);
        let mut found = Vec::new();
        properties("", &schema, &mut found);
        for (path, property) in found {
            let name = path.rsplit('/').next().unwrap_or_default();
            if SECRET.contains(&name) {
                let text = property.to_string();
                // DuckDB's `attach[].secret` names a secret of the database.
                let a_name = plugin == "duckdb" && name == "secret" && text.contains("Name of");
                assert!(text.contains("x-floe-secret") || a_name, "{plugin}: {path} is not marked: {text}");
            }
        }
    }
}
