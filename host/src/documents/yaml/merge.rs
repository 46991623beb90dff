//! Closing a mapping: merge keys and keys that stand there twice.

use std::collections::{HashMap, HashSet};

use super::{Entry, Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};

/// Up to here a walk over all keys is faster than a table.
const FEW: usize = 16;

pub(super) fn close_mapping(
    mut entries: Vec<Entry>,
    merges: Vec<(Span, Node)>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    refuse_duplicates(&mut entries, problems);
    if let [(first, _), rest @ ..] = merges.as_slice() {
        problems.extend(rest.iter().map(|(again, _)| duplicate("<<", again.clone(), first.clone())));
    }
    for (key_span, node) in merges {
        merge(&mut entries, &key_span, node, problems);
        entries.shrink_to_fit();
    }
    entries
}

fn refuse_duplicates(entries: &mut Vec<Entry>, problems: &mut Vec<Diagnostic>) {
    let mut doubles: Vec<(usize, usize)> = Vec::new();
    if entries.len() <= FEW {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..index].iter().position(|other| other.key == entry.key) {
                doubles.push((index, first));
            }
        }
    } else {
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let first = *seen.entry(&entry.key).or_insert(index);
            if first != index {
                doubles.push((index, first));
            }
        }
    }
    if doubles.is_empty() {
        return;
    }
    let error = |(again, first): &(usize, usize)| {
        let key = &entries[*again].key;
        duplicate(key, entries[*again].key_span.clone(), entries[*first].key_span.clone())
    };
    problems.extend(doubles.iter().map(error));
    let dropped: HashSet<usize> = doubles.into_iter().map(|(index, _)| index).collect();
    let mut index = 0;
    entries.retain(|_| {
        index += 1;
        !dropped.contains(&(index - 1))
    });
}

fn duplicate(key: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::DUPLICATE_KEY,
        format!("the key `{key}` stands twice in one mapping"),
        "keep one of the two; YAML readers differ in which one they take",
    )
    .labelled(again, "the second")
    .labelled(first, "the first")
}

/// Adds what `<<` names; keys that are there already win, and of several mappings the earlier one.
fn merge(entries: &mut Vec<Entry>, key_span: &Span, node: Node, problems: &mut Vec<Diagnostic>) {
    let mappings = match node.kind {
        Kind::Map(_) => vec![node],
        Kind::Seq(items) if items.iter().all(|item| matches!(item.kind, Kind::Map(_))) => items,
        _ => {
            problems.push(
                Diagnostic::error(
                    &codes::MERGE,
                    format!("`<<` merges mappings, and this is {}", node.described()),
                    "write `<<: *anchor` where the anchor is on a mapping, or `<<: [*a, *b]`",
                )
                .labelled(node.span, "no mapping")
                .at(key_span.clone()),
            );
            return;
        }
    };
    for mapping in mappings {
        let Kind::Map(merged) = mapping.kind else { continue };
        if entries.len() + merged.len() <= FEW {
            for entry in merged {
                if !entries.iter().any(|own| own.key == entry.key) {
                    entries.push(entry);
                }
            }
        } else {
            let own: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
            entries.extend(merged.into_iter().filter(|entry| !own.contains(&entry.key)));
        }
    }
}
