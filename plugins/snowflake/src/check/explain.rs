//! Snowflake's words, turned into what happened and what to do.
//!
//! The codes: 390100, 390144 and 394300 to 394306 are `CREDENTIAL_REJECTION_GS_CODES` of snowflake-connector-python 4.8
//! (`network.py`), 390303 and 390318 stand beside them, and 390104, 390112 are those of sessions there. 394400 is
//! that of programmatic access tokens, by the tests of Snowflake's Go driver; 390201 is in a public report of a driver; 390189 and 390422 no source confirms that could be read here. So the words of an answer
//! count as well, also for newer credentials, whose codes are not written down anywhere.

use floe_plugin_api::{ErrorKind, PluginError};

use super::Context;
use super::session::Fault;
use crate::config::Login;

/// An error of the connection.
pub(super) fn failed(reason: &str, message: String, help: impl Into<String>) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
}

fn after_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", words.trim_end_matches('.')) }
}

/// Whether a login failed for its credential, so that another token may do.
pub(super) fn is_credential(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused { code, message } if Refused::of(code, message).is_credential())
}

/// What a refused login means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    Credential,
    Expired,
    WrongKey,
    Clock,
    Role,
    Object,
    Network,
    Disabled,
    Unknown,
}

impl Refused {
    fn of(code: &str, message: &str) -> Self {
        match code {
            "390100" | "390144" | "390303" | "394300" | "394305" | "394306" | "394400" => return Self::Credential,
            "390318" => return Self::Expired,
            "394304" => return Self::WrongKey,
            "394301" | "394302" | "394303" => return Self::Clock,
            "390189" => return Self::Role,
            "390201" => return Self::Object,
            "390422" => return Self::Network,
            _ => {}
        }
        let words = message.to_ascii_lowercase();
        let says = |all: &[&str]| all.iter().all(|word| words.contains(word));
        if says(&["not allowed to access snowflake"]) {
            Self::Network
        } else if says(&["role", "is not granted to this user"]) {
            Self::Role
        } else if says(&["token", "expired"]) {
            Self::Expired
        } else if says(&["token", "invalid"]) || says(&["incorrect username or password"]) {
            Self::Credential
        } else if says(&["user", "locked"]) || says(&["user", "disabled"]) {
            Self::Disabled
        } else {
            Self::Unknown
        }
    }

    fn is_credential(self) -> bool {
        matches!(self, Self::Credential | Self::Expired | Self::WrongKey | Self::Clock)
    }
}

/// Why a login failed.
pub(super) fn login(fault: Fault, context: &Context<'_>, fingerprint: Option<&str>) -> PluginError {
    match fault {
        Fault::Refused { code, message } => refused(&code, &message, context, fingerprint),
        Fault::Wants(action) if action == "PWD_CHANGE" => failed(
            "credential",
            format!("{} wants {} to change the password first", context.at, context.user()),
            "log in once at Snowflake's own pages; a user of the type `SERVICE` with a key pair has no password that ends",
        ),
        Fault::Wants(action) => failed(
            "mfa",
            format!(
                "{} wants a second factor of {} ({action}), which nobody confirms during a run",
                context.at,
                context.user()
            ),
            "log in by key pair or programmatic access token; `authenticator: username_password_mfa` has a person confirm it",
        ),
        other => anyway(other, context),
    }
}

fn refused(code: &str, message: &str, context: &Context<'_>, fingerprint: Option<&str>) -> PluginError {
    let (at, settings) = (context.at.as_str(), context.settings);
    let said = after_colon(message);
    let login = settings.login();
    match (Refused::of(code, message), login) {
        (Refused::WrongKey, _) => failed(
            "credential",
            format!("{at} knows another public key of {} than that of the private key{said}", context.user()),
            format!(
                "the private key has the fingerprint {}; compare `RSA_PUBLIC_KEY_FP` of `DESCRIBE USER`, and set the public key \
                 by `ALTER USER … SET RSA_PUBLIC_KEY`",
                fingerprint.unwrap_or_default()
            ),
        ),
        (Refused::Clock, _) => failed(
            "credential",
            format!("{at} refuses the time of the token that the key signs, which is good for a minute from now{said}"),
            "set the clock of this machine: it is off, or the token was long on its way",
        ),
        (Refused::Credential, Login::KeyPair) => failed(
            "credential",
            format!("{at} refuses the token that the private key signs{said}"),
            format!(
                "check `account` and `user`, and that the user has this public key: the private key has the fingerprint {}, \
                 which `DESCRIBE USER` shows as `RSA_PUBLIC_KEY_FP`; `ALTER USER … SET RSA_PUBLIC_KEY` sets it",
                fingerprint.unwrap_or_default()
            ),
        ),
        (Refused::Expired, login) => {
            failed("expired", format!("{at} refuses the token, which has expired{said}"), renewed(login))
        }
        (Refused::Credential, login) => failed(
            "credential",
            match &settings.user {
                // A token says itself who the user is.
                Some(user) if !login.knows_the_user() => {
                    format!("{at} refuses {} of user `{user}`{said}", login.keys())
                }
                _ => format!("{at} refuses {}{said}", login.keys()),
            },
            match login {
                Login::Password => {
                    "check `user` and `password`; some wrong ones in a row lock a user for a while, and each \
                                    check counts"
                }
                other => renewed(other),
            },
        ),
        (Refused::Role, _) => failed(
            "permission",
            format!("{at} does not let {} have {}{said}", context.user(), role(context)),
            "have an administrator run `GRANT ROLE … TO USER …`, or check `role`",
        ),
        (Refused::Object, _) => failed(
            "permission",
            format!("{at} does not let {} use what the settings name{said}", context.user()),
            "check `warehouse`, `database`, `schema` and `role`",
        ),
        (Refused::Network, _) => failed(
            "network_policy",
            format!("{at} lets nobody in from the address of this machine{said}"),
            "have an administrator add the address to the network policy of the account or user, or go by a private link or \
             proxy that it names",
        ),
        (Refused::Disabled, _) => failed(
            "credential",
            format!("{at} does not let {} in{said}", context.user()),
            "have an administrator look at the user (`DESCRIBE USER`): it is locked or disabled",
        ),
        (Refused::Unknown, _) => failed(
            "login",
            format!("{at} refuses the login of {} with code {code}{said}", context.user()),
            "the words are Snowflake's own; `dbt debug` will fail in the same way",
        ),
    }
}

