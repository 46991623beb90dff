//! What uv or pip said, as one line that may be shown.

/// Longer than any resolver's sentence about a handful of packages.
const LONGEST: usize = 800;

/// Why it failed, from what it wrote to standard error.
pub(super) fn reason(said: &str) -> String {
    let said = without_logins(said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let reason = if let Some(first) = lines.iter().position(|line| line.starts_with("error: ") || line.starts_with('×'))
    {
        of_uv(lines.get(first..).unwrap_or_default())
    } else {
        of_pip(&lines).unwrap_or_else(|| lines.last().map_or_else(|| "it said nothing".to_owned(), ToString::to_string))
    };
    match reason.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", reason.get(..end).unwrap_or_default()),
        None => reason,
    }
}

/// uv tells an error and its causes, each on lines of its own, and may wrap them.
fn of_uv(lines: &[&str]) -> String {
    let mut reason = String::new();
    for line in lines.iter().take_while(|line| !line.starts_with("hint: ")) {
        let cause = ["cause: ", "Caused by: ", "╰─▶ ", "├─▶ "].iter().find_map(|start| line.strip_prefix(start));
        let text = line.trim_start_matches(['×', '│', ' ']).trim_start_matches("error: ");
        match cause {
            Some(cause) => reason = format!("{}: {cause}", reason.trim_end_matches(':')),
            None if reason.is_empty() => reason.push_str(text),
            None => reason = format!("{reason} {text}"),
        }
    }
    reason
}

/// pip's first error is about the requirement; that no index answered stands in a warning before it.
fn of_pip(lines: &[&str]) -> Option<String> {
    let error = lines.iter().find_map(|line| line.strip_prefix("ERROR: "))?;
    let broken = lines.iter().filter(|line| line.starts_with("WARNING: ")).find_map(|line| {
        let (_, cause) = line.split_once("connection broken by ")?;
        // `'NewConnectionError('<… object at 0x…>: Failed to …')': /simple/six/`: what follows the object is for people.
        let (cause, path) = cause.rsplit_once("': ").unwrap_or((cause, ""));
        let cause = cause.rsplit_once(">: ").map_or(cause, |(_, cause)| cause).trim_end_matches(['\'', ')', '"']);
        Some(format!("{cause}: {path}").trim_end_matches(": ").to_owned())
    });
    Some(match broken {
        Some(broken) => format!("{error}; the index did not answer: {broken}"),
        None => error.to_string(),
    })
}

/// Replaces `user:password@` in addresses: those of indexes come from settings that nobody expects in a log.
fn without_logins(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | ')');
        let authority = after.get(..after.find(ends).unwrap_or(after.len())).unwrap_or_default();
        rest = match authority.rfind('@') {
            Some(login) => {
                out.push_str("***");
                after.get(login..).unwrap_or_default()
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_not_shown() {
        for (text, shown) in [
            ("see http://me:pw@host:1/simple/ for", "see http://***@host:1/simple/ for"),
            ("`https://token@host`", "`https://***@host`"),
            ("https://me:p@ss@host/a@b", "https://***@host/a@b"),
            ("https://host/a@b, mail me@host", "https://host/a@b, mail me@host"),
            ("a://x@y b://z@w", "a://***@y b://***@w"),
        ] {
            assert_eq!(without_logins(text), shown);
        }
    }

    #[test]
    fn uvs_reason_is_one_line() {
        let said = "error: No solution found when resolving dependencies\n  cause: Because six was not found, we can\n  conclude that.\n";
        let line = "No solution found when resolving dependencies: Because six was not found, we can conclude that.";
        assert_eq!(reason(said), line);
        let older = "  × No solution found when resolving dependencies:\n  ╰─▶ Because six was not found, we can\n      conclude that.\n\n      hint: try it\n";
        assert_eq!(reason(older), line);
    }

    #[test]
    fn pips_reason_names_the_requirement_and_the_connection() {
        let said = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip.HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/six/\n\
                    ERROR: Could not find a version that satisfies the requirement six (from versions: none)\n\
                    ERROR: No matching distribution found for six\n";
        assert_eq!(
            reason(said),
            "Could not find a version that satisfies the requirement six (from versions: none); the index did not answer: \
             Failed to establish a new connection: [Errno 111] Connection refused: /simple/six/"
        );
        assert_eq!(
            reason("Traceback:\n  File x\nModuleNotFoundError: No module named 'dbt'\n"),
            "ModuleNotFoundError: No module named 'dbt'"
        );
        assert_eq!(reason(""), "it said nothing");
    }
}
