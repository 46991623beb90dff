//! Takes out of a text what differs from run to run and from machine to machine.

use regex::Regex;

use crate::{Project, dist, workspace};

/// Replaces paths, ids, digests, durations and versions by their names in brackets.
///
/// # Panics
/// Where a pattern here is none.
pub fn redact(project: &Project, text: &str) -> String {
    let mut text = text.to_owned();
    let root = project.root().canonicalize().expect("the project is there");
    for (path, name) in [
        (root.as_path(), "[root]"),
        (project.root(), "[root]"),
        (dist::dist(), "[dist]"),
        (workspace::root(), "[checkout]"),
    ] {
        text = text.replace(path.to_str().expect("a path in UTF-8"), name);
    }
    for (pattern, name) in [
        (r"[0-9a-f]{64}", "[sha256]"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
        (r"rustc \d+\.\d+\.\d+[^\n\x22]*?\)", "[rustc]"),
        (r"(x86_64|aarch64)-[a-z-]+(linux-gnu|darwin)", "[target]"),
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.0-9]*Z?", "[time]"),
        // In a table the column is as wide as its longest duration.
        (r"\b\d+(\.\d+)? ?ms {2,}", "[ms]  "),
        (r"LATENCY +", "LATENCY  "),
        (r"\b\d+(\.\d+)? ?ms\b", "[ms]"),
        (r"linux_(amd64|arm64)", "[platform]"),
        (r"\bbyte \d+", "byte [n]"),
        (r"\bprocess \d+", "process [pid]"),
        (r#""latency_ms": ?\d+(\.\d+)?"#, "\"latency_ms\": \"[ms]\""),
        (r#""(file_size|size|size_bytes)": ?\d+"#, "\"$1\": \"[size]\""),
        (r"\b\d+(\.\d+)? (bytes|KiB|MiB|KB|MB)\b", "[size]"),
        (r"\b(ready|reused|created|updated) +\d+ +3\.\d+(\.\d+)? +", "$1  [n]  [python]  "),
        (r"\b\d+ packages\b", "[n] packages"),
        (r#""packages": ?\d+"#, "\"packages\": \"[n]\""),
        (r#""python": ?"3\.\d+(\.\d+)?""#, "\"python\": \"[python]\""),
        (r"\b(with Python) 3\.\d+", "$1 [python]"),
        (r"\band Python 3\.\d+", "and Python [python]"),
        (r"\b[0-9a-f]{12}-[0-9a-f]{6}\b", "[run]"),
        (r"\b\d+\.\d s\b", "[s]"),
        (r#""seconds": ?\d+(\.\d+)?"#, "\"seconds\": \"[s]\""),
        (r"\bpid \d+", "pid [pid]"),
        (r#""pid": ?\d+"#, "\"pid\": \"[pid]\""),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, name).into_owned();
    }
    text = text.replace(std::env::consts::ARCH, "[arch]");
    text
}
