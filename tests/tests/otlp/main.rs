//! Metrics, traces and logs, as a receiver of somebody else's takes them: rotel.

mod commands;
mod connections;
mod ends;
mod runs;
mod ways;

use floe_tests::servers::rotel::{All, Received, Rotel};
use floe_tests::{Project, Run};

const SECRET: &str = "n0body-sees-this";

/// A compute where nobody listens.
const REFUSED: &str = "{name: wh, plugin: redshift, config: {host: 127.0.0.1, port: 1, database: shop, schema: marts, \
                       user: dbt, sslmode: disable, password: {secret: {source: env, name: PG_PASSWORD}}}}";

/// Runs a command that exports to a receiver.
fn floe(project: &Project, rotel: &Rotel, arguments: &[&str]) -> Run {
    let mut command = project.command(arguments);
    command.env_remove("FLOE_PLUGIN_PATH").env("PG_PASSWORD", SECRET).envs(rotel.variables());
    Run::of(&mut command)
}

/// What came of it, once the last of its spans is there: that of the command.
fn received(rotel: &Rotel, command: &str) -> All {
    let all = rotel.until("the command's span, its metrics and its logs", |all| {
        all.names().contains(&command) && !all.points.is_empty() && !all.logs.is_empty()
    });
    assert!(!rotel.text().contains(SECRET), "a secret is sent");
    all
}

/// Those attributes that say what a thing is about.
fn about(received: &Received) -> [&str; 4] {
    ["floe.compute", "floe.plugin", "floe.environment", "db.system.name"].map(|name| received.attribute(name))
}
