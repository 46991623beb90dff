//! `floe plan --as k8s`: Jobs that Kubernetes takes, with the right resources, secrets and volumes, or a refusal.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::{Project, Run, python, workspace};
use serde_json::{Value, json};

const JOBS: [&str; 5] = ["plan", "--as", "k8s", "--image", "registry.example/shop:1.4"];

/// Two DuckDB files in a folder of their own: `vault` mounts the one of `shop` and reads what that builds.
fn two_files() -> Project {
    let project = Project::new()
        .approving(
            "shop",
            &[
                "{name: shop, plugin: duckdb, config: {path: data/shop.duckdb}}",
                "{name: vault, plugin: duckdb, config: {path: data/vault.duckdb, attach: [{path: data/shop.duckdb, alias: store, read_only: true}]}, \
                 reads: {shop: {catalog: store}}, resources: {large: {memory_request: 20Gi, memory_limit: 24Gi, gpu: {resource: nvidia.com/gpu, count: 1}}}}",
                "{name: brief, plugin: duckdb, config: {path: ':memory:'}}",
            ],
        )
        .with_environments(&[("shop", "duckdb"), ("vault", "duckdb"), ("brief", "duckdb")])
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n")
        .with("models/marts/daily.sql", "select total from {{ ref('sales') }}\n")
        .with("models/schema.yml", "models:\n  - {name: sales, columns: [{name: total, data_tests: [not_null]}]}\n");
    spec(
        &project,
        &[
            "{path: models/staging, workload_size: small}",
            "{path: models/marts, compute: vault}",
            "{name: daily, compute: vault, workload_size: large}",
        ],
    );
    project
}

/// Spark with a password, and a second one that reads it from another place: nothing of either is in a file.
fn two_services(config: &str) -> Project {
    let spark = "method: thrift, port: 10000, user: dbt, auth: LDAP";
    let project = Project::new()
        .approving(
            "spark",
            &[
                &format!("{{name: spark, config: {{{spark}, schema: shop, host: \"{{{{ env_var('SPARK_HOST') }}}}\", {config}}}}}"),
                &format!("{{name: spark_late, plugin: spark, config: {{{spark}, schema: \"late_{{{{ env_var('WHO', 'all') }}}}\", host: localhost, password: {{secret: {{source: env, name: LATE_PASSWORD}}}}}}}}"),
            ],
        )
        .with_environments(&[("spark", "spark"), ("spark_late", "spark")])
        .with("models/marts/sales.sql", "select 1 as total\n");
    spec(&project, &["{path: models/staging}", "{path: models/marts, compute: spark_late}"]);
    project
}

fn spec(project: &Project, transforms: &[&str]) {
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
             platform: {{manifest: manifest.yaml}}\ntransforms:\n  - {}\n",
            transforms.join("\n  - ")
        ),
    );
}

/// Values that stand in no Job.
const VALUES: [(&str, &str); 4] = [
    ("SPARK_PASSWORD", "hunter2-spark"),
    ("LATE_PASSWORD", "hunter2-late"),
    ("SPARK_HOST", "spark-of-acme"),
    ("WHO", "hunter2-ann"),
];

fn floe(project: &Project, arguments: &[&str]) -> Run {
    let run = Run::of(project.command(arguments).env_remove("FLOE_PLUGIN_PATH").envs(VALUES));
    for (name, value) in VALUES {
        assert!(
            !run.stdout.contains(value) && !run.stderr.contains(value),
            "the value of {name} is shown:\n{}",
            run.transcript()
        );
    }
    run
}

/// The stream that floe writes, which Kubernetes takes.
fn jobs(project: &Project, more: &[&str]) -> String {
    let run = floe(project, &[&JOBS, more].concat()).expect(0);
    validate(&run.stdout).expect("Kubernetes takes it");
    run.stdout
}

/// The same as values.
fn documents(stream: &str) -> Vec<Value> {
    let script = "import json, sys, yaml\nprint(json.dumps(list(yaml.safe_load_all(sys.stdin.read()))))\n";
    let output = with_input(Command::new(python()).args(["-c", script]), stream);
    serde_json::from_str(&output.expect("YAML")).expect("JSON")
}

