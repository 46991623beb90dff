//! Errors of Google's interfaces (<https://cloud.google.com/bigquery/docs/error-messages>,
//! <https://google.aip.dev/193>).

use floe_plugin_api::PluginError;
use floe_plugin_common::check::http::Answer;
use serde_json::Value;

use super::explain::failed;

/// The longest text of a server that is shown.
const LONGEST_TEXT: usize = 300;

/// An answer that is none of the good ones.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `accessDenied`, `notFound`, …; empty where there is none.
    pub reason: String,
    /// In words; empty where there are none.
    pub message: String,
    /// Whether the token's time is over, where Google says so (`google.api.ErrorReason`).
    pub is_expired: bool,
    /// Whether it is written as Google writes errors.
    is_google: bool,
}

impl ApiError {
    /// Reads an answer.
    pub(super) fn of(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let error = &body["error"];
        let reason = error["errors"][0]["reason"].as_str().or_else(|| error["status"].as_str());
        let mut details = error["details"].as_array().into_iter().flatten();
        Self {
            status: answer.status,
            reason: one_line(reason.unwrap_or_default()),
            message: one_line(error["message"].as_str().unwrap_or_default()),
            is_expired: details.any(|detail| detail["reason"] == "ACCESS_TOKEN_EXPIRED"),
            is_google: error.is_object(),
        }
    }

    /// Google's words behind a colon, where there are any.
    pub(super) fn said(&self) -> String {
        if self.message.is_empty() { String::new() } else { format!(": {}", self.message.trim_end_matches('.')) }
    }

    /// Whether its words hold one, whatever its case.
    pub(super) fn says(&self, word: &str) -> bool {
        self.message.to_ascii_lowercase().contains(word)
    }

    /// What any request may be refused with; `what` is what was asked for.
    pub(super) fn anyway(&self, at: &str, what: &str) -> PluginError {
        let said = self.said();
        if !self.is_google {
            return failed(
                "protocol",
                format!("{at} answers by HTTP, but not as Google does (status {})", self.status),
                "check `api_endpoint`, and whether a gateway stands between",
            );
        }
        match self.status {
            401 => failed(
                if self.is_expired { "expired" } else { "credential" },
                format!("{at} refuses the token{said}"),
                "check the credential that the settings refer to: the token's time is over, or it was revoked",
            ),
            403 if self.says("has not been used in project") || self.says("it is disabled") => failed(
                "api_disabled",
                format!("the interface is not enabled in the project{said}"),
                "have it enabled: `gcloud services enable bigquery.googleapis.com iamcredentials.googleapis.com`",
            ),
            403 if self.says("vpcservicecontrols") || self.says("organization's policy") => failed(
                "org_policy",
                format!("a policy of the organization forbids the request{said}"),
                "go by a network and an account that the perimeter (VPC Service Controls) lets in",
            ),
            403 if self.says("insufficient authentication scopes") || self.reason == "insufficientPermissions" => {
                failed(
                    "scopes",
                    format!("the token's scopes do not reach so far{said}"),
                    "leave `scopes` out, or add `https://www.googleapis.com/auth/bigquery`",
                )
            }
            403 if self.says("serviceusage") || self.reason == "USER_PROJECT_DENIED" => failed(
                "permission",
                format!("the user may not use the quota of the project{said}"),
                "have `roles/serviceusage.serviceUsageConsumer` granted on `quota_project`, or leave that out",
            ),
            403 if self.reason == "billingNotEnabled" => {
                failed("billing", format!("the project has no billing account{said}"), "have one linked to the project")
            }
            429 => self.too_many(at),
            403 if self.reason == "quotaExceeded" || self.reason == "rateLimitExceeded" => self.too_many(at),
            403 => failed(
                "permission",
                format!("{at} does not let the user see {what}{said}"),
                "have an administrator grant it",
            ),
            500..=599 => failed(
                "unavailable",
                format!("{at} answers with status {}{said}", self.status),
                "BigQuery is out of order for the moment: see Google Cloud's status page, and check again",
            ),
            status => failed(
                "http_status",
                format!("{at} does not tell {what}: HTTP status {status}{said}"),
                "see what it says; `dbt debug` shows whether dbt can work",
            ),
        }
    }

    fn too_many(&self, at: &str) -> PluginError {
        failed(
            "too_many_requests",
            format!("{at} takes no more requests for now{}", self.said()),
            "check again later, or have the quota raised",
        )
    }
}

/// A text of the server on one line, and not too much of it.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST_TEXT).collect()
}
