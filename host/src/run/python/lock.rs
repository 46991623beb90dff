//! `<compute>.lock`: the packages of an environment with their exact versions, as a requirements file, below a head that says
//! what they were resolved for.

use std::io;

use camino::Utf8Path;

use super::{Wanted, digest};

const ASKED: &str = "# asked: ";
const PYTHON: &str = "# python: ";

/// A lock as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock {
    text: String,
}

impl Lock {
    /// What was resolved for a compute on a Python of this version (`3.11`). `pins` are lines of a requirements file.
    pub(super) fn new(wanted: &Wanted, python: &str, pins: &str) -> Self {
        let name = &wanted.compute;
        let asked = wanted.digest(python);
        let pins = pins.trim_end();
        Self {
            text: format!(
                "# The Python packages of compute `{name}`, resolved by `floe env sync` and kept until its plugin asks for others.\n\
                 # `floe env sync --upgrade --compute {name}` resolves them anew.\n\
                 {PYTHON}{python}\n{ASKED}{asked}\n{pins}\n"
            ),
        }
    }

    /// Reads a lock; `None` where there is none.
    pub(super) fn read(path: &Utf8Path) -> io::Result<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(Self { text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The lock as a requirements file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Digest of all of it: who changes a pin by hand gets another environment.
    pub(super) fn digest(&self) -> String {
        digest(&self.text)
    }

    /// The Python that it was resolved for.
    fn python(&self) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(PYTHON)).map(str::trim)
    }

    /// Whether it was resolved for what is wanted, on the Python that it names itself.
    pub(super) fn fits(&self, wanted: &Wanted) -> bool {
        self.python().is_some_and(|python| self.fits_python(wanted, python))
    }

    /// Whether it was resolved for what is wanted, on a Python of this version (`3.11`).
    pub(super) fn fits_python(&self, wanted: &Wanted, python: &str) -> bool {
        let asked = self.text.lines().find_map(|line| line.strip_prefix(ASKED)).map(str::trim);
        asked.is_some_and(|asked| asked == wanted.digest(python))
    }

    /// The lines that name a package. Comments, options and the hashes of a package are none.
    fn pins(&self) -> impl Iterator<Item = &str> {
        let is_pin = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphanumeric());
        self.text.lines().filter(is_pin)
    }

    /// How many packages it holds.
    pub(super) fn packages(&self) -> usize {
        self.pins().count()
    }

    /// Whether it holds a package.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.pins().any(|pin| pin.split("==").next().is_some_and(|found| found.trim() == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_for_what_it_was_made() {
        let wanted = Wanted {
            compute: "a".to_owned(),
            packages: vec!["dbt-core>=1,<2".to_owned()],
            requires_python: Some(">=3.10".to_owned()),
        };
        let lock =
            Lock::new(&wanted, "3.11", "agate==1.9\ndbt-core==1.11.16 \\\n    --hash=sha256:abc\n# via nobody\n");
        assert!(lock.fits(&wanted) && lock.fits_python(&wanted, "3.11") && !lock.fits_python(&wanted, "3.12"));
        assert!(!lock.fits(&Wanted { packages: vec!["dbt-core>=1,<3".to_owned()], ..wanted }));
        assert_eq!(lock.packages(), 2);
        assert!(lock.holds("dbt-core") && !lock.holds("dbt"));
        assert!(
            !Lock { text: "agate==1.9\n".to_owned() }
                .fits_python(&Wanted { compute: "a".to_owned(), packages: Vec::new(), requires_python: None }, "3.11")
        );
    }
}
