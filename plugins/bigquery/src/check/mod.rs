//! The live check.
//!
//! First the token, as google-auth gets it for dbt: by a key, a refresh token, another identity provider, the metadata
//! server. Then a dry run of `SELECT 1` in the project in which dbt runs its statements: BigQuery looks at the token, the
//! project, the location and the right to run jobs, and runs nothing. Then a look at the dataset. Credentials that only a
//! program of somebody else's can get end before that, and the answer says so.

mod adc;
mod api;
mod api_error;
mod explain;
mod grant;
mod key_file;
mod probe;
mod source;
mod way;

pub use probe::PROBE_STATEMENTS;

use std::sync::Arc;

use floe_plugin_api::{CheckRequest, ConnectionResult, PluginError, PluginResult, Secret, Warning};
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::oauth::Tokens;
use floe_plugin_common::check::proxy::Variables;
use floe_plugin_common::check::{Run, unchecked};

use crate::config::Settings;
use crate::rules;
use api::{Api, Dataset};
use grant::Credential;
use source::Source;
use way::Way;

/// Where Google answers, where no `api_endpoint` says another place.
const GOOGLE: &str = "bigquery.googleapis.com";

/// Connections that checks were to keep.
pub(crate) type Connections = Kept<Arc<Client>>;

/// What a check knows beside the settings.
struct Context<'a> {
    settings: &'a Settings,
    project_dir: &'a str,
    variables: Variables<'a>,
    tokens: &'a Tokens,
}

/// Why a check ends before its last step.
enum Stop {
    /// Something is wrong.
    Failed(PluginError),
    /// It cannot be checked: dbt may work all the same.
    Unchecked(Warning),
}

impl From<PluginError> for Stop {
    fn from(error: PluginError) -> Self {
        Self::Failed(error)
    }
}

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the server is an unhealthy result.
pub(crate) fn validate(
    request: &CheckRequest,
    variables: Variables<'_>,
    tokens: &Tokens,
    kept: &Connections,
) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let context = Context { settings: &settings, project_dir: &request.project_dir, variables, tokens };
    let mut kept = kept.hold(request, Fingerprint::of(request, &[]), &run);
    let found = all(&context, &mut run, &mut kept);
    let found = settle(found, &settings, &mut run);
    drop(kept);
    Ok(run.finish(found))
}

/// What is found where a check may have ended early.
fn settle(found: Result<String, Stop>, settings: &Settings, run: &mut Run) -> PluginResult<String> {
    match found {
        Ok(message) => Ok(message),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Unchecked(warning)) => {
            run.degrade(warning);
            Ok(format!("the project `{}` was not looked at", settings.project()))
        }
    }
}

/// Every step; the message of a result that is not unhealthy.
fn all(context: &Context<'_>, run: &mut Run, kept: &mut Holding<'_, Arc<Client>>) -> Result<String, Stop> {
    let settings = context.settings;
    rules::verify(settings)?;
    run.details.database = Some(settings.project().to_owned());
    run.details.schema = Some(settings.dataset().to_owned());
    run.details.role.clone_from(&settings.impersonate_service_account);
    let way = Way::of(context);
    way.say(run);
    let address = match &settings.api_endpoint {
        Some(text) => Address::parse("api_endpoint", text)?,
        None => Address::https(GOOGLE, 443),
    };
    let source = Source::of(context)?;
    let credential = grant::credential(context, &way, &source, run)?;
    let look = |run: &mut Run, client: &mut Arc<Client>| {
        let api = Api::new(Arc::clone(client), &address, settings, source.quota_project());
        settle(log_in(context, &way, &source, &api, credential.clone(), run), settings, run)
    };
    kept.check(run, |run| way.open(run, &address).map(Arc::new), look)
}

/// The dry run and the dataset; with another token where one that was kept is refused.
fn log_in(
    context: &Context<'_>,
    way: &Way<'_>,
    source: &Source,
    api: &Api<'_>,
    mut credential: Credential,
    run: &mut Run,
) -> Result<String, Stop> {
    if credential.is_kept() {
        run.details.other.insert("token".to_owned(), "kept in memory".into());
        let tried = run.step("login", |_| api.dry_run(&credential.token));
        match tried {
            Err(error) if matches!(error.reason.as_deref(), Some("credential" | "expired")) => {
                // It was revoked meanwhile.
                credential.forget(context.tokens);
                run.details.other.shift_remove("token");
                credential = grant::credential(context, way, source, run)?;
            }
            Err(error) => return Err(error.into()),
            Ok(user) => return Ok(look(context, api, &credential.token, user, run)?),
        }
    }
    let user = run.step("login", |_| api.dry_run(&credential.token))?;
    Ok(look(context, api, &credential.token, user, run)?)
}

/// Looks at the dataset.
fn look(
    context: &Context<'_>,
    api: &Api<'_>,
    token: &Secret,
    user: Option<String>,
    run: &mut Run,
) -> PluginResult<String> {
    let settings = context.settings;
    let who = user.as_deref().map(|user| format!(" as `{user}`")).unwrap_or_default();
    run.details.user = user;
    let found = run.step("authorise", |_| api.dataset(token))?;
    let (project, dataset) = (settings.project(), settings.dataset());
    let message = format!("BigQuery takes statements in the project `{}`{who}", settings.execution_project());
    match found {
        Dataset::There { location } => {
            run.details.other.insert("location".to_owned(), location.into());
            Ok(format!("{message}, with `{project}`.`{dataset}`"))
        }
        Dataset::Missing => {
            run.degrade(
                Warning::new(
                    "no_such_schema",
                    format!(
                        "the project `{project}` has no dataset `{dataset}`; whether dbt may make it, a check cannot find out"
                    ),
                )
                .with_help("let dbt make it with its first run, where the user may; else have it made, or check `dataset`"),
            );
            Ok(format!("{message}; `{project}`.`{dataset}` does not exist yet"))
        }
    }
}

/// A credential that a check does not get.
fn not_here(what: &str) -> Stop {
    Stop::Unchecked(unchecked(
        format!("{what}: login, project and dataset were not checked"),
        "run `dbt debug`, which logs in as a run will",
    ))
}
