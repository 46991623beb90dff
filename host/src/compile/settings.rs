//! The settings of one compute in one environment: the manifest's, the environment's over them, checked against the
//! plugin's schema.

use camino::Utf8Path;
use floe_plugin_api::{ComputeConfig, Secret};
use serde_json::{Map, Value};

use super::product::{Compute, Product};
use super::schema::SettingsSchema;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::Spanned;
use crate::documents::secrets::{
    ProfileSettings, Reference, Surroundings, profile_settings, recognise, refuse_literals, resolve_settings,
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

    /// Everything about them that does not fit the plugin's schema, and every secret that is written out.
    pub fn check(&self, schema: &SettingsSchema) -> Vec<Diagnostic> {
        let name = &self.compute.name;
        let (settings, mut problems) = self.profile();
        problems.extend(refuse_literals(&self.compute.connection, schema.as_value(), name));
        let places = |pointer: &str| -> Option<(Span, Span)> {
            if pointer.is_empty() {
                return self.compute.place.clone().map(|place| (place.clone(), place));
            }
            let place = self.compute.connection.pointer(pointer)?;
            Some((place.key_span(), place.node.span.clone()))
        };
        problems.extend(schema.check(name, &settings.value, &settings.expressions, &places));
        problems
    }

    /// The compute for a profile: secrets are dbt's `env_var` expressions.
    pub fn for_profile(&self) -> ComputeConfig {
        self.config(self.profile().0.value)
    }

    /// The compute for a live check, and the values of its secrets, so that they can be kept out of everything shown.
    ///
    /// # Errors
    /// A diagnostic for each reference that cannot be resolved here.
    pub fn for_check(&self, project_dir: &Utf8Path) -> Result<(ComputeConfig, Vec<Secret>), Vec<Diagnostic>> {
        let surroundings = Surroundings { project_dir, variable: &|name| std::env::var(name).ok() };
        let (resolved, problems) = resolve_settings(&self.compute.connection, &surroundings);
        if !problems.is_empty() {
            return Err(problems);
        }
        let secrets = resolved.secrets.into_iter().filter(|secret| secret.is_secret).map(|secret| secret.value);
        Ok((self.config(resolved.value), secrets.collect()))
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
