//! Bearer tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use floe_plugin_api::{PluginResult, Secret};

use super::explain;

/// A token that says itself that it has ended is not sent.
///
/// # Errors
/// Where it has.
pub(super) fn is_alive(token: &Secret, catalog: &str) -> PluginResult<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match expiry(token.expose()) {
        Some(end) if end <= now => Err(explain::error(
            "expired",
            format!("the token of the catalog `{catalog}` ended {} s ago", now - end),
            explain::NEW_TOKEN,
        )),
        _ => Ok(()),
    }
}

/// When a JSON Web Token says that it ends (`exp`, RFC 7519), in seconds since 1970-01-01T00:00:00Z; nothing for other
/// tokens. Nobody's signature is checked: that is the catalog's part.
fn expiry(token: &str) -> Option<u64> {
    let claims = token.split('.').nth(1)?.trim_end_matches('=');
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims.get("exp")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_that_say_so_end() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(expiry(&token(r#"{"exp":1700000000}"#)), Some(1_700_000_000));
        assert_eq!(expiry(&token("{}")), None);
        assert_eq!(expiry("opaque"), None);
        assert_eq!(expiry("a.b.c"), None);
    }
}
