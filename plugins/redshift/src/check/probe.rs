//! Every statement that a check sends goes through here.

use std::io;

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Warning};
use floe_plugin_common::check::{Run, broken};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row};

use super::explain;
use super::login::Session;
use super::server::Server;
use crate::config::Settings;

/// The statements that a check may send, as the crate's documentation lists them.
pub const PROBE_STATEMENTS: [&str; 3] = [
    "SET ROLE <role>",
    "SELECT current_user, version(), has_database_privilege(current_database(), 'CREATE')",
    "SELECT has_schema_privilege(nspname, 'USAGE'), has_schema_privilege(nspname, 'CREATE') FROM pg_namespace WHERE lower(nspname) = lower(<schema>) LIMIT 1",
];

/// Looks at what the user may do: the step `authorise`.
pub(super) fn authorise(
    run: &mut Run,
    session: &mut Session,
    server: &Server,
    settings: &Settings,
) -> PluginResult<String> {
    run.step("authorise", |run| match session.wait(async |client| ask(client, settings).await) {
        None => Err(broken("the look at the user's rights", &server.at, &io::ErrorKind::TimedOut.into())),
        Some(Err(error)) => Err(explain::statement(&server.at, settings, &error)),
        Some(Ok(rights)) => judge(run, &rights, server, settings),
    })
}

/// What the server says of the user.
struct Rights {
    user: String,
    version: String,
    may_create_schemas: bool,
    /// May use it, may build in it; `None` where it does not exist.
    schema: Option<(bool, bool)>,
}

async fn ask(client: &Client, settings: &Settings) -> Result<Rights, Error> {
    if let Some(role) = &settings.role {
        // The rules let nothing but a name come so far.
        client.batch_execute(&PROBE_STATEMENTS[0].replace("<role>", role)).await?;
    }
    let who = client.query_typed_one(PROBE_STATEMENTS[1], &[]).await?;
    let statement = PROBE_STATEMENTS[2].replace("<schema>", "$1");
    let schema = client.query_typed_opt(&statement, &[(&settings.schema, Type::TEXT)]).await?;
    Ok(Rights {
        user: who.try_get(0)?,
        version: who.try_get(1)?,
        may_create_schemas: who.try_get(2)?,
        schema: schema.map(|row: Row| Ok::<_, Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?,
    })
}

fn judge(run: &mut Run, rights: &Rights, server: &Server, settings: &Settings) -> PluginResult<String> {
    let (user, schema, database) = (&rights.user, &settings.schema, settings.database());
    run.details.user = Some(user.clone());
    run.details.server_version = Some(engine_version(&rights.version));
    let denied = |message: String, help: String| {
        Err(PluginError::new(ErrorKind::Connection, message).with_reason("permission").with_help(help))
    };
    match rights.schema {
        Some((true, true)) => {}
        Some((usage, _)) => {
            let missing = if usage { "CREATE" } else { "USAGE, CREATE" };
            return denied(
                format!("the user `{user}` may not build in the schema `{schema}` of `{database}`"),
                format!("have its owner run: GRANT {missing} ON SCHEMA {schema} TO {user}"),
            );
        }
        None if rights.may_create_schemas => run.note(
            Warning::new("no_such_schema", format!("the schema `{schema}` does not exist yet in `{database}`"))
                .with_help("dbt makes it in its first run: the user may"),
        ),
        None => {
            return denied(
                format!("the schema `{schema}` does not exist in `{database}`, and the user `{user}` may make none"),
                format!("have an administrator run: CREATE SCHEMA {schema} AUTHORIZATION {user}"),
            );
        }
    }
    Ok(format!("`{user}` can build in the schema `{schema}` of `{database}` at {}", server.at))
}

/// Redshift names itself at the end: `PostgreSQL 8.0.2 on …, Redshift 1.0.12103`.
fn engine_version(text: &str) -> String {
    match text.split_once("Redshift ") {
        Some((_, version)) => format!("Redshift {version}"),
        None => text.split(" on ").next().unwrap_or(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_tests::probes::{called_in, listed_in_documents};

    #[test]
    fn the_engine_is_named_by_its_own_version() {
        let redshift = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.12103";
        assert_eq!(engine_version(redshift), "Redshift 1.0.12103");
        assert_eq!(engine_version("PostgreSQL 15.18 on x86_64-pc-linux-gnu"), "PostgreSQL 15.18");
    }

    /// FR-004a: no other file of the plugin can reach the driver's means of sending a statement.
    #[test]
    fn nothing_else_sends_statements() {
        let sends = [".batch_execute", ".query", ".execute", ".simple_query", ".prepare", ".copy_"];
        called_in(env!("CARGO_MANIFEST_DIR"), &sends, &["check/probe.rs"]);
    }

    #[test]
    fn the_documents_list_them() {
        listed_in_documents(env!("CARGO_MANIFEST_DIR"), &PROBE_STATEMENTS);
    }
}
