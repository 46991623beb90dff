//! Trino: dask-sql, a gate before it, and answers as Trino's protocol has them.

use floe_tests::servers::certificates::Kind;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Credential, Dask, Gate, Recorded, Script, failure, page, server_info};

use crate::stage::{Column, Stage};

const PASSWORD: &str = "c0rrect";
/// Of the year 2020: `{"exp": 1600000000}`.
const OLD_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOiAxNjAwMDAwMDAwfQ.c2ln";
const ROOT: &str = "database: dask_sql, schema: root";

fn settings(host: &str, port: u16, more: &str) -> String {
    format!("host: {host}, port: {port}, user: dbt, {more}")
}

fn ldap(port: u16, cert: &str) -> String {
    let more =
        format!("{ROOT}, method: ldap, password: {{secret: {{source: env, name: TRINO_PASSWORD}}}}, cert: {cert}");
    settings("127.0.0.1", port, &more)
}

pub(crate) fn column(stage: &Stage) -> Column {
    let (cert, dask) = (stage.trusted_file(), Dask::start());
    let gate = Gate::start(
        Credential::Password { user: "dbt".into(), password: PASSWORD.into(), may_be: Vec::new() },
        dask.port(),
        "https",
    );
    let gate_tls = TlsProxy::start(&stage.trusted.issue(Kind::Good), gate.port()).port;
    let jwt_gate = Gate::start(Credential::Token("another".into()), dask.port(), "https");
    let jwt_tls = TlsProxy::start(&stage.trusted.issue(Kind::Good), jwt_gate.port()).port;
    let denied = Recorded::start(denying());
    let [unknown, refused, hole, silent, another] = stage.places(|host, port| settings(host, port, ROOT));
    let [untrusted, wrong_host, expired] = stage.bad_tls().map(|port| ldap(port, &cert));
    Column {
        engine: "trino",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            ldap(dask.port(), &cert),
            ldap(gate_tls, &cert).replace("TRINO_", "WRONG_"),
            ldap(jwt_tls, &cert)
                .replace("ldap, password", "jwt, jwt_token")
                .replace("TRINO_PASSWORD", "TRINO_OLD_TOKEN"),
            settings("127.0.0.1", dask.port(), "database: nowhere, schema: root"),
            settings("127.0.0.1", denied.port(), "database: lake, schema: marts"),
            another,
        ],
        variables: vec![("TRINO_PASSWORD", PASSWORD.to_owned()), ("TRINO_OLD_TOKEN", OLD_TOKEN.to_owned())],
        secrets: vec![PASSWORD.to_owned(), OLD_TOKEN.to_owned()],
        servers: vec![Box::new(dask), Box::new(gate), Box::new(jwt_gate), Box::new(denied)],
    }
}

/// A Trino that lets nobody see the catalog, by its public protocol.
fn denying() -> Script {
    let denied = || failure("PERMISSION_DENIED", "USER_ERROR", 4, "Access Denied: Cannot access catalog lake");
    Script::new()
        .info(server_info("476", false))
        .statement("SELECT", vec![page("FINISHED", &["dbt"], false)])
        .statement("SHOW", vec![denied()])
}
