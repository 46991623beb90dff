//! The settings of one compute in one environment: the manifest's, the environment's over them, checked against the
//! plugin's schema.

use camino::Utf8Path;
use floe_plugin_api::{ComputeConfig, ErrorKind, Secret};
use serde_json::{Map, Value};

use super::parity;
use super::product::{Compute, Product};
use super::schema::{SettingsSchema, Unknown};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::Spanned;
use crate::documents::secrets::{
    BoundSecret, ProfileSettings, Reference, SecretVariables, Surroundings, profile_settings, recognise,
    refuse_literals, resolve_settings, secret_pointers,
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
        let mut compute = compute.clone();
        for overrides in product.overrides(environment, &compute.name.clone()) {
            merge(&mut compute.connection, &overrides.connection);
            compute.threads = overrides.threads.as_ref().map_or(compute.threads, |threads| threads.value);
            let later = |own: &Option<Spanned<u32>>, before| own.as_ref().map(|own| own.value).or(before);
            compute.timeout_seconds = later(&overrides.timeout_seconds, compute.timeout_seconds);
            compute.connect_timeout_seconds =
                later(&overrides.connect_timeout_seconds, compute.connect_timeout_seconds);
        }
        Self { compute }
    }

    /// Everything about them that does not fit the plugin's schema; secrets that are written out are told by [`check`].
    fn problems(&self, schema: &SettingsSchema) -> Vec<Diagnostic> {
        let (settings, mut problems) = self.profile();
        let references: Vec<String> = settings.secrets.into_iter().map(|bound| bound.pointer).collect();
        let mut refused = secret_pointers(&self.compute.connection, schema.as_value());
        refused.retain(|pointer| !references.contains(pointer));
        let unknown = Unknown { expressions: &settings.expressions, references: &references, refused: &refused };
        let places = |pointer: &str| -> Option<(Span, Span)> {
            if pointer.is_empty() {
                return self.compute.place.clone().map(|place| (place.clone(), place));
            }
            let place = self.compute.connection.pointer(pointer)?;
            Some((place.key_span(), place.node.span.clone()))
        };
        problems.extend(schema.check(&self.compute.name, &settings.value, &unknown, &places));
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
        project_dir: &Utf8Path,
        schema: &SettingsSchema,
    ) -> Result<(ComputeConfig, Vec<Secret>), Vec<Diagnostic>> {
        let surroundings = Surroundings { project_dir, variable: &|name| std::env::var(name).ok() };
        let (resolved, problems) = resolve_settings(&self.compute.connection, &surroundings);
        if !problems.is_empty() {
            return Err(problems);
        }
        let by_schema = secret_pointers(&self.compute.connection, schema.as_value());
        let secrets = resolved.secrets.into_iter();
        let secrets = secrets.filter(|secret| secret.is_secret || by_schema.contains(&secret.pointer));
        Ok((self.config(resolved.value), secrets.map(|secret| secret.value).collect()))
    }

    fn profile(&self) -> (ProfileSettings, Vec<Diagnostic>) {
        profile_settings(&self.compute.connection, &self.compute.name)
    }

    fn config(&self, connection: Value) -> ComputeConfig {
        let compute = &self.compute;
        let connection = match connection {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        let mut config = ComputeConfig::new(&compute.name, &compute.plugin)
            .with_threads(compute.threads)
            .with_connection(connection);
        config.timeout_seconds = compute.timeout_seconds;
        config.connect_timeout_seconds = compute.connect_timeout_seconds;
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
    for literal in std::iter::once(&compute.connection).chain(layers).flat_map(literals) {
        let literal = literal.of_kind(ErrorKind::Configuration);
        if !found.contains(&literal) {
            found.push(literal);
        }
    }
    let selections = parity::selections::refused(product, compute, schema);
    let at = |problem: &Diagnostic| problem.labels.first().map(|label| label.span.clone());
    let mut by_error: Vec<(Diagnostic, Vec<&str>)> = Vec::new();
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
    found
}

/// Two secrets that would reach dbt in one variable, in any environment.
pub fn clashes(product: &Product) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for environment in &product.environments {
        let mut variables = SecretVariables::new();
        let secrets = |compute| Settings::of(product, compute, &environment.name).secrets();
        for bound in product.computes.iter().flat_map(secrets) {
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

/// Lays one mapping over another, key by key; anything but a mapping, and a reference, is replaced as a whole.
fn merge(under: &mut Node, over: &Node) {
    let is_secret = |node: &Node| matches!(recognise(node), Ok(Some(Reference::Secret(_))));
    if is_secret(under) || is_secret(over) {
        *under = over.clone();
        return;
    }
    match (&mut under.kind, &over.kind) {
        (Kind::Map(entries), Kind::Map(overrides)) => {
            for entry in overrides {
                match entries.iter_mut().find(|existing| existing.key == entry.key) {
                    Some(existing) => {
                        merge(&mut existing.value, &entry.value);
                        existing.key_span = entry.key_span.clone();
                    }
                    None => entries.push(entry.clone()),
                }
            }
        }
        _ => *under = over.clone(),
    }
}
