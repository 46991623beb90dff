//! Makes a lock: pins what is installed, keeps what is pinned for other platforms, and says what became different.

use std::collections::BTreeMap;
use std::str::FromStr;

use camino::Utf8PathBuf;
use floe_plugin_api::ErrorKind;
use semver::VersionReq;
use serde::Serialize;

use super::lock::{Lock, Pin};
use crate::diagnostics::{Diagnostic, codes::plugins as codes, listed};
use crate::plugins::PluginHost;
use crate::plugins::inspect::{Inspected, NoPlatform, Platform, host_api, inspect_for};

/// A plugin that is to be pinned.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// The versions that will do.
    pub requirements: Vec<&'a VersionReq>,
}

/// `PLATFORM=FILE`: a plugin's file for a platform, which may be another one than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The platform.
    pub platform: Platform,
    /// The file.
    pub file: Utf8PathBuf,
}

/// Why a text is no [`Addition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAddition {
    /// It has no `=`.
    #[error("it is not of the form PLATFORM=FILE")]
    Form,
    /// What stands before the `=` is no platform.
    #[error(transparent)]
    Platform(#[from] NoPlatform),
}

impl FromStr for Addition {
    type Err = NoAddition;

    fn from_str(text: &str) -> Result<Self, NoAddition> {
        let (platform, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or(NoAddition::Form)?;
        Ok(Self { platform: platform.parse()?, file: file.into() })
    }
}

/// Something that cannot be pinned.
#[derive(Debug)]
pub struct Problem {
    /// The plugin that was wanted; none for a file that was added.
    pub plugin: Option<String>,
    /// Why.
    pub diagnostic: Diagnostic,
}

/// Pins the wanted plugins as they are found on this platform, and what is added.
///
/// # Errors
/// All that cannot be pinned.
pub fn pin(host: &PluginHost, wanted: &[Wanted<'_>], additions: &[Addition]) -> Result<Vec<Pin>, Vec<Problem>> {
    let (mut pins, mut problems) = (BTreeMap::new(), Vec::new());
    for addition in additions {
        match added(host, addition, wanted) {
            Ok(pin) => {
                let key = (pin.name.clone(), pin.platform.word());
                if pins.insert(key, pin).is_some() {
                    let why = format!("{} is the second file of one plugin for one platform", addition.file);
                    let diagnostic = refused(why, "add one file a plugin and platform");
                    problems.push(Problem { plugin: None, diagnostic });
                }
            }
            Err(diagnostic) => problems.push(Problem { plugin: None, diagnostic }),
        }
    }
    let here = Platform::current();
    for plugin in wanted {
        // What is added for this platform takes the place of what the search path holds.
        let key = (plugin.name.to_owned(), here.word());
        if pins.contains_key(&key) {
            continue;
        }
        match host.find(plugin.name).and_then(|found| of_fitting(host, found, plugin)) {
            Ok(pin) => drop(pins.insert(key, pin)),
            Err(diagnostic) => problems.push(Problem { plugin: Some(plugin.name.to_owned()), diagnostic }),
        }
    }
    for pin in pins.values() {
        let installed = pins.get(&(pin.name.clone(), here.word()));
        if let Some(installed) = installed.filter(|installed| installed.version != pin.version) {
            let why = format!(
                "{} is version {} of plugin {}; for {} version {} is pinned",
                pin.file,
                pin.version,
                pin.name,
                here.word(),
                installed.version
            );
            problems.push(Problem { plugin: None, diagnostic: refused(why, "pin one version for all platforms") });
        }
    }
    if problems.is_empty() { Ok(pins.into_values().collect()) } else { Err(problems) }
}

fn refused(why: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::LOCK_ADDITION, why, help).of_kind(ErrorKind::Configuration)
}

fn added(host: &PluginHost, addition: &Addition, wanted: &[Wanted<'_>]) -> Result<Pin, Diagnostic> {
    let Addition { platform, file } = addition;
    let plugin = inspect_for(file, platform, &host_api()).map_err(|refusal| {
        if refusal.is_foreign() {
            let found = refusal.platform.as_deref().unwrap_or("another platform");
            let why = format!("{file} was built for {found}, and --add says {}", platform.word());
            return refused(why, "name the platform that the file was built for, or add the right file");
        }
        let unknown = || refused(format!("{file} cannot be added"), "see `floe plugin inspect`");
        super::joined(refusal.reasons).unwrap_or_else(unknown)
    })?;
    if let Some(wanted) = wanted.iter().find(|wanted| wanted.name == plugin.name()) {
        return of_fitting(host, &plugin, wanted);
    }
    let why = format!("{file} is plugin {}, which no compute of the manifest uses", plugin.name());
    let names = listed(wanted.iter().map(|wanted| wanted.name));
    Err(refused(why, format!("add a file of one that is used: {names}")))
}

fn of_fitting(host: &PluginHost, plugin: &Inspected, wanted: &Wanted<'_>) -> Result<Pin, Diagnostic> {
    wanted.requirements.iter().try_for_each(|requirement| plugin.fulfils(requirement))?;
    super::joined(host.examine(plugin).into_iter().filter(Diagnostic::is_error)).map_or(Ok(()), Err)?;
    let mut libraries = BTreeMap::new();
    for library in plugin.libraries()? {
        let sha256 = library.sha256()?;
        if libraries.insert(library.name.clone(), sha256.clone()).is_some_and(|earlier| earlier != sha256) {
            return Err(Diagnostic::error(
                &codes::PRIVATE_LIBRARY,
                format!("plugin {} has two different libraries {} beside it", plugin.name(), library.name),
                "tell its vendor: floe pins private libraries by the names of their files",
            )
            .of_kind(ErrorKind::PluginExecution));
        }
    }
    Ok(Pin {
        name: plugin.name().to_owned(),
        version: plugin.record.version.clone(),
        floe_api_version: plugin.record.floe_api_version.clone(),
        platform: plugin.built_for().clone(),
        file: plugin.path.file_name().unwrap_or_default().to_owned(),
        sha256: plugin.sha256()?,
        libraries,
    })
}

/// What becomes of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It says something else than before.
    Changed,
    /// It stays as it is.
    Kept,
    /// It is no longer there.
    Removed,
}

impl Change {
    /// The word that people and machines read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Kept => "kept",
            Self::Removed => "removed",
        }
    }
}

