//! The computes of a manifest, in all the forms in which they may be written.

use semver::VersionReq;

use super::resources::{self, ResourceOverrides};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span, did_you_mean, listed, meant_or_listed};
use crate::documents::fields::{self, Fields, Problems, Shape, wrong_type};
use crate::documents::names;
use crate::documents::secrets;
use crate::documents::settings::{self, ComputeSettings, SECRET_MOUNT, Where};
use crate::documents::spanned::Spanned;
use crate::documents::yaml::{Entry, Kind, Node};

/// The computes that a manifest approves.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputeSection {
    /// Where it stands: the key `compute`.
    pub span: Span,
    /// How it is written.
    pub form: ComputeForm,
    /// Whether the list is written at all; a domain manifest may leave it out and so inherit its parent's.
    pub lists_approved: bool,
    /// The computes, in the order of the file; names are distinct if there are no errors.
    pub approved: Vec<ComputeEntry>,
    /// Whether something of the list could not be read, so that a name that is not there may yet have been meant to be.
    pub is_partial: bool,
    /// The compute of transforms that choose none. Always there in a manifest without a parent, if it has no errors.
    pub default: Option<Spanned<String>>,
}

impl ComputeSection {
    /// The approved compute with a name.
    pub fn entry(&self, name: &str) -> Option<&ComputeEntry> {
        self.approved.iter().find(|entry| entry.name.value == name)
    }
}

/// How the computes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComputeForm {
    /// `plugins.compute: {approved, default}`.
    List,
    /// `plugins.compute: {type, config}`.
    Single,
    /// `compute: {approved, default}` at the top.
    Top,
}

/// One approved compute.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputeEntry {
    /// Its name.
    pub name: Spanned<String>,
    /// Where the entry stands.
    pub span: Span,
    /// The plugin, where it is written; see [`ComputeEntry::plugin`].
    pub own_plugin: Option<Spanned<String>>,
    /// Which versions of the plugin are allowed.
    pub version: Option<Spanned<VersionReq>>,
    /// Its settings.
    pub config: Option<ComputeSettings>,
    /// The plugin's settings as each manifest of a chain writes them, the root first; empty where there is one manifest.
    pub layers: Vec<Node>,
    /// Sizes of its pods that differ from the plugin's own.
    pub resources: ResourceOverrides,
    /// How it addresses what others wrote.
    pub reads: Vec<ReadsFrom>,
}

impl ComputeEntry {
    /// Name of the plugin: by default that of the compute.
    pub fn plugin(&self) -> &str {
        self.own_plugin.as_ref().map_or(self.name.as_str(), |plugin| plugin.as_str())
    }

    fn named(name: Spanned<String>, span: Span) -> Self {
        Self {
            name,
            span,
            own_plugin: None,
            version: None,
            config: None,
            layers: Vec::new(),
            resources: ResourceOverrides::default(),
            reads: Vec::new(),
        }
    }
}

/// How a compute addresses what another one wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadsFrom {
    /// The compute that wrote.
    pub writer: Spanned<String>,
    /// How.
    pub reads: Reads,
}

/// A way to address another compute's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// The reader's name for the writer's database.
    Catalog(Spanned<String>),
    /// What stands before the writer's schema.
    SchemaPrefix(Spanned<String>),
}

static SECTION: Shape = Shape::closed("`compute`", &["approved", "default"]);
static SINGLE: Shape =
    Shape::closed("`plugins.compute`", &["type", "version", "config", "connection_secret_ref", "resources"]);
static ENTRY: Shape = Shape::closed(
    "an approved compute",
    &["name", "plugin", "version", "config", "connection_secret_ref", "resources", "reads"],
);
static READS: Shape = Shape::closed("an entry of `reads`", &["catalog", "schema_prefix"]);

pub(super) fn read(
    nested: Option<Entry>,
    top: Option<Entry>,
    has_parent: bool,
    manifest: &Span,
    problems: &mut Problems,
) -> Option<ComputeSection> {
    let section = match (nested, top) {
        (None, None) => {
            if !has_parent {
                problems.push(no_compute(manifest.clone()));
            }
            return None;
        }
        (Some(nested), Some(top)) => {
            problems.push(two_forms("both under `plugins` and at the top", &nested.key_span, &top.key_span));
            read_list(nested, ComputeForm::List, has_parent, problems)
        }
        (None, Some(top)) => read_list(top, ComputeForm::Top, has_parent, problems),
        (Some(nested), None) => read_nested(nested, has_parent, problems),
    }?;
    names::check_distinct(section.approved.iter().map(|compute| &compute.name), "computes", problems);
    check_reads(&section, has_parent, problems);
    Some(section)
}

