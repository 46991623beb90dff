//! What must not stand in a manifest: secrets that are written out become references to variables.

use serde::Serialize;
use serde_json::Value;

use super::choice::From;
use super::names::upper;
use crate::diagnostics::Span;
use crate::documents::secrets::{Part, Reference, likely_secret_pointers, recognise};
use crate::documents::yaml::{Entry, Kind, Node};

/// A variable to set in place of a secret that was written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The compute.
    pub compute: String,
    /// The environment, where they differ.
    pub environment: Option<String>,
    /// The setting.
    pub key: String,
    /// Where its value stands.
    pub from: From,
}

/// Whose settings they are.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The product.
    pub(super) product: &'a str,
    /// The compute.
    pub(super) compute: &'a str,
    /// The environment, for settings that differ.
    pub(super) environment: Option<&'a str>,
}

/// Replaces each secret that is written out, and tells which variables to set.
pub(super) fn replace(entries: &mut Vec<Entry>, schema: &Value, owner: Owner<'_>, variables: &mut Vec<Variable>) {
    let Some(span) = entries.first().map(|entry| entry.value.span.clone()) else { return };
    let mut node = Node { kind: Kind::Map(std::mem::take(entries)), span };
    let mut pointers = likely_secret_pointers(&node, schema);
    embedded(&node, &mut String::new(), &mut pointers);
    walk(&mut node, &mut String::new(), &mut |pointer, node| {
        if !pointers.iter().any(|other| other == pointer) {
            return Found::Other;
        }
        one(pointer, node, owner, variables)
    });
    if let Kind::Map(left) = node.kind {
        *entries = left;
    }
}

/// What comes of a value.
#[derive(PartialEq)]
enum Found {
    /// It is no secret: what is below it may be.
    Other,
    /// It is dealt with.
    Done,
    /// There is nothing in it: dbt reads that as absent.
    Empty,
}

fn walk(node: &mut Node, pointer: &mut String, each: &mut impl FnMut(&str, &mut Node) -> Found) -> Found {
    let found = each(pointer, node);
    if found != Found::Other {
        return found;
    }
    let length = pointer.len();
    let mut below = |key: &str, node: &mut Node| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let found = walk(node, pointer, each);
        pointer.truncate(length);
        found
    };
    match &mut node.kind {
        Kind::Map(entries) => entries.retain_mut(|entry| below(&entry.key, &mut entry.value) != Found::Empty),
        Kind::Seq(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                below(&index.to_string(), item);
            }
        }
        _ => {}
    }
    Found::Other
}

fn one(pointer: &str, node: &mut Node, owner: Owner<'_>, variables: &mut Vec<Variable>) -> Found {
    let named = match recognise(node) {
        Ok(Some(Reference::Secret(_))) => return Found::Done,
        Ok(Some(Reference::Template(template))) => {
            if template.variables().all(|variable| variable.default.as_deref().is_none_or(str::is_empty)) {
                return Found::Done;
            }
            // The default is what is written out; the variable that it stands in for has a name already.
            match template.parts.as_slice() {
                [Part::EnvVar(variable)] => Some(variable.name.clone()),
                _ => None,
            }
        }
        Ok(None) if node.as_str().is_some_and(str::is_empty) => return Found::Empty,
        // An expression that is not understood may hold it too.
        _ => None,
    };
    let key = pointer.trim_start_matches('/').replace('/', ".");
    let span = node.span.clone();
    span.hide();
    let name = if let Some(name) = named {
        node.kind = Kind::Str(format!("{{{{ env_var('{name}') }}}}"));
        name
    } else {
        let parts = [Some(owner.product), Some(owner.compute), owner.environment, Some(&*key)];
        let name = upper(&parts.into_iter().flatten().collect::<Vec<_>>().join("_"));
        node.kind = reference(&name, &span);
        name
    };
    variables.push(Variable {
        name,
        compute: owner.compute.to_owned(),
        environment: owner.environment.map(str::to_owned),
        key,
        from: From::of(&span),
    });
    Found::Done
}

/// `{secret: {source: env, name: …}}`.
fn reference(name: &str, span: &Span) -> Kind {
    let text = |key: &str, text: &str| entry(key, Kind::Str(text.to_owned()), span);
    let inside = Kind::Map(vec![text("source", "env"), text("name", name)]);
    Kind::Map(vec![entry("secret", inside, span)])
}

fn entry(key: &str, kind: Kind, span: &Span) -> Entry {
    Entry { key: key.to_owned(), key_span: span.clone(), value: Node { kind, span: span.clone() } }
}

/// Texts that hold a secret among other things, whatever their key says: an address with a password in it, say.
fn embedded(node: &Node, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    let mut below = |key: &str, node: &Node| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        embedded(node, pointer, found);
        pointer.truncate(length);
    };
    match &node.kind {
        Kind::Map(entries) => entries.iter().for_each(|entry| below(&entry.key, &entry.value)),
        Kind::Seq(items) => items.iter().enumerate().for_each(|(index, item)| below(&index.to_string(), item)),
        Kind::Str(text) if holds_secret(text) && !found.contains(pointer) => found.push(pointer.clone()),
        _ => {}
    }
}

fn holds_secret(text: &str) -> bool {
    let in_address = text.split_once("://").is_some_and(|(_, rest)| {
        let login = rest.split(['/', '?']).next().unwrap_or_default().rsplit_once('@').map(|(login, _)| login);
        login.and_then(|login| login.split_once(':')).is_some_and(|(_, password)| is_literal(password))
    });
    let lower = text.to_ascii_lowercase();
    let words = ["password=", "passwd=", "pwd=", "token=", "secret=", "access_key=", "api_key=", "private_key="];
    let in_words = words
        .iter()
        .any(|word| lower.match_indices(word).any(|(at, _)| text.get(at + word.len()..).is_some_and(is_literal)));
    in_address || in_words || text.contains("-----BEGIN")
}

/// Whether a text begins with something that is no expression.
fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches(['\'', '"', ' ']);
    !text.is_empty() && !text.starts_with("{{") && !text.starts_with(['&', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_other_texts_are_found() {
        for text in
            ["postgres://u:pw@h/db", "md:shop?motherduck_token=abc", "host=h password=pw", "-----BEGIN PRIVATE KEY"]
        {
            assert!(holds_secret(text), "{text}");
        }
        for text in [
            "postgres://u@h/db",
            "md:shop",
            "postgres://u:{{ env_var('P') }}@h/db",
            "password={{ env_var('P') }}",
            "https://h:1/x",
        ] {
            assert!(!holds_secret(text), "{text}");
        }
    }
}
