//! The settings of one compute in one environment: the manifest's, the environment's over them, checked against the
//! plugin's schema.

use floe_plugin_api::{ComputeConfig, ErrorKind, Secret};
use serde_json::{Map, Value};

use super::keys::SettingKeys;
use super::parity;
use super::product::{Compute, Product};
use super::schema::{Places, SettingsSchema, Unknown};
use crate::diagnostics::codes::compile::SETTING_UNKNOWN;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::placeholders::Placeholders;
use crate::documents::secrets::{
    BoundSecret, ProfileSettings, SecretVariables, Surroundings, profile_settings, refuse_literals, resolve_settings,
    secret_pointers,
};
use crate::documents::yaml::{Kind, Node};

/// Settings as the documents write them: merged, with a place for each.
#[derive(Debug, Clone)]
pub struct Settings {
    compute: Compute,
}

impl Settings {
    /// The settings of a compute in an environment.
    pub fn of(product: &Product, compute: &Compute, environment: &str) -> Self {
        let placeholders = Placeholders::of_product(&product.product.name);
        let mut compute = compute.clone();
        for overrides in product.overrides(environment, &compute.name.clone()) {
            compute.config.lay(overrides);
        }
        let mount = compute.config.secret_mount.take();
        compute.config.secret_mount = mount.map(|mount| mount.expanded(&placeholders));
        Self { compute }
    }

    /// The settings of a compute of no product, and everything that is wrong with them.
    pub fn alone(compute: Compute, schema: &SettingsSchema) -> (Self, Vec<Diagnostic>) {
        let literals = refuse_literals(&compute.config.connection, schema.as_value(), &compute.name);
        let mut problems: Vec<_> =
            literals.into_iter().map(|literal| literal.of_kind(ErrorKind::Configuration)).collect();
        let mut settings = Self { compute };
        problems.extend(settings.problems(schema));
        (settings, problems)
    }

    /// The same with what a mounted secret holds.
    pub fn complete(product: &Product, compute: &Compute, environment: &str, schema: &SettingsSchema) -> Self {
        let mut settings = Self::of(product, compute, environment);
        // Where it cannot be said what it holds, that is told by `check`.
        let _ = settings.fill(schema);
        settings
    }

    /// Puts references to the files of the mounted secret where they belong.
    fn fill(&mut self, schema: &SettingsSchema) -> Result<(), Box<Diagnostic>> {
        let config = &mut self.compute.config;
        let Some(mount) = &config.secret_mount else { return Ok(()) };
        let keys = SettingKeys::of(schema.as_value());
        let held = keys.held_by(mount, &self.compute.name, &self.compute.plugin)?;
        let Kind::Map(entries) = &mut config.connection.kind else { return Ok(()) };
        for key in held {
            let own = entries.iter_mut().find(|entry| entry.key == key.value);
            match own {
                Some(own) if config.before_mount.contains(&key.value) => *own = mount.setting(&key),
                Some(_) => {}
                None => entries.push(mount.setting(&key)),
            }
        }
        Ok(())
    }

    /// Everything about them that does not fit the plugin's schema; secrets that are written out are told by [`check`].
    fn problems(&mut self, schema: &SettingsSchema) -> Vec<Diagnostic> {
        let mount = self.fill(schema).err().map(|problem| *problem);
        let mut problems = fitting(&self.compute, &self.compute.config.connection, schema, SettingsSchema::check);
        problems.extend(mount);
        problems
    }

    /// The secrets that a profile reads from variables.
    pub fn secrets(&self) -> Vec<BoundSecret> {
        self.profile().0.secrets
    }

    /// The compute for a profile: secrets are dbt's `env_var` expressions.
    pub fn for_profile(&self) -> ComputeConfig {
        self.config(self.profile().0.value)
    }

    /// The compute for a live check, and the values of its secrets, so that they can be kept out of everything shown: what
    /// is written as one, what is called as one, and what the schema says is one.
    ///
    /// # Errors
    /// A diagnostic for each reference that cannot be resolved here.
    pub fn for_check(
        &self,
        surroundings: &Surroundings<'_>,
        schema: &SettingsSchema,
    ) -> Result<(ComputeConfig, Vec<Secret>), Vec<Diagnostic>> {
        let (resolved, problems) = resolve_settings(&self.compute.config.connection, surroundings);
        if !problems.is_empty() {
            return Err(problems);
        }
        let by_schema = secret_pointers(&self.compute.config.connection, schema.as_value());
        let secrets = resolved.secrets.into_iter();
        let secrets = secrets.filter(|secret| secret.is_secret || by_schema.contains(&secret.pointer));
        Ok((self.config(resolved.value), secrets.map(|secret| secret.value).collect()))
    }

    fn profile(&self) -> (ProfileSettings, Vec<Diagnostic>) {
        profile_settings(&self.compute.config.connection, &self.compute.name)
    }

