//! Every plugin of the search path, and which one a name means.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::ErrorKind;

use super::client::{Launcher, Limits, Worker};
use super::inspect::{Inspected, Refused, inspect};
use super::search_path::{Folder, SearchOptions, candidates, folders};
use super::trust::{self, Policy, SignatureState};
use crate::diagnostics::{Diagnostic, codes::plugins as codes};

/// A file of the search path.
#[derive(Debug)]
pub struct Found {
    /// The path under which it was found.
    pub path: Utf8PathBuf,
    /// The plugin, or why it is none that can be loaded.
    pub outcome: Result<Inspected, Box<Refused>>,
    /// The file that is used in its place, because it comes first.
    pub shadowed_by: Option<Utf8PathBuf>,
}

impl Found {
    /// Name of the plugin, as far as it can be read.
    pub fn name(&self) -> Option<&str> {
        match &self.outcome {
            Ok(plugin) => Some(plugin.name()),
            Err(refused) => refused.record.as_ref().map(|record| record.name.as_str()),
        }
    }

    /// The name that it claims: a file for another platform claims none, so that one folder can serve several.
    fn claims(&self) -> Option<&str> {
        self.name().filter(|_| !matches!(&self.outcome, Err(refused) if refused.is_foreign()))
    }

    fn is_same_file(&self, other: &Self) -> bool {
        matches!((&self.outcome, &other.outcome), (Ok(one), Ok(two)) if one.identity() == two.identity())
    }
}

/// The plugins that can be found, and how to start them.
#[derive(Debug)]
pub struct PluginHost {
    folders: Vec<Folder>,
    found: Vec<Found>,
    problems: Vec<Diagnostic>,
    launcher: Launcher,
    limits: Limits,
    policy: Policy,
}

impl PluginHost {
    /// Looks through the search path and inspects what is there. Executes nothing of it.
    pub fn discover(options: &SearchOptions, launcher: Launcher) -> Self {
        let (folders, problems) = folders(options);
        let mut found = Vec::new();
        for folder in &folders {
            let mut here: Vec<_> = candidates(&folder.path)
                .into_iter()
                .map(|path| Found { outcome: inspect(&path), path, shadowed_by: None })
                .collect();
            shadow(&found, &mut here);
            refuse_duplicates(&folder.path, &mut here);
            found.append(&mut here);
        }
        Self { folders, found, problems, launcher, limits: Limits::default(), policy: Policy::default() }
    }

    /// Sets the limits of the workers.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what a plugin must fulfil before it is loaded.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The folders of the search path, in order of precedence.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// What is wrong with the folders: an error for `--plugins-dir`, else warnings.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.problems
    }

    /// Every file that was found: plugins, refused ones and shadowed ones, in order of precedence.
    pub fn list(&self) -> &[Found] {
        &self.found
    }

    /// The plugin that a name means.
    ///
    /// # Errors
    /// One diagnostic: the file of that name is refused, or there is none.
    pub fn find(&self, name: &str) -> Result<&Inspected, Diagnostic> {
        let named = self.found.iter().find(|found| found.shadowed_by.is_none() && found.claims() == Some(name));
        match named.map(|found| &found.outcome) {
            Some(Ok(plugin)) => Ok(plugin),
            Some(Err(refused)) => Err(self.refused(name, refused)),
            None => Err(self.not_found(name)),
        }
    }

    /// Everything that is to be said of whether a plugin may be loaded; errors are what forbids it. What is hashed for that
    /// is hashed once.
    pub fn examine(&self, plugin: &Inspected) -> Vec<Diagnostic> {
        self.policy.examine(plugin)
    }

    /// What is to be said of a plugin's signature.
    pub fn signature(&self, plugin: &Inspected) -> SignatureState {
        self.policy.signature(plugin)
    }

    /// Starts a worker for a plugin, and loads it there.
    ///
    /// # Errors
    /// One diagnostic: it may not be loaded, cannot be started or loaded, or did not survive that.
    pub fn start(&self, plugin: &Inspected) -> Result<Worker, Diagnostic> {
        let judged = self.policy.judge(plugin);
        let (errors, warnings): (Vec<_>, Vec<_>) = judged.findings.into_iter().partition(Diagnostic::is_error);
        match trust::joined(errors) {
            Some(forbidden) => Err(forbidden),
            None => Worker::start(plugin, judged.libraries, warnings, &self.launcher, &self.limits),
        }
    }

    fn refused(&self, name: &str, refused: &Refused) -> Diagnostic {
        trust::joined(refused.reasons.iter().cloned()).unwrap_or_else(|| self.not_found(name))
    }

    fn not_found(&self, name: &str) -> Diagnostic {
        if let Some(folder) = self.problems.iter().find(|problem| problem.is_error()) {
            return folder.clone();
        }
        // Perhaps it is there, but cannot be read so far that its name is known.
        let perhaps = self.found.iter().find_map(|found| match &found.outcome {
            Err(refused) if found.claims().is_none() && (found.name() == Some(name) || is_named(&found.path, name)) => {
                Some(refused)
            }
            _ => None,
        });
        if let Some(refused) = perhaps {
            return self.refused(name, refused);
        }
        let usable: Vec<_> = self.found.iter().filter(|found| found.outcome.is_ok()).filter_map(Found::name).collect();
        let alike = usable
            .iter()
            .map(|known| (strsim::jaro_winkler(name, known), known))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|one, two| one.0.total_cmp(&two.0));
        let help = match (alike, usable.is_empty()) {
            (Some((_, known)), _) => format!("did you mean {known}? floe plugin list shows what there is"),
            (None, false) => format!("there are: {}; floe plugin list shows what was found where", usable.join(", ")),
            (None, true) => {
                "copy the plugin's file into one of these folders, or name its folder with --plugins-dir".to_owned()
            }
        };
        let folders: Vec<_> = self.folders.iter().map(|folder| folder.path.as_str()).collect();
        let message = match folders.as_slice() {
            [] => format!("no plugin {name}: there is no folder to look for it in"),
            folders => format!("no plugin {name} in {}", folders.join(", ")),
        };
        Diagnostic::error(&codes::NOT_FOUND, message, help).of_kind(ErrorKind::InvalidCompute)
    }
}

