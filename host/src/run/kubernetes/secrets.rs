//! What dbt needs to connect, as references to Kubernetes secrets. Never a value.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde_json::{Value, json};

use super::{Wish, name};
use crate::compile::needs::ComputeNeeds;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::NOT_IN_IMAGE;
use crate::documents::secrets::{MOUNT_ROOT, SecretRef, SecretSource};
use crate::run::plan::Step;
use crate::run::prepare::Prepared;
use crate::run::secrets::SECRET_PREFIX;

/// What a step's container gets from Kubernetes secrets.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variables, by name.
    variables: BTreeMap<String, Variable>,
    /// Folders that a secret becomes, by path.
    folders: BTreeMap<String, Folder>,
    /// Single files, by path.
    files: BTreeMap<String, (String, String)>,
}

#[derive(Debug)]
struct Variable {
    secret: String,
    is_optional: bool,
}

#[derive(Debug)]
struct Folder {
    secret: String,
    keys: Vec<String>,
}

impl Secrets {
    /// Those of a step: the secrets of its compute; and the plain variables of every profile, since floe lets dbt read the
    /// project for each compute before it can tell what the step is.
    pub(super) fn of(prepared: &Prepared<'_>, wish: &Wish, step: &Step) -> Result<Self, Vec<Diagnostic>> {
        let mut found = Self::default();
        let mut problems = Vec::new();
        let session = prepared.session;
        let environments = [Some(session.environment.as_str()), prepared.scope.deferred.map(|other| other.environment)];
        for environment in environments.into_iter().flatten() {
            let needs = |is_own: bool| {
                session.compiled.needs.iter().filter(move |needs| {
                    needs.environment == environment
                        && session.computes.contains(&needs.compute)
                        && (needs.compute == step.compute) == is_own
                })
            };
            for needs in needs(true).chain(needs(false)) {
                let secret = wish.secret_of(prepared, environment, &needs.compute);
                let connects = environment == session.environment && needs.compute == step.compute;
                if connects {
                    problems.extend(found.add_secrets(&secret, needs));
                }
                found.add_variables(&secret, needs, connects);
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }

    fn add_secrets(&mut self, secret: &str, needs: &ComputeNeeds) -> Vec<Diagnostic> {
        let mut files: Vec<&SecretRef> = Vec::new();
        for bound in needs.secrets.iter().map(|bound| &bound.secret) {
            match bound.source {
                SecretSource::Env => self.add(&bound.name, secret, false),
                SecretSource::File => files.push(bound),
            }
        }
        // Folders first: a file without `key` may lie in one of them.
        files.sort_by_key(|file| file.key.is_none());
        let problems = files.into_iter().filter_map(|file| self.add_file(secret, file));
        problems.map(|problem| problem.for_compute(&needs.compute)).collect()
    }

    fn add_variables(&mut self, secret: &str, needs: &ComputeNeeds, connects: bool) {
        // Without a connection floe itself puts something in the place of what dbt takes for secret.
        let wanted = needs.variables.iter().filter(|variable| connects || !variable.name.starts_with(SECRET_PREFIX));
        for variable in wanted {
            if !needs.secrets.iter().any(|bound| bound.variable == variable.name) {
                self.add(&variable.name, secret, variable.default.is_some());
            }
        }
    }

    /// The first secret counts; one profile without a default makes the variable needed.
    fn add(&mut self, name: &str, secret: &str, is_optional: bool) {
        let variable = self
            .variables
            .entry(name.to_owned())
            .or_insert_with(|| Variable { secret: secret.to_owned(), is_optional });
        variable.is_optional &= is_optional;
    }

    fn add_file(&mut self, secret: &str, file: &SecretRef) -> Option<Diagnostic> {
        let whole = match &file.key {
            Some(key) => Utf8Path::new(&file.name).join(key),
            None => file.name.as_str().into(),
        };
        let (Some(folder), Some(key), true) = (whole.parent(), whole.file_name(), whole.is_absolute()) else {
            return Some(refused(
                format!("the secret's file `{whole}` has no absolute path, and no pod has it"),
                "give it one, such as `/var/run/secrets/floe/NAME` with a `key`: the Kubernetes secret is mounted there",
                file,
            ));
        };
        if !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            return Some(refused(
                format!("`{key}` cannot be a key of a Kubernetes secret"),
                "call the file by letters, digits, `-`, `_` and `.`: its name is the key",
                file,
            ));
        }
        // Below floe's own folder each secret has one that is called as it is.
        let own = folder.strip_prefix(MOUNT_ROOT).ok().map(Utf8Path::as_str).filter(|own| name::is_name(own));
        let secret = own.unwrap_or(secret);
        let (folder, key) = (folder.to_string(), key.to_owned());
        if let Some(other) = self.other(secret, &key, &folder) {
            return Some(refused(
                format!(
                    "the secret files `{other}/{key}` and `{whole}` would both be the key `{key}` of the Kubernetes secret `{secret}`"
                ),
                "call them differently, or mount each secret at `/var/run/secrets/floe/NAME`",
                file,
            ));
        }
        if file.key.is_some() || own.is_some() || self.folders.contains_key(&folder) {
            let folder =
                self.folders.entry(folder).or_insert_with(|| Folder { secret: secret.to_owned(), keys: Vec::new() });
            if !folder.keys.contains(&key) {
                folder.keys.push(key);
                folder.keys.sort_unstable();
            }
        } else {
            // The folder may hold more than the secret.
            self.files.insert(whole.to_string(), (secret.to_owned(), key));
        }
        None
    }

    /// Another folder whose file is the same key of the same secret.
    fn other(&self, secret: &str, key: &str, folder: &str) -> Option<&str> {
        let has = |found: &Folder| found.secret == secret && found.keys.iter().any(|one| one == key);
        let folders = self.folders.iter().filter(|(_, found)| has(found)).map(|(path, _)| path.as_str());
        let files = self.files.iter().filter(|(_, found)| found.0 == secret && found.1 == key);
        let files = files.filter_map(|(path, _)| Utf8Path::new(path).parent().map(Utf8Path::as_str));
        folders.chain(files).find(|other| *other != folder)
    }

    /// `env` of the container.
    pub(super) fn env(&self) -> Vec<Value> {
        let entry = |(name, variable): (&String, &Variable)| {
            let mut key = json!({"name": variable.secret, "key": name});
            if variable.is_optional {
                key["optional"] = json!(true);
            }
            json!({"name": name, "valueFrom": {"secretKeyRef": key}})
        };
        self.variables.iter().map(entry).collect()
    }

    /// Volumes of the pod, and where its container mounts them.
    pub(super) fn volumes(&self) -> (Vec<Value>, Vec<Value>) {
        let folders = self.folders.iter().map(|(path, folder)| (path, &folder.secret, folder.keys.clone(), None));
        let files = self.files.iter().map(|(path, (secret, key))| (path, secret, vec![key.clone()], Some(key)));
        let mut volumes = Vec::new();
        let mut mounts = Vec::new();
        for (at, (path, secret, keys, file)) in folders.chain(files).enumerate() {
            let name = format!("secret-{}", at + 1);
            let items: Vec<Value> = keys.iter().map(|key| json!({"key": key, "path": key})).collect();
            volumes.push(json!({"name": name, "secret": {"secretName": secret, "items": items}}));
            let mut mount = json!({"name": name, "mountPath": path, "readOnly": true});
            if let Some(file) = file {
                mount["subPath"] = json!(file);
            }
            mounts.push(mount);
        }
        (volumes, mounts)
    }
}

fn refused(message: String, help: &str, file: &SecretRef) -> Diagnostic {
    Diagnostic::error(&NOT_IN_IMAGE, message, help).at(file.span.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Source, Span};

    fn file(name: &str, key: Option<&str>) -> SecretRef {
        let span = Span::new(&Source::new("manifest.yaml", "x"), 0, 1);
        SecretRef { source: SecretSource::File, name: name.to_owned(), key: key.map(str::to_owned), span }
    }

    #[test]
    fn files_of_one_folder_are_one_volume() {
        let mut secrets = Secrets::default();
        for one in [file("/etc/db", Some("user")), file("/etc/db", Some("password")), file("/etc/db/password", None)] {
            assert!(secrets.add_file("own", &one).is_none());
        }
        let (volumes, mounts) = secrets.volumes();
        let items = json!([{"key": "password", "path": "password"}, {"key": "user", "path": "user"}]);
        assert_eq!(volumes, [json!({"name": "secret-1", "secret": {"secretName": "own", "items": items}})]);
        assert_eq!(mounts, [json!({"name": "secret-1", "mountPath": "/etc/db", "readOnly": true})]);
    }

    #[test]
    fn two_files_are_never_one_key() {
        let mut secrets = Secrets::default();
        assert!(secrets.add_file("own", &file("/etc/a", Some("token"))).is_none());
        let problem = secrets.add_file("own", &file("/etc/b/token", None));
        insta::assert_snapshot!(problem.map(|one| one.message).unwrap_or_default(), @"the secret files `/etc/a/token` and `/etc/b/token` would both be the key `token` of the Kubernetes secret `own`");
        for name in ["one", "two"] {
            let folder = format!("{MOUNT_ROOT}/{name}");
            assert!(secrets.add_file("own", &file(&folder, Some("token"))).is_none(), "each has a secret of its own");
        }
    }
}
