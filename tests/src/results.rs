//! Results of checks for snapshots.

use floe_plugin_api::ConnectionResult;
use serde_json::{Value, json};

/// A result as a reader of a health report sees it, without what differs between runs: times, and ports, which become their
/// places in `ports`.
///
/// # Panics
/// Where it is no result.
pub fn shown(result: &ConnectionResult, ports: &[u16]) -> Value {
    let mut value = serde_json::to_value(result).expect("JSON");
    for key in ["latency_ms", "reconnected", "connection_kept"] {
        value.as_object_mut().expect("an object").shift_remove(key);
    }
    for step in value["steps"].as_array_mut().into_iter().flatten() {
        let ok = if step["ok"] == json!(true) { "ok" } else { "failed" };
        *step = json!(format!("{}: {ok}", step["name"].as_str().expect("a name")));
    }
    let mut text = value.to_string();
    for (position, port) in ports.iter().enumerate() {
        text = text.replace(&format!("port {port}"), &format!("port [{position}]"));
        text = text.replace(&format!(":{port}"), &format!(":[{position}]"));
    }
    serde_json::from_str(&text).expect("JSON")
}
