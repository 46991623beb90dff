//! BigQuery: crucible behind a gate that judges tokens.

use floe_tests::servers::bigquery::{BigQuery, PROJECT, TOKEN};
use serde_json::json;

use crate::stage::{Column, Stage};

const OLD_TOKEN: &str = "ya29.0ld";

fn settings(endpoint: &str, more: &str) -> String {
    format!(
        "method: oauth-secrets, token: {{secret: {{source: env, name: BIGQUERY_TOKEN}}}}, api_endpoint: '{endpoint}', {more}"
    )
}

pub(crate) fn column(stage: &Stage) -> Column {
    let marts = format!("project: {PROJECT}, dataset: marts");
    let denied = json!({"status": 403, "body": {"error": {
        "code": 403, "status": "PERMISSION_DENIED", "errors": [{"reason": "accessDenied", "domain": "global"}],
        "message": "Access Denied: Dataset nimbus:vault: Permission bigquery.datasets.get denied on dataset nimbus:vault (or it \
                    may not exist)."}}});
    let google = BigQuery::start(&json!({
        "tokens": {TOKEN: "ada@nimbus.example"}, "expired": [OLD_TOKEN], "answers": {"/bigquery/v2/projects/nimbus/datasets/vault": denied},
    }));
    let here = |more: &str| settings(&google.url(), more);
    let [unknown, refused, hole, silent, another] =
        stage.places(|host, port| settings(&format!("http://{host}:{port}"), &marts));
    let over_tls = |port: u16| settings(&format!("https://127.0.0.1:{port}"), &marts);
    let [untrusted, wrong_host, expired] = stage.bad_tls().map(over_tls);
    Column {
        engine: "bigquery",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            over_tls(google.port()),
            here(&marts).replace("BIGQUERY_TOKEN", "WRONG_PASSWORD"),
            here(&marts).replace("BIGQUERY_TOKEN", "BIGQUERY_OLD_TOKEN"),
            here("project: nowhere, dataset: marts"),
            here("project: nimbus, dataset: vault"),
            another,
        ],
        variables: vec![("BIGQUERY_TOKEN", TOKEN.to_owned()), ("BIGQUERY_OLD_TOKEN", OLD_TOKEN.to_owned())],
        secrets: vec![TOKEN.to_owned(), OLD_TOKEN.to_owned()],
        servers: vec![Box::new(google)],
    }
}
