floe_plugin_api::compliance_test!();
