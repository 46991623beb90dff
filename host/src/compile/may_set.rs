//! `product_may_set` against the settings that there are.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::SettingKeys;
use super::product::Product;
use crate::diagnostics::codes::compile::MAY_SET_UNKNOWN;
use crate::diagnostics::{Diagnostic, did_you_mean, listed};
use crate::documents::environments::SELECTIONS;
use crate::documents::settings::SECRET_MOUNT;

/// floe's own settings that an environment has; a limit is none of them.
const FLOES: &[&str] = &["threads", "timeout_seconds", "connect_timeout_seconds", SECRET_MOUNT];

/// Everything that products may set and that is no setting of any compute. Where the settings of one are not known, no
/// word can be said to be none.
pub(super) fn check(product: &Product, keys: &BTreeMap<String, SettingKeys>) -> Vec<Diagnostic> {
    let mut known: BTreeSet<&str> = FLOES.iter().copied().collect();
    for compute in &product.computes {
        match keys.get(&compute.plugin) {
            Some(keys) if !keys.is_open => known.extend(keys.all.iter().map(String::as_str)),
            _ => return Vec::new(),
        }
    }
    let mut found = Vec::new();
    for environment in product.environments.iter().chain(&product.other_environments) {
        for key in &environment.product_may_set {
            // What selects a compute is refused where it is read.
            if known.contains(key.as_str()) || SELECTIONS.contains(&key.as_str()) {
                continue;
            }
            let help = match did_you_mean(key, known.iter().copied()) {
                _ if key.value == "max_timeout_seconds" => {
                    "a limit is the platform's; a product may be let set `timeout_seconds`".to_owned()
                }
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove it; there are {}", listed(known.iter().copied())),
            };
            let message = format!(
                "`product_may_set` of environment `{}` names `{}`, which is no setting of any approved compute",
                environment.name, key.value
            );
            found.push(Diagnostic::error(&MAY_SET_UNKNOWN, message, help).at(key.span.clone()));
        }
    }
    found
}
