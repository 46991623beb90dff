//! Keywords that apply further schemas to the same value: `allOf`, `anyOf`, `not`, `if` and the like.

use serde_json::{Map, Value, json};

use super::own_keys::is_floes;
use super::translate::{Extent, Values, Walk};

impl Walk<'_> {
    /// Adds what such a keyword comes to.
    pub(super) fn combination(
        &mut self,
        key: &str,
        value: &Value,
        keywords: &Map<String, Value>,
        extent: Extent,
        depth: usize,
        all: &mut Vec<Value>,
    ) -> Result<(), String> {
        let is_exact = extent == Extent::Whole && self.values == Values::Plain;
        let list = |walk: &mut Self| -> Result<Vec<Value>, String> {
            let parts = value.as_array().ok_or_else(|| format!("its `{key}` is no list"))?;
            parts.iter().map(|part| walk.schema(part, extent, depth + 1)).collect()
        };
        match key {
            "allOf" => all.extend(list(self)?),
            "oneOf" if is_exact => {
                let list = list(self)?;
                all.push(json!({"oneOf": list}));
            }
            // More than one of them may fit what is not all there, or not known.
            "anyOf" | "oneOf" => {
                let list = list(self)?;
                all.push(json!({"anyOf": list}));
            }
            "not" if is_exact => {
                let not = self.schema(value, extent, depth + 1)?;
                all.push(json!({"not": not}));
            }
            "not" => all.extend(two_of(value, extent).map(|not| json!({"not": not}))),
            "if" => {
                let mut part = |key: &str| {
                    keywords.get(key).map_or(Ok(Value::Bool(true)), |part| self.schema(part, extent, depth + 1))
                };
                let (condition, then, otherwise) = (part("if")?, part("then")?, part("else")?);
                all.push(if is_exact {
                    json!({"if": condition, "then": then, "else": otherwise})
                } else {
                    json!({"anyOf": [{"allOf": [condition, then]}, otherwise]})
                });
            }
            "dependentSchemas" => {
                let parts = value.as_object().ok_or_else(|| format!("its `{key}` is no mapping"))?;
                let own = parts.iter().filter(|(name, _)| extent != Extent::Settings || !is_floes(name));
                let own = own.map(|(name, part)| Ok((name.clone(), self.schema(part, extent, depth + 1)?)));
                let own: Map<String, Value> = own.collect::<Result<_, String>>()?;
                all.push(json!({(key): own}));
            }
            // `then` and `else` are read with `if`.
            _ => {}
        }
        Ok(())
    }
}

/// `not: {required: […]}`: keys that exclude each other do so in every layer.
fn two_of(value: &Value, extent: Extent) -> Option<Value> {
    let (keyword, names) = value.as_object().filter(|keywords| keywords.len() == 1)?.iter().next()?;
    let names = names.as_array().filter(|_| keyword == "required")?;
    let floes = |name: &Value| name.as_str().is_none_or(is_floes);
    (extent != Extent::Settings || !names.iter().any(floes)).then(|| value.clone())
}
