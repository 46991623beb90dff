//! What `FLOE_LOG` shows: no secret in any form, at any level; and the id of a command's errors.

use floe_tests::{Project, Run};
use serde_json::Value;

const SECRET: &str = "hunter2 \"ünder\" %&+/ lock\\key";

/// The secret in the forms in which the fixture `leaks-secret` writes it, and pieces that stand in all forms of a kind.
const FORMS: [&str; 11] = [
    SECRET,
    r#"hunter2 \"ünder\" %&+/ lock\\key"#,
    "aHVudGVyMiAiw7xuZGVyIiAlJisvIGxvY2tca2V5",
    "hunter2%20%22%C3%BCnder%22%20%25%26%2B%2F%20lock%5Ckey",
    "hunter2",
    "nder",
    "lock",
    "%C3%BC",
    "%26%2B",
    "aHVudGVyM",
    "GxvY2tca2V5",
];

/// A run with everything logged, as text or as JSON.
fn logged(project: &Project, arguments: &[&str], format: &str) -> Run {
    Run::of(
        project
            .command(arguments)
            .env("FIXTURE_SECRET", SECRET)
            .env("FLOE_LOG", "trace")
            .env("FLOE_LOG_FORMAT", format),
    )
}

/// Every line of a log in JSON.
fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stderr.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The strings in a document, as they were before they were written as JSON.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => {
            map.iter().flat_map(|(key, value)| [vec![key.clone()], strings(value)].concat()).collect()
        }
        other => vec![other.to_string()],
    }
}

#[test]
fn no_form_of_a_secret() {
    let project = Project::new().with_fixtures(&["good", "leaks-secret"]);
    let leaky =
        "{name: subject, plugin: leaks-secret, config: {password: {secret: {source: env, name: FIXTURE_SECRET}}}}";
    project.approve("good", &["good", leaky]);
    for format in ["text", "json"] {
        for command in ["compile", "health"] {
            for output in ["text", "json"] {
                let run = logged(&project, &[command, "--format", output], format).expect(0);
                assert!(
                    run.stderr.contains("TRACE") || run.stderr.contains("DEBUG"),
                    "nothing is logged: {}",
                    run.stderr
                );
                let mut seen = vec![run.stdout.clone(), run.stderr.clone()];
                seen.extend(lines(&run).iter().flat_map(strings));
                for (text, form) in seen.iter().flat_map(|text| FORMS.map(|form| (text, form))) {
                    assert!(!text.contains(form), "{command}, {format}: {form} in\n{text}");
                }
                // The line is there, without the secret.
                let masked = run.stderr.contains("raw=*** base64=*** url=*** json=");
                assert_eq!(masked, command == "health", "{command}, {format}:\n{}", run.stderr);
            }
        }
    }
}

#[test]
fn the_forms_are_what_the_fixture_writes() {
    assert_eq!(serde_json::to_string(SECRET).expect("JSON"), format!("\"{}\"", FORMS[1]));
}

#[test]
fn an_error_stands_in_the_log_with_its_id() {
    let project = Project::new().with_fixtures(&["good", "says-errors"]).approving(
        "good",
        &["good", "{name: engine, plugin: says-errors, config: {profile: query, finds: connection}}"],
    );
    for (command, code, kind) in [("compile", "F0614", "query"), ("health", "F0702", "connection")] {
        let run = logged(&project, &[command, "--format", "json"], "json").expect(1);
        let told = &run.diagnostics()[0];
        assert_eq!((&told["code"], &told["compute"]), (&code.into(), &"engine".into()), "{told:#}");
        let log = lines(&run);
        let of_it = log.iter().filter(|line| line["correlation_id"] == told["correlation_id"]);
        let found: Vec<_> = of_it.filter(|line| line["level"] == "ERROR").collect();
        let [line] = found[..] else { panic!("{command}: {} in\n{}", told["correlation_id"], run.stderr) };
        assert_eq!((&line["level"], &line["code"]), (&"ERROR".into(), &code.into()), "{line:#}");
        assert_eq!((&line["compute"], &line["kind"]), (&"engine".into(), &kind.into()), "{line:#}");
        assert_eq!(line["message"], told["message"]);

        // In a log that people read, the id that they see at the error.
        let run = logged(&project, &[command], "text").expect(1);
        let shown = run.stderr.split("correlation id: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let id = shown.unwrap_or_else(|| panic!("{}", run.stderr));
        let logged =
            run.stderr.lines().any(|line| line.contains("ERROR") && line.contains(&format!("correlation_id=\"{id}\"")));
        assert!(logged, "{command}: {id} in\n{}", run.stderr);
    }
}

#[test]
fn nothing_is_logged_unless_asked() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    let run = project.floe(&["health"]).expect(0);
    assert!(!run.stderr.contains("DEBUG") && !run.stderr.contains("phase"), "{}", run.stderr);
}
