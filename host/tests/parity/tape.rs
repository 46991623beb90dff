//! Choices from a tape: the generators read it, proptest writes and shortens it. The first choice is always the plainest.

use proptest::strategy::Strategy;

/// A tape that is being read; behind its end every choice is the first.
pub(crate) struct Tape {
    choices: Vec<u16>,
    at: usize,
}

/// Tapes long enough for every document.
pub(crate) fn strategy() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(proptest::num::u16::ANY, 600)
}

impl Tape {
    pub(crate) fn new(choices: Vec<u16>) -> Self {
        Self { choices, at: 0 }
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        if limit == 0 { 0 } else { usize::from(choice) % limit }
    }

    /// True in one of so many cases.
    pub(crate) fn one_in(&mut self, cases: usize) -> bool {
        self.below(cases) == cases - 1
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}
