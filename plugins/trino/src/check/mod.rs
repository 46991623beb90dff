//! The live check.
//!
//! First the way that dbt takes: names, sockets, the proxy, TLS. Then the coordinator's `/v1/info`, which it shows to
//! everyone. Then a statement as dbt's own user, with dbt's own headers, and a look at the catalog and schema. Methods
//! whose credential only a Python library or a person has end before that, and the answer says so.

mod answer;
mod explain;
mod info;
mod probe;
mod query_error;
mod server;
mod session;
mod statement;
mod way;

pub use probe::PROBE_STATEMENTS;

use floe_plugin_api::{CheckRequest, ConnectionResult, ErrorKind, PluginResult, Warning};
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::proxy::Variables;
use floe_plugin_common::check::{Run, unchecked};

use crate::config::{Method, Settings};
use crate::profile::with_floe_settings;
use info::Info;
use probe::Probe;
use server::Server;
use session::Session;
use statement::Outcome;
use way::Way;

/// Connections that checks were to keep.
pub(crate) type Connections = Kept<Server>;

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the server is an unhealthy result.
pub(crate) fn validate(
    request: &CheckRequest,
    variables: Variables<'_>,
    kept: &Connections,
) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let files = way::files(&settings, &request.project_dir);
    let mut kept = kept.hold(request, Fingerprint::of(request, &files), &run);
    let found = all(settings, request, variables, &mut run, &mut kept);
    drop(kept);
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(
    settings: Settings,
    request: &CheckRequest,
    variables: Variables<'_>,
    run: &mut Run,
    kept: &mut Holding<'_, Server>,
) -> PluginResult<String> {
    let settings = {
        let seconds = request.config.timeout_seconds;
        with_floe_settings(settings, seconds, seconds.map(|seconds| seconds.to_string()))?
    };
    run.details.database = Some(settings.database.clone());
    run.details.schema = Some(settings.schema.clone());
    run.details.role = role(&settings);
    let way = Way::of(&settings, &request.project_dir, variables)?;
    way.say(&settings, run);
    if let Some(left_out) = way.left_out() {
        run.degrade(left_out);
        return Ok(format!(
            "`{}` was not reached: the way to it goes through a proxy that a check cannot use",
            settings.host
        ));
    }
    let session = Session::of(&settings, &request.correlation_id)?;
    kept.check(
        run,
        |run| Server::reach(run, &settings, &way),
        |run, server| look(run, server, session.clone(), &settings),
    )
}

/// What is asked of the coordinator.
fn look(run: &mut Run, server: &Server, mut session: Session, settings: &Settings) -> PluginResult<String> {
    let info = run.step("info", |_| info::ask(server, &session))?;
    if let Some(version) = info.version() {
        run.details.server_version = Some(version.to_owned());
    }
    info.say(run);
    let engine = info.engine();
    if let Some(left_out) = not_logged_in(settings) {
        run.degrade(left_out);
        return Ok(format!("{engine} answers at {}; nobody logged in", server.at()));
    }
    if !login(run, server, &mut session, settings, &info)? {
        return Ok(format!("{engine} answers at {} and takes the login", server.at()));
    }
    let user = run.details.user.as_deref().or_else(|| settings.session_user());
    let who = user.map(|user| format!(" as `{user}`")).unwrap_or_default();
    let message = format!("{engine} answers at {}{who}", server.at());
    let place = format!("`{}`.`{}`", settings.database, settings.schema);
    Ok(match authorise(run, server, &mut session, settings)? {
        Place::There => format!("{message}, with {place}"),
        Place::NotYet => format!("{message}; {place} does not exist yet"),
        Place::Unknown => format!("{message}; {place} was not looked at"),
    })
}

/// The roles in force, as they are sent.
fn role(settings: &Settings) -> Option<String> {
    let roles = settings.roles.as_ref().filter(|roles| !roles.is_empty())?;
    let listed: Vec<String> = roles.iter().map(|(catalog, role)| format!("{catalog}={role}")).collect();
    Some(listed.join(", "))
}

