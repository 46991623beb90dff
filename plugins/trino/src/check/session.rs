//! The headers of a request: what dbt-trino sends, by trino-python-client (`TrinoRequest.http_headers`).

use std::collections::BTreeMap;

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::check::http::{HeaderMap, HeaderName, HeaderValue, basic};
use floe_plugin_common::wrong;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::config::{Method, Settings};

/// How dbt-trino 1.11 names itself; resource groups may choose by it.
const SOURCE: &str = "dbt-trino-1.11.0";

/// What trino-python-client says that it can read.
const CAPABILITIES: &str = "NUMBER,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION";

/// What Python's `urllib.parse.quote` leaves as it is.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

/// The session: what the next request says of it. The server may change it with an answer.
#[derive(Clone)]
pub(super) struct Session {
    user: Option<String>,
    catalog: String,
    schema: String,
    timezone: Option<String>,
    roles: BTreeMap<String, String>,
    properties: BTreeMap<String, String>,
    tags: String,
    client_info: String,
    further: Vec<(String, Secret)>,
    authorization: Option<Secret>,
}

impl Session {
    /// The session of the settings; a check tells its id as the client's information.
    ///
    /// # Errors
    /// Where a setting cannot stand in a header.
    pub(super) fn of(settings: &Settings, correlation_id: &str) -> PluginResult<Self> {
        let authorization = match (settings.method(), &settings.user, &settings.password, &settings.jwt_token) {
            (Method::Ldap, Some(user), Some(password), _) => Some(Secret::new(basic(user, password.expose()))),
            (Method::Jwt, _, _, Some(token)) => Some(Secret::new(format!("Bearer {}", token.expose()))),
            _ => None,
        };
        let session = Self {
            user: settings.session_user().map(str::to_owned),
            catalog: settings.database.clone(),
            schema: settings.schema.clone(),
            timezone: settings.timezone.clone(),
            roles: settings
                .roles
                .iter()
                .flatten()
                .map(|(catalog, role)| (catalog.clone(), written_role(role)))
                .collect(),
            properties: settings
                .session_properties
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.to_text().into_owned()))
                .collect(),
            tags: settings.client_tags.as_deref().unwrap_or_default().join(","),
            client_info: format!("floe health {correlation_id}"),
            further: settings
                .http_headers
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), Secret::new(value.as_str())))
                .collect(),
            authorization,
        };
        session.headers()?;
        Ok(session)
    }

    /// The headers of a statement.
    ///
    /// # Errors
    /// Where a setting cannot stand in a header.
    pub(super) fn headers(&self) -> PluginResult<HeaderMap> {
        let mut headers = self.public_headers()?;
        let pairs = |map: &BTreeMap<String, String>| {
            let pairs = map.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUOTED)));
            pairs.collect::<Vec<_>>().join(",")
        };
        let own = [
            ("x-trino-user", self.user.clone().unwrap_or_default()),
            ("x-trino-source", SOURCE.to_owned()),
            ("x-trino-catalog", self.catalog.clone()),
            ("x-trino-schema", self.schema.clone()),
            ("x-trino-time-zone", self.timezone.clone().unwrap_or_default()),
            ("x-trino-role", pairs(&self.roles)),
            ("x-trino-session", pairs(&self.properties)),
            ("x-trino-client-tags", self.tags.clone()),
            ("x-trino-client-info", self.client_info.clone()),
            ("x-trino-client-capabilities", CAPABILITIES.to_owned()),
            ("x-trino-transaction-id", "NONE".to_owned()),
            ("content-type", "text/plain; charset=utf-8".to_owned()),
        ];
        for (name, value) in own {
            if !value.is_empty() && !headers.contains_key(name) {
                headers.insert(HeaderName::from_static(name), written(name, &value)?);
            }
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(HeaderName::from_static("authorization"), written("authorization", authorization.expose())?);
        }
        Ok(headers)
    }

    /// The headers of a request that logs nobody in: the user's own, which a router on the way may want.
    ///
    /// # Errors
    /// Where one of them cannot be sent.
    pub(super) fn public_headers(&self) -> PluginResult<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.further {
            let known = HeaderName::from_bytes(name.as_bytes());
            let header = known.map_err(|_| {
                wrong(
                    "http_headers",
                    format!("`http_headers` holds {name:?}, which is no name of a header"),
                    "write the header's name alone",
                )
            })?;
            headers.insert(header, written(name, value.expose())?);
        }
        Ok(headers)
    }

    /// Takes over what an answer says of the session (`X-Trino-Set-Catalog` and its like), for the next statement.
    pub(super) fn update(&mut self, answer: &HeaderMap) {
        let texts = |name: &str| {
            answer.get_all(name).iter().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect::<Vec<_>>()
        };
        let last = |name: &str| texts(name).pop();
        let pairs = |name: &str| {
            let all = texts(name).join(",");
            let pairs = all.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs
                .map(|(name, value)| {
                    (name.to_owned(), percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
                })
                .collect::<Vec<_>>()
        };
        if let Some(catalog) = last("x-trino-set-catalog") {
            self.catalog = catalog;
        }
        if let Some(schema) = last("x-trino-set-schema") {
            self.schema = schema;
        }
        for name in texts("x-trino-clear-session") {
            self.properties.remove(name.trim());
        }
        self.properties.extend(pairs("x-trino-set-session"));
        self.roles.extend(pairs("x-trino-set-role"));
    }
}

/// A role as Trino reads it: `ROLE{analyst}`, `NONE`, `ALL`.
fn written_role(role: &str) -> String {
    match role {
        "NONE" | "ALL" => role.to_owned(),
        role if role.starts_with("ROLE{") && role.ends_with('}') => role.to_owned(),
        role => format!("ROLE{{{role}}}"),
    }
}

/// A header's value. The text is not shown: it may be a secret.
fn written(name: &str, value: &str) -> PluginResult<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
        wrong(
            "line_break",
            format!("what stands in the header `{name}` cannot be sent"),
            "remove line breaks and control characters from it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_values_are_written_as_python_writes_them() {
        assert_eq!(["NONE", "ALL", "admin", "ROLE{x}"].map(written_role), ["NONE", "ALL", "ROLE{admin}", "ROLE{x}"]);
        let quoted = |text: &str| utf8_percent_encode(text, QUOTED).to_string();
        assert_eq!(quoted("ROLE{a b}/~_.-,=ü"), "ROLE%7Ba%20b%7D/~_.-%2C%3D%C3%BC");
    }
}
