//! The database and the schema.

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::Run;

use super::Context;
use super::explain::{failed, statement};
use super::probe::{Probe, means};
use super::session::Session;
use super::warehouse::{unquoted, unread};

/// Looks at both; what to add to the message.
///
/// # Errors
/// Where there is no such database.
pub(super) fn look(run: &mut Run, session: &mut Session, context: &Context<'_>) -> PluginResult<String> {
    let (database, schema) = (&context.settings.database, &context.settings.schema);
    let place = format!("`{database}`.`{schema}`");
    let databases = run.step("database", |_| {
        session.ask(&Probe::Database(unquoted(database))).map_err(|fault| statement(fault, context))
    })?;
    let Some(databases) = databases else {
        run.degrade(unread("database and schema"));
        return Ok(format!("; {place} was not looked at"));
    };
    let found = databases.named(|name| means(database, name)).and_then(|row| row.get("name")).map(str::to_owned);
    let Some(found) = found else {
        return Err(failed(
            "no_such_database",
            format!("{} has no database `{database}` that {} may see", context.at, context.role(session)),
            "check `database` and `role`; `GRANT USAGE ON DATABASE … TO ROLE …` lets a role see one",
        ));
    };
    let schemas = run.step("schema", |_| {
        let probe = Probe::Schema { database: &found, schema: unquoted(schema) };
        session.ask(&probe).map_err(|fault| statement(fault, context))
    })?;
    let Some(schemas) = schemas else {
        run.degrade(unread("the schema"));
        return Ok(format!("; {place} was not looked at"));
    };
    if schemas.named(|name| means(schema, name)).is_some() {
        return Ok(format!(", with {place}"));
    }
    run.degrade(
        Warning::new(
            "no_such_schema",
            format!(
                "the database `{database}` has no schema `{schema}` that {} may see; whether dbt may make it, a check cannot \
                 find out",
                context.role(session)
            ),
        )
        .with_help(
            "let dbt make it with its first run, where the role may (`GRANT CREATE SCHEMA ON DATABASE … TO ROLE …`); else \
             check `schema`",
        ),
    );
    Ok(format!("; {place} does not exist yet"))
}
