//! One plain dbt command, set up for one compute.

use std::collections::BTreeMap;
use std::process::ExitStatus;

use serde_json::{Map, Value};

use super::graph::{Graphs, partial_parse};
use super::launcher::{Event, Invocation, Launch, Request, longest};
use super::place::not_written;
use super::plan::address::Addresses;
use super::plan::{Plan, Scope};
use super::secrets::Variables;
use super::state::{self, defer_variables};
use super::{Session, name_in};
use crate::diagnostics::codes::run::{DBT_ARGUMENT, FOREIGN};
use crate::diagnostics::{Diagnostic, listed};
use crate::interrupt;

/// Arguments that floe sets itself.
const RESERVED: &[&str] = &[
    "--target",
    "-t",
    "--profiles-dir",
    "--profile",
    "--project-dir",
    "--target-path",
    "--log-path",
    "--defer",
    "--no-defer",
    "--defer-state",
    "--favor-state",
    "--no-favor-state",
    "--vars",
];

/// Commands that run or compile what they select.
const SELECTS: &[&str] = &["build", "run", "test", "seed", "snapshot", "compile", "show", "clone", "retry"];

/// Commands that resolve what others wrote, and select nothing that they would build.
const RESOLVES: &[&str] = &["docs", "run-operation"];

/// Commands that connect to nothing.
const OFFLINE: &[&str] = &["parse", "ls", "list", "deps", "clean"];

/// All of dbt's commands: what stands before one is a flag or its value.
const COMMANDS: &[&str] = &[
    "build",
    "run",
    "test",
    "seed",
    "snapshot",
    "compile",
    "show",
    "clone",
    "retry",
    "docs",
    "parse",
    "ls",
    "list",
    "deps",
    "clean",
    "debug",
    "run-operation",
    "source",
    "init",
];

/// The name of the command in its arguments.
pub fn name_of(args: &[String]) -> &str {
    args.iter().map(String::as_str).find(|argument| COMMANDS.contains(argument)).unwrap_or_default()
}

/// An error for each argument that is floe's to give.
pub fn check(args: &[String], compute: &str) -> Vec<Diagnostic> {
    let is_reserved = |argument: &&String| {
        let flag = argument.split('=').next().unwrap_or_default();
        RESERVED.contains(&flag)
    };
    args.iter()
        .filter(is_reserved)
        .map(|argument| {
            Diagnostic::error(
                &DBT_ARGUMENT,
                format!("floe gives dbt `{argument}` itself, as compute `{compute}` and the environment have it"),
                "leave it out; choose the environment with `floe dbt --env NAME`, and variables in `environments` of floe.yaml",
            )
        })
        .collect()
}

/// What became of a command.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; none where it did not run.
    pub status: Option<ExitStatus>,
    /// Nodes of other computes that were not run.
    pub left_out: BTreeMap<String, String>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs `dbt ARGS` on a compute.
pub fn run(session: &Session<'_>, compute: &str, args: &[String]) -> Ended {
    let (mut left_out, mut diagnostics) = (BTreeMap::new(), Vec::new());
    let status = start(session, compute, args, &mut left_out, &mut diagnostics);
    let status = match status {
        Ok(status) => Some(status),
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    Ended { status, left_out, diagnostics }
}

fn start(
    session: &Session<'_>,
    compute: &str,
    args: &[String],
    left_out: &mut BTreeMap<String, String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<ExitStatus, Vec<Diagnostic>> {
    let one = |error: Diagnostic| vec![error];
    let name = name_of(args);
    let (environment, place) = (&session.environment, &session.place);
    let target = place.target(environment, compute);
    place.make(&target).map_err(one)?;
    let (mut context, rest) = session.dbt_variables(compute, &target, &target.join("logs"));
    context.extend(session.context(1, 1));
    let all = args.iter().cloned().chain(rest).collect();
    let (mut foreign, mut timeouts) = (Map::new(), BTreeMap::new());
    if SELECTS.contains(&name) || RESOLVES.contains(&name) {
        let graphs = Graphs::read(session)?;
        let addresses = Addresses::new(session, session, &graphs);
        let scope = Scope::default();
        let folder = state::write(session, &graphs, &addresses, &scope, compute, place.state(environment, compute))
            .map_err(one)?;
        context.extend(defer_variables(&folder));
        if SELECTS.contains(&name) {
            // What is unreachable is an error of what reads it, and refused there: a plain command may not touch it.
            let (plan, _) = Plan::of(session, &graphs, &addresses, &scope);
            let own = plan.nodes.values().filter(|node| node.compute == compute).map(|node| &node.node);
            timeouts = plan.timeouts(own);
            let others = plan
                .nodes
                .values()
                .filter(|node| node.compute != compute && node.materialized.as_deref() != Some("ephemeral"));
            foreign.extend(others.map(|node| (node.node.clone(), Value::from(node.compute.as_str()))));
        }
    }
    let variables = variables(session, compute, name)?;
    let request = Request {
        task: "command",
        report: target.join("report.jsonl"),
        invocations: vec![Invocation { name: name.to_owned(), args: all, select: None }],
        partial_parse_from: partial_parse(session, compute),
        target_path: target.clone(),
        foreign,
        compute: compute.to_owned(),
        default_timeout: session.default_timeout(compute),
        timeouts,
        lock: None,
    };
    context.extend(longest(request.timeouts.values().copied()));
    let launch = Launch {
        place,
        python: session.program(compute, "python"),
        request: &request,
        variables: &variables,
        context,
        is_interactive: true,
    };
    // floe ends when dbt has.
    interrupt::watch().map_err(|error| one(not_written(&target, &error)))?;
    let ended = launch
        .run(|event| match event {
            Event::Refused { nodes } => diagnostics.push(refused(compute, &nodes)),
            Event::LeftOut { nodes } => left_out.extend(nodes),
            _ => {}
        })
        .map_err(one)?;
    Ok(ended.status)
}

/// What connects gets the values; what does not gets along without them.
fn variables(session: &Session<'_>, compute: &str, name: &str) -> Result<Variables, Vec<Diagnostic>> {
    if OFFLINE.contains(&name) {
        return Ok(session.placeholders(compute));
    }
    session.secrets(compute)
}

fn refused(compute: &str, nodes: &BTreeMap<String, String>) -> Diagnostic {
    let mut by_compute: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, owner) in nodes {
        by_compute.entry(owner).or_default().push(name_in(id));
    }
    let where_they_run =
        by_compute.iter().map(|(owner, names)| format!("{} on `{owner}`", listed(names.iter().copied().take(10))));
    let where_they_run: Vec<String> = where_they_run.collect();
    let others =
        by_compute.keys().map(|owner| format!("`floe dbt --compute {owner} -- …`")).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        &FOREIGN,
        format!("the selection holds what does not run on compute `{compute}`: {}", where_they_run.join("; ")),
        format!("select only what `{compute}` owns, run the others with {others}, or all of it in order with `floe run --select …`"),
    )
    .for_compute(compute)
}