/// Whether a file is called as a plugin of that name would be: `libfloe_plugin_duckdb.so`, `floe-duckdb.so`, `duckdb.so`.
fn is_named(path: &Utf8Path, name: &str) -> bool {
    let stem = path.file_stem().unwrap_or_default().replace('-', "_");
    let mut rest = stem.as_str();
    for prefix in ["lib", "floe_", "plugin_"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let name = name.replace('-', "_");
    rest == name || stem == name
}

/// Marks what an earlier folder already has.
fn shadow(earlier: &[Found], here: &mut [Found]) {
    for file in here {
        let first = earlier.iter().find(|found| found.claims().is_some() && found.claims() == file.claims());
        file.shadowed_by = first.map(|found| found.shadowed_by.clone().unwrap_or_else(|| found.path.clone()));
    }
}

/// Two files that claim one name refuse each other; two names of one file do not.
fn refuse_duplicates(folder: &Utf8Path, here: &mut [Found]) {
    let mut claims: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, file) in here.iter().enumerate().filter(|(_, file)| file.shadowed_by.is_none()) {
        if let Some(name) = file.claims() {
            claims.entry(name.to_owned()).or_default().push(index);
        }
    }
    for (name, indices) in claims {
        let mut different: Vec<usize> = Vec::new();
        for index in indices {
            match different.iter().find(|earlier| here[**earlier].is_same_file(&here[index])) {
                Some(earlier) => here[index].shadowed_by = Some(here[*earlier].path.clone()),
                None => different.push(index),
            }
        }
        if different.len() < 2 {
            continue;
        }
        let files: Vec<_> = different.iter().filter_map(|index| here[*index].path.file_name()).collect();
        let reason = Diagnostic::error(
            &codes::DUPLICATE,
            format!("{folder} has {} plugins {name}: {}", files.len(), files.join(", ")),
            "keep one of them in this folder",
        )
        .of_kind(ErrorKind::Configuration);
        for index in different {
            refuse(&mut here[index], reason.clone());
        }
    }
}

fn refuse(file: &mut Found, reason: Diagnostic) {
    let unread = Err(Refused::unreadable(&file.path, "it was moved"));
    file.outcome = match std::mem::replace(&mut file.outcome, unread) {
        Ok(plugin) => Err(plugin.refuse(reason)),
        Err(mut refused) => {
            refused.reasons.insert(0, reason);
            Err(refused)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_known_by_its_name() {
        for file in
            ["duckdb.so", "libduckdb.so", "libfloe_plugin_duckdb.so", "floe-duckdb.dylib", "floe-plugin-duckdb.so"]
        {
            assert!(is_named(Utf8Path::new(file), "duckdb"), "{file}");
        }
        assert!(!is_named(Utf8Path::new("libduckdb2.so"), "duckdb"));
        assert!(is_named(Utf8Path::new("libfloe_plugin_a_b.so"), "a-b"));
    }
}
