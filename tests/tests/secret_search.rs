//! Many secrets, every command, every form: none of them stands in anything that floe writes, says or logs.

use std::fs;

use floe_tests::redact::redact;
use floe_tests::{Project, Run};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n\
                   MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\nNMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ\n-----END PRIVATE KEY-----";

/// Values as they are in use. Those of fewer than four characters are taken out of texts only where they stand alone, so
/// that there is no sense in looking for them here.
const VALUES: [&str; 12] = [
    "hunter2-sup3r",
    "p@ss wörd/1+\"x\"&%\\",
    "{\"type\": \"service_account\", \"private_key_id\": \"0123456789abcdef\"}",
    "日本語の秘密の言葉",
    "' OR 1=1; --secret",
    "<script>alert('s3cr3t')</script>",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "9f8e7d6c",
    "{{ jinja }} and $SHELL `ls`",
    PEM,
];

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_usize, |word, byte| (word << 8) | usize::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|place| char::from(alphabet[(word >> (18 - 6 * place)) & 63])));
    }
    text
}

/// What every base64 of a text with this one in it holds, wherever in the text it begins.
fn inside_base64(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for alphabet in [STANDARD, URL_SAFE] {
        for before in 0..3_usize {
            let bytes = [&vec![0; before], text.as_bytes()].concat();
            let whole = base64(&bytes, alphabet);
            found.push(whole[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned());
        }
    }
    found
}

fn url_encoded(text: &str, kept: &str, space: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => space.to_owned(),
        _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// How a value may turn up.
fn forms(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = value.lines().filter(|line| value.contains('\n') && !line.starts_with("-----"));
    for text in std::iter::once(value).chain(lines) {
        let quoted = serde_json::to_string(text).expect("JSON");
        let escaped = quoted[1..quoted.len() - 1].to_owned();
        let twice = serde_json::to_string(&escaped).expect("JSON");
        found.extend([text.to_owned(), escaped.clone(), twice[1..twice.len() - 1].to_owned()]);
        found.extend(inside_base64(text));
        for (kept, space) in [("-_.~", "%20"), ("-_.~", "+"), ("-_.~!*'()", "%20"), ("-_.~/", "%20")] {
            let encoded = url_encoded(text, kept, space);
            found.push(encoded.to_lowercase());
            found.push(encoded);
        }
    }
    found.retain(|form| form.len() >= 8);
    found
}

/// The first form of any value that a text holds.
fn leak(text: &str) -> Option<String> {
    VALUES.iter().flat_map(|value| forms(value)).find(|form| text.contains(form.as_str()))
}

/// A product with a compute a secret, by turns from variables and files, on plugins that tell theirs and that fail.
fn project(plugin: &str) -> Project {
    let project = Project::new().with_fixtures(&["good", "leaks-secret", "fails"]);
    let mut computes = vec!["good".to_owned()];
    for (number, value) in VALUES.iter().enumerate() {
        let reference = match number % 4 {
            0 => format!("password: {{secret: {{source: env, name: VALUE_{number}}}}}"),
            1 => format!("password: {{secret: {{source: file, name: secrets/{number}/password}}}}"),
            2 => format!("password: \"{{{{ env_var('DBT_ENV_SECRET_VALUE_{number}') }}}}\""),
            _ => format!("connection_secret_ref: {{name: s{number}, keys: [password], mount: secrets/{number}}}"),
        };
        computes.push(format!("{{name: c{number}, plugin: {plugin}, config: {{{reference}}}}}"));
        project.write(&format!("secrets/{number}/password"), &format!("{value}\n"));
    }
    project.approve("good", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    project
}

fn run(project: &Project, arguments: &[&str], log: &str) -> Run {
    let mut command = project.command(arguments);
    command.env("FLOE_LOG", "trace").env("FLOE_LOG_FORMAT", log);
    for (number, value) in VALUES.iter().enumerate() {
        command.env(format!("VALUE_{number}"), value).env(format!("DBT_ENV_SECRET_VALUE_{number}"), value);
    }
    Run::of(&mut command)
}

#[test]
fn the_search_finds_what_is_there() {
    for value in VALUES {
        for text in [
            format!("x{value}y"),
            format!("Basic {}", base64(format!("user:{value}").as_bytes(), STANDARD)),
            format!("Basic {}", base64(format!("me:{value}:x").as_bytes(), URL_SAFE)),
            format!("pg://u:{}@h/d", url_encoded(value, "-_.~", "%20")),
            serde_json::json!({"error": serde_json::json!({"said": value}).to_string()}).to_string(),
        ] {
            assert!(leak(&text).is_some(), "{text}");
        }
    }
    assert_eq!(leak("-----BEGIN PRIVATE KEY----- *** nothing"), None);
}

#[test]
fn no_secret_stands_in_anything_that_floe_says_or_writes() {
    // Whether each command ends well does not depend on the secrets.
    for (plugin, health) in [("leaks-secret", 0), ("fails", 1)] {
        let project = project(plugin);
        for (arguments, code) in [
            (["compile"].as_slice(), 0),
            (&["compile", "--format", "json"], 0),
            (&["env", "list"], 0),
            (&["env", "list", "--format", "json"], 0),
            (&["health"], health),
            (&["health", "--format", "json"], health),
            (&["env", "vars"], 0),
            (&["env", "vars", "--format", "json"], 0),
            (&["env", "vars", "--as", "shell"], 0),
            (&["schema", "manifest"], 0),
            (&["plugin", "inspect", plugin], 0),
        ] {
            for log in ["text", "json"] {
                let said = run(&project, arguments, log).expect(code);
                assert!(
                    said.stderr.contains("phase") || arguments[0] != "health",
                    "nothing is logged: {}",
                    said.stderr
                );
                let transcript = said.transcript();
                if let Some(form) = leak(&transcript) {
                    panic!("{plugin}, {arguments:?}, {log}: {form} in\n{transcript}");
                }
                if let Ok(json) = serde_json::from_str::<serde_json::Value>(&said.stdout) {
                    assert_eq!(leak(&format!("{json}")), None, "{plugin}, {arguments:?}");
                }
            }
        }
        fs::remove_dir_all(project.path("secrets")).expect("the secrets themselves are not searched");
        for (path, bytes) in floe_tests::tree::tree(&project.product()) {
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(leak(&text), None, "{}:\n{text}", path.display());
        }
    }
}

#[test]
fn a_line_that_cannot_be_read_is_shown_without_its_secret() {
    let project = Project::new().with_fixtures(&["good"]);
    let head = "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: m}\n";
    let mut said = String::new();
    for body in [
        "compute: {approved: [{name: good, config: {password: hunter2-sup3r, port: [}}]}\n",
        "compute:\n  approved:\n    - name: good\n      config:\n        password: \"hunter2-sup3r\" x\n",
        "compute:\n  approved:\n    - name: good\n      config:\n        private_key: \"-----BEGIN KEY-----\nhunter2-sup3r\n-----END KEY-----\"\n",
        "compute: {approved: [good]}\nx-a:\n  token: hunter2-sup3r\n  token: hunter2-sup3r-too\n",
        "compute: {approved: [good]}\nx-a: {api_key: 99999999999999999999999}\n",
        "compute: {approved: [{name: good, config: {password: {secret: {source: env, name: A}, port: [}}]}\n",
    ] {
        project.write("manifest.yaml", &format!("{head}{body}"));
        said += &redact(&project, &project.floe(&["compile"]).expect(1).stderr);
        said.push('\n');
    }
    assert!(!said.contains("hunter2") && !said.contains("9999999"), "{said}");
    insta::assert_snapshot!(said);
}
