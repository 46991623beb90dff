//! What becomes of compiled artifacts: the plan, and its execution by dbt.
//!
//! `variables` lists what dbt needs from the environment, `python` keeps an environment for each compute, `graph` has dbt read
//! the project, `plan` decides what runs where and when, `state` tells each compute where the others' tables are, `execute` runs
//! it all, `journal` remembers what became of it and `resume` goes on from there, `command` runs a single dbt command, `activate`
//! prepares a shell for many, `kubernetes` hands the steps to a cluster. `interrupt` counts the signals that want it to end.
//! `place` knows the folders, `launcher` starts dbt, `secrets` keeps their values.

pub mod activate;
pub mod command;
pub mod execute;
pub mod graph;
pub mod journal;
pub mod kubernetes;
pub mod launcher;
pub mod place;
pub mod plan;
pub mod prepare;
pub mod python;
pub mod results;
pub mod resume;
pub mod secrets;
pub mod select;
pub mod session;
pub mod state;
pub mod variables;

pub use session::Session;

/// The name in one of dbt's ids: `model.shop.orders.v2` is `orders.v2` to people.
pub fn name_in(id: &str) -> &str {
    id.splitn(3, '.').nth(2).unwrap_or(id)
}

/// Longest text of dbt's that becomes a part of a message, in characters.
const LONGEST: usize = 600;

/// A text of dbt's as a part of a sentence: without the places in the code of engines that are written in Java.
pub fn one_line(text: &str) -> String {
    let is_place = |line: &&str| line.trim_start().starts_with("at ") && line.contains('(') && line.contains(':');
    let words: Vec<&str> = text.lines().filter(|line| !is_place(line)).flat_map(str::split_whitespace).collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}
