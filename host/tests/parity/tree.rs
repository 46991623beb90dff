//! What a document means, without how it is written.

use serde_json::{Map, Value};

/// A value; keys are text, and none stands twice in a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

pub(crate) fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

pub(crate) fn map(entries: impl IntoIterator<Item = (&'static str, Tree)>) -> Tree {
    Tree::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Tree {
    /// The entries of a mapping.
    pub(crate) fn entries(&mut self) -> &mut Vec<(String, Tree)> {
        match self {
            Self::Map(entries) => entries,
            other => panic!("no mapping: {other:?}"),
        }
    }

    /// The value of a key that is there.
    pub(crate) fn get(&mut self, key: &str) -> Option<&mut Tree> {
        self.entries().iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Puts a key at the end, if it is not there.
    pub(crate) fn or_insert(&mut self, key: &str, value: Tree) -> &mut Tree {
        if self.get(key).is_none() {
            self.entries().push((key.to_owned(), value));
        }
        self.get(key).expect("it is there now")
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::from(*value),
            Self::Int(value) => Value::from(*value),
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>())
            }
        }
    }
}
