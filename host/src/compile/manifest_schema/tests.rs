//! What the compiler accepts its schema accepts, for schemas and settings of any shape.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::compile::schema::Unknown;
use crate::diagnostics::Source;
use crate::documents::placeholders::Placeholders;
use crate::documents::secrets::{profile_settings, refuse_literals, secret_pointers};
use crate::documents::yaml::{self, Node};

fn plugin(schema: &Value) -> PluginSchema {
    PluginSchema { plugin: "nimbus".to_owned(), schema: schema.clone() }
}

/// Whether the settings of a compute, or of one layer of it, are accepted by the compiler.
fn compiler_accepts(schema: &SettingsSchema, settings: &Node, is_layer: bool) -> bool {
    let (found, problems) = profile_settings(settings, "c");
    let references: Vec<String> = found.secrets.into_iter().map(|bound| bound.pointer).collect();
    let mut refused = secret_pointers(settings, schema.as_value());
    refused.retain(|pointer| !references.contains(pointer));
    let unknown = Unknown { expressions: &found.expressions, references: &references, refused: &refused };
    let check = if is_layer { SettingsSchema::check_layer } else { SettingsSchema::check };
    problems.is_empty()
        && refuse_literals(settings, schema.as_value(), "c").is_empty()
        && check(schema, "c", &found.value, &unknown, &|_| None).is_empty()
}

fn manifest(settings: &Value) -> Value {
    json!({
        "apiVersion": "floe.dev/v1", "kind": "Manifest", "metadata": {"name": "m"},
        "compute": {"approved": [{"name": "nimbus", "config": settings}]},
    })
}

fn layered(settings: &Value) -> Value {
    let mut document = manifest(settings);
    document["environments"] = json!([{"name": "dev", "connections": {"nimbus": settings}}]);
    document
}

fn agree(schema: &Value, settings: &Value) -> Result<(), TestCaseError> {
    let Ok(checked) = SettingsSchema::new("nimbus", schema.clone()) else { return Ok(()) };
    let (composed, warnings) = compose(&[plugin(schema)]);
    let source = Source::new("m.yaml", settings.to_string());
    let mut node = yaml::parse(&source).0.expect("JSON is YAML");
    Placeholders::of_product("abcd").expand_node(&mut node);
    let validator = jsonschema::draft202012::new(&composed).map_err(|error| TestCaseError::fail(error.to_string()))?;
    for (is_layer, document) in [(false, manifest(settings)), (true, layered(settings))] {
        if compiler_accepts(&checked, &node, is_layer) {
            let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{schema}\n{settings}\n{warnings:?}\n{errors:#?}");
        }
    }
    Ok(())
}

fn leaf() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!(true),
        json!(false),
        json!({"type": "string"}),
        json!({"type": "integer"}),
        json!({"type": "boolean"}),
        json!({"type": ["string", "null"]}),
        json!({"type": ["integer", "null"], "minimum": 3}),
        json!({"type": "string", "pattern": "^a"}),
        json!({"type": "string", "minLength": 4}),
        json!({"enum": ["a", 1, null, {"a": "a"}]}),
        json!({"const": {"b": 1}}),
        json!({"const": ["abcd"]}),
        json!({"const": "abcd"}),
        json!({"type": "string", "x-floe-secret": true}),
        json!({"type": ["string", "null"], "x-floe-secret": true}),
        json!({"$ref": "#/$defs/one"}),
        json!({"$ref": "#/$defs/two"}),
        json!({"required": ["a", "b"]}),
    ])
}

fn schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let inner = inner.boxed();
        let both = || (inner.clone(), inner.clone());
        prop_oneof![
            4 => (both(), inner.clone()).prop_map(|((a, b), _)| json!({
                "type": "object", "properties": {"a": a, "b": b}, "additionalProperties": false,
            })),
            1 => (both(), inner.clone()).prop_map(|((a, other), x)| json!({
                "properties": {"a": a}, "additionalProperties": other, "patternProperties": {"^(x|thr)": x},
            })),
            1 => both().prop_map(|(a, b)| json!({"type": "object", "required": ["b"], "properties": {"a": a, "b": b}})),
            1 => both().prop_map(|(a, b)| json!({"allOf": [{"properties": {"a": a}}, b], "unevaluatedProperties": false})),
            1 => inner.clone().prop_map(|items| json!({"type": "array", "items": items, "uniqueItems": true})),
            1 => both().prop_map(|(one, two)| json!({"prefixItems": [one], "items": two})),
            1 => inner.clone().prop_map(|item| json!({"type": "array", "contains": item, "maxContains": 1})),
            1 => both().prop_map(|(one, two)| json!({"anyOf": [one, two]})),
            1 => both().prop_map(|(one, two)| json!({"oneOf": [one, two], "description": "one of two"})),
            1 => both().prop_map(|(one, two)| json!({"allOf": [one, two]})),
            1 => inner.clone().prop_map(|not| json!({"not": not})),
            1 => inner.clone().prop_map(|_| json!({"not": {"required": ["a", "threads"]}})),
            1 => (both(), inner.clone()).prop_map(|((a, b), c)| json!({"if": a, "then": b, "else": c})),
            1 => both().prop_map(|(a, b)| json!({"if": {"properties": {"a": a}}, "then": b})),
            1 => inner.clone().prop_map(|one| json!({"dependentSchemas": {"a": one}, "dependentRequired": {"a": ["b"]}})),
            1 => inner.clone().prop_map(|names| json!({"propertyNames": names, "minProperties": 1})),
        ]
    })
}

