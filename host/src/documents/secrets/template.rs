//! dbt's `{{ env_var('X') }}`, the one expression that floe understands.

use serde_json::Value;

use super::is_variable;
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Source, Span};

/// Text with expressions in it. dbt evaluates it in the profile; floe for a live check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its parts, in order; at least one is a variable.
    pub parts: Vec<Part>,
    /// Where it stands.
    pub span: Span,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// `{{ env_var(…) }}`.
    EnvVar(EnvVar),
}

/// `{{ env_var('X', 'default') | filter }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Name of the variable.
    pub name: String,
    /// What counts where it is not set.
    pub default: Option<String>,
    /// What it is turned into.
    pub filter: Option<Filter>,
}

/// What a filter turns a variable into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// `int`, `as_number`: a number.
    Number,
    /// `as_bool`: true or false.
    Bool,
    /// `as_text`, `as_native` and none: text.
    Text,
}

impl Template {
    /// The variables that it reads.
    pub fn variables(&self) -> impl Iterator<Item = &EnvVar> {
        self.parts.iter().filter_map(|part| match part {
            Part::EnvVar(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }
}

/// The variables that a document, such as a profile, reads; a text in it that cannot be read has none.
pub fn expressions(document: &Value) -> Vec<EnvVar> {
    match document {
        Value::String(text) => {
            let nowhere = Span::new(&Source::new("", ""), 0, 0);
            let template = parse(text, &nowhere).ok().flatten();
            template.map(|template| template.variables().cloned().collect()).unwrap_or_default()
        }
        Value::Array(items) => items.iter().flat_map(expressions).collect(),
        Value::Object(entries) => entries.values().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

/// Reads a text: `None` where it holds no expression.
pub(super) fn parse(text: &str, span: &Span) -> Result<Option<Template>, Box<Diagnostic>> {
    if !text.contains("{{") && !text.contains("{%") {
        return Ok(None);
    }
    let refused = |message: String| {
        let help =
            "floe understands {{ env_var('NAME') }} and {{ env_var('NAME', 'default') }}, also with | int or | as_bool";
        Box::new(Diagnostic::error(&codes::SECRET_FORM, message, help).at(span.clone()))
    };
    if text.contains("{%") {
        return Err(refused("a Jinja statement `{% … %}` cannot stand in a setting".to_owned()));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        if open > 0 {
            parts.push(Part::Text(rest[..open].to_owned()));
        }
        let after = &rest[open + 2..];
        let close = after.find("}}").ok_or_else(|| refused("an expression has no closing `}}`".to_owned()))?;
        let inside = after[..close].trim();
        let variable =
            env_var(inside).ok_or_else(|| refused(format!("the expression `{{{{ {inside} }}}}` is not known")))?;
        parts.push(Part::EnvVar(variable));
        rest = &after[close + 2..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(Some(Template { parts, span: span.clone() }))
}

fn env_var(text: &str) -> Option<EnvVar> {
    let arguments = text.strip_prefix("env_var")?.trim_start().strip_prefix('(')?;
    let (name, rest) = quoted(arguments)?;
    let (default, rest) = match rest.strip_prefix(',') {
        Some(rest) => quoted(rest).map(|(default, rest)| (Some(default), rest))?,
        None => (None, rest),
    };
    let rest = rest.strip_prefix(')')?.trim();
    let filter = match rest.strip_prefix('|') {
        Some(filter) => Some(self::filter(filter.trim())?),
        None if rest.is_empty() => None,
        None => return None,
    };
    is_variable(name).then(|| EnvVar { name: name.to_owned(), default: default.map(str::to_owned), filter })
}

fn filter(name: &str) -> Option<Filter> {
    match name {
        "int" | "as_number" => Some(Filter::Number),
        "as_bool" => Some(Filter::Bool),
        "as_text" | "as_native" | "string" | "trim" => Some(Filter::Text),
        _ => None,
    }
}

/// A string in quotes and what follows it, blanks removed on both sides.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let end = text[1..].find(quote)? + 1;
    // An escape would need a reader of Python strings; no variable's name has one.
    (!text[1..end].contains('\\')).then(|| (&text[1..end], text[end + 1..].trim_start()))
}
