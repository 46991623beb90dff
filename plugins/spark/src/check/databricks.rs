//! `method: http`: a Databricks cluster over HTTPS, as dbt-spark reaches it through Thrift's `THttpClient`.

use std::sync::Arc;

use floe_plugin_api::{PluginResult, Secret, Warning};
use floe_plugin_common::check::address::{self, Address};
use floe_plugin_common::check::databricks::{Cluster, Words, cluster_state};
use floe_plugin_common::check::http::{Client, HeaderMap, HeaderValue, basic};
use floe_plugin_common::check::kept::Holding;
use floe_plugin_common::check::proxy::{Proxy, variable};
use floe_plugin_common::check::{Roots, Run, Tls, Verify, unchecked};
use floe_plugin_common::wrong;

use super::explain::Explain;
use super::{place, schema};
use crate::config::Settings;
use crate::hive_server::{Http, Session};

/// What this plugin's settings call things.
const WORDS: Words = Words {
    credential: "token",
    credential_help: "make a new access token in the workspace, and put it where `token` refers to",
    cluster_help: "check `cluster`: the id is in the address of the cluster's page",
};

pub(super) fn check(settings: &Settings, run: &mut Run, kept: &mut Holding<'_, Arc<Client>>) -> PluginResult<String> {
    let (host, port) = place(settings)?;
    let at = format!("`{host}` port {port}");

    let proxy = proxy_of_dbt(&host, port, &variable)?;
    if let Some(proxy) = &proxy {
        run.details.other.insert("proxy".to_owned(), proxy.to_string().into());
        if !proxy.is_plain_http() {
            run.degrade(unchecked(
                format!(
                    "dbt goes through the proxy {proxy} of `{}`, whose protocol a check does not speak",
                    proxy.variable()
                ),
                "run `dbt debug`, which takes this way",
            ));
            return Ok(format!("{at} was not checked"));
        }
    }
    kept.check(
        run,
        |run| reach(run, proxy.as_ref(), &host, port).map(Arc::new),
        |run, client| look(settings, run, client, &host, port),
    )
}

/// Asks for the state of the cluster, and for what a session tells where it runs. The connection is kept, but no session: it
/// would keep the cluster from going to sleep.
fn look(settings: &Settings, run: &mut Run, client: &Arc<Client>, host: &str, port: u16) -> PluginResult<String> {
    let at = format!("`{host}` port {port}");
    let token = settings.token.as_ref().map(Secret::expose).unwrap_or_default();
    let cluster_id = settings.cluster.as_deref().unwrap_or_default();
    let organization = settings.organization.as_deref().unwrap_or("0");
    let state = run.step("cluster", |_| cluster_state(client, &bearer(token)?, cluster_id, &at, &WORDS))?;
    match state {
        Cluster::Off(state) => {
            run.details.will_start = Some(true);
            run.degrade(
                Warning::new(
                    "will_start",
                    format!("the cluster `{cluster_id}` is {state}: dbt's first statement starts it"),
                )
                .with_help("that takes minutes; `connect_retries` and `connect_timeout` have dbt wait for it"),
            );
            return Ok(format!("{at} takes the token; the cluster is {state}, so no session was opened"));
        }
        Cluster::Starts(state) => {
            run.degrade(
                Warning::new("starting", format!("the cluster `{cluster_id}` is {state}: it takes no statement yet"))
                    .with_help("wait until it runs; `connect_retries` and `connect_timeout` have dbt wait for it"),
            );
            return Ok(format!("{at} takes the token; the cluster is {state}, so no session was opened"));
        }
        Cluster::NoDatabricks => {
            run.details.other.insert("databricks".to_owned(), false.into());
        }
        Cluster::Runs => {}
    }

    let explain = Explain::of(settings, host, port);
    let path = format!("/sql/protocolv1/o/{organization}/{cluster_id}");
    let mut headers = HeaderMap::new();
    headers.insert("authorization", header(&basic("token", token))?);
    let mut session = run.step("login", |_| {
        let channel = Box::new(Http::new(Arc::clone(client), path, headers));
        // PyHive names the user of the operating system here; the token alone counts.
        Session::open(channel, "token", &settings.session_parameters()).map_err(|error| explain.login(error))
    })?;
    let found = schema::look(settings, &explain, &mut session, run);
    if !session.is_broken() {
        // Where it does not end, Databricks ends it when nobody uses it.
        let _ = session.close();
    }
    Ok(found?.message(&at))
}

fn reach(run: &mut Run, proxy: Option<&Proxy>, host: &str, port: u16) -> PluginResult<Client> {
    let tls = Tls {
        // Thrift's client takes Python's own context: what this machine trusts, or `SSL_CERT_FILE`.
        roots: Roots::System,
        verify: Verify::Full,
        client: None,
        trust_help: "set `SSL_CERT_FILE` to a PEM file with the certificate of the server's authority, where dbt and floe run",
    };
    address::open(run, &Address::https(host, port), &tls, proxy)
}

fn bearer(token: &str) -> PluginResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", header(&format!("Bearer {token}"))?);
    Ok(headers)
}

fn header(text: &str) -> PluginResult<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        wrong(
            "token",
            "`token` holds a character that no HTTP header can carry",
            "check what `token` refers to: a line break at its end is the usual cause",
        )
    })
}

/// The proxy, as Python's urllib finds it: unlike others it knows no `ALL_PROXY`.
fn proxy_of_dbt(host: &str, port: u16, variables: &dyn Fn(&str) -> Option<String>) -> PluginResult<Option<Proxy>> {
    let own = |name: &str| if name.eq_ignore_ascii_case("all_proxy") { None } else { variables(name) };
    let Some(proxy) = Proxy::of_environment(true, host, port, &own)? else { return Ok(None) };
    let text = own(proxy.variable()).unwrap_or_default();
    // The text may hold a password.
    if text.contains('@') {
        return Err(wrong(
            "proxy",
            format!(
                "`{}` holds a user for the proxy, on which dbt-spark's library (Thrift below 0.23) fails",
                proxy.variable()
            ),
            format!("use a proxy without a login, or name `{host}` in `NO_PROXY` where no proxy is needed"),
        ));
    }
    if !text.contains("://") {
        return Err(wrong(
            "proxy",
            format!("`{}` is no URL, which dbt-spark's library cannot read", proxy.variable()),
            "write it as `http://proxy.example:3128`",
        ));
    }
    Ok(Some(proxy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> String {
        let read = |asked: &str| (asked == name).then(|| text.to_owned());
        match proxy_of_dbt("dbc.example", 443, &read) {
            Ok(proxy) => proxy.map_or_else(|| "none".to_owned(), |proxy| proxy.to_string()),
            Err(error) => error.message,
        }
    }

    #[test]
    fn the_proxy_as_dbt_finds_it() {
        assert_eq!(found("https_proxy", "http://proxy.example:3128"), "http://proxy.example:3128");
        assert_eq!(found("ALL_PROXY", "http://proxy.example:3128"), "none");
        insta::assert_snapshot!(found("HTTPS_PROXY", "http://floe:hunter2@proxy.example:3128"));
        insta::assert_snapshot!(found("HTTPS_PROXY", "proxy.example:3128"));
    }

    #[test]
    fn a_token_with_a_line_break_is_told() {
        assert_eq!(bearer("dapi1\n").unwrap_err().reason.as_deref(), Some("token"));
    }
}
