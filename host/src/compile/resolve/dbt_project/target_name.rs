//! Comparisons of `target.name` with a text, in Jinja.
//!
//! floe's dbt target is the environment, so a text that is no environment is a branch that no run takes: most often what is left
//! of target names as they were before floe. Only texts that are written out are judged.

use std::ops::Range;

use super::jinja::{Kind, Token, each_part};

/// A comparison of `target.name` with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The text.
    pub(super) literal: String,
    /// Where it stands, quotes included.
    pub(super) range: Range<usize>,
    /// How it is compared.
    pub(super) how: How,
}

/// How a text is compared with `target.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// They must be the same.
    Equal,
    /// The same but for upper and lower case.
    AnyCase,
    /// `'text' in target.name`: a part of it.
    Part,
}

impl Comparison {
    /// Whether an environment has this name.
    pub(super) fn is_met_by(&self, environment: &str) -> bool {
        match self.how {
            How::Equal => environment == self.literal,
            How::AnyCase => environment.eq_ignore_ascii_case(&self.literal),
            How::Part => environment.to_ascii_lowercase().contains(&self.literal.to_ascii_lowercase()),
        }
    }
}

/// All comparisons in a text.
pub(super) fn comparisons(text: &str) -> Vec<Comparison> {
    let mut found = Vec::new();
    // Where `target` is something else than dbt's.
    let mut hidden = Hidden::Not;
    each_part(text, |tokens| {
        hidden = hidden.behind(tokens);
        if hidden == Hidden::Not {
            for (at, token) in tokens.iter().enumerate() {
                if token.kind == Kind::Name("target") {
                    at_target(tokens, at, &mut found);
                }
            }
        }
    });
    found
}

/// Whether the user has a `target` of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Not,
    /// A parameter of the macro.
    InMacro,
    /// A variable: its scope is not worth following.
    FromHere,
}

