//! Valid manifests and specs, full of what only looks like a selection.

use floe::documents::environments::SELECTIONS;

use crate::tape::Tape;
use crate::tree::{Tree, map, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Spec,
    Manifest,
}

/// Whether a connection may hold a mapping `compute`: valid where the plugin declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maps {
    None,
    Declared,
}

/// Names of environments and computes: words that select elsewhere are names as good as any.
const NAMES: [&str; 11] =
    ["dev", "prod", "duckdb", "spark_large", "compute", "default", "approved", "type", "plugin", "transforms", "a-1"];
const WORDS: [&str; 8] = ["duckdb", "models/", "Zürich", "a: b", "#7", "x y", "null", "{{ env_var('X') }}"];

pub(crate) fn valid(tape: &mut Tape, kind: Kind, maps: Maps) -> Tree {
    match kind {
        Kind::Spec => spec(tape),
        Kind::Manifest => manifest(tape, maps),
    }
}

fn head(tape: &mut Tape, kind: &str) -> Tree {
    let mut metadata = map([("name", text(tape.pick(&NAMES)))]);
    if tape.one_in(3) {
        metadata.or_insert("labels", junk(tape, 2));
    }
    map([("apiVersion", text("floe.dev/v1")), ("kind", text(kind)), ("metadata", metadata)])
}

fn spec(tape: &mut Tape) -> Tree {
    let mut tree = head(tape, "FloeSpec");
    let transforms = (0..tape.below(4)).map(|index| {
        let mut transform = map([("path", text(&format!("models/{index}")))]);
        if tape.one_in(2) {
            transform.or_insert("type", text("dbt"));
        }
        if tape.one_in(2) {
            transform.or_insert("compute", text(tape.pick(&NAMES)));
        }
        if tape.one_in(4) {
            transform.or_insert("quality", junk(tape, 2));
        }
        transform
    });
    let transforms = Tree::List(transforms.collect());
    tree.or_insert("transforms", transforms);
    let environments = environments(tape, |tape, name| {
        let mut environment = map([("name", text(name))]);
        if tape.one_in(2) {
            environment.or_insert("vars", mapping(tape, 3));
        }
        if tape.one_in(2) {
            let names = some(tape, &[&["*"], &NAMES[..]].concat(), 2);
            let settings = names.into_iter().map(|name| (name.to_owned(), settings(tape, Maps::None)));
            let settings = Tree::Map(settings.collect());
            environment.or_insert("connections", settings);
        }
        environment
    });
    tree.or_insert("environments", environments);
    elsewhere(tape, &mut tree, &["schedule", "outputPorts", "contracts", "governance"]);
    tree
}

fn manifest(tape: &mut Tape, maps: Maps) -> Tree {
    let mut tree = head(tape, "Manifest");
    let mut names = some(tape, &NAMES, 4);
    if names.is_empty() {
        names.push("duckdb");
    }
    let default = text(tape.pick(&names));
    let approved = names.iter().map(|name| {
        if tape.below(3) == 0 {
            return text(name);
        }
        let mut compute = map([("name", text(name))]);
        if tape.one_in(2) {
            compute.or_insert("plugin", text(tape.pick(&["duckdb", "spark", "default"])));
        }
        if tape.one_in(2) {
            compute.or_insert("config", settings(tape, maps));
        }
        compute
    });
    let approved = Tree::List(approved.collect());
    let section = map([("approved", approved), ("default", default)]);
    match tape.below(2) {
        0 => tree.or_insert("plugins", map([("compute", section)])),
        _ => tree.or_insert("compute", section),
    };
    if tape.one_in(3) {
        tree.or_insert("plugins", map([])).or_insert("storage", junk(tape, 2));
    }
    let environments = environments(tape, |tape, name| {
        let mut environment = map([("name", text(name))]);
        if tape.one_in(3) {
            environment.or_insert("product_may_set", Tree::List(vec![text("schema"), text("database")]));
        }
        if tape.one_in(2) {
            let computes = some(tape, &names, 2);
            let settings = computes.into_iter().map(|name| (name.to_owned(), settings(tape, maps)));
            let settings = Tree::Map(settings.collect());
            environment.or_insert("connections", settings);
        }
        environment
    });
    tree.or_insert("environments", environments);
    elsewhere(tape, &mut tree, &["governance", "approved_plugins", "defaults", "resource_presets"]);
    tree
}

/// One to four environments of different names.
fn environments(tape: &mut Tape, each: impl Fn(&mut Tape, &str) -> Tree) -> Tree {
    let mut names = some(tape, &NAMES, 4);
    if names.is_empty() {
        names.push("dev");
    }
    let made = names.into_iter().map(|name| {
        let mut environment = each(tape, name);
        if tape.one_in(4) {
            environment.or_insert("description", text("selects no compute"));
        }
        environment
    });
    Tree::List(made.collect())
}

/// Settings of a connection: directly under it nothing is called like a selection, deeper everything may be.
fn settings(tape: &mut Tape, maps: Maps) -> Tree {
    let mut settings = map([]);
    for key in some(tape, &["threads", "host", "attach", "settings", "Compute", "computes", "compute "], 3) {
        let value = match key {
            "threads" => Tree::Int(8),
            "attach" => Tree::List(vec![map([("path", text("a.duckdb")), ("type", text("duckdb"))]), junk(tape, 2)]),
            _ => junk(tape, 3),
        };
        settings.or_insert(key, value);
    }
    if maps == Maps::Declared && tape.one_in(4) {
        settings.or_insert("compute", mapping(tape, 2));
    }
    settings
}

/// Sections that pass through, and keys of the user's own.
fn elsewhere(tape: &mut Tape, tree: &mut Tree, sections: &[&str]) {
    for section in some(tape, sections, 2) {
        tree.or_insert(section, junk(tape, 2));
    }
    if tape.one_in(3) {
        tree.or_insert("x-mine", map([("environments", Tree::List(vec![mapping(tape, 2)]))]));
    }
}

/// Up to so many of these, each once.
fn some<'a>(tape: &mut Tape, of: &[&'a str], most: usize) -> Vec<&'a str> {
    let mut left = of.to_vec();
    let count = tape.below(most + 1).min(left.len());
    (0..count).map(|_| left.remove(tape.below(left.len()))).collect()
}

/// Anything at all.
pub(crate) fn junk(tape: &mut Tape, depth: usize) -> Tree {
    match tape.below(if depth == 0 { 4 } else { 7 }) {
        0 => text(tape.pick(&WORDS)),
        1 => Tree::Int(42),
        2 => Tree::Bool(true),
        3 => Tree::Null,
        4 => Tree::List((0..tape.below(3)).map(|_| junk(tape, depth - 1)).collect()),
        _ => mapping(tape, depth - 1),
    }
}

/// A mapping whose keys are what would select elsewhere.
pub(crate) fn mapping(tape: &mut Tape, depth: usize) -> Tree {
    let keys = [SELECTIONS, &["name", "x", "ü", "environments", "connections", "1", "true", "<<x"]].concat();
    let entries = some(tape, &keys, 3).into_iter().map(|key| (key.to_owned(), junk(tape, depth)));
    Tree::Map(entries.collect())
}
