//! What the plugin knows of snowflake-connector-python, asked of the connector itself.

use std::process::Command;

use floe_plugin_snowflake::Account;
use floe_tests::{Run, python, workspace};
use serde_json::json;

#[test]
fn names_of_accounts_are_those_of_the_connector() {
    let script = "import json, sys; from snowflake.connector.util_text import construct_hostname, parse_account; \
                  account = sys.argv[1].replace('_', '-'); \
                  print(json.dumps([construct_hostname(None, account), parse_account(account)]))";
    let environment = python::environment("snowflake", &workspace::root().join("scripts/requirements/snowflake.txt"));
    for text in [
        "acme-shop",
        "acme-my_shop",
        "xy12345.eu-central-1.aws",
        "xy12345.cn-northwest-1.aws",
        "acme-shop.privatelink",
        "acme-k7f2.global",
    ] {
        let run = Run::of(Command::new(environment.join("bin/python")).args(["-c", script, text])).expect(0);
        let account = Account::parse(text).unwrap();
        assert_eq!(run.json(), json!([account.host(), account.name()]), "{text}");
    }
}
