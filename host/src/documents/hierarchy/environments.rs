//! Environments down a chain: settings over settings, and what products may set only ever less.

use super::{Chain, Level, limits, setter};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, listed, meant_or_listed};
use crate::documents::environments::Connection;
use crate::documents::fields::Problems;
use crate::documents::manifest::{ComputeSection, ManifestEnvironment};
use crate::documents::names;

/// A child's environments over its parent's, by name; the parent's come first.
pub(super) fn narrow(
    above: Vec<ManifestEnvironment>,
    own: Vec<ManifestEnvironment>,
    computes: Option<&ComputeSection>,
    levels: &[Level],
    problems: &mut Problems,
) -> Vec<ManifestEnvironment> {
    let mut merged = above;
    for environment in &mut merged {
        environment.connections.iter_mut().for_each(|connection| cap(connection, computes));
    }
    for own in own {
        match merged.iter_mut().find(|above| above.name.value == own.name.value) {
            Some(above) => lay(above, own, levels, problems),
            None => merged.push(own),
        }
    }
    names::check_distinct(merged.iter().map(|environment| &environment.name), "environments", problems);
    merged
}

/// A timeout that a parent sets gives way to a tighter limit of the child's.
fn cap(connection: &mut Connection, computes: Option<&ComputeSection>) {
    let compute = computes.and_then(|computes| computes.entry(&connection.compute));
    if let Some(limit) = compute.and_then(|compute| compute.config.as_ref()?.max_timeout_seconds.as_ref()) {
        limits::cap(&mut connection.settings.timeout_seconds, limit);
    }
}

fn lay(above: &mut ManifestEnvironment, own: ManifestEnvironment, levels: &[Level], problems: &mut Problems) {
    // They apply in order, so that what comes later wins, and each keeps its place.
    above.connections.extend(own.connections);
    above.name = own.name;
    if own.description.is_some() {
        above.description = own.description;
    }
    let Some(place) = own.lists_may_set else { return };
    if let Some(allowed) = &above.lists_may_set {
        let may = || above.product_may_set.iter().map(|key| key.as_str());
        for key in own.product_may_set.iter().filter(|key| !may().any(|may| may == key.value)) {
            let by = setter(levels, allowed);
            let help = match above.product_may_set.as_slice() {
                [] => format!("remove it: {by} lets products set nothing here"),
                _ => format!("remove it: {by} lets products set {}", listed(may())),
            };
            problems.push(
                Diagnostic::error(
                    &codes::MAY_SET_WIDENED,
                    format!(
                        "products may set `{}` in environment `{}` here, and not by {by}",
                        key.value, above.name.value
                    ),
                    help,
                )
                .labelled(key.span.clone(), "not allowed above")
                .labelled(allowed.clone(), "all that is"),
            );
        }
    }
    above.product_may_set = own.product_may_set;
    above.lists_may_set = Some(place);
}

/// Settings for computes that are not approved, or no longer.
pub(super) fn check_connections(
    own: &[ManifestEnvironment],
    computes: Option<&ComputeSection>,
    chain: &Chain,
    problems: &mut Problems,
) {
    let Some(computes) = computes.filter(|computes| !computes.is_partial) else { return };
    let names = || computes.approved.iter().map(|entry| entry.name.as_str());
    for name in own.iter().flat_map(|environment| &environment.connections).map(|connection| &connection.compute) {
        if computes.entry(name).is_some() || chain.told.contains(&name.value) {
            continue;
        }
        let message = format!("no compute `{}` is approved", name.value);
        let help = meant_or_listed(name, names(), "approved are");
        let problem = Diagnostic::error(&codes::UNKNOWN_COMPUTE, message, help).at(name.span.clone());
        problems.push(chain.told_who_dropped(problem, name));
    }
}
