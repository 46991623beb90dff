//! The values that dbt reads from variables: looked up for one child, and kept out of everything that it says.

use camino::Utf8Path;
use floe_plugin_api::Secret;

use crate::compile::needs::ComputeNeeds;
use crate::diagnostics::Diagnostic;
use crate::documents::secrets::{SecretVariables, Surroundings, sounds_secret};
use crate::plugins::Scrubber;

/// What stands for a secret where dbt only reads the project: it connects nowhere then, and nobody needs the value.
const PLACEHOLDER: &str = "floe-reads-the-project-only";

/// What dbt itself keeps out of its logs.
pub const SECRET_PREFIX: &str = "DBT_ENV_SECRET_";

/// Variables for a dbt child. `Debug` shows no value.
#[derive(Debug, Default)]
pub struct Variables {
    values: Vec<(String, Secret)>,
    scrubber: Scrubber,
}

impl Variables {
    /// Placeholders: for commands that do not connect.
    pub fn placeholders(needs: &[ComputeNeeds], environment: &str, compute: &str) -> Self {
        let bound = of(needs, environment, compute).flat_map(|needs| &needs.secrets).map(|bound| &bound.variable);
        let own = of(needs, environment, compute).flat_map(|needs| &needs.variables).map(|variable| &variable.name);
        let names = bound.chain(own.filter(|name| name.starts_with(SECRET_PREFIX)));
        let unset = names.filter(|name| std::env::var_os(name).is_none());
        let values = unset.map(|name| (name.clone(), Secret::new(PLACEHOLDER))).collect();
        Self { values, scrubber: Scrubber::default() }
    }

    /// The values.
    ///
    /// # Errors
    /// A diagnostic for each that cannot be looked up here.
    pub fn resolve(
        needs: &[ComputeNeeds],
        environment: &str,
        compute: &str,
        project_dir: &Utf8Path,
    ) -> Result<Self, Vec<Diagnostic>> {
        let surroundings = Surroundings::of_process(project_dir);
        let (mut wanted, mut problems) = (SecretVariables::new(), Vec::new());
        for bound in of(needs, environment, compute).flat_map(|needs| &needs.secrets) {
            problems.extend(wanted.add(bound).err().map(|error| *error));
        }
        let mut values = Vec::new();
        for (variable, secret) in wanted.iter() {
            match secret.resolve(&surroundings) {
                Ok(value) => values.push((variable.to_owned(), value)),
                Err(error) => problems.push((*error).for_compute(compute)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // Those that the user wrote as variables are in dbt's environment already.
        let own = of(needs, environment, compute).flat_map(|needs| &needs.variables);
        let own = own.filter(|variable| variable.name.starts_with(SECRET_PREFIX) || sounds_secret(&variable.name));
        let own: Vec<Secret> = own.filter_map(|variable| std::env::var(&variable.name).ok()).map(Secret::new).collect();
        let all = values.iter().map(|(_, value)| value).chain(&own);
        let scrubber = Scrubber::new(all.map(Secret::expose));
        Ok(Self { values, scrubber })
    }

    /// Each variable and its value, for the environment of the child.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// What takes the values out of a text.
    pub fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }
}

fn of<'n>(needs: &'n [ComputeNeeds], environment: &str, compute: &str) -> impl Iterator<Item = &'n ComputeNeeds> {
    needs.iter().filter(move |needs| needs.environment == environment && needs.compute == compute)
}
