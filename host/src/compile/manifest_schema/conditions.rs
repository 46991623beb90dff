//! Where in a manifest which plugin's settings stand.

use serde_json::{Value, json};

use crate::compile::keys::SettingKeys;
use crate::documents::settings::SECRET_MOUNT;

/// Adds what ties `config` and `connections` to the definitions `<plugin>.config`.
pub(super) fn add(document: &mut Value, plugins: &[(&str, SettingKeys)]) {
    let each = |make: &dyn Fn(&str) -> Value| -> Vec<Value> { plugins.iter().map(|(name, _)| make(name)).collect() };
    let examples = json!(plugins.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let definitions = &mut document["$defs"];
    definitions["compute"]["allOf"] = json!(each(&|name| when(&by_plugin(name), &config(name))));
    definitions["compute"]["properties"]["plugin"]["examples"] = examples.clone();
    definitions["singleCompute"]["properties"]["type"]["examples"] = examples;
    definitions["entryByName"] = json!({"allOf": each(&|name| when(&by_name(name), &config(name)))});
    definitions["singleByName"] = json!({"allOf": each(&|name| when(&by_type(name), &config(name)))});
    let complete = |names: &dyn Fn(&str) -> Value| -> Vec<Value> {
        plugins.iter().filter_map(|(name, keys)| Some(when(&names(name), &required(keys)?))).collect()
    };
    let entries = [complete(&by_plugin), complete(&by_name)].concat();
    definitions["entryIsComplete"] = all_of(&entries);
    definitions["singleIsComplete"] = all_of(&complete(&by_type));
    let mut all = vec![
        // A parent may have bound a name to another plugin.
        json!({"if": is_domain(), "else": computes("entryByName", "singleByName")}),
        // What is missing may come from a parent, a child, an environment or a product.
        json!({"if": {"not": may_be_completed()}, "then": computes("entryIsComplete", "singleIsComplete")}),
    ];
    all.extend(each(&connections));
    document["allOf"] = Value::Array(all);
}

/// A list of schemas may not be empty.
fn all_of(schemas: &[Value]) -> Value {
    if schemas.is_empty() { Value::Bool(true) } else { json!({"allOf": schemas}) }
}

fn when(condition: &Value, then: &Value) -> Value {
    json!({"if": condition, "then": then})
}

fn config(plugin: &str) -> Value {
    json!({"properties": {"config": settings(plugin)}})
}

fn settings(plugin: &str) -> Value {
    json!({"$ref": format!("#/$defs/{plugin}.config")})
}

fn by_plugin(name: &str) -> Value {
    json!({"required": ["plugin"], "properties": {"plugin": {"const": name}}})
}

fn by_name(name: &str) -> Value {
    json!({"required": ["name"], "properties": {"name": {"const": name}, "plugin": false}})
}

fn by_type(name: &str) -> Value {
    json!({"required": ["type"], "properties": {"type": {"const": name}}})
}

fn is_domain() -> Value {
    json!({"required": ["scope"], "properties": {"scope": {"const": "domain"}}})
}

/// Applies a definition to each entry of a list of computes, and another to a single compute.
fn computes(entry: &str, single: &str) -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let entry = json!({"if": {"type": "object"}, "then": reference(entry)});
    let list = json!({"properties": {"approved": {"items": entry}}});
    let single = json!({"if": {"type": "object", "required": ["type"]}, "then": reference(single)});
    json!({"properties": {
        "compute": list,
        "plugins": {"properties": {"compute": {"allOf": [list, single]}}},
    }})
}

/// What an entry that is complete in itself has, where it has no mounted secret: that may hold any of it.
fn required(keys: &SettingKeys) -> Option<Value> {
    let config =
        |keys: Value| json!({"required": ["config"], "properties": {"config": {"type": "object", "required": keys}}});
    let mount = json!([SECRET_MOUNT]);
    let is_mounted = json!({"anyOf": [{"required": mount}, config(mount)]});
    (!keys.required.is_empty()).then(|| json!({"anyOf": [is_mounted, config(json!(keys.required))]}))
}

/// Whether other documents, or environments of this one, may set what an entry lacks.
fn may_be_completed() -> Value {
    json!({"anyOf": [
        {"required": ["scope"]},
        {"required": ["environments"], "properties": {"environments": {"contains": {
            "type": "object", "anyOf": [{"required": ["connections"]}, {"required": ["product_may_set"]}],
        }}}},
    ]})
}

/// The connections of a compute that is called as its plugin, unless that name is bound to another one.
fn connections(plugin: &str) -> Value {
    let rebinding = json!({"contains": {
        "type": "object",
        "required": ["name", "plugin"],
        "properties": {"name": {"const": plugin}, "plugin": {"not": {"const": plugin}}},
    }});
    let list = json!({"required": ["approved"], "properties": {"approved": rebinding}});
    let is_rebound = json!({"anyOf": [
        is_domain(),
        {"required": ["compute"], "properties": {"compute": list}},
        {"required": ["plugins"], "properties": {"plugins": {
            "required": ["compute"], "properties": {"compute": list},
        }}},
    ]});
    let settings = json!({"properties": {"connections": {"properties": {(plugin): settings(plugin)}}}});
    json!({"if": {"not": is_rebound}, "then": {"properties": {"environments": {"items": settings}}}})
}
