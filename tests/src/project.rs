//! A dbt project with a spec and a manifest, in a folder of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::command::Run;
use crate::{dist, fixtures, workspace};

/// A product in a temporary folder, and plugins that only it sees.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Project {
    /// A dbt project with two models, and a spec that sends all of them to the manifest's default. The manifest is
    /// still to be written.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("floe-test-").tempdir().expect("a temporary folder");
        let project = Self { folder };
        for name in ["product", "plugins", "home"] {
            let path = project.root().join(name);
            fs::create_dir(&path).expect("a folder");
            fs::set_permissions(path, Permissions::from_mode(0o755)).expect("its permissions");
        }
        project
            .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodel-paths: [models]\n")
            .with("models/staging/stg_orders.sql", "select 1 as order_id, 20 as amount\n")
            .with("models/marts/sales.sql", "select sum(amount) as total from {{ ref('stg_orders') }}\n")
            .with(
                "floe.yaml",
                "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
                 platform: {manifest: manifest.yaml}\n",
            )
    }

    /// Writes a file of the product.
    #[must_use]
    pub fn with(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a manifest that approves computes, each a line of YAML (`{name: a, plugin: b}`), the first by default.
    #[must_use]
    pub fn approving(self, default: &str, computes: &[&str]) -> Self {
        self.approve(default, computes);
        self
    }

    /// As [`Project::approving`].
    pub fn approve(&self, default: &str, computes: &[&str]) {
        self.write(
            "manifest.yaml",
            &format!(
                "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\n\
                 plugins:\n  compute:\n    approved:\n      - {}\n    default: {default}\n",
                computes.join("\n      - ")
            ),
        );
    }

    /// Installs fixture plugins for this project alone.
    #[must_use]
    pub fn with_fixtures(self, names: &[&str]) -> Self {
        for name in names {
            let library = fixtures::fixture(name);
            self.install(&format!("lib{name}.so"), |to| {
                fs::copy(library, to).expect("the fixture can be copied");
            });
        }
        self
    }

    /// Puts a file into the project's plugins folder.
    pub fn install(&self, file: &str, write: impl FnOnce(&Path)) -> PathBuf {
        let path = self.plugins().join(file);
        write(&path);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("its permissions");
        path
    }

    /// Writes a file of the product.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("its folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Puts the example of the README in place of the product, as a fresh checkout has it.
    ///
    /// # Panics
    /// Where it cannot be copied.
    #[must_use]
    pub fn with_example(self) -> Self {
        fs::remove_dir_all(self.product()).expect("the product was there");
        let files = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "examples/coffee-orders"])
            .current_dir(workspace::root())
            .output()
            .expect("git can be started");
        assert!(files.status.success(), "{}", String::from_utf8_lossy(&files.stderr));
        let files = String::from_utf8(files.stdout).expect("paths in UTF-8");
        for file in files.split_terminator('\0') {
            let from = workspace::root().join(file);
            let to = self.path(file.trim_start_matches("examples/coffee-orders/"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("its folder");
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        self
    }

    /// The temporary folder of it all.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The product's folder.
    pub fn product(&self) -> PathBuf {
        self.root().join("product")
    }

    /// A path of the product.
    pub fn path(&self, path: &str) -> PathBuf {
        self.product().join(path)
    }

    /// The folder of its plugins.
    pub fn plugins(&self) -> PathBuf {
        self.root().join("plugins")
    }

    /// The command `floe …` in the product's folder, with an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(dist::floe());
        command
            .args(arguments)
            .current_dir(self.product())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root().join("home"))
            .env("LANG", "C.UTF-8")
            .env("FLOE_PLUGIN_PATH", self.plugins());
        command
    }

    /// Runs `floe …` in the product's folder.
    pub fn floe(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }
}
