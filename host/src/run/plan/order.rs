//! A graph whose nodes have a compute, cut into as few batches as possible: each of one compute, each behind what it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Nodes, their computes, and what they wait for.
#[derive(Debug, Default)]
pub(super) struct Graph {
    compute: BTreeMap<String, String>,
    waits_for: BTreeMap<String, BTreeSet<String>>,
}

/// What runs in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) compute: String,
    pub(super) nodes: Vec<String>,
    /// Batches that have to come before, by their numbers from 1.
    pub(super) after: Vec<usize>,
}

impl Graph {
    /// Adds a node. What it waits for and is never added is taken to be there.
    pub(super) fn add(&mut self, id: &str, compute: &str, waits_for: BTreeSet<String>) {
        self.compute.insert(id.to_owned(), compute.to_owned());
        self.waits_for.entry(id.to_owned()).or_default().extend(waits_for);
    }

    /// Lets a node that is there wait for another.
    pub(super) fn wait(&mut self, id: &str, other: &str) {
        if id != other
            && let Some(waits) = self.waits_for.get_mut(id)
        {
            waits.insert(other.to_owned());
        }
    }

    /// Each node and what it waits for.
    pub(super) fn waits(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.waits_for.iter()
    }

    pub(super) fn into_waits_for(self) -> BTreeMap<String, BTreeSet<String>> {
        self.waits_for
    }
}

/// The same with numbers for names.
struct Numbered {
    compute: Vec<usize>,
    children: Vec<Vec<usize>>,
    open: Vec<usize>,
}

/// Cuts the graph, for computes in the order in which they are preferred.
///
/// # Errors
/// Nodes that wait for each other.
pub(super) fn steps(graph: &Graph, computes: &[String]) -> Result<Vec<Batch>, Vec<String>> {
    let ids: Vec<&str> = graph.compute.keys().map(String::as_str).collect();
    let number: HashMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let place = |name: &String| computes.iter().position(|compute| compute == name).unwrap_or(computes.len());
    let mut numbered = Numbered {
        compute: graph.compute.values().map(place).collect(),
        children: vec![Vec::new(); ids.len()],
        open: vec![0; ids.len()],
    };
    for (id, waits) in &graph.waits_for {
        let Some(child) = number.get(id.as_str()) else { continue };
        for parent in waits.iter().filter_map(|parent| number.get(parent.as_str())) {
            numbered.children[*parent].push(*child);
            numbered.open[*child] += 1;
        }
    }
    // Which compute begins decides how often the others have to be started: try each.
    let mut best: Option<Vec<(usize, Vec<usize>)>> = None;
    for first in 0..=computes.len() {
        let cut = numbered.cut(first);
        let found: usize = cut.iter().map(|(_, nodes)| nodes.len()).sum();
        if found < ids.len() {
            return Err(circle(graph, &ids, &cut));
        }
        if best.as_ref().is_none_or(|best| cut.len() < best.len()) {
            best = Some(cut);
        }
    }
    let best = best.unwrap_or_default();
    let mut batch_of = vec![0; ids.len()];
    for (at, (_, nodes)) in best.iter().enumerate() {
        for node in nodes {
            batch_of[*node] = at + 1;
        }
    }
    let mut batches = Vec::with_capacity(best.len());
    for (at, (_, nodes)) in best.iter().enumerate() {
        let waits = nodes.iter().filter_map(|node| graph.waits_for.get(ids[*node])).flatten();
        let after: BTreeSet<usize> =
            waits.filter_map(|id| number.get(id.as_str())).map(|node| batch_of[*node]).collect();
        let mut names: Vec<String> = nodes.iter().map(|node| ids[*node].to_owned()).collect();
        names.sort_unstable();
        let compute = nodes.first().and_then(|node| graph.compute.get(ids[*node])).cloned().unwrap_or_default();
        batches.push(Batch {
            compute,
            nodes: names,
            after: after.into_iter().filter(|other| *other != at + 1).collect(),
        });
    }
    Ok(batches)
}

impl Numbered {
    /// Batches, greedily: each compute as far as it gets. The next is one that gets done with all of its nodes, else the one
    /// that gets furthest.
    fn cut(&self, first: usize) -> Vec<(usize, Vec<usize>)> {
        let mut open = self.open.clone();
        let mut left: BTreeMap<usize, usize> = BTreeMap::new();
        self.compute.iter().for_each(|compute| *left.entry(*compute).or_default() += 1);
        let mut done = vec![false; open.len()];
        let mut batches: Vec<(usize, Vec<usize>)> = Vec::new();
        loop {
            let candidates = left.iter().filter(|(_, count)| **count > 0).map(|(compute, count)| {
                let nodes = self.closure(*compute, &open, &done);
                (*compute, nodes, *count)
            });
            let mut candidates: Vec<_> = candidates.filter(|(_, nodes, _)| !nodes.is_empty()).collect();
            if batches.is_empty() && candidates.iter().any(|(compute, ..)| *compute == first) {
                candidates.retain(|(compute, ..)| *compute == first);
            }
            let best = candidates.into_iter().max_by(|one, other| {
                let rank = |(compute, nodes, count): &(usize, Vec<usize>, usize)| {
                    (nodes.len() == *count, nodes.len(), std::cmp::Reverse(*compute))
                };
                rank(one).cmp(&rank(other))
            });
            let Some((compute, nodes, _)) = best else { return batches };
            for node in &nodes {
                done[*node] = true;
                self.children[*node].iter().for_each(|child| open[*child] -= 1);
            }
            *left.entry(compute).or_default() -= nodes.len();
            batches.push((compute, nodes));
        }
    }

