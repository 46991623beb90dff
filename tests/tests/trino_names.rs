//! The profiles that the Trino plugin writes, as dbt-trino's own credentials read them.
//!
//! dbt adapters ignore keys that they do not know; so it is asked for the ones that it knows.

use std::fs;
use std::process::Command;

use floe_tests::{Run, python, workspace};
use serde_json::{Value, json};

/// What dbt does with the output of a profile before it connects, and which keys of it the adapter has fields for.
const SCRIPT: &str = "
import dataclasses, json, sys
from dbt.adapters.trino.connections import RESERVED_HTTP_HEADERS, TrinoCredentialsFactory as Factory
output = json.loads(sys.argv[1])
del output['type'], output['threads']
read_as = Factory._create_trino_profile(output)
fields = {field.name for field in dataclasses.fields(read_as)}
output = Factory.translate_aliases(output)
method = output.pop('method')
read_as.validate(output)
read = read_as.from_dict(output)
print(json.dumps({'method': [method, read.method], 'scheme': read.http_scheme.value,
    'unknown': sorted(set(output) - fields), 'fields': sorted(fields),
    'reserved': sorted(name.lower() for name in RESERVED_HTTP_HEADERS)}))
";

const METHODS: [&str; 9] =
    ["none", "none_https", "ldap", "jwt", "certificate", "kerberos", "gssapi", "oauth", "oauth_console"];

fn snapshot(name: &str) -> Value {
    let path = workspace::root().join(format!("plugins/trino/tests/snapshots/profile__{name}.snap"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(text.splitn(3, "---\n").nth(2).expect("a header and a document")).expect("JSON")
}

fn read(output: &Value) -> Run {
    let program = python::environment("trino", &workspace::root().join("scripts/requirements/trino.txt"));
    Run::of(Command::new(program.join("bin/python")).args(["-c", SCRIPT, &output.to_string()]))
}

#[test]
fn every_key_is_one_that_dbt_trino_reads() {
    let mut fields = std::collections::BTreeSet::new();
    for name in METHODS.map(|method| format!("profile_of_{method}")).into_iter().chain(["profile_of_everything".into()])
    {
        let seen = read(&snapshot(&name)["output"]).expect(0).json();
        assert_eq!(seen["method"][0], seen["method"][1], "{name}");
        assert_eq!(seen["unknown"], json!([]), "{name}");
        let plain = name == "profile_of_none";
        assert_eq!(seen["scheme"], if plain { "http" } else { "https" }, "{name}");
        fields.extend(
            seen["fields"].as_array().expect("a list").iter().map(|field| field.as_str().expect("a text").to_owned()),
        );
    }
    // Every key of the adapter is a setting of the plugin.
    let settings = snapshot("schema")["properties"].clone();
    let missing: Vec<_> = fields.iter().filter(|field| settings.get(field.as_str()).is_none()).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// The proof proves something: what is wrong is found.
#[test]
fn a_key_or_a_type_that_it_does_not_know_is_found() {
    let mut unknown = snapshot("profile_of_none")["output"].clone();
    unknown["query_timeout"] = 1.into();
    assert_eq!(read(&unknown).expect(0).json()["unknown"], json!(["query_timeout"]));
    let mut mistyped = snapshot("profile_of_none")["output"].clone();
    mistyped["client_tags"] = 7.into();
    assert_ne!(read(&mistyped).code(), Some(0));
}

/// What the adapter refuses among `http_headers`, the plugin refuses when compiling.
#[test]
fn reserved_headers_are_those_of_the_adapter() {
    let rules = fs::read_to_string(workspace::root().join("plugins/trino/src/rules/headers.rs")).expect("the rules");
    let list = rules.split("const RESERVED").nth(1).expect("a list").split("];").next().expect("its end");
    let mut ours: Vec<&str> =
        list.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split('"').next()).collect();
    ours.sort_unstable();
    let seen = read(&snapshot("profile_of_none")["output"]).expect(0).json();
    assert_eq!(json!(ours), seen["reserved"]);
}

/// The requirements of each method resolve. Those of Kerberos cannot be installed without its headers, so that they are
/// resolved alone.
#[test]
fn requirements_of_every_method_resolve() {
    let program = python::environment("resolver", &workspace::root().join("scripts/requirements/resolver.txt"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in snapshot("packages").as_array().expect("a list") {
        let (name, packages) = (entry[0].as_str().expect("a method"), &entry[1]["packages"]);
        let asked: Vec<&str> = packages.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let file = folder.path().join(format!("{name}.in"));
        fs::write(&file, asked.join("\n")).expect("a file");
        let mut command = Command::new(program.join("bin/uv"));
        command.args(["pip", "compile", "--quiet", "--python-version", "3.11"]).arg(&file);
        let found = Run::of(&mut command).expect(0);
        assert!(found.stdout.contains("dbt-trino==1.11."), "{name}:\n{}", found.stdout);
        let library = [("kerberos", "requests-kerberos=="), ("gssapi", "requests-gssapi==")];
        for (method, library) in library {
            assert_eq!(found.stdout.contains(library), name == method, "{name}:\n{}", found.stdout);
        }
    }
}
