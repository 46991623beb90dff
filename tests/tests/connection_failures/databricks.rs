//! Databricks: brickhouse behind a gate. The driver's `_connection_uri` leads the compute to ports of this machine.

use floe_tests::servers::databricks::{Databricks, RUNNING};
use serde_json::json;

use crate::stage::{Column, Stage};

const TOKEN: &str = "dapi-c0rrect";
const OLD_TOKEN: &str = "dapi-0ld";

fn settings(base: &str, catalog: &str) -> String {
    format!(
        "host: '{base}', http_path: /sql/1.0/warehouses/{RUNNING}, catalog: {catalog}, schema: marts, token: {{secret: {{source: env, \
         name: DATABRICKS_TOKEN}}}}, connection_parameters: {{_connection_uri: '{base}/sql'}}"
    )
}

pub(crate) fn column(stage: &Stage) -> Column {
    let denied = json!({"status": 403, "body": {
        "error_code": "PERMISSION_DENIED", "message": "User does not have USE CATALOG on Catalog 'vault'."}});
    let workspace = Databricks::start(&json!({
        "tokens": {TOKEN: "ada@example.com"}, "expired": [OLD_TOKEN], "answers": {"/api/2.1/unity-catalog/catalogs/vault": denied},
    }));
    let port = workspace.port();
    let here = |catalog: &str| settings(&format!("http://127.0.0.1:{port}"), catalog);
    let [unknown, refused, hole, silent, another] =
        stage.places(|host, port| settings(&format!("http://{host}:{port}"), "lake"));
    let over_tls = |port: u16| settings(&format!("https://127.0.0.1:{port}"), "lake");
    let [untrusted, wrong_host, expired] = stage.bad_tls().map(over_tls);
    Column {
        engine: "databricks",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            over_tls(port),
            here("lake").replace("DATABRICKS_TOKEN", "WRONG_PASSWORD"),
            here("lake").replace("DATABRICKS_TOKEN", "DATABRICKS_OLD_TOKEN"),
            here("nowhere"),
            here("vault"),
            another,
        ],
        variables: vec![("DATABRICKS_TOKEN", TOKEN.to_owned()), ("DATABRICKS_OLD_TOKEN", OLD_TOKEN.to_owned())],
        secrets: vec![TOKEN.to_owned(), OLD_TOKEN.to_owned()],
        servers: vec![Box::new(workspace)],
    }
}