/// Why a check ends before the login, where it does.
fn not_logged_in(settings: &Settings) -> Option<Warning> {
    let help = "run `dbt debug`, which logs in as a run will";
    let method = settings.method();
    if settings.is_galaxy() {
        return Some(unchecked(
            "a statement would wake the cluster of Starburst Galaxy, if it sleeps: login, catalog and schema were not checked",
            help,
        ));
    }
    if method.is_kerberos() {
        return Some(unchecked(
            format!(
                "method `{}` needs a Kerberos ticket, which a check does not get: login, catalog and schema were not checked",
                method.as_str()
            ),
            help,
        ));
    }
    if method.is_oauth() {
        return Some(unchecked(
            format!(
                "method `{}` needs a person at a browser: login, catalog and schema were not checked",
                method.as_str()
            ),
            help,
        ));
    }
    None
}

/// Logs in by a statement. Whether others may follow.
fn login(
    run: &mut Run,
    server: &Server,
    session: &mut Session,
    settings: &Settings,
    info: &Info,
) -> PluginResult<bool> {
    let outcome = run.step("login", |_| {
        let first = statement::run(server, session, &Probe::CurrentUser);
        match first {
            Err(fault) if fault.is_unknown_probe() => {
                statement::run(server, session, &Probe::One).map(|outcome| (outcome, true))
            }
            other => other.map(|outcome| (outcome, false)),
        }
        .map_err(|fault| fault.explain(server, settings, info))
    })?;
    match outcome {
        (Outcome::Elsewhere(place), _) => {
            run.degrade(elsewhere(&place, server));
            Ok(false)
        }
        (Outcome::Rows(_), true) => {
            run.note(
                Warning::new(
                    "user_unknown",
                    "the engine does not know `SELECT current_user`: as whom it sees dbt is not known",
                )
                .with_help("nothing, where this engine is not Trino; else see the server's log"),
            );
            Ok(true)
        }
        (Outcome::Rows(rows), false) => {
            run.details.user = rows.into_iter().next();
            Ok(true)
        }
    }
}

fn elsewhere(place: &str, server: &Server) -> Warning {
    Warning::new(
        "next_uri",
        format!("the server sends clients on to {place}, and not to {}, where it was asked: a check does not follow", server.at()),
    )
    .with_help(
        "behind a proxy or load balancer set `http-server.process-forwarded=true` in Trino's config.properties, and have \
         the proxy send `X-Forwarded-Proto`, `-Host` and `-Port`; else run `dbt debug`, which follows",
    )
}

/// What is known of the schema.
enum Place {
    There,
    NotYet,
    Unknown,
}

/// Looks at the catalog and schema.
fn authorise(run: &mut Run, server: &Server, session: &mut Session, settings: &Settings) -> PluginResult<Place> {
    let probe = Probe::Schemas { catalog: &settings.database, schema: &settings.schema };
    let outcome = run.step("authorise", |_| match statement::run(server, session, &probe) {
        Err(fault) if fault.is_unknown_probe() => Ok(None),
        other => other.map(Some).map_err(|fault| fault.explain(server, settings, &Info::silent())),
    })?;
    match outcome {
        None => {
            run.degrade(unchecked(
                "the engine does not know `SHOW SCHEMAS`: catalog and schema were not checked",
                "run `dbt debug`, and a model",
            ));
            Ok(Place::Unknown)
        }
        Some(Outcome::Elsewhere(place)) => {
            run.degrade(elsewhere(&place, server));
            Ok(Place::Unknown)
        }
        // Trino writes names in small letters, whatever a user writes.
        Some(Outcome::Rows(rows)) if rows.iter().any(|name| name.eq_ignore_ascii_case(&settings.schema)) => {
            Ok(Place::There)
        }
        Some(Outcome::Rows(_)) => {
            run.degrade(
                Warning::new(
                    "no_such_schema",
                    format!(
                        "the catalog `{}` has no schema `{}` that the user may see; whether dbt may make it, a check cannot find out",
                        settings.database, settings.schema
                    ),
                )
                .with_help("let dbt make it with its first run, where the user may; else have it made, or check `schema`"),
            );
            Ok(Place::NotYet)
        }
    }
}

/// The kind of a failure of a method's own credential.
pub(super) const CREDENTIAL: (ErrorKind, &str) = (ErrorKind::Connection, "credential");

/// What a method's credential consists of, in the words of the settings.
pub(super) fn credential_keys(method: Method) -> &'static str {
    match method {
        Method::Ldap => "`user` and `password`",
        Method::Jwt => "`jwt_token`",
        Method::Certificate => "`client_certificate` and `client_private_key`",
        _ => "`method`",
    }
}
