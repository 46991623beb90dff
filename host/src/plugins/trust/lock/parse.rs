//! From text to pins. The shape is serde's to check; what the values mean is checked here, all of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use semver::Version;
use serde::Deserialize;
use toml::Spanned;

use super::{FORMAT_VERSION, Pin, Placed};
use crate::diagnostics::{Diagnostic, Source, Span, codes::plugins as codes};
use crate::plugins::inspect::is_name;
use crate::plugins::text::one_line;

const MEND: &str =
    "get the file back from version control, or remove it and run `floe plugin lock`; nobody edits it by hand";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(default, rename = "plugin")]
    plugins: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    name: Spanned<String>,
    version: Spanned<String>,
    floe_api_version: Spanned<String>,
    platform: Spanned<String>,
    file: Spanned<String>,
    sha256: Spanned<String>,
    #[serde(default)]
    libraries: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The version alone, whatever else a later format may have.
#[derive(Deserialize)]
struct Head {
    version: Option<Spanned<toml::Value>>,
}

fn damaged(source: &Arc<Source>, place: Range<usize>, why: &str) -> Diagnostic {
    let message = format!("the lock is damaged: {}", one_line(why));
    Diagnostic::error(&codes::LOCK_DAMAGED, message, MEND).at(Span::new(source, place.start, place.end))
}

fn refused(source: &Arc<Source>, error: &toml::de::Error) -> Vec<Diagnostic> {
    vec![damaged(source, error.span().unwrap_or(0..0), error.message())]
}

/// The pins, or all that is wrong.
pub(super) fn pins(source: &Arc<Source>) -> Result<Vec<Placed>, Vec<Diagnostic>> {
    let conflicts = conflicts(source);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let text = source.text();
    let head: Head = toml::from_str(text).map_err(|error| refused(source, &error))?;
    if let Some(version) = &head.version
        && version.get_ref().as_integer() != Some(FORMAT_VERSION)
    {
        return Err(vec![other_version(source, version)]);
    }
    let document: Document = toml::from_str(text).map_err(|error| refused(source, &error))?;
    let (mut placed, mut wrong) = (Vec::new(), Vec::new());
    for block in document.plugins {
        placed.extend(Reader { source, wrong: &mut wrong }.block(block));
    }
    wrong.extend(twice(&placed));
    if wrong.is_empty() { Ok(placed.into_iter().map(|(placed, _)| placed).collect()) } else { Err(wrong) }
}

/// Where git left two versions for a person to choose from.
fn conflicts(source: &Arc<Source>) -> Vec<Diagnostic> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in source.text().split_inclusive('\n') {
        if line.starts_with("<<<<<<<") {
            found.push(
                Diagnostic::error(
                    &codes::LOCK_DAMAGED,
                    "the lock has a merge conflict that is not resolved",
                    "keep the blocks of both sides and remove git's lines, then run `floe plugin lock`; \
                     with `floe.lock merge=union` in .gitattributes git keeps both sides itself",
                )
                .at(Span::new(source, start, start + line.trim_end().len())),
            );
        }
        start += line.len();
    }
    found
}

fn other_version(source: &Arc<Source>, version: &Spanned<toml::Value>) -> Diagnostic {
    let span = version.span();
    let said = source.text().get(span.clone()).unwrap_or_default();
    Diagnostic::error(
        &codes::LOCK_VERSION,
        format!("the lock has version {} of its format; this floe reads version {FORMAT_VERSION}", one_line(said)),
        "use the floe that wrote it, or remove it and run `floe plugin lock` with this one",
    )
    .at(Span::new(source, span.start, span.end))
}

/// One name and platform in two blocks: only one of them can be right, and which is not floe's to guess.
fn twice(placed: &[(Placed, Span)]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<_, &Span> = BTreeMap::new();
    let mut found = Vec::new();
    for (placed, name) in placed {
        let pin = &placed.pin;
        if let Some(earlier) = first.insert(pin.key(), name) {
            found.push(
                Diagnostic::error(
                    &codes::LOCK_DAMAGED,
                    format!("the lock pins `{}` for {} twice", pin.name, pin.platform.word()),
                    "remove one of the two blocks, then run `floe plugin lock`",
                )
                .at(name.clone())
                .labelled(earlier.clone(), "the first"),
            );
        }
    }
    found
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    wrong: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn span<T>(&self, value: &Spanned<T>) -> Span {
        Span::new(self.source, value.span().start, value.span().end)
    }

    /// The pin of a block, and where its name stands; `None` where something is wrong, which is told.
    fn block(&mut self, block: Block) -> Option<(Placed, Span)> {
        let before = self.wrong.len();
        self.check(&block.name, is_name, "is no name of a plugin ([a-z][a-z0-9_-]{0,62})");
        self.check(&block.version, |text| Version::parse(text).is_ok(), "is no version (semver)");
        self.check(&block.floe_api_version, |text| Version::parse(text).is_ok(), "is no version (semver)");
        self.check(&block.file, is_file, "is no name of a file");
        self.check(&block.sha256, is_sha256, "is no sha256: 64 digits, 0-9 and a-f");
        let platform = block.platform.get_ref().parse();
        self.check(&block.platform, |_| platform.is_ok(), "is no platform, such as linux-x86_64 or macos-aarch64");
        for (file, sha256) in &block.libraries {
            self.check(file, is_file, "is no name of a file");
            self.check(sha256, is_sha256, "is no sha256: 64 digits, 0-9 and a-f");
        }
        let platform = platform.ok().filter(|_| self.wrong.len() == before)?;
        let name = self.span(&block.name);
        let (sha256, version) = (self.span(&block.sha256), self.span(&block.version));
        let places = block.libraries.iter().map(|(file, sha256)| (file.get_ref().clone(), self.span(sha256)));
        let places = places.collect();
        let libraries = block.libraries.into_iter().map(|(file, sha256)| (file.into_inner(), sha256.into_inner()));
        let pin = Pin {
            name: block.name.into_inner(),
            version: block.version.into_inner(),
            floe_api_version: block.floe_api_version.into_inner(),
            platform,
            file: block.file.into_inner(),
            sha256: block.sha256.into_inner(),
            libraries: libraries.collect(),
        };
        Some((Placed { pin, sha256, version, libraries: places }, name))
    }

    fn check(&mut self, value: &Spanned<String>, fits: impl FnOnce(&str) -> bool, why: &str) {
        if !fits(value.get_ref()) {
            let why = format!("`{}` {why}", value.get_ref());
            self.wrong.push(damaged(self.source, value.span(), &why));
        }
    }
}

/// A name that a folder may hold, and no path.
pub(super) fn is_file(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(|c: char| c == '/' || c.is_control())
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