fn python() -> PathBuf {
    python::environment("kubernetes", &workspace::root().join("scripts/requirements/kubernetes.txt")).join("bin/python")
}

/// An independent validator with the schemas of two versions of Kubernetes: it takes nothing that they do not know.
fn validate(stream: &str) -> Result<(), String> {
    const SCRIPT: &str = "import sys, yaml, kubernetes_validate as k\n\
        documents = list(yaml.safe_load_all(sys.stdin.read()))\n\
        assert documents, 'nothing is written'\n\
        for document in documents:\n    for version in ('1.30', '1.37'):\n        k.validate(document, version, strict=True)\n";
    with_input(Command::new(python()).args(["-c", SCRIPT]), stream).map(drop)
}

fn with_input(command: &mut Command, input: &str) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), input).expect("it is written");
    let output = command.stdin(fs::File::open(file.path()).expect("it is there")).output().expect("Python starts");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

fn container(job: &Value) -> &Value {
    &job["spec"]["template"]["spec"]["containers"][0]
}

/// What floe says of a refusal, without what differs from run to run.
fn said(project: &Project, arguments: &[&str]) -> String {
    let run = floe(project, arguments).expect(1);
    assert_eq!(run.stdout, "", "nothing is written that would not work");
    let text = redact(project, &run.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("correlation id")).collect();
    lines.join("\n") + "\n"
}

#[test]
fn steps_that_share_files() {
    let project = two_files();
    let more = ["--namespace", "analytics", "--service-account", "dbt", "--volume-claim", "shop-data"];
    let stream = jobs(&project, &more);
    insta::assert_snapshot!(redact(&project, &stream));
    assert_eq!(stream, jobs(&project, &more), "the same again");
    let digests = |stream: &str| -> Vec<Value> {
        documents(stream).iter().map(|job| job["metadata"]["annotations"]["floe.dev/plan"].clone()).collect()
    };
    let (first, all) = (digests(&stream)[0].clone(), digests(&stream));
    assert!(all.iter().all(|digest| *digest == first) && first.as_str().is_some_and(|text| text.len() == 64));
    let part = documents(&jobs(
        &project,
        &["--select", "daily", "sales", "--exclude=tag:slow", "--full-refresh", "--volume-claim", "x"],
    ));
    assert_ne!(part[0]["metadata"]["annotations"]["floe.dev/plan"], first, "another plan");
    let command = container(&part[0])["command"].as_array().expect("words");
    assert_eq!(
        command[8..],
        [json!("--select=daily"), json!("--select=sales"), json!("--exclude=tag:slow"), json!("--full-refresh")]
    );
    assert_eq!(part[0]["spec"].get("suspend"), None, "nothing comes before it");
}

#[test]
fn the_commands_of_the_jobs_build_the_product() {
    let project = two_files();
    fs::create_dir(project.path("data")).expect("the folder of the volume");
    let stream = jobs(&project, &["--volume-claim", "lake", "--select", "stg_orders", "sales"]);
    let documents = documents(&stream);
    assert_eq!(documents.len(), 2);
    let mut built = Vec::new();
    for job in &documents {
        // As an orchestrator has it: behind those that it names.
        let after = job["metadata"]["annotations"]["floe.dev/after"].as_str().unwrap_or_default();
        assert!(after.split(',').filter(|name| !name.is_empty()).all(|name| built.contains(&name)), "{after}");
        built.push(job["metadata"]["name"].as_str().expect("a name"));
        let command: Vec<&str> =
            container(job)["command"].as_array().expect("a command").iter().filter_map(Value::as_str).collect();
        assert_eq!(command[0], "floe");
        let run = floe(&project, &[&command[1..], &["--format", "json"]].concat()).expect(0);
        assert_eq!(run.json()["steps"].as_array().map(Vec::len), Some(1), "one step alone");
    }
    let status = floe(&project, &["status", "--format", "json"]).expect(0).json();
    assert_eq!(status["runs"][0]["outcome"], "success");
    // The project has changed since: the steps would be others.
    project.write("models/staging/more.sql", "select 1 as id\n");
    let command = container(&documents[0])["command"].clone();
    let command: Vec<&str> = command.as_array().expect("a command").iter().skip(1).filter_map(Value::as_str).collect();
    let run = floe(&project, &command).expect(0);
    assert!(!run.stderr.contains("F0836"), "what is not selected changes nothing");
    let all = jobs(&project, &["--volume-claim", "lake"]);
    project.write("models/staging/again.sql", "select 1 as id\n");
    let all = self::documents(&all);
    let command: Vec<&str> =
        container(&all[0])["command"].as_array().expect("a command").iter().skip(1).filter_map(Value::as_str).collect();
    assert!(floe(&project, &command).expect(1).stderr.contains("F0836"));
}

