//! One set of tests that every plugin of floe's passes: the library that is shipped, loaded by the host, asked across the ABI.

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use floe::plugins::{Launcher, PluginHost, SearchOptions, Worker};
use floe_plugin_api::{
    CatalogAttachmentRequest, CatalogConfig, CheckRequest, ComputeConfig, ConfigSchemaRequest, ConnectionStatus,
    DbtPackagesRequest, ErrorKind, MetadataRequest, ProfileRequest, Request, ResourcesRequest, WorkloadSize,
};
use floe_tests::engines::{ALL, Engine};
use floe_tests::servers::faults::BlackHole;
use floe_tests::{PATIENCE, dist};
use pep508_rs::Requirement;
use serde_json::{Value, json};

const PORT: u16 = 4711;

fn host() -> PluginHost {
    let options = SearchOptions { plugins_dir: Some(dist::dist().join("plugins")), ..SearchOptions::default() };
    PluginHost::discover(&options, Launcher::new(dist::floe()))
}

/// Asks a plugin in a worker of its own.
fn with<T>(engine: &Engine, ask: impl FnOnce(&mut Worker) -> T) -> T {
    let host = host();
    let plugin = host.find(engine.name).unwrap_or_else(|found| panic!("{}: {found:?}", engine.name));
    let mut worker = host.start(plugin).unwrap_or_else(|found| panic!("{}: {found:?}", engine.name));
    let answer = ask(&mut worker);
    let said = worker.finish();
    assert!(said.is_empty(), "{} ends with {said:?}", engine.name);
    answer
}

fn answer<R: Request>(engine: &Engine, worker: &mut Worker, request: &R) -> R::Response {
    worker.call(request, PATIENCE).unwrap_or_else(|found| panic!("{}: {found:?}", engine.name))
}

fn once<R: Request>(engine: &Engine, request: &R) -> R::Response {
    with(engine, |worker| answer(engine, worker, request))
}

fn profile_request(engine: &Engine) -> ProfileRequest {
    ProfileRequest::new(engine.config_for_dbt(PORT), "shop", "dev", "target/floe/dbt")
}

fn check_request(config: ComputeConfig, deadline: Duration) -> CheckRequest {
    let folder = std::env::temp_dir();
    let deadline = u64::try_from(deadline.as_millis()).expect("a short time");
    CheckRequest::new(config, "dev", folder.to_str().expect("a path in UTF-8"), deadline, "boundary")
}

/// The names of the libraries and of the engines here are the same: no plugin is left out below.
#[test]
fn all_that_is_shipped_is_tested() {
    let host = host();
    let mut libraries = BTreeSet::new();
    for entry in std::fs::read_dir(dist::dist().join("plugins")).expect("the folder of plugins") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name in UTF-8");
        if let Some((_, name)) = name.split_once("floe_plugin_") {
            libraries.insert(name.split('.').next().unwrap_or_default().to_owned());
        }
    }
    assert_eq!(libraries, ALL.iter().map(|engine| engine.name.to_owned()).collect());
    for engine in &ALL {
        assert!(host.find(engine.name).is_ok(), "{}", engine.name);
    }
}

