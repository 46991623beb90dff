//! `connection_secret_ref`: settings of a compute that a Kubernetes secret holds, mounted as a folder with a file a key.

use super::super::fields::{self, Fields, Problems, Shape, wrong_type};
use super::super::placeholders::Placeholders;
use super::super::spanned::Spanned;
use super::super::yaml::{Entry, Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};

/// The folder below which secrets are mounted, each in a folder of its own name.
pub const MOUNT_ROOT: &str = "/var/run/secrets/floe";

/// Longest name in Kubernetes.
const MAX_LENGTH: usize = 253;

/// A Kubernetes secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMount {
    /// Its name.
    pub name: Spanned<String>,
    /// Its keys, which are called as the settings that they hold. Absent: the plugin's schema says which.
    pub keys: Option<Vec<Spanned<String>>>,
    /// The folder in which it is mounted, where that is not the usual one.
    pub mount: Option<Spanned<String>>,
    /// Where it is written: the key.
    pub span: Span,
}

impl SecretMount {
    /// The same for one product.
    #[must_use]
    pub fn expanded(&self, placeholders: &Placeholders) -> Self {
        let mut own = self.clone();
        for text in [Some(&mut own.name), own.mount.as_mut()].into_iter().flatten() {
            text.value = placeholders.expand(&text.value).into_owned();
        }
        own
    }

    /// A setting that is one of its files.
    pub fn setting(&self, key: &Spanned<String>) -> Entry {
        let folder = match &self.mount {
            Some(mount) => mount.value.clone(),
            None => format!("{MOUNT_ROOT}/{}", self.name.value),
        };
        let node = |kind| Node { kind, span: self.span.clone() };
        let entry = |key: &str, value| Entry { key: key.to_owned(), key_span: self.span.clone(), value };
        let text = |key: &str, text: &str| entry(key, node(Kind::Str(text.to_owned())));
        let secret = vec![text("source", "file"), text("name", &folder), text("key", key)];
        let reference = node(Kind::Map(vec![entry("secret", node(Kind::Map(secret)))]));
        Entry { key: key.value.clone(), key_span: key.span.clone(), value: reference }
    }

    /// The error for a second one of the same compute.
    pub(crate) fn second_to(&self, first: &Self) -> Diagnostic {
        Diagnostic::error(
            &codes::SECRET_MOUNT,
            "`connection_secret_ref` stands beside `config` and in it",
            "keep one of them; they mean the same",
        )
        .labelled(self.span.clone(), "the second")
        .labelled(first.span.clone(), "the first")
    }
}

static MOUNT: Shape = Shape::closed("`connection_secret_ref`", &["name", "keys", "mount"]);

/// Reads `connection_secret_ref: NAME` or `connection_secret_ref: {name, keys, mount}`.
pub(crate) fn read(entry: Entry, problems: &mut Problems) -> Option<SecretMount> {
    let span = entry.key_span.clone();
    let mut mount = match &entry.value.kind {
        Kind::Str(_) => SecretMount { name: fields::text(entry, problems)?, keys: None, mount: None, span },
        Kind::Map(_) => {
            let mut fields = Fields::open(entry.value, &MOUNT, problems)?;
            let name = fields.required_text("name", "name: NAME", problems);
            let has_keys = fields.has("keys");
            let keys = fields.texts("keys", problems);
            let mount = fields.text("mount", problems);
            SecretMount { name: name?, keys: has_keys.then_some(keys), mount, span }
        }
        _ => {
            let help = "write the name of a Kubernetes secret, or `{name: NAME, keys: [password]}`";
            problems.push(wrong_type("`connection_secret_ref`", "a name or a mapping", &entry.value, help));
            return None;
        }
    };
    check(&mount, problems);
    // What is told already is no setting that could be wrong once more.
    mount.keys.iter_mut().for_each(|keys| keys.retain(|key| is_key(key)));
    Some(mount)
}

fn is_key(key: &str) -> bool {
    key.len() <= MAX_LENGTH
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !matches!(key, "." | "..")
}

fn check(mount: &SecretMount, problems: &mut Problems) {
    let mut refuse = |message: String, help: &str, span: &Span| {
        problems.push(Diagnostic::error(&codes::SECRET_MOUNT, message, help).at(span.clone()));
    };
    // What a product makes of it is not known here; its name has the letters of one of Kubernetes.
    let name = Placeholders::of_product("a").expand(&mount.name);
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name = name.len() <= MAX_LENGTH
        && name.split('.').all(|part| part.starts_with(is_word) && part.ends_with(is_word))
        && name.chars().all(|c| is_word(c) || matches!(c, '-' | '.'));
    if !is_name {
        refuse(
            format!("`{}` cannot be the name of a Kubernetes secret", mount.name.value),
            "use lowercase letters, digits, `-` and `.`, as `kubectl get secrets` shows it",
            &mount.name.span,
        );
    }
    for key in mount.keys.iter().flatten() {
        if !is_key(key) {
            refuse(
                format!("`{}` cannot be a key of a Kubernetes secret", key.value),
                "use letters, digits, `-`, `_` and `.`: the name of a setting, such as `password`",
                &key.span,
            );
        }
    }
    if mount.keys.as_ref().is_some_and(Vec::is_empty) {
        refuse(
            "`keys` names no key of the secret".to_owned(),
            "name the settings that the secret holds, as in `keys: [password]`, or remove `keys`",
            &mount.span,
        );
    }
}
