//! Snowflake: fakesnow behind a gate that judges logins. Whom TLS trusts is `REQUESTS_CA_BUNDLE` of floe's process.

use floe_tests::servers::snowflake::{ACCOUNT, PASSWORD, Snowflake};

use crate::stage::{Column, Stage};

const OLD_TOKEN: &str = "ver:1-hint:0ld";

fn settings(host: &str, port: u16, more: &str) -> String {
    format!(
        "account: {ACCOUNT}, host: {host}, port: {port}, user: dbt, warehouse: etl, schema: sales, \
         password: {{secret: {{source: env, name: SNOWFLAKE_PASSWORD}}}}, {more}"
    )
}

pub(crate) fn column(stage: &Stage) -> Column {
    let account = Snowflake::start();
    account.change(|state| state["expired"] = vec![OLD_TOKEN].into());
    let on = |more: &str| settings("127.0.0.1", account.port(), &format!("protocol: http, {more}"));
    let lake = "database: lake, role: transformer";
    let [unknown, refused, hole, silent, another] = stage.places(|host, port| settings(host, port, lake));
    let [untrusted, wrong_host, expired] = stage.bad_tls().map(|port| settings("127.0.0.1", port, lake));
    Column {
        engine: "snowflake",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            settings("127.0.0.1", account.port(), lake),
            on(lake).replace("SNOWFLAKE_PASSWORD", "WRONG_PASSWORD"),
            on(lake)
                .replace("password:", "authenticator: oauth, token:")
                .replace("SNOWFLAKE_PASSWORD", "SNOWFLAKE_OLD_TOKEN"),
            on("database: nowhere, role: transformer"),
            on("database: lake, role: accountadmin"),
            format!("{another}, protocol: http"),
        ],
        variables: vec![
            ("SNOWFLAKE_PASSWORD", PASSWORD.to_owned()),
            ("SNOWFLAKE_OLD_TOKEN", OLD_TOKEN.to_owned()),
            ("REQUESTS_CA_BUNDLE", stage.trusted_file()),
        ],
        secrets: vec![PASSWORD.to_owned(), OLD_TOKEN.to_owned()],
        servers: vec![Box::new(account)],
    }
}
