//! `floe schema manifest` beside the compiler, judged by a validator that is not floe's: Python's `jsonschema`.
//!
//! What the compiler accepts the schema accepts; what the schema refuses the compiler refuses. The compiler may refuse more.

use std::collections::BTreeMap;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::{Project, Run, dbt};
use serde_json::{Value, json};

/// What schema and compiler are to say of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Both accept it.
    Good,
    /// Both refuse it.
    Bad,
    /// The compiler refuses it, and the schema cannot say why.
    CompilerOnly,
}
use Verdict::{Bad, CompilerOnly, Good};

/// Checks the schema against its metaschema, and documents against the schema; prints what it says of each.
const VALIDATE: &str = r"
import json, sys, yaml
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
print(json.dumps({path: [e.json_path + ': ' + e.message[:200] for e in validator.iter_errors(yaml.safe_load(open(path)))] for path in sys.argv[2:]}))
";

const HEAD: &str = "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme}\n";

struct Corpus {
    project: Project,
    /// The schema of the plugin `any-schema`.
    settings: String,
}

impl Corpus {
    fn new(settings: &Value) -> Self {
        Self { project: Project::new().with_fixtures(&["good", "any-schema"]), settings: settings.to_string() }
    }

    fn floe(&self, arguments: &[&str]) -> Run {
        Run::of(self.project.command(arguments).env("FLOE_FIXTURE_SCHEMA", &self.settings))
    }

    /// Holds both against what is expected of each document, given as what follows the head of a manifest.
    fn check(&self, documents: &[(Verdict, &str)]) {
        let schema = self.floe(&["schema", "manifest"]).expect(0);
        self.project.write("manifest.schema.json", &schema.stdout);
        let names: Vec<String> = (0..documents.len()).map(|number| format!("manifest-{number}.yaml")).collect();
        for (name, (_, text)) in names.iter().zip(documents) {
            self.project.write(name, &format!("{HEAD}{text}\n"));
        }
        let mut command = Command::new(dbt::python());
        command.args(["-c", VALIDATE, "manifest.schema.json"]).args(&names).current_dir(self.project.product());
        let errors: BTreeMap<String, Vec<String>> =
            serde_json::from_value(Run::of(&mut command).expect(0).json()).expect("errors by file");
        let mut wrong = Vec::new();
        for (name, (verdict, text)) in names.iter().zip(documents) {
            let compile = self.floe(&["compile", "--check", "--manifest", name, "--format", "json"]);
            let said = (errors[name].is_empty(), compile.code() == Some(0));
            let expected = match verdict {
                Good => (true, true),
                Bad => (false, false),
                CompilerOnly => (true, false),
            };
            if said != expected {
                wrong.push(format!("{text}\nthe schema says {:#?}\nfloe says {}", errors[name], compile.stdout));
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), documents.len(), wrong.join("\n"));
    }
}

/// A manifest with one compute and these settings.
fn one(plugin: &str, config: &str) -> String {
    format!("compute: {{approved: [{{name: {plugin}, config: {config}}}]}}")
}