fn read_nested(entry: Entry, has_parent: bool, problems: &mut Problems) -> Option<ComputeSection> {
    let single = entry.value.entry("type").map(|entry| entry.key_span.clone());
    let list =
        entry.value.entry("approved").or_else(|| entry.value.entry("default")).map(|entry| entry.key_span.clone());
    match (single, list) {
        (Some(single), Some(list)) => {
            problems.push(two_forms("as a list and as a single one", &list, &single));
            None
        }
        (Some(_), None) => read_single(entry, problems),
        (None, _) => read_list(entry, ComputeForm::List, has_parent, problems),
    }
}

fn two_forms(how: &str, first: &Span, second: &Span) -> Diagnostic {
    Diagnostic::error(
        &codes::TWO_FORMS,
        format!("the computes are given twice, {how}"),
        "keep one form: `plugins.compute: {approved: […], default: …}` can say all that the others can",
    )
    .labelled(second.clone(), "the second")
    .labelled(first.clone(), "the first")
}

fn no_compute(span: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::NO_COMPUTE,
        "the manifest approves no compute",
        "add `plugins: {compute: {approved: [duckdb], default: duckdb}}`",
    )
    .at(span)
}

fn read_single(entry: Entry, problems: &mut Problems) -> Option<ComputeSection> {
    let (span, whole) = (entry.key_span, entry.value.span.clone());
    let mut fields = Fields::open(entry.value, &SINGLE, problems)?;
    let name = names::check(fields.text("type", problems)?, "a compute", problems);
    let mut compute = ComputeEntry::named(name.clone(), whole);
    read_common(&mut compute, &mut fields, problems);
    Some(ComputeSection {
        span,
        form: ComputeForm::Single,
        lists_approved: true,
        approved: vec![compute],
        is_partial: false,
        default: Some(name),
    })
}

fn read_list(entry: Entry, form: ComputeForm, has_parent: bool, problems: &mut Problems) -> Option<ComputeSection> {
    let span = entry.key_span;
    let mut fields = Fields::open(entry.value, &SECTION, problems)?;
    let lists_approved = fields.has("approved");
    if !lists_approved && !has_parent && !fields.is_meant("approved") {
        problems.push(no_compute(span.clone()));
    }
    let nodes = fields.list("approved", problems);
    if let Some(nodes) = nodes.as_ref().filter(|nodes| nodes.is_empty()) {
        problems.push(no_compute(nodes.span.clone()));
    }
    // What is no list, empty, or has entries that cannot be read says nothing of what is not in it.
    let written = nodes.as_ref().map_or(0, |nodes| nodes.value.len());
    let nodes = nodes.map_or_else(Vec::new, |nodes| nodes.value);
    let approved: Vec<ComputeEntry> = nodes.into_iter().filter_map(|node| read_entry(node, problems)).collect();
    let is_partial = approved.is_empty() && (lists_approved || !has_parent) || approved.len() < written;
    let has_default = fields.has("default") || fields.is_meant("default");
    let mut default = fields.text("default", problems);
    if lists_approved && !is_partial {
        match (&default, approved.as_slice()) {
            (Some(default), _) => check_default(default, &approved, problems),
            (None, [only]) if !has_parent && !has_default => default = Some(only.name.clone()),
            (None, _) if !has_parent && !has_default => problems.push(no_default(&span, &approved)),
            _ => {}
        }
    }
    Some(ComputeSection { span, form, lists_approved, approved, is_partial, default })
}

fn check_default(default: &Spanned<String>, approved: &[ComputeEntry], problems: &mut Problems) {
    let names = || approved.iter().map(|compute| compute.name.as_str());
    if names().any(|name| name == default.value) {
        return;
    }
    let list = listed(names());
    let help = match did_you_mean(default, names()) {
        Some(word) => format!("did you mean `{word}`? approved are {list}"),
        None => format!("name an approved one ({list}), or approve it"),
    };
    problems.push(
        Diagnostic::error(
            &codes::DEFAULT_NOT_APPROVED,
            format!("the default compute `{}` is not approved", default.value),
            help,
        )
        .at(default.span.clone()),
    );
}

fn no_default(span: &Span, approved: &[ComputeEntry]) -> Diagnostic {
    let list = listed(approved.iter().map(|compute| compute.name.as_str()));
    Diagnostic::error(
        &codes::NO_DEFAULT,
        format!("{} computes are approved, and none is the default", approved.len()),
        format!("add `default`, one of {list}: the compute of transforms that choose none"),
    )
    .at(span.clone())
}

