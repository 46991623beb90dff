//! The tags of every statement.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{is_expression, wrong};

use crate::config::{QueryTags, Settings};

/// The longest value of a tag, its escapes included.
const LONGEST: usize = 128;

/// Databricks takes 20 tags; dbt-databricks writes four of its own for a model.
const MOST: usize = 16;

/// The tags that dbt-databricks writes itself.
const RESERVED: [&str; 4] =
    ["@@dbt_model_name", "@@dbt_core_version", "@@dbt_databricks_version", "@@dbt_materialized"];

/// Checks the tags: dbt-databricks finds these faults when it connects, or when the first model runs.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    let Some(tags) = &settings.query_tags else { return Ok(()) };
    if matches!(tags, QueryTags::Text(text) if is_expression(text)) {
        return Ok(());
    }
    let refused = |message: String, help: &str| Err(wrong("query_tags", message, help));
    let Some(map) = tags.map() else {
        return refused(
            "`query_tags` is no JSON object of texts".to_owned(),
            "write a map: `query_tags: {team: sales}`",
        );
    };
    if let Some(name) = map.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return refused(format!("`query_tags` holds `{name}`, which dbt-databricks writes itself"), "leave it out");
    }
    let length = |value: &str| value.chars().map(|letter| if r"\,:".contains(letter) { 2 } else { 1 }).sum::<usize>();
    if let Some((name, _)) = map.iter().find(|(_, value)| !is_expression(value) && length(value) > LONGEST) {
        return refused(
            format!("the tag `{name}` has more than {LONGEST} characters; commas, colons and backslashes count twice"),
            "write less",
        );
    }
    if map.len() > MOST {
        return refused(
            format!("`query_tags` holds {} tags: Databricks takes 20, and dbt writes four of them itself", map.len()),
            "write 16 at most",
        );
    }
    Ok(())
}
