//! The step `authorise`: who one is, which Spark it is, and the schema.

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::Run;

use super::explain::Explain;
use super::probe::Probe;
use crate::config::Settings;
use crate::hive_server::{Error, Session};

/// What a session tells of its engine.
pub(super) struct Found {
    version: String,
    schema: String,
    is_there: bool,
}

impl Found {
    /// The sentence of a result that is not unhealthy.
    pub(super) fn message(&self, at: &str) -> String {
        let Self { version, schema, is_there } = self;
        if *is_there {
            format!("Spark {version} at {at} answers and has the schema `{schema}`")
        } else {
            format!("Spark {version} at {at} answers; dbt will make the schema `{schema}`, which does not exist yet")
        }
    }
}

/// Asks a session.
pub(super) fn look(
    settings: &Settings,
    explain: &Explain<'_>,
    session: &mut Session,
    run: &mut Run,
) -> PluginResult<Found> {
    run.step("authorise", |run| ask(settings, explain, session, run))
}

fn ask(settings: &Settings, explain: &Explain<'_>, session: &mut Session, run: &mut Run) -> PluginResult<Found> {
    Probe::Use.send(session).map_err(|error| explain.statement(error, "default"))?;
    let version = session.version().map_err(|error| explain.statement(error, ""))?;
    run.details.server_version = Some(version.clone());
    run.details.user = match Probe::User.send(session) {
        Ok(user) => user,
        // Spark before 3.2 does not know the function: then the login is all that is known.
        Err(Error::Server(_)) => settings.user.clone(),
        Err(error) => return Err(explain.statement(error, "")),
    };
    let schema = settings.schema.clone();
    let is_there = session.has_schema(&schema).map_err(|error| explain.statement(error, &schema))?;
    if is_there {
        Probe::Describe(&schema).send(session).map_err(|error| explain.statement(error, &schema))?;
    } else {
        // dbt begins a run with `create schema if not exists`, and `dbt debug` passes without the schema.
        run.note(
            Warning::new(
                "no_such_database",
                format!("the schema `{schema}` does not exist: dbt makes it when it first runs"),
            )
            .with_help("check that the user may make schemas, and that the name is the one you mean"),
        );
    }
    Ok(Found { version, schema, is_there })
}
