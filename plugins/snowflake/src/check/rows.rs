//! Rows of an answer. Snowflake answers `SHOW` in JSON: columns in `rowtype`, and a text for each value in `rowset`.

use serde_json::Value;

/// Rows, with the names of their columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// Reads the `data` of an answer; nothing where it holds no rows in JSON.
    pub(super) fn of(data: &Value) -> Option<Self> {
        let column = |column: &Value| column["name"].as_str().map(str::to_ascii_lowercase);
        let columns: Vec<String> = data["rowtype"].as_array()?.iter().map(column).collect::<Option<_>>()?;
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let row = |row: &Value| Some(row.as_array()?.iter().map(text).collect());
        let rows: Vec<Vec<Option<String>>> = data["rowset"].as_array()?.iter().map(row).collect::<Option<_>>()?;
        Some(Self { columns, rows })
    }

    /// The first row whose column `name` is as asked.
    pub(super) fn named(&self, is_it: impl Fn(&str) -> bool) -> Option<Row<'_>> {
        let rows = self.rows.iter().map(|values| Row { columns: &self.columns, values });
        rows.into_iter().find(|row| row.get("name").is_some_and(&is_it))
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a [String],
    values: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// The value of a column.
    pub(super) fn get(&self, column: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.values.get(place)?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let data = json!({
            "rowtype": [{"name": "created_on"}, {"name": "NAME"}, {"name": "auto_resume"}],
            "rowset": [["1", "A", "true"], [null, "B", 7], ["3"]],
        });
        let rows = Rows::of(&data).unwrap();
        let row = rows.named(|name| name == "B").unwrap();
        assert_eq!((row.get("created_on"), row.get("auto_resume"), row.get("owner")), (None, Some("7"), None));
        assert!(rows.named(|name| name == "C").is_none());
    }

    #[test]
    fn what_is_no_table_is_nothing() {
        for data in [
            json!(null),
            json!({"rowtype": []}),
            json!({"rowtype": [{"name": "name"}], "rowset": null, "rowsetBase64": "AAAA"}),
            json!({"rowtype": [{}], "rowset": []}),
            json!({"rowtype": [{"name": "name"}], "rowset": ["A"]}),
        ] {
            assert_eq!(Rows::of(&data), None, "{data}");
        }
    }
}
