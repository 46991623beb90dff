//! A Spark that shares an Iceberg catalog with other engines: as a catalog `lake` of its own (`lake.schema.table`), and as its
//! session catalog (`schema.table`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::super::iceberg::{CLIENT_ID, CLIENT_SECRET, Catalog, WAREHOUSE};
use super::{Mode, Server, compile_java, folder, spark_home, start_binary, submit};
use crate::{python, workspace};

/// A server on [`Catalog::shared`], started when a test first asks for it.
///
/// # Panics
/// Where it cannot be started; shows its log.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| start(Catalog::shared()))
}

fn start(catalog: &Catalog) -> Server {
    // Clients begin in it, and nothing makes it where the session catalog is not Hive's.
    catalog.make_namespace("default");
    let folder = folder();
    let requirements = workspace::root().join("scripts/requirements/spark-iceberg-server.txt");
    let home = spark_home(&python::environment("spark-iceberg-server", &requirements));
    compile_java(&home, folder.path(), &["Warm.java", "Filer.java"]);
    let mut settings = vec![
        (
            "spark.sql.extensions".to_owned(),
            "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions".to_owned(),
        ),
        ("spark.hadoop.fs.s3.impl".to_owned(), "Filer".to_owned()),
        ("spark.hadoop.fs.s3.filer".to_owned(), format!("http://127.0.0.1:{}", catalog.filer_port())),
    ];
    for name in ["lake", "spark_catalog"] {
        let of_catalog = format!("spark.sql.catalog.{name}");
        let uri = catalog.uri();
        let mut set = |key: &str, value: &str| settings.push((format!("{of_catalog}{key}"), value.to_owned()));
        set("", "org.apache.iceberg.spark.SparkCatalog");
        set(".type", "rest");
        set(".uri", &uri);
        set(".warehouse", WAREHOUSE);
        set(".credential", &format!("{CLIENT_ID}:{CLIENT_SECRET}"));
        set(".oauth2-server-uri", &format!("{uri}/v1/oauth/tokens"));
        set(".io-impl", "org.apache.iceberg.hadoop.HadoopFileIO");
        // Others write too: what Spark keeps of a table would be an old state of it.
        set(".cache-enabled", "false");
    }
    let settings: Vec<(&str, String)> = settings.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let submit = submit(Mode::None, &home, folder.path(), &[jar(&home)], &settings);
    start_binary(folder, &submit)
}

/// Iceberg's runtime for the Scala that Spark brings.
fn jar(home: &Path) -> PathBuf {
    let jars = home.parent().expect("site-packages").join("snowpark_connect_deps_iceberg/jars");
    let found = fs::read_dir(&jars).expect("the jars of Iceberg").flatten().map(|entry| entry.path());
    let mut found = found.filter(|path| path.to_string_lossy().contains("iceberg-spark-runtime-3.5_2.12"));
    found.next().expect("the runtime for Spark 3.5 and Scala 2.12")
}
