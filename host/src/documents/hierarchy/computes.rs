//! The approved computes down a chain: each manifest a subset of its parent's, bound to the same plugins.

use semver::VersionReq;

use super::{Chain, Dropped, Level, limits, setter};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span, listed, meant_or_listed};
use crate::documents::fields::Problems;
use crate::documents::manifest::{ComputeEntry, ComputeSection, ReadsFrom};
use crate::documents::settings::ComputeSettings;
use crate::documents::spanned::Spanned;

/// What is approved when a child has had its say. Without computes above there has been an error.
pub(super) fn narrow(
    chain: &mut Chain,
    own: Option<ComputeSection>,
    problems: &mut Problems,
) -> Option<ComputeSection> {
    let above = chain.manifest.computes.take()?;
    let Some(mut own) = own else { return Some(above) };
    let inherits = !own.lists_approved;
    if inherits {
        own.approved.clone_from(&above.approved);
        own.lists_approved = above.lists_approved;
    } else {
        own.approved = subset(&above, std::mem::take(&mut own.approved), chain, problems);
        let kept = |name: &str| own.approved.iter().any(|entry| entry.name.value == name);
        // Of a list that cannot be read in full nobody knows what it leaves out.
        let left_out = above.approved.iter().filter(|entry| !own.is_partial && !kept(&entry.name.value));
        chain.dropped.extend(left_out.map(|entry| Dropped {
            name: entry.name.value.clone(),
            approved: entry.name.span.clone(),
            dropped: own.span.clone(),
        }));
    }
    own.is_partial |= above.is_partial;
    own.default = default(&above, &own, inherits, chain, problems);
    check_reads(&own, chain, problems);
    Some(own)
}

/// A child's list, each compute with what its parent says of it; without those that the parent does not approve.
fn subset(
    above: &ComputeSection,
    listed: Vec<ComputeEntry>,
    chain: &mut Chain,
    problems: &mut Problems,
) -> Vec<ComputeEntry> {
    let mut approved = Vec::with_capacity(listed.len());
    for entry in listed {
        if let Some(inherited) = above.entry(&entry.name) {
            approved.push(merged(inherited, entry, &chain.levels, problems));
            continue;
        }
        if !above.is_partial && !chain.told.contains(&entry.name.value) {
            problems.push(not_above(&entry.name, above, chain));
        }
        chain.told.push(entry.name.value);
    }
    approved
}

/// A compute that no manifest above approves, or that one above has dropped.
fn not_above(name: &Spanned<String>, above: &ComputeSection, chain: &Chain) -> Diagnostic {
    let levels = &chain.levels;
    let (here, parent) = (setter(levels, &name.span), setter(levels, &above.span));
    let names = above.approved.iter().map(|entry| entry.name.as_str());
    let whom = super::level_of(levels, &above.span).map_or_else(|| "its owner".to_owned(), Level::whom_to_ask);
    let list = meant_or_listed(name, names, &format!("{parent} approves"));
    let problem = |message: String| {
        let help = format!("{list}; use one of these, or ask {whom} to approve it");
        Diagnostic::error(&codes::NOT_ABOVE, message, help).labelled(name.span.clone(), "not approved above")
    };
    match chain.dropped(name) {
        Some(dropped) => {
            let by = setter(levels, &dropped.dropped);
            problem(format!("{here} approves `{}`, which {by} has left out", name.value))
                .labelled(dropped.dropped.clone(), "left out here")
                .labelled(dropped.approved.clone(), "approved here")
        }
        None => problem(format!("{here} approves `{}`, which {parent} does not", name.value))
            .labelled(above.span.clone(), "may only be narrowed"),
    }
}

/// One compute with a child's words over its parent's.
fn merged(above: &ComputeEntry, own: ComputeEntry, levels: &[Level], problems: &mut Problems) -> ComputeEntry {
    if let Some(plugin) = own.own_plugin.as_ref().filter(|plugin| plugin.value != above.plugin()) {
        let bound = above.own_plugin.as_ref().unwrap_or(&above.name);
        problems.push(
            Diagnostic::error(
                &codes::PLUGIN_REBOUND,
                format!(
                    "compute `{}` is bound to plugin `{}` by {}, and here to `{}`",
                    own.name.value,
                    above.plugin(),
                    setter(levels, &bound.span),
                    plugin.value
                ),
                "remove `plugin` here; another engine is another compute, under a name of its own that the parent approves",
            )
            .labelled(plugin.span.clone(), "bound anew")
            .labelled(bound.span.clone(), "bound here"),
        );
    }
    let mut layers = if above.layers.is_empty() { layer(above) } else { above.layers.clone() };
    layers.extend(layer(&own));
    ComputeEntry {
        own_plugin: above.own_plugin.clone(),
        version: version(above.version.as_ref(), own.version),
        config: config(above.config.as_ref(), own.config, levels, problems),
        layers,
        resources: limits::resources(&above.resources, own.resources, levels, problems),
        reads: reads(&above.reads, &own.reads),
        name: own.name,
        span: own.span,
    }
}

