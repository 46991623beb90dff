//! `floe completions SHELL`.

use clap_complete::Shell;

use super::answer::Answer;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "floe", &mut script);
    Answer::verbatim(String::from_utf8_lossy(&script).into_owned())
}
