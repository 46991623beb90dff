//! Chains of manifests in a folder of their own.

use camino::Utf8PathBuf;
use tempfile::TempDir;

use super::*;
use crate::diagnostics::Report;

struct Platform {
    folder: TempDir,
}

impl Platform {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = format!("apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: {}}}\n{text}", label(name));
            std::fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn load(&self, name: &str) -> (Option<Chain>, String) {
        let root = Utf8PathBuf::from_path_buf(self.folder.path().to_owned()).unwrap();
        let (chain, problems) = load(&root.join(name));
        let text = Report::new(problems).to_text(crate::diagnostics::TextStyle::default(), "id");
        (chain, text.replace(&format!("{root}/"), ""))
    }

    fn problems(&self, name: &str) -> String {
        self.load(name).1
    }
}

fn label(file: &str) -> &str {
    file.rsplit('/').next().unwrap().trim_end_matches(".yaml")
}

const ACME: &str =
    "scope: enterprise\nplugins:\n  compute:\n    approved: [duckdb, spark, trino]\n    default: duckdb\n";

#[test]
fn a_domain_narrows_and_every_value_knows_who_set_it() {
    let platform = Platform::new(&[
        (
            "acme.yaml",
            "scope: enterprise\nplugins:\n  compute:\n    approved:\n      - duckdb\n      - name: lake\n        plugin: spark\n        \
             version: '>=1.0'\n        config: {host: a, port: 1, auth: {mode: x, user: u}, threads: 8, timeout_seconds: 900, max_timeout_seconds: 3600}\n        \
             resources: {large: {memory_limit: 32Gi, memory_request: 16Gi}}\n    default: duckdb\n\
             environments: [{name: prod, product_may_set: [schema, role], connections: {lake: {host: p, timeout_seconds: 1200}}}]\n",
        ),
        (
            "eu/emea.yaml",
            "scope: domain\nparent_manifest: ../acme.yaml\nplugins:\n  compute:\n    approved:\n      - name: lake\n        version: '<2'\n        \
             config: {port: 2, auth: {user: v}, max_timeout_seconds: 600}\n        resources: {large: {memory_limit: 8Gi}}\n    default: lake\n\
             environments: [{name: prod, product_may_set: [schema], connections: {lake: {port: 3}}}, {name: dev}]\n",
        ),
    ]);
    let (chain, problems) = platform.load("eu/emea.yaml");
    assert_eq!(problems, "");
    let chain = chain.unwrap();
    assert_eq!(
        chain.levels.iter().map(Level::described).collect::<Vec<_>>(),
        ["enterprise manifest `acme`", "domain manifest `emea`"]
    );
    let computes = chain.manifest.computes.unwrap();
    assert_eq!((computes.approved.len(), computes.default.unwrap().value.as_str()), (1, "lake"));
    let lake = &computes.approved[0];
    assert_eq!((lake.plugin(), lake.version.as_ref().unwrap().to_string().as_str()), ("spark", ">=1.0, <2"));
    let config = lake.config.as_ref().unwrap();
    assert_eq!(config.connection.to_json().to_string(), r#"{"host":"a","port":2,"auth":{"mode":"x","user":"v"}}"#);
    assert_eq!((config.threads(), config.timeout().unwrap().value), (8, 600), "the default gives way to the limit");
    let set_by = |pointer: &str| {
        config.connection.pointer(pointer).unwrap().node.span.source().path().file_name().unwrap().to_owned()
    };
    assert_eq!(
        [set_by("/host"), set_by("/port"), set_by("/auth/mode"), set_by("/auth/user")],
        ["acme.yaml", "emea.yaml", "acme.yaml", "emea.yaml"]
    );
    assert_eq!(lake.layers.len(), 2, "each is looked at for secrets");
    let large = lake.resources.large.as_ref().unwrap();
    assert_eq!(large.memory_request.as_ref().unwrap().as_str(), "8Gi", "an inherited request gives way to a limit");
    assert_eq!(chain.dropped.iter().map(|dropped| dropped.name.as_str()).collect::<Vec<_>>(), ["duckdb"]);
    let prod = &chain.manifest.environments[0];
    assert_eq!(prod.product_may_set.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["schema"]);
    assert_eq!(prod.connections.len(), 2, "one over the other");
    assert_eq!(prod.connections[0].settings.timeout_seconds.as_ref().unwrap().value, 600);
}

#[test]
fn what_is_not_said_is_inherited() {
    let platform = Platform::new(&[
        ("acme.yaml", ACME),
        ("bare.yaml", "scope: domain\nparent_manifest: acme.yaml\n"),
        ("other.yaml", "scope: domain\nparent_manifest: acme.yaml\ncompute: {default: trino}\n"),
        (
            "only.yaml",
            "scope: domain\nparent_manifest: other.yaml\nplugins: {compute: {type: spark, config: {host: h}}}\n",
        ),
    ]);
    for (file, approved, default) in [("bare.yaml", 3, "duckdb"), ("other.yaml", 3, "trino"), ("only.yaml", 1, "spark")]
    {
        let (chain, problems) = platform.load(file);
        assert_eq!(problems, "", "{file}");
        let computes = chain.unwrap().manifest.computes.unwrap();
        assert_eq!((computes.approved.len(), computes.default.unwrap().value.as_str()), (approved, default), "{file}");
    }
}

#[test]
fn a_child_may_not_loosen() {
    let platform = Platform::new(&[
        (
            "acme.yaml",
            "metadata: {name: acme}\nscope: enterprise\nplugins:\n  trust: {require_signature: true, trusted_keys: [RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3]}\n  \
             compute:\n    approved:\n      - {name: lake, plugin: spark, config: {max_timeout_seconds: 600}, resources: {small: {cpu_limit: 2, memory_limit: 4Gi, gpu: 1}}}\n      \
             - duckdb\n      - trino\n    default: duckdb\nenvironments: [{name: dev, product_may_set: [schema]}]\n",
        ),
        (
            "emea.yaml",
            "scope: domain\nparent_manifest: acme.yaml\nplugins:\n  trust: {require_signature: false, trusted_keys: [RWTAABBCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3]}\n  \
             compute:\n    approved:\n      - {name: lake, plugin: trino, config: {timeout_seconds: 700, max_timeout_seconds: 900}, resources: {small: {cpu_limit: 4, memory_request: 8Gi, gpu: 2}}}\n      \
             - bigquery\n      - sparc\n      - trino\n\
             environments: [{name: dev, product_may_set: [schema, host], connections: {duckdb: {path: x}, bigquery: {}, snowflake: {}}}]\n",
        ),
    ]);
    let acme = platform.folder.path().join("acme.yaml");
    let text = std::fs::read_to_string(&acme).unwrap().replacen("metadata: {name: acme}\n", "", 1);
    std::fs::write(
        &acme,
        text.replace("metadata: {name: acme}", "metadata: {name: acme, owner: platform@acme.example}"),
    )
    .unwrap();
    insta::assert_snapshot!(platform.problems("emea.yaml"));
}

#[test]
fn what_an_ancestor_left_out_is_not_for_a_child_to_bring_back() {
    let platform = Platform::new(&[
        ("acme.yaml", ACME),
        ("emea.yaml", "scope: domain\nparent_manifest: acme.yaml\ncompute: {approved: [duckdb, trino]}\n"),
        (
            "shop.yaml",
            "scope: domain\nparent_manifest: emea.yaml\ncompute: {approved: [trino, spark]}\n\
             environments: [{name: dev, connections: {duckdb: {path: x}}}]\n",
        ),
        ("till.yaml", "scope: domain\nparent_manifest: emea.yaml\ncompute: {default: spark}\n"),
    ]);
    insta::assert_snapshot!(format!("{}\n=====\n\n{}", platform.problems("shop.yaml"), platform.problems("till.yaml")));
}

#[test]
fn parents_that_cannot_be_are_shown_with_the_way_to_them() {
    let domain = |parent: &str| format!("scope: domain\nparent_manifest: {parent}\n");
    let files = [
        ("shop.yaml", domain("emea.yaml")),
        ("emea.yaml", domain("gone/acme.yaml")),
        ("a.yaml", domain("b.yaml")),
        ("b.yaml", domain("./c.yaml")),
        ("c.yaml", domain("x/../b.yaml")),
        ("self.yaml", domain("self.yaml")),
        ("registry.yaml", domain("oci.yaml")),
        ("oci.yaml", domain("oci://registry.example/acme:1")),
        ("tier.yaml", "compute: {approved: [duckdb]}\n".to_owned()),
        ("below.yaml", domain("tier.yaml")),
        ("folder.yaml", domain("x")),
        ("x/empty", String::new()),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let platform = Platform::new(&files);
    let told: Vec<_> = ["shop.yaml", "a.yaml", "self.yaml", "registry.yaml", "below.yaml", "folder.yaml"]
        .iter()
        .map(|file| format!("{file}\n{}", platform.problems(file)))
        .collect();
    insta::assert_snapshot!(told.join("\n=====\n\n"));
}

#[test]
fn a_list_that_cannot_be_read_in_full_leads_to_no_further_errors() {
    let platform = Platform::new(&[
        ("acme.yaml", "scope: enterprise\ncompute: {approved: [duckdb, {nam: spark}], default: spark}\n"),
        ("emea.yaml", "scope: domain\nparent_manifest: acme.yaml\ncompute: {approved: [spark, {plugin: trino}]}\n"),
    ]);
    insta::assert_snapshot!(platform.problems("emea.yaml"));
}
