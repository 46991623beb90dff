//! `floe init`.

use std::env;
use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::answer::Answer;
use super::args::PluginArgs;
use super::wiring::{self, Plugins};
use crate::init::{self, Ask, Choice, Draft, Outcome, ProfilesFolder};
use crate::plugins::Found;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the dbt project
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    project_dir: Utf8PathBuf,

    /// The folder of profiles.yml; without, where dbt looks: $DBT_PROFILES_DIR, the project's folder, ~/.dbt
    #[arg(long, value_name = "FOLDER")]
    profiles_dir: Option<Utf8PathBuf>,

    /// The output that is the default, in place of the profile's own target
    #[arg(long, value_name = "NAME")]
    target: Option<String>,

    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    plugins: PluginArgs,
}

pub(super) fn run(args: &Args) -> Answer {
    let ask = ask(args);
    let host = wiring::plugin_host_without_manifest(&args.plugins);
    let usable = host.list().iter().filter(|found| found.shadowed_by.is_none() && found.outcome.is_ok());
    let installed: Vec<String> = usable.filter_map(Found::name).map(str::to_owned).collect();
    let Outcome { choices, variables, mut files, mut diagnostics } =
        init::draft(&ask, &Plugins::new(&host), &installed);
    if !args.dry_run
        && !files.is_empty()
        && let Err(problems) = init::write(&ask, &mut files)
    {
        diagnostics.extend(problems);
    }
    let edits = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let mut text = String::new();
    if !files.is_empty() {
        told(&mut text, &choices);
        to_set(&mut text, &variables);
        shown(&mut text, &files, args.dry_run);
        next(&mut text, &files, edits);
    }
    Answer::text(text)
        .with_diagnostics(diagnostics)
        .with("choices", choices)
        .with("variables", variables)
        .with("files", files)
}

/// What is asked for, with the folders in which dbt looks for profiles.
fn ask(args: &Args) -> Ask {
    let project_dir = if args.project_dir == "." { Utf8PathBuf::new() } else { args.project_dir.clone() };
    let named = |path: Utf8PathBuf| ProfilesFolder { shown: path.to_string(), path, is_named: true };
    let from_variable = env::var("DBT_PROFILES_DIR").ok().filter(|folder| !folder.is_empty()).map(Utf8PathBuf::from);
    let mut profiles: Vec<ProfilesFolder> =
        args.profiles_dir.clone().or(from_variable).map(named).into_iter().collect();
    profiles.push(ProfilesFolder { path: project_dir.clone(), shown: String::new(), is_named: false });
    if let Ok(home) = env::var("HOME") {
        profiles.push(ProfilesFolder {
            path: Utf8Path::new(&home).join(".dbt"),
            shown: "~/.dbt".to_owned(),
            is_named: false,
        });
    }
    Ask { project_dir, profiles, target: args.target.clone() }
}

fn told(text: &mut String, choices: &[Choice]) {
    text.push_str("choices\n");
    for choice in choices {
        let from = choice.from.as_ref().map(|from| format!(" ({}:{})", from.file, from.line));
        let _ = writeln!(text, "  {}{}\n    {}", choice.what, from.unwrap_or_default(), choice.why);
    }
}

fn to_set(text: &mut String, variables: &[init::Variable]) {
    if variables.is_empty() {
        return;
    }
    text.push_str("\nset these variables: their values are written out in profiles.yml, and are in neither file\n");
    for variable in variables {
        let of = variable.environment.as_deref().map(|name| format!(" in {name}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {}\n    `{}` of {}{of} ({}:{})",
            variable.name, variable.key, variable.compute, variable.from.file, variable.from.line
        );
    }
}

fn shown(text: &mut String, files: &[Draft], dry_run: bool) {
    text.push('\n');
    for file in files {
        if dry_run {
            let _ = writeln!(text, "--- {}\n{}", file.path, file.content);
        } else if file.written {
            let _ = writeln!(text, "wrote {}", file.path);
        }
    }
}

fn next(text: &mut String, files: &[Draft], edits: usize) {
    if files.iter().any(|file| !file.written) {
        return;
    }
    let line = match edits {
        0 => "next: `floe compile`, then `floe health` and `floe run`".to_owned(),
        1 => "next: mend the error that is shown, then `floe compile`".to_owned(),
        count => format!("next: mend the {count} errors that are shown, then `floe compile`"),
    };
    let _ = writeln!(text, "{line}");
}
