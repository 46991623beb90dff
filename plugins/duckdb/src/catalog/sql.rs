//! SQL that mounts a catalog. Every text goes through [`literal`] or [`identifier`], so that none leaves its place.

use floe_plugin_api::{CatalogAuth, PluginResult, Secret};
use floe_plugin_common::wrong;

use super::options::{CatalogOption, OptionValue};
use super::version::Version;
use super::{EXTENSIONS, Mount};
use crate::config::Settings;

/// A setting of the secret that opens a catalog.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Its name, as DuckDB calls it.
    pub name: &'static str,
    /// Its value, whether it is one to hide or not.
    pub value: Secret,
}

impl Login {
    pub(crate) fn new(name: &'static str, value: &str) -> Self {
        Self { name, value: Secret::new(value) }
    }
}

/// Text as SQL's `'…'`.
///
/// A dbt expression in it is written with double quotes: its value is put in its place, each `'` of it doubled, by
/// whoever runs the statement.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(&before.replace('\'', "''"));
        if let Some((name, length)) = expression(from) {
            out.push_str("{{ env_var(\"");
            out.push_str(name);
            out.push_str("\") }}");
            rest = &from[length..];
        } else {
            out.push_str("{{");
            rest = &from[2..];
        }
    }
    out.push_str(&rest.replace('\'', "''"));
    out.push('\'');
    out
}

/// The variable of the `{{ env_var('NAME') }}` that a text begins with, and the expression's length in bytes.
fn expression(text: &str) -> Option<(&str, usize)> {
    let end = text.find("}}")?;
    let call = text[2..end].trim().strip_prefix("env_var")?.trim_start().strip_prefix('(')?.strip_suffix(')')?.trim();
    let name =
        [('\'', '\''), ('"', '"')].iter().find_map(|(open, close)| call.strip_prefix(*open)?.strip_suffix(*close))?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, end + 2))
}

/// A name as SQL's `"…"`.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Mount<'_> {
    /// The statement that makes the secret; none where there is no login.
    pub(crate) fn create_secret(&self) -> Option<String> {
        let login = self.login();
        let settings =
            login.iter().map(|entry| format!("{} {}", entry.name.to_uppercase(), literal(entry.value.expose())));
        let options: Vec<String> = std::iter::once("TYPE iceberg".to_owned()).chain(settings).collect();
        let name = identifier(&self.secret_name());
        (!login.is_empty()).then(|| format!("CREATE OR REPLACE SECRET {name} ({})", options.join(", ")))
    }

    /// The statement that attaches the catalog; `more` are options besides its own, or in the place of some.
    ///
    /// # Errors
    /// A configuration error for an option that this version does not know.
    pub(crate) fn attach(&self, version: Version, more: &[CatalogOption<'_>]) -> PluginResult<String> {
        let mut options =
            vec!["TYPE iceberg".to_owned(), format!("{} {}", version.address_option(), literal(&self.catalog.uri))];
        options.push(match &self.catalog.auth {
            CatalogAuth::None => "AUTHORIZATION_TYPE 'none'".to_owned(),
            _ => format!("SECRET {}", identifier(&self.secret_name())),
        });
        options.push(format!("ACCESS_DELEGATION_MODE '{}'", self.delegation()));
        let own = self.options.iter().filter(|own| more.iter().all(|option| option.name != own.name));
        for option in own.chain(more) {
            if option.is_new && !version.has_compatibility_options() {
                return Err(wrong(
                    "catalog_option",
                    format!("`options.{}` of the catalog came with DuckDB 1.5.4", option.name),
                    "remove it, or use DuckDB 1.5.4 or newer",
                ));
            }
            options.push(format!("{} {}", option.name.to_uppercase(), option.value.sql()));
        }
        let (warehouse, name) = (literal(&self.catalog.warehouse), identifier(&self.catalog.name));
        Ok(format!("ATTACH IF NOT EXISTS {warehouse} AS {name} ({})", options.join(", ")))
    }

    /// The option that this catalog needs besides its own, where the version knows it.
    pub(crate) fn unstaged(&self, version: Version) -> Option<CatalogOption<'static>> {
        let unstaged = CatalogOption::unstaged();
        let is_set = self.options.iter().any(|option| option.name == unstaged.name);
        (version.has_compatibility_options() && !is_set).then_some(unstaged)
    }
}

impl OptionValue<'_> {
    fn sql(self) -> String {
        match self {
            Self::Text(text) => literal(text),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// All statements that mount a catalog in a DuckDB that is just opened, in order.
///
/// # Errors
/// A configuration error for what that DuckDB cannot mount.
pub(crate) fn statements(settings: &Settings, mount: &Mount<'_>, engine: Option<&str>) -> PluginResult<Vec<String>> {
    let version = Version::of(engine)?;
    let mut statements = Vec::new();
    let places = settings.start_options().into_iter().chain(settings.engine_settings());
    for (name, value) in places.filter(|(name, _)| PLACES.iter().any(|place| place.eq_ignore_ascii_case(name))) {
        statements.push(format!("SET {} = {}", name.to_lowercase(), literal(&value.to_text())));
    }
    for extension in EXTENSIONS {
        statements.push(format!("INSTALL {extension}"));
        statements.push(format!("LOAD {extension}"));
    }
    statements.extend(mount.create_secret());
    statements.push(mount.attach(version, mount.unstaged(version).as_slice())?);
    Ok(statements)
}

/// Where DuckDB finds extensions.
const PLACES: [&str; 2] = ["extension_directory", "custom_extension_repository"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_keeps_what_is_in_it() {
        for (text, sql) in [
            ("plain", "'plain'"),
            ("it's", "'it''s'"),
            ("'; DROP TABLE x; --", "'''; DROP TABLE x; --'"),
            ("\\'", "'\\'''"),
            ("{{ env_var('A_1') }}/v1", "'{{ env_var(\"A_1\") }}/v1'"),
            ("{{env_var(\"A\")}}", "'{{ env_var(\"A\") }}'"),
            // What is no plain variable stays text, quoted as such.
            ("{{ env_var('A', 'it') }}", "'{{ env_var(''A'', ''it'') }}'"),
            ("{{ env_var('A') }}'{{ x }}", "'{{ env_var(\"A\") }}''{{ x }}'"),
            ("{{ env_var('A') || '' }}", "'{{ env_var(''A'') || '''' }}'"),
            ("{{", "'{{'"),
        ] {
            assert_eq!(literal(text), sql);
        }
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