    fn config(&self, connection: Value) -> ComputeConfig {
        let compute = &self.compute;
        let connection = match connection {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        let mut config = ComputeConfig::new(&compute.name, &compute.plugin)
            .with_threads(compute.config.threads())
            .with_connection(connection);
        config.timeout_seconds = compute.config.timeout().map(|seconds| seconds.value);
        config.connect_timeout_seconds = compute.config.connect_timeout_seconds.as_ref().map(|seconds| seconds.value);
        config
    }
}

/// Everything that is wrong with a compute's settings in these environments: what does not fit the plugin's schema, once
/// where several share it, and every secret that is written out, in other environments too.
pub fn check(product: &Product, compute: &Compute, environments: &[&str], schema: &SettingsSchema) -> Vec<Diagnostic> {
    let literals = |node: &Node| refuse_literals(node, schema.as_value(), &compute.name);
    let mut found = Vec::new();
    // First, for they are shown in no diagnostic from then on; and layer by layer, for one may hide another.
    let layers = product.all_overrides(&compute.name).map(|settings| &settings.connection);
    for literal in compute.layers.iter().chain(layers).flat_map(literals) {
        let literal = literal.of_kind(ErrorKind::Configuration);
        if !found.contains(&literal) {
            found.push(literal);
        }
    }
    let selections = parity::selections::refused(product, compute, schema);
    let at = |problem: &Diagnostic| problem.labels.first().map(|label| label.span.clone());
    let mut by_error: Vec<(Diagnostic, Vec<&str>)> = Vec::new();
    let layers = wrong_layers(product, compute, environments, schema);
    for environment in environments {
        for problem in Settings::of(product, compute, environment).problems(schema) {
            // That the plugin has no such setting follows from what it is.
            if selections.iter().any(|refused| at(refused) == at(&problem)) {
                continue;
            }
            match by_error.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, seen)) => seen.push(environment),
                None => by_error.push((problem, vec![environment])),
            }
        }
    }
    found.extend(by_error.into_iter().map(|(mut problem, seen)| {
        if seen.len() < environments.len() {
            let plural = if seen.len() == 1 { "" } else { "s" };
            let names: Vec<_> = seen.iter().map(|name| format!("`{name}`")).collect();
            problem.message = format!("{} (in environment{plural} {})", problem.message, names.join(", "));
        }
        problem
    }));
    found.extend(selections);
    for problem in layers {
        let is_told = |told: &Diagnostic| told.code == problem.code && told.labels == problem.labels;
        if !found.iter().any(is_told) {
            found.push(problem);
        }
    }
    found
}

/// What is wrong in the compute's own settings or in those that an environment lays over them, seen alone: a value that is
/// always replaced is no less wrong.
fn wrong_layers(
    product: &Product,
    compute: &Compute,
    environments: &[&str],
    schema: &SettingsSchema,
) -> Vec<Diagnostic> {
    let overrides = environments.iter().flat_map(|environment| product.overrides(environment, &compute.name));
    let layers: Vec<&Node> = compute.layers.iter().chain(overrides.map(|settings| &settings.connection)).collect();
    if layers.len() < 2 {
        return Vec::new();
    }
    layers.into_iter().flat_map(|layer| fitting(compute, layer, schema, SettingsSchema::check_layer)).collect()
}

/// A check of settings against a schema.
type Check = fn(&SettingsSchema, &str, &Value, &Unknown<'_>, Places<'_>) -> Vec<Diagnostic>;

/// What of some settings does not fit, by a check.
fn fitting(compute: &Compute, connection: &Node, schema: &SettingsSchema, check: Check) -> Vec<Diagnostic> {
    let (settings, mut problems) = profile_settings(connection, &compute.name);
    let references: Vec<String> = settings.secrets.into_iter().map(|bound| bound.pointer).collect();
    let mut refused = secret_pointers(connection, schema.as_value());
    refused.retain(|pointer| !references.contains(pointer));
    let unknown = Unknown { expressions: &settings.expressions, references: &references, refused: &refused };
    let places = |pointer: &str| -> Option<(Span, Span)> {
        if pointer.is_empty() {
            return compute.place.clone().map(|place| (place.clone(), place));
        }
        let place = connection.pointer(pointer)?;
        Some((place.key_span(), place.node.span.clone()))
    };
    problems.extend(check(schema, &compute.name, &settings.value, &unknown, &places));
    problems
}

/// The settings that a plugin does not have, each an error at its key; nothing else that may be wrong with them.
pub fn unknown(compute: &str, connection: &Node, schema: &SettingsSchema) -> Vec<Diagnostic> {
    let (settings, _) = profile_settings(connection, compute);
    let unknown = Unknown { expressions: &settings.expressions, ..Unknown::default() };
    let places = |pointer: &str| {
        let place = connection.pointer(pointer)?;
        Some((place.key_span(), place.node.span.clone()))
    };
    let mut found = schema.check(compute, &settings.value, &unknown, &places);
    found.retain(|problem| problem.code == &SETTING_UNKNOWN);
    found
}

/// Two secrets that would reach dbt in one variable, in any environment.
pub fn clashes(product: &Product) -> Vec<Diagnostic> {
    clashing(product.environments.iter().map(|environment| {
        let secrets = |compute| Settings::of(product, compute, &environment.name).secrets();
        product.computes.iter().flat_map(secrets).collect()
    }))
}

/// The same of the secrets of each environment.
pub(super) fn clashing(environments: impl Iterator<Item = Vec<BoundSecret>>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for secrets in environments {
        let mut variables = SecretVariables::new();
        for bound in secrets {
            let Err(clash) = variables.add(&bound) else { continue };
            let clash = clash.of_kind(ErrorKind::Configuration);
            // The same two in every environment are one mistake.
            if !found.contains(&clash) {
                found.push(clash);
            }
        }
    }
    found
}
