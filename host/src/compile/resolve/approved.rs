//! Which computes may be chosen, and what is to be said of one that may not.

use floe_plugin_api::ErrorKind;

use crate::compile::product::Compute;
use crate::diagnostics::{Code, Diagnostic, meant_or_listed};
use crate::documents::Spanned;
use crate::documents::hierarchy::Chain;

/// The approved computes of a product.
#[derive(Clone, Copy)]
pub(super) struct Approved<'a> {
    pub(super) computes: &'a [Compute],
    /// The manifests that approve them; none where DuckDB alone is there, or where they cannot be read.
    pub(super) chain: Option<&'a Chain>,
    /// Whether a compute that is not among them is not approved: not so where a list could not be read in full.
    is_whole: bool,
}

impl<'a> Approved<'a> {
    /// The computes of manifests, if these can be read.
    pub(super) fn new(computes: &'a [Compute], chain: Option<&'a Chain>, is_readable: bool) -> Self {
        let is_partial = |chain: &Chain| chain.manifest.computes.as_ref().is_none_or(|computes| computes.is_partial);
        Self { computes, chain, is_whole: is_readable && !chain.is_some_and(is_partial) }
    }

    /// The approved compute with a name.
    pub(super) fn get(&self, name: &str) -> Option<&'a Compute> {
        self.computes.iter().find(|compute| compute.name == name)
    }

    /// What is to be said of a compute that is named somewhere: nothing, if it is approved, or if that it is not has been
    /// told where it should have been approved.
    pub(super) fn refuse(&self, name: &Spanned<String>, code: &'static Code, message: &str) -> Option<Diagnostic> {
        let is_told = self.chain.is_some_and(|chain| chain.told.contains(&name.value));
        if !self.is_whole || is_told || self.get(name).is_some() {
            return None;
        }
        let names = self.computes.iter().map(|compute| compute.name.as_str());
        let intro = match self.chain.map(|chain| chain.levels.as_slice()) {
            // With one manifest it is clear whose word it is.
            Some([_, .., last]) => format!("{} approves", last.described()),
            _ => "approved are".to_owned(),
        };
        let help = meant_or_listed(name, names, &intro);
        let problem = Diagnostic::error(code, message, help).at(name.span.clone()).of_kind(ErrorKind::InvalidCompute);
        Some(match self.chain {
            Some(chain) => chain.told_who_dropped(problem, name),
            None => problem,
        })
    }
}
