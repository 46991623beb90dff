//! `floe compile` end to end: from the documents to the artifacts, and what it refuses.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::tree::tree;
use floe_tests::{Project, Run, fixtures};
use serde_json::{Value, json};

const MANIFEST: &str = "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme, version: 1.0.0}\n";
const SPEC: &str = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
                    platform: {manifest: manifest.yaml}\n";

/// A product on the fixture `good` and DuckDB, with its own manifest and the rest of its spec.
fn product(manifest: &str, spec: &str) -> Project {
    Project::new()
        .with_fixtures(&["good", "fails"])
        .with("manifest.yaml", &format!("{MANIFEST}{manifest}"))
        .with("floe.yaml", &format!("{SPEC}{spec}"))
}

fn refused(project: &Project, arguments: &[&str]) -> String {
    redact(project, &project.floe(arguments).expect(1).transcript())
}

fn artifacts(project: &Project) -> Value {
    let text = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    serde_json::from_str(&text).expect("JSON")
}

fn profile(project: &Project, environment: &str, compute: &str) -> String {
    let path = project.path(&format!("target/floe/profiles/{environment}/{compute}/profiles.yml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn an_environment_lays_its_settings_over_the_computes_key_by_key() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - name: duckdb\n        config:\n          path: '{product_slug}.duckdb'\n          \
         settings: {memory_limit: 1GB, preserve_insertion_order: false}\n          extensions: [json, icu]\n          timeout_seconds: 60\n\
         environments:\n  - {name: dev, product_may_set: [schema]}\n  - name: prod\n    connections:\n      \
         duckdb: {settings: {memory_limit: 4GB}, extensions: [parquet], threads: 16, timeout_seconds: 600}\n",
        "environments:\n  - name: dev\n    connections:\n      duckdb: {schema: \"mine_{{ env_var('USER') }}\"}\n      '*': {schema: ours}\n",
    );
    let run = project.floe(&["compile"]).expect(0);
    assert_eq!(run.stderr, "", "a module that the profile loads holds the limits");
    insta::assert_snapshot!(format!("{}\n{}", profile(&project, "dev", "duckdb"), profile(&project, "prod", "duckdb")));
    let compute = &artifacts(&project)["compute_registry"]["computes"]["duckdb"];
    assert_eq!((&compute["threads"], &compute["timeout_seconds"]), (&json!(4), &json!(60)));
    let (dev, prod) = (&compute["environments"]["dev"], &compute["environments"]["prod"]);
    assert_eq!((&prod["threads"], &prod["timeout_seconds"]), (&json!(16), &json!(600)), "{compute:#}");
    assert!(dev.get("threads").is_none() && dev.get("timeout_seconds").is_none(), "{compute:#}");
}

#[test]
fn only_one_environment_is_compiled_and_a_name_twice_is_once() {
    let project = product("compute: {approved: [good]}\n", "environments: [{name: dev}, {name: prod}]\n");
    let run = project.floe(&["compile", "--env", "prod", "--env", "prod", "--format", "json"]).expect(0);
    let environments = run.json()["computes"][0]["environments"].clone();
    assert_eq!(environments.as_object().map(serde_json::Map::len), Some(1), "{environments:#}");
    assert_eq!(artifacts(&project)["environments"], json!([{"name": "prod"}]));
    insta::assert_snapshot!(refused(&project, &["compile", "--env", "prd"]));
}

#[test]
fn what_products_may_not_set_is_refused_with_what_they_may() {
    let project = product(
        "compute: {approved: [good]}\nenvironments: [{name: dev, product_may_set: [schema]}]\n",
        "environments:\n  - name: dev\n    connections: {good: {schema: mine, path: mine.db, threads: 8}, godo: {schema: x}}\n  \
         - {name: prod, connections: {good: {schema: mine}}}\n",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn without_a_manifest_nobody_has_left_anything_to_products() {
    let project = Project::new().with(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\n\
         environments: [{name: dev, connections: {duckdb: {schema: x}}}]\n",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn what_an_override_makes_wrong_is_shown_there_and_once() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, config: {pth: here.db}}\n\
         environments:\n  - {name: dev}\n  - name: prod\n    connections:\n      good:\n        path: 7\n        shcema: x\n",
        "environments: [{name: test}]\n",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn resources_of_the_manifest_lie_over_the_plugins() {
    let approve = |resources: &str| {
        product(&format!("plugins: {{compute: {{approved: [{{name: good, resources: {resources}}}]}}}}\n"), "")
    };
    let project = approve("{large: {memory_request: 8Gi, memory_limit: 16Gi, gpu: 2}, small: {cpu_limit: 500m}}");
    let _ = project.floe(&["compile"]).expect(0);
    insta::assert_json_snapshot!(artifacts(&project)["compute_registry"]["computes"]["good"]["resources"]);
    // The request is the plugin's, the limit the manifest's.
    insta::assert_snapshot!(refused(&approve("{medium: {memory_limit: 256Mi}}"), &["compile"]));
}

#[test]
fn answers_that_cannot_be_used_are_refused_and_others_looked_at_all_the_same() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, config: {shcema: x}}\n      - unbounded\n      - escapes\n      \
         - over-limits\n      - garbles\n    default: good\n",
        "",
    )
    .with_fixtures(&["unbounded", "escapes", "over-limits", "garbles"]);
    insta::assert_snapshot!(refused(&project, &["compile"]));
    assert!(!project.path("target").exists() && !project.root().join("escaped.sql").exists());
}

#[test]
fn computes_of_one_plugin_do_not_hide_each_others_errors() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: first, plugin: fails, config: {path: profile, schema: configuration}}\n      \
         - {name: second, plugin: fails, config: {pht: x}}\n      - {name: third, plugin: fails, config: {path: profile, schema: query}}\n      \
         - {name: fourth, plugin: fails, version: '>=2'}\n      - {name: fifth, plugin: nonesuch}\n      - {name: sixth, plugin: nonesuch, version: '1'}\n    \
         default: first\n",
        "",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn two_computes_whose_helper_files_differ_cannot_share_a_path() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: left, plugin: fails, config: {path: helper}}\n      \
         - {name: right, plugin: fails, config: {path: helper}}\n    default: left\n",
        "",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn limits_hold_for_environments_and_transforms() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, config: {max_timeout_seconds: 600}}\n\
         environments: [{name: prod, connections: {good: {timeout_seconds: 601}}}]\n",
        "transforms: [{path: models/marts, timeout_seconds: 3600}, {path: models/staging, timeout_seconds: 600}]\n",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
    let project = product("plugins: {compute: {approved: [{name: good, config: {max_timeout_seconds: 600}}]}}\n", "");
    let _ = project.floe(&["compile"]).expect(0);
    assert_eq!(
        artifacts(&project)["compute_registry"]["computes"]["good"]["timeout_seconds"],
        600,
        "a limit is a default"
    );
}

