//! The schema of a manifest together with those of plugins, so that an editor completes and checks the whole file.
//!
//! What the compiler accepts this schema accepts, and what this schema refuses the compiler refuses; the compiler checks
//! more. `translate` makes the plugin's schema one of settings as a file writes them, `conditions` says where in a manifest
//! which plugin's settings stand.

mod combine;
mod conditions;
mod kinds;
mod own_keys;
mod translate;

use std::thread;

use floe_plugin_api::ConfigSchemaRequest;
use serde_json::{Value, json};

use super::keys::SettingKeys;
use super::schema::SettingsSchema;
use super::source::{ComputeSession, ComputeSource};
use crate::diagnostics::codes::compile::NOT_EMBEDDED;
use crate::diagnostics::{Diagnostic, Severity};
use crate::documents::schema::manifest_schema;

pub(crate) use translate::{Values, translate};

/// A plugin and the schema of its settings.
#[derive(Debug, Clone)]
pub struct PluginSchema {
    /// Name of the plugin.
    pub plugin: String,
    /// Its schema.
    pub schema: Value,
}

/// Asks plugins for their schemas, side by side. What is wrong with one is a warning: its settings stay open.
pub fn ask<S: ComputeSource>(source: &S, plugins: &[String]) -> (Vec<PluginSchema>, Vec<Diagnostic>) {
    let (mut schemas, mut diagnostics) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let running: Vec<_> = plugins.iter().map(|plugin| scope.spawn(|| ask_one(source, plugin))).collect();
        for handle in running {
            match handle.join() {
                Ok((schema, more)) => {
                    schemas.extend(schema);
                    diagnostics.extend(more);
                }
                // A panic of the host's own code: let it be seen as one.
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
    });
    (schemas, diagnostics.into_iter().map(as_warning).collect())
}

fn ask_one<S: ComputeSource>(source: &S, plugin: &str) -> (Option<PluginSchema>, Vec<Diagnostic>) {
    let mut session = match source.open(plugin) {
        Ok(session) => session,
        Err(error) => return (None, vec![error]),
    };
    let schema = session.call(&ConfigSchemaRequest::new());
    let schema = schema.and_then(|answer| SettingsSchema::new(plugin, answer.schema));
    let mut diagnostics = session.close();
    match schema {
        Ok(schema) => {
            let schema = PluginSchema { plugin: plugin.to_owned(), schema: schema.as_value().clone() };
            (Some(schema), diagnostics)
        }
        Err(error) => {
            // What became of a plugin that did not answer follows from that.
            diagnostics.retain(|besides| *besides != error);
            diagnostics.insert(0, error);
            (None, diagnostics)
        }
    }
}

/// An error of a plugin does not fail a command that can do without it.
pub fn as_warning(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.severity = Severity::Warning;
    diagnostic
}

/// The manifest's schema with those of plugins, and a warning for each that cannot be a part of it.
pub fn compose(plugins: &[PluginSchema]) -> (Value, Vec<Diagnostic>) {
    let mut document = manifest_schema();
    let mut warnings = Vec::new();
    let mut known = Vec::new();
    for PluginSchema { plugin, schema } in plugins {
        // What the compiler cannot check layer by layer the schema must not either.
        let layers = translate(schema, plugin, Values::Plain);
        match layers.and_then(|_| translate(schema, plugin, Values::Written)) {
            Ok(translated) => {
                if let Some(definitions) = document["$defs"].as_object_mut() {
                    definitions.extend(translated.definitions);
                }
                known.push((plugin.as_str(), SettingKeys::of(schema)));
            }
            Err(why) => warnings.push(not_embedded(plugin, &why)),
        }
    }
    if !known.is_empty() {
        conditions::add(&mut document, &known);
        if let Some(document) = document.as_object_mut() {
            // It is another document on every machine.
            document.remove("$id");
            let names: Vec<_> = known.iter().map(|(plugin, _)| *plugin).collect();
            let comment = format!("floe's schema with the settings of the plugins {}", names.join(", "));
            document.insert("$comment".to_owned(), json!(comment));
        }
    }
    (document, warnings)
}

fn not_embedded(plugin: &str, why: &str) -> Diagnostic {
    let why: String = why.chars().filter(|c| !c.is_control()).take(300).collect();
    Diagnostic::warning(
        &NOT_EMBEDDED,
        format!("the settings of plugin `{plugin}` are not in the manifest's schema: {why}"),
        "`config` of its computes stays open in editors; `floe compile` checks it all the same; tell the plugin's vendor",
    )
}

#[cfg(test)]
mod tests;
