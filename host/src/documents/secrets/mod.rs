//! Secret references: how they are written, what reaches a profile, and the values for a live check.

mod literal;
mod mount;
mod profile;
mod resolve;
mod template;
mod unread;

use super::fields::{Fields, Problems, Shape};
use super::yaml::{Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};

pub use literal::{is_secret, likely_secret_pointers, refuse_literals, secret_pointers};
pub use mount::{MOUNT_ROOT, SecretMount};
pub use profile::{BoundSecret, CATALOG_OWNER, ProfileSettings, SecretVariables, profile_settings, variable_name};
pub use resolve::{Availability, Resolved, ResolvedSecret, Surroundings, resolve_settings};
pub use template::{EnvVar, Filter, Part, Template, expressions};

pub(crate) use mount::read as read_mount;
pub(crate) use unread::hide_unread;

/// Where a secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// An environment variable.
    Env,
    /// A file, such as a mounted Kubernetes secret.
    File,
}

impl SecretSource {
    /// The word that a document writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::File => "file",
        }
    }
}

/// `{secret: {source, name, key}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// Where it comes from.
    pub source: SecretSource,
    /// Name of the variable, or path of the file or folder.
    pub name: String,
    /// Name of the file, where `name` is a folder.
    pub key: Option<String>,
    /// Where the reference stands.
    pub span: Span,
}

impl SecretRef {
    /// Whether both stand for the same value.
    pub fn same_value(&self, other: &Self) -> bool {
        (self.source, &self.name, &self.key) == (other.source, &other.name, &other.key)
    }
}

/// A value that is no literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `{secret: {…}}`.
    Secret(SecretRef),
    /// Text with `{{ env_var('X') }}` in it.
    Template(Template),
}

/// Recognises a reference: `None` for a literal or a collection, an error for what looks like a reference and is none.
pub fn recognise(node: &Node) -> Result<Option<Reference>, Vec<Diagnostic>> {
    match &node.kind {
        Kind::Str(text) => match template::parse(text, &node.span) {
            Ok(template) => Ok(template.map(Reference::Template)),
            Err(problem) => Err(vec![*problem]),
        },
        Kind::Map(entries) => match entries.as_slice() {
            [entry] if entry.key == "secret" && entry.value.as_map().is_some() => {
                let mut problems = Problems::new();
                match read_secret(entry.value.clone(), node.span.clone(), &mut problems) {
                    Some(secret) if problems.is_empty() => Ok(Some(Reference::Secret(secret))),
                    _ => Err(problems),
                }
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

static SECRET: Shape = Shape::closed("a secret reference", &["source", "name", "key"]);

fn read_secret(node: Node, span: Span, problems: &mut Problems) -> Option<SecretRef> {
    let mut fields = Fields::open(node, &SECRET, problems)?;
    let words = [("env", SecretSource::Env), ("file", SecretSource::File)];
    let has_source = fields.has("source");
    let source = fields.word("source", &words, problems);
    if !has_source {
        let _ = fields.require("source", "source: env", problems);
    }
    let name = fields.required_text("name", "name: VARIABLE", problems);
    let key = fields.text("key", problems);
    let (source, name) = (source?.value, name?);
    match source {
        SecretSource::Env => {
            if let Some(key) = &key {
                problems.push(form(
                    "a secret of source `env` has no `key`",
                    "write the variable's whole name as `name`, and remove `key`",
                    key.span.clone(),
                ));
            }
            if !is_variable(&name) {
                problems.push(form(
                    format!("`{}` cannot be the name of an environment variable", name.value),
                    "use letters, digits and `_`, not beginning with a digit",
                    name.span.clone(),
                ));
            }
        }
        SecretSource::File => {
            if let Some(key) = key.as_ref().filter(|key| key.contains('/') || matches!(key.as_str(), "." | "..")) {
                problems.push(form(
                    format!("`{}` is no file name", key.value),
                    "`key` is one file in the folder that `name` gives",
                    key.span.clone(),
                ));
            }
        }
    }
    Some(SecretRef { source, name: name.value, key: key.map(|key| key.value), span })
}

fn form(message: impl Into<String>, help: &str, span: Span) -> Diagnostic {
    Diagnostic::error(&codes::SECRET_FORM, message, help).at(span)
}

/// Whether a key or a variable is called as secrets are: what a plugin's schema does not say, its name may.
pub(crate) fn sounds_secret(name: &str) -> bool {
    let words =
        ["password", "passwd", "passphrase", "secret", "token", "private_key", "access_key", "api_key", "apikey"];
    // `token_url` and `secret_name` say where a secret is, and not what it is.
    let about = ["_url", "_uri", "_name", "_path", "_file", "_type", "_endpoint", "_scope", "_ref"];
    // Asked of every key of a document, so without a copy of it.
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    let is = |part: &[u8], word: &str| part.iter().map(|byte| plain(*byte)).eq(word.bytes());
    let name = name.as_bytes();
    let holds = |word: &&str| name.windows(word.len()).any(|part| is(part, word));
    let ends = |end: &&str| name.len() >= end.len() && is(&name[name.len() - end.len()..], end);
    (words.iter().any(holds) || ["pwd", "pat", "keyfile_json"].iter().any(|word| is(name, word)))
        && !about.iter().any(ends)
}

/// Keeps out of every diagnostic of a file what is written out under a key that [`sounds_secret`]. Most diagnostics are
/// made before a plugin's schema can say what its secrets are, and each shows a line of the file.
pub(crate) fn hide_literals(node: &Node) {
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let is_text = match &entry.value.kind {
                    Kind::Str(text) => !text.contains("{{") || has_default(&entry.value),
                    Kind::Int(_) | Kind::Float(_) => true,
                    _ => false,
                };
                if is_text && sounds_secret(&entry.key) {
                    entry.value.span.hide();
                }
                hide_literals(&entry.value);
            }
        }
        Kind::Seq(items) => items.iter().for_each(hide_literals),
        _ => {}
    }
}

fn has_default(node: &Node) -> bool {
    match recognise(node) {
        Ok(Some(Reference::Template(template))) => template.variables().any(|variable| variable.default.is_some()),
        Ok(_) => false,
        // Whatever it is, it may hold one.
        Err(_) => true,
    }
}

/// Whether a text can name an environment variable.
fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests;
