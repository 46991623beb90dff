//! Every code that a diagnostic can carry: one file a range, one entry a code.
//!
//! | range | about |
//! |---|---|
//! | F01xx | reading documents: YAML, keys, types |
//! | F02xx | manifest |
//! | F03xx | spec |
//! | F04xx | compiling: settings against the plugin's schema, profiles, artifacts |
//! | F05xx | plugins: search, inspection, trust |
//! | F06xx | plugins: worker and answers |
//! | F07xx | live checks |
//! | F08xx | running: Python environments, dbt's graph, steps |
//! | F09xx | this machine: files, environment; from F0910 on: `floe init`; F0920 on: `floe plugin new`; F0930 on: `floe plugin test` |

pub mod compile;
pub mod conformance;
pub mod documents;
pub mod health;
pub mod init;
pub mod machine;
pub mod manifest;
pub mod plugins;
pub mod python;
pub mod run;
pub mod scaffold;
pub mod spec;
pub mod worker;

/// A code: its id never changes its meaning.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// `F` and four digits.
    pub id: &'static str,
    /// What sort of thing it is, in a few words.
    pub title: &'static str,
    /// For `floe explain`: what causes it, an example, how to mend it. Markdown.
    pub explanation: &'static str,
}

/// Declares the codes of one range and the list of them.
macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] pub static $name: $crate::diagnostics::Code = $crate::diagnostics::Code {
            id: $id, title: $title, explanation: $explanation,
        };)*
        /// The codes of this range, in order.
        pub static ALL: &[&$crate::diagnostics::Code] = &[$(&$name),*];
    };
}
use codes;

/// Every code, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        documents::ALL,
        manifest::ALL,
        spec::ALL,
        compile::ALL,
        plugins::ALL,
        worker::ALL,
        health::ALL,
        python::ALL,
        run::ALL,
        machine::ALL,
        init::ALL,
        scaffold::ALL,
        conformance::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The code with an id, in any case.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_order() {
        let ids: Vec<_> = all().map(|code| code.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
    }

    #[test]
    fn every_code_is_explained() {
        for code in all() {
            assert!(code.explanation.len() > 80, "{} needs an explanation", code.id);
        }
    }
}
