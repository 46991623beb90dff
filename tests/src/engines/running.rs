//! The servers.

use std::any::Any;

use serde_json::json;

use super::{ALL, Engine};
use crate::servers::bigquery::BigQuery;
use crate::servers::databricks::{self, Databricks};
use crate::servers::postgres;
use crate::servers::snowflake::Snowflake;
use crate::servers::spark::{self, Mode};
use crate::servers::trino::Dask;

/// An engine whose server runs, until this is dropped.
pub struct Running {
    /// The engine.
    pub engine: &'static Engine,
    /// The server's port; 0 for DuckDB, which needs none.
    pub port: u16,
    #[expect(dead_code, reason = "held, not read")]
    servers: Vec<Box<dyn Any>>,
}

impl Running {
    /// A compute that reaches it, as [`Engine::compute`].
    pub fn compute(&self) -> String {
        self.engine.compute(self.port)
    }
}

/// Starts a server for each of [`ALL`], in that order.
///
/// # Panics
/// Where one does not come up.
pub fn start() -> Vec<Running> {
    ALL.iter()
        .map(|engine| {
            let (port, servers): (u16, Vec<Box<dyn Any>>) = match engine.name {
                "bigquery" => {
                    let google = BigQuery::trusting();
                    (google.port(), vec![Box::new(google)])
                }
                "databricks" => {
                    let workspace = Databricks::start(&json!({"tokens": {databricks::TOKEN: "dbt"}}));
                    (workspace.port(), vec![Box::new(workspace)])
                }
                "redshift" => {
                    let endpoint = postgres::Endpoint::plain();
                    (endpoint.port, vec![Box::new(endpoint)])
                }
                "snowflake" => {
                    let account = Snowflake::start();
                    (account.port(), vec![Box::new(account)])
                }
                "spark" => (spark::server(Mode::None).port, Vec::new()),
                "trino" => {
                    let dask = Dask::start();
                    (dask.port(), vec![Box::new(dask)])
                }
                _ => (0, Vec::new()),
            };
            Running { engine, port, servers }
        })
        .collect()
}
