//! One statement, from its sending to its end.

use std::thread;
use std::time::Duration;

use floe_plugin_common::check::http::Answer;

use super::answer::Results;
use super::explain::Fault;
use super::probe::Probe;
use super::server::Server;
use super::session::Session;

/// The pause between two looks at a statement that is not done. Trino itself waits up to a second before it answers; a
/// server that answers at once is not to be asked without end.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of a statement.
pub(super) enum Outcome {
    /// The first column of its rows.
    Rows(Vec<String>),
    /// The server took it, and named another place for what follows.
    Elsewhere(String),
}

/// Runs a probe to its end. One that is not done in time is cancelled.
///
/// # Errors
/// What went wrong, to be explained.
pub(super) fn run(server: &Server, session: &mut Session, probe: &Probe<'_>) -> Result<Outcome, Fault> {
    let headers = session.headers().map_err(Fault::Said)?;
    let mut rows = Vec::new();
    let mut answer = server.send("POST", "/v1/statement", &headers, probe.sql().as_bytes()).map_err(Fault::Said)?;
    loop {
        session.update(&answer.headers);
        let page = page(answer)?;
        rows.extend(page.texts());
        let Some(next) = page.next_uri.as_deref() else { return Ok(Outcome::Rows(rows)) };
        let path = match server.path_of(next) {
            Ok(path) => path.to_owned(),
            Err(origin) => return Ok(Outcome::Elsewhere(origin)),
        };
        let late = |fault: Fault| {
            server.cancel(&path, &headers);
            match fault {
                Fault::Said(error) if error.reason.as_deref() == Some("deadline") => {
                    Fault::Late { sql: probe.sql(), state: page.stats.state.clone() }
                }
                other => other,
            }
        };
        if server.is_late() {
            server.cancel(&path, &headers);
            return Err(Fault::Late { sql: probe.sql(), state: page.stats.state.clone() });
        }
        thread::sleep(PAUSE);
        answer = server.send("GET", &path, &headers, &[]).map_err(Fault::Said).map_err(late)?;
    }
}

/// A page out of an answer.
fn page(answer: Answer) -> Result<Results, Fault> {
    if answer.status != 200 {
        return Err(Fault::Status(Box::new(answer)));
    }
    match Results::read(&answer.body) {
        None => Err(Fault::NotTrino),
        Some(Results { error: Some(error), .. }) => Err(Fault::Query(error)),
        Some(page) => Ok(page),
    }
}
