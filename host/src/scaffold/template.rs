//! The files of a new crate. `@WORD@` in them stands for a name.

use std::collections::BTreeMap;

use super::names::Names;
use super::plugin_api::Api;
use super::todos;

/// Each file by its place in the crate. Their names differ here where a tool would take them for its own.
const FILES: &[(&str, &str)] = &[
    (".github/workflows/ci.yml", include_str!("template/ci.yml")),
    (".gitignore", include_str!("template/gitignore")),
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("README.md", include_str!("template/README.md")),
    ("compliance.yaml", include_str!("template/compliance.yaml")),
    ("src/check.rs", include_str!("template/check.rs")),
    ("src/lib.rs", include_str!("template/lib.rs")),
    ("src/packages.rs", include_str!("template/packages.rs")),
    ("src/profile.rs", include_str!("template/profile.rs")),
    ("src/resources.rs", include_str!("template/resources.rs")),
    ("src/settings.rs", include_str!("template/settings.rs")),
    ("src/tests.rs", include_str!("template/tests.rs")),
    ("tests/compliance.rs", include_str!("template/compliance.rs")),
];

/// What the README says of the copy of floe-plugin-api.
const ABOUT_THE_COPY: &str = include_str!("template/api.md");

/// All files, by their place in the crate.
pub(super) fn expanded(names: &Names, api: &Api) -> BTreeMap<String, String> {
    let copied = api.is_copied();
    let words = [
        // The first two hold further words.
        ("@TODOS@", todos::listed(FILES)),
        ("@API@", if copied { ABOUT_THE_COPY.trim_end().to_owned() } else { String::new() }),
        ("@NAME@", names.name.clone()),
        ("@ENGINE@", names.engine.clone()),
        ("@ADAPTER@", names.dbt_adapter.clone()),
        ("@CRATE@", names.package.clone()),
        ("@LIBRARY@", names.library.clone()),
        ("@VARIABLE@", names.dbt_adapter.to_ascii_uppercase()),
        ("@HOST@", format!("{}.example", names.dbt_adapter.replace('_', "-"))),
        ("@REPOSITORY@", env!("CARGO_PKG_REPOSITORY").to_owned()),
        ("@VERSION@", env!("CARGO_PKG_VERSION").to_owned()),
        ("@EXCLUDE@", if copied { "exclude = [\"floe-plugin-api\"]".to_owned() } else { String::new() }),
        // What a user's path holds is not looked at again.
        ("@DEPENDENCY@", api.dependency()),
    ];
    let expand = |text: &str| words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value));
    let with_one_end = |text: String| format!("{}\n", text.trim_end());
    FILES.iter().map(|(path, text)| ((*path).to_owned(), with_one_end(expand(text)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaffold::{Ask, plugin_api};

    fn words_in(text: &str) -> Vec<&str> {
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
        text.split('@').skip(1).filter(is_word).collect()
    }

    #[test]
    fn no_word_is_left() {
        assert_eq!(words_in("uses: actions/checkout@v4, @NAME@"), ["NAME"]);
        let ask = Ask { name: "nimbus".to_owned(), engine: None, adapter: None, out: None, plugin_api: None };
        let names = Names::of(&ask).unwrap();
        for api in [plugin_api::source(None).unwrap(), Api::At("/checkout/plugin-api".into())] {
            for (path, text) in expanded(&names, &api) {
                assert!(words_in(&text).is_empty(), "{path}: {:?}", words_in(&text));
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            }
        }
    }
}
