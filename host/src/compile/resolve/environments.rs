//! The environments, and what each lays over the computes' settings.

use serde_json::{Map, Value};

use super::approved::Approved;
use crate::compile::product::Environment;
use crate::diagnostics::codes::compile::{COMPUTE_UNKNOWN, ENVIRONMENT_UNKNOWN, NOT_FOR_PRODUCTS};
use crate::diagnostics::{Diagnostic, listed, meant_or_listed};
use crate::documents::environments::{self, ALL_COMPUTES, Connection, DEFAULT_ENVIRONMENT};
use crate::documents::manifest::ManifestEnvironment;
use crate::documents::placeholders::Placeholders;
use crate::documents::settings::SECRET_MOUNT;
use crate::documents::spec::{Spec, SpecEnvironment};

/// The environments, by whether they are wanted (all are where none is named), and what is wrong with them.
pub(super) fn of(
    spec: Option<&Spec>,
    approved: Approved<'_>,
    wanted: &[String],
    placeholders: &Placeholders,
) -> ((Vec<Environment>, Vec<Environment>), Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let manifest = approved.chain.map(|chain| &chain.manifest);
    let declared = spec.map_or(&[][..], |spec| &spec.environments);
    let platform = manifest.map_or(&[][..], |manifest| &manifest.environments);
    for own in declared {
        let above = platform.iter().find(|above| above.name.value == own.name.value);
        diagnostics.extend(unknown_computes(&own.connections, approved));
        diagnostics.extend(not_for_products(own, above, manifest.is_some()));
    }
    let names = match spec {
        Some(spec) => environments::names(manifest, spec),
        None if platform.is_empty() => vec![DEFAULT_ENVIRONMENT],
        None => platform.iter().map(|above| above.name.as_str()).collect(),
    };
    for name in wanted.iter().filter(|name| !names.contains(&name.as_str())) {
        let help = meant_or_listed(name, names.iter().copied(), "there is");
        diagnostics.push(Diagnostic::error(&ENVIRONMENT_UNKNOWN, format!("there is no environment `{name}`"), help));
    }
    let environments = names
        .into_iter()
        .map(|name| environment(name, declared, platform, placeholders))
        .partition(|environment| wanted.is_empty() || wanted.contains(&environment.name));
    (environments, diagnostics)
}

/// The platform's settings, and then the product's own.
fn environment(
    name: &str,
    declared: &[SpecEnvironment],
    platform: &[ManifestEnvironment],
    placeholders: &Placeholders,
) -> Environment {
    let own = declared.iter().find(|own| own.name.value == name);
    let platform = platform.iter().find(|above| above.name.value == name);
    let above = platform.map(|above| &above.connections);
    let own_connections = || own.into_iter().flat_map(|own| &own.connections);
    let is_for_all = |connection: &&Connection| connection.compute.value == ALL_COMPUTES;
    // What is said of one compute counts for more than what is said of all, wherever it stands.
    let connections = above
        .into_iter()
        .flatten()
        .chain(own_connections().filter(is_for_all))
        .chain(own_connections().filter(|connection| !is_for_all(connection)));
    let vars = own.into_iter().flat_map(|own| &own.vars).map(|entry| (entry.key.clone(), entry.value.to_json()));
    Environment {
        name: name.to_owned(),
        vars: vars.collect::<Map<String, Value>>(),
        product_may_set: platform.map(|above| above.product_may_set.clone()).unwrap_or_default(),
        connections: connections
            .map(|connection| {
                let mut settings = connection.settings.clone();
                placeholders.expand_node(&mut settings.connection);
                (connection.compute.value.clone(), settings)
            })
            .collect(),
    }
}

fn unknown_computes(connections: &[Connection], approved: Approved<'_>) -> Vec<Diagnostic> {
    let named = connections.iter().map(|connection| &connection.compute).filter(|name| name.value != ALL_COMPUTES);
    named
        .filter_map(|name| {
            let message = format!("there is no compute `{}`", name.value);
            approved.refuse(name, &COMPUTE_UNKNOWN, &message)
        })
        .collect()
}

/// A product sets only what the manifest leaves to it.
fn not_for_products(own: &SpecEnvironment, above: Option<&ManifestEnvironment>, has_manifest: bool) -> Vec<Diagnostic> {
    let allowed: Vec<&str> =
        above.into_iter().flat_map(|above| &above.product_may_set).map(|key| key.as_str()).collect();
    let refused = |key: &str, span| {
        let environment = &own.name.value;
        let help = if !has_manifest {
            format!(
                "connections are set in a manifest, and this spec has none: write one, with `product_may_set: [{key}]` in `{environment}`, and name it in `platform: {{manifest: …}}`"
            )
        } else if allowed.is_empty() {
            format!(
                "the manifest lets products set nothing in `{environment}`; its owner can add `product_may_set: [{key}]` there"
            )
        } else {
            format!("in `{environment}` products may set {}", listed(allowed.iter().copied()))
        };
        Diagnostic::error(&NOT_FOR_PRODUCTS, format!("`{key}` is not for products to set"), help).at(span)
    };
    let mut found = Vec::new();
    for settings in own.connections.iter().map(|connection| &connection.settings) {
        let floes = [
            ("threads", settings.threads.as_ref().map(|own| &own.span)),
            ("timeout_seconds", settings.timeout_seconds.as_ref().map(|own| &own.span)),
            ("connect_timeout_seconds", settings.connect_timeout_seconds.as_ref().map(|own| &own.span)),
            (SECRET_MOUNT, settings.secret_mount.as_ref().map(|own| &own.span)),
        ];
        let floes = floes.into_iter().filter_map(|(key, span)| Some((key, span?)));
        let plugins = settings.connection.as_map().unwrap_or_default();
        let plugins = plugins.iter().map(|entry| (entry.key.as_str(), &entry.key_span));
        let keys = floes.chain(plugins).filter(|(key, _)| !allowed.contains(key));
        found.extend(keys.map(|(key, span)| refused(key, span.clone())));
    }
    found
}
