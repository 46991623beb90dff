//! Account identifiers that are none.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{is_expression, wrong};

use crate::config::{Account, NoAccount};

/// Checks an account identifier.
///
/// # Errors
/// A configuration error with what to write in its place.
pub(super) fn verify(text: &str) -> PluginResult<()> {
    if is_expression(text) {
        return Ok(());
    }
    let general = "write `<organization>-<account>`, as Snowsight shows it below `Account details`; or the older locator with \
                   region and cloud: `xy12345.eu-central-1.aws`";
    match Account::parse(text) {
        Ok(_) => Ok(()),
        Err(NoAccount::Address(found)) => Err(wrong(
            "account",
            format!(
                "`account` is {text:?}, which is an address and no account identifier: dbt makes the address itself"
            ),
            found.map_or_else(|| general.to_owned(), |found| format!("write `account: {found}`")),
        )),
        Err(NoAccount::Characters) => Err(wrong(
            "account",
            format!(
                "`account` is {text:?}, which is no account identifier: letters, digits, `-`, `_` and dots between make one"
            ),
            general,
        )),
    }
}
