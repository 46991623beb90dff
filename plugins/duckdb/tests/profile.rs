//! The profile, the schema, the packages and the pods.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use floe_plugin_duckdb::DuckDb;
use serde_json::{Value, json};
use support::{compute, profile_request};

fn profile(settings: &Value) -> Value {
    let response = DuckDb.generate_dbt_profile(&profile_request(compute(settings))).unwrap();
    serde_json::to_value(response).unwrap()
}

fn refused(settings: &Value) -> Value {
    let error = DuckDb.generate_dbt_profile(&profile_request(compute(settings))).unwrap_err();
    serde_json::to_value(error).unwrap()
}

/// One setting of every kind, as the host sends it: secrets are dbt expressions.
fn everything() -> Value {
    let secret = |name: &str| format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_DUCKDB_{name}') }}}}");
    json!({
        "path": "data/sales.duckdb",
        "schema": "analytics",
        "database": "lake",
        "is_ducklake": false,
        "config_options": {"extension_directory": "/opt/ext", "allow_unsigned_extensions": true, "default_order": "desc"},
        "extensions": ["httpfs", {"name": "h3", "repo": "community"}],
        "settings": {
            "memory_limit": "4GB", "temp_directory": "/scratch", "max_temp_directory_size": "20GB", "threads": 8,
            "preserve_insertion_order": false, "TimeZone": "UTC", "s3_secret_access_key": secret("S3"),
            "errors_as_json": false, "index_scan_percentage": 0.5, "default_collation": "nocase",
        },
        "secrets": [
            {"type": "s3", "name": "lake_s3", "key_id": secret("KEY"), "secret": secret("SECRET"),
             "region": "eu-central-1", "scope": "s3://lake/", "use_ssl": true},
            {"type": "iceberg", "client_id": "floe", "client_secret": secret("CLIENT"),
             "oauth2_server_uri": "http://catalog/v1/oauth/tokens"},
            {"type": "http", "extra_http_headers": {"X-Api-Key": secret("HEADER")}},
        ],
        "attach": [
            {"path": "warehouse", "alias": "lake", "type": "iceberg", "secret": "ic", "is_ducklake": true,
             "options": {"endpoint": "http://catalog", "access_delegation_mode": "vended_credentials"}},
            {"path": "prices.duckdb", "read_only": true},
            {"path": "safe.duckdb", "options": {"encryption_key": secret("DB_KEY"), "block_size": 16384}},
        ],
        "filesystems": [{"fs": "s3", "key": secret("FS"), "client_kwargs": {"region_name": "eu-central-1"}}],
        "external_root": "out",
        "plugins": [{"module": "sqlalchemy", "alias": "crm", "config": {"connection_url": secret("CRM")}}],
        "module_paths": ["python"],
        "disable_transactions": true,
        "keep_open": false,
        "retries": {"connect_attempts": 5, "query_attempts": 2, "retryable_exceptions": ["IOException", "HTTPException"]},
        "motherduck_token": secret("MD"),
        "flights": {"enabled_by_default": true, "instance_type": "F16", "timeout_sec": 900},
    })
}

#[test]
fn metadata() {
    insta::assert_json_snapshot!(DuckDb.metadata(&MetadataRequest::new()).unwrap());
}

#[test]
fn schema() {
    let schema = DuckDb.config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    insta::assert_json_snapshot!(schema);
}

