//! Redshift: PostgreSQL behind pgbouncer.

use floe_tests::servers::postgres::{self, Endpoint};

use crate::stage::{Column, NONE, Stage, WRONG};

const SHOP: &str = "database: shop, schema: marts";

fn settings(host: &str, port: u16, sslmode: &str, more: &str) -> String {
    format!(
        "host: {host}, port: {port}, user: {}, password: {{secret: {{source: env, name: REDSHIFT_PASSWORD}}}}, \
         sslmode: {sslmode}, {more}",
        postgres::USER
    )
}

pub(crate) fn column(stage: &Stage) -> Column {
    let tls = stage.bad_certificates().map(|certificate| Endpoint::with_tls(&certificate));
    let endpoint = Endpoint::plain();
    let port = endpoint.port;
    let here = |more: &str| settings("127.0.0.1", port, "disable", more);
    let [unknown, refused, hole, silent, another] = stage.places(|host, port| settings(host, port, "disable", SHOP));
    let [untrusted, wrong_host, expired] =
        tls.each_ref().map(|endpoint| settings("127.0.0.1", endpoint.port, "verify-full", SHOP));
    Column {
        engine: "redshift",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            settings("127.0.0.1", postgres::shared().port, "prefer", SHOP),
            here(SHOP).replace("REDSHIFT_", "WRONG_"),
            NONE.to_owned(),
            here("database: nowhere, schema: marts"),
            here("database: shop, schema: vault"),
            another,
        ],
        variables: vec![("REDSHIFT_PASSWORD", postgres::PASSWORD.to_owned())],
        secrets: vec![postgres::PASSWORD.to_owned(), WRONG.to_owned()],
        servers: vec![Box::new(tls), Box::new(endpoint)],
    }
}
