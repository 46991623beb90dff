//! `floe explain CODE`.

use serde_json::json;

use super::answer::Answer;
use crate::diagnostics::codes;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A code, such as F0411; without one, all codes are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> Answer {
    let entry = |code: &codes::Code| json!({"code": code.id, "title": code.title, "explanation": code.explanation});
    match &args.code {
        None => {
            let list: String = codes::all().map(|code| format!("{}  {}\n", code.id, code.title)).collect();
            Answer::text(list).with("codes", codes::all().map(entry).collect::<Vec<_>>())
        }
        Some(wanted) => match codes::find(wanted) {
            Some(code) => Answer::text(format!("{}: {}\n\n{}\n", code.id, code.title, code.explanation))
                .with("codes", vec![entry(code)]),
            None => Answer::usage(format!("there is no code {wanted:?}; `floe explain` lists them all")),
        },
    }
}
