//! Writes a tree as YAML, in any of the ways in which YAML lets it be written.

use crate::tape::Tape;
use crate::tree::Tree;

/// How the keys at the top begin under which what aliases stand for is put.
pub(crate) const HOISTED: &str = "x-hoisted-";

struct Emitter<'t> {
    tape: &'t mut Tape,
    /// What aliases stand for, each a line of its own.
    hoisted: Vec<String>,
    keys: usize,
}

/// The whole document.
pub(crate) fn document(tape: &mut Tape, tree: &Tree) -> String {
    let mut emitter = Emitter { tape, hoisted: Vec::new(), keys: 0 };
    let body = match tree {
        Tree::Map(entries) => emitter.block_entries(entries, 0),
        other => panic!("no mapping: {other:?}"),
    };
    let mut text = String::new();
    match emitter.tape.below(6) {
        1 => text.push_str("---\n"),
        2 => text.push_str("%YAML 1.2\n---\n"),
        3 => text.push_str("# a comment: {compute: x}\n"),
        _ => {}
    }
    text.extend(emitter.hoisted.iter().map(String::as_str));
    text.push_str(&body);
    if emitter.tape.one_in(8) {
        text.push_str("...\n");
    }
    if emitter.tape.one_in(5) {
        text = text.replace('\n', "\r\n");
    }
    if emitter.tape.one_in(6) {
        text.insert(0, '\u{feff}');
    }
    text
}

/// An entry as it is written: one of the mapping's own, or a merge.
enum Part<'a> {
    Own(&'a (String, Tree)),
    Merge(String),
}

