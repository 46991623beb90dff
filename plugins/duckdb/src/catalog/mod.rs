//! The Iceberg REST catalog of the manifest, as DuckDB mounts it: one `CREATE SECRET` and one `ATTACH`, in the profile
//! for dbt ([`profile`]), as statements for whoever else opens DuckDB ([`sql`]).
//!
//! Options and their versions: <https://duckdb.org/docs/1.5/core_extensions/iceberg/iceberg_options.html>.

mod options;
mod profile;
mod sql;
mod version;

pub(crate) use profile::{builds_in_catalog, for_check, mount};
pub(crate) use sql::{Login, identifier, literal, statements};
pub(crate) use version::Version;

use floe_plugin_api::{AccessDelegation, CatalogAuth, CatalogConfig, PluginResult};
use floe_plugin_common::wrong;

use crate::rules::is_name;
pub(crate) use options::{CatalogOption, OptionValue};

/// What DuckDB loads to mount a catalog, in the order in which they need each other.
pub(crate) const EXTENSIONS: [&str; 3] = ["avro", "httpfs", "iceberg"];

/// A catalog that DuckDB can mount.
#[derive(Debug)]
pub(crate) struct Mount<'a> {
    /// The catalog.
    pub catalog: &'a CatalogConfig,
    /// Its options of `ATTACH`, in the manifest's order.
    pub options: Vec<CatalogOption<'a>>,
    /// Whether the catalog is asked for credentials for the table files.
    pub vends: bool,
}

impl<'a> Mount<'a> {
    /// Reads a catalog.
    ///
    /// # Errors
    /// A configuration error for what DuckDB cannot mount.
    pub(crate) fn of(catalog: &'a CatalogConfig) -> PluginResult<Self> {
        if catalog.catalog_type != "rest" {
            return Err(wrong(
                "catalog_type",
                format!("DuckDB mounts no catalog of type `{}`", catalog.catalog_type),
                "write `type: rest`: DuckDB speaks the Iceberg REST protocol",
            ));
        }
        if !is_name(&catalog.name) {
            return Err(wrong(
                "catalog_name",
                format!("`{}` cannot be the name of a database", catalog.name),
                "use letters, digits and `_`, and begin with a letter",
            ));
        }
        if catalog.warehouse.trim().is_empty() {
            return Err(wrong("catalog_warehouse", "the catalog's `warehouse` is empty", "name the warehouse to open"));
        }
        address("uri", &catalog.uri)?;
        no_nul(catalog)?;
        login(&catalog.auth)?;
        let vends = match catalog.access_delegation {
            None | Some(AccessDelegation::VendedCredentials) => true,
            Some(AccessDelegation::None) => false,
            Some(_) => {
                return Err(wrong(
                    "access_delegation_mode",
                    "DuckDB cannot let a catalog sign its requests to the storage",
                    "write `access_delegation_mode: vended_credentials`, or `none` with a secret of the compute's own for the storage",
                ));
            }
        };
        let options =
            catalog.options.iter().map(|(key, value)| CatalogOption::of(key, value)).collect::<PluginResult<_>>()?;
        Ok(Self { catalog, options, vends })
    }

    /// Name of DuckDB's secret that opens it.
    pub(crate) fn secret_name(&self) -> String {
        format!("floe_{}", self.catalog.name)
    }

    /// `vended_credentials` or `none`.
    pub(crate) const fn delegation(&self) -> &'static str {
        if self.vends { "vended_credentials" } else { "none" }
    }

    /// Address of the token endpoint.
    pub(crate) fn token_url(&self) -> String {
        match &self.catalog.auth {
            CatalogAuth::Oauth2 { token_url: Some(url), .. } => url.clone(),
            _ => format!("{}/v1/oauth/tokens", self.catalog.uri.trim_end_matches('/')),
        }
    }

    /// The settings of DuckDB's secret, in order; none where there is no login.
    pub(crate) fn login(&self) -> Vec<Login> {
        match &self.catalog.auth {
            CatalogAuth::Bearer { token } => vec![Login::new("token", token.expose())],
            CatalogAuth::Oauth2 { client_id, client_secret, scope, .. } => {
                let mut login = vec![
                    Login::new("client_id", client_id),
                    Login::new("client_secret", client_secret.expose()),
                    Login::new("oauth2_server_uri", &self.token_url()),
                ];
                login.extend(scope.as_deref().map(|scope| Login::new("oauth2_scope", scope)));
                login
            }
            _ => Vec::new(),
        }
    }
}

fn login(auth: &CatalogAuth) -> PluginResult<()> {
    match auth {
        CatalogAuth::Oauth2 { token_url: Some(url), .. } => address("oauth2.token_url", url),
        CatalogAuth::None | CatalogAuth::Bearer { .. } | CatalogAuth::Oauth2 { .. } => Ok(()),
        _ => Err(wrong(
            "catalog_auth",
            "the login of the catalog is one that this version of the DuckDB plugin does not know",
            "use `oauth2`, `token`, or neither; or install a newer version of the plugin",
        )),
    }
}

/// An address that curl takes; one that only dbt can read is taken as it is.
fn address(key: &str, url: &str) -> PluginResult<()> {
    if url.contains("{{") {
        return Ok(());
    }
    let bad = |why: &str| {
        let help = format!("write `{key}: https://<host>/<path>`");
        Err(wrong("catalog_address", format!("`{key}` of the catalog {why}"), help))
    };
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return bad("is no address of HTTP or HTTPS");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return bad("holds a user or a password; those belong below `oauth2`");
    }
    if authority.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\'' | '"')) {
        return bad("is no address of HTTP or HTTPS");
    }
    if rest.contains(['?', '#']) {
        return bad("has a query or a fragment, which catalogs do not take");
    }
    Ok(())
}

fn no_nul(catalog: &CatalogConfig) -> PluginResult<()> {
    let written = serde_json::to_value(catalog).unwrap_or_default();
    crate::rules::without_nul(&written)
}
