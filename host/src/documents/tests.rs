//! Manifests and specs: what is read, and what is said of those that are wrong.

use super::*;

fn manifest(text: &str) -> Manifest {
    let (manifest, problems) = parse_manifest(&Source::new("manifest.yaml", text));
    assert!(problems.is_empty(), "{problems:#?}");
    manifest.unwrap()
}

fn spec(text: &str) -> Spec {
    let (spec, problems) = parse_spec(&Source::new("floe.yaml", text));
    assert!(problems.is_empty(), "{problems:#?}");
    spec.unwrap()
}

#[test]
fn the_manifest_of_the_design_is_read() {
    let manifest = manifest(include_str!("testdata/valid/manifest-design.yaml"));
    let computes = manifest.computes.unwrap();
    assert_eq!(computes.default.unwrap().value, "duckdb");
    let spark = &computes.approved[1];
    assert_eq!((spark.name.as_str(), spark.plugin()), ("spark_large", "spark"));
    let config = spark.config.as_ref().unwrap();
    assert_eq!((config.threads.as_deref(), config.timeout_seconds.as_deref()), (Some(&8), Some(&900)));
    assert_eq!(config.connection.to_json().to_string(), r#"{"host":"spark.svc","port":10000}"#);
    assert_eq!(spark.resources.large.as_ref().unwrap().memory_limit.as_ref().unwrap().as_str(), "32Gi");
    assert!(matches!(manifest.catalog.unwrap().login, manifest::CatalogLogin::Oauth2 { .. }));
    let prod = &manifest.environments[1].connections[0];
    assert_eq!(prod.settings.connection.to_json().to_string(), r#"{"host":"spark.prod"}"#);
    assert_eq!(format!("{:?}", prod.compute.span), "manifest.yaml:31:20");
}

#[test]
fn the_spec_of_the_design_is_read() {
    let spec = spec(include_str!("testdata/valid/spec-design.yaml"));
    assert_eq!(spec.metadata.name.value, "sales-analytics");
    let selected: Vec<_> =
        spec.transforms.iter().map(|one| format!("{} {}", one.selector.key(), one.selector.text().value)).collect();
    assert_eq!(
        selected,
        ["path models/", "path models/staging/", "name mart_sales", "path seeds/", "package elementary"]
    );
    assert_eq!(spec.transforms[2].depends_on[0].value, "stg_orders");
    assert_eq!(environments::names([], &spec), ["dev", "prod"]);
}
