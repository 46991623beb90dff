//! Where a plugin departs from what a lock says of it.

use floe_plugin_api::ErrorKind;

use super::lock::{Lock, Placed};
use crate::diagnostics::{Diagnostic, Span, codes::plugins as codes};
use crate::plugins::inspect::{Inspected, Library};

/// Every departure, the plugin's own first.
pub(super) fn of(plugin: &Inspected, libraries: &[Library], lock: &Lock, pinned: &Placed) -> Vec<Diagnostic> {
    let subject = Subject { plugin, lock };
    let mut found: Vec<_> = subject.file(pinned).into_iter().collect();
    for library in libraries {
        found.extend(subject.library(library, pinned));
    }
    for (name, place) in &pinned.libraries {
        if !libraries.iter().any(|library| library.name == *name) {
            found.push(subject.gone(name, place));
        }
    }
    found
}

struct Subject<'a> {
    plugin: &'a Inspected,
    lock: &'a Lock,
}

impl Subject<'_> {
    fn file(&self, pinned: &Placed) -> Option<Diagnostic> {
        let found = match self.plugin.sha256() {
            Ok(found) => found,
            Err(unreadable) => return Some(unreadable),
        };
        let (plugin, pin) = (self.plugin, &pinned.pin);
        if found != pin.sha256 {
            let versions = if plugin.record.version == pin.version {
                String::new()
            } else {
                format!(" (it is version {}, pinned is {})", plugin.record.version, pin.version)
            };
            let what = format!("has sha256 {found}, and {} pins {}{versions}", self.lock.path(), pin.sha256);
            return Some(self.error(
                &format!("({}) {what}", plugin.path),
                &pinned.sha256,
                "the sha256 that is expected",
            ));
        }
        let recorded = (&plugin.record.version, &plugin.record.floe_api_version);
        (recorded != (&pin.version, &pin.floe_api_version)).then(|| {
            let what = format!(
                "is version {} for floe API {} ({}), and {} says {} for {}",
                recorded.0,
                recorded.1,
                plugin.path,
                self.lock.path(),
                pin.version,
                pin.floe_api_version
            );
            self.error(&what, &pinned.version, "the version that is expected")
        })
    }

    fn library(&self, library: &Library, pinned: &Placed) -> Option<Diagnostic> {
        let found = match library.sha256() {
            Ok(found) => found,
            Err(unreadable) => return Some(unreadable),
        };
        let lock = self.lock.path();
        match (pinned.pin.libraries.get(&library.name), pinned.libraries.get(&library.name)) {
            (Some(expected), _) if *expected == found => None,
            (Some(expected), Some(place)) => {
                let what = format!("loads {}, which has sha256 {found}, and {lock} pins {expected}", library.path);
                Some(self.error(&what, place, "the sha256 that is expected"))
            }
            _ => {
                let what = format!("loads {} (sha256 {found}), which {lock} does not pin", library.path);
                Some(self.error(&what, &pinned.sha256, "the plugin is pinned without it"))
            }
        }
    }

    /// The loader would take the system's library of that name, if there is one.
    fn gone(&self, name: &str, place: &Span) -> Diagnostic {
        let what = format!("({}) does not find {name} beside it, which {} pins", self.plugin.path, self.lock.path());
        self.error(&what, place, "pinned here")
    }

    fn error(&self, what: &str, place: &Span, label: &str) -> Diagnostic {
        Diagnostic::error(
            &codes::LOCK_MISMATCH,
            format!("plugin {} {what}", self.plugin.name()),
            "if you replaced it on purpose, run `floe plugin lock` and commit the lock; \
             else do not use it, and get it anew from its vendor with the libraries beside it",
        )
        .labelled(place.clone(), label)
        .of_kind(ErrorKind::PluginExecution)
    }
}
