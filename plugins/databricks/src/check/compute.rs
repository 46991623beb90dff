//! The warehouse or cluster, by its state. Asking starts nothing.

use floe_plugin_api::{PluginError, PluginResult, Warning};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::databricks::{Cluster, Words, cluster_state};
use serde_json::Value;

use super::Context;
use super::api::{Api, segment};
use super::refusal::{Refusal, failed};
use crate::config::{HttpPath, Login, Target};

/// Looks at the warehouse or cluster of `http_path`, then at the named ones; says the state of the first.
///
/// # Errors
/// Where the first cannot be used. A named one that cannot be used degrades: only the models that name it need it.
pub(super) fn look(context: &Context<'_>, api: &Api, run: &mut Run) -> PluginResult<String> {
    let mut first = String::new();
    for (name, text) in context.settings.http_paths() {
        let Some(HttpPath { target, .. }) = HttpPath::parse(text) else { continue };
        let step = match (&target, name) {
            (Target::Warehouse(_), None) => "warehouse".to_owned(),
            (Target::Cluster(_), None) => "cluster".to_owned(),
            (_, Some(name)) => format!("compute.{name}"),
        };
        let state = run.step(&step, |_| match &target {
            Target::Warehouse(id) => warehouse(api, id),
            Target::Cluster(id) => cluster(api, id, context.login),
        });
        match (state, name) {
            (Ok(state), None) => first = say(state, run),
            (Err(error), None) => return Err(error),
            (Ok(state), Some(name)) => {
                run.details.other.insert(step.clone(), state.state.clone().into());
                if let Some(fault) = state.fault {
                    run.degrade(named(name, fault));
                }
            }
            (Err(error), Some(name)) => run.degrade(named(name, warning(error))),
        }
    }
    Ok(first)
}

