//! Plugins of an older and of a newer version of the boundary.
//!
//! There is nothing older than 1.0 yet. What can be shown today is the promise for tomorrow: a plugin that is built
//! against the `plugin-api/` of this checkout loads in a host of API 1.1, whose boundary has grown as far as a minor
//! version may; and a plugin of that 1.1 is refused by this host before anything of it is executed. `abi_binary.rs`
//! does the same with a plugin that was built once and is kept.

use std::path::Path;
use std::process::Command;

use floe_plugin_api::{ConnectionResult, ConnectionStatus, ErrorKind, PluginError, ResourcesRequest, WorkloadSize};
use floe_tests::fixtures::fixture;
use floe_tests::later::later;
use floe_tests::{Project, Run};
use serde_json::Value;

/// What the host of 1.1 finds.
fn in_a_later_host(plugin: &Path) -> Value {
    Run::of(Command::new(&later().host).arg(plugin)).expect(0).json()
}

/// It is asked in the words of 1.1: what it does not know it passes over, or takes for the default.
#[test]
fn a_plugin_of_today_loads_in_a_later_host() {
    insta::assert_json_snapshot!(in_a_later_host(fixture("good")));
}

#[test]
fn a_later_plugin_loads_in_its_own_host() {
    let found = in_a_later_host(&later().plugin);
    assert_eq!((&found["added_field"], &found["added_method"]), (&"1.1".into(), &"the plugin's own".into()));
    assert_eq!(found["validate_connection"]["ok"]["status"], "asleep");
    assert_eq!(found["get_required_dbt_packages"]["error"]["kind"], "quota");
}

/// The host refuses such a plugin by its version. Its documents could be read all the same, and so can those that a later
/// version of floe keeps in files.
#[test]
fn documents_of_a_later_version_are_read_here() {
    let found = in_a_later_host(&later().plugin);
    let answer = &found["validate_connection"]["ok"];
    assert_eq!(answer["wakes_in_seconds"], 30);
    let read: ConnectionResult = serde_json::from_value(answer.clone()).expect("a result of 1.1");
    assert_eq!((read.status, read.message.as_str()), (ConnectionStatus::Unknown, "it sleeps"));

    let sent = &found["sent_to_get_resource_requirements"];
    assert_eq!((&sent["workload_size"], &sent["queue"]), (&"gigantic".into(), &"night".into()));
    let read: ResourcesRequest = serde_json::from_value(sent.clone()).expect("a request of 1.1");
    assert_eq!((read.workload_size, read.config.plugin.as_str()), (WorkloadSize::Unknown, "later"));

    let error = found["get_required_dbt_packages"]["error"].clone();
    let read: PluginError = serde_json::from_value(error).expect("an error of 1.1");
    assert_eq!((read.kind, read.message.as_str()), (ErrorKind::Unknown, "no packages left today"));
}

#[test]
fn a_later_plugin_is_refused_here_by_its_record() {
    let project = Project::new().approving("later", &["later"]);
    project.install("liblater.so", |to| {
        std::fs::copy(&later().plugin, to).expect("the plugin can be copied");
    });
    let run = project.floe(&["compile", "--format", "json"]).expect(1);
    let diagnostics = run.diagnostics();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert!(diagnostics[0]["help"].as_str().is_some_and(|help| help.starts_with("upgrade floe")), "{diagnostics:#?}");
    insta::assert_snapshot!(floe_tests::redact::redact(&project, &format!("{:#}", diagnostics[0])));
}