#[test]
fn settings_of_duckdb() {
    let documents = [
        (Good, "{}"),
        (Good, "{path: '{product_slug}.duckdb', threads: 8, timeout_seconds: 60, max_timeout_seconds: 90}"),
        (Good, "{settings: {memory_limit: 2GB, threads: 4, preserve_insertion_order: false, any_other: 1}}"),
        (Good, "{settings: {memory_limit: {secret: {source: env, name: A}}, TimeZone: \"{{ env_var('TZ') }}\"}}"),
        // The plugin itself wants a number, which no expression is before dbt reads it.
        (CompilerOnly, "{settings: {threads: \"{{ env_var('N') | int }}\"}}"),
        (CompilerOnly, "{keep_open: \"{{ env_var('B') | as_bool }}\"}"),
        (Good, "{attach: [{path: other.duckdb, alias: other, type: duckdb, read_only: true}]}"),
        (Good, "{extensions: [httpfs, {name: spatial, repo: community}]}"),
        (
            Good,
            "{secrets: [{type: s3, key_id: {secret: {source: file, name: /run/s3, key: id}}, secret: \"{{ env_var('K') }}\"}]}",
        ),
        (Good, "{motherduck_token: {secret: {source: env, name: MD}}}"),
        (Good, "{retries: {connect_attempts: 3}}"),
        (Bad, "{paht: x}"),
        (Bad, "{path: 7}"),
        (Bad, "{threads: 65}"),
        (Bad, "{thread: 4}"),
        (Bad, "{memory_limit: 2GB}"),
        (Bad, "{settings: {threads: many}}"),
        (Bad, "{settings: {threads: {secret: {source: env, name: A}}}}"),
        (Bad, "{keep_open: 'yes'}"),
        (Bad, "{motherduck_token: hunter2hunter2}"),
        (Bad, "{motherduck_token: {secret: {source: vault, name: MD}}}"),
        (Bad, "{secrets: [{type: s3, secret: hunter2hunter2}]}"),
        (Bad, "{secrets: [{typ: s3}]}"),
        (Bad, "{attach: [{path: 3}]}"),
        (Bad, "{attach: [{alias: other}]}"),
        (Bad, "{extensions: [{name: spatial}]}"),
        (Bad, "{retries: {connect_attempts: many}}"),
        (Bad, "[path]"),
        (CompilerOnly, "{path: \"{{ target.name }}\"}"),
        (CompilerOnly, "{motherduck_token: \"{{ env_var('T', 'hunter2hunter2') }}\"}"),
        (CompilerOnly, "{timeout_seconds: 60, max_timeout_seconds: 30}"),
    ];
    let texts: Vec<_> = documents.iter().map(|(verdict, config)| (*verdict, one("duckdb", config))).collect();
    let texts: Vec<_> = texts.iter().map(|(verdict, text)| (*verdict, text.as_str())).collect();
    Corpus::new(&json!({})).check(&texts);
}

#[test]
fn which_plugin_counts() {
    let settings = json!({
        "type": "object", "additionalProperties": false, "required": ["host"],
        "properties": {"host": {"type": "string"}, "port": {"type": "integer"}},
    });
    Corpus::new(&settings).check(&[
        // By name, by plugin, as the single one, in all forms.
        (Good, "compute: {approved: [duckdb]}"),
        (Good, "compute: {approved: [{name: any-schema, config: {host: h}}]}"),
        (Good, "plugins: {compute: {approved: [{name: large, plugin: any-schema, config: {host: h, port: 1}}]}}"),
        (Good, "plugins: {compute: {type: any-schema, config: {host: h}}}"),
        (Good, "plugins: {compute: {approved: [{name: duckdb, plugin: any-schema, config: {host: h}}, {name: other, plugin: duckdb, config: {path: x}}], default: other}}"),
        (Bad, "compute: {approved: [{name: any-schema, config: {host: h, path: x}}]}"),
        (Bad, "plugins: {compute: {approved: [{name: large, plugin: any-schema, config: {host: h, path: x}}]}}"),
        (Bad, "plugins: {compute: {type: any-schema, config: {host: h, path: x}}}"),
        (Bad, "plugins: {compute: {approved: [{name: duckdb, plugin: any-schema, config: {path: h}}]}}"),
        // What is required, and may come from an environment.
        (Bad, "compute: {approved: [{name: any-schema}]}"),
        (Bad, "compute: {approved: [{name: any-schema, config: {port: 1}}]}"),
        (Bad, "plugins: {compute: {type: any-schema, config: {port: 1}}}"),
        (CompilerOnly, "compute: {approved: [any-schema]}"),
        (Bad, "compute: {approved: [{name: any-schema, config: }]}"),
        (Good, "compute: {approved: [any-schema]}\nenvironments: [{name: dev, connections: {any-schema: {host: h}}}]"),
        (CompilerOnly, "compute: {approved: [any-schema]}\nenvironments: [{name: dev, connections: {any-schema: {host: h}}}, {name: prod}]"),
        // Environments.
        (Bad, "compute: {approved: [any-schema]}\nenvironments: [{name: dev, connections: {any-schema: {host: 3}}}]"),
        (Bad, "compute: {approved: [{name: any-schema, config: {host: h}}]}\nenvironments: [{name: dev, connections: {any-schema: {hots: h}}}]"),
        (Good, "compute: {approved: [{name: duckdb, plugin: any-schema, config: {host: h}}]}\nenvironments: [{name: dev, connections: {duckdb: {host: i}}}]"),
        (CompilerOnly, "compute: {approved: [{name: duckdb, plugin: any-schema, config: {host: h}}]}\nenvironments: [{name: dev, connections: {duckdb: {path: i}}}]"),
        (CompilerOnly, "compute: {approved: [{name: large, plugin: any-schema, config: {host: h}}]}\nenvironments: [{name: dev, connections: {large: {hots: i}}}]"),
        // A value that every environment replaces is no less wrong.
        (Bad, "compute: {approved: [{name: any-schema, config: {host: h, port: x}}]}\nenvironments: [{name: dev, connections: {any-schema: {port: 1}}}]"),
        (Bad, "compute: {approved: [{name: any-schema, config: {host: h}}]}\nenvironments: [{name: dev, connections: {any-schema: {type: x}}}]"),
        // Plugins that are not there.
        (CompilerOnly, "compute: {approved: [{name: nonesuch, config: {a: 1}}]}"),
    ]);
}

