//! PostgreSQL as Redshift: a real server behind a real pgbouncer, which takes the startup parameters of
//! redshift_connector. Passwords are stored as MD5, the one kind that both speak.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::certificates::Certificate;
use super::child::Child;
use super::{free_port, listens};
use crate::scripts;

/// The administrator of the server.
pub const ADMIN: &str = "admin";

/// Its password.
pub const ADMIN_PASSWORD: &str = "adm1n-pa55word";

/// A user that may build in the database `shop`.
pub const USER: &str = "dbt";

/// Its password.
pub const PASSWORD: &str = "r3dshift-pa55word";

/// A user that may log in to `shop`, and nothing else.
pub const STRANGER: &str = "stranger";

/// Users whose statements a test counts: nobody else uses them.
pub const WATCHED: [&str; 2] = ["watched_a", "watched_b"];

/// What dbt-redshift asks of Redshift's catalog, and PostgreSQL lacks. None of it has rows here.
const LIKE_REDSHIFT: &str = "
    CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp STABLE LANGUAGE sql AS 'SELECT localtimestamp';
    CREATE FUNCTION pg_catalog.pg_get_late_binding_view_cols() RETURNS SETOF record STABLE LANGUAGE sql AS
        'SELECT NULL::name, NULL::name, NULL::name, NULL::varchar, 0 WHERE false';
    CREATE VIEW pg_catalog.svv_external_columns AS
        SELECT 0 AS columnnum, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS columnname,
               NULL::text AS external_type WHERE false;
    GRANT SELECT ON pg_catalog.svv_external_columns TO PUBLIC";

/// A running PostgreSQL with the database `shop`, and `closed`, to which only the administrator may connect.
pub struct Postgres {
    server: Child,
    command: Command,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

/// What every test of a process shares.
pub fn shared() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

/// A program that refuses to run as root. In a user namespace of its own it runs as somebody else, on the same files.
fn as_somebody_else(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-user=1000", "--map-group=1000"]).arg(program);
    command
}

fn programs() -> PathBuf {
    scripts::call("servers.sh", "postgres_server", &[]).join("bin")
}

impl Postgres {
    /// One that a test has to itself.
    ///
    /// # Panics
    /// Where it does not come up.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("floe-postgres-").tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let password = folder.path().join("password");
        fs::write(&password, ADMIN_PASSWORD).expect("the password file");
        let made = as_somebody_else(&programs().join("initdb"))
            .args(["--username", ADMIN, "--auth", "md5", "--encoding", "UTF8", "--locale", "C", "--no-sync"])
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut command = as_somebody_else(&programs().join("postgres"));
        command.arg("-D").arg(&data);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "password_encryption=md5",
            "fsync=off",
            "max_connections=60",
            "log_statement=all",
            // For what Redshift has and PostgreSQL has not.
            "allow_system_table_mods=on",
            "log_line_prefix=%u ",
        ] {
            command.args(["-c", setting]);
        }
        let server = Child::start_in(folder, &command);
        let postgres = Self { server, command, port };
        postgres.server.wait_until_ready(|| listens(port));
        postgres.fill();
        postgres
    }

    /// Ends it, and all that is connected.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn stop(&mut self) {
        let told = fs::read_to_string(self.server.folder().join("data/postmaster.pid")).expect("its process");
        let process = told.lines().next().and_then(|line| line.parse().ok()).and_then(rustix::process::Pid::from_raw);
        // "Fast": at the usual signal it would wait for its clients to go.
        rustix::process::kill_process(process.expect("a number"), rustix::process::Signal::INT).expect("it runs");
        self.server.wait_until_ready(|| !listens(self.port));
        self.server.stop();
    }

    /// Starts it again, after [`Postgres::stop`].
    ///
    /// # Panics
    /// Where it does not come up.
    pub fn start_again(&mut self) {
        self.server.start_again(&self.command);
        self.server.wait_until_ready(|| listens(self.port));
        // It listens a moment before it takes logins.
        self.sql("postgres", "SELECT 1");
    }

    /// The processes of the server that serve a user, in order, parted by blanks.
    pub fn backends(&self, user: &str) -> String {
        let statement = format!("SELECT pid FROM pg_stat_activity WHERE usename = '{user}' ORDER BY backend_start");
        self.sql("postgres", &statement).replace('\n', " ")
    }

    fn fill(&self) {
        self.sql("postgres", &format!("ALTER USER {ADMIN} PASSWORD '{ADMIN_PASSWORD}'"));
        for user in [USER, STRANGER] {
            self.sql("postgres", &format!("CREATE USER {user} PASSWORD '{PASSWORD}'"));
        }
        for user in WATCHED {
            self.sql("postgres", &format!("CREATE USER {user} PASSWORD '{PASSWORD}'"));
        }
        self.sql("postgres", "CREATE ROLE analysts NOLOGIN");
        self.sql("postgres", &format!("CREATE DATABASE shop OWNER {USER}"));
        self.sql("postgres", &format!("GRANT analysts TO {USER}"));
        self.sql("postgres", "CREATE DATABASE closed");
        self.sql("postgres", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
        self.sql("shop", &format!("CREATE SCHEMA vault AUTHORIZATION {ADMIN}"));
        self.sql("shop", LIKE_REDSHIFT);
    }

    /// The statements that a user has sent so far, in order.
    pub fn statements(&self, user: &str) -> Vec<String> {
        let log = self.server.log();
        let lines = log.lines().filter_map(|line| line.strip_prefix(user)?.strip_prefix(" LOG:  "));
        lines.filter_map(|line| line.split_once(": ")).map(|(_, statement)| statement.to_owned()).collect()
    }

    /// Runs a statement as the administrator and returns the rows, columns parted by `|`.
    ///
    /// # Panics
    /// Where the server refuses it.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut config = tokio_postgres::Config::new();
            config.user(ADMIN).password(ADMIN_PASSWORD).dbname(database);
            // It listens a moment before it takes logins.
            let mut patience = 100;
            let (client, connection) = loop {
                let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
                match config.connect_raw(stream, tokio_postgres::NoTls).await {
                    Ok(connected) => break connected,
                    Err(error) => {
                        patience -= 1;
                        assert!(patience > 0, "{error}:\n{}", self.server.log());
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            };
            tokio::spawn(connection);
            let answered = client.simple_query(statement).await;
            let messages = answered.unwrap_or_else(|error| panic!("{statement}: {:?}", error.as_db_error()));
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join("|"))
                }
                _ => None,
            });
            rows.collect::<Vec<_>>().join("\n")
        })
    }
}

