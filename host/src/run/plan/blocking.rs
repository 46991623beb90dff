//! Tests that hold up what comes behind the models that they test, across computes as dbt does within one.
//!
//! dbt's rule: a test comes before every node that has all of the test's parents above it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::order::Graph;
use crate::run::graph::Graphs;

/// Lets nodes wait for tests.
pub(super) fn add(graph: &mut Graph, graphs: &Graphs) {
    let built: BTreeMap<String, BTreeSet<String>> =
        graph.waits().map(|(id, waits)| (id.clone(), waits.clone())).collect();
    let is_test = |id: &str| graphs.node(id).is_none();
    let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
    for (id, waits) in built.iter().filter(|(id, _)| !is_test(id)) {
        for parent in waits {
            children.entry(parent).or_default().push(id);
        }
    }
    for (test, parents) in built.iter().filter(|(id, _)| is_test(id)) {
        let mut parents = parents.iter();
        let Some(first) = parents.next() else { continue };
        let rest: Vec<&String> = parents.collect();
        if rest.is_empty() {
            // What is further below waits for these.
            children.get(first.as_str()).into_iter().flatten().for_each(|child| graph.wait(child, test));
            continue;
        }
        let mut below = descendants(first, &children);
        for parent in rest {
            let other = descendants(parent, &children);
            // A parent may itself be below another one.
            below.retain(|id| other.contains(id));
        }
        for id in &below {
            // The first ones suffice: what is below them waits for them.
            let is_first =
                built.get(*id).is_none_or(|waits| !waits.iter().any(|parent| below.contains(parent.as_str())));
            if is_first {
                graph.wait(id, test);
            }
        }
    }
}

fn descendants<'g>(id: &'g str, children: &HashMap<&'g str, Vec<&'g str>>) -> BTreeSet<&'g str> {
    let mut found = BTreeSet::new();
    let mut open = vec![id];
    while let Some(at) = open.pop() {
        for child in children.get(at).into_iter().flatten() {
            if found.insert(*child) {
                open.push(child);
            }
        }
    }
    found
}
