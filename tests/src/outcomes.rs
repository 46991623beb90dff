//! What a run came to, for assertions and snapshots.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Project, Run, dbt, redact};

/// Each node of a run: `model orders on shop: success`, in order.
pub fn results(run: &Run) -> Vec<String> {
    let results = run.json()["results"].as_array().cloned().unwrap_or_default();
    let mut results: Vec<String> = results
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} on {}: {}", text("resource_type"), text("name"), text("compute"), text("status"))
        })
        .collect();
    results.sort_unstable();
    results
}

/// Rows that stock DuckDB finds in a file, by a query.
///
/// # Panics
/// Where it refuses.
pub fn rows_of_file(file: &Path, query: &str) -> Value {
    let script = "import duckdb, json, sys\nprint(json.dumps(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall()))\n";
    let output = Command::new(dbt::python()).args(["-c", script]).arg(file).arg(query).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What a command said on standard error, without what differs from run to run.
pub fn plain(project: &Project, run: &Run) -> String {
    let text = redact::redact(project, &run.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("correlation id")).collect();
    lines.join("\n") + "\n"
}
