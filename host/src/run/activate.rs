//! What a shell needs so that plain dbt works on one compute as floe's own commands do.

use super::Session;
use super::graph::Graphs;
use super::plan::Scope;
use super::plan::address::Addresses;
use super::state::{self, defer_variables};
use super::variables::{Variable, quoted, variables};
use crate::diagnostics::Diagnostic;
use crate::documents::secrets::Surroundings;

/// Lines for a POSIX shell. What the compute defers to is written.
///
/// # Errors
/// What dbt says of the project, and what cannot be written.
pub fn lines(session: &Session<'_>, compute: &str) -> Result<String, Vec<Diagnostic>> {
    let (place, environment) = (&session.place, &session.environment);
    let graphs = Graphs::read(session)?;
    let addresses = Addresses::new(session, session, &graphs);
    let state = place.state(environment, compute);
    let state =
        state::write(session, &graphs, &addresses, &Scope::default(), compute, state).map_err(|error| vec![error])?;
    let target = place.target(environment, compute);
    let (mut exported, _) = session.dbt_variables(compute, &target, &target.join("logs"));
    exported.extend(defer_variables(&state));
    // A test whose parents are not all there belongs to another compute.
    exported.push(("DBT_INDIRECT_SELECTION".to_owned(), "cautious".to_owned()));
    exported.push(("FLOE_ENV".to_owned(), environment.clone()));
    let mut lines: Vec<String> =
        exported.iter().map(|(name, value)| format!("export {name}={}", quoted(value))).collect();
    let bin = session.program(compute, "dbt");
    let bin = bin.parent().map_or_else(String::new, |folder| quoted(folder.as_str()));
    lines.push(format!("export PATH={bin}:\"$PATH\""));
    let surroundings = Surroundings::of_process(&place.project_dir);
    let needed = variables(&session.compiled.needs, environment, &surroundings);
    let own = needed.iter().filter(|variable| variable.computes.iter().any(|name| name == compute));
    lines.extend(own.filter_map(Variable::export));
    if !session.vars().is_empty() {
        lines.push(format!("# dbt takes variables as an argument only: --vars {}", quoted(session.vars())));
    }
    Ok(lines.join("\n") + "\n")
}
