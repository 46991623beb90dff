//! Walks through JSON values by their JSON pointers.

use serde_json::Value;

/// Every value that is neither list nor map, with its JSON pointer.
pub(in crate::conformance) fn leaves(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect(String::new(), value, &mut found);
    found
}

fn collect(at: String, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(format!("{at}/{key}"), inner, found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| collect(format!("{at}/{index}"), inner, found));
        }
        _ => found.push((at, value.clone())),
    }
}

/// The same with another value at a pointer that leads somewhere.
pub(in crate::conformance) fn replaced(value: &Value, pointer: &str, by: Value) -> Value {
    let mut changed = value.clone();
    if let Some(place) = changed.pointer_mut(pointer) {
        *place = by;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_are_found_and_replaced_by_their_pointers() {
        let value = json!({"a": [1, {"b/c": "x"}], "d": {}});
        let found = leaves(&value);
        assert_eq!(found, [("/a/0".to_owned(), json!(1)), ("/a/1/b~1c".to_owned(), json!("x"))]);
        assert_eq!(replaced(&value, "/a/1/b~1c", json!(2)), json!({"a": [1, {"b/c": 2}], "d": {}}));
    }
}