fn renewed(login: Login) -> &'static str {
    match login {
        Login::OauthRefresh => {
            "the token is a new one, so see the security integration of the OAuth client: its roles that are blocked, and whether it is \
             enabled"
        }
        Login::AccessToken => {
            "make a new programmatic access token (`ALTER USER … ADD PROGRAMMATIC ACCESS TOKEN`), and put it where `token` \
             refers to; it may also have been removed or disabled"
        }
        Login::WorkloadIdentity => {
            "check the token of the workload: its issuer, subject and audience must be those of the user's `WORKLOAD_IDENTITY`"
        }
        _ => {
            "get a new access token, and put it where `token` refers to; they last for minutes: with `oauth_client_id`, \
             `oauth_client_secret` and a refresh token dbt gets them itself"
        }
    }
}

fn role(context: &Context<'_>) -> String {
    context.settings.role.as_ref().map_or_else(|| "its default role".to_owned(), |role| format!("the role `{role}`"))
}

/// Why a statement failed.
pub(super) fn statement(fault: Fault, context: &Context<'_>) -> PluginError {
    let Fault::Refused { code, message } = &fault else { return anyway(fault, context) };
    let said = after_colon(message);
    match code.as_str() {
        // `Object does not exist, or operation cannot be performed`, `Insufficient privileges`.
        "002043" | "002003" | "003001" => failed(
            "permission",
            format!("{} does not let {} see what dbt needs{said}", context.at, context.user()),
            "have an administrator grant it to the role, or check `role`",
        ),
        "390104" | "390112" => failed(
            "session",
            format!("{} has ended the session that was opened a moment before{said}", context.at),
            "check again; where it stays, something between changes the requests",
        ),
        code => PluginError::new(
            ErrorKind::Query,
            format!("{} fails on a simple statement, with code {code}{said}", context.at),
        )
        .with_reason("query")
        .with_help("the words are Snowflake's own; `dbt debug` may fail in the same way"),
    }
}

/// What any request may fail with.
fn anyway(fault: Fault, context: &Context<'_>) -> PluginError {
    let at = context.at.as_str();
    match fault {
        Fault::Said(error) => error,
        Fault::Status(answer) => match answer.status {
            status @ (403 | 404) => failed(
                "no_such_account",
                format!("{at} answers with status {status}: it knows no account `{}`", context.account),
                "check `account`: organization and account name, or the locator with its region and cloud; behind a private \
                 link it ends with `.privatelink`",
            ),
            300..=399 => failed(
                "redirected",
                format!("{at} sends clients elsewhere (status {})", answer.status),
                "check `account`, and `host` where it is set: Snowflake itself does not do that",
            ),
            429 => failed(
                "too_many_requests",
                format!("{at} takes no more requests for now (status 429)"),
                "check again later; less `threads` ask less",
            ),
            status @ 500..=599 => failed(
                "unavailable",
                format!("{at} answers with status {status}: Snowflake is not available there now"),
                "check again later, and see Snowflake's status page for the region",
            ),
            status => failed(
                "http_status",
                format!("{at} answers with status {status}, and not as Snowflake does"),
                "check `account`, and `host` and `port` where they are set",
            ),
        },
        Fault::NotSnowflake | Fault::Wants(_) | Fault::Refused { .. } => failed(
            "protocol",
            format!("{at} answers by HTTP, but not as Snowflake does"),
            "check `account`, and `host` and `port` where they are set: another service, or the login page of a gateway, answers there",
        ),
    }
}
