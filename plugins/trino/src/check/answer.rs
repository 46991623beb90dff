//! Answers of the protocol, as far as a check reads them (`QueryResults` in Trino's documentation).

use serde::Deserialize;
use serde_json::Value;

/// A page of results.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Results {
    /// Id of the query. Without it the answer is not one of the protocol.
    #[serde(rename = "id")]
    pub _id: String,
    /// Where the next page is.
    #[serde(default)]
    pub next_uri: Option<String>,
    /// The state, for people.
    pub stats: Stats,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<QueryError>,
    /// Rows, or something else where the server encodes them in another way.
    #[serde(default)]
    pub data: Value,
}

/// How far a query is.
#[derive(Debug, Deserialize)]
pub(super) struct Stats {
    /// `QUEUED`, `RUNNING`, `FINISHED`, …
    #[serde(default)]
    pub state: String,
}

/// Why a query failed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueryError {
    /// In words.
    pub message: String,
    /// `CATALOG_NOT_FOUND`, …
    pub error_name: String,
    /// `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES`, `EXTERNAL`.
    pub error_type: String,
}

impl Results {
    /// Reads a body.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The first column of the rows, where it holds texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> + '_ {
        let rows = self.data.as_array().map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter_map(|row| row.get(0)?.as_str().map(str::to_owned))
    }
}

/// A server's words on one line, and not too many of them.
pub(super) fn one_line(words: &str) -> String {
    const MOST: usize = 200;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}
