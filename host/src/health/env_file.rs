//! Files of variables (`--env-file`): read anew for each check, so that what is rotated in them counts without a restart.
//!
//! The format is Docker's: `NAME=value` a line, the value as it stands, no quotes and no substitutions; empty lines and lines
//! that begin with `#` are left out.

use std::collections::HashMap;
use std::fs;

use camino::Utf8PathBuf;
use floe_plugin_api::ErrorKind;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::health::ENV_FILE;

/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// Files of variables, of which a later one wins.
#[derive(Debug, Default)]
pub struct EnvFiles(Vec<Utf8PathBuf>);

impl EnvFiles {
    /// These files.
    pub fn new(paths: Vec<Utf8PathBuf>) -> Self {
        Self(paths)
    }

    /// Reads them.
    ///
    /// # Errors
    /// [`ENV_FILE`] for each that cannot be read; nothing of its values is shown.
    pub(super) fn read(&self) -> Result<Variables, Vec<Diagnostic>> {
        let (mut found, mut problems) = (HashMap::new(), Vec::new());
        for path in &self.0 {
            let unreadable = |why: &str| {
                let help = "it has a line `NAME=value` for each variable; `#` begins a comment";
                let message = format!("the file of variables `{path}` {why}");
                Diagnostic::error(&ENV_FILE, message, help).of_kind(ErrorKind::Configuration)
            };
            let text = match fs::metadata(path) {
                Ok(metadata) if metadata.len() > LARGEST => Err("is longer than 1 MiB".to_owned()),
                Ok(metadata) if metadata.is_dir() => Err("is a folder".to_owned()),
                _ => fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}")),
            };
            match text.map(|text| parse(&text, &mut found)) {
                Ok(Ok(())) => {}
                Ok(Err(line)) => problems.push(unreadable(&format!("has no `NAME=value` in line {line}"))),
                Err(why) => problems.push(unreadable(&why)),
            }
        }
        if problems.is_empty() { Ok(Variables(found)) } else { Err(problems) }
    }
}

/// Adds what a file says; else the number of the line that says nothing.
fn parse(text: &str, found: &mut HashMap<String, String>) -> Result<(), usize> {
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match line.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() && !name.trim().contains(char::is_whitespace) => {
                found.insert(name.trim().to_owned(), value.to_owned());
            }
            _ => return Err(number + 1),
        }
    }
    Ok(())
}

/// The variables of the files, and behind them those of the process.
pub(super) struct Variables(HashMap<String, String>);

impl Variables {
    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned().or_else(|| std::env::var(name).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_they_are() {
        let mut found = HashMap::new();
        parse("# c\n\nA=1\n B = x=\"y\" $z \nA=2\r\n", &mut found).unwrap();
        assert_eq!(found["A"], "2");
        assert_eq!(found["B"], " x=\"y\" $z ");
        for (wrong, line) in [("A=1\nB\n", 2), ("=x", 1), ("export A=1", 1)] {
            assert_eq!(parse(wrong, &mut HashMap::new()), Err(line), "{wrong:?}");
        }
    }
}
