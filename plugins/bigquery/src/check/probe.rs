//! Every statement that a check sends comes from here, and none of them runs.

use serde_json::{Value, json};

/// The statements that a check may send, as dry runs, as the crate's documentation lists them.
pub const PROBE_STATEMENTS: [&str; 1] = ["SELECT 1"];

/// A job that BigQuery looks at and does not run (`dryRun`), and so bills nothing for.
pub(super) fn dry_run(project: &str, location: Option<&str>) -> Value {
    let mut reference = json!({"projectId": project});
    if let Some(location) = location {
        reference["location"] = location.into();
    }
    json!({
        "jobReference": reference,
        "configuration": {"dryRun": true, "query": {"query": PROBE_STATEMENTS[0], "useLegacySql": false}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_tests::probes::{called_in, listed_in_documents};

    /// FR-004a: whatever is sent is a dry run of a statement on the list.
    #[test]
    fn a_probe_is_on_the_list_and_does_not_run() {
        let job = dry_run("nimbus", Some("EU"));
        assert_eq!(job["configuration"]["dryRun"], true);
        assert_eq!(job["configuration"]["query"]["query"], PROBE_STATEMENTS[0]);
        assert_eq!(job["jobReference"], json!({"projectId": "nimbus", "location": "EU"}));
    }

    /// FR-004a: no other file of the plugin can send a statement: one posts to BigQuery, and takes nothing but a probe; the
    /// other posts to servers of tokens.
    #[test]
    fn nothing_else_sends_statements() {
        called_in(env!("CARGO_MANIFEST_DIR"), &["\"POST\"", ".post("], &["check/api.rs", "check/grant.rs"]);
        let sender = include_str!("api.rs");
        assert_eq!(sender.matches(".post(").count(), 1);
        assert!(sender.contains("probe::dry_run("));
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }
}
