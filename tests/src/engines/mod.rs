//! The engines that floe ships a plugin for: a compute of each, and a server for it on this machine.

mod running;

pub use running::{Running, start};

use floe_plugin_api::ComputeConfig;
use serde_json::{Map, Value, json};

use crate::servers::{bigquery, databricks, postgres, snowflake};

/// How a compute of an engine is written down, for a server on loopback.
#[derive(Debug)]
pub struct Engine {
    /// Name of the plugin, and of the compute.
    pub name: &'static str,
    /// What logs in, where something does.
    pub secret: Option<LoginSecret>,
    settings: fn(u16) -> Value,
}

/// A secret of a compute.
#[derive(Debug)]
pub struct LoginSecret {
    /// Its key in the settings.
    pub key: &'static str,
    /// The variable from which it is read.
    pub variable: &'static str,
    /// What the server takes.
    pub value: &'static str,
}

/// Every engine, by name.
pub static ALL: [Engine; 7] = [
    Engine {
        name: "bigquery",
        secret: Some(LoginSecret { key: "token", variable: "BIGQUERY_TOKEN", value: bigquery::TOKEN }),
        settings: |port| {
            json!({"method": "oauth-secrets", "project": bigquery::PROJECT, "dataset": "marts",
                   "api_endpoint": format!("http://127.0.0.1:{port}")})
        },
    },
    Engine {
        name: "databricks",
        secret: Some(LoginSecret { key: "token", variable: "DATABRICKS_TOKEN", value: databricks::TOKEN }),
        settings: |port| {
            let base = format!("http://127.0.0.1:{port}");
            json!({"host": base, "http_path": format!("/sql/1.0/warehouses/{}", databricks::RUNNING),
                   "catalog": databricks::CATALOG, "schema": databricks::SCHEMA,
                   "connection_parameters": {"_connection_uri": format!("{base}/sql")}})
        },
    },
    Engine { name: "duckdb", secret: None, settings: |_| json!({"path": "shop.duckdb"}) },
    Engine {
        name: "redshift",
        secret: Some(LoginSecret { key: "password", variable: "REDSHIFT_PASSWORD", value: postgres::PASSWORD }),
        settings: |port| {
            json!({"host": "127.0.0.1", "port": port, "user": postgres::USER, "database": "shop", "schema": "public",
                   "sslmode": "disable"})
        },
    },
    Engine {
        name: "snowflake",
        secret: Some(LoginSecret { key: "password", variable: "SNOWFLAKE_PASSWORD", value: snowflake::PASSWORD }),
        settings: |port| {
            json!({"account": snowflake::ACCOUNT, "host": "127.0.0.1", "port": port, "protocol": "http",
                   "user": snowflake::USER, "role": "transformer", "warehouse": "etl", "database": "lake",
                   "schema": "sales"})
        },
    },
    Engine {
        name: "spark",
        secret: None,
        settings: |port| json!({"method": "thrift", "host": "127.0.0.1", "port": port, "user": "dbt", "schema": "default"}),
    },
    Engine {
        name: "trino",
        secret: None,
        settings: |port| json!({"host": "127.0.0.1", "port": port, "user": "dbt", "database": "dask_sql", "schema": "root"}),
    },
];

/// The variables of all secrets, with what the servers take.
pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().filter_map(|engine| engine.secret.as_ref()).map(|secret| (secret.variable, secret.value))
}

impl Engine {
    /// The engine of a name.
    ///
    /// # Panics
    /// Where there is none.
    pub fn named(name: &str) -> &'static Self {
        ALL.iter().find(|engine| engine.name == name).unwrap_or_else(|| panic!("no engine `{name}`"))
    }

    /// Whether it is reached over the network.
    pub fn is_remote(&self) -> bool {
        self.name != "duckdb"
    }

    /// Its settings for a port of loopback, without the secret.
    pub fn settings(&self, port: u16) -> Map<String, Value> {
        let Value::Object(settings) = (self.settings)(port) else { panic!("settings are an object") };
        settings
    }

    /// A compute as a manifest approves it, which reads the secret from its variable. JSON, and so YAML.
    pub fn compute(&self, port: u16) -> String {
        self.compute_with(port, &[])
    }

    /// As [`Engine::compute`], with more settings.
    pub fn compute_with(&self, port: u16, more: &[(&str, Value)]) -> String {
        let mut settings = self.settings(port);
        if let Some(secret) = &self.secret {
            let reference = json!({"secret": {"source": "env", "name": secret.variable}});
            settings.insert(secret.key.to_owned(), reference);
        }
        settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        json!({"name": self.name, "config": settings}).to_string()
    }

    /// A compute as a check gets it: with the secret's value.
    pub fn config(&self, port: u16) -> ComputeConfig {
        let mut settings = self.settings(port);
        if let Some(secret) = &self.secret {
            settings.insert(secret.key.to_owned(), secret.value.into());
        }
        ComputeConfig::new(self.name, self.name).with_connection(settings)
    }

    /// A compute as a profile is made of it: with the expression that dbt reads the secret by.
    pub fn config_for_dbt(&self, port: u16) -> ComputeConfig {
        let mut settings = self.settings(port);
        if let Some(secret) = &self.secret {
            settings.insert(secret.key.to_owned(), format!("{{{{ env_var('{}') }}}}", secret.variable).into());
        }
        ComputeConfig::new(self.name, self.name).with_connection(settings)
    }
}