fn read_entry(node: Node, problems: &mut Problems) -> Option<ComputeEntry> {
    let span = node.span.clone();
    match node.kind {
        Kind::Str(name) => {
            let name = names::check(Spanned::new(name, span.clone()), "a compute", problems);
            Some(ComputeEntry::named(name, span))
        }
        Kind::Map(_) => {
            let mut fields = Fields::open(node, &ENTRY, problems)?;
            let name = fields.required_text("name", "name: NAME", problems);
            // The rest is read without a name too, for its errors.
            let named = name.unwrap_or_else(|| Spanned::new(String::new(), span.clone()));
            let mut compute = ComputeEntry::named(named, span);
            compute.own_plugin =
                fields.text("plugin", problems).map(|plugin| names::check(plugin, "a plugin", problems));
            read_common(&mut compute, &mut fields, problems);
            compute.reads = fields.take("reads").map(|entry| read_reads(entry, problems)).unwrap_or_default();
            if compute.name.is_empty() {
                return None;
            }
            compute.name = names::check(compute.name, "a compute", problems);
            Some(compute)
        }
        _ => {
            let help = "write its name, or `{name: …, plugin: …, config: {…}}`";
            problems.push(wrong_type("an approved compute", "a name or a mapping", &node, help));
            None
        }
    }
}

fn read_common(compute: &mut ComputeEntry, fields: &mut Fields, problems: &mut Problems) {
    compute.version = fields.text("version", problems).and_then(|text| version(text, problems));
    compute.config = fields.take("config").and_then(|entry| settings::read(entry, Where::Config, problems));
    if let Some(entry) = fields.take(SECRET_MOUNT) {
        read_secret_mount(compute, entry, problems);
    }
    compute.resources =
        fields.take("resources").map(|entry| resources::read(entry.value, problems)).unwrap_or_default();
}

/// `connection_secret_ref` beside `config` is the same as in it.
fn read_secret_mount(compute: &mut ComputeEntry, entry: Entry, problems: &mut Problems) {
    let span = entry.key_span.clone();
    let Some(mount) = secrets::read_mount(entry, problems) else { return };
    let config = compute.config.get_or_insert_with(|| ComputeSettings::empty(span));
    match &config.secret_mount {
        Some(first) => problems.push(mount.second_to(first)),
        None => config.secret_mount = Some(mount),
    }
}

fn version(text: Spanned<String>, problems: &mut Problems) -> Option<Spanned<VersionReq>> {
    match text.parse() {
        Ok(requirement) => Some(Spanned::new(requirement, text.span)),
        Err(error) => {
            problems.push(
                Diagnostic::error(
                    &codes::VERSION,
                    format!("`{}` is no version requirement: {error}", text.value),
                    "write it as in `\">=1.0, <2\"`, `\"1.4\"` (1.4 or later, below 2) or `\"=1.4.2\"`",
                )
                .at(text.span),
            );
            None
        }
    }
}

fn read_reads(entry: Entry, problems: &mut Problems) -> Vec<ReadsFrom> {
    let Some(entries) = fields::mapping(entry, problems) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.value {
        let writer = Spanned::new(entry.key, entry.key_span);
        let Some(mut fields) = Fields::open(entry.value, &READS, problems) else { continue };
        // Empty: the writer's schemas are the reader's, as in a session catalog.
        let prefix = fields.take("schema_prefix").and_then(|entry| fields::text_or_empty(entry, problems));
        let both = (fields.text("catalog", problems), prefix);
        let reads = match both {
            (Some(catalog), None) => Reads::Catalog(catalog),
            (None, Some(prefix)) => Reads::SchemaPrefix(prefix),
            (first, _) => {
                let message = match first {
                    Some(_) => "an entry of `reads` has a catalog and a schema prefix",
                    None => "an entry of `reads` has neither a catalog nor a schema prefix",
                };
                problems.push(
                    Diagnostic::error(
                        &codes::READS,
                        message,
                        "write one of the two, as in `{schema_prefix: lake.}` or `{catalog: lake}`",
                    )
                    .at(writer.span.clone()),
                );
                continue;
            }
        };
        found.push(ReadsFrom { writer, reads });
    }
    found
}

/// What a compute reads from must be approved too; in a domain manifest that may be inherited.
fn check_reads(section: &ComputeSection, has_parent: bool, problems: &mut Problems) {
    let names = || section.approved.iter().map(|compute| compute.name.as_str());
    if has_parent {
        return;
    }
    for writer in section.approved.iter().flat_map(|compute| &compute.reads).map(|from| &from.writer) {
        if !names().any(|name| name == writer.value) {
            let help = meant_or_listed(writer, names(), "approved are");
            let message = format!("no compute `{}` is approved to read from", writer.value);
            problems.push(Diagnostic::error(&codes::UNKNOWN_COMPUTE, message, help).at(writer.span.clone()));
        }
    }
}
