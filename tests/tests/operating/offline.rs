//! The README's example where there is no network at all.

use std::process::Command;

use floe_tests::{Project, Run};

use super::results;

#[test]
fn the_example_without_a_network() {
    let project = Project::new().with_example().with_environments(&[("duckdb", "duckdb")]);
    let inside = project.command(&["run", "--format", "json"]);
    let mut command = Command::new("unshare");
    command.arg("--net");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.arg(inside.get_program()).args(inside.get_args()).current_dir(project.product()).env_clear();
    command.envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?)))).env_remove("FLOE_PLUGIN_PATH");
    let run = Run::of(&mut command).expect(0);
    let results = results(&run);
    assert!(results.len() > 10 && results.iter().all(|line| line.ends_with(": success")), "{results:#?}");
}
