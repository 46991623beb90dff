//! `floe health --watch`, through the binary, on real engines and real plugins.

mod credentials;
mod engines;
mod files;
mod output;
mod workers;

use std::process::Command;

use floe_tests::Project;
use floe_tests::background::Background;
use floe_tests::servers::postgres::{PASSWORD, USER};
use serde_json::Value;

/// Settings of a compute on a PostgreSQL, with its password by reference.
fn redshift(name: &str, port: u16, password: &str) -> String {
    format!(
        "{{name: {name}, plugin: redshift, config: {{host: 127.0.0.1, port: {port}, database: shop, schema: public, \
         user: {USER}, sslmode: disable, password: {{secret: {password}}}}}}}"
    )
}

/// A watch in JSON Lines.
fn watch(project: &Project, interval: &str, more: &[&str]) -> Background {
    Background::start(&mut command(project, interval, more))
}

fn command(project: &Project, interval: &str, more: &[&str]) -> Command {
    let fixed = ["health", "--watch", "--format", "json", "--interval", interval];
    let mut command = project.command(&[&fixed, more].concat());
    command.env("PG_PASSWORD", PASSWORD);
    command
}

/// Whether an event is the change of a compute to a status.
fn is(event: &Value, compute: &str, status: &str) -> bool {
    event["event"] == "status" && event["compute"] == compute && event["status"] == status
}