/// A pgbouncer in front of the shared server, as a Redshift endpoint.
pub struct Endpoint {
    _bouncer: Child,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Endpoint {
    /// Starts one without TLS.
    pub fn plain() -> Self {
        Self::start(None)
    }

    /// Starts one that insists on TLS.
    pub fn with_tls(certificate: &Certificate) -> Self {
        Self::start(Some(certificate))
    }

    fn start(certificate: Option<&Certificate>) -> Self {
        let server = shared();
        let folder = tempfile::Builder::new().prefix("floe-pgbouncer-").tempdir().expect("a temporary folder");
        let port = free_port();
        let users = [(ADMIN, ADMIN_PASSWORD), (USER, PASSWORD), (STRANGER, PASSWORD)];
        let users = users.into_iter().chain(WATCHED.map(|user| (user, PASSWORD)));
        let users = users.map(|(user, password)| format!("\"{user}\" \"{password}\"")).collect::<Vec<_>>().join("\n");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("users.txt"), users).expect("the list of users");
        let tls = certificate.map_or_else(String::new, |certificate| {
            // It reads its key as the user that it runs as.
            let key = path("server.key");
            fs::copy(&certificate.key, &key).expect("a copy of the key");
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its permissions");
            format!(
                "client_tls_sslmode = require\nclient_tls_key_file = {}\nclient_tls_cert_file = {}\n",
                key.display(),
                certificate.certificate.display()
            )
        });
        fs::write(
            path("pgbouncer.ini"),
            format!(
                "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = md5\nauth_file = {}\npool_mode = session\nmax_client_conn = 100\n\
                 default_pool_size = 20\nserver_reset_query = DISCARD ALL\n\
                 ignore_startup_parameters = client_protocol_version,driver_version,os_version,driver_discovery_version,\
                 plugin_name,idp_type,provider_name,extra_float_digits,options\n{tls}",
                server.port,
                path("users.txt").display(),
            ),
        )
        .expect("its configuration");
        let program = scripts::call("servers.sh", "pgbouncer_program", &[]);
        let mut command = as_somebody_else(&program);
        command.arg(path("pgbouncer.ini"));
        let bouncer = Child::start_in(folder, &command);
        bouncer.wait_until_ready(|| listens(port));
        Self { _bouncer: bouncer, port }
    }
}