#[test]
fn the_validator_refuses_what_kubernetes_would() {
    let good = jobs(&two_files(), &["--volume-claim", "shop-data"]);
    for (from, to) in [
        ("backoffLimit: 0", "backoffLimit: \"none\""),
        ("backoffLimit: 0", "backofLimit: 0"),
        ("image: \"registry.example/shop:1.4\"", "image: [1]"),
        ("restartPolicy:", "restartPolicies:"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(validate(&good.replace(from, to)).is_err(), "{to}");
    }
    assert!(validate("").is_err());
}

#[test]
fn resources_are_those_of_the_largest_transform() {
    let project = two_files();
    let resources = |transforms: &[&str]| {
        if !transforms.is_empty() {
            spec(&project, transforms);
        }
        let found = documents(&jobs(&project, &["--volume-claim", "shop-data"]));
        let artifacts = fs::read(project.path(".floe/artifacts/compiled_artifacts.json")).expect("artifacts");
        let artifacts: Value = serde_json::from_slice(&artifacts).expect("JSON");
        let of =
            |compute: &str, size: &str| artifacts["compute_registry"]["computes"][compute]["resources"][size].clone();
        let found: Vec<Value> = found.iter().map(|job| container(job)["resources"].clone()).collect();
        (found, [of("shop", "small"), of("shop", "medium"), of("vault", "large")])
    };
    let (found, [small, medium, large]) = resources(&[]);
    assert_eq!(found, [&small, &large].map(Clone::clone), "small staging; daily is large, sales beside it is not");
    assert_eq!(large["limits"]["memory"], "24Gi", "the manifest's override");
    assert_eq!(large["limits"]["nvidia.com/gpu"], large["requests"]["nvidia.com/gpu"]);
    assert_ne!(small, medium);
    let (found, _) = resources(&["{path: models/marts, compute: vault, workload_size: large}"]);
    assert_eq!(found, [medium, large], "what nobody claims is of the usual size");
}

#[test]
fn secrets_are_references() {
    let project = two_services("password: {secret: {source: env, name: SPARK_PASSWORD}}");
    insta::assert_snapshot!(redact(&project, &jobs(&project, &[])));
    let one = documents(&jobs(&project, &["--secret", "shop"]));
    for entry in container(&one[0])["env"].as_array().expect("variables") {
        assert_eq!(entry["valueFrom"]["secretKeyRef"]["name"], "shop", "{entry}");
        assert_eq!(entry.get("value"), None, "{entry}");
    }
    let names = |job: &Value| -> Vec<String> {
        let env = container(job)["env"].as_array().expect("variables").clone();
        env.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&one[0]), ["SPARK_HOST", "SPARK_PASSWORD", "WHO"], "no secret of another compute");
}

