//! Credentials that change while a watch goes on.

use std::fs;
use std::os::unix::fs::symlink;

use floe_tests::Project;
use floe_tests::servers::postgres::{Postgres, USER};
use rustix::process::Signal;
use serde_json::Value;

use super::{command, is, redshift};
use floe_tests::background::{Background, wait_until};

const SECOND: &str = "s3cond-pa55word";

fn rotate(server: &Postgres, password: &str) {
    server.sql("shop", &format!("ALTER USER {USER} PASSWORD '{password}'"));
}

fn statuses(events: &[Value]) -> Vec<String> {
    let told = events.iter().map(|event| match event["status"].as_str() {
        Some(status) => status.to_owned(),
        None => event["event"].as_str().unwrap_or_default().to_owned(),
    });
    told.collect()
}

/// As Kubernetes mounts a secret: a link to a folder, which is switched.
#[test]
fn a_mounted_secret_that_is_rotated() {
    let server = Postgres::start();
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
    rotate(&server, "f1rst-pa55word");
    let project = Project::new()
        .approving("wh", &[&redshift("wh", server.port, "{source: file, name: secrets/live, key: password}")]);
    project.write("secrets/one/password", "f1rst-pa55word\n");
    project.write("secrets/two/password", &format!("{SECOND}\n"));
    let live = project.path("secrets/live");
    symlink("one", &live).expect("a link");
    let watch = Background::start(&mut command(&project, "200ms", &[]));
    watch.until("healthy", |event| is(event, "wh", "healthy"));
    let before = server.backends(USER);

    rotate(&server, SECOND);
    symlink("two", project.path("secrets/next")).expect("a link");
    fs::rename(project.path("secrets/next"), &live).expect("it is switched");
    watch.until("changed", |event| event["event"] == "credentials_changed");
    wait_until("it logs in anew", || {
        let now = server.backends(USER);
        !now.is_empty() && now != before
    });
    assert_eq!(statuses(&watch.events()), ["healthy", "credentials_changed"], "it was never unhealthy");
    let ended = watch.end(Signal::TERM);
    assert!(!ended.stdout.contains(SECOND) && !ended.stderr.contains(SECOND));
}

#[test]
fn a_file_of_variables_that_is_rotated() {
    let server = Postgres::start();
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
    rotate(&server, "f1rst=\"pa55\" $word");
    let project = Project::new().approving("wh", &[&redshift("wh", server.port, "{source: env, name: PG_PASSWORD}")]);
    project.write("secrets.env", "# made by the vault's agent\nPG_PASSWORD=f1rst=\"pa55\" $word\n");
    // What the process itself has counts for less.
    let watch = Background::start(&mut command(&project, "200ms", &["--env-file", "secrets.env"]));
    watch.until("healthy", |event| is(event, "wh", "healthy"));

    rotate(&server, SECOND);
    project.write("secrets.new", &format!("PG_PASSWORD={SECOND}\n"));
    fs::rename(project.path("secrets.new"), project.path("secrets.env")).expect("it is moved");
    watch.until("changed", |event| event["event"] == "credentials_changed");
    fs::remove_file(project.path("secrets.env")).expect("it is removed");
    let event = watch.until_after(2, "unhealthy", |event| is(event, "wh", "unhealthy"));
    assert_eq!(event["code"], "F0709", "{event:#}");
    project.write("secrets.env", &format!("PG_PASSWORD={SECOND}\n"));
    watch.until_after(3, "healthy", |event| is(event, "wh", "healthy"));
    assert_eq!(statuses(&watch.events()), ["healthy", "credentials_changed", "unhealthy", "healthy"]);
}

#[test]
fn a_wrong_password_is_told_and_so_is_the_right_one() {
    let server = Postgres::start();
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
    let project = Project::new().approving("wh", &[&redshift("wh", server.port, "{source: file, name: password}")]);
    project.write("password", SECOND);
    let watch = Background::start(&mut command(&project, "200ms", &[]));
    let event = watch.until("unhealthy", |event| is(event, "wh", "unhealthy"));
    assert_eq!(event["reason"], "credential", "{event:#}");
    rotate(&server, SECOND);
    let event = watch.until("healthy", |event| is(event, "wh", "healthy"));
    assert_eq!(event["previous"], "unhealthy");
}