impl Emitter<'_> {
    /// Some entries may come in by a merge key, from one mapping or several.
    fn parts<'a>(&mut self, entries: &'a [(String, Tree)]) -> Vec<Part<'a>> {
        if entries.is_empty() || !self.tape.one_in(5) {
            return entries.iter().map(Part::Own).collect();
        }
        let mut groups: [Vec<(String, Tree)>; 2] = [Vec::new(), Vec::new()];
        let mut parts = Vec::new();
        for entry in entries {
            match self.tape.below(3) {
                0 => parts.push(Part::Own(entry)),
                group => groups[group - 1].push(entry.clone()),
            }
        }
        let used: Vec<Tree> = groups.into_iter().filter(|group| !group.is_empty()).map(Tree::Map).collect();
        let mut names = Vec::new();
        for group in &used {
            names.push(if self.tape.one_in(3) { self.flow(group) } else { self.hoist(group) });
        }
        let merge = match names.as_slice() {
            [] => return parts,
            [one] if self.tape.below(2) == 0 => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let at = self.tape.below(parts.len() + 1);
        parts.insert(at, Part::Merge(merge));
        parts
    }

    /// Puts a value at the top of the document and comes back with its alias.
    fn hoist(&mut self, tree: &Tree) -> String {
        let value = self.flow(tree);
        let name = format!("h{}", self.hoisted.len());
        // Behind those that it uses itself.
        self.hoisted.push(format!("{HOISTED}{name}: &{name} {value}\n"));
        format!("*{name}")
    }

    fn block_entries(&mut self, entries: &[(String, Tree)], indent: usize) -> String {
        let pad = " ".repeat(indent);
        let mut text = String::new();
        for part in self.parts(entries) {
            if self.tape.one_in(20) {
                text.push_str(&format!("{pad}# compute: x\n"));
            }
            match part {
                Part::Merge(merge) => text.push_str(&format!("{pad}<<: {merge}\n")),
                Part::Own((key, value)) => {
                    let key = self.key(key);
                    // Behind an alias the colon would be part of its name.
                    let gap = if key.starts_with('*') { " " } else { "" };
                    let explicit = self.tape.one_in(8);
                    text.push_str(&if explicit {
                        format!("{pad}? {key}\n{pad}:")
                    } else {
                        format!("{pad}{key}{gap}:")
                    });
                    text.push_str(&self.block_value(value, indent));
                }
            }
        }
        text
    }

    /// What stands behind `key:`, with its line break.
    fn block_value(&mut self, tree: &Tree, indent: usize) -> String {
        match tree {
            Tree::Map(entries) if !entries.is_empty() && self.tape.below(3) != 2 => {
                let inner = indent + 1 + self.tape.below(4);
                format!("{}\n{}", self.pick(&["", " !!map"]), self.block_entries(entries, inner))
            }
            Tree::List(items) if !items.is_empty() && self.tape.below(3) != 2 => {
                let inner = indent + self.tape.below(3);
                let items: String = items.iter().map(|item| self.block_item(item, inner)).collect();
                format!("{}\n{items}", self.pick(&["", " !!seq"]))
            }
            Tree::Text(text) if is_plain(text) && self.tape.one_in(12) => {
                format!(" |-\n{}{text}\n", " ".repeat(indent + 2))
            }
            other => format!(" {}\n", self.flow_or_alias(other)),
        }
    }

    fn block_item(&mut self, tree: &Tree, indent: usize) -> String {
        let pad = " ".repeat(indent);
        match tree {
            // `- key: value`, the next key below the first.
            Tree::Map(entries) if !entries.is_empty() && self.tape.below(3) != 2 => {
                let inner = self.block_entries(entries, indent + 2);
                if inner.trim_start().starts_with('#') {
                    format!("{pad}-\n{inner}")
                } else {
                    format!("{pad}- {}", inner.trim_start())
                }
            }
            other => format!("{pad}- {}\n", self.flow_or_alias(other)),
        }
    }

    fn flow_or_alias(&mut self, tree: &Tree) -> String {
        if self.tape.one_in(6) { self.hoist(tree) } else { self.flow(tree) }
    }

    fn flow(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Null => self.pick(&["null", "~", "!!null null"]),
            Tree::Bool(value) => value.to_string(),
            Tree::Int(value) => format!("{}{value}", self.pick(&["", "!!int "])),
            Tree::Text(text) => self.text(text),
            Tree::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.flow_or_alias(item)).collect();
                let comma = self.pick(&[", ", ",", " , "]);
                format!("[{}]", items.join(&comma))
            }
            Tree::Map(entries) => {
                let parts = self.parts(entries);
                let mut written = Vec::with_capacity(parts.len());
                for part in parts {
                    written.push(match part {
                        Part::Merge(merge) => format!("<<: {merge}"),
                        Part::Own((key, value)) => {
                            let explicit = self.pick(&["", "", "", "", "? "]);
                            let key = self.key(key);
                            // Behind an alias the colon would be part of its name.
                            let gap = if key.starts_with('*') { " " } else { "" };
                            format!("{explicit}{key}{gap}: {}", self.flow_or_alias(value))
                        }
                    });
                }
                let comma = self.pick(&[", ", ",", " , "]);
                format!("{{{}}}", written.join(&comma))
            }
        }
    }

    fn key(&mut self, key: &str) -> String {
        if self.tape.one_in(25) {
            self.keys += 1;
            let name = format!("k{}", self.keys);
            let written = self.text(key);
            self.hoisted.push(format!("{HOISTED}{name}: &{name} {written}\n"));
            return format!("*{name}");
        }
        let anchor = self.tape.one_in(25).then(|| {
            self.keys += 1;
            format!("&a{} ", self.keys)
        });
        anchor.unwrap_or_default() + &self.text(key)
    }

    /// A text in quotes of any kind, with a tag, or as it is where that is the same.
    fn text(&mut self, text: &str) -> String {
        let double = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        match self.tape.below(8) {
            0..=2 if is_plain(text) => text.to_owned(),
            3 if !text.contains('\'') => format!("'{text}'"),
            4 => self.escaped(text),
            5 if is_plain(text) => format!("!!str {text}"),
            6 => format!("{}{}", self.pick(&["!!str ", "! ", "!<tag:yaml.org,2002:str> "]), double(text)),
            _ => double(text),
        }
    }

    /// Some of its letters as escapes.
    fn escaped(&mut self, text: &str) -> String {
        let mut written = String::from("\"");
        for c in text.chars() {
            let code = u32::from(c);
            match self.tape.below(5) {
                1 if code < 0x100 => written.push_str(&format!("\\x{code:02x}")),
                2 if code < 0x1_0000 => written.push_str(&format!("\\u{code:04X}")),
                3 => written.push_str(&format!("\\U{code:08x}")),
                _ if matches!(c, '"' | '\\') => written.extend(['\\', c]),
                _ => written.push(c),
            }
        }
        written + "\""
    }

    fn pick(&mut self, of: &[&str]) -> String {
        self.tape.pick(of).to_owned()
    }
}

/// Whether a text needs no quotes anywhere.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'))
        && !matches!(text, "null" | "true" | "false")
}