impl Hidden {
    fn behind(self, tokens: &[Token<'_>]) -> Self {
        // As a name of its own: `macro f(x=target.name)` uses dbt's.
        let names_target = |tokens: &[Token<'_>]| {
            let is_used =
                |at: usize| matches!(tokens.get(at + 1).map(|token| token.kind), Some(Kind::Mark(b'.' | b'[')));
            (0..tokens.len()).any(|at| tokens[at].kind == Kind::Name("target") && !is_used(at))
        };
        let until = |end: Kind<'_>| tokens.iter().position(|token| token.kind == end).unwrap_or(tokens.len());
        match tokens.first().map(|first| first.kind) {
            Some(Kind::Name("set")) if names_target(&tokens[..until(Kind::Mark(b'='))]) => Self::FromHere,
            Some(Kind::Name("for")) if names_target(&tokens[..until(Kind::Name("in"))]) => Self::FromHere,
            Some(Kind::Name("macro")) if self == Self::Not && names_target(tokens) => Self::InMacro,
            Some(Kind::Name("endmacro")) if self == Self::InMacro => Self::Not,
            _ => self,
        }
    }
}

fn at_target(tokens: &[Token<'_>], at: usize, found: &mut Vec<Comparison>) {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let before = |at: usize, steps: usize| at.checked_sub(steps).and_then(kind);
    if matches!(before(at, 1), Some(Kind::Mark(b'.' | b'|'))) {
        return;
    }
    let Some((mut end, folds)) = behind_name(tokens, at) else { return };
    let mut start = at;
    // Brackets around it alone, which are none of a call.
    while before(start, 1) == Some(Kind::Mark(b'('))
        && kind(end) == Some(Kind::Mark(b')'))
        && before(start, 2).is_none_or(|before| !is_callable(before))
    {
        (start, end) = (start - 1, end + 1);
    }
    let how = if folds { How::AnyCase } else { How::Equal };
    let mut push = |at: usize, how: How| {
        if let Some(Token { kind: Kind::Text(literal), range }) = tokens.get(at)
            && !literal.contains('\\')
        {
            found.push(Comparison { literal: (*literal).to_owned(), range: range.clone(), how });
        }
    };
    match kind(end) {
        Some(Kind::Equal | Kind::Unequal) if ends_operand(kind(end + 2)) => push(end + 1, how),
        Some(Kind::Name("in" | "not")) => {
            let list = if kind(end) == Some(Kind::Name("not")) { end + 2 } else { end + 1 };
            if kind(list - 1) == Some(Kind::Name("in")) {
                elements(tokens, list, |at| push(at, how));
            }
        }
        _ => {}
    }
    if !ends_operand(kind(end)) || start < 2 {
        return;
    }
    match before(start, 1) {
        Some(Kind::Equal | Kind::Unequal) if ends_operand(before(start, 3)) => push(start - 2, how),
        Some(Kind::Name("in")) => {
            let text = if before(start, 2) == Some(Kind::Name("not")) { start.checked_sub(3) } else { Some(start - 2) };
            if let Some(text) = text.filter(|text| ends_operand(before(*text, 1))) {
                push(text, How::Part);
            }
        }
        _ => {}
    }
}

/// The token behind `target.name`, `target['name']` or `target.get('name')`, and what may follow without changing more than
/// the case of its letters; and whether it changes that.
fn behind_name(tokens: &[Token<'_>], at: usize) -> Option<(usize, bool)> {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let (dot, open, close) = (Some(Kind::Mark(b'.')), Some(Kind::Mark(b'(')), Some(Kind::Mark(b')')));
    let mut end = match (kind(at + 1), kind(at + 2)) {
        (first, Some(Kind::Name("name"))) if first == dot => at + 3,
        (Some(Kind::Mark(b'[')), Some(Kind::Text("name"))) if kind(at + 3) == Some(Kind::Mark(b']')) => at + 4,
        (first, Some(Kind::Name("get"))) if first == dot && kind(at + 3) == open => {
            if kind(at + 4) != Some(Kind::Text("name")) {
                return None;
            }
            match kind(at + 5) {
                close_bracket if close_bracket == close => at + 6,
                Some(Kind::Mark(b',')) if kind(at + 7) == close => at + 8,
                _ => return None,
            }
        }
        _ => return None,
    };
    let mut folds = false;
    while let (Some(Kind::Mark(mark @ (b'.' | b'|'))), Some(Kind::Name(name))) = (kind(end), kind(end + 1)) {
        match name {
            "lower" | "upper" => folds = true,
            "trim" | "strip" | "string" => {}
            _ => return None,
        }
        end += 2;
        if kind(end) == open && kind(end + 1) == close {
            end += 2;
        } else if mark == b'.' {
            return None;
        }
    }
    Some((end, folds))
}

/// The texts of a list or tuple, where each is an element by itself.
fn elements(tokens: &[Token<'_>], at: usize, mut each: impl FnMut(usize)) {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    if !matches!(kind(at), Some(Kind::Mark(b'[' | b'(' | b'{'))) {
        return;
    }
    let mut at = at + 1;
    while let Some(Kind::Text(_)) = kind(at) {
        match kind(at + 1) {
            Some(Kind::Mark(b',' | b']' | b')' | b'}')) => each(at),
            _ => return,
        }
        at += 2;
    }
}

/// Whether what stands beside a text leaves it a whole operand.
fn ends_operand(beside: Option<Kind<'_>>) -> bool {
    !matches!(
        beside,
        Some(Kind::Mark(b'~' | b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b'[' | b'|') | Kind::Equal | Kind::Unequal)
    )
}

/// Whether a bracket behind it is that of a call.
fn is_callable(token: Kind<'_>) -> bool {
    const KEYWORDS: &[&str] = &["if", "elif", "else", "and", "or", "not", "in", "is", "do", "set", "return"];
    match token {
        Kind::Name(name) => !KEYWORDS.contains(&name),
        Kind::Mark(mark) => matches!(mark, b')' | b']'),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
