//! The warehouse: whether it is there, whether the session may use it, and its state. Nothing here resumes it.

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::{Run, unchecked};

use super::Context;
use super::explain::{failed, statement};
use super::probe::{Probe, means};
use super::rows::Row;
use super::session::{InForce, Session};

/// Looks at the warehouse; what to add to the message.
///
/// # Errors
/// Where it is not there.
pub(super) fn look(run: &mut Run, session: &mut Session, context: &Context<'_>) -> PluginResult<String> {
    let written = context.settings.warehouse.as_deref();
    let in_force = session.login.warehouse.clone();
    let default = match &in_force {
        InForce::Named(name) => Some(name.clone()),
        InForce::Untold | InForce::Nothing => None,
    };
    let Some(name) = written.map(str::to_owned).or(default) else {
        run.degrade(
            Warning::new(
                "no_warehouse",
                "no `warehouse` is set, and the user has no default one: statements cannot run",
            )
            .with_help("set `warehouse`, or the user's `DEFAULT_WAREHOUSE`"),
        );
        return Ok(String::new());
    };
    run.details.other.insert("warehouse".to_owned(), name.clone().into());
    let rows = run.step("warehouse", |_| {
        session.ask(&Probe::Warehouse(unquoted(&name))).map_err(|fault| statement(fault, context))
    })?;
    let Some(rows) = rows else {
        run.degrade(unread("the warehouse"));
        return Ok(String::new());
    };
    // What the login names is as Snowflake has it already.
    let is_it = |found: &str| if written.is_some() { means(&name, found) } else { found == name };
    let Some(row) = rows.named(is_it) else {
        return Err(failed(
            "no_such_warehouse",
            format!("{} has no warehouse `{name}` that {} may see", context.at, context.role(session)),
            "check `warehouse` and `role`; `GRANT USAGE ON WAREHOUSE … TO ROLE …` lets a role use one",
        ));
    };
    if written.is_some() && in_force == InForce::Nothing {
        run.degrade(
            Warning::new(
                "permission",
                format!(
                    "{} sees the warehouse `{name}`, but its session did not get it: statements cannot run",
                    context.role(session)
                ),
            )
            .with_help("have an administrator run `GRANT USAGE ON WAREHOUSE … TO ROLE …`, or check `role`"),
        );
    }
    Ok(state(run, &name, row))
}

fn state(run: &mut Run, name: &str, row: Row<'_>) -> String {
    let state = row.get("state").unwrap_or_default().to_ascii_uppercase();
    run.details.other.insert("warehouse_state".to_owned(), state.clone().into());
    if let Some(size) = row.get("size") {
        run.details.other.insert("warehouse_size".to_owned(), size.into());
    }
    let resumes = row.get("auto_resume").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match state.as_str() {
        "STARTED" | "RESIZING" => format!("; warehouse `{name}` runs"),
        "RESUMING" => {
            run.note(
                Warning::new("starting", format!("the warehouse `{name}` is on its way: statements wait for it"))
                    .with_help("nothing: that takes seconds"),
            );
            format!("; warehouse `{name}` is resuming")
        }
        "SUSPENDED" | "SUSPENDING" if resumes => {
            run.details.will_start = Some(true);
            run.note(
                Warning::new(
                    "will_start",
                    format!("the warehouse `{name}` is suspended: dbt's first statement resumes it, and it costs from then on"),
                )
                .with_help("nothing: the check has left it as it is"),
            );
            format!("; warehouse `{name}` is suspended")
        }
        "SUSPENDED" | "SUSPENDING" => {
            run.details.will_start = Some(false);
            run.degrade(
                Warning::new(
                    "suspended",
                    format!(
                        "the warehouse `{name}` is suspended, and does not resume by itself: dbt's statements will fail"
                    ),
                )
                .with_help("`ALTER WAREHOUSE … SET AUTO_RESUME = TRUE`, or resume it before a run"),
            );
            format!("; warehouse `{name}` is suspended")
        }
        _ => {
            run.degrade(unchecked(
                format!("the warehouse `{name}` is in a state that is not known here: {state:?}"),
                "see `SHOW WAREHOUSES`, or run `dbt debug`",
            ));
            String::new()
        }
    }
}

/// What an answer in Arrow leaves open: Snowflake itself answers `SHOW` in JSON.
pub(super) fn unread(what: &str) -> Warning {
    unchecked(
        format!("the server answers `SHOW` in another form than Snowflake's JSON: {what} was not checked"),
        "run `dbt debug`; where this is Snowflake itself, tell the makers of floe",
    )
}

/// A name for `LIKE`, which knows no quotes.
pub(super) fn unquoted(name: &str) -> &str {
    name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name)
}
