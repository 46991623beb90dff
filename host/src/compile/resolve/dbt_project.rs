//! `dbt_project.yml`: two keys of it.

use camino::Utf8Path;

use crate::compile::artifacts::DbtProject;
use crate::diagnostics::codes::compile::{DBT_PROJECT_INVALID, DBT_PROJECT_MISSING};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::{read_source, yaml};

/// Reads the dbt project of a folder.
///
/// # Errors
/// Where it is not there, is no YAML, or lacks a key that floe needs.
pub(super) fn read(folder: &Utf8Path) -> Result<DbtProject, Vec<Diagnostic>> {
    let path = folder.join("dbt_project.yml");
    if !path.exists() {
        let place = if folder.as_str().is_empty() { "this folder".to_owned() } else { format!("`{folder}`") };
        return Err(vec![Diagnostic::error(
            &DBT_PROJECT_MISSING,
            format!("there is no `dbt_project.yml` in {place}"),
            "floe compiles the dbt project beside the spec; run it there, or name the spec with --spec",
        )]);
    }
    let source = read_source(&path, "the dbt project").map_err(|error| vec![*error])?;
    let (node, errors) = yaml::parse(&source);
    let Some(node) = node.filter(|_| !errors.iter().any(Diagnostic::is_error)) else { return Err(errors) };
    let text = |key: &str| match node.get(key) {
        Some(value) => match value.as_str() {
            Some(text) if !text.contains("{{") && !text.is_empty() => Ok(text.to_owned()),
            Some(_) => {
                Err(wrong(&format!("`{key}` of the dbt project is an expression or empty"), key, value.span.clone()))
            }
            None => {
                Err(wrong(&format!("`{key}` of the dbt project is {}", value.described()), key, value.span.clone()))
            }
        },
        None => Err(wrong(&format!("the dbt project lacks `{key}`"), key, Span::new(&source, 0, 0))),
    };
    match (text("name"), text("profile")) {
        (Ok(name), Ok(profile)) => Ok(DbtProject { name, profile }),
        (name, profile) => Err([name.err(), profile.err()].into_iter().flatten().collect()),
    }
}

fn wrong(message: &str, key: &str, span: Span) -> Diagnostic {
    let why = if key == "profile" { ", the name by which dbt finds the generated profiles" } else { "" };
    Diagnostic::error(&DBT_PROJECT_INVALID, message, format!("write `{key}: …` with a plain text{why}")).at(span)
}