#[test]
fn settings_of_any_shape() {
    let settings = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://vendor.example/settings.json",
        "allOf": [{"$ref": "#/$defs/login"}],
        "unevaluatedProperties": false,
        "properties": {
            "mode": {"enum": ["fast", "safe", null], "default": "safe"},
            "ratio": {"type": "number", "exclusiveMinimum": 0},
            "size": {"oneOf": [{"const": "small", "description": "Little."}, {"const": "large"}]},
            "extra": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
            "tree": {"$ref": "#/$defs/tree"},
            "pool": {"type": "object", "additionalProperties": false, "required": ["size"],
                     "properties": {"size": {"type": "integer"}, "wait": {"type": "integer"}}},
            "$ref": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "uniqueItems": true},
        },
        "patternProperties": {"^x_": {"type": "integer"}},
        "$defs": {
            "login": {
                "type": "object",
                "properties": {"auth": {"enum": ["password", "key"]}},
                "if": {"properties": {"auth": {"const": "key"}}, "required": ["auth"]},
                "then": {"properties": {"key": {"type": "string", "x-floe-secret": true}}},
                "else": {"properties": {"password": {"type": "string", "minLength": 8, "x-floe-secret": true}}},
            },
            "tree": {"type": "object", "additionalProperties": false,
                     "properties": {"left": {"$ref": "#/$defs/tree"}, "name": {"type": "string"}}},
        },
    });
    let secret = "{secret: {source: env, name: A}}";
    let documents = [
        (Good, "{mode: fast, ratio: 0.5, size: small, x_one: 1, threads: 2, $ref: a}".to_owned()),
        (Good, "{mode: null, tags: [a, b], extra: {a: 1, b: true, c: c}}".to_owned()),
        (Good, format!("{{auth: password, password: {secret}, size: {secret}, mode: \"{{{{ env_var('M') }}}}\"}}")),
        (Good, format!("{{auth: key, key: {secret}, tags: [{secret}, {secret}], extra: {{a: {secret}}}}}")),
        (Good, "{tags: ['{product_name}', b], size: large}".to_owned()),
        (Good, "{tree: {left: {left: {name: a}}, name: b}}".to_owned()),
        (Good, "{pool: {size: 3}, ratio: \"{{ env_var('R') }}\"}".to_owned()),
        (Good, "{pool: \"{{ env_var('P') }}\"}".to_owned()),
        (Bad, "{mode: quick}".to_owned()),
        (Bad, "{ratio: 0}".to_owned()),
        (Bad, "{size: medium}".to_owned()),
        (Bad, "{x_one: one}".to_owned()),
        (Bad, "{colour: blue}".to_owned()),
        (Bad, format!("{{x_one: {secret}}}")),
        (Bad, "{tree: {left: {rigth: {}}}}".to_owned()),
        (Bad, "{tags: [A]}".to_owned()),
        (Bad, "{tags: [a, a]}".to_owned()),
        (Bad, "{extra: {a: [1]}}".to_owned()),
        (Bad, "{auth: password, password: hunter2hunter2}".to_owned()),
        (Bad, "{pool: {size: many}}".to_owned()),
        // Another layer may hold the rest of a mapping.
        (CompilerOnly, "{pool: {wait: 3}}".to_owned()),
        // Which of the two counts may be up to another layer.
        (CompilerOnly, format!("{{auth: key, password: {secret}}}")),
    ];
    let texts: Vec<_> = documents.iter().map(|(verdict, config)| (*verdict, one("any-schema", config))).collect();
    let texts: Vec<_> = texts.iter().map(|(verdict, text)| (*verdict, text.as_str())).collect();
    Corpus::new(&settings).check(&texts);
}

