//! The commands of a document, executed as a reader would: the blocks of shell, in order, in one shell.
//!
//! | block | what becomes of it |
//! |---|---|
//! | ` ```sh ` | executed |
//! | ` ```text `, the first after it | what the reader sees of it: compared |
//! | ` ```sh no-run `, ` ```console `, all others | left alone |

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use crate::command::Run;

/// Commands of a document, and what it says that they print.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The line at which it begins.
    pub line: usize,
    /// The commands.
    pub commands: String,
    /// What they print, where the document shows it.
    pub shown: Option<String>,
}

/// The blocks of a document that are to be executed.
///
/// # Panics
/// Where a block does not end, or shows what no commands print.
pub fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let mut content = String::new();
        loop {
            let (_, line) = lines.next().unwrap_or_else(|| panic!("the block of line {} does not end", at + 1));
            if line == "```" {
                break;
            }
            content.push_str(line);
            content.push('\n');
        }
        match kind {
            "sh" => blocks.push(Block { line: at + 1, commands: content, shown: None }),
            "text" => {
                let before = blocks.last_mut().filter(|block| block.shown.is_none());
                before.unwrap_or_else(|| panic!("line {}: no commands print this", at + 1)).shown = Some(content);
            }
            _ => {}
        }
    }
    blocks
}

/// What each block printed, on both streams as they come.
///
/// # Panics
/// Where a command fails: the document says nothing of it.
pub fn walk(blocks: &[Block], shell: &mut Command, patience: Duration) -> Vec<String> {
    const MARK: &str = "=== floe-tests: line ";
    let mut script = "set -eu\nexec 2>&1\n".to_owned();
    for block in blocks {
        let _ = write!(script, "printf '\\n{MARK}%s\\n' {}\n{}", block.line, block.commands);
    }
    let run = Run::within(shell.args(["-c", &script]), patience).expect(0);
    let mark = format!("\n{MARK}");
    let printed = run.stdout.split(mark.as_str()).skip(1);
    printed.map(|text| text.split_once('\n').map_or(String::new(), |(_, text)| text.to_owned())).collect()
}
