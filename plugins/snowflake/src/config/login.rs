//! How dbt logs in: what `authenticator` and the keys beside it come to.

/// How dbt logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// User and password.
    Password,
    /// User and password, with a second factor that a person confirms.
    Mfa,
    /// A private key, with which a token is signed.
    KeyPair,
    /// An OAuth access token.
    Oauth,
    /// An OAuth refresh token with the client's id and secret, for which access tokens are got.
    OauthRefresh,
    /// An OAuth access token, which dbt takes as it is; the same as [`Login::Oauth`].
    Jwt,
    /// A programmatic access token.
    AccessToken,
    /// What the workload's platform says of it.
    WorkloadIdentity,
    /// A browser that dbt opens.
    ExternalBrowser,
    /// OAuth, in a browser that dbt opens.
    OauthAuthorizationCode,
    /// User and password at Okta.
    Okta,
}

/// The words of `authenticator`, as dbt-snowflake compares them: in small letters. The address of an Okta may stand in their
/// place.
pub(crate) const WORDS: [&str; 9] = [
    "snowflake",
    "username_password_mfa",
    "snowflake_jwt",
    "oauth",
    "jwt",
    "programmatic_access_token",
    "workload_identity",
    "externalbrowser",
    "oauth_authorization_code",
];

impl Login {
    /// By `authenticator`; `has_key` is whether a private key is set, `has_client` whether an OAuth client is. `None` for a
    /// word that is not known.
    pub fn of(authenticator: Option<&str>, has_key: bool, has_client: bool) -> Option<Self> {
        Some(match authenticator {
            None | Some("snowflake") if has_key => Self::KeyPair,
            None | Some("snowflake") => Self::Password,
            Some("username_password_mfa") => Self::Mfa,
            Some("snowflake_jwt") => Self::KeyPair,
            Some("oauth") if has_client => Self::OauthRefresh,
            Some("oauth") => Self::Oauth,
            Some("jwt") => Self::Jwt,
            Some("programmatic_access_token") => Self::AccessToken,
            Some("workload_identity") => Self::WorkloadIdentity,
            Some("externalbrowser") => Self::ExternalBrowser,
            Some("oauth_authorization_code") => Self::OauthAuthorizationCode,
            Some(url) if is_okta(url) => Self::Okta,
            Some(_) => return None,
        })
    }

    /// What it is, in a sentence: `a key pair`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Password => "a login by password",
            Self::Mfa => "`authenticator: username_password_mfa`",
            Self::KeyPair => "a login by key pair",
            Self::Oauth => "`authenticator: oauth`",
            Self::OauthRefresh => "`authenticator: oauth` with an OAuth client",
            Self::Jwt => "`authenticator: jwt`",
            Self::AccessToken => "`authenticator: programmatic_access_token`",
            Self::WorkloadIdentity => "`authenticator: workload_identity`",
            Self::ExternalBrowser => "`authenticator: externalbrowser`",
            Self::OauthAuthorizationCode => "`authenticator: oauth_authorization_code`",
            Self::Okta => "a login at Okta",
        }
    }

    /// Whether the credential itself says who the user is.
    pub const fn knows_the_user(self) -> bool {
        matches!(self, Self::Oauth | Self::OauthRefresh | Self::Jwt | Self::AccessToken | Self::WorkloadIdentity)
    }

    /// What proves who the user is, in messages.
    pub const fn keys(self) -> &'static str {
        match self {
            Self::Password | Self::Mfa | Self::Okta => "the password",
            Self::KeyPair => "the private key",
            Self::OauthRefresh => "the access token that was got for the refresh token",
            Self::Oauth | Self::Jwt => "the access token",
            Self::AccessToken => "the programmatic access token",
            Self::WorkloadIdentity => "the token of the workload",
            Self::ExternalBrowser | Self::OauthAuthorizationCode => "the login",
        }
    }
}

/// Whether a text is the address of an Okta, as the connector tells it from a word.
pub(crate) fn is_okta(text: &str) -> bool {
    text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) && text.len() > 8
}
