//! The live check.
//!
//! First the way that dbt takes: names, sockets, the proxy, TLS. Then the login, as snowflake-connector-python does it, with
//! dbt's user and role; then `SHOW` statements about warehouse, database and schema, which no warehouse works on; then the end
//! of the session. Ways to log in that need a person, or the cloud of the workload, end before the login, and the answer says
//! so.

mod credential;
mod explain;
mod place;
mod probe;
mod rows;
mod session;
mod token;
mod warehouse;
mod way;

pub use probe::PROBE_STATEMENTS;

use std::path::Path;
use std::sync::Arc;

use floe_plugin_api::{CheckRequest, ConnectionResult, PluginResult};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::proxy::Variables;
use floe_plugin_common::wrong;

use crate::config::{Account, Login, Settings};
use crate::rules;
use credential::Credential;
use session::Session;
use way::Way;

/// Connections that checks were to keep.
pub(crate) type Connections = Kept<Session>;

/// What the steps share.
struct Context<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The account.
    pub account: &'a Account,
    /// Where it is: `` `acme-shop.snowflakecomputing.com` port 443 ``.
    pub at: String,
}

impl Context<'_> {
    /// The user, in messages.
    fn user(&self) -> String {
        self.settings.user.as_ref().map_or_else(|| "the user of the token".to_owned(), |user| format!("user `{user}`"))
    }

    /// The role in force, in messages.
    fn role(&self, session: &Session) -> String {
        let role = session.login.role.as_ref().or(self.settings.role.as_ref());
        role.map_or_else(|| format!("the default role of {}", self.user()), |role| format!("the role `{role}`"))
    }
}

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
    let key =
        settings.private_key_path.iter().map(|path| Path::new(&request.project_dir).join(path)).collect::<Vec<_>>();
    let mut kept = kept.hold(request, Fingerprint::of(request, &key), &run);
    let found = all(&settings, request, variables, &mut run, &mut kept);
    drop(kept);
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(
    settings: &Settings,
    request: &CheckRequest,
    variables: Variables<'_>,
    run: &mut Run,
    kept: &mut Holding<'_, Session>,
) -> PluginResult<String> {
    rules::verify(settings)?;
    // An expression that came to nothing is none here either.
    let account = Account::parse(&settings.account)
        .map_err(|_| wrong("account", "`account` is no account identifier", "check what its expression comes to"))?;
    run.details.database = Some(settings.database.clone());
    run.details.schema = Some(settings.schema.clone());
    run.details.role.clone_from(&settings.role);
    let credential = credential::of(settings, &request.project_dir)?;
    let way = Way::to_account(settings, &account, &request.project_dir, variables)?;
    way.say(run);
    let context = Context { settings, account: &account, at: way.address.at() };
    let tokens = Way::to_tokens(&account, &request.project_dir, variables)?;
    let needs_token = matches!(credential, Ok(Credential::Refresh(_)));
    if let Some(left_out) = way.left_out().or_else(|| tokens.left_out().filter(|_| needs_token)) {
        run.degrade(left_out);
        return Ok(format!(
            "`{}` was not reached: the way to it goes through a proxy that a check cannot use",
            way.address.host
        ));
    }
    let credential = match credential {
        Ok(credential) => credential,
        Err(left_out) => {
            way.open(run)?;
            run.degrade(left_out);
            return Ok(format!("{} takes connections; nobody logged in", context.at));
        }
    };
    if let Some(untrusted) = untrusted_host(settings, &way, variables) {
        return Err(untrusted);
    }
    kept.check(run, |run| open(run, &context, &way, &tokens, credential), |run, session| look(run, session, &context))
}

/// Reaches the account and logs in; with a refresh token after a look at the server that gives tokens.
fn open(
    run: &mut Run,
    context: &Context<'_>,
    way: &Way,
    tokens: &Way,
    credential: Credential,
) -> PluginResult<Session> {
    let Credential::Refresh(refresh) = credential else {
        let client = Arc::new(way.open(run)?);
        return log_in(run, &client, context, &credential).map_err(|(error, _)| error);
    };
    let mut access = token::access(run, context.settings, tokens, &refresh)?;
    let client = Arc::new(way.open(run)?);
    let by = |token: &floe_plugin_api::Secret| Credential::Token { authenticator: "OAUTH", token: token.clone() };
    let mut tried = log_in(run, &client, context, &by(&access.token));
    if access.kept && tried.as_ref().is_err_and(|(_, is_credential)| *is_credential) {
        // It was revoked meanwhile: another one is asked for, once.
        access.forget();
        access = token::access(run, context.settings, tokens, &refresh)?;
        tried = log_in(run, &client, context, &by(&access.token));
    }
    if tried.is_err() {
        access.forget();
    }
    tried.map_err(|(error, _)| error)
}

/// Logs in: the step `login`. An error comes with whether it is about the credential.
fn log_in(
    run: &mut Run,
    client: &Arc<Client>,
    context: &Context<'_>,
    credential: &Credential,
) -> Result<Session, (floe_plugin_api::PluginError, bool)> {
    let mut is_credential = false;
    let session = run
        .step("login", |_| {
            Session::open(client, context.settings, context.account, credential).map_err(|fault| {
                is_credential = explain::is_credential(&fault);
                explain::login(fault, context, credential.fingerprint().as_deref())
            })
        })
        .map_err(|error| (error, is_credential))?;
    let login = &session.login;
    run.details.server_version.clone_from(&login.version);
    run.details.user = login.user.clone().or_else(|| context.settings.user.clone());
    if login.role.is_some() {
        run.details.role.clone_from(&login.role);
    }
    Ok(session)
}

/// Looks at what dbt needs.
fn look(run: &mut Run, session: &mut Session, context: &Context<'_>) -> PluginResult<String> {
    let user = run.details.user.as_deref().map(|user| format!(" as `{user}`")).unwrap_or_default();
    let role = run.details.role.as_deref().map(|role| format!(", role `{role}`")).unwrap_or_default();
    let warehouse = warehouse::look(run, session, context)?;
    let place = place::look(run, session, context)?;
    Ok(format!("Snowflake answers at {}{user}{role}{place}{warehouse}", context.at))
}

/// The connector sends a workload's token to Snowflake's own hosts alone (`_verify_host_allowed_for_workload_identity`).
fn untrusted_host(settings: &Settings, way: &Way, variables: Variables<'_>) -> Option<floe_plugin_api::PluginError> {
    const OWN: [&str; 3] = ["snowflakecomputing.com", "snowflakecomputing.cn", "snowflakecomputing.mil"];
    let variable = "SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES";
    let more = variables(variable).unwrap_or_default();
    let host = way.address.host.to_ascii_lowercase();
    let is_below = |suffix: &str| host == suffix || host.ends_with(&format!(".{suffix}"));
    let more = more.split(',').map(|suffix| suffix.trim().trim_end_matches('.').to_ascii_lowercase());
    let known =
        OWN.into_iter().any(is_below) || more.filter(|suffix| !suffix.is_empty()).any(|suffix| is_below(&suffix));
    (settings.login() == Login::WorkloadIdentity && !known).then(|| {
        wrong(
            "host",
            format!("the connector sends a workload's token to hosts of Snowflake alone, and `{host}` is none"),
            format!("leave `host` out, or name its domain in the variable `{variable}` where dbt and floe run"),
        )
    })
}