#[test]
fn two_secrets_of_one_variable_are_told_once() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: a, plugin: duckdb, config: {secrets: [{type: s3, key_id: {secret: {source: env, name: A}}}]}}\n      \
         - {name: a_secrets, plugin: good, config: {0_key_id: {secret: {source: env, name: B}}}}\n    default: a\n",
        "environments: [{name: dev}, {name: prod}]\n",
    );
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn a_literal_secret_is_refused_in_every_layer_and_shown_in_none() {
    let project = product(
        "plugins:\n  compute:\n    approved:\n      - {name: good, config: {password: hunter2, threads: 4}}\n\
         environments:\n  - {name: dev, connections: {good: {password: {secret: {source: env, name: PW}}}}}\n  \
         - {name: prod, connections: {good: {password: 12345678}}}\n",
        "",
    );
    for arguments in
        [["compile"].as_slice(), &["compile", "--env", "dev"], &["health"], &["compile", "--format", "json"]]
    {
        let mut command = project.command(arguments);
        let run = Run::of(command.env("PW", "fine").env("FLOE_LOG", "trace")).expect(1);
        assert!(
            !run.transcript().contains("hunter2") && !run.transcript().contains("12345678"),
            "{}",
            run.transcript()
        );
        assert!(run.transcript().contains("F0122"), "{}", run.transcript());
    }
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

/// How a value may turn up: as it is, in base64 and URL-encoded.
const SECRET: [&str; 3] = ["s3cr3t/wörd", "czNjcjN0L3fDtnJk", "s3cr3t%2Fw%C3%B6rd"];

#[test]
fn the_value_of_a_secret_is_in_nothing_that_floe_writes_or_says() {
    let config = "{password: {secret: {source: env, name: SHOP_PW}}}";
    let project = product(
        &format!(
            "plugins:\n  compute:\n    approved:\n      - {{name: good, config: {config}}}\n      \
             - {{name: leaks-secret, config: {{password: \"{{{{ env_var('SHOP_PW') }}}}\"}}}}\n      - {{name: fails, config: {config}}}\n    default: good\n"
        ),
        "",
    )
    .with_fixtures(&["leaks-secret"]);
    for (arguments, code) in [
        (["compile"].as_slice(), 0),
        (&["compile", "--format", "json"], 0),
        (&["env", "list", "--format", "json"], 0),
        (&["health"], 1),
        (&["health", "--format", "json"], 1),
    ] {
        for format in ["text", "json"] {
            let mut command = project.command(arguments);
            command.env("SHOP_PW", SECRET[0]).env("FLOE_LOG", "trace").env("FLOE_LOG_FORMAT", format);
            let said = Run::of(&mut command).expect(code).transcript();
            for form in SECRET {
                assert!(!said.contains(form), "{arguments:?} says {form}:\n{said}");
            }
        }
    }
    for (path, bytes) in tree(&project.product()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(SECRET.iter().all(|form| !text.contains(form)), "{}:\n{text}", path.display());
    }
    let expression = "password: \"{{ env_var('DBT_ENV_SECRET_FLOE_GOOD_PASSWORD') }}\"";
    assert!(profile(&project, "dev", "good").contains(expression), "{}", profile(&project, "dev", "good"));
    let own = "password: \"{{ env_var('SHOP_PW') }}\"";
    assert!(profile(&project, "dev", "leaks-secret").contains(own), "a name that the user wrote is kept");
    let good = &artifacts(&project)["compute_registry"]["computes"]["good"]["environments"]["dev"];
    assert_eq!(good["secrets"], json!({"DBT_ENV_SECRET_FLOE_GOOD_PASSWORD": {"source": "env", "name": "SHOP_PW"}}));
}

#[test]
fn artifacts_name_the_plugin_by_its_sha256() {
    let project = product("compute: {approved: [good, duckdb], default: good}\n", "");
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = artifacts(&project);
    for (plugin, file) in [
        ("good", project.plugins().join("libgood.so")),
        ("duckdb", floe_tests::dist::dist().join("plugins/libfloe_plugin_duckdb.so")),
    ] {
        let output = Command::new("sha256sum").arg(&file).output().expect("sha256sum runs");
        let sum = String::from_utf8(output.stdout).expect("text");
        assert_eq!(
            artifacts["plugins"][plugin]["sha256"].as_str(),
            sum.split_whitespace().next(),
            "{}",
            file.display()
        );
    }
    let duckdb = &artifacts["compute_registry"]["computes"]["duckdb"];
    assert!(duckdb["packages"].to_string().contains("dbt-duckdb"), "{duckdb:#}");
    assert!(duckdb["resources"]["large"]["limits"]["memory"].is_string(), "{duckdb:#}");
    let requirements = fs::read_to_string(project.path("target/floe/requirements/duckdb.txt")).expect("requirements");
    let packages: Vec<&str> = duckdb["packages"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(requirements.lines().collect::<Vec<_>>(), packages);
}

#[test]
fn all_approved_failing_is_said_beside_each() {
    let project = product("compute: {approved: [nonesuch, absent], default: absent}\n", "");
    insta::assert_snapshot!(refused(&project, &["compile"]));
    assert!(fixtures::all().contains_key("good"));
}

#[test]
fn without_spec_and_manifest_the_project_runs_on_duckdb() {
    let project = Project::new();
    fs::remove_file(project.path("floe.yaml")).expect("it was there");
    let _ = project.floe(&["compile"]).expect(0);
    assert!(profile(&project, "dev", "duckdb").contains("path: \"shop.duckdb\""));
    let _ = project.floe(&["health"]).expect(0);
    assert!(!project.path("shop.duckdb").exists());
    // Who names a spec means it, and a near miss is no reason to run everything on the default.
    let mut said = refused(&project, &["compile", "--spec", "flow.yaml"]);
    fs::write(project.path("floe.yml"), SPEC).expect("a file");
    said.push_str(&refused(&project, &["compile"]));
    fs::remove_file(project.path("floe.yml")).expect("it was there");
    std::os::unix::fs::symlink("gone.yaml", project.path("floe.yaml")).expect("a link");
    said.push_str(&refused(&project, &["compile"]));
    insta::assert_snapshot!(said);
}

#[test]
fn a_manifest_that_is_not_there_is_shown_where_it_is_named() {
    let project = Project::new();
    let mut said = refused(&project, &["compile"]);
    said.push_str(&refused(&project, &["compile", "--manifest", "other.yaml"]));
    insta::assert_snapshot!(said);
}

#[test]
fn errors_of_spec_and_dbt_project_are_told_together() {
    let project = Project::new().with("dbt_project.yml", "name: shop\n").with("floe.yaml", "kind: FloeSpec\nname: [\n");
    insta::assert_snapshot!(refused(&project, &["compile"]));
}

#[test]
fn from_anywhere_the_artifacts_are_the_same() {
    let project = product("compute: {approved: [good]}\n", "");
    let _ = project.floe(&["compile"]).expect(0);
    let here = tree(&project.path("target/floe"));
    let run = |folder: &std::path::Path, arguments: &[&str]| {
        Run::of(project.command(arguments).current_dir(folder)).expect(0)
    };
    let _ = run(project.root(), &["compile", "--spec", "product/floe.yaml"]);
    assert_eq!(tree(&project.path("target/floe")), here);
    let _ = run(&project.path("models"), &["compile", "--spec", "../floe.yaml", "--out", "models/../target/floe"]);
    assert_eq!(tree(&project.path("target/floe")), here);
    let absolute = project.path("target/floe");
    let _ = project.floe(&["compile", "--out", absolute.to_str().expect("UTF-8")]).expect(0);
    assert_eq!(tree(&project.path("target/floe")), here);
    // Through a link to the product's folder, where `..` is another folder than the text says.
    fs::create_dir(project.root().join("links")).expect("a folder");
    std::os::unix::fs::symlink(project.product(), project.root().join("links/shop")).expect("a link");
    fs::rename(project.path("manifest.yaml"), project.root().join("manifest.yaml")).expect("a new place");
    project.write("floe.yaml", &SPEC.replace("manifest.yaml", "../manifest.yaml"));
    let _ = run(project.root(), &["compile", "--spec", "links/shop/floe.yaml"]);
    assert_eq!(artifacts(&project)["inheritance"][0]["path"], "../manifest.yaml");
}

#[test]
fn the_product_is_never_the_output() {
    let project = product("compute: {approved: [good]}\n", "");
    project.write(".floe-artifacts", "");
    let before = tree(project.root());
    for out in [".", "", "..", "models/..", "/", "/nonesuch/../"] {
        let run = project.floe(&["compile", "--out", out]).expect(1);
        assert!(run.stderr.contains("F0409"), "{out:?}: {}", run.stderr);
    }
    assert!(tree(project.root()) == before, "nothing came, went or changed");
    let mut said = refused(&project, &["compile", "--out", "models"]);
    // Nobody, not even root, makes a folder there.
    said.push_str(&refused(&project, &["compile", "--out", "/proc/nonesuch/floe"]));
    said.push_str(&refused(&project, &["compile", "--out", "manifest.yaml/floe"]));
    insta::assert_snapshot!(said);
}

#[test]
fn vars_reach_dbt_through_the_command_of_the_plan() {
    let project = product(
        "compute: {approved: [good]}\n",
        "environments: [{name: dev, vars: {who: \"d'Artagnan\", days: 3}}, {name: prod}]\n",
    );
    let project = project.with_environments(&[("good", "good")]);
    insta::assert_snapshot!(project.floe(&["plan", "--as", "shell"]).expect(0).stdout);
}

#[test]
fn transforms_and_projects_that_cannot_be() {
    let project = product(
        "compute: {approved: [good]}\n",
        "transforms: [{path: models/marts}, {path: models/marts/, compute: good}, {name: sales}, {name: sales}]\n",
    );
    let mut said = refused(&project, &["compile"]);
    fs::remove_file(project.path("dbt_project.yml")).expect("it was there");
    project.write("floe.yaml", SPEC);
    said.push_str(&refused(&project, &["compile"]));
    insta::assert_snapshot!(said);
}

#[test]
fn compile_connects_nowhere() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let server = format!("http://{}", listener.local_addr().expect("its address"));
    let manifest = format!(
        "plugins:\n  compute:\n    approved:\n      - name: duckdb\n        config:\n          path: shop.duckdb\n          \
         attach: [{{path: '{server}/lake', type: iceberg, alias: lake}}]\n          extensions: [iceberg]\n  \
         catalog: {{type: rest, config: {{uri: '{server}', warehouse: lake}}}}\n",
    );
    let project = product(&manifest, "").with_environments(&[("duckdb", "duckdb")]);
    let _ = project.floe(&["compile"]).expect(0);
    let _ = project.floe(&["plan"]).expect(0);
    let refused = listener.accept().map(|(_, from)| from);
    assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "somebody has connected");
    // The listener can be reached: the test can fail.
    let _ = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    assert!(listener.accept().is_ok());
}

#[test]
fn plugins_that_cannot_be_looked_at_and_manifests_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let project = product("compute: {approved: [good, duckdb], default: good}\n", "");
    let mut said = refused(&project, &["compile", "--plugins-dir", "nowhere"]);
    // A file that even root cannot read.
    said.push_str(&refused(&project, &["compile", "--manifest", "/proc/self/mem"]));
    let library = project.plugins().join("libgood.so");
    fs::set_permissions(&library, fs::Permissions::from_mode(0o666)).expect("its permissions");
    said.push_str(&redact(&project, &project.floe(&["compile"]).expect(0).transcript()));
    fs::remove_file(&library).expect("it was there");
    std::os::unix::fs::symlink("gone.so", &library).expect("a link");
    said.push_str(&refused(&project, &["compile"]));
    insta::assert_snapshot!(said);
}
