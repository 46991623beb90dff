//! What the author of a new plugin has still to write, as the files themselves say it.

/// `TODO 1: …`, over as many lines as it takes.
const MARK: &str = "TODO ";

/// One of them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Todo {
    number: u32,
    file: String,
    text: String,
}

/// A list in Markdown, in the order in which to do them.
pub(super) fn listed(files: &[(&str, &str)]) -> String {
    let lines = all(files).into_iter().map(|todo| format!("{}. `{}`: {}", todo.number, todo.file, todo.text));
    lines.collect::<Vec<_>>().join("\n")
}

fn all(files: &[(&str, &str)]) -> Vec<Todo> {
    let mut todos = Vec::new();
    for (file, text) in files {
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            let Some((comment, (number, first))) = line
                .split_once(MARK)
                .and_then(|(comment, rest)| Some((comment, rest.split_once(": ")?)))
                .filter(|(comment, _)| matches!(*comment, "// " | "# "))
            else {
                continue;
            };
            let Ok(number) = number.parse() else { continue };
            let mut text = first.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with(comment) && !line.contains(MARK)) {
                text.push(' ');
                text.push_str(&more[comment.len()..]);
            }
            todos.push(Todo { number, file: (*file).to_owned(), text });
        }
    }
    todos.sort();
    todos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_read_to_their_end() {
        let rust = "// TODO 2: write\n    // more.\n/// Not this.\nfn f() {}\n// a TODO of no number\n";
        let toml = "# TODO 1: license\n[lib]\n";
        assert_eq!(listed(&[("src/a.rs", rust), ("b.toml", toml)]), "1. `b.toml`: license\n2. `src/a.rs`: write more.");
    }
}
