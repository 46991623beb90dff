//! One set of dbt's artifacts for a run over several computes, as if one dbt had written them.

use std::collections::BTreeMap;
use std::fs;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::step::{DOCS_FOLDER, TARGET_FOLDER};
use super::{Run, StepResult};
use crate::diagnostics::Diagnostic;
use crate::run::place;

type Raw = Box<RawValue>;
type Section = BTreeMap<String, Raw>;

/// Writes `manifest.json`, `run_results.json`, `catalog.json` and dbt's page for them.
pub(super) fn artifacts(run: &Run<'_>, folder: &Utf8Path, steps: &[StepResult]) -> Result<(), Diagnostic> {
    let folders: Vec<(&StepResult, camino::Utf8PathBuf)> =
        steps.iter().map(|step| (step, run.session.place.project_dir.join(&step.folder))).collect();
    if let Some(manifest) = manifest(run, &folders) {
        write(folder, "manifest.json", &manifest)?;
    }
    if let Some(results) = run_results(&folders) {
        write(folder, "run_results.json", &results)?;
    }
    if let Some(catalog) = catalog(&folders) {
        write(folder, "catalog.json", &catalog)?;
    }
    let page = folders.iter().map(|(_, step)| step.join(DOCS_FOLDER).join("index.html")).find(|page| page.exists());
    if let Some(page) = page {
        let to = folder.join("index.html");
        fs::copy(&page, &to).map_err(|error| place::not_written(&to, &error))?;
    }
    Ok(())
}

fn write(folder: &Utf8Path, name: &str, value: &impl Serialize) -> Result<(), Diagnostic> {
    place::write(&folder.join(name), &serde_json::to_vec(value).unwrap_or_default())
}

fn read<T: for<'d> Deserialize<'d>>(path: &Utf8Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Each node as its own compute sees it, with the SQL that it ran; of the rest the union, the default compute's first.
fn manifest(run: &Run<'_>, folders: &[(&StepResult, camino::Utf8PathBuf)]) -> Option<Section> {
    let session = run.session;
    let default = &session.compiled.artifacts.compute_registry.default;
    let mut computes: Vec<&String> = session.computes.iter().filter(|compute| *compute != default).collect();
    computes.insert(0, default);
    let mut merged: BTreeMap<String, Section> = BTreeMap::new();
    let mut whole = Section::new();
    for compute in computes {
        let parse = session.place.parse(&session.environment, compute).join("manifest.json");
        let ran = folders.iter().rev().filter(|(step, _)| step.compute == *compute);
        let ran = ran.map(|(_, folder)| folder.join(TARGET_FOLDER).join("manifest.json"));
        // What ran last first: it holds the SQL that was run.
        for path in ran.chain([parse]) {
            let Some(document) = read::<Section>(&path) else { continue };
            for (part, raw) in document {
                let is_map = raw.get().starts_with('{') && part != "metadata";
                let section = is_map.then(|| serde_json::from_str::<Section>(raw.get()).ok()).flatten();
                let Some(section) = section else {
                    whole.entry(part).or_insert(raw);
                    continue;
                };
                let merged = merged.entry(part.clone()).or_default();
                for (id, entry) in section {
                    if is_foreign(run, &id, compute) {
                        continue;
                    }
                    match merged.get(&id) {
                        // Of several steps on one compute, the one that ran it knows its SQL.
                        Some(known) if part != "nodes" || has_sql(known) || !has_sql(&entry) => {}
                        _ => drop(merged.insert(id, entry)),
                    }
                }
            }
        }
    }
    if merged.is_empty() {
        return None;
    }
    for (part, section) in merged {
        whole.insert(part, serde_json::value::to_raw_value(&section).ok()?);
    }
    Some(whole)
}

fn has_sql(node: &RawValue) -> bool {
    node.get().contains("\"compiled\":true") || node.get().contains("\"compiled\": true")
}

/// Whether something is another compute's. What nobody owns is everybody's.
fn is_foreign(run: &Run<'_>, id: &str, compute: &str) -> bool {
    let planned = run.plan.nodes.get(id).map(|node| node.compute.as_str());
    let owner = planned.or_else(|| run.graphs.owners.get(id).map(|owned| owned.compute.as_str()));
    owner.is_some_and(|owner| owner != compute)
}

#[derive(Deserialize)]
struct RunResults {
    metadata: Value,
    #[serde(rename = "results")]
    nodes: Vec<Raw>,
    #[serde(default)]
    elapsed_time: f64,
    #[serde(default)]
    args: Map<String, Value>,
}

fn run_results(folders: &[(&StepResult, camino::Utf8PathBuf)]) -> Option<Value> {
    let each = folders.iter().map(|(_, folder)| folder.join(TARGET_FOLDER).join("run_results.json"));
    let each: Vec<RunResults> = each.filter_map(|path| read(&path)).collect();
    let first = each.first()?;
    let (metadata, args) = (first.metadata.clone(), first.args.clone());
    let elapsed: f64 = each.iter().map(|results| results.elapsed_time).sum();
    let results: Vec<Raw> = each.into_iter().flat_map(|results| results.nodes).collect();
    Some(json!({"metadata": metadata, "results": results, "elapsed_time": elapsed, "args": args}))
}

#[derive(Deserialize)]
struct Catalog {
    metadata: Value,
    nodes: Section,
    sources: Section,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

fn catalog(folders: &[(&StepResult, camino::Utf8PathBuf)]) -> Option<Value> {
    let each: Vec<Catalog> =
        folders.iter().filter_map(|(_, folder)| read(&folder.join(DOCS_FOLDER).join("catalog.json"))).collect();
    let metadata = each.first()?.metadata.clone();
    let (mut nodes, mut sources, mut errors) = (Section::new(), Section::new(), Vec::new());
    for catalog in each {
        nodes.extend(catalog.nodes);
        for (id, source) in catalog.sources {
            sources.entry(id).or_insert(source);
        }
        errors.extend(catalog.errors.into_iter().flatten());
    }
    let errors = if errors.is_empty() { Value::Null } else { Value::Array(errors) };
    Some(json!({"metadata": metadata, "nodes": nodes, "sources": sources, "errors": errors}))
}
