//! What a new plugin and its crate are called.

use serde::Serialize;

use super::Ask;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::scaffold::NAME_UNUSABLE;
use crate::documents::names::{MAX_LENGTH, is_name};

/// Longest name of an engine: it stands on one line of the sources.
const LONGEST_ENGINE: usize = 40;

/// The names of a new plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Names {
    /// The plugin, as manifests write it: `nimbus`.
    pub name: String,
    /// The engine, as people call it: `Nimbus`.
    pub engine: String,
    /// The `type` of its dbt adapter: `nimbus`.
    pub dbt_adapter: String,
    /// The crate: `floe-plugin-nimbus`.
    pub package: String,
    /// Its library: `floe_plugin_nimbus`.
    pub library: String,
}

impl Names {
    /// The names that were asked for, and those that follow from them.
    ///
    /// # Errors
    /// [`NAME_UNUSABLE`] for each that cannot be.
    pub(super) fn of(ask: &Ask) -> Result<Self, Vec<Diagnostic>> {
        let name = &ask.name;
        // `a--b_` would be a crate that rustc warns of.
        let words: Vec<&str> = name.split(['-', '_']).filter(|word| !word.is_empty()).collect();
        let names = Self {
            name: name.clone(),
            engine: ask.engine.clone().unwrap_or_else(|| engine_of(&words)),
            dbt_adapter: ask.adapter.clone().unwrap_or_else(|| words.join("_")),
            package: format!("floe-plugin-{}", words.join("-")),
            library: format!("floe_plugin_{}", words.join("_")),
        };
        let mut problems = Vec::new();
        if !is_name(name) || words == ["api"] {
            problems.push(wrong(
                format!("`{name}` cannot be the name of a plugin"),
                if words == ["api"] {
                    "`floe-plugin-api` is the crate that every plugin depends on; name the plugin as its engine".to_owned()
                } else {
                    format!("a lowercase letter, then lowercase letters, digits, `_` and `-`, at most {MAX_LENGTH} characters")
                },
            ));
        }
        // What follows from a wrong name is not told besides.
        if ask.adapter.is_some() && !is_adapter(&names.dbt_adapter) {
            problems.push(wrong(
                format!("`{}` cannot be the type of a dbt adapter", names.dbt_adapter),
                "write the `type:` of its profiles: lowercase letters, digits and `_`",
            ));
        }
        if ask.engine.is_some() && !is_engine(&names.engine) {
            problems.push(wrong(
                format!("`{}` cannot be the name of an engine", names.engine),
                format!("letters, digits, blanks and `. + - _ & ( ) / ,`, at most {LONGEST_ENGINE} characters"),
            ));
        }
        if problems.is_empty() { Ok(names) } else { Err(problems) }
    }
}

fn wrong(message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&NAME_UNUSABLE, message, help)
}

/// The words of the name, cut as an engine that is given must be.
fn engine_of(words: &[&str]) -> String {
    let engine = words.iter().map(|word| capital(word)).collect::<Vec<_>>().join(" ");
    engine.chars().take(LONGEST_ENGINE).collect::<String>().trim_end().to_owned()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn is_adapter(text: &str) -> bool {
    is_name(text) && !text.contains('-') && !text.ends_with('_')
}

/// Nothing that would end a string, a comment or a table in one of the files.
fn is_engine(text: &str) -> bool {
    !text.trim().is_empty()
        && text.trim() == text
        && text.chars().count() <= LONGEST_ENGINE
        && text.chars().all(|c| c.is_alphanumeric() || " .+-_&()/,".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str) -> Ask {
        Ask { name: name.to_owned(), engine: None, adapter: None, out: None, plugin_api: None }
    }

    #[test]
    fn all_names_follow_from_one() {
        let names = Names::of(&ask("nimbus-cloud__2_")).unwrap();
        assert_eq!((names.engine.as_str(), names.dbt_adapter.as_str()), ("Nimbus Cloud 2", "nimbus_cloud_2"));
        assert_eq!(
            (names.package.as_str(), names.library.as_str()),
            ("floe-plugin-nimbus-cloud-2", "floe_plugin_nimbus_cloud_2")
        );
    }

    #[test]
    fn what_would_break_a_file_is_no_name() {
        for engine in ["", " ", "a\"b", "a\\b", "a\nb", "`a`", "@NAME@", "{x}", " a", &"a".repeat(41)] {
            let ask = Ask { engine: Some(engine.to_owned()), ..ask("nimbus") };
            assert!(Names::of(&ask).is_err(), "{engine:?}");
        }
        for adapter in ["", "Nimbus", "dbt-nimbus", "nimbus_", "9", "a b"] {
            let ask = Ask { adapter: Some(adapter.to_owned()), ..ask("nimbus") };
            assert!(Names::of(&ask).is_err(), "{adapter:?}");
        }
        let fine =
            Ask {
                engine: Some("Größe & Söhne (2.0)".to_owned()), adapter: Some("sql_server".to_owned()), ..ask("n")
            };
        assert!(Names::of(&fine).is_ok());
    }
}
