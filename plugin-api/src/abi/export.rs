//! The plugin's side: a `ComputePlugin` behind the ABI.

use std::panic::{AssertUnwindSafe, catch_unwind};

use abi_stable::library::{CheckTypeLayout, LibHeader, RootModuleResult};
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RErr, ROk, RResult, RStr};
use floe_plugin_abi::{PluginModule, PluginModuleRef, RawError, RawPlugin, RawPlugin_TO, RawPluginBox, RawReply};

use crate::error::{ErrorKind, PluginError, PluginResult};
use crate::method::Request;
use crate::plugin::ComputePlugin;
use crate::record::Identity;

/// A plugin and the identity that `export_plugin!` gave it.
pub struct Exported<P> {
    plugin: P,
    identity: &'static Identity,
}

impl<P: ComputePlugin> Exported<P> {
    /// Makes the plugin, guarded, as the object that crosses.
    pub fn boxed(identity: &'static Identity, make: fn() -> P) -> RResult<RawPluginBox, RawError> {
        match guard("the constructor", || Ok(make())) {
            Ok(plugin) => ROk(RawPlugin_TO::from_value(Self { plugin, identity }, TD_Opaque)),
            Err(error) => RErr(error.into()),
        }
    }
}

impl<P: ComputePlugin> RawPlugin for Exported<P> {
    fn metadata(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| {
            let mut metadata = self.plugin.metadata(request)?;
            metadata.name = self.identity.name.to_owned();
            metadata.version = self.identity.version.to_owned();
            metadata.floe_api_version = crate::FLOE_API_VERSION.to_owned();
            Ok(metadata)
        })
    }

    fn config_schema(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.config_schema(request))
    }

    fn generate_dbt_profile(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.generate_dbt_profile(request))
    }

    fn get_required_dbt_packages(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.get_required_dbt_packages(request))
    }

    fn validate_connection(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.validate_connection(request))
    }

    fn get_resource_requirements(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.get_resource_requirements(request))
    }

    fn get_catalog_attachment_sql(&self, request: RStr<'_>) -> RawReply {
        answer(request, |request| self.plugin.get_catalog_attachment_sql(request))
    }
}

/// Reads the request, calls the plugin, writes the response; all of it guarded.
fn answer<R: Request>(request: RStr<'_>, call: impl FnOnce(&R) -> PluginResult<R::Response>) -> RawReply {
    let reply = guard(R::METHOD.name(), || {
        let request = serde_json::from_str(request.as_str()).map_err(|error| unreadable::<R>("request", &error))?;
        let response = call(&request)?;
        serde_json::to_string(&response).map_err(|error| unreadable::<R>("response", &error))
    });
    match reply {
        Ok(text) => ROk(text.into()),
        Err(error) => RErr(error.into()),
    }
}

fn unreadable<R: Request>(what: &str, error: &serde_json::Error) -> PluginError {
    // Position and class only: serde's text may quote a value of the document.
    PluginError::new(
        ErrorKind::PluginExecution,
        format!("the {what} of {} cannot be read (line {}, column {})", R::METHOD, error.line(), error.column()),
    )
    .with_reason("document")
}

/// A panic becomes an error: it must not unwind into a host that was built by another compiler.
fn guard<T>(what: &str, call: impl FnOnce() -> PluginResult<T>) -> PluginResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        let said = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a payload that is no text".to_owned());
        // Dropping a payload may panic again.
        std::mem::forget(payload);
        Err(PluginError::new(ErrorKind::PluginExecution, format!("{what} panicked: {said}"))
            .with_reason("panic")
            .with_help("this is a defect of the plugin: tell its vendor"))
    })
}

/// The root module of a plugin.
pub fn module(
    identity: &'static Identity,
    new_plugin: extern "C" fn() -> RResult<RawPluginBox, RawError>,
) -> PluginModuleRef {
    PluginModule {
        name: identity.name.into(),
        version: identity.version.into(),
        floe_api_version: crate::FLOE_API_VERSION.into(),
        new_plugin,
    }
    .leak_into_prefix()
}

/// What the header's constructor returns.
pub fn erased_root(root: fn() -> PluginModuleRef) -> RootModuleResult {
    abi_stable::library::__call_root_module_loader(root)
}

/// The header that the host looks for.
pub const fn lib_header(constructor: extern "C" fn() -> RootModuleResult) -> LibHeader {
    // SAFETY: `export_plugin!` is the only caller; its constructor returns `erased_root` of a `PluginModuleRef`.
    unsafe { LibHeader::from_constructor::<PluginModuleRef>(constructor, CheckTypeLayout::Yes) }
}
