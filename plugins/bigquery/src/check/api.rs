//! BigQuery's REST interface (<https://cloud.google.com/bigquery/docs/reference/rest>), as far as a check uses it.

use std::sync::Arc;

use floe_plugin_api::{PluginError, PluginResult, Secret};
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::{Client, HeaderMap, HeaderValue};
use floe_plugin_common::wrong;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::api_error::ApiError;
use super::explain::failed;
use super::grant::bearer;
use super::probe;
use crate::config::{Method, Settings};

/// What a segment of a path holds as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The interface of one project.
pub(super) struct Api<'a> {
    client: Arc<Client>,
    at: String,
    settings: &'a Settings,
    quota_project: Option<&'a str>,
}

/// What is known of a dataset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Dataset {
    /// It is there.
    There {
        /// Where: `EU`.
        location: String,
    },
    /// It is not.
    Missing,
}

impl<'a> Api<'a> {
    /// Over a connection; `quota_project` is the credential's.
    pub(super) fn new(
        client: Arc<Client>,
        address: &Address,
        settings: &'a Settings,
        quota_project: Option<&'a str>,
    ) -> Self {
        let quota_project = settings.quota_project.as_deref().or(quota_project);
        Self { client, at: address.at(), settings, quota_project }
    }

    fn headers(&self, token: &Secret) -> PluginResult<HeaderMap> {
        let mut headers = bearer(token)?;
        if let Some(project) = self.quota_project {
            let value = HeaderValue::from_str(project).map_err(|_| {
                wrong("quota_project", "the quota project is no name of a project", "check `quota_project`")
            })?;
            headers.insert("x-goog-user-project", value);
        }
        Ok(headers)
    }

    /// Has a statement looked at and not run: who asks, where BigQuery says it.
    ///
    /// # Errors
    /// Why dbt cannot run statements in the project.
    pub(super) fn dry_run(&self, token: &Secret) -> PluginResult<Option<String>> {
        let project = self.settings.execution_project();
        let body = probe::dry_run(project, self.settings.location.as_deref());
        let mut headers = self.headers(token)?;
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let path = format!("/bigquery/v2/projects/{}/jobs", segment(project));
        let answer = self.client.post(&path, &headers, body.to_string().as_bytes())?;
        if answer.status == 200 {
            let job: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if job["configuration"]["dryRun"] == true {
                return Ok(job["user_email"].as_str().map(str::to_owned));
            }
            return Err(failed(
                "protocol",
                format!("{} answers to a dry run with what is no dry run", self.at),
                "check `api_endpoint`: this is not BigQuery",
            ));
        }
        Err(self.not_run(&ApiError::of(&answer)))
    }

    fn not_run(&self, error: &ApiError) -> PluginError {
        let (project, said) = (self.settings.execution_project(), error.said());
        let location = self.settings.location.as_deref();
        match error.status {
            401 if error.is_expired => failed(
                "expired",
                format!("{} refuses the token, whose time is over{said}", self.at),
                self.credential_help(),
            ),
            401 => failed("credential", format!("{} refuses the token{said}", self.at), self.credential_help()),
            400 | 404 if location.is_some() && error.says("location") => failed(
                "location",
                format!("BigQuery runs no statements in the location `{}`{said}", location.unwrap_or_default()),
                "check `location`: `US`, `EU`, or a region such as `europe-west3`",
            ),
            400 | 404 if error.says("project") => self.no_project(project, &said),
            403 if error.reason == "accessDenied" => failed(
                "permission",
                format!("the user may not run statements in the project `{project}`{said}"),
                "have `roles/bigquery.jobUser` granted on the project, or set `execution_project` to one where the user has it",
            ),
            _ => error.anyway(&self.at, "whether it would run a statement"),
        }
    }

    fn no_project(&self, project: &str, said: &str) -> PluginError {
        let key = if project == self.settings.project() { "project" } else { "execution_project" };
        failed(
            "no_such_project",
            format!("there is no project `{project}` with BigQuery{said}"),
            format!("check `{key}`: it wants the project's id, not its name"),
        )
    }

    fn credential_help(&self) -> &'static str {
        match self.settings.method() {
            Method::OauthSecrets if self.settings.refresh_token.is_none() => {
                "an access token ends within an hour, or was revoked: put a new one where `token` refers to, or add a refresh token"
            }
            Method::OauthSecrets => {
                "the token's time is over, or it was revoked: put a new one where `token` refers to, or remove it"
            }
            _ => "the token that was granted is not taken here: check `api_endpoint`, and the clock of this machine",
        }
    }

    /// Looks at the dataset.
    ///
    /// # Errors
    /// Why dbt cannot use it; not that it is missing.
    pub(super) fn dataset(&self, token: &Secret) -> PluginResult<Dataset> {
        let (project, dataset) = (self.settings.project(), self.settings.dataset());
        let path = format!("/bigquery/v2/projects/{}/datasets/{}", segment(project), segment(dataset));
        let answer = self.client.get(&path, &self.headers(token)?)?;
        if answer.status == 200 {
            let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let location = found["location"].as_str().unwrap_or_default().to_owned();
            return match self.settings.location.as_deref() {
                Some(asked) if !location.is_empty() && !asked.eq_ignore_ascii_case(&location) => Err(failed(
                    "location",
                    format!(
                        "the dataset `{project}`.`{dataset}` is in `{location}`, and statements run in `{asked}`: they do not see it"
                    ),
                    format!("write `location: {location}`, or choose another `dataset`"),
                )),
                _ => Ok(Dataset::There { location }),
            };
        }
        let error = ApiError::of(&answer);
        match error.status {
            404 if error.says("project") && !error.says("dataset") => Err(self.no_project(project, &error.said())),
            404 if error.reason == "notFound" => Ok(Dataset::Missing),
            403 if error.reason == "accessDenied" => Err(failed(
                "permission",
                format!("the user may not see the dataset `{project}`.`{dataset}`{}", error.said()),
                "have `roles/bigquery.dataEditor` granted on the dataset, or `roles/bigquery.user` on the project",
            )),
            _ => Err(error.anyway(&self.at, "whether the dataset is there")),
        }
    }
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}
