//! `plugins.catalog`: the Iceberg catalog that computes may mount.

use floe_plugin_api::AccessDelegation;

use crate::diagnostics::codes::{documents, manifest as codes};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::{self, Fields, Problems, Shape, wrong_word};
use crate::documents::names;
use crate::documents::secrets::{self, Reference};
use crate::documents::spanned::Spanned;
use crate::documents::yaml::{Entry, Kind, Node};

/// The catalog, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogSection {
    /// Where it stands.
    pub span: Span,
    /// Kind of catalog.
    pub catalog_type: Spanned<CatalogType>,
    /// Name under which computes mount it, where it is written.
    pub name: Option<Spanned<String>>,
    /// Base URI of the catalog's API.
    pub uri: SettingText,
    /// Warehouse to open.
    pub warehouse: SettingText,
    /// How to log in.
    pub login: CatalogLogin,
    /// Who gives the credentials for the table files; what the catalog offers when absent.
    pub access_delegation: Option<Spanned<AccessDelegation>>,
    /// Further settings, by key.
    pub options: Vec<Entry>,
}

/// A kind of catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogType {
    /// The Iceberg REST protocol; `polaris` is read as this.
    Rest,
}

/// How to log in to a catalog.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum CatalogLogin {
    /// No login.
    None,
    /// A bearer token.
    Token(SettingText),
    /// OAuth 2.0 client credentials.
    Oauth2 {
        /// Client id.
        client_id: SettingText,
        /// Client secret: always a reference.
        client_secret: SettingText,
        /// Scope to ask for.
        scope: Option<SettingText>,
        /// URL of the token endpoint.
        token_url: Option<SettingText>,
    },
}

/// A text, or a reference to one.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingText {
    /// As it is written.
    Text(Spanned<String>),
    /// To be looked up.
    Reference(Reference),
}

static CATALOG: Shape = Shape::closed("`plugins.catalog`", &["type", "name", "config"]);
static CONFIG: Shape = Shape::closed(
    "`config` of the catalog",
    &["uri", "warehouse", "oauth2", "token", "access_delegation_mode", "options"],
);
static OAUTH2: Shape = Shape::closed("`oauth2`", &["client_id", "client_secret", "scope", "token_url"]);

/// Reads the catalog. What a manifest with a parent says of it is a part: keys may be missing there, and then there is no
/// catalog yet.
pub(in crate::documents) fn read(node: Node, is_part: bool, problems: &mut Problems) -> Option<CatalogSection> {
    let mut fields = Fields::open(node, &CATALOG, problems)?;
    let span = fields.span.clone();
    let types = [("rest", CatalogType::Rest), ("polaris", CatalogType::Rest)];
    let has_type = fields.has("type");
    let catalog_type = fields.word("type", &types, problems);
    if !has_type && !is_part {
        let _ = fields.require("type", "type: rest", problems);
    }
    let name = fields.text("name", problems).map(|name| check_name(name, problems));
    let config = fields.require_unless(is_part, "config", "config: {uri: …, warehouse: …}", problems);
    let mut config = config.and_then(|entry| Fields::open(entry.value, &CONFIG, problems))?;
    let uri =
        config.require_unless(is_part, "uri", "uri: https://…", problems).and_then(|entry| setting(entry, problems));
    let warehouse = config.require_unless(is_part, "warehouse", "warehouse: NAME", problems);
    let warehouse = warehouse.and_then(|entry| setting(entry, problems));
    let login = read_login(&mut config, is_part, problems);
    let access_delegation =
        config.text("access_delegation_mode", problems).and_then(|word| delegation(&word, problems));
    let options = config.take("options").and_then(|entry| fields::mapping(entry, problems));
    Some(CatalogSection {
        span,
        catalog_type: catalog_type?,
        name,
        uri: uri?,
        warehouse: warehouse?,
        login: login?,
        access_delegation,
        options: options.map(|options| options.value).unwrap_or_default(),
    })
}