/// One pin of the former or of the new lock, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The pin: the new one, or where it is removed the former.
    #[serde(flatten)]
    pub pin: Pin,
    /// What becomes of it.
    pub change: Change,
    /// Why, in a few words; empty where it needs none.
    pub because: String,
}

/// What becomes of each pin of a lock when these pins are written over it, in the order of the file. Pins of other platforms
/// are kept as long as they are of the same version.
pub fn update(former: Option<&Lock>, pins: Vec<Pin>) -> Vec<Step> {
    let mut steps = Vec::new();
    for old in former.iter().flat_map(|lock| lock.pins()) {
        if pins.iter().any(|new| new.key() == old.key()) {
            continue;
        }
        let step = |change, because: String| Step { pin: old.clone(), change, because };
        steps.push(match pins.iter().find(|new| new.name == old.name) {
            None => step(Change::Removed, "no compute uses it".to_owned()),
            Some(new) if new.version == old.version => step(Change::Kept, String::new()),
            Some(new) => step(Change::Removed, format!("version {} is pinned now", new.version)),
        });
    }
    for pin in pins {
        let old = former.and_then(|lock| lock.placed(&pin.name, &pin.platform)).map(|placed| &placed.pin);
        let (change, because) = match old {
            None => (Change::Added, String::new()),
            Some(old) if *old == pin => (Change::Kept, String::new()),
            Some(old) => (Change::Changed, difference(old, &pin)),
        };
        steps.push(Step { pin, change, because });
    }
    steps.sort_by(|one, two| one.pin.key().cmp(&two.pin.key()));
    steps
}

fn difference(old: &Pin, new: &Pin) -> String {
    if old.version != new.version {
        return format!("version {} was pinned", old.version);
    }
    let mut differ = Vec::new();
    if old.sha256 != new.sha256 {
        differ.push("its file".to_owned());
    } else if old.file != new.file {
        differ.push("the file's name".to_owned());
    }
    if old.floe_api_version != new.floe_api_version {
        differ.push("its API version".to_owned());
    }
    let names = old.libraries.keys().chain(new.libraries.keys());
    let mut names: Vec<_> = names.filter(|name| old.libraries.get(*name) != new.libraries.get(*name)).collect();
    names.sort_unstable();
    names.dedup();
    differ.extend(names.into_iter().cloned());
    format!("other than before: {}", differ.join(", "))
}
