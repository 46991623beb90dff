//! Circles in a graph, in time linear in its edges.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

/// One circle for each knot of places that reach each other: the shortest through its first place, beginning there. In the order
/// of these places. `edges[a]` holds the places that `a` waits for.
pub(super) fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let knots = knots(edges);
    let mut first: Vec<Option<usize>> = vec![None; edges.len()];
    let mut found = Vec::new();
    for (at, knot) in knots.iter().enumerate() {
        if first[*knot].is_none() {
            first[*knot] = Some(at);
            found.extend(shortest(edges, &knots, at));
        }
    }
    found
}

/// The shortest way from a place back to itself, within its knot.
fn shortest(edges: &[Vec<usize>], knots: &[usize], start: usize) -> Option<Vec<usize>> {
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges[at].iter().copied().filter(|next| knots[*next] == knots[start]) {
            if next == start {
                let mut cycle = vec![at];
                let mut at = at;
                while let Some(before) = came_from.get(&at) {
                    cycle.push(*before);
                    at = *before;
                }
                cycle.reverse();
                return Some(cycle);
            }
            if let Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// For each place the number of its strongly connected component: Tarjan's algorithm, with a stack of its own, because a chain of
/// dependencies may be long.
fn knots(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let (mut index, mut low, mut knot) = (vec![UNSEEN; count], vec![UNSEEN; count], vec![UNSEEN; count]);
    let (mut clock, mut knots) = (0, 0);
    let mut path: Vec<usize> = Vec::new();
    for start in 0..count {
        if index[start] != UNSEEN {
            continue;
        }
        let mut calls = vec![(start, 0)];
        while let Some((at, step)) = calls.pop() {
            if step == 0 {
                (index[at], low[at]) = (clock, clock);
                clock += 1;
                path.push(at);
            }
            if let Some(&next) = edges[at].get(step) {
                calls.push((at, step + 1));
                if index[next] == UNSEEN {
                    calls.push((next, 0));
                } else if knot[next] == UNSEEN {
                    low[at] = low[at].min(index[next]);
                }
                continue;
            }
            if let Some((above, _)) = calls.last() {
                low[*above] = low[*above].min(low[at]);
            }
            if low[at] == index[at] {
                while let Some(member) = path.pop() {
                    knot[member] = knots;
                    if member == at {
                        break;
                    }
                }
                knots += 1;
            }
        }
    }
    knot
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_circle_is_found_once_from_its_first_place() {
        assert_eq!(cycles(&[vec![1], vec![2], vec![0], vec![3], vec![0]]), [vec![0, 1, 2], vec![3]]);
        // Two circles in one knot: the shortest through the first.
        assert_eq!(cycles(&[vec![1], vec![2, 0], vec![0]]), [vec![0, 1]]);
        assert!(cycles(&[vec![1, 2], vec![3], vec![3], vec![]]).is_empty());
    }

    #[test]
    fn a_circle_of_a_million_is_no_trouble() {
        let count = 1_000_000;
        let edges: Vec<_> = (0..count).map(|at| vec![(at + 1) % count]).collect();
        assert_eq!(cycles(&edges)[0].len(), count);
    }

    proptest! {
        #[test]
        fn what_is_found_is_a_circle_and_without_any_there_is_an_order(
            edges in (1_usize..12).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(0..n, 0..4), n))
        ) {
            let found = cycles(&edges);
            for cycle in &found {
                for (at, place) in cycle.iter().enumerate() {
                    prop_assert!(edges[*place].contains(&cycle[(at + 1) % cycle.len()]));
                }
            }
            // By hand: take away places without edges to those that are left.
            let mut left: Vec<usize> = (0..edges.len()).collect();
            loop {
                let before = left.len();
                left = left.iter().copied().filter(|at| edges[*at].iter().any(|next| left.contains(next))).collect();
                if left.len() == before {
                    break;
                }
            }
            prop_assert_eq!(found.is_empty(), left.is_empty());
        }
    }
}
