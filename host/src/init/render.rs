//! The two documents as text, with the reasons in comments.

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use serde_json::Value;

use super::environments::Compute;
use super::profiles::Profile;
use super::write::MANIFEST_FILE;
use crate::compile::resolve::ProjectFacts;
use crate::documents::secrets::{Reference, SecretRef, recognise};
use crate::documents::yaml::{Entry, Kind, Node};

/// What the documents are made of.
pub(super) struct Parts<'a> {
    pub(super) product: &'a str,
    pub(super) project: &'a ProjectFacts,
    pub(super) profile: &'a Profile,
    pub(super) compute: &'a Compute,
    /// Computes of other adapters.
    pub(super) left_out: &'a [Compute],
    /// The folder of the models.
    pub(super) models: Option<Utf8PathBuf>,
}

/// The texts of both.
pub(super) struct Documents {
    pub(super) spec: String,
    pub(super) manifest: String,
}

/// Writes both.
pub(super) fn documents(parts: &Parts<'_>) -> Documents {
    Documents { spec: spec(parts), manifest: manifest(parts) }
}

fn spec(parts: &Parts<'_>) -> String {
    let Parts { product, project, compute, .. } = parts;
    let version = project.version.as_deref().filter(|version| semver::Version::parse(version).is_ok());
    let mut text = format!(
        "# The data product: what runs where. Written by `floe init` for the dbt project beside it; yours to edit from now on.\n\
         apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: {product}, version: {}}}\n\
         platform: {{manifest: {MANIFEST_FILE}}}\n",
        version.unwrap_or("1.0.0")
    );
    if let Some(models) = &parts.models {
        let path = scalar(&Value::from(format!("{}/", models.as_str().trim_end_matches('/'))));
        let _ = write!(
            text,
            "transforms:\n  \
             # All models, on the manifest's default compute. To send some elsewhere, add an entry with `compute:`, such as\n  \
             # {{path: models/marts/, compute: NAME}}: a deeper path beats a shallower one, and a model's `name` beats both.\n  \
             # Seeds and snapshots run on the default too.\n  - {{type: dbt, path: {path}}}\n"
        );
    }
    text.push_str(
        "# Each is a dbt target: what `target.name` is. Commands that name none take the first. How they connect stands in\n\
         # the manifest.\nenvironments:\n",
    );
    for environment in &compute.environments {
        let _ = writeln!(text, "  - name: {}", environment.name);
    }
    text
}

fn manifest(parts: &Parts<'_>) -> String {
    let Parts { product, profile, compute, .. } = parts;
    let mut text = format!(
        "# What the product may run on, and how it connects. Written by `floe init` from profile `{}` of {}, which floe\n\
         # does not read again; yours to edit from now on.\n\
         apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: {product}, version: 1.0.0}}\nplugins:\n  compute:\n    approved:\n",
        one_line(&profile.name),
        one_line(&profile.shown),
    );
    if compute.environments.len() > 1 {
        text.push_str("      # `config` is what all environments share; what differs stands below `environments`.\n");
    }
    text.push_str(&approved(compute));
    for other in parts.left_out {
        let names =
            other.environments.iter().map(|environment| environment.name.as_str()).collect::<Vec<_>>().join(", ");
        let _ = write!(
            text,
            "      # Left out: output `{names}` of the profile is on {}. A compute is the same in every environment, so that\n      \
             # what was tested is what runs. To use it too, for some transforms in all environments, approve it:\n",
            other.adapter
        );
        for line in approved(other).lines() {
            let _ = writeln!(text, "      # {}", line.strip_prefix("      ").unwrap_or(line));
        }
    }
    let _ = write!(
        text,
        "    # Where a transform runs that names no compute.\n    default: {}\n\
         # Connection settings that differ. Which compute a transform runs on never does.\nenvironments:\n",
        compute.name
    );
    for environment in &compute.environments {
        let _ = writeln!(text, "  - name: {}", environment.name);
        if !environment.connections.is_empty() {
            let _ = writeln!(text, "    connections:\n      {}:", compute.name);
            block(&mut text, &environment.connections, 8);
        }
    }
    text
}

/// The entry of a compute in `approved`.
fn approved(compute: &Compute) -> String {
    let mut text = format!("      - name: {}\n", compute.name);
    if compute.plugin != compute.name {
        let _ = writeln!(text, "        plugin: {}", scalar(&Value::from(compute.plugin.as_str())));
    }
    // A compute that is left out shows one of its outputs.
    let alone = compute.environments.iter().filter(|_| compute.environments.len() == 1);
    let entries: Vec<Entry> = compute.config.iter().chain(alone.flat_map(|only| &only.connections)).cloned().collect();
    if !entries.is_empty() {
        text.push_str("        config:\n");
        block(&mut text, &entries, 10);
    }
    text
}

/// A text within a comment.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

fn block(text: &mut String, entries: &[Entry], indent: usize) {
    for entry in entries {
        let _ = write!(text, "{:indent$}{}:", "", scalar(&Value::from(entry.key.as_str())));
        below(text, &entry.value, indent);
    }
}

fn below(text: &mut String, node: &Node, indent: usize) {
    if let Ok(Some(Reference::Secret(SecretRef { source, name, .. }))) = recognise(node) {
        let name = scalar(&Value::from(name));
        let _ = writeln!(text, " {{secret: {{source: {}, name: {name}}}}}", source.as_str());
        return;
    }
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            text.push('\n');
            block(text, entries, indent + 2);
        }
        Kind::Seq(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                list_item(text, item, indent + 2);
            }
        }
        _ => {
            let _ = writeln!(text, " {}", scalar(&node.to_json()));
        }
    }
}

/// An element of a list; the first key of a mapping stands behind the dash.
fn list_item(text: &mut String, item: &Node, indent: usize) {
    let _ = write!(text, "{:indent$}-", "");
    let is_secret = matches!(recognise(item), Ok(Some(Reference::Secret(_))));
    match &item.kind {
        Kind::Map(entries) if !entries.is_empty() && !is_secret => {
            let mut inside = String::new();
            block(&mut inside, entries, indent + 2);
            let _ = write!(text, " {}", inside.trim_start());
        }
        _ => below(text, item, indent),
    }
}

/// Bare where every reader of YAML takes it for the same text, else as JSON, which YAML reads alike.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_');
    let later = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
    let word = text.to_ascii_lowercase();
    let is_word = matches!(word.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    if text.starts_with(first) && text.chars().all(later) && !is_word {
        text.clone()
    } else {
        escaped(&value.to_string())
    }
}

/// Line breaks to YAML and plain characters to JSON.
fn escaped(json: &str) -> String {
    let is_break = |c: char| matches!(c, '\u{7f}' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    json.chars().map(|c| if is_break(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Source;
    use crate::documents::yaml;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let written = "a: 'yes'\nb: {c: [1, 2.5, x y, {d: e, f: [g]}, []], 'on': true}\ng: \"é\\u2028\\n'\"\nh: '08'\ni: {}\n\
                       j: {secret: {source: env, name: X}}\nk: [{secret: {source: env, name: Y}}]\nl: '{{ env_var(''A'') }}'\nm: ~/x\n";
        let read = |text: &str| yaml::parse(&Source::new("a.yaml", text)).0.unwrap();
        let node = read(written);
        let mut text = String::new();
        block(&mut text, node.as_map().unwrap(), 0);
        assert_eq!(read(&text).to_json(), node.to_json(), "{text}");
        insta::assert_snapshot!(text);
    }
}
