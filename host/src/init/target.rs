//! Which output is the default.

use super::profiles::Profile;
use crate::diagnostics::codes::init::TARGET_UNKNOWN;
use crate::diagnostics::{Diagnostic, listed, meant_or_listed};
use crate::documents::secrets::{Part, Reference, Template, recognise};
use crate::documents::yaml::Node;

/// dbt's name for the output of a profile that says nothing.
const DEFAULT: &str = "default";

/// The index of the default output.
pub(super) fn of(profile: &Profile, asked: Option<&str>) -> Result<usize, Box<Diagnostic>> {
    let names = || profile.outputs.iter().map(|output| output.name.as_str());
    let find = |name: &str| names().position(|other| other == name);
    let unknown = |name: &str| {
        let help = meant_or_listed(name, names(), "there are");
        Diagnostic::error(&TARGET_UNKNOWN, format!("profile `{}` has no output `{name}`", profile.name), help)
    };
    if let Some(name) = asked {
        return find(name).ok_or_else(|| Box::new(unknown(name).labelled(profile.span.clone(), "the profile")));
    }
    let Some(target) = &profile.target else {
        let only = (profile.outputs.len() == 1).then_some(0);
        return find(DEFAULT)
            .or(only)
            .ok_or_else(|| Box::new(unclear(profile, "names no `target`").at(profile.span.clone())));
    };
    match plain_or_default(target) {
        Some(name) => find(&name).ok_or_else(|| Box::new(unknown(&name).at(target.span.clone()))),
        None if profile.outputs.len() == 1 => Ok(0),
        None => Err(Box::new(unclear(profile, "has a `target` that only dbt can read").at(target.span.clone()))),
    }
}

fn unclear(profile: &Profile, why: &str) -> Diagnostic {
    let names = listed(profile.outputs.iter().map(|output| output.name.as_str()));
    let help = format!("say which output is the default with --target: {names}");
    Diagnostic::error(&TARGET_UNKNOWN, format!("profile `{}` {why}", profile.name), help)
}

/// A text, with the defaults of the variables that it reads; `None` where only dbt can tell.
pub(super) fn plain_or_default(node: &Node) -> Option<String> {
    match recognise(node) {
        Ok(None) => node.as_str().filter(|text| !text.is_empty()).map(str::to_owned),
        Ok(Some(Reference::Template(Template { parts, .. }))) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::EnvVar(variable) => variable.default.as_deref(),
            })
            .collect(),
        _ => None,
    }
}
