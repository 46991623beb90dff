//! The live check.
//!
//! First the way that dbt takes: names, sockets, the proxy, TLS. Then the login, by databricks-sdk's own steps. Then the
//! state of the warehouse or cluster, the catalog and the schema, by requests that start nothing. A login that needs a
//! person, or a file that is not here, ends before that, and the answer says so.

mod api;
mod catalog;
mod compute;
mod discover;
mod login;
mod refusal;
mod variables;
mod way;

use std::sync::Arc;

use floe_plugin_api::{CheckRequest, ConnectionResult, PluginError, PluginResult};
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::oauth::Tokens;
use floe_plugin_common::check::proxy::Variables;
use floe_plugin_common::check::{Run, address, unchecked};

use crate::config::{HttpPath, Login, Settings};
use crate::rules;
use api::Api;
use way::Way;

/// Connections that checks were to keep.
pub(crate) type Connections = Kept<Arc<Client>>;

/// What a check knows before it begins.
struct Context<'a> {
    settings: &'a Settings,
    login: Login,
    project_dir: &'a str,
    variables: Variables<'a>,
    tokens: &'a Tokens,
}

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the workspace is an unhealthy result.
pub(crate) fn validate(
    request: &CheckRequest,
    variables: Variables<'_>,
    tokens: &Tokens,
    kept: &Connections,
) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let files = way::files(&settings, &request.project_dir);
    let mut kept = kept.hold(request, Fingerprint::of(request, &files), &run);
    let found = rules::verify(&settings, request.config.timeout_seconds).and_then(|()| {
        // The rules have refused settings that do not say it.
        let login = settings.login().unwrap_or(Login::Browser);
        let project_dir = request.project_dir.as_str();
        all(&Context { settings: &settings, login, project_dir, variables, tokens }, &mut run, &mut kept)
    });
    drop(kept);
    Ok(run.finish(found.map_err(way::in_our_words)))
}

/// Every step; the message of a result that is not unhealthy.
fn all(context: &Context<'_>, run: &mut Run, kept: &mut Holding<'_, Arc<Client>>) -> PluginResult<String> {
    let settings = context.settings;
    run.details.database = Some(settings.catalog().to_owned());
    run.details.schema = Some(settings.schema.clone());
    variables::look(context, run)?;
    let way = Way::of(context)?;
    way.say(run);
    if let Some(left_out) = way.left_out() {
        run.degrade(left_out);
        return Ok(format!(
            "`{}` was not reached: the way to it goes through a proxy that a check cannot use",
            settings.host
        ));
    }
    let at = way.address.at();
    if context.login == Login::Browser {
        open(&way, run)?;
        if way.goes_elsewhere() {
            try_statements(&way, run)?;
        }
        run.degrade(unchecked(
            "`auth_type: oauth` without a secret needs a person at a browser: nothing behind the login was checked",
            "run `dbt debug`, which opens one; where nobody sits, use `client_id` and `client_secret`",
        ));
        return Ok(format!("{at} answers; nobody logged in"));
    }
    kept.check(run, |run| open(&way, run).map(Arc::new), |run, client| look(context, Arc::clone(client), &way, run))
}

/// Reaches the workspace, and tries the way of statements where it leads to the same place.
fn open(way: &Way, run: &mut Run) -> PluginResult<Client> {
    let client = address::open(run, &way.address, &way.tls, way.proxy.as_ref())?;
    if !way.goes_elsewhere() {
        try_statements(way, run)?;
    }
    Ok(client)
}

/// dbt sends statements by another library than the login, which may trust others. A handshake starts nothing.
fn try_statements(way: &Way, run: &mut Run) -> PluginResult<()> {
    let Some(statements) = &way.statements else { return Ok(()) };
    run.within("statements", |run| {
        address::open(run, &statements.address, &statements.tls, statements.proxy.as_ref()).map(drop)
    })
}

/// Logs in, and looks at what dbt needs.
fn look(context: &Context<'_>, client: Arc<Client>, way: &Way, run: &mut Run) -> PluginResult<String> {
    let settings = context.settings;
    if way.goes_elsewhere() {
        // What is kept says nothing of another place.
        try_statements(way, run)?;
    }
    let workspace = HttpPath::parse(&settings.http_path).and_then(|path| path.workspace);
    let mut api = Api::new(client, way.address.at(), workspace);
    let credential = login::log_in(context, &mut api, way, run)?;
    api.carry(&credential)?;
    who(context, &mut api, &credential, way, run)?;
    let state = compute::look(context, &api, run)?;
    let place = catalog::look(context, &api, run)?;
    let user = run.details.user.as_deref().map(|user| format!(" as `{user}`")).unwrap_or_default();
    Ok(format!("Databricks answers at {}{user}; {state}; {place}", api.at()))
}

/// Asks as whom Databricks sees the token. One that was kept and is refused was revoked: then a new one counts.
fn who(
    context: &Context<'_>,
    api: &mut Api,
    credential: &login::Credential,
    way: &Way,
    run: &mut Run,
) -> PluginResult<()> {
    let refused = |error: &PluginError| matches!(error.reason.as_deref(), Some("credential" | "expired"));
    let first = run.step("login", |run| api.who(context.login, run));
    if !first.as_ref().is_err_and(refused) {
        return first;
    }
    credential.forget(context.tokens);
    if !credential.is_kept() {
        return first;
    }
    let credential = login::log_in(context, api, way, run)?;
    api.carry(&credential)?;
    let second = run.step("login", |run| api.who(context.login, run));
    if second.as_ref().is_err_and(refused) {
        credential.forget(context.tokens);
    }
    second
}
