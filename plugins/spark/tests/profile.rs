//! The profile, the schema, the packages and the pods.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use floe_plugin_spark::Spark;
use serde_json::{Value, json};
use support::{compute, profile_request, with};

fn profile(settings: &Value) -> Value {
    let config = compute(settings).with_timeout_seconds(900_u32);
    serde_json::to_value(Spark.generate_dbt_profile(&profile_request(config)).unwrap()).unwrap()
}

fn refused(settings: &Value) -> Value {
    serde_json::to_value(Spark.generate_dbt_profile(&profile_request(compute(settings))).unwrap_err()).unwrap()
}

fn secret(name: &str) -> String {
    format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_SPARK_{name}') }}}}")
}

fn thrift(over: &Value) -> Value {
    with(&json!({"method": "thrift", "host": "spark.svc", "port": 10000, "schema": "sales", "user": "dbt"}), over)
}

fn http() -> Value {
    json!({"method": "http", "host": "dbc.example", "schema": "sales", "cluster": "0801-brew", "token": secret("TOKEN")})
}

fn odbc(over: &Value) -> Value {
    with(&json!({"method": "odbc", "host": "dbc.example", "schema": "sales", "driver": "/opt/simba.so"}), over)
}

fn without(mut settings: Value, key: &str) -> Value {
    settings.as_object_mut().unwrap().shift_remove(key);
    settings
}

fn retries() -> Value {
    json!({
        "connect_retries": 3, "connect_timeout": 20, "retry_all": true, "query_retries": 2, "poll_interval": 1,
        "server_side_parameters": {"set:spark.sql.shuffle.partitions": 8, "set:spark.sql.adaptive.enabled": true},
    })
}

/// One compute of every way to reach Spark.
fn every_method() -> Vec<(&'static str, Value)> {
    vec![
        ("thrift_none", thrift(&json!({}))),
        ("thrift_nosasl", thrift(&json!({"auth": "NOSASL"}))),
        ("thrift_ldap", thrift(&json!({"auth": "LDAP", "password": secret("PASSWORD"), "use_ssl": true}))),
        ("thrift_custom", thrift(&with(&json!({"auth": "CUSTOM", "password": secret("PASSWORD")}), &retries()))),
        ("thrift_kerberos", without(thrift(&json!({"auth": "KERBEROS", "kerberos_service_name": "hive"})), "user")),
        ("http", http()),
        ("http_azure", with(&http(), &json!({"organization": "1234567890", "port": 8443}))),
        (
            "odbc_cluster",
            odbc(&json!({"cluster": "0801-brew", "token": secret("TOKEN"), "organization": "1234567890"})),
        ),
        (
            "odbc_endpoint",
            odbc(&json!({"endpoint": "ab12", "token": secret("TOKEN"), "connection_string_suffix": "SSL=1"})),
        ),
        (
            "odbc_suffix",
            odbc(&json!({"port": 10001, "connection_string_suffix": format!("UID=dbt;PWD={}", secret("PWD"))})),
        ),
        (
            "session",
            json!({"method": "session", "schema": "sales", "server_side_parameters": {"spark.driver.memory": "4g"}}),
        ),
    ]
}

#[test]
fn metadata() {
    insta::assert_json_snapshot!(Spark.metadata(&MetadataRequest::new()).unwrap());
}

#[test]
fn schema() {
    insta::assert_json_snapshot!(Spark.config_schema(&ConfigSchemaRequest::new()).unwrap().schema);
}

