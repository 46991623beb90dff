//! The promise that a plugin sends nothing but its probe statements (FR-004a), as its source and documents keep it.

use std::fs;
use std::path::Path;

use crate::tree;

/// Asserts that only these files below a crate's `src` hold one of these calls, outside of their tests.
///
/// # Panics
/// Where another file does, or one of them does not.
pub fn called_in(crate_folder: &str, calls: &[&str], files: &[&str]) {
    let sources = tree::tree(&Path::new(crate_folder).join("src"));
    let holds = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        calls.iter().any(|call| code.contains(call))
    };
    // What a plugin writes for dbt runs there, and not in the plugin.
    let sources = sources.iter().filter(|(path, _)| path.extension().is_some_and(|extension| extension == "rs"));
    let found: Vec<_> = sources.filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.as_path()).collect();
    let allowed: Vec<_> = files.iter().map(Path::new).collect();
    assert_eq!(found, allowed, "who calls {calls:?}");
}

/// Asserts that the crate's documentation and its README list the statements.
///
/// # Panics
/// Where one of them lacks one.
pub fn listed_in_documents(crate_folder: &str, statements: &[&str]) {
    for document in ["src/lib.rs", "README.md"] {
        let text = fs::read_to_string(Path::new(crate_folder).join(document)).expect("the document");
        for statement in statements {
            assert!(text.contains(statement), "{document} lacks {statement}");
        }
    }
}
