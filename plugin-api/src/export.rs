//! `export_plugin!`.

/// Makes a shared library a floe plugin: its root module, the guard around every call, and the static record.
///
/// Call it once a crate, whose `crate-type` is `cdylib`.
///
/// ```no_run
/// # use floe_plugin_api::*;
/// # struct Nimbus;
/// # impl ComputePlugin for Nimbus {
/// #     fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> { unimplemented!() }
/// #     fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> { unimplemented!() }
/// #     fn generate_dbt_profile(&self, _: &ProfileRequest) -> PluginResult<ProfileResponse> { unimplemented!() }
/// #     fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> { unimplemented!() }
/// #     fn validate_connection(&self, _: &CheckRequest) -> PluginResult<ConnectionResult> { unimplemented!() }
/// #     fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> { unimplemented!() }
/// # }
/// export_plugin! {
///     plugin: Nimbus = Nimbus,             // the type, and how to make one
///     name: "nimbus",                      // as manifests write it
///     version: env!("CARGO_PKG_VERSION"),
///     env: ["NIMBUS_HOME"],                // variables that it wants to see; may be left out
/// }
/// ```
///
/// The name matches `[a-z][a-z0-9_-]{0,62}`, or it does not compile:
///
/// ```compile_fail,E0080
/// # use floe_plugin_api::*;
/// # struct Nimbus;
/// # impl ComputePlugin for Nimbus {
/// #     fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> { unimplemented!() }
/// #     fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> { unimplemented!() }
/// #     fn generate_dbt_profile(&self, _: &ProfileRequest) -> PluginResult<ProfileResponse> { unimplemented!() }
/// #     fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> { unimplemented!() }
/// #     fn validate_connection(&self, _: &CheckRequest) -> PluginResult<ConnectionResult> { unimplemented!() }
/// #     fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> { unimplemented!() }
/// # }
/// export_plugin! { plugin: Nimbus = Nimbus, name: "Nimbus Cloud", version: "1.0.0" }
/// ```
#[macro_export]
macro_rules! export_plugin {
    (
        plugin: $type:ty = $make:expr,
        name: $name:expr,
        version: $version:expr
        $(, env: [$($variable:expr),* $(,)?])?
        $(,)?
    ) => {
        const _: () = {
            static FLOE_STATIC_IDENTITY: $crate::__private::Identity = FLOE_IDENTITY;
            const FLOE_IDENTITY: $crate::__private::Identity = $crate::__private::Identity {
                name: $name,
                version: $version,
                env: &[$($($variable),*)?],
            };
            const FLOE_JSON_LEN: usize = $crate::__private::json_len(&FLOE_IDENTITY);

            #[used]
            #[allow(unsafe_code)]
            #[unsafe(no_mangle)]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__floe_plugin"))]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".floe_plugin"))]
            pub static FLOE_PLUGIN_RECORD: $crate::__private::RecordBytes<FLOE_JSON_LEN> =
                $crate::__private::RecordBytes::new(&FLOE_IDENTITY);

            // Named so that nothing in the author's expression can mean it.
            fn __floe_make() -> $type {
                $make
            }

            extern "C" fn __floe_new_plugin() -> $crate::__private::NewPlugin {
                $crate::__private::Exported::<$type>::boxed(&FLOE_STATIC_IDENTITY, __floe_make)
            }

            fn __floe_root() -> $crate::__private::PluginModuleRef {
                $crate::__private::module(&FLOE_STATIC_IDENTITY, __floe_new_plugin)
            }

            extern "C" fn __floe_erased() -> $crate::__private::RootModuleResult {
                $crate::__private::erased_root(__floe_root)
            }

            #[allow(unsafe_code)]
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static FLOE_PLUGIN_HEADER: $crate::__private::LibHeader =
                $crate::__private::lib_header(__floe_erased);
        };
    };
}

/// The export name above is written out, because an attribute takes no constant; it must be the one that hosts look up.
const _: () = {
    let (written, looked_up) = (b"_1as_0lib_1header_0root_bmodule_bloader\0", crate::abi::ROOT_SYMBOL.as_bytes());
    assert!(written.len() == looked_up.len(), "the header's export name is the one that hosts look up");
    let mut at = 0;
    while at < written.len() {
        assert!(written[at] == looked_up[at], "the header's export name is the one that hosts look up");
        at += 1;
    }
};
