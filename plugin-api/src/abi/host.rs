//! The host's side: a library's root symbol becomes a plugin that can be called.

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::{AbiHeaderRef, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use abi_stable::std_types::{RErr, ROk, RStr};
use floe_plugin_abi::{PluginModuleRef, RawPluginBox};
use thiserror::Error;

use crate::error::{PluginError, PluginResult};
use crate::method::Method;

/// The symbol to look up in the library, with its NUL.
pub const ROOT_SYMBOL: &str = ROOT_MODULE_LOADER_NAME_WITH_NUL;

/// Why a library cannot be used as a plugin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Its types do not have the layout that this host knows.
    #[error("its ABI does not fit this host: {0}")]
    Abi(String),
    /// Its constructor failed.
    #[error("{0}")]
    Constructor(#[from] PluginError),
}

/// A plugin, loaded into this process.
pub struct LoadedPlugin {
    module: PluginModuleRef,
    plugin: RawPluginBox,
}

/// Checks the library behind its root symbol and makes the plugin.
///
/// # Errors
/// [`LoadError`] where the ABI does not fit or the constructor fails.
///
/// # Safety
/// `symbol` is the address of [`ROOT_SYMBOL`] in a library that was opened and is never closed.
pub unsafe fn load(symbol: *const ()) -> Result<LoadedPlugin, LoadError> {
    // SAFETY: by the contract of this function the symbol is a library's header; what it points to is checked first
    // thing by `upgrade`: magic bytes, abi_stable's version, the C ABI.
    let header: AbiHeaderRef = unsafe { std::mem::transmute::<*const (), AbiHeaderRef>(symbol) };
    let header = header.upgrade().map_err(|error| LoadError::Abi(stanzas(&error)))?;
    let module = match header.init_root_module::<PluginModuleRef>() {
        Ok(module) => module,
        // An older plugin has fewer prefix fields, which abi_stable refuses in this direction. It fits if this host's
        // layout fits in the place of the plugin's: the check with its two sides exchanged.
        Err(error @ LibraryError::AbiInstability(_)) => {
            let layout = header.layout().ok_or_else(|| LoadError::Abi("it carries no layout".to_owned()))?;
            check_layout_compatibility(layout, <PluginModuleRef as StableAbi>::LAYOUT)
                .map_err(|_| LoadError::Abi(stanzas(&error)))?;
            // SAFETY: the exchanged check has just shown that every field that the plugin has is where this host
            // looks for it; accessors of fields that it lacks return `None`.
            unsafe { header.init_root_module_with_unchecked_layout::<PluginModuleRef>() }
                .map_err(|error| LoadError::Abi(stanzas(&error)))?
        }
        Err(error) => return Err(LoadError::Abi(stanzas(&error))),
    };
    match module.new_plugin()() {
        ROk(plugin) => Ok(LoadedPlugin { module, plugin }),
        RErr(error) => Err(LoadError::Constructor(error.into())),
    }
}

/// The lines that say what is wrong: the whole report is 26 KB.
fn stanzas(error: &LibraryError) -> String {
    let report = error.to_string();
    let mut said: Vec<&str> = Vec::new();
    let mut lines = report.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("Error:") {
            said.extend(std::iter::once(line).chain(lines.by_ref().take(2)).map(str::trim));
        }
    }
    if said.is_empty() {
        said.extend(report.lines().map(str::trim).filter(|line| !line.is_empty()).take(4));
    }
    let mut text = said.join(" ");
    if text.len() > 600 {
        text.truncate(text.floor_char_boundary(600));
        text.push('…');
    }
    text
}

impl LoadedPlugin {
    /// The name that the live plugin gives.
    pub fn name(&self) -> &str {
        self.module.name().as_str()
    }

    /// The version that the live plugin gives.
    pub fn version(&self) -> &str {
        self.module.version().as_str()
    }

    /// The API version that the live plugin gives.
    pub fn floe_api_version(&self) -> &str {
        self.module.floe_api_version().as_str()
    }

    /// Calls a method with its request document and returns the response document.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn call(&self, method: Method, request: &str) -> PluginResult<String> {
        let request = RStr::from_str(request);
        let reply = match method {
            Method::Metadata => self.plugin.metadata(request),
            Method::ConfigSchema => self.plugin.config_schema(request),
            Method::GenerateDbtProfile => self.plugin.generate_dbt_profile(request),
            Method::GetRequiredDbtPackages => self.plugin.get_required_dbt_packages(request),
            Method::ValidateConnection => self.plugin.validate_connection(request),
            Method::GetResourceRequirements => self.plugin.get_resource_requirements(request),
            Method::GetCatalogAttachmentSql => self.plugin.get_catalog_attachment_sql(request),
        };
        match reply {
            ROk(response) => Ok(response.into_string()),
            RErr(error) => Err(error.into()),
        }
    }
}