fn settings() -> impl Strategy<Value = Value> {
    let leaf = proptest::sample::select(vec![
        json!("a"),
        json!("abcd"),
        json!("x"),
        json!("{product_name}"),
        json!(1),
        json!(5),
        json!(true),
        json!(null),
        json!("{{ env_var('X') }}"),
        json!("{{ env_var('X') }}-{{ env_var('Y', 'd') }}"),
        json!("{{ env_var('N') | int }}"),
        json!({"secret": {"source": "env", "name": "A"}}),
        json!({"secret": {"source": "file", "name": "/run/a", "key": "k"}}),
    ]);
    let value = leaf.prop_recursive(3, 10, 3, |inner| {
        let keys = proptest::sample::select(vec!["a", "b", "x1", "c"]);
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => proptest::collection::btree_map(keys, inner, 0..4).prop_map(|entries| json!(entries)),
        ]
    });
    let keys = proptest::sample::select(vec!["a", "b", "x1", "c"]);
    proptest::collection::btree_map(keys, value, 0..4).prop_map(|entries| json!(entries))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn what_the_compiler_accepts_the_schema_accepts(
        root in schema(), one in schema(), two in schema(), settings in settings(),
    ) {
        let mut root = if root.is_object() { root } else { json!({"allOf": [root]}) };
        root["$defs"] = json!({"one": one, "two": two});
        agree(&root, &settings)?;
    }
}

fn refusal(schema: &Value) -> String {
    match translate(schema, "nimbus", Values::Written) {
        Ok(translated) => format!("{translated:?}"),
        Err(why) => why,
    }
}

#[test]
fn what_cannot_be_part_of_another_document_is_said() {
    let deep = (0..80).fold(json!({}), |inner, _| json!({"properties": {"a": inner}}));
    let list: Vec<String> = [
        json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
        json!({"properties": {"a": {"$ref": "#name"}}}),
        json!({"properties": {"a": {"$ref": "other.json"}}}),
        json!({"properties": {"a": {"$ref": "#/$defs/none"}}}),
        json!({"properties": {"a": {"$ref": "#/$defs/a%20b"}}}),
        json!({"properties": {"a": {"$id": "https://a.example/a.json"}}}),
        json!({"properties": {"a": {"$dynamicRef": "#a"}}}),
        json!({"properties": {"a": 3}}),
        json!({"properties": [3]}),
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}}),
        deep,
    ]
    .iter()
    .map(refusal)
    .collect();
    insta::assert_snapshot!(list.join("\n"));
}

#[test]
fn a_schema_that_refers_to_itself_below_is_followed() {
    let schema = json!({"properties": {"next": {"$ref": "#"}, "all": {"type": "array", "items": {"$ref": "#"}}}, "additionalProperties": false});
    let (composed, warnings) = compose(&[plugin(&schema)]);
    assert!(warnings.is_empty(), "{warnings:?}");
    let validator = jsonschema::draft202012::new(&composed).unwrap();
    assert!(validator.is_valid(&manifest(&json!({"next": {"next": {}}, "all": [{"all": []}], "threads": 3}))));
    assert!(!validator.is_valid(&manifest(&json!({"next": {"next": {"last": {}}}}))));
    assert!(!validator.is_valid(&manifest(&json!({"all": [{"threads": 3}]}))));
}

#[test]
fn a_huge_schema_is_not_followed() {
    let branch: Vec<Value> = (0..200).map(|_| json!({"properties": {"a": {}}})).collect();
    let schema = json!({"anyOf": vec![json!({"anyOf": branch}); 200]});
    assert!(refusal(&schema).contains("more than"), "{}", refusal(&schema));
}

#[test]
fn definitions_of_plugins_do_not_clash() {
    let schema = |kind: &str| json!({"properties": {"a": {"$ref": "#/$defs/name"}, "b": {"$ref": "#/$defs/x/name"}}, "$defs": {"name": {"type": kind}, "x": {"name": {"type": "array"}}}});
    let two = [
        PluginSchema { plugin: "name".to_owned(), schema: schema("integer") },
        PluginSchema { plugin: "secret".to_owned(), schema: schema("boolean") },
    ];
    let (composed, _) = compose(&two);
    assert!(jsonschema::draft202012::meta::is_valid(&composed));
    let names: Vec<&String> = composed["$defs"].as_object().unwrap().keys().filter(|key| key.contains('.')).collect();
    assert_eq!(
        names,
        [
            "name.config",
            "name.name.part",
            "name.name.part.2",
            "secret.config",
            "secret.name.part",
            "secret.name.part.2"
        ]
    );
    let validator = jsonschema::draft202012::new(&composed).unwrap();
    let of = |plugin: &str, a: Value| {
        let mut document = manifest(&json!({"a": a}));
        document["compute"]["approved"][0]["plugin"] = json!(plugin);
        validator.is_valid(&document)
    };
    assert!(of("name", json!(1)) && of("secret", json!(true)));
    assert!(!of("name", json!(true)) && !of("secret", json!(1)));
}
