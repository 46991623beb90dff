//! A real Spark Thrift Server (HiveServer2) in each of its modes, started when a test first asks for it and shared by
//! the tests of one process.
//!
//! It needs Java 17 with `javac`, and Python for the package that brings Spark along.

pub mod front;
pub mod iceberg;

use std::fs;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use super::child::Child;
use crate::{python, scripts, workspace};

/// The password that a server of [`Mode::Password`] or [`Mode::Http`] takes, with any user.
pub const PASSWORD: &str = "br3wed-beans";

/// The path at which a server of [`Mode::Http`] answers: that of a Databricks cluster.
pub const HTTP_PATH: &str = "sql/protocolv1/o/0/0801-brew";

/// A schema whose description every server refuses to everybody, once it is made.
pub const FORBIDDEN: &str = "forbidden";

/// How a server talks and whom it lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// SASL, and everybody.
    None,
    /// SASL, and who knows [`PASSWORD`].
    Password,
    /// No SASL, and everybody.
    NoSasl,
    /// HTTP, and who knows [`PASSWORD`].
    Http,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Child,
}

impl Server {
    /// What it has written so far.
    pub fn log(&self) -> String {
        self.child.log()
    }
}

/// The server of a mode.
///
/// # Panics
/// Where it cannot be started; shows its log.
pub fn server(mode: Mode) -> &'static Server {
    static SERVERS: [OnceLock<Server>; 4] = [const { OnceLock::new() }; 4];
    SERVERS[mode as usize].get_or_init(|| start(mode))
}

fn start(mode: Mode) -> Server {
    let folder = folder();
    let home = spark_home(&environment());
    compile_java(&home, folder.path(), &["Warm.java", "PasswordCheck.java", "Guard.java"]);
    let submit = submit(mode, &home, folder.path(), &[], &[("spark.sql.extensions", "Guard".to_owned())]);
    if mode == Mode::Http {
        return start_in_namespace(folder, &submit);
    }
    start_binary(folder, &submit)
}

/// A server whose own interface shows what runs on it.
#[derive(Debug)]
pub struct Watched {
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The port of its interface, on 127.0.0.1.
    pub ui: u16,
    _server: Server,
}

/// A server of [`Mode::None`] with its interface.
///
/// # Panics
/// Where it cannot be started; shows its log.
pub fn watched() -> &'static Watched {
    static WATCHED: OnceLock<Watched> = OnceLock::new();
    WATCHED.get_or_init(|| {
        let folder = folder();
        let home = spark_home(&environment());
        compile_java(&home, folder.path(), &["Warm.java"]);
        // It takes a free port and says which.
        let settings = [("spark.ui.enabled", "true".to_owned()), ("spark.ui.port", "0".to_owned())];
        let submit = submit(Mode::None, &home, folder.path(), &[], &settings);
        let server = start_binary(folder, &submit);
        let ui = ui_port(&server.log()).expect("the port of its interface");
        Watched { port: server.port, ui, _server: server }
    })
}

fn ui_port(log: &str) -> Option<u16> {
    let (_, rest) = log.split_once("service 'SparkUI' on port ")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("floe-spark-").tempdir().expect("a temporary folder")
}

fn start_binary(folder: tempfile::TempDir, submit: &Command) -> Server {
    let child = Child::start_in(folder, submit);
    // It takes a free port and says which.
    child.wait_until_ready(|| binary_port(&child.log()).is_some_and(super::listens));
    let port = binary_port(&child.log()).expect("it was there");
    Server { port, child }
}