/// What is known of one.
struct Found {
    /// `the warehouse `Starter` is STOPPED`.
    words: String,
    /// Databricks' word.
    state: String,
    /// It starts with dbt's first statement.
    will_start: bool,
    /// What does not keep dbt from working.
    note: Option<Warning>,
    /// What may keep dbt from working.
    fault: Option<Warning>,
    /// What else is told, by name.
    other: Vec<(&'static str, String)>,
}

fn say(state: Found, run: &mut Run) -> String {
    if state.will_start {
        run.details.will_start = Some(true);
    }
    run.details.other.insert("state".to_owned(), state.state.into());
    for (name, text) in state.other {
        run.details.other.insert(name.to_owned(), text.into());
    }
    if let Some(note) = state.note {
        run.note(note);
    }
    if let Some(fault) = state.fault {
        run.degrade(fault);
    }
    state.words
}

fn named(name: &str, mut warning: Warning) -> Warning {
    warning.message = format!("`compute.{name}`: {}", warning.message);
    warning
}

fn warning(error: PluginError) -> Warning {
    let warning = Warning::new(error.reason.unwrap_or_else(|| "http_status".to_owned()), error.message);
    match error.help {
        Some(help) => warning.with_help(help),
        None => warning,
    }
}

/// `GET /api/2.0/sql/warehouses/<id>`.
fn warehouse(api: &Api, id: &str) -> PluginResult<Found> {
    let at = api.at();
    let told = match api.get(&format!("/api/2.0/sql/warehouses/{}", segment(id)))? {
        Ok(told) => told,
        Err(refusal) => return Err(no_warehouse(&refusal, at, id)),
    };
    let text = |key: &str| told[key].as_str().map(|text| text.chars().take(100).collect::<String>());
    let name = text("name").unwrap_or_else(|| id.to_owned());
    let state = text("state").unwrap_or_default();
    let mut other = vec![("warehouse", name.clone())];
    other.extend(text("warehouse_type").map(|kind| ("warehouse_type", kind)));
    other.extend(text("cluster_size").map(|size| ("cluster_size", size)));
    let mut found = Found {
        words: format!("the warehouse `{name}` is {state}"),
        state: state.clone(),
        will_start: false,
        note: None,
        fault: None,
        other,
    };
    match state.as_str() {
        "RUNNING" => found.fault = health(&told["health"], &name),
        "STARTING" => {
            found.note = Some(
                Warning::new(
                    "starting",
                    format!("the warehouse `{name}` is STARTING: dbt's first statement waits for it"),
                )
                .with_help("nothing; with serverless warehouses that takes seconds, with others minutes"),
            );
        }
        "STOPPED" | "STOPPING" if told["auto_resume"] == Value::Bool(false) => {
            found.fault = Some(
                Warning::new("stopped", format!("the warehouse `{name}` is {state}, and does not start by itself"))
                    .with_help("start it before dbt runs"),
            );
        }
        "STOPPED" | "STOPPING" => {
            found.will_start = true;
            found.note = Some(
                Warning::new(
                    "will_start",
                    format!("the warehouse `{name}` is {state}: dbt's first statement starts it"),
                )
                .with_help("nothing; with serverless warehouses that takes seconds, with others minutes"),
            );
        }
        "DELETED" | "DELETING" => {
            return Err(failed(
                "no_such_warehouse",
                format!("the warehouse `{name}` of {at} is {state}"),
                "write the `http_path` of another warehouse",
            ));
        }
        _ => {
            found.fault = Some(
                Warning::new(
                    "warehouse_state",
                    format!("the warehouse `{name}` is in the state `{state}`, which floe does not know"),
                )
                .with_help("see the warehouse's page; `dbt debug` shows whether dbt can work"),
            );
        }
    }
    Ok(found)
}

/// What a warehouse that runs says of its health.
fn health(told: &Value, name: &str) -> Option<Warning> {
    let status = told["status"].as_str().filter(|status| matches!(*status, "DEGRADED" | "FAILED"))?;
    let text = |key: &str| told[key].as_str().filter(|text| !text.is_empty());
    let words = text("summary").or_else(|| text("message")).or_else(|| text("details"));
    let words = words.map(|words| format!(": {}", words.chars().take(300).collect::<String>())).unwrap_or_default();
    Some(
        Warning::new(
            "warehouse_health",
            format!("the warehouse `{name}` runs, and says that its health is {status}{words}"),
        )
        .with_help("see the warehouse's page in the workspace"),
    )
}

fn no_warehouse(refusal: &Refusal, at: &str, id: &str) -> PluginError {
    let said = refusal.said();
    if refusal.is_missing() || (refusal.status == 400 && refusal.code == "INVALID_PARAMETER_VALUE") {
        return failed(
            "no_such_warehouse",
            format!("{at} has no warehouse `{id}`{said}"),
            "check `http_path`: the id is in the connection details of the warehouse",
        );
    }
    if refusal.is_denied() {
        return failed(
            "permission",
            format!("the user may not use the warehouse `{id}` of {at}{said}"),
            "have the user granted `CAN USE` on the warehouse",
        );
    }
    refusal.anyway(at, "the state of the warehouse")
}

/// `GET /api/2.0/clusters/get`.
fn cluster(api: &Api, id: &str, login: Login) -> PluginResult<Found> {
    let words = Words {
        credential: "token",
        credential_help: match login {
            Login::Token => "make a new access token in the workspace, and put it where `token` refers to",
            _ => "check that `host` is the workspace of these credentials",
        },
        cluster_help: "check `http_path`: the id is in the connection details of the cluster",
    };
    let state = cluster_state(api.client(), api.headers(), id, api.at(), &words)?;
    let found = |state: &str, will_start: bool, fault: Option<Warning>| Found {
        words: format!("the cluster `{id}` is {state}"),
        state: state.to_owned(),
        will_start,
        note: None,
        fault,
        other: Vec::new(),
    };
    match state {
        Cluster::Runs => Ok(found("RUNNING", false, None)),
        Cluster::Starts(state) => {
            let fault = Warning::new("starting", format!("the cluster `{id}` is {state}: it takes no statement yet"))
                .with_help("wait until it runs; `connect_retries` and `connect_timeout` have dbt wait for it");
            Ok(found(&state, false, Some(fault)))
        }
        Cluster::Off(state) => {
            let fault =
                Warning::new("will_start", format!("the cluster `{id}` is {state}: dbt's first statement starts it"))
                    .with_help("that takes minutes; `connect_retries` and `connect_timeout` have dbt wait for it");
            Ok(found(&state, true, Some(fault)))
        }
        Cluster::NoDatabricks => Err(failed(
            "protocol",
            format!("{} does not tell the state of a cluster, as Databricks does", api.at()),
            "check `host`: another service answers there",
        )),
    }
}
