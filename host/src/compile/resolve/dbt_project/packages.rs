//! dbt packages: which ones the project asks for, and which are there.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::paths;
use super::project_file::{Layout, PROJECT_FILE, plain};
use crate::documents::read_source;
use crate::documents::yaml::{self, Node};

/// dbt takes packages from one of these two.
const FILES: [&str; 2] = ["packages.yml", "dependencies.yml"];

/// A package whose files are there.
#[derive(Debug)]
pub(super) struct Package {
    /// Its name, as its own `dbt_project.yml` gives it.
    pub(super) name: String,
    /// Its folder, from where floe runs.
    pub(super) folder: Utf8PathBuf,
    /// Where dbt looks for what in it.
    pub(super) layout: Layout,
}

/// The packages of a project.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// Those whose files are there, by folder.
    pub(super) present: Vec<Package>,
    /// Names of those that are asked for, directly or by others; as far as they can be known before `dbt deps`.
    pub(super) declared: Vec<String>,
    /// Whether all that are asked for are there.
    pub(super) is_complete: bool,
}

/// Reads what the project asks for, and looks where `dbt deps` puts it. A package that lies in the project (`local:`) is there
/// without.
pub(super) fn of(project: &Utf8Path, layout: &Layout) -> Packages {
    let mut packages = Packages { is_complete: layout.packages.is_some(), ..Packages::default() };
    if let Some(folder) = &layout.packages {
        packages.present = folders_in(&project.join(folder)).iter().filter_map(|path| package(path)).collect();
    }
    // A local package that is not installed brings what it asks for itself.
    let mut asking = vec![project.to_owned()];
    let mut asked = BTreeSet::new();
    while let Some(folder) = asking.pop() {
        for entry in FILES.iter().filter_map(|file| document(&folder.join(file))).flat_map(|file| entries(&file)) {
            asking.extend(packages.ask_for(&entry, project));
            asked.insert(key(&entry));
        }
    }
    let mut wanted = asked.len();
    // The lock adds what packages ask for in turn, and has each once.
    if let Some(lock) = document(&project.join("package-lock.yml")) {
        let locked = entries(&lock);
        wanted = locked.len();
        for entry in &locked {
            packages.ask_for(entry, project);
        }
    }
    packages.declared.sort_unstable();
    packages.declared.dedup();
    // As dbt itself counts: names in `packages.yml` are not always those of the packages.
    packages.is_complete &= wanted <= packages.present.len();
    packages
}

fn entries(file: &Node) -> Vec<Node> {
    file.get("packages").and_then(Node::as_seq).unwrap_or_default().to_vec()
}

/// What tells an entry from others.
fn key(entry: &Node) -> String {
    let named = ["local", "package", "git", "tarball", "private"].iter().find_map(|key| entry.get(key)?.as_str());
    named.map_or_else(|| entry.span.text().to_owned(), |text| text.rsplit('/').next().unwrap_or(text).to_owned())
}

impl Packages {
    /// Takes up an entry; comes back with the folder of a package that is there and was not known.
    fn ask_for(&mut self, entry: &Node, project: &Utf8Path) -> Option<Utf8PathBuf> {
        let text = |key: &str| entry.get(key).and_then(plain);
        if let Some(path) = text("local") {
            // From the root project's folder, whoever asks.
            let local = package(&project.join(paths::clean(path)))?;
            self.declared.push(local.name.clone());
            if self.present.iter().any(|present| present.name == local.name) {
                return None;
            }
            let folder = local.folder.clone();
            self.present.push(local);
            return Some(folder);
        }
        let hub = || text("package").and_then(|package| package.rsplit('/').next());
        self.declared.extend(text("name").or_else(hub).map(str::to_owned));
        None
    }
}

/// The package in a folder.
fn package(folder: &Utf8Path) -> Option<Package> {
    let node = document(&folder.join(PROJECT_FILE))?;
    let name = node.get("name").and_then(plain)?.to_owned();
    Some(Package { name, layout: Layout::of(&node), folder: folder.to_owned() })
}

/// A YAML file as far as it can be read: what is wrong with it is for dbt to say.
fn document(path: &Utf8Path) -> Option<Node> {
    yaml::parse(&read_source(path, "the file").ok()?).0
}

/// The folders in a folder, in order, links to folders included.
fn folders_in(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let folder = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let named = entries.filter(|entry| !entry.file_name().starts_with("__"));
    let mut folders: Vec<Utf8PathBuf> = named
        .map(|entry| entry.path().to_owned())
        .filter(|path| fs::metadata(path).is_ok_and(|to| to.is_dir()))
        .collect();
    folders.sort_unstable();
    folders
}
