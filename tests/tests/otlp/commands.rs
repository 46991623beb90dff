//! Commands in general: what is a trace of them, and whose part it is.

use floe_tests::servers::rotel::Rotel;
use floe_tests::{Project, Run};

use super::floe;

#[test]
fn a_compilation_shows_its_phases_and_what_it_asks_of_plugins() {
    let rotel = Rotel::start();
    let project = Project::new().approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb}}"]);
    let _ = floe(&project, &rotel, &["compile"]).expect(0);
    let all = rotel.until("the command's span", |all| all.names().contains(&"floe compile"));
    let command = all.span("floe compile");
    assert_eq!(command.field("Status code"), "STATUS_CODE_UNSET");
    for phase in ["parse", "inspect", "plugins", "write"] {
        assert_eq!(all.span(phase).field("Trace ID"), command.field("Trace ID"), "{phase}");
    }
    let profile = all.span("plugin generate_dbt_profile");
    assert_eq!(
        (profile.attribute("floe.plugin"), profile.attribute("floe.method")),
        ("duckdb", "generate_dbt_profile")
    );
    assert!(!profile.attribute("floe.plugin.version").is_empty());
    assert_eq!((profile.attribute("floe.compute"), profile.attribute("floe.status")), ("duckdb", "answered"));
    assert_eq!(profile.attribute("floe.correlation_id"), command.attribute("floe.correlation_id"));
    assert_eq!(profile.field("Parent ID"), all.span("compute duckdb").field("ID"));
    assert_eq!(profile.field("Trace ID"), command.field("Trace ID"));
}

/// Whoever starts floe may trace too, and says so by `TRACEPARENT`.
#[test]
fn a_command_is_a_part_of_the_trace_that_started_it() {
    let rotel = Rotel::start();
    let project = Project::new();
    let mut command = project.command(&["explain", "F0101"]);
    command.envs(rotel.variables()).env("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let _ = Run::of(&mut command).expect(0);
    let all = rotel.until("the command's span", |all| all.names().contains(&"floe explain"));
    let command = all.span("floe explain");
    assert_eq!(command.field("Trace ID"), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(command.field("Parent ID"), "00f067aa0ba902b7");
}
