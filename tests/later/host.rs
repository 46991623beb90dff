//! A host of API 1.1: loads the plugin at the path given and prints what it finds, a line each.

use std::error::Error;

use floe_plugin_api::abi::{ROOT_SYMBOL, load};
use floe_plugin_api::{FLOE_API_VERSION, Method};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: host PLUGIN")?;
    // SAFETY: a library of these tests, loaded as the worker does it, and never closed.
    let plugin = unsafe {
        let library = libloading::os::unix::Library::open(Some(path), libloading::os::unix::RTLD_NOW)?;
        let symbol = library.get::<*const ()>(ROOT_SYMBOL.as_bytes())?.into_raw();
        std::mem::forget(library);
        load(symbol.cast_const().cast())?
    };
    println!("host {FLOE_API_VERSION}, plugin {} {}", plugin.name(), plugin.floe_api_version());
    println!("added field: {:?}", plugin.added());
    println!("added method: {}", plugin.call(Method::AddedLater, "{}").map_or_else(|e| e.message, |answer| answer));
    println!("metadata: {}", plugin.call(Method::Metadata, "{}")?);
    println!("schema: {}", plugin.call(Method::ConfigSchema, "{}")?.len() > 100);
    Ok(())
}
