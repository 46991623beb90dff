//! The state of a Databricks cluster, by its REST interface (`GET /api/2.0/clusters/get`). Asking starts nothing.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use serde_json::Value;

use super::http::{Answer, Client, HeaderMap};

/// What is known of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cluster {
    /// It runs: a session starts nothing.
    Runs,
    /// It does not run, and a session would start it; its state.
    Off(String),
    /// It is on its way to run already; its state.
    Starts(String),
    /// There is no such interface: no Databricks.
    NoDatabricks,
}

/// What a plugin calls things, in errors.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What logs in: `token`, `access token of the client`.
    pub credential: &'static str,
    /// What to do where it is refused.
    pub credential_help: &'static str,
    /// What to do where there is no such cluster.
    pub cluster_help: &'static str,
}

/// Asks for the state of a cluster; `at` is `` `host` port 443 ``.
///
/// # Errors
/// [`ErrorKind::Connection`] with the reason `no_such_cluster`, `permission`, `credential`, `expired` or `http_status`, or one of
/// [`Client::send`].
pub fn cluster_state(
    client: &Client,
    headers: &HeaderMap,
    cluster: &str,
    at: &str,
    words: &Words,
) -> PluginResult<Cluster> {
    let id: String = cluster.bytes().map(encoded).collect();
    let answer = client.get(&format!("/api/2.0/clusters/get?cluster_id={id}"), headers)?;
    read(&answer, cluster, at, words)
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn read(answer: &Answer, cluster: &str, at: &str, names: &Words) -> PluginResult<Cluster> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = |key: &str| body[key].as_str().unwrap_or_default().chars().take(300).collect::<String>();
    let (code, message) = (words("error_code"), words("message"));
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    let failed = |reason: &str, message: String, help: &str| {
        Err(PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help))
    };
    match (answer.status, body["state"].as_str()) {
        (200, Some("RUNNING" | "RESIZING")) => Ok(Cluster::Runs),
        (200, Some(state @ ("PENDING" | "RESTARTING"))) => Ok(Cluster::Starts(state.to_owned())),
        (200, Some(state)) => Ok(Cluster::Off(state.chars().take(40).collect())),
        (400, _) if code == "INVALID_PARAMETER_VALUE" || code == "RESOURCE_DOES_NOT_EXIST" => {
            failed("no_such_cluster", format!("{at} has no cluster `{cluster}`{said}"), names.cluster_help)
        }
        (403, _) if code == "PERMISSION_DENIED" => failed(
            "permission",
            format!("the {} may not use the cluster `{cluster}` of {at}{said}", names.credential),
            "have its user granted `CAN ATTACH TO` on the cluster; dbt starts it with `CAN RESTART`",
        ),
        (401 | 403, _) if message.to_lowercase().contains("expired") => failed(
            "expired",
            format!("{at} refuses the {}, whose time is over{said}", names.credential),
            names.credential_help,
        ),
        (401 | 403, _) => {
            failed("credential", format!("{at} refuses the {}{said}", names.credential), names.credential_help)
        }
        (200 | 404, _) => Ok(Cluster::NoDatabricks),
        (status, _) => failed(
            "http_status",
            format!("{at} does not tell the state of the cluster: HTTP status {status}{said}"),
            "try again later; without the state no session is opened, since it would start a cluster that is off",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(status: u16, body: &Value) -> Value {
        let answer = Answer { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() };
        let words = Words { credential: "token", credential_help: "make a new token", cluster_help: "check `cluster`" };
        match read(&answer, "0801-brew", "`dbc.example` port 443", &words) {
            Ok(cluster) => json!(format!("{cluster:?}")),
            Err(error) => json!(error),
        }
    }

    #[test]
    fn states_and_errors() {
        let error = |code: &str, message: &str| json!({"error_code": code, "message": message});
        insta::assert_json_snapshot!([
            told(200, &json!({"state": "RUNNING"})),
            told(200, &json!({"state": "RESIZING"})),
            told(200, &json!({"state": "PENDING"})),
            told(200, &json!({"state": "RESTARTING"})),
            told(200, &json!({"state": "TERMINATED"})),
            told(200, &json!({"state": "TERMINATING"})),
            told(200, &json!({"state": "ERROR"})),
            told(200, &json!({"state": "UNKNOWN"})),
            told(200, &json!("a page")),
            told(404, &json!(null)),
            told(400, &error("INVALID_PARAMETER_VALUE", "Cluster 0801-brew does not exist")),
            told(403, &error("PERMISSION_DENIED", "no permission on the cluster")),
            told(403, &error("403", "Invalid access token.")),
            told(401, &error("401", "Token is expired")),
            told(401, &json!(null)),
            told(429, &error("REQUEST_LIMIT_EXCEEDED", "too many requests")),
        ]);
    }

    #[test]
    fn an_id_is_one_value_of_the_query() {
        assert_eq!("a&b=c é".bytes().map(encoded).collect::<String>(), "a%26b%3Dc%20%C3%A9");
    }
}
