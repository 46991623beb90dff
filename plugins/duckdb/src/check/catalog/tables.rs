//! One table of the catalog: does the catalog vend, and do the credentials open the storage.

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::Run;

use super::super::probe::{Question, Session, words};
use super::{explain, limit};
use crate::catalog::{Mount, identifier};

/// The most namespaces in which a check looks for a table: each costs a request.
const MOST_NAMESPACES: usize = 50;

/// Who gives the credentials for table files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vending {
    /// The catalog does.
    Vends,
    /// It was asked, and does not.
    DoesNot,
    /// It is not asked: `access_delegation_mode: none`.
    NotAsked,
    /// The request brought them.
    Given,
    /// No table was there to ask for.
    Unknown,
}

impl Vending {
    /// The word for machines.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Vends => "yes",
            Self::DoesNot => "no",
            Self::NotAsked => "not_asked",
            Self::Given => "given",
            Self::Unknown => "unknown",
        }
    }

    /// What the message of a result says of it.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Vends => " and vends credentials for table files",
            Self::DoesNot => " and vends no credentials",
            Self::NotAsked | Self::Unknown => "",
            Self::Given => "; the given credentials open the table files",
        }
    }
}

/// Loads a table, of the compute's schema if it has one, and reads its metadata file. Nothing of its data is read.
///
/// # Errors
/// [`floe_plugin_api::ErrorKind::Timeout`] where there is no time left.
pub(super) fn look(
    mount: &Mount<'_>,
    schema: &str,
    namespaces: &[String],
    session: &Session,
    run: &mut Run,
) -> PluginResult<Vending> {
    let unknown = if mount.vends { Vending::Unknown } else { Vending::NotAsked };
    if namespaces.is_empty() || namespaces.len() > MOST_NAMESPACES {
        return Ok(unknown);
    }
    limit(session, run);
    let name = &mount.catalog.name;
    let mut failure = None;
    let mut vending = unknown;
    run.step("table", |_| {
        let found = session.ask(&Question::AnyTable { catalog: name, schema });
        let Some([schema, table]) = found.ok().and_then(|mut rows| rows.pop()) else { return Ok(()) };
        let table = format!("{}.{}.{}", identifier(name), identifier(&schema), identifier(&table));
        let described = session.ask(&Question::Describe(&table));
        if mount.vends {
            let vended = session.ask(&Question::Vended).unwrap_or_default();
            vending = if vended.is_empty() { Vending::DoesNot } else { Vending::Vends };
        }
        failure = described.and_then(|_| session.ask(&Question::Snapshots(&table))).err();
        Ok(())
    })?;
    if let Some(error) = failure {
        run.degrade(storage(&words(&error), mount, vending));
    }
    Ok(vending)
}

/// The catalog answers, but table files cannot be read.
fn storage(said: &str, mount: &Mount<'_>, vending: Vending) -> Warning {
    let help = match vending {
        Vending::Vends => "see whether this machine reaches the storage, and what the vended credentials allow",
        Vending::DoesNot => {
            "let the catalog vend credentials, or add a secret for the storage to the compute's `secrets`, with \
             `access_delegation_mode: none`"
        }
        _ => "add a secret for the storage to the compute's `secrets`, or let the catalog vend credentials",
    };
    let message =
        format!("the files of tables in the catalog `{}` cannot be read: {}", mount.catalog.name, explain::short(said));
    Warning::new("catalog_storage", message).with_help(help)
}
