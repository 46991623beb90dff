//! Answers as Trino's documentation of its client protocol describes them.

use std::time::Duration;

use serde_json::{Value, json};

/// Stands in an answer for the address of the next one.
pub(super) const NEXT: &str = "{next}";
/// Stands in an answer for the address of the server.
pub(super) const BASE: &str = "{base}";
/// Id of every query.
pub(super) const QUERY: &str = "20261125_120000_00007_floe1";

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) after: Duration,
    pub(super) raw: bool,
}

impl Reply {
    /// A JSON document. `{next}` in it becomes the address of the next answer, `{base}` that of the server.
    pub fn json(document: &Value) -> Self {
        let reply = Self { body: document.to_string().into_bytes(), ..Self::status(200, "") };
        reply.with_header("Content-Type", "application/json")
    }

    /// A status with a text.
    pub fn status(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: text.as_bytes().to_vec(), after: Duration::ZERO, raw: false }
    }

    /// Bytes that are no HTTP.
    pub fn raw(bytes: &[u8]) -> Self {
        Self { body: bytes.to_vec(), raw: true, ..Self::status(200, "") }
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// After a time.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

/// The answer to `/v1/info`.
pub fn server_info(version: &str, starting: bool) -> Reply {
    Reply::json(&json!({
        "nodeVersion": {"version": version}, "environment": "test", "coordinator": true, "starting": starting,
        "uptime": "12.34m",
    }))
}

fn results(state: &str, more: bool) -> Value {
    let kind = if state == "QUEUED" { "queued" } else { "executing" };
    let mut page = json!({
        "id": QUERY, "infoUri": format!("{BASE}/ui/query.html?{QUERY}"),
        "stats": {
            "state": state, "queued": state == "QUEUED", "scheduled": state != "QUEUED", "nodes": 1, "totalSplits": 1,
            "queuedSplits": 0, "runningSplits": 0, "completedSplits": 0, "cpuTimeMillis": 1, "wallTimeMillis": 1,
            "queuedTimeMillis": 0, "elapsedTimeMillis": 3, "processedRows": 0, "processedBytes": 0,
            "peakMemoryBytes": 0, "spilledBytes": 0,
        },
        "warnings": [],
    });
    if more {
        page["nextUri"] = json!(format!("{BASE}/v1/statement/{kind}/{QUERY}/y5e1d/{NEXT}"));
    }
    page
}

/// A page of results: its state, the rows of one text column, and whether more follow.
pub fn page(state: &str, rows: &[&str], more: bool) -> Reply {
    let mut page = results(state, more);
    if !rows.is_empty() {
        page["columns"] = json!([{"name": "_col0", "type": "varchar", "typeSignature": {
            "rawType": "varchar", "arguments": [{"kind": "LONG", "value": 2_147_483_647}]}}]);
        page["data"] = rows.iter().map(|row| json!([row])).collect();
    }
    Reply::json(&page)
}

/// A page with an error.
pub fn failure(name: &str, kind: &str, code: u32, message: &str) -> Reply {
    let mut page = results("FAILED", false);
    page["error"] = json!({
        "message": message, "errorCode": code, "errorName": name, "errorType": kind,
        "failureInfo": {
            "type": "io.trino.spi.TrinoException", "message": message, "suppressed": [],
            "stack": ["io.trino.sql.analyzer.SemanticExceptions.semanticException(SemanticExceptions.java:48)"],
            "errorInfo": {"code": code, "name": name, "type": kind},
            "errorLocation": {"lineNumber": 1, "columnNumber": 1},
        },
    });
    Reply::json(&page)
}
