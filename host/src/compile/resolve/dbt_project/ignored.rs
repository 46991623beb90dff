//! `.dbtignore`: files that dbt passes over.

use std::fs;

use camino::Utf8Path;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The patterns of a project's `.dbtignore`, which are git's. Unlike git, dbt takes the last line that matches a file or a folder
/// above it, so a line with `!` brings back what lies in a folder that is left out.
#[derive(Debug)]
pub(super) struct Ignored {
    /// The last line first; all lines in one where none begins with `!`, so that the order does not matter.
    lines: Vec<Gitignore>,
}

impl Ignored {
    /// Reads it; where it is not there, nothing is ignored.
    pub(super) fn of(project: &Utf8Path) -> Self {
        let text = fs::read_to_string(project.join(".dbtignore")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(trimmed).filter(|line| !line.is_empty()).collect();
        let patterns = |lines: &[&str]| {
            let mut builder = GitignoreBuilder::new("");
            for line in lines {
                // A line that is no pattern is none for dbt either: it refuses to start, and says so.
                let _ = builder.add_line(None, line);
            }
            builder.build().ok().filter(|patterns| !patterns.is_empty())
        };
        let lines = if lines.iter().any(|line| line.starts_with('!')) {
            lines.iter().rev().filter_map(|line| patterns(&[line])).collect()
        } else {
            patterns(&lines).into_iter().collect()
        };
        Self { lines }
    }

    /// Whether dbt passes over a file of the project.
    pub(super) fn holds(&self, file: &Utf8Path) -> bool {
        // Paths that leave the project are not what the patterns are about, and the library refuses them.
        if self.lines.is_empty() || file.is_absolute() || file.as_str().starts_with("..") {
            return false;
        }
        let decided = self.lines.iter().map(|line| line.matched_path_or_any_parents(file, false));
        decided.into_iter().find(|decided| !decided.is_none()).is_some_and(|decided| decided.is_ignore())
    }
}

/// dbt takes blanks on both sides off.
fn trimmed(line: &str) -> &str {
    if line.ends_with("\\ ") { line.trim_start() } else { line.trim() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(lines: &str, file: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let project = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(project.join(".dbtignore"), lines).unwrap();
        Ignored::of(project).holds(file.into())
    }

    #[test]
    fn the_last_line_that_matches_counts() {
        let lines = "# no models\nmodels/old/\n  *_draft.sql\n!models/old/keep.sql\n";
        assert!(ignored(lines, "models/old/a.sql") && ignored(lines, "models/new/b_draft.sql"));
        assert!(!ignored(lines, "models/old/keep.sql") && !ignored(lines, "models/new/a.sql"));
        assert!(ignored("!models/\nmodels/\n", "models/a.sql") && !ignored("models/\n!models/\n", "models/a.sql"));
        assert!(!ignored("", "models/a.sql") && !ignored("*.sql", "../shared/a.sql"));
    }
}
