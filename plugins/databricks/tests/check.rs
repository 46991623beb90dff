//! The check on a workspace: what it finds, and that it starts nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_tests::servers::databricks::{RUNNING, STOPPED};
use serde_json::{Value, json};
use support::{TOKEN, asked, by_secret, check, here, seeing_nothing, shown, told, workspace};

#[test]
fn all_is_well_by_a_token() {
    let workspace = workspace(&json!({}));
    let found = check(&seeing_nothing(), &here(&workspace, &json!({})));
    insta::assert_json_snapshot!(json!({"found": shown(&found, &[workspace.port()]), "asked": asked(&workspace)}));
}

#[test]
fn all_is_well_by_a_secret() {
    let workspace = workspace(&json!({}));
    let found = check(&seeing_nothing(), &here(&workspace, &by_secret(&json!({}))));
    insta::assert_json_snapshot!(json!({"found": shown(&found, &[workspace.port()]), "asked": asked(&workspace)}));
}

/// The emulator itself says afterwards that the warehouse is stopped still.
#[test]
fn a_warehouse_that_is_stopped_stays_so() {
    let workspace = workspace(&json!({}));
    let path = format!("/sql/1.0/warehouses/{STOPPED}");
    let found = check(&seeing_nothing(), &here(&workspace, &by_secret(&json!({"http_path": path}))));
    assert_eq!(found.details.will_start, Some(true));
    insta::assert_json_snapshot!(json!({"found": shown(&found, &[workspace.port()]), "asked": asked(&workspace)}));
    let again = check(&seeing_nothing(), &here(&workspace, &json!({"http_path": path})));
    assert_eq!(again.details.other["state"], "STOPPED");
}

/// States that the emulator does not have, as the documentation of the interface lists them.
#[test]
fn states_of_warehouses() {
    let all = [
        json!({"state": "STARTING"}),
        json!({"state": "STOPPING"}),
        json!({"state": "STOPPED", "auto_resume": true}),
        json!({"state": "STOPPED", "auto_resume": false}),
        json!({"state": "DELETING"}),
        json!({"state": "DELETED"}),
        json!({"state": "DREAMING"}),
        json!({"state": "RUNNING", "health": {"status": "HEALTHY"}}),
        json!({"state": "RUNNING", "health": {"status": "FAILED", "summary": "The warehouse ran out of IP addresses."}}),
        json!({"state": "RUNNING", "health": {"status": "DEGRADED", "message": "Launch is slow."}}),
    ]
    .map(|says| {
        let workspace = workspace(&json!({"warehouse": says}));
        let found = check(&seeing_nothing(), &here(&workspace, &json!({})));
        assert!(!asked(&workspace).is_empty());
        json!([says, found.details.will_start, told(&found, &[workspace.port()])])
    });
    insta::assert_json_snapshot!(all);
}

#[test]
fn clusters() {
    let workspace = workspace(&json!({}));
    let on = |cluster: &str, login: Value| {
        let mut over = login;
        over["http_path"] = json!(format!("sql/protocolv1/o/42/{cluster}"));
        let found = check(&seeing_nothing(), &here(&workspace, &over));
        json!([cluster, found.details.will_start, told(&found, &[workspace.port()])])
    };
    let all = ["0801-brew", "0802-off", "0803-soon", "0804-odd", "0805-gone"].map(|cluster| on(cluster, json!({})));
    insta::assert_json_snapshot!(json!([all, on("0802-off", by_secret(&json!({})))]));
    assert!(!asked(&workspace).is_empty());
}

/// A model may name another compute; one that cannot be used is no fault of the others.
#[test]
fn named_computes() {
    let workspace = workspace(&json!({}));
    let at = |path: &str| json!({"http_path": path});
    let settings = here(
        &workspace,
        &json!({"compute": {
            "big": at(&format!("/sql/1.0/warehouses/{STOPPED}")),
            "gone": at("/sql/1.0/warehouses/g0ne"),
            "python": at("sql/protocolv1/o/42/0802-off"),
        }}),
    );
    insta::assert_json_snapshot!(shown(&check(&seeing_nothing(), &settings), &[workspace.port()]));
    assert!(!asked(&workspace).is_empty());
}

#[test]
fn a_warehouse_that_is_not_there() {
    let workspace = workspace(&json!({}));
    let found = check(&seeing_nothing(), &here(&workspace, &json!({"http_path": "/sql/1.0/warehouses/g0ne"})));
    insta::assert_json_snapshot!(shown(&found, &[workspace.port()]));
}

