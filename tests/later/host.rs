//! A host of API 1.1: loads the plugin at the path given, asks it in the words of 1.1, and prints as JSON what it finds.

use std::error::Error;

use floe_plugin_api::abi::{LoadedPlugin, ROOT_SYMBOL, load};
use floe_plugin_api::serde_json::{self, Map, Value, json};
use floe_plugin_api::{
    CheckRequest, ComputeConfig, ConfigSchemaRequest, DbtPackagesRequest, FLOE_API_VERSION, MetadataRequest, Method,
    PLUGIN_API_CRATE_VERSION, ProfileRequest, Request, ResourcesRequest, WorkloadSize,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: host PLUGIN")?;
    // SAFETY: a library of these tests, loaded as the worker does it, and never closed.
    let plugin = unsafe {
        let library = libloading::os::unix::Library::open(Some(path), libloading::os::unix::RTLD_NOW)?;
        let symbol = library.get::<*const ()>(ROOT_SYMBOL.as_bytes())?.into_raw();
        std::mem::forget(library);
        load(symbol.cast_const().cast())?
    };
    let config = ComputeConfig::new("c", plugin.name());
    let gigantic = ResourcesRequest::new(config.clone(), WorkloadSize::Gigantic).with_queue("night");
    let found = json!({
        "host": {"floe_api_version": FLOE_API_VERSION, "plugin_api_version": PLUGIN_API_CRATE_VERSION},
        "plugin": {"name": plugin.name(), "floe_api_version": plugin.floe_api_version()},
        "added_field": plugin.added(),
        "added_method": plugin.call(Method::AddedLater, "{}").map_err(|error| error.message)?,
        "metadata": ask(&plugin, &MetadataRequest::new())?,
        "config_schema": ask(&plugin, &ConfigSchemaRequest::new())?["ok"]["schema"].is_object(),
        "generate_dbt_profile": ask(&plugin, &ProfileRequest::new(config.clone(), "p", "dev", "h"))?,
        "get_required_dbt_packages": ask(&plugin, &DbtPackagesRequest::new(config.clone()))?,
        "validate_connection": ask(&plugin, &CheckRequest::new(config, "dev", "/", 5_000, "id"))?,
        "sent_to_get_resource_requirements": gigantic,
        "get_resource_requirements": ask(&plugin, &gigantic)?,
    });
    println!("{found:#}");
    Ok(())
}

/// The answer as the plugin wrote it, which this host could read; or the plugin's error.
fn ask<R: Request>(plugin: &LoadedPlugin, request: &R) -> Result<Value, Box<dyn Error>> {
    let (key, value) = match plugin.call(R::METHOD, &serde_json::to_string(request)?) {
        Ok(document) => {
            serde_json::from_str::<R::Response>(&document)?;
            ("ok", serde_json::from_str(&document)?)
        }
        Err(error) => ("error", serde_json::to_value(error)?),
    };
    Ok(Value::Object(Map::from_iter([(key.to_owned(), value)])))
}
