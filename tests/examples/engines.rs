//! The engines for `scripts/bench`: starts a server for each, and says on standard output, in one line of JSON, the computes as
//! a manifest approves them, the variables that hold their secrets, and a port that never answers. Ends when its input does.

use std::io::{self, Read as _};

use floe_tests::engines::{self, Running};
use floe_tests::servers::faults::BlackHole;
use serde_json::{Map, Value, json};

fn main() -> io::Result<()> {
    let (running, hole) = (engines::start(), BlackHole::start());
    let read = |text: String| serde_json::from_str::<Value>(&text).expect("a compute is JSON");
    let computes: Vec<_> = running.iter().map(Running::compute).map(read).collect();
    let hanging: Map<_, _> = running
        .iter()
        .filter(|running| running.engine.is_remote())
        .map(|running| (running.engine.name.to_owned(), read(running.engine.compute(hole.port))))
        .collect();
    let variables: Map<_, _> = engines::variables().map(|(name, value)| (name.to_owned(), value.into())).collect();
    floe_tests::say(&json!({"computes": computes, "hanging": hanging, "variables": variables}).to_string());
    let _ = io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}
