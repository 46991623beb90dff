//! Reads `compiled_artifacts.json` again, and of it only what later commands need: who runs what.
//!
//! It may come from anywhere, so it is bounded and checked as every document is. Fields that are not known here are fine:
//! they are added within a major.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ARTIFACTS_FILE, ARTIFACTS_VERSION};
use crate::diagnostics::codes::compile::{ARTIFACTS_NOT_READ, ARTIFACTS_OTHER_VERSION, ARTIFACTS_WRONG};
use crate::diagnostics::codes::documents::TOO_LARGE;
use crate::diagnostics::codes::machine::FILE_NOT_FOUND;
use crate::diagnostics::{Diagnostic, Source, Span, did_you_mean, listed};
use crate::documents::{Spanned, read_source_up_to};

/// Longest file that is read: a product of 10,000 transforms makes some 3 MB.
pub const MAX_ARTIFACT_BYTES: usize = 64 << 20;

/// What was decided, as far as it is needed again.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadArtifacts {
    /// The file.
    pub source: Arc<Source>,
    /// Name of the product.
    pub product: Spanned<String>,
    /// What runs what no transform claims: one of the computes.
    pub default: Spanned<String>,
    /// The plugin of each compute.
    pub computes: BTreeMap<String, Spanned<String>>,
    /// The transforms, in their order.
    pub transforms: Vec<ReadTransform>,
    /// The binaries, by plugin.
    pub plugins: BTreeMap<String, ReadPlugin>,
}

/// A transform and its compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTransform {
    /// `path`, `name` or `package`.
    pub kind: String,
    /// What it selects.
    pub selects: String,
    /// One of the computes.
    pub compute: Spanned<String>,
    /// Where it is said what it selects.
    pub span: Span,
}

/// Which binary a plugin was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlugin {
    /// Its version.
    pub version: Spanned<String>,
    /// Target triple that it was built for.
    pub target: Spanned<String>,
    /// SHA-256 of the file, in hex.
    pub sha256: Spanned<String>,
}

impl ReadArtifacts {
    /// The plugin of a compute.
    pub fn plugin(&self, compute: &str) -> Option<&Spanned<String>> {
        self.computes.get(compute)
    }
}

/// Reads the artifacts in a folder, or the file itself.
pub fn load(path: &Utf8Path) -> Result<ReadArtifacts, Vec<Diagnostic>> {
    let file = if path.is_dir() { path.join(ARTIFACTS_FILE) } else { path.to_owned() };
    let source = read_source_up_to(&file, "the file", MAX_ARTIFACT_BYTES).map_err(|error| {
        let mut error = *error;
        if error.code == &FILE_NOT_FOUND || error.code == &TOO_LARGE {
            error.help = format!("name a folder that `floe compile` wrote (`--out`), or the `{ARTIFACTS_FILE}` in it");
        }
        vec![error]
    })?;
    parse(&source)
}

/// Reads artifacts from their text.
pub fn parse(source: &Arc<Source>) -> Result<ReadArtifacts, Vec<Diagnostic>> {
    let text = source.text();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // To the deserializer a list is as good as a mapping.
    if text.trim_start().starts_with('[') {
        return Err(vec![no_artifacts("they begin with a list", Span::new(source, 0, 1))]);
    }
    // The version first: of another one nothing else can be said.
    let head: Head<'_> = serde_json::from_str(text).map_err(|error| vec![not_read(source, text, &error)])?;
    let mut reader = Reader { source, problems: Vec::new() };
    let Some(version) = reader.text(head.version, "version") else { return Err(reader.problems) };
    if version.split('.').next() != ARTIFACTS_VERSION.split('.').next() {
        return Err(vec![other_version(version)]);
    }
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| vec![not_read(source, text, &error)])?;
    let artifacts = reader.artifacts(&document);
    match artifacts {
        Some(artifacts) if reader.problems.is_empty() => Ok(artifacts),
        _ => Err(reader.problems),
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    version: &'a RawValue,
}

/// Values that are kept as they are written know their place: they are slices of the text.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    product: Product<'a>,
    #[serde(borrow)]
    compute_registry: Registry<'a>,
    #[serde(borrow)]
    transforms: Vec<&'a RawValue>,
    #[serde(borrow)]
    plugins: BTreeMap<String, Plugin<'a>>,
}

#[derive(Deserialize)]
struct Product<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
}

#[derive(Deserialize)]
struct Registry<'a> {
    #[serde(borrow)]
    default: &'a RawValue,
    #[serde(borrow)]
    computes: BTreeMap<String, Compute<'a>>,
}

#[derive(Deserialize)]
struct Compute<'a> {
    #[serde(borrow)]
    plugin: &'a RawValue,
}

#[derive(Deserialize)]
struct Transform<'a> {
    #[serde(borrow)]
    kind: &'a RawValue,
    #[serde(borrow)]
    selects: &'a RawValue,
    #[serde(borrow)]
    compute: &'a RawValue,
}

