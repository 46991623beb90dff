//! The tags of every statement.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// Tags of every statement: a map, or what dbt-databricks itself wants, which is the JSON text of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum QueryTags {
    /// By name.
    Map(BTreeMap<String, String>),
    /// As JSON, or as a dbt expression that comes to it.
    Text(String),
}

impl QueryTags {
    /// The tags, where they are known; `None` for a text that is no JSON object of texts.
    pub fn map(&self) -> Option<Cow<'_, BTreeMap<String, String>>> {
        match self {
            Self::Map(map) => Some(Cow::Borrowed(map)),
            Self::Text(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        }
    }
}

/// As dbt-databricks reads them: JSON in a text.
impl Serialize for QueryTags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Map(map) => serializer.serialize_str(&serde_json::to_string(map).map_err(serde::ser::Error::custom)?),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl JsonSchema for QueryTags {
    fn schema_name() -> Cow<'static, str> {
        "QueryTags".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["object", "string"], "additionalProperties": {"type": "string"}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn tags_are_written_as_dbt_reads_them() {
        let tags: QueryTags = from_value(json!({"team": "sales", "cost": "a,b"})).unwrap();
        assert_eq!(to_value(&tags).unwrap(), json!(r#"{"cost":"a,b","team":"sales"}"#));
        let text: QueryTags = from_value(json!(r#"{"team": "sales"}"#)).unwrap();
        assert_eq!(text.map().unwrap()["team"], "sales");
        assert_eq!(from_value::<QueryTags>(json!("team=sales")).unwrap().map(), None);
    }
}
