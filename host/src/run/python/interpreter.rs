//! Finds a Python that fits.

use std::process::{Command, Stdio};
use std::str::FromStr as _;

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};

use super::Wanted;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::python::PYTHON_MISSING;

/// Names a Python in place of those on `PATH`.
pub(super) const VARIABLE: &str = "FLOE_PYTHON";

/// In this order: what the user calls Python first.
const NAMES: [&str; 5] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10"];

/// Prints version, whether environments can be made, and the program's own path. `-I`: without the user's own modules.
const PROBE: &str = "import sys
try:
    import ensurepip, venv
    own = 'venv'
except ImportError:
    own = ''
print('%d.%d.%d' % sys.version_info[:3], own, sys.executable, sep='\\n')";

/// A Python on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// Its absolute path.
    pub(super) program: String,
    /// `3.11.7`.
    pub(super) version: String,
    /// Whether it can make environments by itself.
    has_venv: bool,
}

impl Interpreter {
    /// `3.11`: what packages are built for.
    pub(super) fn minor(&self) -> &str {
        self.version.rsplit_once('.').map_or(&self.version, |(minor, _)| minor)
    }

    /// Asks a program for what it is.
    fn probe(program: &str) -> Option<Self> {
        let mut command = Command::new(program);
        let output = command.args(["-I", "-c", PROBE]).stdin(Stdio::null()).output().ok()?;
        if !output.status.success() {
            return None;
        }
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines();
        let (version, own, program) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Self { program: program.to_owned(), version: version.to_owned(), has_venv: own == "venv" })
    }

    /// What keeps it from being used.
    fn unfit(&self, requires: Option<&VersionSpecifiers>, needs_venv: bool) -> Option<String> {
        let version = Version::from_str(&self.version).ok();
        let fits = requires.is_none_or(|requires| version.is_some_and(|version| requires.contains(&version)));
        if !fits {
            Some(format!("is {}", self.version))
        } else if needs_venv && !self.has_venv {
            Some(format!("is {} without venv or ensurepip", self.version))
        } else {
            None
        }
    }
}

/// The first Python that fits a compute. `needs_venv`: nothing else can make an environment.
///
/// # Errors
/// [`PYTHON_MISSING`], with what was found in its place.
pub(super) fn find(wanted: &Wanted, needs_venv: bool) -> Result<Interpreter, Diagnostic> {
    // Checked when compiling.
    let requires = wanted.requires_python.as_deref().and_then(|text| VersionSpecifiers::from_str(text).ok());
    let named = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
    // Who names one wants that one: another in its place would go unnoticed.
    let tried = named.as_deref().map_or(NAMES.to_vec(), |name| vec![name]);
    let mut refused = Vec::new();
    for name in &tried {
        match Interpreter::probe(name) {
            Some(found) => match found.unfit(requires.as_ref(), needs_venv) {
                Some(why) => refused.push(format!("{name} {why}")),
                None => return Ok(found),
            },
            None if named.is_some() => refused.push(format!("{name} is no Python that can be started")),
            None => {}
        }
    }
    let range = wanted.requires_python.as_deref().map_or("3".to_owned(), |range| range.replace(',', ", "));
    let found = if refused.is_empty() { "none is on PATH".to_owned() } else { refused.join(", ") };
    let compute = &wanted.compute;
    let source = if named.is_some() { format!(" in {VARIABLE}") } else { String::new() };
    Err(
        Diagnostic::error(
            &PYTHON_MISSING,
            format!("compute `{compute}` needs Python {range}{source}, and there is none: {found}"),
            format!("install one with its venv module (Debian: apt-get install python3-venv), or name one: {VARIABLE}=/path/to/python3 floe env sync --compute {compute}"),
        )
        .for_compute(compute),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_venv_decide() {
        let python = |version: &str, has_venv| Interpreter {
            program: "/usr/bin/python3".to_owned(),
            version: version.to_owned(),
            has_venv,
        };
        let requires = VersionSpecifiers::from_str(">=3.10,<3.14").unwrap();
        assert_eq!(python("3.11.7", true).minor(), "3.11");
        assert_eq!(python("3.13.1", true).unfit(Some(&requires), true), None);
        assert_eq!(python("3.13.1", false).unfit(Some(&requires), false), None, "uv makes environments");
        assert_eq!(python("3.14.0", true).unfit(Some(&requires), true).unwrap(), "is 3.14.0");
        assert_eq!(python("3.9.2", false).unfit(None, true).unwrap(), "is 3.9.2 without venv or ensurepip");
    }
}
