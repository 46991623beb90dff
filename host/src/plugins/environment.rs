//! The environment of a worker: cleared, save a short list and what the plugin's record asks for.

use std::ffi::OsString;

/// Variables that every plugin sees, besides those that begin with `LC_`.
///
/// Who the user is and where their files are; language and time zone; how to reach the network and whom to trust there.
/// Credentials are not among them.
pub const BASE_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TZDIR",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// The variables of this process that a plugin sees.
pub(super) fn visible(asked: &[String]) -> impl Iterator<Item = (OsString, OsString)> + '_ {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| is_visible(name, asked)))
}

fn is_visible(name: &str, asked: &[String]) -> bool {
    BASE_VARIABLES.contains(&name) || name.starts_with("LC_") || asked.iter().any(|wanted| wanted == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_unless_asked_for() {
        assert!(is_visible("PATH", &[]) && is_visible("LC_ALL", &[]) && is_visible("https_proxy", &[]));
        assert!(!is_visible("AWS_SECRET_ACCESS_KEY", &[]) && !is_visible("LD_PRELOAD", &[]));
        assert!(is_visible("NIMBUS_HOME", &["NIMBUS_HOME".to_owned()]));
    }
}
