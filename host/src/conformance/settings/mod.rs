//! What a plugin is asked with: settings from its own schema or from a file, and those that no sane person would write.

mod generate;
mod given;
pub(super) mod hostile;
mod search;
mod values;

use floe_plugin_api::ComputeConfig;
use serde_json::{Map, Value};

pub(super) use generate::{Generator, is_host, is_port, is_url};
pub(super) use given::given;
pub(super) use search::{Found, Search};
pub(super) use values::{leaves, replaced};

/// Name of the compute that the settings are of.
pub(super) const COMPUTE: &str = "test";

/// Begins the expression that stands for a secret.
const SECRET_EXPRESSION: &str = "{{ env_var('DBT_ENV_SECRET_FLOE_TEST";

/// Settings that a plugin accepts, as dbt reads them and as a check gets them.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Which they are, in words: `the smallest settings`.
    pub(super) name: String,
    /// With expressions in the place of secrets.
    pub(super) profile: ComputeConfig,
    /// With values there: none of them may come back.
    pub(super) check: ComputeConfig,
    /// These values.
    pub(super) secrets: Vec<String>,
}

impl Sample {
    /// Settings that were made up: each secret gets a value that nobody else has.
    pub(super) fn made(name: impl Into<String>, plugin: &str, settings: Map<String, Value>) -> Self {
        let profile = ComputeConfig::new(COMPUTE, plugin).with_connection(settings);
        let (check, secrets) = with_canaries(&profile);
        Self { name: name.into(), profile, check, secrets }
    }

    /// The expressions that stand for its secrets.
    pub(super) fn expressions(&self) -> Vec<String> {
        let settings = Value::Object(self.profile.connection.as_map().clone());
        let texts = leaves(&settings).into_iter().filter_map(|(_, value)| value.as_str().map(str::to_owned));
        texts.filter(|text| text.starts_with(SECRET_EXPRESSION)).collect()
    }
}

/// The compute as a check gets it, with made-up values in the place of the expressions for secrets; and these.
pub(super) fn with_canaries(profile: &ComputeConfig) -> (ComputeConfig, Vec<String>) {
    let settings = Value::Object(profile.connection.as_map().clone());
    let (mut check, mut secrets) = (settings.clone(), Vec::new());
    for (pointer, value) in leaves(&settings) {
        if value.as_str().is_some_and(|text| text.starts_with(SECRET_EXPRESSION)) {
            let canary = format!("floeCanary{:02}q7ZvX2nLwP", secrets.len());
            check = replaced(&check, &pointer, Value::from(canary.as_str()));
            secrets.push(canary);
        }
    }
    (with_settings(profile, check), secrets)
}

/// The same compute with other settings.
pub(super) fn with_settings(config: &ComputeConfig, settings: Value) -> ComputeConfig {
    match settings {
        Value::Object(settings) => config.clone().with_connection(settings),
        _ => config.clone(),
    }
}

/// The same settings, leading to a port of this machine; `None` where nothing in them says where they lead. `ports` are the
/// keys at the top that say a port: where one is not written, the engine's own holds.
pub(super) fn aimed(config: &ComputeConfig, port: u16, ports: &[String]) -> Option<ComputeConfig> {
    let mut settings = Value::Object(config.connection.as_map().clone());
    let (mut host, mut leads) = (false, false);
    for (pointer, value) in leaves(&settings) {
        let key = pointer.rsplit('/').next().unwrap_or_default();
        let aim = match &value {
            Value::String(text) if is_url(key) || (is_host(key) && text.contains("://")) => {
                Value::from(moved(text, port))
            }
            Value::String(_) if is_host(key) => Value::from("127.0.0.1"),
            Value::Number(_) if is_port(key) => Value::from(port),
            _ => continue,
        };
        host |= is_host(key);
        leads |= value.is_string();
        settings = replaced(&settings, &pointer, aim);
    }
    if let (true, Value::Object(settings)) = (host, &mut settings) {
        for key in ports {
            settings.entry(key).or_insert_with(|| Value::from(port));
        }
    }
    leads.then(|| with_settings(config, settings))
}

/// The same address on a port of this machine, without TLS.
fn moved(address: &str, port: u16) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    format!("http://127.0.0.1:{port}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_led_to_this_machine() {
        let config = |settings: Value| with_settings(&ComputeConfig::new(COMPUTE, "p"), settings);
        let aim = |settings: Value| {
            aimed(&config(settings), 7, &["port".to_owned()])
                .map(|config| Value::Object(config.connection.as_map().clone()))
        };
        assert_eq!(aim(json!({"host": "db.example"})), Some(json!({"host": "127.0.0.1", "port": 7})));
        assert_eq!(aim(json!({"host": "db.example", "port": 1})), Some(json!({"host": "127.0.0.1", "port": 7})));
        let url = json!({"api": {"base_url": "https://db.example:443/v1/x"}});
        assert_eq!(aim(url), Some(json!({"api": {"base_url": "http://127.0.0.1:7/v1/x"}})));
        assert_eq!(aim(json!({"host": "https://db.example"})).unwrap()["host"], "http://127.0.0.1:7");
        assert_eq!(aim(json!({"account": "acme", "port": 1})), None);
    }
}
