//! The manifest's catalog, as plugins are told of it: with `env_var` expressions for a profile, with values for a check.

use floe_plugin_api::{AccessDelegation, CatalogAuth, CatalogConfig, Secret};
use serde_json::Value;

use crate::diagnostics::{Diagnostic, Span};
use crate::documents::manifest::{CatalogSection, Manifest};
use crate::documents::placeholders::Placeholders;
use crate::documents::secrets::{
    BoundSecret, CATALOG_OWNER, Surroundings, profile_settings, resolve_settings, sounds_secret,
};
use crate::documents::yaml::Node;

/// What computes call a catalog that has no name of its own.
pub const DEFAULT_NAME: &str = "iceberg";

/// The catalog that computes may mount.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Where the manifest has it.
    pub place: Span,
    name: String,
    access_delegation: Option<AccessDelegation>,
    /// `config`, as it is written.
    config: Node,
}

impl Catalog {
    /// The catalog of a manifest, if it has a whole one.
    pub fn of(manifest: &Manifest, placeholders: &Placeholders) -> Option<Self> {
        let section: &CatalogSection = manifest.catalog.as_ref()?;
        let mut config = manifest.catalog_as_written.as_ref()?.get("config")?.clone();
        placeholders.expand_node(&mut config);
        Some(Self {
            place: section.span.clone(),
            name: section.name.as_ref().map_or_else(|| DEFAULT_NAME.to_owned(), |name| name.value.clone()),
            access_delegation: section.access_delegation.as_ref().map(|mode| mode.value),
            config,
        })
    }

    /// What computes call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With dbt's `env_var` expressions in place of secrets, and the secrets that they stand for.
    pub fn for_profile(&self) -> (CatalogConfig, Vec<BoundSecret>) {
        // What cannot be read was told when the manifest was.
        let (settings, _) = profile_settings(&self.config, CATALOG_OWNER);
        (self.with(&settings.value), settings.secrets)
    }

    /// With the values of its secrets, and these, so that they can be kept out of everything shown.
    ///
    /// # Errors
    /// A diagnostic for each reference that cannot be resolved here.
    pub fn for_check(&self, surroundings: &Surroundings<'_>) -> Result<(CatalogConfig, Vec<Secret>), Vec<Diagnostic>> {
        let (resolved, problems) = resolve_settings(&self.config, surroundings);
        if !problems.is_empty() {
            return Err(problems);
        }
        let is_secret = |pointer: &str| pointer.rsplit('/').next().is_some_and(sounds_secret);
        let secrets = resolved.secrets.into_iter().filter(|secret| secret.is_secret || is_secret(&secret.pointer));
        Ok((self.with(&resolved.value), secrets.map(|secret| secret.value).collect()))
    }

    /// An error about it, at its place in the manifest where it has none of its own.
    pub fn located(&self, error: Diagnostic, compute: &str) -> Diagnostic {
        if error.labels.is_empty() { error.for_compute(compute).at(self.place.clone()) } else { error }
    }

    fn with(&self, config: &Value) -> CatalogConfig {
        let text = |pointer: &str| config.pointer(pointer).and_then(text_of);
        let (uri, warehouse) = (text("/uri").unwrap_or_default(), text("/warehouse").unwrap_or_default());
        let auth = match (text("/token"), text("/oauth2/client_id"), text("/oauth2/client_secret")) {
            (Some(token), ..) => CatalogAuth::Bearer { token: Secret::new(token) },
            (None, Some(client_id), Some(client_secret)) => CatalogAuth::Oauth2 {
                client_id,
                client_secret: Secret::new(client_secret),
                scope: text("/oauth2/scope"),
                token_url: text("/oauth2/token_url"),
            },
            _ => CatalogAuth::None,
        };
        let catalog = CatalogConfig::rest(&self.name, uri, warehouse).with_auth(auth);
        let options = config.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
        let catalog = catalog.with_options(options);
        match self.access_delegation {
            Some(mode) => catalog.with_access_delegation(mode),
            None => catalog,
        }
    }
}

/// Text, or what YAML takes for another scalar where text is meant.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