#[test]
fn catalogs_and_schemas() {
    let refusal = |status: u16, code: &str, message: &str| json!({"status": status, "body": {"error_code": code, "message": message}});
    let workspace = workspace(&json!({"answers": {
        "/api/2.1/unity-catalog/catalogs/vault":
            refusal(403, "PERMISSION_DENIED", "User does not have USE CATALOG on Catalog 'vault'."),
        "/api/2.1/unity-catalog/schemas/lake.vault":
            refusal(403, "PERMISSION_DENIED", "User does not have USE SCHEMA on Schema 'lake.vault'."),
        "/api/2.1/unity-catalog/catalogs/none":
            refusal(404, "METASTORE_DOES_NOT_EXIST", "No metastore assigned for the current workspace."),
        "/api/2.1/unity-catalog/catalogs/real": refusal(404, "CATALOG_DOES_NOT_EXIST", "Catalog 'real' does not exist."),
        "/api/2.1/unity-catalog/schemas/lake.real":
            refusal(404, "SCHEMA_DOES_NOT_EXIST", "Schema 'lake.real' does not exist."),
    }}));
    let all = [
        json!({"catalog": "nowhere"}),
        json!({"catalog": "real"}),
        json!({"catalog": "vault"}),
        json!({"catalog": "none"}),
        json!({"catalog": "two words/and: more"}),
        json!({"schema": "nowhere"}),
        json!({"schema": "real"}),
        json!({"schema": "vault"}),
        json!({"catalog": null}),
        json!({"catalog": null, "database": "lake"}),
    ]
    .map(|over| json!([over, told(&check(&seeing_nothing(), &here(&workspace, &over)), &[workspace.port()])]));
    insta::assert_json_snapshot!(all);
    assert!(!asked(&workspace).is_empty());
}

/// Answers that are none of the interface's good ones, wherever they come.
#[test]
fn answers_that_are_no_good() {
    let me = "/api/2.0/preview/scim/v2/Me";
    let warehouse = format!("/api/2.0/sql/warehouses/{RUNNING}");
    let says =
        |status: u16, message: &str| json!({"status": status, "body": {"error_code": status, "message": message}});
    let all = [
        (me, says(429, "Current request has to be retried because of a rate limit.")),
        (me, says(503, "Temporarily unavailable")),
        (me, says(403, "Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: 42")),
        (me, says(403, "Unauthorized access to Org: 42")),
        (
            me,
            json!({"status": 403, "body": {
            "detail": "This API is disabled for users without the workspace-access entitlement.", "status": "403"}}),
        ),
        (me, says(400, "io.jsonwebtoken.IncorrectClaimException: Expected aud claim")),
        (me, says(400, "ExpiredJwtException: JWT expired")),
        (me, json!({"status": 303, "headers": {"location": "https://dbc.example/login.html?next_url=secret"}})),
        (me, json!({"status": 200, "body": "a page"})),
        (&warehouse, says(401, "Token is expired")),
        (
            &warehouse,
            json!({"status": 403, "body": {"error_code": "PERMISSION_DENIED",
            "message": "ada@example.com does not have CAN_USE permission on the SQL warehouse."}}),
        ),
        (
            &warehouse,
            json!({"status": 400, "body": {"error_code": "INVALID_PARAMETER_VALUE",
            "message": "g0ne is not a valid endpoint id."}}),
        ),
        (&warehouse, says(500, "Internal error")),
        ("/api/2.1/unity-catalog/catalogs/lake", json!({"status": 404})),
        ("/api/2.1/unity-catalog/schemas/lake.marts", says(502, "Bad gateway")),
    ]
    .map(|(path, answer)| {
        let workspace = workspace(&json!({"answers": {path: answer}}));
        let found = check(&seeing_nothing(), &here(&workspace, &json!({})));
        json!([answer, told(&found, &[workspace.port()])])
    });
    insta::assert_json_snapshot!(all);
}

/// A host of an account finds the workspace by a header, as databricks-sdk sends it.
#[test]
fn the_workspace_is_named_where_the_path_names_it() {
    let workspace = workspace(&json!({}));
    let path = format!("/sql/1.0/warehouses/{RUNNING}?o=42");
    let found = check(&seeing_nothing(), &here(&workspace, &json!({"http_path": path})));
    assert_eq!(found.status, floe_plugin_api::ConnectionStatus::Healthy);
    let named = workspace.asked().iter().filter(|request| request.noted["workspace"] == "42").count();
    assert_eq!(named, workspace.asked().iter().filter(|request| request.path.starts_with("/api/")).count());
}

#[test]
fn a_person_at_a_browser_is_not_checked() {
    let workspace = workspace(&json!({}));
    let found = check(&seeing_nothing(), &here(&workspace, &json!({"token": null, "auth_type": "oauth"})));
    insta::assert_json_snapshot!(shown(&found, &[workspace.port()]));
    assert_eq!(asked(&workspace), Vec::<String>::new());
}

/// Nothing listens: the faults of the way are those of all plugins.
#[test]
fn nothing_listens() {
    let port = floe_tests::servers::free_port();
    let base = format!("http://127.0.0.1:{port}");
    let settings = json!({
        "host": base, "token": TOKEN, "schema": "marts", "http_path": "/sql/1.0/warehouses/1a2b3c",
        "connection_parameters": {"_connection_uri": base},
    });
    insta::assert_json_snapshot!(shown(&check(&seeing_nothing(), &settings), &[port]));
}