#[test]
fn the_schema_takes_what_the_profile_takes_and_nothing_else() {
    let schema = DuckDb.config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&everything()).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    for wrong in [
        json!({"pth": "a.duckdb"}),
        json!({"path": 3}),
        json!({"path": null}),
        json!({"extensions": [{"name": "h3"}]}),
        json!({"extensions": [{"name": "h3", "repo": "community", "version": 1}]}),
        json!({"settings": {"memory_limit": 4}}),
        json!({"settings": {"threads": 0}}),
        json!({"settings": {"other": {"deep": 1}}}),
        json!({"secrets": [{"key_id": "x"}]}),
        json!({"secrets": [{"type": "s3", "key": "x"}]}),
        json!({"attach": [{"alias": "a"}]}),
        json!({"attach": [{"path": "a", "encryption_key": "x"}]}),
        json!({"retries": {"connect_attempts": 0}}),
        json!({"retries": {"connect_attempt": 1}}),
        json!({"flights": {"instance_type": "F5"}}),
        json!({"use_credential_provider": "gcp"}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

/// Every key has a description that an editor can show.
#[test]
fn every_key_is_described() {
    fn undescribed(at: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{at}.{name}"));
            }
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undescribed(name, definition, found);
        }
    }
    let mut found = Vec::new();
    undescribed("", &DuckDb.config_schema(&ConfigSchemaRequest::new()).unwrap().schema, &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn profile_of_nothing_is_memory() {
    insta::assert_json_snapshot!(profile(&json!({})));
}

#[test]
fn profile_of_a_file() {
    insta::assert_json_snapshot!(profile(&json!({"path": "data/sales.duckdb", "settings": {"memory_limit": "2GB"}})));
}

#[test]
fn profile_of_everything() {
    insta::assert_json_snapshot!(profile(&everything()));
}

#[test]
fn the_same_settings_give_the_same_profile_byte_for_byte() {
    assert_eq!(profile(&everything()).to_string(), profile(&everything()).to_string());
}

#[test]
fn limits_that_dbt_does_not_hold_are_told() {
    let config = compute(&json!({"extensions": ["httpfs"], "settings": {"extension_directory": "/opt/ext"}}))
        .with_timeout_seconds(900_u32)
        .with_connect_timeout_seconds(10_u32);
    let response = DuckDb.generate_dbt_profile(&profile_request(config)).unwrap();
    insta::assert_json_snapshot!(response.warnings);
}

#[test]
fn where_models_end_up() {
    let storages: Vec<Value> = [
        json!({}),
        json!({"path": "a.duckdb"}),
        json!({"path": "{{ env_var('DB') }}"}),
        json!({"path": "md:sales"}),
        json!({"path": "ducklake:meta.ducklake"}),
        json!({"path": "ducklake:postgres:dbname=lake"}),
        json!({"database": "b", "attach": [{"path": "b.duckdb", "alias": "b"}]}),
        json!({"database": "ice", "attach": [{"path": "warehouse", "alias": "ice", "type": "iceberg"}]}),
        json!({"database": "s", "attach": [{"path": "s.sqlite", "alias": "s", "type": "sqlite"}]}),
    ]
    .iter()
    .map(|settings| json!([settings, profile(settings)["storage"]]))
    .collect();
    insta::assert_json_snapshot!(storages);
}

#[test]
fn contradictions() {
    let errors: Vec<Value> = [
        json!({"path": ":memory:named"}),
        json!({"path": "s3://lake/a.duckdb"}),
        json!({"path": "sales.duckdb", "database": "other"}),
        json!({"path": "sales.duckdb", "database": "other", "attach": [{"path": "b.duckdb", "alias": "b"}]}),
        json!({"path": "sales.duckdb", "attach": [{"path": "old/sales.duckdb"}]}),
        json!({"attach": [{"path": "a.duckdb", "alias": "system"}]}),
        json!({"attach": [{"path": "a.duckdb", "alias": "x"}, {"path": "b.duckdb", "alias": "X"}]}),
        json!({"attach": [{"path": "a.duckdb", "alias": "not a name"}]}),
        json!({"attach": [{"path": "a.db", "type": "sqlite", "options": {"type": "sqlite"}}]}),
        json!({"secrets": [{"type": "s3", "name": "x"}, {"type": "http", "name": "x"}]}),
        json!({"extensions": ["httpfs; DROP TABLE t"]}),
        json!({"settings": {"memory limit": "1GB"}}),
        json!({"settings": {"memory_limit": "4Gi"}}),
        json!({"settings": {"max_memory": "half"}}),
        json!({"settings": {"max_temp_directory_size": "90%"}}),
        json!({"config_options": {"memory_limit": "4 gigs"}}),
        json!({"motherduck_token": "{{ env_var('A') }}", "settings": {"motherduck_token": "{{ env_var('B') }}"}}),
        json!({"path": "a\u{0}b"}),
    ]
    .iter()
    .map(refused)
    .collect();
    insta::assert_json_snapshot!(errors);
}

/// The host refuses literals where the schema says secret; this is about the maps that take any name.
#[test]
fn literal_secrets_in_open_maps_are_refused_and_not_shown() {
    let errors: Vec<Value> = [
        json!({"settings": {"my_password": "hunter2"}}),
        json!({"config_options": {"some_token": "hunter2"}}),
        json!({"attach": [{"path": "a.duckdb", "options": {"api_token": "hunter2"}}]}),
        json!({"filesystems": [{"fs": "s3", "client_kwargs": {"aws_secret_access_key": "hunter2"}}]}),
        json!({"plugins": [{"module": "sqlalchemy", "config": {"password": "hunter2"}}]}),
    ]
    .iter()
    .map(refused)
    .collect();
    assert!(!json!(errors).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(errors);
}

#[test]
fn expressions_of_dbt_pass_through() {
    let settings = json!({
        "path": "{{ env_var('DB') }}", "database": "x", "settings": {"memory_limit": "{{ env_var('LIMIT') }}"},
    });
    assert_eq!(profile(&settings)["output"]["settings"]["memory_limit"], "{{ env_var('LIMIT') }}");
}

#[test]
fn packages() {
    let packages: Vec<Value> = [
        json!({}),
        json!({"path": "md:sales", "plugins": [{"module": "glue"}]}),
        json!({
            "filesystems": [{"fs": "s3"}],
            "plugins": [{"module": "excel"}, {"module": "sqlalchemy"}, {"module": "my_module"}],
        }),
    ]
    .iter()
    .map(|settings| DuckDb.get_required_dbt_packages(&DbtPackagesRequest::new(compute(settings))).unwrap())
    .map(|packages| serde_json::to_value(packages).unwrap())
    .collect();
    for text in packages.iter().flat_map(|answer| answer["packages"].as_array().unwrap()) {
        let requirement: pep508_rs::Requirement = text.as_str().unwrap().parse().unwrap();
        assert!(requirement.version_or_url.is_some());
    }
    insta::assert_json_snapshot!(packages);
}

#[test]
fn pods() {
    let mut pods = Vec::new();
    for settings in [
        json!({}),
        json!({"settings": {"memory_limit": "1GB"}}),
        json!({"settings": {"memory_limit": "16GiB"}}),
        json!({"settings": {"max_temp_directory_size": "200GiB"}}),
        json!({"settings": {"memory_limit": "-1"}}),
    ] {
        for size in WorkloadSize::ALL {
            let request = ResourcesRequest::new(compute(&settings), size);
            let pod = DuckDb.get_resource_requirements(&request).unwrap();
            assert!(pod.requests_over_limits().is_empty());
            pods.push(json!([settings, size, pod]));
        }
    }
    insta::assert_json_snapshot!(pods);
}

/// DuckDB must reach its limit before the kernel reaches the pod's.
#[test]
fn a_pod_holds_more_than_the_memory_limit() {
    for limit in [1_u64, 100, 1 << 10, 1 << 14, 1 << 20] {
        let settings = json!({"settings": {"memory_limit": format!("{limit}MiB")}});
        for size in WorkloadSize::ALL {
            let request = ResourcesRequest::new(compute(&settings), size);
            let pod = DuckDb.get_resource_requirements(&request).unwrap();
            let memory = pod.memory_request.unwrap().rounded_up();
            assert!(memory >= (limit << 20) + (512 << 20), "{limit} MiB in {size:?}");
        }
    }
}