fn check_name(name: Spanned<String>, problems: &mut Problems) -> Spanned<String> {
    if names::is_name(&name) && name.contains('-') {
        problems.push(
            Diagnostic::error(
                &documents::BAD_NAME,
                format!("`{}` cannot be the name of a catalog: SQL would read `-` as minus", name.value),
                format!("write `{}`", name.replace('-', "_")),
            )
            .at(name.span.clone()),
        );
        return name;
    }
    names::check(name, "a catalog", problems)
}

fn read_login(config: &mut Fields, is_part: bool, problems: &mut Problems) -> Option<CatalogLogin> {
    let (oauth2, token) = (config.take("oauth2"), config.take("token"));
    match (oauth2, token) {
        (None, None) => Some(CatalogLogin::None),
        (Some(oauth2), Some(token)) => {
            problems.push(
                Diagnostic::error(
                    &codes::CATALOG_AUTH,
                    "the catalog has two logins, `oauth2` and `token`",
                    "keep one of them",
                )
                .labelled(token.key_span, "the second")
                .labelled(oauth2.key_span, "the first"),
            );
            None
        }
        (None, Some(token)) => secret(token, "CATALOG_TOKEN", problems).map(CatalogLogin::Token),
        (Some(oauth2), None) => {
            let mut fields = Fields::open(oauth2.value, &OAUTH2, problems)?;
            let id = fields.require_unless(is_part, "client_id", "client_id: NAME", problems);
            let id = id.and_then(|entry| setting(entry, problems));
            let example = "client_secret: {secret: {source: env, name: CATALOG_CLIENT_SECRET}}";
            let secret_entry = fields.require_unless(is_part, "client_secret", example, problems);
            let client_secret = secret_entry.and_then(|entry| secret(entry, "CATALOG_CLIENT_SECRET", problems));
            let scope = fields.take("scope").and_then(|entry| setting(entry, problems));
            let token_url = fields.take("token_url").and_then(|entry| setting(entry, problems));
            Some(CatalogLogin::Oauth2 { client_id: id?, client_secret: client_secret?, scope, token_url })
        }
    }
}

/// Text or a reference.
fn setting(entry: Entry, problems: &mut Problems) -> Option<SettingText> {
    match secrets::recognise(&entry.value) {
        Ok(Some(reference)) => Some(SettingText::Reference(reference)),
        Ok(None) => fields::text(entry, problems).map(SettingText::Text),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

/// A reference and nothing else.
fn secret(entry: Entry, variable: &str, problems: &mut Problems) -> Option<SettingText> {
    if let Kind::Str(_) | Kind::Int(_) | Kind::Float(_) = entry.value.kind {
        let schema = serde_json::json!({"properties": {(entry.key.as_str()): {"x-floe-secret": true}}});
        let span = entry.value.span.clone();
        let whole = Node { kind: Kind::Map(vec![entry.clone()]), span };
        if !secrets::refuse_literals(&whole, &schema, "catalog").is_empty() {
            problems.push(
                Diagnostic::error(
                    &documents::LITERAL_SECRET,
                    format!("`{}` of the catalog is a secret, and it is written out in plain text", entry.key),
                    format!(
                        "write `{}: {{secret: {{source: env, name: {variable}}}}}`, set that variable, and change the secret",
                        entry.key
                    ),
                )
                .at(entry.key_span),
            );
            return None;
        }
    }
    setting(entry, problems)
}

fn delegation(word: &Spanned<String>, problems: &mut Problems) -> Option<Spanned<AccessDelegation>> {
    let words = [
        ("vended_credentials", AccessDelegation::VendedCredentials),
        ("remote_signing", AccessDelegation::RemoteSigning),
        ("none", AccessDelegation::None),
    ];
    // The header of the Iceberg specification writes them with `-`.
    let plain = word.replace('-', "_");
    let found = words.iter().find(|(allowed, _)| *allowed == plain);
    if found.is_none() {
        problems.push(wrong_word("access_delegation_mode", word, words.iter().map(|(word, _)| *word)));
    }
    found.map(|(_, value)| Spanned::new(*value, word.span.clone()))
}
