//! The variables that dbt reads in an environment: their names, where each comes from, and whether it is there. Never a value.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::compile::artifacts::SecretArtifact;
use crate::compile::needs::ComputeNeeds;
use crate::documents::secrets::{Availability, SecretSource, Surroundings};

/// A variable that dbt reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub variable: String,
    /// The environment.
    pub environment: String,
    /// The computes whose profiles read it.
    pub computes: Vec<String>,
    /// Where its value comes from. A variable that the user wrote comes from itself.
    pub source: SecretArtifact,
    /// Whether the value is there now.
    pub status: Availability,
    /// Its file, wherever dbt is started.
    #[serde(skip)]
    file: Option<Utf8PathBuf>,
}

impl Variable {
    /// Whether it is set from something else than itself.
    pub fn is_derived(&self) -> bool {
        self.source.source != "env" || self.source.name != self.variable
    }

    /// Where its value comes from, in words.
    pub fn source_text(&self) -> String {
        match &self.source.key {
            Some(key) => format!("{} {}/{key}", self.source.source, self.source.name.trim_end_matches('/')),
            None => format!("{} {}", self.source.source, self.source.name),
        }
    }

    /// The line of a POSIX shell that sets it, where it is set from something else. The value is looked up by the shell.
    pub fn export(&self) -> Option<String> {
        let value = match &self.file {
            Some(file) => format!("$(cat {})", quoted(file.as_str())),
            None => format!("${{{}}}", self.source.name),
        };
        self.is_derived().then(|| format!("export {}=\"{value}\"", self.variable))
    }
}

/// A text as one word of a POSIX shell.
pub(in crate::run) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The variables of an environment, by name.
pub fn variables(needs: &[ComputeNeeds], environment: &str, surroundings: &Surroundings<'_>) -> Vec<Variable> {
    let mut found: BTreeMap<String, Variable> = BTreeMap::new();
    let mut add = |name: &str, compute: &str, source: SecretArtifact, status: Availability, file| {
        let variable = found.entry(name.to_owned()).or_insert_with(|| Variable {
            variable: name.to_owned(),
            environment: environment.to_owned(),
            computes: Vec::new(),
            source,
            status,
            file,
        });
        // Where one profile has a default and another has none, it is missing.
        if status != Availability::Default {
            variable.status = status;
        }
        if !variable.computes.iter().any(|known| known == compute) {
            variable.computes.push(compute.to_owned());
        }
    };
    for needs in needs.iter().filter(|needs| needs.environment == environment) {
        for bound in &needs.secrets {
            let secret = &bound.secret;
            let file = (secret.source == SecretSource::File).then(|| secret.file(surroundings));
            add(&bound.variable, &needs.compute, secret.into(), secret.availability(surroundings), file);
        }
        for variable in &needs.variables {
            // Those of secrets are there already, with where the secret is.
            if !needs.secrets.iter().any(|bound| bound.variable == variable.name) {
                let source = SecretArtifact { source: "env", name: variable.name.clone(), key: None };
                add(&variable.name, &needs.compute, source, variable.availability(surroundings), None);
            }
        }
    }
    found.into_values().collect()
}
