//! Plugins of an older and of a newer version of the boundary.
//!
//! There is nothing older than 1.0.0 yet. What can be shown today is the promise for tomorrow: a plugin that is built
//! against the `plugin-api/` of this checkout loads in a host of API 1.1, whose boundary has grown as far as a minor
//! version may; and a plugin of that 1.1 is refused by this host before anything of it is executed.

use std::process::Command;

use floe_tests::fixtures::fixture;
use floe_tests::later::later;
use floe_tests::{Project, Run};

#[test]
fn a_plugin_of_today_loads_in_a_later_host() {
    let run = Run::of(Command::new(&later().host).arg(fixture("good"))).expect(0);
    assert_eq!(
        run.stdout,
        "host 1.1.0, plugin good 1.0.0\n\
         added field: None\n\
         added method: the default of the boundary\n\
         metadata: {\"name\":\"good\",\"version\":\"1.0.0\",\"floe_api_version\":\"1.0.0\",\"engine\":\"Fixture\",\
         \"dbt_adapter\":\"duckdb\",\"description\":\"for tests\",\"self_hosted\":true,\
         \"addressing\":{\"database\":false,\"schema_prefix\":false}}\n\
         schema: true\n"
    );
}

#[test]
fn a_later_plugin_loads_in_its_own_host() {
    let run = Run::of(Command::new(&later().host).arg(&later().plugin)).expect(0);
    assert!(run.stdout.contains("added field: Some(\"1.1\")\nadded method: the plugin's own\n"), "{}", run.stdout);
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
    insta::assert_snapshot!(floe_tests::redact::redact(&project, &format!("{:#}", diagnostics[0])));
}
