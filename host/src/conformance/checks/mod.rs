//! What a plugin is asked, one check a function. Each begins with a worker of its own.

mod catalog;
mod connection;
mod hostile;
mod later;
mod packages;
mod profile;
mod pure;
mod quiet;
mod resources;
mod schema;
mod settings;

use super::context::Context;
use super::subject::Subject;
use super::{Finding, Verdict};
use floe_plugin_api::MetadataRequest;

/// A check.
pub(super) struct Check {
    /// A stable word.
    pub(super) name: &'static str,
    /// What a plugin should do, in a few words.
    pub(super) expects: &'static str,
    pub(super) run: fn(&mut Subject<'_>, &mut Context<'_>) -> Verdict,
}

/// All checks; later ones build on what earlier ones found.
pub(super) static ALL: &[Check] = &[
    Check { name: "load", expects: "it loads, and is what its record says", run: load },
    Check { name: "metadata", expects: "it says which engine and which dbt adapter it is for", run: metadata },
    Check { name: "schema", expects: "its schema is valid, closed, and describes every key", run: schema::run },
    Check {
        name: "settings",
        expects: "it takes what its schema takes, and refuses what that refuses",
        run: settings::run,
    },
    Check { name: "profile", expects: "its profiles can be written, and refer to secrets", run: profile::run },
    Check { name: "adapter", expects: "the dbt adapter reads every key of its profiles", run: profile::adapter },
    Check { name: "packages", expects: "its Python packages have both bounds", run: packages::run },
    Check { name: "installs", expects: "its Python packages can be installed together", run: packages::installs },
    Check { name: "resources", expects: "its pods are sized for every workload", run: resources::run },
    Check { name: "catalog", expects: "what it makes of a catalog is escaped, and holds no secret", run: catalog::run },
    Check { name: "pure", expects: "the same request gets the same answer, and connects to nothing", run: pure::run },
    Check { name: "later", expects: "it reads requests of later versions of floe", run: later::run },
    Check { name: "hostile", expects: "no settings bring it down", run: hostile::run },
    Check { name: "connection", expects: "a check of a connection says what it found", run: connection::run },
    Check { name: "deadline", expects: "a check ends in its time, whoever does not answer", run: connection::deadline },
    Check {
        name: "left_behind",
        expects: "a check leaves no thread, file, socket or process",
        run: quiet::left_behind,
    },
    Check { name: "stdout", expects: "it writes nothing to standard output", run: quiet::stdout },
    Check { name: "secrets", expects: "no secret comes back in anything that it says", run: quiet::secrets },
];

const NO_SETTINGS: &str = "no settings are known that the plugin accepts";

fn load(subject: &mut Subject<'_>, _: &mut Context<'_>) -> Verdict {
    match subject.with(|_| ()) {
        Ok(()) => Verdict::Passed(None),
        Err(error) => Verdict::Failed(vec![Finding::new(error.message, error.help)]),
    }
}

fn metadata(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let findings = subject.look(|session, findings| {
        let metadata = match session.ask(&MetadataRequest::new()).answered::<MetadataRequest>("metadata") {
            Ok(metadata) => metadata,
            Err(finding) => return findings.push(finding),
        };
        for (field, text) in [("engine", &metadata.engine), ("dbt_adapter", &metadata.dbt_adapter)] {
            if text.trim().is_empty() {
                findings.push(Finding::new(format!("`{field}` is empty"), "say it in `PluginMetadata::new`"));
            }
        }
        if metadata.description.trim().is_empty() {
            findings.push(Finding::new("`description` is empty", "say in one line what the plugin is for"));
        }
        context.metadata = Some(metadata);
    });
    Verdict::of(findings)
}
