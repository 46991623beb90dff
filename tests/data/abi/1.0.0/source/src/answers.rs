//! What is answered without connecting to anything.

use floe_plugin_api::serde_json::{Map, Value, json};
use floe_plugin_api::{
    AccessDelegation, Addressing, CatalogAttachment, CatalogAttachmentRequest, CatalogAuth, DbtPackages, ErrorKind,
    Gpu, HelperFile, PackageRequirement, PluginError, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse,
    Quantity, ResourceSpec, Storage, TimeoutEnforcement, Warning, WorkloadSize,
};

use crate::settings::Settings;

pub(crate) fn metadata() -> PluginMetadata {
    PluginMetadata::new("Kept", "duckdb")
        .with_description("built once against API 1.0.0")
        .with_self_hosted(true)
        .with_addressing(Addressing::new().with_database(true).with_schema_prefix(true))
        .with_vendor("floe")
        .with_homepage("https://plugin.example")
}

pub(crate) fn profile(request: &ProfileRequest, settings: &Settings) -> PluginResult<ProfileResponse> {
    let path = settings.path.as_deref().unwrap_or(":memory:");
    let storage = if path == ":memory:" { Storage::Memory } else { Storage::File { path: path.to_owned() } };
    let mut output = Map::new();
    output.insert("type".to_owned(), json!("duckdb"));
    output.insert("path".to_owned(), json!(path));
    output.insert("schema".to_owned(), json!(settings.schema));
    output.insert("threads".to_owned(), json!(request.config.threads));
    if let Some(timeout) = request.config.timeout_expression() {
        output.insert("timeout".to_owned(), Value::String(timeout));
    }
    if let Some(password) = &settings.password {
        output.insert("password".to_owned(), json!(password.expose()));
    }
    let catalog = request.catalog.as_ref().map_or("none", |catalog| &catalog.name);
    let told = format!(
        "-- {} {} in {}; catalog {catalog}; connect timeout {:?}\n",
        request.product, request.environment, request.helper_dir, request.config.connect_timeout_seconds
    );
    Ok(ProfileResponse::new(output)
        .with_helper_files(vec![HelperFile::new("kept/request.sql", told)?])
        .with_timeout(TimeoutEnforcement::Coarse { granularity_seconds: 5 })
        .with_storage(storage)
        .with_warnings(vec![Warning::new("kept", "this plugin is old").with_help("that is what it is for")]))
}

pub(crate) fn packages() -> PluginResult<DbtPackages> {
    Ok(DbtPackages::new(vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::with_extras("dbt-duckdb", &["glue"], "1.10", "2")?,
    ])
    .with_requires_python(">=3.10,<3.14"))
}

pub(crate) fn resources(size: WorkloadSize) -> PluginResult<ResourceSpec> {
    let quantity = |text: &str| {
        text.parse::<Quantity>().map_err(|error| PluginError::new(ErrorKind::PluginExecution, error.to_string()))
    };
    let (cpu, memory) = match size {
        WorkloadSize::Small => ("250m", "1Gi"),
        WorkloadSize::Large => ("4", "16Gi"),
        // Medium, and what a later version calls otherwise.
        _ => ("1", "4Gi"),
    };
    let spec = ResourceSpec::new()
        .with_cpu_request(quantity(cpu)?)
        .with_cpu_limit(quantity(cpu)?)
        .with_memory_request(quantity(memory)?)
        .with_memory_limit(quantity(memory)?)
        .with_ephemeral_storage_request(quantity("1Gi")?)
        .with_ephemeral_storage_limit(quantity("2Gi")?);
    Ok(if size == WorkloadSize::Large { spec.with_gpu(Gpu::new("nvidia.com/gpu", 1)) } else { spec })
}

pub(crate) fn attachment(request: &CatalogAttachmentRequest) -> CatalogAttachment {
    let catalog = &request.catalog;
    let login = match &catalog.auth {
        CatalogAuth::None => "no login".to_owned(),
        CatalogAuth::Bearer { token } => format!("token '{}'", token.expose()),
        CatalogAuth::Oauth2 { client_id, client_secret, scope, token_url } => {
            format!("client {client_id}, secret '{}', scope {scope:?}, at {token_url:?}", client_secret.expose())
        }
        _ => "a login of a later version".to_owned(),
    };
    let delegation = match catalog.access_delegation {
        Some(AccessDelegation::VendedCredentials) => "vended",
        Some(AccessDelegation::RemoteSigning) => "signed",
        Some(AccessDelegation::None) => "own",
        Some(_) => "of a later version",
        None => "not said",
    };
    let engine = request.engine_version.as_deref().unwrap_or("newest");
    CatalogAttachment::statements(vec![
        format!("-- engine {engine}, {} {}, options {:?}", catalog.catalog_type, catalog.uri, catalog.options),
        format!("-- {login}"),
        format!("ATTACH '{}' AS {} -- access {delegation}", catalog.warehouse, catalog.name),
    ])
}
