//! Puts a selection of a compute into a valid document, somewhere under one of its environments.

use floe::documents::environments::SELECTIONS;

use crate::documents::{Kind, junk, mapping};
use crate::tape::Tape;
use crate::tree::{Tree, map, text};

pub(crate) fn selection(tape: &mut Tape, kind: Kind, tree: &mut Tree) {
    let approved = approved(tree);
    let Some(Tree::List(environments)) = tree.get("environments") else { panic!("no environments") };
    let index = tape.below(environments.len());
    let environment = &mut environments[index];
    let key = tape.pick(SELECTIONS);
    match tape.below(4) {
        0 => put(tape, environment, key, 2),
        1 => {
            let connections = environment.or_insert("connections", map([]));
            let name = tape.pick(&approved);
            let settings = connections.or_insert(&name, map([]));
            put(tape, settings, key, 2);
        }
        2 => {
            // What stands where the settings of a compute should, and is none. A compute may be called like that.
            let connections = environment.or_insert("connections", map([]));
            let key = SELECTIONS.iter().find(|key| connections.get(key).is_none()).expect("one is free");
            let value = match junk(tape, 0) {
                scalar if tape.one_in(2) => Tree::List(vec![scalar]),
                scalar => scalar,
            };
            insert(tape, connections, key, value);
        }
        _ if kind == Kind::Manifest => match environment.or_insert("product_may_set", Tree::List(Vec::new())) {
            Tree::List(keys) => keys.insert(tape.below(keys.len() + 1), text(key)),
            other => panic!("no list: {other:?}"),
        },
        _ => put(tape, environment, key, 2),
    }
}

/// Names that may stand under `connections`.
fn approved(tree: &mut Tree) -> Vec<String> {
    let nested = tree.get("plugins").and_then(|plugins| plugins.get("compute").cloned());
    let section = nested.or_else(|| tree.get("compute").cloned());
    let Some(Tree::List(computes)) = section.and_then(|mut section| section.get("approved").cloned()) else {
        return vec!["duckdb".to_owned(), "*".to_owned()];
    };
    let name = |compute: &mut Tree| match compute {
        Tree::Text(name) => name.clone(),
        other => match other.get("name") {
            Some(Tree::Text(name)) => name.clone(),
            _ => panic!("a compute without a name"),
        },
    };
    computes.into_iter().map(|mut compute| name(&mut compute)).collect()
}

fn put(tape: &mut Tape, into: &mut Tree, key: &str, depth: usize) {
    let value = if tape.one_in(3) { mapping(tape, depth) } else { junk(tape, depth) };
    insert(tape, into, key, value);
}

fn insert(tape: &mut Tape, into: &mut Tree, key: &str, value: Tree) {
    let entries = into.entries();
    let index = tape.below(entries.len() + 1);
    entries.insert(index, (key.to_owned(), value));
}