#[derive(Deserialize)]
struct Plugin<'a> {
    #[serde(borrow)]
    version: &'a RawValue,
    #[serde(borrow)]
    target: &'a RawValue,
    #[serde(borrow)]
    sha256: &'a RawValue,
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn artifacts(&mut self, document: &Document<'_>) -> Option<ReadArtifacts> {
        let product = self.text(document.product.name, "product.name");
        let registry = &document.compute_registry;
        let mut computes = BTreeMap::new();
        for (name, compute) in &registry.computes {
            let plugin = self.text(compute.plugin, "plugin");
            computes.extend(plugin.map(|plugin| (name.clone(), plugin)));
        }
        let default = self.compute(registry.default, "default", &registry.computes);
        let mut transforms = Vec::with_capacity(document.transforms.len());
        for raw in &document.transforms {
            transforms.extend(self.transform(raw, &registry.computes));
        }
        self.check_distinct(&transforms);
        let mut plugins = BTreeMap::new();
        for (name, plugin) in &document.plugins {
            let read = (
                self.text(plugin.version, "version"),
                self.text(plugin.target, "target"),
                self.text(plugin.sha256, "sha256"),
            );
            if let (Some(version), Some(target), Some(sha256)) = read {
                plugins.insert(name.clone(), ReadPlugin { version, target, sha256 });
            }
        }
        Some(ReadArtifacts {
            source: Arc::clone(self.source),
            product: product?,
            default: default?,
            computes,
            transforms,
            plugins,
        })
    }

    fn transform(&mut self, raw: &RawValue, computes: &BTreeMap<String, Compute<'_>>) -> Option<ReadTransform> {
        let span = self.span(raw);
        let transform: Transform<'_> = match serde_json::from_str(raw.get()) {
            Ok(transform) => transform,
            Err(error) => {
                self.problems.push(wrong(format!("a transform cannot be read: {}", words(&error)), span));
                return None;
            }
        };
        let kind = self.text(transform.kind, "kind")?;
        let selects = self.text(transform.selects, "selects")?;
        let compute = self.compute(transform.compute, "compute", computes)?;
        Some(ReadTransform { kind: kind.value, selects: selects.value, compute, span: selects.span })
    }

    /// The name of a compute, which must be in the registry.
    fn compute(
        &mut self,
        raw: &RawValue,
        field: &str,
        computes: &BTreeMap<String, Compute<'_>>,
    ) -> Option<Spanned<String>> {
        let name = self.text(raw, field)?;
        if !computes.contains_key(&name.value) {
            let names = || computes.keys().map(String::as_str);
            let near = did_you_mean(&name, names()).map(|near| format!(" (nearest: `{near}`)")).unwrap_or_default();
            let message =
                format!("`{field}` names compute `{}`, and the registry holds {}{near}", name.value, listed(names()));
            self.problems.push(wrong(message, name.span));
            return None;
        }
        Some(name)
    }

    fn text(&mut self, raw: &RawValue, field: &str) -> Option<Spanned<String>> {
        let span = self.span(raw);
        let text = serde_json::from_str(raw.get()).ok();
        if text.is_none() {
            self.problems.push(wrong(format!("`{field}` must be text"), span.clone()));
        }
        text.map(|text| Spanned::new(text, span))
    }

    fn check_distinct(&mut self, transforms: &[ReadTransform]) {
        let mut seen: HashMap<(&str, &str), &Span> = HashMap::with_capacity(transforms.len());
        for transform in transforms {
            let key = (transform.kind.as_str(), transform.selects.as_str());
            let Some(first) = seen.get(&key) else {
                seen.insert(key, &transform.span);
                continue;
            };
            let message = format!("the transform {} `{}` stands twice", transform.kind, transform.selects);
            self.problems.push(wrong(message, transform.span.clone()).labelled((*first).clone(), "the first"));
        }
    }

    /// Where a value stands: it is a slice of the text.
    fn span(&self, raw: &RawValue) -> Span {
        let start = (raw.get().as_ptr() as usize).saturating_sub(self.source.text().as_ptr() as usize);
        Span::new(self.source, start, start + raw.get().len())
    }
}

const COMPILE_AGAIN: &str = "compile again: artifacts are written by `floe compile` and by nobody else";

fn wrong(message: String, span: Span) -> Diagnostic {
    Diagnostic::error(&ARTIFACTS_WRONG, message, COMPILE_AGAIN).at(span)
}

/// JSON that is none, or none of ours.
fn not_read(source: &Arc<Source>, text: &str, error: &serde_json::Error) -> Diagnostic {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = source.text().len() - text.len() + before + error.column().saturating_sub(1);
    let span = Span::new(source, at, at + 1);
    if error.is_data() {
        return no_artifacts(&words(error), span);
    }
    let message = format!("the artifacts are no JSON: {}", words(error));
    Diagnostic::error(&ARTIFACTS_NOT_READ, message, COMPILE_AGAIN).labelled(span, "reading stopped here")
}

fn no_artifacts(why: &str, span: Span) -> Diagnostic {
    let help = format!("name the `{ARTIFACTS_FILE}` that `floe compile` wrote, or its folder");
    Diagnostic::error(&ARTIFACTS_WRONG, format!("these are no artifacts of floe: {why}"), help).at(span)
}

/// The error without its place, which is shown apart; it may quote the file.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    if text.chars().count() <= 200 { text.to_owned() } else { text.chars().take(199).chain(['…']).collect() }
}

fn other_version(version: Spanned<String>) -> Diagnostic {
    let shown: String = version.chars().take(40).collect();
    Diagnostic::error(
        &ARTIFACTS_OTHER_VERSION,
        format!("the artifacts have version `{shown}`, and this floe reads `{ARTIFACTS_VERSION}`"),
        "compile again with this floe, or compare with the floe that wrote them",
    )
    .at(version.span)
}

#[cfg(test)]
mod tests;