fn layer(entry: &ComputeEntry) -> Vec<crate::documents::yaml::Node> {
    entry.config.iter().map(|config| config.connection.clone()).collect()
}

/// Both requirements hold.
fn version(above: Option<&Spanned<VersionReq>>, own: Option<Spanned<VersionReq>>) -> Option<Spanned<VersionReq>> {
    match (above, own) {
        (Some(above), Some(own)) => Some(own.map(|own| {
            let mut comparators = above.comparators.clone();
            comparators.extend(own.comparators.into_iter().filter(|one| !above.comparators.contains(one)));
            VersionReq { comparators }
        })),
        (above, own) => own.or_else(|| above.cloned()),
    }
}

fn config(
    above: Option<&ComputeSettings>,
    own: Option<ComputeSettings>,
    levels: &[Level],
    problems: &mut Problems,
) -> Option<ComputeSettings> {
    match (above, own) {
        (Some(above), Some(own)) => {
            let mut config = above.clone();
            config.lay(&own);
            limits::timeouts(above, &own, &mut config, levels, problems);
            Some(config)
        }
        (above, own) => own.or_else(|| above.cloned()),
    }
}

fn reads(above: &[ReadsFrom], own: &[ReadsFrom]) -> Vec<ReadsFrom> {
    let is_own = |inherited: &&ReadsFrom| !own.iter().any(|own| own.writer.value == inherited.writer.value);
    above.iter().filter(is_own).chain(own).cloned().collect()
}

/// The compute of transforms that choose none: the child's word, else its parent's, which must still be approved.
fn default(
    above: &ComputeSection,
    own: &ComputeSection,
    inherits: bool,
    chain: &Chain,
    problems: &mut Problems,
) -> Option<Spanned<String>> {
    let names = || own.approved.iter().map(|entry| entry.name.as_str());
    let is_approved = |default: &str| names().any(|name| name == default) || own.is_partial;
    match (&own.default, &above.default) {
        (Some(default), _) => {
            // Against a list of its own it was checked when that was read.
            if inherits && !is_approved(default) && !chain.told.contains(&default.value) {
                problems.push(default_not_approved(default, own, chain));
            }
            Some(default.clone())
        }
        (None, Some(inherited)) if is_approved(inherited) => Some(inherited.clone()),
        (None, Some(inherited)) => {
            // Of one nothing else can be meant.
            if own.approved.len() != 1 {
                problems.push(default_lost(inherited, own, &chain.levels));
            }
            // The rest is checked with some default: that there is none has been told.
            own.approved.first().map(|entry| entry.name.clone())
        }
        (None, None) => None,
    }
}

/// A default that is not in the list which the child inherits.
fn default_not_approved(default: &Spanned<String>, own: &ComputeSection, chain: &Chain) -> Diagnostic {
    let names = own.approved.iter().map(|entry| entry.name.as_str());
    let problem = Diagnostic::error(
        &codes::DEFAULT_NOT_APPROVED,
        format!("the default compute `{}` is not approved", default.value),
        meant_or_listed(default, names, "approved are"),
    )
    .at(default.span.clone());
    chain.told_who_dropped(problem, default)
}

fn default_lost(inherited: &Spanned<String>, own: &ComputeSection, levels: &[Level]) -> Diagnostic {
    let list = listed(own.approved.iter().map(|entry| entry.name.as_str()));
    Diagnostic::error(
        &codes::DEFAULT_LOST,
        format!(
            "{} leaves out `{}`, the default that {} set",
            setter(levels, &own.span),
            inherited.value,
            setter(levels, &inherited.span)
        ),
        format!("add `default` here, one of {list}"),
    )
    .labelled(own.span.clone(), "has no default of its own")
    .labelled(inherited.span.clone(), "the default above")
}

/// What a child's own entries read from must be approved; what its parents read from may have been left out.
fn check_reads(own: &ComputeSection, chain: &Chain, problems: &mut Problems) {
    let names = || own.approved.iter().map(|entry| entry.name.as_str());
    let is_here = |span: &Span| std::sync::Arc::ptr_eq(span.source(), own.span.source());
    for writer in own.approved.iter().flat_map(|entry| &entry.reads).map(|from| &from.writer) {
        let known = names().any(|name| name == writer.value) || own.is_partial || chain.told.contains(&writer.value);
        if known || !is_here(&writer.span) {
            continue;
        }
        let help = meant_or_listed(writer, names(), "approved are");
        let message = format!("no compute `{}` is approved to read from", writer.value);
        let problem = Diagnostic::error(&codes::UNKNOWN_COMPUTE, message, help).at(writer.span.clone());
        problems.push(chain.told_who_dropped(problem, writer));
    }
}