fn binary_port(log: &str) -> Option<u16> {
    let (_, rest) = log.split_once("ThriftBinaryCLIService on port ")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn environment() -> PathBuf {
    python::environment("spark-server", &workspace::root().join("scripts/requirements/spark-server.txt"))
}

fn spark_home(environment: &Path) -> PathBuf {
    let libraries = fs::read_dir(environment.join("lib")).expect("the environment's lib/").flatten();
    let homes = libraries.map(|entry| entry.path().join("site-packages/pyspark"));
    homes.into_iter().find(|home| home.is_dir()).expect("pyspark in the environment")
}

fn sources() -> PathBuf {
    workspace::root().join("tests/servers/spark")
}

/// Classes of the tests' own.
fn compile_java(home: &Path, into: &Path, files: &[&str]) {
    let javac = scripts::call("servers.sh", "java_compiler", &[]);
    let output = Command::new(javac)
        .arg("-d")
        .arg(into.join("classes"))
        .arg("-cp")
        .arg(home.join("jars/*"))
        .args(files.iter().map(|file| sources().join(file)))
        .output()
        .unwrap_or_else(|error| panic!("javac cannot be started: {error}"));
    assert!(output.status.success(), "javac failed:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The command that starts a server, with jars and settings besides.
fn submit(mode: Mode, home: &Path, folder: &Path, jars: &[PathBuf], settings: &[(&str, String)]) -> Command {
    let mut command = Command::new(home.join("bin/spark-submit"));
    command
        .current_dir(folder)
        .env("SPARK_HOME", home)
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("SPARK_LOCAL_DIRS", folder.join("scratch"))
        .env_remove("SPARK_CONF_DIR")
        .args(["--class", "Warm", "--master", "local[2]"])
        .args(["--driver-memory", "768m"])
        .arg("--driver-class-path");
    let classes = std::iter::once(folder.join("classes")).chain(jars.iter().cloned());
    command.arg(std::env::join_paths(classes).expect("paths without a colon"));
    let mut conf = |name: &str, value: &str| {
        command.arg("--conf").arg(format!("{name}={value}"));
    };
    let inside = |name: &str| folder.join(name).display().to_string();
    conf("spark.ui.enabled", "false");
    conf("spark.driver.host", "127.0.0.1");
    conf("spark.driver.bindAddress", "127.0.0.1");
    conf("spark.sql.warehouse.dir", &inside("warehouse"));
    // Two cores and small tables.
    conf("spark.sql.shuffle.partitions", "2");
    for (name, value) in settings {
        conf(name, value);
    }
    // The short-lived kind of virtual machine: little memory, quick to start.
    conf(
        "spark.driver.extraJavaOptions",
        &format!(
            "-Dderby.system.home={} -Djava.io.tmpdir={} -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            inside("derby"),
            folder.display()
        ),
    );
    command.arg("spark-internal");
    let mut hive = |name: &str, value: &str| {
        command.arg("--hiveconf").arg(format!("hive.server2.{name}={value}"));
    };
    hive("thrift.bind.host", "127.0.0.1");
    hive("thrift.port", "0");
    hive("transport.mode", if mode == Mode::Http { "http" } else { "binary" });
    match mode {
        Mode::None => hive("authentication", "NONE"),
        Mode::NoSasl => hive("authentication", "NOSASL"),
        Mode::Password | Mode::Http => {
            hive("authentication", "CUSTOM");
            hive("custom.authentication.class", "PasswordCheck");
        }
    }
    if mode == Mode::Http {
        hive("thrift.http.port", HTTP_PORT);
        hive("thrift.http.path", HTTP_PATH);
        hive("thrift.http.cookie.auth.enabled", "false");
    }
    command
}

/// The port in the server's own network namespace, where nothing else is.
const HTTP_PORT: &str = "10001";

/// In HTTP mode the server listens on all addresses, whatever it is told: so it gets a network of its own.
fn start_in_namespace(folder: tempfile::TempDir, submit: &Command) -> Server {
    let socket = folder.path().join("http.sock");
    let mut command = Command::new("unshare");
    command.arg("--net");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.arg(environment().join("bin/python")).arg(sources().join("in_namespace.py")).arg(&socket).arg(HTTP_PORT);
    command.arg(submit.get_program()).args(submit.get_args());
    for (name, value) in submit.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = submit.get_current_dir() {
        command.current_dir(folder);
    }
    let child = Child::start_in(folder, &command);
    child.wait_until_ready(|| child.log().contains("HiveThriftServer2 started"));
    Server { port: bridge(socket), child }
}

/// Lets a Unix socket be reached at a port of 127.0.0.1, until the test process ends.
fn bridge(socket: PathBuf) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let socket = socket.clone();
            thread::spawn(move || {
                if let Ok(server) = UnixStream::connect(socket) {
                    forward(client, server);
                }
            });
        }
    });
    port
}

fn forward(mut client: TcpStream, mut server: UnixStream) {
    let (Ok(mut client_reads), Ok(mut server_writes)) = (client.try_clone(), server.try_clone()) else { return };
    let there = thread::spawn(move || {
        // A side that has gone ends the other.
        let _ = std::io::copy(&mut client_reads, &mut server_writes);
        let _ = server_writes.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Write);
    let _ = there.join();
}
