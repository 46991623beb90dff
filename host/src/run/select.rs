//! dbt's own selection syntax over a graph that several computes share: each compute's dbt is asked, and of what it answers
//! counts what the compute owns.

use std::collections::BTreeSet;
use std::thread;

use camino::Utf8PathBuf;

use super::graph::{Graphs, partial_parse};
use super::launcher::Event;
use super::plan;
use super::{Session, one_line};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::SELECTION;

/// What the user selects.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// As `dbt --select` takes it.
    pub select: Vec<String>,
    /// As `dbt --exclude` takes it.
    pub exclude: Vec<String>,
    /// The folder of a manifest to compare with (`state:modified`).
    pub state: Option<Utf8PathBuf>,
    /// Exactly these nodes and tests, by dbt's ids, as far as they are there: no selection of dbt's.
    pub exactly: Option<BTreeSet<String>>,
}

impl Selection {
    /// Whether it is everything.
    pub fn is_all(&self) -> bool {
        self.select.is_empty() && self.exclude.is_empty()
    }

    /// The nodes and tests that it means; `None` for all.
    ///
    /// # Errors
    /// What dbt says of it.
    pub fn resolve(&self, session: &Session<'_>, graphs: &Graphs) -> Result<Option<BTreeSet<String>>, Vec<Diagnostic>> {
        if let Some(ids) = &self.exactly {
            return Ok(Some(ids.clone()));
        }
        if self.is_all() {
            return Ok(None);
        }
        let (mut selected, mut problems) = (BTreeSet::new(), Vec::new());
        thread::scope(|scope| {
            let running: Vec<_> = session
                .computes
                .iter()
                .map(|compute| (compute, scope.spawn(move || self.ask(session, compute))))
                .collect();
            for (compute, handle) in running {
                match handle.join() {
                    Ok(Ok(ids)) => selected.extend(
                        ids.into_iter()
                            .filter(|id| plan::home_of(graphs, session, id).is_some_and(|owner| owner == *compute)),
                    ),
                    Ok(Err(problem)) => problems.push(problem),
                    Err(payload) => std::panic::resume_unwind(payload),
                }
            }
        });
        // All of them read the same words: one answer will do.
        problems.truncate(1);
        if problems.is_empty() { Ok(Some(selected)) } else { Err(problems) }
    }

    fn ask(&self, session: &Session<'_>, compute: &str) -> Result<Vec<String>, Diagnostic> {
        let folder = session.place.dbt(&session.environment).join("select").join(compute);
        session.place.make(&folder)?;
        let mut args = Vec::new();
        for (flag, values) in [("--select", &self.select), ("--exclude", &self.exclude)] {
            args.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        if let Some(state) = &self.state {
            args.extend(["--state".to_owned(), state.to_string()]);
        }
        let (mut found, mut failure) = (None, None);
        let ended =
            session.quietly(compute, &folder, ("ls", args), partial_parse(session, compute), |event| match event {
                Event::Ids { ids } => found = Some(ids),
                Event::End { error: Some(error), .. } => failure = Some(error),
                _ => {}
            })?;
        found.filter(|_| failure.is_none()).ok_or_else(|| {
            Diagnostic::error(
                &SELECTION,
                format!("dbt cannot make out the selection: {}", one_line(&failure.unwrap_or(ended.said))),
                "write it as for `dbt build`: `--select orders+`, `--select tag:nightly`, `--exclude path:models/staging`",
            )
        })
    }
}
