//! From a compiled product to a plan: environments, graphs, selection, deferral.

use super::Session;
use super::graph::Graphs;
use super::journal;
use super::plan::address::Addresses;
use super::plan::{Deferred, Plan, Scope};
use super::select::Selection;
use crate::compile::Compiled;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::NOTHING_SELECTED;
use crate::telemetry;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The environment; the first of the spec without.
    pub environment: Option<String>,
    /// What of the product.
    pub selection: Selection,
    /// Begin incremental models anew.
    pub full_refresh: bool,
    /// The environment from which is read what is not selected.
    pub defer_to: Option<String>,
}

/// A plan, and what it was made of.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The product in its environment.
    pub session: &'a Session<'a>,
    /// dbt's graph.
    pub graphs: &'a Graphs,
    /// Where computes find each other's tables.
    pub addresses: &'a Addresses<'a>,
    /// What of it is planned.
    pub scope: &'a Scope<'a>,
    /// The plan.
    pub plan: &'a Plan,
    /// Whether it can be run.
    pub is_sound: bool,
    /// Whether something is to be said of it.
    pub has_warnings: bool,
}

/// Plans what is asked for and hands it on, with errors or without.
pub fn with<T>(
    compiled: &Compiled,
    ask: &Ask,
    progress: &(dyn Fn(&str) + Sync),
    then: impl FnOnce(&Prepared<'_>) -> (T, Vec<Diagnostic>),
) -> (Option<T>, Vec<Diagnostic>) {
    match prepare(compiled, ask, progress, then) {
        Ok((value, diagnostics)) => (Some(value), diagnostics),
        Err(diagnostics) => (None, diagnostics),
    }
}

fn prepare<T>(
    compiled: &Compiled,
    ask: &Ask,
    progress: &(dyn Fn(&str) + Sync),
    then: impl FnOnce(&Prepared<'_>) -> (T, Vec<Diagnostic>),
) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
    let session = Session::open(compiled, &environment(compiled, ask.environment.as_deref()), &[], progress)?;
    let graphs = telemetry::phase("graph", || Graphs::read(&session))?;
    let other = match &ask.defer_to {
        Some(name) => {
            let other = session.in_environment(name).map_err(|error| vec![error])?;
            let graphs = telemetry::phase("graph of the other environment", || Graphs::read(&other))?;
            Some((other, graphs))
        }
        None => None,
    };
    let selected = telemetry::phase("select", || ask.selection.resolve(&session, &graphs))?;
    let addresses = Addresses::new(&session, &session, &graphs);
    let others = other.as_ref().map(|(other, graphs)| Addresses::new(&session, other, graphs));
    let deferred = other.as_ref().zip(others.as_ref()).map(|((other, graphs), addresses)| Deferred {
        graphs,
        addresses,
        environment: &other.environment,
    });
    let built = journal::built(&session.place, &session.environment);
    let scope = Scope { selected: selected.as_ref(), deferred, built: Some(&built).filter(|_| !ask.full_refresh) };
    let (plan, mut diagnostics) = telemetry::phase("plan", || Plan::of(&session, &graphs, &addresses, &scope));
    if plan.steps.is_empty() && !diagnostics.iter().any(Diagnostic::is_error) {
        let help = "see that the names are right: `floe plan` without a selection lists them";
        diagnostics.push(Diagnostic::warning(&NOTHING_SELECTED, "there is nothing to run", help));
    }
    let is_sound = !diagnostics.iter().any(Diagnostic::is_error);
    let prepared = Prepared {
        session: &session,
        graphs: &graphs,
        addresses: &addresses,
        scope: &scope,
        plan: &plan,
        is_sound,
        has_warnings: !diagnostics.is_empty(),
    };
    let (value, more) = then(&prepared);
    diagnostics.extend(more);
    Ok((value, diagnostics))
}

/// The environment that is meant.
pub fn environment(compiled: &Compiled, wanted: Option<&str>) -> String {
    let first = || compiled.artifacts.environments.first().map(|one| one.name.clone()).unwrap_or_default();
    wanted.map_or_else(first, str::to_owned)
}