#[test]
fn secret_files_are_mounted() {
    let project =
        two_services("password: {secret: {source: file, name: /var/run/secrets/floe/spark-login, key: password}}");
    let mounts = |project: &Project| {
        let job = documents(&jobs(project, &[]))
            .into_iter()
            .find(|job| job["metadata"]["labels"]["floe.dev/compute"] == "spark");
        let job = job.expect("a step on spark");
        (job["spec"]["template"]["spec"]["volumes"].clone(), container(&job)["volumeMounts"].clone())
    };
    let volume = |secret: &str, key: &str| json!([{"name": "secret-1", "secret": {"secretName": secret, "items": [{"key": key, "path": key}]}}]);
    let mount = |path: &str| json!([{"name": "secret-1", "mountPath": path, "readOnly": true}]);
    assert_eq!(
        mounts(&project),
        (volume("spark-login", "password"), mount("/var/run/secrets/floe/spark-login")),
        "the folder is called as the secret"
    );
    let project = two_services("password: {secret: {source: file, name: /etc/spark, key: login}}");
    assert_eq!(mounts(&project), (volume("shop-dev-spark-secrets", "login"), mount("/etc/spark")));
    let project = two_services("password: {secret: {source: file, name: /etc/spark.login}}");
    let mut one = mount("/etc/spark.login");
    one[0]["subPath"] = json!("spark.login");
    assert_eq!(
        mounts(&project),
        (volume("shop-dev-spark-secrets", "spark.login"), one),
        "and nothing else of /etc is hidden"
    );
}

#[test]
fn what_a_pod_would_lack_or_lose_is_refused() {
    let project = two_files();
    let mut text = said(&project, &JOBS);
    let manifest = fs::read_to_string(project.path("manifest.yaml")).expect("the manifest");
    let claim = [&JOBS[..], &["--volume-claim", "shop-data"]].concat();
    project.write(
        "manifest.yaml",
        &manifest
            .replace("data/vault", "vault")
            .replace("path: data/shop.duckdb}}", "path: \"{{ env_var('WHO') }}/shop.duckdb\"}}"),
    );
    text += &said(&project, &claim);
    project.write("manifest.yaml", &manifest);
    fs::write(project.root().join("other.yaml"), &manifest).expect("a manifest");
    text += &said(&project, &[&claim[..], &["--manifest", "../other.yaml"]].concat());
    let project = two_services("password: {secret: {source: file, name: secrets, key: password}}");
    text += &said(&project, &JOBS);
    insta::assert_snapshot!(text);
}

#[test]
fn one_step_in_memory_needs_no_volume() {
    let project = two_files();
    spec(&project, &["{path: models, compute: brief}"]);
    let found = documents(&jobs(&project, &[]));
    let [job] = found.as_slice() else { panic!("one step: {found:?}") };
    assert_eq!(job["spec"]["template"]["spec"].get("volumes"), None);
    assert_eq!(job["spec"].get("suspend"), None);
    assert_eq!(job["metadata"]["name"], "shop-dev-1-brief");
}

#[test]
fn options_that_do_not_go_together() {
    let project = two_files();
    let mut text = String::new();
    for arguments in [
        &["plan", "--as", "k8s"][..],
        &["plan", "--image", "x"],
        &["plan", "--as", "dot", "--volume-claim", "x"],
        &["plan", "--as", "k8s", "--image", "a b"],
        &["plan", "--as", "k8s", "--image", "x", "--namespace", "Sales_1"],
        &["plan", "--as", "k8s", "--image", "x", "--workdir", "product"],
    ] {
        let run = floe(&project, arguments).expect(2);
        text += &["$ floe ", &arguments.join(" "), "\n", &run.stderr].concat();
    }
    insta::assert_snapshot!(text);
}

/// Names that are too long for Kubernetes are cut, and still differ.
#[test]
fn long_names() {
    let project = two_files();
    let long = "a_very_long_name_of_a_data_product_that_goes_on_and_on_and_ends_";
    let text = fs::read_to_string(project.path("floe.yaml")).expect("the spec");
    project.write("floe.yaml", &text.replace("{name: shop, version", &format!("{{name: {}, version", &long[..63])));
    let found = documents(&jobs(&project, &["--volume-claim", "shop-data"]));
    let names: Vec<&str> = found.iter().filter_map(|job| job["metadata"]["name"].as_str()).collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    for (name, job) in names.iter().zip(&found) {
        assert!(
            name.len() <= 63 && name.starts_with("a-very-long-name-of-a-data-product") && !name.contains('_'),
            "{name}"
        );
        let label = job["metadata"]["labels"]["app.kubernetes.io/part-of"].as_str().expect("a label");
        assert!(label.len() <= 63 && !label.ends_with('_'), "{label}");
    }
    assert_eq!(found[1]["metadata"]["annotations"]["floe.dev/after"], names[0]);
}
