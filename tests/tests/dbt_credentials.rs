//! The profiles that the DuckDB plugin writes, as dbt-duckdb's own credentials read them.
//!
//! dbt adapters ignore keys that they do not know; so it is asked for the ones that it knows.

use std::fs;
use std::process::Command;

use floe_tests::{Run, dbt, workspace};
use serde_json::Value;

/// What dbt does with the output of a profile before it connects, and which keys of it the adapter has fields for.
const SCRIPT: &str = "
import dataclasses, json, sys
from dbt.adapters.duckdb.credentials import DuckDBCredentials
output = json.loads(sys.argv[1])
adapter = output.pop('type')
# Read by dbt-core itself.
del output['threads']
fields = {field.name for field in dataclasses.fields(DuckDBCredentials)}
output = DuckDBCredentials.translate_aliases(output)
DuckDBCredentials.validate(output)
read = DuckDBCredentials.from_dict(output)
print(json.dumps({'type': [adapter, read.type], 'unknown': sorted(set(output) - fields),
    'never set': sorted(fields - set(output)), 'secrets': read.secrets_sql()}))
";

/// The output of a profile that the plugin's own test keeps as a snapshot.
fn output(name: &str) -> Value {
    let path = workspace::root().join(format!("plugins/duckdb/tests/snapshots/profile__{name}.snap"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json = text.splitn(3, "---\n").nth(2).expect("a header and a document");
    serde_json::from_str::<Value>(json).expect("a profile in JSON")["output"].clone()
}

fn read(output: &Value) -> Run {
    Run::of(Command::new(dbt::python()).args(["-c", SCRIPT, &output.to_string()]))
}

#[test]
fn every_key_is_one_that_dbt_duckdb_reads() {
    for name in ["profile_of_everything", "profile_of_a_file", "profile_of_nothing_is_memory"] {
        let seen = read(&output(name)).expect(0).json();
        assert_eq!(seen["type"], serde_json::json!(["duckdb", "duckdb"]), "{name}");
        assert_eq!(seen["unknown"], serde_json::json!([]), "{name}");
        if name == "profile_of_everything" {
            // `remote` has no use outside of a Buena Vista server; a credential provider excludes the secrets.
            assert_eq!(seen["never set"], serde_json::json!(["remote", "use_credential_provider"]), "{name}");
            assert_eq!(seen["secrets"].as_array().map(Vec::len), Some(3), "{name}");
        }
    }
}

/// The proof proves something: what is wrong is found.
#[test]
fn a_key_or_a_type_that_it_does_not_know_is_found() {
    let mut unknown = output("profile_of_a_file");
    unknown["memory_limit"] = "2GB".into();
    assert_eq!(read(&unknown).expect(0).json()["unknown"], serde_json::json!(["memory_limit"]));
    let mut mistyped = output("profile_of_a_file");
    mistyped["extensions"] = 7.into();
    assert_ne!(read(&mistyped).code(), Some(0));
}
