//! The outputs of one adapter as the environments of one compute: what they share, and what differs.

use serde_json::Value;

use super::Outcome;
use super::choice::Choice;
use super::names;
use super::profiles::Output;
use super::secrets::{self, Owner};
use super::settings::{self, Made, Plugin};
use crate::documents::yaml::{Entry, Kind};

/// A compute as the manifest will have it.
pub(super) struct Compute {
    /// Its name.
    pub(super) name: String,
    /// Its plugin.
    pub(super) plugin: String,
    /// The dbt adapter.
    pub(super) adapter: String,
    /// What all its outputs share.
    pub(super) config: Vec<Entry>,
    /// The environments, the default first.
    pub(super) environments: Vec<Environment>,
}

/// An output as an environment.
pub(super) struct Environment {
    /// Its name.
    pub(super) name: String,
    /// What only this output has.
    pub(super) connections: Vec<Entry>,
}

/// The compute of these outputs, which are all of the plugin's adapter; the first is the default.
pub(super) fn compute(product: &str, plugin: &Plugin, outputs: &[&Output], outcome: &mut Outcome) -> Compute {
    let name = names::name(&plugin.name, "compute");
    let adapter = outputs.first().map(|output| output.adapter.clone()).unwrap_or_default();
    let mut all: Vec<Vec<Entry>> = Vec::new();
    for output in outputs {
        let Made { entries, choices, warnings } = settings::of(output, plugin);
        outcome.choices.extend(choices);
        for warning in warnings {
            // What stands in one place, behind an alias say, is told once.
            if !outcome.diagnostics.contains(&warning) {
                outcome.diagnostics.push(warning);
            }
        }
        paths(&entries, plugin, output, &mut outcome.choices);
        all.push(entries);
    }
    let names = environment_names(outputs, outcome);
    let mut config = take_shared(&mut all);
    let schema = plugin.schema.as_value();
    let owner = Owner { product, compute: &name, environment: None };
    secrets::replace(&mut config, schema, owner, &mut outcome.variables);
    let mut environments = Vec::new();
    for ((environment, mut connections), output) in names.into_iter().zip(all).zip(outputs) {
        let owner = Owner { environment: Some(&environment), ..owner };
        secrets::replace(&mut connections, schema, owner, &mut outcome.variables);
        outcome.choices.push(environment_choice(&environment, &connections, output, outputs.len()));
        environments.push(Environment { name: environment, connections });
    }
    Compute { name, plugin: plugin.name.clone(), adapter, config, environments }
}

/// Takes out of all what is the same in each.
fn take_shared(all: &mut [Vec<Entry>]) -> Vec<Entry> {
    let Some((first, rest)) = all.split_first_mut() else { return Vec::new() };
    let has = |entries: &[Entry], wanted: &Entry| {
        entries.iter().any(|entry| entry.key == wanted.key && entry.value.to_json() == wanted.value.to_json())
    };
    let shared: Vec<Entry> = first.extract_if(.., |entry| rest.iter().all(|entries| has(entries, entry))).collect();
    for entries in rest {
        entries.retain(|entry| !shared.iter().any(|other| other.key == entry.key));
    }
    shared
}

/// A name for each output.
fn environment_names(outputs: &[&Output], outcome: &mut Outcome) -> Vec<String> {
    // Who has a name that can stay keeps it, whatever the order.
    let mut taken: Vec<String> = Vec::new();
    let keeps: Vec<bool> = outputs
        .iter()
        .map(|output| {
            let keeps = names::another(&output.name, "environment", &taken) == output.name;
            taken.extend(Some(output.name.clone()).filter(|_| keeps));
            keeps
        })
        .collect();
    let mut found = Vec::new();
    for (output, keeps) in outputs.iter().zip(keeps) {
        if keeps {
            found.push(output.name.clone());
            continue;
        }
        let name = names::another(&output.name, "environment", &taken);
        outcome.diagnostics.push(settings::changed(
            format!("output `{}` becomes the environment `{name}`: {}", output.name, names::RULE),
            "the environment is dbt's target: where models ask for `target.name`, write the new name",
            &output.span,
        ));
        taken.push(name.clone());
        found.push(name);
    }
    found
}

fn environment_choice(name: &str, connections: &[Entry], output: &Output, count: usize) -> Choice {
    let keys: Vec<String> = connections.iter().map(|entry| format!("`{}`", entry.key)).collect();
    let why = match keys.as_slice() {
        [] if count == 1 => "the one output of this adapter: all its settings are the compute's `config`".to_owned(),
        [] => "an output; all that it sets is the same in each, and so in the compute's `config`".to_owned(),
        keys => format!("an output; its own are {}, the rest is the compute's `config`", keys.join(", ")),
    };
    Choice::new(format!("environment `{name}`"), why, &output.span)
}

/// Says of relative paths where they count from.
fn paths(entries: &[Entry], plugin: &Plugin, output: &Output, choices: &mut Vec<Choice>) {
    let is_path = |key: &str| {
        let property = plugin.schema.as_value().get("properties").and_then(|all| all.get(key));
        property.is_some_and(|property| property.get("x-floe-path") == Some(&Value::Bool(true)))
    };
    for entry in entries.iter().filter(|entry| is_path(&entry.key)) {
        let Kind::Str(path) = &entry.value.kind else { continue };
        if path.starts_with(['/', '~', ':']) || path.contains(':') || path.contains("{{") || path.is_empty() {
            continue;
        }
        choices.push(Choice::new(
            format!("`{}` of output `{}` stays relative", entry.key, output.name),
            "to dbt and to floe it counts from the folder of dbt_project.yml",
            &entry.key_span,
        ));
    }
}
