//! Databricks' REST interface, as somebody who has logged in.

use std::sync::Arc;

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::http::{Answer, Client, HeaderMap, HeaderName, HeaderValue};
use floe_plugin_common::wrong;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::login::Credential;
use super::refusal::Refusal;
use crate::config::Login;

/// One part of a path (RFC 3986, `unreserved`).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The REST interface of a workspace.
pub(super) struct Api {
    client: Arc<Client>,
    at: String,
    workspace: Option<String>,
    headers: HeaderMap,
}

impl Api {
    /// Nobody has logged in yet.
    pub(super) fn new(client: Arc<Client>, at: String, workspace: Option<String>) -> Self {
        Self { client, at, workspace, headers: HeaderMap::new() }
    }

    /// The connection.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Where it is: `` `dbc.example` port 443 ``.
    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// The headers of a request.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Lets every request carry a credential, as databricks-sdk's do.
    ///
    /// # Errors
    /// Where it cannot stand in a header.
    pub(super) fn carry(&mut self, credential: &Credential) -> PluginResult<()> {
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {}", credential.token.expose());
        headers.insert(HeaderName::from_static("authorization"), written(&bearer)?);
        if let Some(management) = &credential.management {
            let name = HeaderName::from_static("x-databricks-azure-sp-management-token");
            headers.insert(name, written(management.expose())?);
        }
        if let Some(workspace) = &self.workspace {
            headers.insert(HeaderName::from_static("x-databricks-org-id"), written(workspace)?);
        }
        self.headers = headers;
        Ok(())
    }

    /// Asks for a resource; `Err` is what Databricks refuses it with.
    ///
    /// # Errors
    /// As the connection says, and where something else than Databricks answers.
    pub(super) fn get(&self, path: &str) -> PluginResult<Result<Value, Refusal>> {
        let answer = self.client.get(path, &self.headers)?;
        read(&answer, &self.at)
    }

    /// Asks as whom Databricks sees the token.
    ///
    /// # Errors
    /// Where it does not take the token.
    pub(super) fn who(&self, login: Login, run: &mut Run) -> PluginResult<()> {
        match self.get("/api/2.0/preview/scim/v2/Me")? {
            Ok(me) => {
                run.details.user = me["userName"].as_str().map(|name| name.chars().take(200).collect());
                Ok(())
            }
            // Who may only run SQL is told nothing here, and needs nothing of it.
            Err(refusal) if refusal.is_about_entitlement() => {
                run.note(
                    Warning::new(
                        "user_unknown",
                        "Databricks does not tell this user who it is, since it has no access to the workspace's own pages",
                    )
                    .with_help("nothing, where the user needs SQL alone"),
                );
                Ok(())
            }
            Err(refusal) => Err(refusal.of_login(&self.at, login)),
        }
    }
}

/// A part of a path, as one.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The body of an answer, or why it is refused.
fn read(answer: &Answer, at: &str) -> PluginResult<Result<Value, Refusal>> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    match (answer.status, body) {
        (200, Some(body)) if body.is_object() => Ok(Ok(body)),
        (200, _) => Err(Refusal::of(answer).no_databricks(at)),
        _ => Ok(Err(Refusal::of(answer))),
    }
}

/// A header's value. The text is not shown: it may be a secret.
fn written(text: &str) -> PluginResult<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        wrong(
            "line_break",
            "the credential holds a character that no HTTP header can carry",
            "write it on one line; a file that holds a token must end without a line break",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