#[test]
fn the_schema_takes_what_the_profile_takes_and_nothing_else() {
    let schema = Spark.config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (name, settings) in every_method() {
        let errors: Vec<String> = validator.iter_errors(&settings).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
    for wrong in [
        json!({}),
        json!({"method": "thrift"}),
        json!({"method": "jdbc", "schema": "s"}),
        json!({"method": "session", "schema": ""}),
        json!({"method": "session", "schema": "s", "hots": "x"}),
        json!({"method": "session", "schema": "s", "port": "10000"}),
        json!({"method": "session", "schema": "s", "port": 0}),
        json!({"method": "session", "schema": "s", "port": null}),
        json!({"method": "session", "schema": "s", "auth": "none"}),
        json!({"method": "session", "schema": "s", "query_timeout": 3}),
        json!({"method": "session", "schema": "s", "server_side_parameters": {"a": {"b": 1}}}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

/// Every key has a description that an editor can show.
#[test]
fn every_key_is_described() {
    let schema = Spark.config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    for (name, property) in schema["properties"].as_object().unwrap() {
        assert!(property["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

#[test]
fn profiles() {
    for (name, settings) in every_method() {
        insta::assert_json_snapshot!(format!("profile_{name}"), profile(&settings));
        assert_eq!(profile(&settings).to_string(), profile(&settings).to_string());
    }
}

#[test]
fn limits_and_settings_that_dbt_does_not_hold_are_told() {
    let parameters = json!({"server_side_parameters": {"spark.sql.shuffle.partitions": 8}, "schema": "lake.sales"});
    let config = compute(&thrift(&parameters)).with_connect_timeout_seconds(10_u32);
    insta::assert_json_snapshot!(Spark.generate_dbt_profile(&profile_request(config)).unwrap().warnings);
}

#[test]
fn expressions_of_dbt_pass_through() {
    let over = json!({"port": "{{ env_var('PORT') | int }}", "auth": "{{ env_var('AUTH') }}", "use_ssl": "{{ env_var('TLS') | as_bool }}"});
    let output = profile(&thrift(&over))["output"].clone();
    for key in ["port", "auth", "use_ssl"] {
        assert_eq!(output[key], over[key]);
    }
}

#[test]
fn wrong_combinations() {
    let errors: Vec<Value> = [
        json!({"method": "{{ env_var('METHOD') }}", "schema": "s"}),
        without(thrift(&json!({})), "host"),
        without(thrift(&json!({})), "port"),
        without(thrift(&json!({})), "user"),
        thrift(&json!({"password": secret("P")})),
        thrift(&json!({"auth": "NOSASL", "password": secret("P")})),
        thrift(&json!({"auth": "LDAP"})),
        thrift(&json!({"auth": "KERBEROS"})),
        thrift(&json!({"kerberos_service_name": "hive"})),
        thrift(&json!({"token": secret("T")})),
        thrift(&json!({"cluster": "c"})),
        without(http(), "host"),
        without(http(), "cluster"),
        without(http(), "token"),
        with(&http(), &json!({"user": "dbt"})),
        with(&http(), &json!({"use_ssl": true})),
        with(&http(), &json!({"endpoint": "e"})),
        odbc(&json!({})),
        without(odbc(&json!({"endpoint": "e", "token": secret("T")})), "driver"),
        odbc(&json!({"endpoint": "e"})),
        odbc(&json!({"endpoint": "e", "cluster": "c", "token": secret("T")})),
        odbc(&json!({"token": secret("T"), "connection_string_suffix": "AuthMech=3"})),
        odbc(&json!({"password": secret("P"), "connection_string_suffix": "AuthMech=3"})),
        odbc(&json!({"poll_interval": 1, "connection_string_suffix": "AuthMech=3"})),
        json!({"method": "session", "schema": "s", "host": "spark.svc"}),
        json!({"method": "session", "schema": "s", "server_side_parameters": {"spark.sql.ansi.enabled": true}}),
        thrift(&json!({"user": "a\u{0}b"})),
    ]
    .iter()
    .map(refused)
    .collect();
    insta::assert_json_snapshot!(errors);
}

/// The host refuses literals where the schema says secret; this is about the settings that take any name.
#[test]
fn literal_secrets_are_refused_and_not_shown() {
    let errors: Vec<Value> = [
        thrift(&json!({"server_side_parameters": {"spark.hadoop.fs.s3a.secret.key": "hunter2"}})),
        odbc(&json!({"connection_string_suffix": "UID=dbt; PWD=hunter2"})),
        odbc(&json!({"connection_string_suffix": "Auth_AccessToken=hunter2"})),
        odbc(&json!({"connection_string_suffix": "Auth_Client_Secret=hunter2"})),
    ]
    .iter()
    .map(refused)
    .collect();
    assert!(!json!(errors).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(errors);
}

#[test]
fn packages() {
    let mut all = Vec::new();
    for (name, settings) in every_method() {
        let packages = Spark.get_required_dbt_packages(&DbtPackagesRequest::new(compute(&settings))).unwrap();
        for package in &packages.packages {
            let requirement: pep508_rs::Requirement = package.as_str().parse().unwrap();
            assert!(requirement.version_or_url.is_some());
        }
        all.push(json!([name, packages]));
    }
    insta::assert_json_snapshot!(all);
}

#[test]
fn pods() {
    let mut pods = Vec::new();
    for settings in [thrift(&json!({})), json!({"method": "session", "schema": "s"})] {
        for size in WorkloadSize::ALL {
            let pod = Spark.get_resource_requirements(&ResourcesRequest::new(compute(&settings), size)).unwrap();
            assert!(pod.requests_over_limits().is_empty());
            pods.push(json!([settings["method"], size, pod]));
        }
    }
    insta::assert_json_snapshot!(pods);
}
