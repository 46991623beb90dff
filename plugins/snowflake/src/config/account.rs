//! Account identifiers, as dbt-snowflake and snowflake-connector-python read them.
//!
//! dbt-snowflake writes `-` for every `_` (`SnowflakeCredentials.__post_init__`). The connector then puts the identifier in
//! front of `.snowflakecomputing.com` (`construct_hostname`), and logs in to what stands before the first dot
//! (`parse_account`).

use std::fmt;

/// An account identifier, as the adapter sends it: `acme-shop`, `xy12345.eu-central-1.aws`, `acme-shop.privatelink`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(String);

/// What a text is, where it is no account identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAccount {
    /// An address of Snowflake, with the identifier that is in it where there is one.
    Address(Option<String>),
    /// Something with characters that no identifier has.
    Characters,
}

/// The ends of Snowflake's host names.
const SUFFIXES: [&str; 3] = [".snowflakecomputing.com", ".snowflakecomputing.cn", ".snowflakecomputing.mil"];

impl Account {
    /// Reads an identifier.
    ///
    /// # Errors
    /// What the text is instead.
    pub fn parse(text: &str) -> Result<Self, NoAccount> {
        let lower = text.to_ascii_lowercase();
        if lower.contains("://") || lower.contains('/') || SUFFIXES.iter().any(|suffix| lower.contains(suffix)) {
            return Err(NoAccount::Address(in_address(text)));
        }
        if !is_labels(text) {
            return Err(NoAccount::Characters);
        }
        Ok(Self(text.replace('_', "-")))
    }

    /// The host at which the account is reached.
    pub fn host(&self) -> String {
        let region = self.0.split('.').nth(1);
        let top =
            if region.is_some_and(|region| region.to_ascii_lowercase().starts_with("cn-")) { "cn" } else { "com" };
        format!("{self}.snowflakecomputing.{top}")
    }

    /// The host that dbt-snowflake asks for OAuth tokens, whatever `host` says: that of `_TOKEN_REQUEST_URL`.
    pub fn token_host(&self) -> String {
        format!("{self}.snowflakecomputing.com")
    }

    /// The account's name at the login: without region, cloud and `privatelink`.
    pub fn name(&self) -> &str {
        let (first, rest) = self.0.split_once('.').unwrap_or((&self.0, ""));
        match rest.split('.').next() {
            // The part behind the last hyphen is an id of its own there. (The connector cuts the last letter where there is none.)
            Some("global") => first.rsplit_once('-').map_or(first, |(account, _)| account),
            _ => first,
        }
    }

    /// The second label, where it looks like the name of an account in place of a region: `shop` of `acme.shop`. Regions
    /// have a hyphen in their names.
    pub fn doubtful_region(&self) -> Option<&str> {
        let second = self.0.split('.').nth(1)?;
        let known =
            second.contains('-') || ["privatelink", "global"].iter().any(|word| second.eq_ignore_ascii_case(word));
        (!known).then_some(second)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the connector accepts (`is_valid_account_identifier`).
fn is_labels(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
    };
    text.split('.').all(is_label)
}

/// The identifier in an address: of a host name, and of a page of Snowsight (`app.snowflake.com/acme/shop`).
fn in_address(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let mut parts = rest.split(['/', '?', '#']);
    let host = parts.next()?.split(':').next()?;
    let lower = host.to_ascii_lowercase();
    if lower.starts_with("app.snowflake.") || lower.starts_with("app.us-gov.snowflake.") {
        let (organization, account) = (parts.next()?, parts.next()?);
        let found = format!("{organization}-{account}");
        return (is_labels(&found) && !account.is_empty()).then_some(found);
    }
    let end = SUFFIXES.iter().find_map(|suffix| lower.strip_suffix(suffix))?.len();
    let found = host.get(..end)?;
    is_labels(found).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> (String, String) {
        let account = Account::parse(text).unwrap();
        (account.host(), account.name().to_owned())
    }

    /// The same as `construct_hostname` and `parse_account` of snowflake-connector-python 4.8.1 say for these.
    #[test]
    fn hosts_and_names_of_all_spellings() {
        for (text, host, name) in [
            ("acme-shop", "acme-shop.snowflakecomputing.com", "acme-shop"),
            ("acme-my_shop", "acme-my-shop.snowflakecomputing.com", "acme-my-shop"),
            ("ACME-SHOP", "ACME-SHOP.snowflakecomputing.com", "ACME-SHOP"),
            ("xy12345", "xy12345.snowflakecomputing.com", "xy12345"),
            ("xy12345.eu-central-1", "xy12345.eu-central-1.snowflakecomputing.com", "xy12345"),
            ("xy12345.eu-central-1.aws", "xy12345.eu-central-1.aws.snowflakecomputing.com", "xy12345"),
            ("xy12345.west-europe.azure", "xy12345.west-europe.azure.snowflakecomputing.com", "xy12345"),
            ("xy12345.cn-northwest-1.aws", "xy12345.cn-northwest-1.aws.snowflakecomputing.cn", "xy12345"),
            ("acme-shop.privatelink", "acme-shop.privatelink.snowflakecomputing.com", "acme-shop"),
            ("xy12345.eu-west-1.privatelink", "xy12345.eu-west-1.privatelink.snowflakecomputing.com", "xy12345"),
            ("acme-k7f2.global", "acme-k7f2.global.snowflakecomputing.com", "acme"),
        ] {
            assert_eq!(seen(text), (host.to_owned(), name.to_owned()), "{text}");
        }
    }

    #[test]
    fn addresses_are_no_identifiers_and_hold_one() {
        let found = |text: &str| Account::parse(text).unwrap_err();
        let address = |text: &str| NoAccount::Address(Some(text.to_owned()));
        assert_eq!(found("https://acme-shop.snowflakecomputing.com"), address("acme-shop"));
        assert_eq!(found("acme-shop.snowflakecomputing.com"), address("acme-shop"));
        assert_eq!(found("https://xy1.eu-central-1.aws.snowflakecomputing.com:443/"), address("xy1.eu-central-1.aws"));
        assert_eq!(found("xy1.cn-northwest-1.aws.snowflakecomputing.cn"), address("xy1.cn-northwest-1.aws"));
        assert_eq!(found("https://app.snowflake.com/acme/shop/#/homepage"), address("acme-shop"));
        assert_eq!(found("https://app.snowflake.com/"), NoAccount::Address(None));
        assert_eq!(found("acme/shop"), NoAccount::Address(None));
        for text in ["", "acme shop", "acme..shop", "acme-shop.", "käse", "acme@shop"] {
            assert_eq!(found(text), NoAccount::Characters, "{text}");
        }
    }

    #[test]
    fn a_dot_where_a_hyphen_belongs_is_noticed() {
        let doubtful = |text: &str| Account::parse(text).unwrap().doubtful_region().map(str::to_owned);
        assert_eq!(doubtful("acme.shop").as_deref(), Some("shop"));
        for text in ["acme-shop", "xy1.eu-central-1.aws", "acme-shop.privatelink", "acme-k7f2.global"] {
            assert_eq!(doubtful(text), None, "{text}");
        }
    }
}