#[test]
fn mounted_secrets() {
    let settings = json!({
        "type": "object", "additionalProperties": false, "required": ["host", "password"],
        "properties": {
            "host": {"type": "string"}, "user": {"type": "string"},
            "password": {"type": "string", "x-floe-secret": true}, "key": {"type": "string", "x-floe-secret": true},
        },
    });
    let entry = |rest: &str| format!("compute: {{approved: [{{name: any-schema, {rest}}}]}}");
    let documents = [
        (Good, entry("connection_secret_ref: pg, config: {host: h}")),
        (Good, entry("config: {host: h, connection_secret_ref: {name: pg, keys: [password, user], mount: /etc/pg}}")),
        (Good, entry("config: {connection_secret_ref: {name: '{product_name}-pg', keys: [password, host]}}")),
        (Good, "plugins: {compute: {type: any-schema, connection_secret_ref: pg, config: {host: h}}}".to_owned()),
        (Bad, entry("connection_secret_ref: Pg Login, config: {host: h}")),
        (Bad, entry("connection_secret_ref: {name: pg, keys: []}, config: {host: h}")),
        (Bad, entry("connection_secret_ref: {name: pg, keys: [../x]}, config: {host: h}")),
        (Bad, entry("connection_secret_ref: {nam: pg}, config: {host: h}")),
        (Bad, entry("connection_secret_ref: [pg], config: {host: h}")),
        (Bad, entry("config: {host: h}")),
        (CompilerOnly, entry("connection_secret_ref: pg")),
        (CompilerOnly, entry("connection_secret_ref: pg, config: {host: h, connection_secret_ref: pg}")),
        (CompilerOnly, entry("connection_secret_ref: {name: pg, keys: [passwrod]}, config: {host: h}")),
    ];
    let texts: Vec<_> = documents.iter().map(|(verdict, text)| (*verdict, text.as_str())).collect();
    Corpus::new(&settings).check(&texts);
}

#[test]
fn plugins_that_cannot_be_asked_leave_their_settings_open() {
    let project = Project::new().with_fixtures(&["good", "any-schema", "panics-in-constructor"]);
    project.install("notes.so", |to| std::fs::write(to, "no plugin").expect("a file"));
    let schema = json!({"properties": {"a": {"$ref": "#anchor"}}, "$defs": {"a": {"$anchor": "anchor"}}}).to_string();
    let plugins = project.plugins();
    let arguments = ["schema", "manifest", "--plugins-dir", plugins.to_str().expect("UTF-8")];
    let run = Run::of(project.command(&arguments).env("FLOE_FIXTURE_SCHEMA", schema)).expect(0);
    insta::assert_snapshot!("schema-manifest-warnings", redact(&project, &run.stderr));
    let composed = run.json();
    let settings: Vec<_> =
        composed["$defs"].as_object().expect("definitions").keys().filter(|key| key.contains('.')).collect();
    assert_eq!(settings, ["good.config"]);
}
