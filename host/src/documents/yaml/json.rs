//! The tree as JSON, and the way back from a place in that JSON to the place in the file.

use serde_json::{Map, Value};

use super::{Kind, Node};
use crate::diagnostics::Span;

/// Where a JSON pointer leads in a document.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The key under which the value stands, where it stands in a mapping.
    pub key: Option<&'a Span>,
    /// The value.
    pub node: &'a Node,
}

impl Place<'_> {
    /// The best place to mark for "this key": the key, or the value where it has none.
    pub fn key_span(&self) -> Span {
        self.key.unwrap_or(&self.node.span).clone()
    }
}

impl Node {
    /// The value as JSON. Every tree has one: numbers are finite and keys are text.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::from(*value),
            Kind::Float(value) => Value::from(*value),
            Kind::Str(text) => Value::from(text.as_str()),
            Kind::Seq(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Follows a JSON pointer (`/a/0/b`; the empty one is the value itself).
    pub fn pointer(&self, pointer: &str) -> Option<Place<'_>> {
        let mut place = Place { key: None, node: self };
        if pointer.is_empty() {
            return Some(place);
        }
        for token in pointer.strip_prefix('/')?.split('/') {
            let token = token.replace("~1", "/").replace("~0", "~");
            place = match &place.node.kind {
                Kind::Map(entries) => {
                    let entry = entries.iter().find(|entry| entry.key == token)?;
                    Place { key: Some(&entry.key_span), node: &entry.value }
                }
                Kind::Seq(items) => Place { key: None, node: items.get(token.parse::<usize>().ok()?)? },
                _ => return None,
            };
        }
        Some(place)
    }

    /// Follows a JSON pointer as far as it leads, for errors about something that is not there.
    pub fn nearest(&self, pointer: &str) -> Place<'_> {
        let mut pointer = pointer;
        loop {
            match self.pointer(pointer) {
                Some(place) => return place,
                None => pointer = pointer.rfind('/').map_or("", |slash| &pointer[..slash]),
            }
        }
    }
}
