//! Keys that belong to a way of logging in.

use floe_plugin_api::PluginResult;

use crate::errors::wrong;

/// A key of the settings, whether it is written, and the methods that read it.
pub type OwnKey<'a, M> = (&'a str, bool, &'a [M]);

/// Refuses the first key that the chosen method does not read: dbt would pass it over, and the user would wonder. `name`
/// gives a method as manifests write it.
///
/// # Errors
/// A configuration error with the reason `key_of_another_method`.
pub fn refuse_foreign_keys<M: Copy + PartialEq>(
    method: M,
    name: impl Fn(M) -> &'static str,
    keys: &[OwnKey<'_, M>],
) -> PluginResult<()> {
    let Some((key, _, methods)) = keys.iter().find(|(_, written, methods)| *written && !methods.contains(&method))
    else {
        return Ok(());
    };
    let methods: Vec<_> = methods.iter().map(|method| format!("`method: {}`", name(*method))).collect();
    Err(wrong(
        "key_of_another_method",
        format!("`{key}` is written, but `method: {}` does not read it", name(method)),
        format!("remove `{key}`, or write {}", methods.join(" or ")),
    ))
}

/// Refuses to do without a key that the chosen method needs; each with whether it is written.
///
/// # Errors
/// A configuration error with the reason `missing_setting`, for the first that is missing.
pub fn require_keys(method: &str, keys: &[(&str, bool)]) -> PluginResult<()> {
    match keys.iter().find(|(_, written)| !written) {
        None => Ok(()),
        Some((key, _)) => Err(missing_key(method, key, &format!("write `{key}`, or choose another `method`"))),
    }
}

/// A key that the chosen method needs and that is not there, with what to do about it.
pub fn missing_key(method: &str, key: &str, help: &str) -> floe_plugin_api::PluginError {
    wrong("missing_setting", format!("`method: {method}` needs `{key}`"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq)]
    enum Method {
        Password,
        Token,
    }

    fn name(method: Method) -> &'static str {
        match method {
            Method::Password => "password",
            Method::Token => "token",
        }
    }

    #[test]
    fn a_key_of_another_method_is_refused_and_one_that_is_needed_asked_for() {
        let keys = [("user", true, &[Method::Password, Method::Token][..]), ("token", true, &[Method::Token][..])];
        assert!(refuse_foreign_keys(Method::Token, name, &keys).is_ok());
        let error = refuse_foreign_keys(Method::Password, name, &keys).unwrap_err();
        assert_eq!(error.message, "`token` is written, but `method: password` does not read it");
        assert_eq!(error.help.as_deref(), Some("remove `token`, or write `method: token`"));
        let error = require_keys("token", &[("user", true), ("token", false)]).unwrap_err();
        assert_eq!(error.message, "`method: token` needs `token`");
    }
}