#[test]
fn metadata_names_engine_and_adapter() {
    let told: Vec<_> = ALL
        .iter()
        .map(|engine| {
            let metadata = once(engine, &MetadataRequest::new());
            assert_eq!(metadata.self_hosted, matches!(engine.name, "duckdb" | "spark" | "trino"), "{}", engine.name);
            format!("{}: {} by dbt-{}", engine.name, metadata.engine, metadata.dbt_adapter)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_schema_takes_a_compute_and_no_key_that_it_does_not_name() {
    for engine in &ALL {
        let schema = once(engine, &ConfigSchemaRequest::new());
        let schema = serde_json::to_value(&schema).expect("JSON");
        let schema = schema.get("schema").cloned().unwrap_or(schema);
        let validator = jsonschema::draft202012::new(&schema).expect("a JSON Schema");
        let mut settings = Value::Object(engine.settings(PORT));
        assert!(validator.is_valid(&settings), "{}: {settings:#}", engine.name);
        settings["n0t_a_key"] = json!(1);
        assert!(!validator.is_valid(&settings), "{}", engine.name);
    }
}

/// The same request gives the same answer, in the same worker and in another.
#[test]
fn a_profile_is_the_same_each_time_and_refers_to_secrets() {
    for engine in &ALL {
        let request = profile_request(engine);
        let (first, second) =
            with(engine, |worker| (answer(engine, worker, &request), answer(engine, worker, &request)));
        let text = |response| serde_json::to_string(&response).expect("JSON");
        let (first_text, adapter) = (text(first.clone()), once(engine, &MetadataRequest::new()).dbt_adapter);
        assert_eq!(first_text, text(second), "{}", engine.name);
        assert_eq!(first_text, text(once(engine, &request)), "{}", engine.name);
        assert_eq!(first.output["type"], adapter.as_str(), "{}", engine.name);
        assert_eq!(first.output["threads"], 4, "{}", engine.name);
        assert!(["schema", "dataset"].iter().any(|key| first.output.get(*key).is_some()), "{}", engine.name);
        if let Some(secret) = &engine.secret {
            assert_eq!(
                first.output[secret.key],
                format!("{{{{ env_var('{}') }}}}", secret.variable),
                "{}",
                engine.name
            );
        }
    }
}

#[test]
fn packages_name_the_adapter_with_both_bounds() {
    for engine in &ALL {
        let packages = once(engine, &DbtPackagesRequest::new(engine.config_for_dbt(PORT)));
        let adapter = format!("dbt-{}", once(engine, &MetadataRequest::new()).dbt_adapter);
        let mut named = Vec::new();
        for package in &packages.packages {
            let requirement = Requirement::<pep508_rs::VerbatimUrl>::from_str(&package.to_string()).expect("PEP 508");
            let text = package.to_string();
            assert!(text.contains(">=") && text.contains('<'), "{}: {text}", engine.name);
            named.push(requirement.name.to_string());
        }
        assert!(named.contains(&"dbt-core".to_owned()) && named.contains(&adapter), "{}: {named:?}", engine.name);
        assert!(packages.requires_python.is_some(), "{}", engine.name);
    }
}

#[test]
fn a_pod_is_sized_for_every_workload() {
    for engine in &ALL {
        let sizes = [WorkloadSize::Small, WorkloadSize::Medium, WorkloadSize::Large].map(|size| {
            let spec = once(engine, &ResourcesRequest::new(engine.config_for_dbt(PORT), size));
            assert!(spec.memory_request.is_some() && spec.memory_limit.is_some(), "{}: {spec:?}", engine.name);
            assert!(spec.cpu_request.is_some(), "{}: {spec:?}", engine.name);
            serde_json::to_string(&spec).expect("JSON")
        });
        assert!(sizes[0] != sizes[1] && sizes[1] != sizes[2], "{}: {sizes:?}", engine.name);
    }
}

/// A remote engine mounts its catalogs itself: none is needed, which is not the same as no statements.
#[test]
fn remote_engines_need_no_attachment() {
    let catalog = CatalogConfig::rest("lake", "http://127.0.0.1:8181", "wh");
    for engine in ALL.iter().filter(|engine| engine.is_remote()) {
        let request = CatalogAttachmentRequest::new(engine.config_for_dbt(PORT), catalog.clone());
        assert_eq!(once(engine, &request).statements, None, "{}", engine.name);
    }
}

/// Nothing answers: the check ends by itself, in the time it has, with a kind, a reason and a mend; and leaves nothing open.
#[test]
fn a_check_of_a_black_hole_ends_in_its_time() {
    let hole = BlackHole::start();
    for engine in ALL.iter().filter(|engine| engine.is_remote()) {
        let given = Duration::from_millis(1_500);
        let begun = Instant::now();
        let result = once(engine, &check_request(engine.config(hole.port), given));
        assert!(begun.elapsed() < given + Duration::from_secs(2), "{}: {:?}", engine.name, begun.elapsed());
        assert!(result.latency_ms < 1_500.0, "{}: {result:?}", engine.name);
        assert_eq!(result.status, ConnectionStatus::Unhealthy, "{}", engine.name);
        let why = (result.kind, result.reason.as_deref());
        assert_eq!(why, (Some(ErrorKind::Timeout), Some("connect_timeout")), "{}", engine.name);
        assert!(result.help.is_some_and(|help| !help.is_empty()), "{}", engine.name);
        let last = result.steps.last().unwrap_or_else(|| panic!("{} took a step", engine.name));
        assert!(!last.ok && last.name.ends_with("connect"), "{}: {last:?}", engine.name);
    }
}

/// Settings of another shape than the schema's are an error of the call. The worker lives on, and no value is shown.
#[test]
fn settings_that_do_not_fit_are_an_error_and_not_the_end() {
    for engine in &ALL {
        let mut settings = engine.settings(PORT);
        let key = if engine.name == "duckdb" { "path" } else { "schema" };
        let key = if settings.contains_key(key) { key } else { "dataset" };
        settings.insert(key.to_owned(), json!({"hunter2": ["hunter2"]}));
        let config = ComputeConfig::new(engine.name, engine.name).with_connection(settings);
        with(engine, |worker| {
            for found in [
                worker.call(&check_request(config.clone(), Duration::from_secs(1)), PATIENCE).err(),
                worker.call(&ProfileRequest::new(config.clone(), "shop", "dev", "x"), PATIENCE).err(),
            ] {
                let found = found.unwrap_or_else(|| panic!("{} takes them", engine.name));
                assert_eq!(found.kind, Some(ErrorKind::Configuration), "{}: {found:?}", engine.name);
                assert!(!format!("{found:?}").contains("hunter2"), "{}: {found:?}", engine.name);
            }
            assert!(worker.cause_of_death().is_none(), "{}", engine.name);
            let _ = answer(engine, worker, &MetadataRequest::new());
        });
    }
}
