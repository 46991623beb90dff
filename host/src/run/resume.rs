//! Goes on with a run that failed, was interrupted or was killed.

use super::execute::Options;
use super::journal::{Outcome, Past};
use super::place::Place;
use super::prepare::Ask;
use super::select::Selection;
use crate::compile::Compiled;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{NO_RUN, RESUME_NOTHING};

/// What is left of a run, and how it was run.
#[derive(Debug)]
pub struct Resumed {
    /// What is to be planned.
    pub ask: Ask,
    /// How to run it.
    pub options: Options,
}

/// What is left of the run with this id, or of the newest one, of an environment or of any.
///
/// # Errors
/// Where there is no such run, it goes on, or nothing is left of it.
pub fn of(compiled: &Compiled, id: Option<&str>, environment: Option<&str>) -> Result<Resumed, Diagnostic> {
    let past = Past::find(&Place::of(&compiled.project_dir), id, environment)?;
    let begun = &past.begun;
    if environment.is_some_and(|environment| environment != begun.environment) {
        return Err(Diagnostic::error(
            &NO_RUN,
            format!("run `{}` ran in environment `{}`", begun.run, begun.environment),
            "leave out `--env`: a run goes on where it began",
        ));
    }
    if past.outcome == Outcome::Running {
        let what = format!("run `{}` is still going on", begun.run);
        return Err(Diagnostic::error(
            &NO_RUN,
            what,
            "wait for its end, or interrupt it; `floe status` shows what it does",
        ));
    }
    let rest = past.rest();
    if rest.is_empty() {
        let what = format!("run `{}` has built everything and passed all tests", begun.run);
        return Err(Diagnostic::warning(&RESUME_NOTHING, what, "run it anew with `floe run`"));
    }
    Ok(Resumed {
        ask: Ask {
            environment: Some(begun.environment.clone()),
            selection: Selection { exactly: Some(rest), ..Selection::default() },
            full_refresh: begun.full_refresh,
            defer_to: begun.defer_to.clone(),
        },
        options: Options {
            full_refresh: begun.full_refresh,
            fail_fast: begun.fail_fast,
            resumes: Some(begun.run.clone()),
            step: None,
        },
    })
}
