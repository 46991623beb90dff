//! Catalog and schema, by Unity Catalog.

use floe_plugin_api::{PluginError, PluginResult, Warning};
use floe_plugin_common::check::{Run, unchecked};

use super::Context;
use super::api::{Api, segment};
use super::refusal::{Refusal, failed};
use crate::config::LEGACY_CATALOG;

/// Looks at them; says what was found.
///
/// # Errors
/// Where the catalog is not there, or the user may not see it.
pub(super) fn look(context: &Context<'_>, api: &Api, run: &mut Run) -> PluginResult<String> {
    let (catalog, schema) = (context.settings.catalog(), context.settings.schema.as_str());
    let place = format!("`{catalog}`.`{schema}`");
    if catalog.eq_ignore_ascii_case(LEGACY_CATALOG) {
        run.degrade(unchecked(
            format!("`{LEGACY_CATALOG}` is not part of Unity Catalog: whether the schema `{schema}` is there, a statement alone could tell"),
            "run `dbt debug`, and a model; or name a catalog of Unity Catalog as `catalog`",
        ));
        return Ok(format!("{place} was not looked at"));
    }
    run.step("authorise", |run| {
        let path = format!("/api/2.1/unity-catalog/catalogs/{}", segment(catalog));
        if let Err(refusal) = api.get(&path)? {
            return Err(no_catalog(&refusal, api.at(), catalog));
        }
        let full = segment(&format!("{catalog}.{schema}"));
        match api.get(&format!("/api/2.1/unity-catalog/schemas/{full}"))? {
            Ok(_) => Ok(format!("{place} is there")),
            Err(refusal) if refusal.is_missing() => {
                run.degrade(
                    Warning::new(
                        "no_such_schema",
                        format!(
                            "the catalog `{catalog}` has no schema `{schema}` that the user may see; whether dbt may make it, a \
                             check cannot find out"
                        ),
                    )
                    .with_help("let dbt make it with its first run, where the user may (`CREATE SCHEMA`); else have it made, or check `schema`"),
                );
                Ok(format!("{place} does not exist yet"))
            }
            Err(refusal) if refusal.is_denied() => Err(failed(
                "permission",
                format!("the user may not see the schema {place} of {}{}", api.at(), refusal.said()),
                "have the user granted `USE SCHEMA` on it, and what dbt needs to build there",
            )),
            Err(refusal) => Err(refusal.anyway(api.at(), "the schema")),
        }
    })
}

fn no_catalog(refusal: &Refusal, at: &str, catalog: &str) -> PluginError {
    let said = refusal.said();
    if refusal.code == "METASTORE_DOES_NOT_EXIST" {
        return failed(
            "no_unity_catalog",
            format!("the workspace at {at} has no Unity Catalog{said}"),
            "leave `catalog` out, so that dbt builds into `hive_metastore`; or have a metastore assigned to the workspace",
        );
    }
    if refusal.is_missing() && !refusal.code.is_empty() {
        return failed(
            "no_such_catalog",
            format!("{at} has no catalog `{catalog}`{said}"),
            "check `catalog`; the catalog may also not be bound to this workspace",
        );
    }
    if refusal.is_denied() {
        return failed(
            "permission",
            format!("the user may not use the catalog `{catalog}` of {at}{said}"),
            "have the user granted `USE CATALOG` on it",
        );
    }
    refusal.anyway(at, "the catalog")
}
