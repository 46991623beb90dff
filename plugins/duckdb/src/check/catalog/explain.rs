//! Words of DuckDB's `iceberg` extension and of the catalog, turned into what happened and what to do.

use floe_plugin_api::{CatalogAuth, ErrorKind, PluginError};

use crate::catalog::Mount;

/// How to mend a bearer token.
pub(super) const NEW_TOKEN: &str =
    "get a new token, and put it where `token` refers to; `oauth2` renews its tokens by itself";

/// Where it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// At the token endpoint.
    Login,
    /// At the configuration of the warehouse.
    Attach,
    /// At the list of namespaces.
    List,
}

impl At {
    fn place(self, mount: &Mount<'_>) -> String {
        match self {
            Self::Login => format!("the token endpoint {} of the catalog `{}`", mount.token_url(), mount.catalog.name),
            Self::Attach | Self::List => format!("the catalog `{}` at {}", mount.catalog.name, mount.catalog.uri),
        }
    }
}

/// A statement failed.
pub(super) fn failed(at: At, words: &str, mount: &Mount<'_>) -> PluginError {
    let place = at.place(mount);
    let is = |part: &str| words.contains(part);
    if is("Could not resolve hostname") {
        return error(
            "dns",
            format!("the host of {place} is not known here"),
            "check the address, and the DNS of this machine",
        );
    }
    if is("Timeout was reached") {
        let mut late = error(
            "deadline",
            format!("{place} does not answer in time"),
            "see whether it is up, and whether this machine may reach it",
        );
        late.kind = ErrorKind::Timeout;
        return late;
    }
    if is("Could not connect to server") {
        return error(
            "refused",
            format!("nothing listens at {place}, or a firewall is in between"),
            "start the catalog, or correct its `uri`",
        );
    }
    if is("SSL connect error") {
        return error(
            "tls_not_spoken",
            format!("{place} does not speak TLS, or not with this machine"),
            "write `http://` where it is plain, and check its certificate and protocol versions",
        );
    }
    if is("SSL peer certificate") || is("certificate") {
        return error(
            "tls_untrusted",
            format!("the certificate of {place} is not trusted"),
            "name the file of its certificate authority in `settings.ca_cert_file`, or install it on this machine",
        );
    }
    match status(words) {
        Some(401 | 403 | 400) if at == At::Login => error(
            "credential",
            format!("{place} refuses the client id or secret: {}", short(words)),
            "check `oauth2.client_id`, the secret that `oauth2.client_secret` refers to, and `oauth2.scope`",
        ),
        Some(404 | 405) if at == At::Login => error(
            "token_protocol",
            format!("{place} is no token endpoint"),
            "set `oauth2.token_url` to the address of the one that the catalog trusts",
        ),
        Some(status) => by_status(status, Some(words), mount),
        None => error("unavailable", format!("{place} cannot be used: {}", short(words)), "see the log of the catalog"),
    }
}

/// The list of namespaces was refused; DuckDB's word for it: `Unauthorized_401`.
pub(super) fn listing(word: &str, mount: &Mount<'_>) -> PluginError {
    match status(word) {
        Some(status) => by_status(status, None, mount),
        None => error(
            "unavailable",
            format!("{} does not list its namespaces: {word}", At::List.place(mount)),
            "see the log of the catalog",
        ),
    }
}

fn by_status(status: u16, words: Option<&str>, mount: &Mount<'_>) -> PluginError {
    let place = At::List.place(mount);
    let warehouse = &mount.catalog.warehouse;
    let said = words.map_or_else(String::new, |words| format!(": {}", short(words)));
    match status {
        401 | 403 if matches!(mount.catalog.auth, CatalogAuth::None) => {
            error("credential", format!("{place} wants a login"), "add `oauth2` or `token` to the catalog's `config`")
        }
        401 if matches!(mount.catalog.auth, CatalogAuth::Bearer { .. }) => {
            error("credential", format!("{place} refuses the token: it is wrong, has ended, or was revoked"), NEW_TOKEN)
        }
        401 => error(
            "credential",
            format!("{place} refuses the token that its token endpoint gave{said}"),
            "see whether `oauth2.token_url` is the endpoint that this catalog trusts",
        ),
        403 => error(
            "permission",
            format!("{place} does not let this login list the namespaces of warehouse `{warehouse}`{said}"),
            "grant it the right to list and read there",
        ),
        400 | 404 => error(
            "no_such_warehouse",
            format!("{place} has no warehouse `{warehouse}`{said}"),
            "correct `warehouse`, or create it; and check the path in `uri`",
        ),
        _ => error(
            "unavailable",
            format!("{place} answers with HTTP status {status}{said}"),
            "see the log of the catalog",
        ),
    }
}

/// The storage refuses vended credentials.
pub(super) fn refused_storage(prefix: &str, words: &str, mount: &Mount<'_>) -> PluginError {
    let ended = ["InvalidAccessKeyId", "ExpiredToken", "TokenRefreshRequired"].iter().any(|code| words.contains(code));
    if ended {
        return expired(&format!("the storage does not know the vended credentials for `{prefix}`, or no longer"));
    }
    match status(words) {
        Some(403) => error(
            "permission",
            format!("the vended credentials do not open `{prefix}`: {}", short(words)),
            "ask the catalog for credentials of that table",
        ),
        _ => error(
            "catalog_storage",
            format!("the storage of the catalog `{}` cannot be read: {}", mount.catalog.name, short(words)),
            "see whether this machine reaches the storage",
        ),
    }
}

/// Credentials have ended.
pub(super) fn expired(message: &str) -> PluginError {
    error("expired", message, "ask the catalog for new ones")
}

/// The first line of DuckDB's words, without the kind of the error before it.
pub(super) fn short(words: &str) -> &str {
    let line = words.lines().next().unwrap_or_default();
    let kinds = ["HTTP Error: ", "IO Error: ", "Invalid Configuration Error: ", "Invalid Input Error: "];
    kinds.iter().find_map(|kind| line.strip_prefix(kind)).unwrap_or(line).trim()
}

/// The HTTP status in DuckDB's words: `Unauthorized_401`, `(HTTP 403 Forbidden)`.
fn status(words: &str) -> Option<u16> {
    let number = |text: &str| {
        text.get(..3).and_then(|digits| digits.parse::<u16>().ok()).filter(|code| (300..600).contains(code))
    };
    let after_name = words.match_indices('_').find_map(|(at, _)| number(&words[at + 1..]));
    after_name.or_else(|| words.split("HTTP ").skip(1).find_map(number))
}

/// A failure of the connection to the catalog.
pub(super) fn error(reason: &str, message: impl Into<String>, help: &str) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_found_in_duckdbs_words() {
        for (words, found) in [
            ("OAuth2 token request failed (Unauthorized_401): invalid_client - no", Some(401)),
            ("Could not get token from http://h/x: HTTP NotFound_404 - ", Some(404)),
            ("HTTP Error: HTTP GET error reading 's3://w' in region 'r' (HTTP 403 Forbidden)", Some(403)),
            ("NotFound_404", Some(404)),
            ("nothing of the kind, at port_1234x", None),
        ] {
            assert_eq!(status(words), found, "{words}");
        }
    }
}