    /// All nodes of a compute that can run now, one after another.
    fn closure(&self, compute: usize, open: &[usize], done: &[bool]) -> Vec<usize> {
        let mut open = open.to_vec();
        let ready = |node: &usize, open: &[usize]| self.compute[*node] == compute && open[*node] == 0 && !done[*node];
        let mut queue: VecDeque<usize> = (0..open.len()).filter(|node| ready(node, &open)).collect();
        let mut found = Vec::new();
        while let Some(node) = queue.pop_front() {
            found.push(node);
            for child in &self.children[node] {
                open[*child] -= 1;
                if ready(child, &open) {
                    queue.push_back(*child);
                }
            }
        }
        found
    }
}

/// Some nodes of those that are left which wait for each other.
fn circle(graph: &Graph, ids: &[&str], cut: &[(usize, Vec<usize>)]) -> Vec<String> {
    let placed: BTreeSet<usize> = cut.iter().flat_map(|(_, nodes)| nodes).copied().collect();
    let left: BTreeSet<&str> =
        ids.iter().enumerate().filter(|(at, _)| !placed.contains(at)).map(|(_, id)| *id).collect();
    let Some(first) = left.first() else { return Vec::new() };
    let mut path: Vec<&str> = vec![first];
    // What is left waits for something that is left.
    let next = |id: &str| graph.waits_for.get(id)?.iter().find_map(|other| left.get(other.as_str())).copied();
    while let Some(next) = path.last().and_then(|id| next(id)) {
        if let Some(at) = path.iter().position(|id| *id == next) {
            return path.drain(at..).map(str::to_owned).collect();
        }
        path.push(next);
    }
    path.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a:x` is node `a` on compute `x`, behind what follows.
    fn graph(nodes: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (node, waits) in nodes {
            let (id, compute) = node.split_once(':').unwrap();
            graph.add(id, compute, waits.iter().map(|id| (*id).to_owned()).collect());
        }
        graph
    }

    fn cut(nodes: &[(&str, &[&str])]) -> Vec<String> {
        let computes = ["x".to_owned(), "y".to_owned(), "z".to_owned()];
        let batches = steps(&graph(nodes), &computes).unwrap();
        batches.iter().map(|batch| format!("{}: {}", batch.compute, batch.nodes.join(" "))).collect()
    }

    #[test]
    fn one_compute_is_one_step() {
        assert_eq!(cut(&[("a:x", &[]), ("b:x", &["a"]), ("c:x", &[])]), ["x: a b c"]);
    }

    #[test]
    fn folders_that_refer_to_each_other_both_ways_are_cut_by_node() {
        assert_eq!(cut(&[("a:x", &[]), ("b:y", &["a"]), ("c:x", &["b"]), ("d:y", &[])]), ["x: a", "y: b d", "x: c"]);
    }

    #[test]
    fn the_compute_that_saves_a_step_begins() {
        // Beginning with x would need x, y, x, y.
        assert_eq!(cut(&[("a:x", &["b"]), ("b:y", &[]), ("c:x", &[]), ("d:y", &["a"])]), ["y: b", "x: a c", "y: d"]);
    }

    #[test]
    fn what_does_not_depend_on_another_compute_does_not_wait_for_it() {
        let batches = steps(&graph(&[("a:x", &[]), ("b:y", &[]), ("c:y", &["a"])]), &["x".into(), "y".into()]).unwrap();
        assert_eq!(batches.len(), 2);
        assert_eq!(batches[1].after, [1]);
    }

    #[test]
    fn nodes_that_wait_for_each_other_are_named() {
        let circle =
            steps(&graph(&[("a:x", &["c"]), ("b:x", &["a"]), ("c:y", &["b"]), ("d:x", &["c"])]), &[]).unwrap_err();
        assert_eq!(circle.len(), 3, "{circle:?}");
        assert!(!circle.contains(&"d".to_owned()));
    }

    #[test]
    fn what_is_not_planned_is_taken_to_be_there() {
        assert_eq!(cut(&[("a:x", &["elsewhere"])]), ["x: a"]);
    }
}
