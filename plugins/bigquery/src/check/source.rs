//! Where tokens come from, by the settings and by what the machine has.

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::check::address::Address;

use super::{Context, Stop, adc, key_file};
use crate::config::{Method, ServiceAccountKey, Settings, TokenEndpoint};

/// Google's token exchange, for federated identities.
const STS: &str = "sts.googleapis.com";

/// Google's service for tokens of service accounts.
const IAM_CREDENTIALS: &str = "iamcredentials.googleapis.com";

/// The scopes of dbt-bigquery, where the settings name none.
const SCOPES: [&str; 4] = [
    "https://www.googleapis.com/auth/bigquery",
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/drive",
    "https://www.googleapis.com/auth/userinfo.email",
];

/// What gets a token.
#[derive(Debug)]
pub(super) enum Origin {
    /// One that is there.
    Given(Secret),
    /// The key of a service account.
    ServiceAccount(ServiceAccountKey),
    /// A refresh token.
    Refresh(RefreshToken),
    /// A token of another identity provider.
    Federated(Federation),
    /// The metadata server of Google Cloud.
    Metadata(Address),
}

/// A refresh token with its client.
#[derive(Debug)]
pub(super) struct RefreshToken {
    pub client_id: String,
    pub client_secret: Secret,
    pub token: Secret,
    pub token_uri: Address,
}

/// Workload identity federation.
#[derive(Debug)]
pub(super) struct Federation {
    /// Where the other provider's token comes from.
    pub subject: Subject,
    /// What kind of token that is.
    pub subject_token_type: String,
    /// Resource name of the provider.
    pub audience: String,
    /// Where it is exchanged.
    pub exchange: Address,
}

/// Where the token of another identity provider comes from.
#[derive(Debug)]
pub(super) enum Subject {
    /// A file, which the provider keeps fresh; JSON with the token under a name, where one is given.
    File { path: String, field: Option<String> },
    /// An address that gives it to whoever asks on this machine.
    Url { address: Address, query: String, headers: Vec<(String, Secret)>, field: Option<String> },
    /// A token server, which is sent a form.
    Server(TokenEndpoint),
}

/// Where tokens come from.
#[derive(Debug)]
pub(super) struct Source {
    /// What gets the first one.
    pub origin: Origin,
    /// Service accounts whose token is then got by the one before.
    pub impersonated: Vec<Address>,
    /// What tokens are asked for.
    pub scopes: Vec<String>,
    quota_project: Option<String>,
}

impl Source {
    /// The source, by the settings and this machine.
    ///
    /// # Errors
    /// Where there is none, or it is one that a check does not know.
    pub(super) fn of(context: &Context<'_>) -> Result<Self, Stop> {
        let settings = context.settings;
        let mut source = match settings.method() {
            Method::Oauth => adc::find(context)?,
            Method::OauthSecrets => Self::from(of_secrets(settings)?),
            Method::ServiceAccount => {
                let path = settings.keyfile.as_deref().unwrap_or_default();
                Self::from(Origin::ServiceAccount(key_file::read(context.project_dir, path)?))
            }
            Method::ServiceAccountJson => {
                Self::from(settings.keyfile_json.clone().map_or_else(nothing, Origin::ServiceAccount))
            }
            Method::ExternalOauthWif => {
                let mut source = Self::from(of_federation(settings));
                if let Some(url) = &settings.service_account_impersonation_url {
                    source.impersonated.push(Address::parse("service_account_impersonation_url", url)?);
                }
                source
            }
        };
        if let Some(account) = &settings.impersonate_service_account {
            let mut address = Address::https(IAM_CREDENTIALS, 443);
            address.path = format!("/v1/projects/-/serviceAccounts/{account}:generateAccessToken");
            source.impersonated.push(address);
        }
        source.scopes = match &settings.scopes {
            Some(scopes) => scopes.clone(),
            None => SCOPES.map(str::to_owned).to_vec(),
        };
        Ok(source)
    }

    /// As the credential names it.
    pub(super) fn with_quota_project(mut self, project: Option<String>) -> Self {
        self.quota_project = project;
        self
    }

    /// The project whose quota the credential names.
    pub(super) fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }
}

impl From<Origin> for Source {
    fn from(origin: Origin) -> Self {
        Self { origin, impersonated: Vec::new(), scopes: Vec::new(), quota_project: None }
    }
}

/// What the rules have refused before.
fn nothing() -> Origin {
    Origin::Given(Secret::new(""))
}

fn of_secrets(settings: &Settings) -> PluginResult<Origin> {
    // A token that is written is used before one is asked for; it says nothing of its end.
    if let Some(token) = &settings.token {
        return Ok(Origin::Given(token.clone()));
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let secret = |secret: &Option<Secret>| secret.clone().unwrap_or_else(|| Secret::new(""));
    Ok(Origin::Refresh(RefreshToken {
        client_id: text(&settings.client_id),
        client_secret: secret(&settings.client_secret),
        token: secret(&settings.refresh_token),
        token_uri: Address::parse("token_uri", &text(&settings.token_uri))?,
    }))
}

fn of_federation(settings: &Settings) -> Origin {
    let Some(endpoint) = settings.token_endpoint.clone() else { return nothing() };
    let mut exchange = Address::https(STS, 443);
    "/v1/token".clone_into(&mut exchange.path);
    Origin::Federated(Federation {
        subject: Subject::Server(endpoint),
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt".to_owned(),
        audience: settings.workload_pool_provider_path.clone().unwrap_or_default(),
        exchange,
    })
}
