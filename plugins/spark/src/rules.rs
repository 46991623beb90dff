//! What must hold between settings and a JSON Schema cannot say.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{OwnKey, is_expression, missing_key, refuse_foreign_keys, refuse_literals, wrong};
use serde_json::{Map, Value};

use crate::config::{ANSI, Method, Settings, text_of};

/// Checks the settings.
///
/// # Errors
/// [`floe_plugin_api::ErrorKind::Configuration`] for the first rule that is broken.
pub(crate) fn verify(settings: &Settings) -> PluginResult<Method> {
    let Some(method) = settings.method() else {
        return Err(wrong(
            "method",
            format!("`method` is {:?}, which is none of thrift, http, odbc and session", settings.method),
            "write one of these words; a dbt expression cannot stand here, since the method decides which Python packages \
             dbt needs",
        ));
    };
    only_its_own(settings, method)?;
    ansi(settings)?;
    match method {
        Method::Thrift => thrift(settings)?,
        Method::Http => http(settings)?,
        Method::Odbc => odbc(settings)?,
        Method::Session => {}
    }
    Ok(method)
}

/// Refuses keys that the adapter does not read with this method.
fn only_its_own(settings: &Settings, method: Method) -> PluginResult<()> {
    use Method::{Http, Odbc, Thrift};
    let keys: [OwnKey<'_, Method>; 15] = [
        ("host", settings.host.is_some(), &[Thrift, Http, Odbc]),
        ("port", settings.port.is_some(), &[Thrift, Http, Odbc]),
        ("user", settings.user.is_some(), &[Thrift]),
        ("password", settings.password.is_some(), &[Thrift]),
        ("token", settings.token.is_some(), &[Http, Odbc]),
        ("auth", settings.auth.is_some(), &[Thrift]),
        ("kerberos_service_name", settings.kerberos_service_name.is_some(), &[Thrift]),
        ("use_ssl", settings.use_ssl.is_some(), &[Thrift]),
        ("cluster", settings.cluster.is_some(), &[Http, Odbc]),
        ("endpoint", settings.endpoint.is_some(), &[Odbc]),
        ("organization", settings.organization.is_some(), &[Http, Odbc]),
        ("driver", settings.driver.is_some(), &[Odbc]),
        ("connection_string_suffix", settings.connection_string_suffix.is_some(), &[Odbc]),
        ("query_retries", settings.query_retries.is_some(), &[Thrift, Http]),
        ("poll_interval", settings.poll_interval.is_some(), &[Thrift, Http]),
    ];
    refuse_foreign_keys(method, Method::as_str, &keys).map_err(|error| match method {
        Odbc if settings.user.is_some() || settings.password.is_some() => {
            error.with_help("remove it; an ODBC driver reads `UID=` and `PWD=` in `connection_string_suffix`")
        }
        _ => error,
    })
}

/// What dbt-spark sets over the user's setting.
fn ansi(settings: &Settings) -> PluginResult<()> {
    let value = settings.server_side_parameters.as_ref().and_then(|map| map.get(ANSI)).map(text_of);
    match value {
        Some(value) if !value.eq_ignore_ascii_case("false") && !is_expression(&value) => Err(wrong(
            "ansi",
            format!("`server_side_parameters.{ANSI}` is {value:?}, but dbt-spark turns it off in every session"),
            "remove it; a model can turn it on for itself in a hook",
        )),
        _ => Ok(()),
    }
}

fn needs(method: Method, key: &str, given: bool, help: &str) -> PluginResult<()> {
    if given {
        return Ok(());
    }
    Err(missing_key(method.as_str(), key, help))
}

fn thrift(settings: &Settings) -> PluginResult<()> {
    needs(Method::Thrift, "host", settings.host.is_some(), "set the host name of the Spark Thrift Server")?;
    needs(
        Method::Thrift,
        "port",
        settings.port.is_some(),
        "set the server's `hive.server2.thrift.port`: 10000 where nothing else is set; dbt-spark would take 443",
    )?;
    let Some(auth) = settings.auth() else { return Ok(()) };
    if !["NONE", "NOSASL", "LDAP", "CUSTOM", "KERBEROS"].contains(&auth) {
        return Err(wrong(
            "auth",
            format!("`auth` is {auth:?}, which dbt-spark does not know"),
            "write the server's `hive.server2.authentication`: NONE, NOSASL, LDAP, CUSTOM or KERBEROS",
        ));
    }
    let kerberos = auth == "KERBEROS";
    if !kerberos {
        needs(Method::Thrift, "user", settings.user.is_some(), "set the user that dbt works as")?;
    }
    if kerberos != settings.kerberos_service_name.is_some() {
        return Err(if kerberos {
            wrong(
                "kerberos_service_name",
                "`auth: KERBEROS` needs `kerberos_service_name`, which is not set",
                "set the part before `/` of the server's principal, such as `hive`",
            )
        } else {
            wrong(
                "kerberos_service_name",
                format!("`kerberos_service_name` is set, but `auth` is {auth}: dbt's driver refuses that"),
                "set `auth: KERBEROS`, or remove `kerberos_service_name`",
            )
        });
    }
    let by_password = matches!(auth, "LDAP" | "CUSTOM");
    match (by_password, settings.password.is_some()) {
        (true, false) => Err(wrong(
            "password",
            format!("`auth: {auth}` needs `password`, which is not set"),
            "refer to it: `password: {secret: {source: env, name: …}}`",
        )),
        (false, true) => Err(wrong(
            "password",
            format!("`password` is set, but `auth` is {auth}: dbt's driver refuses that"),
            "set `auth` to LDAP or CUSTOM, as the server has it, or remove `password`",
        )),
        _ => Ok(()),
    }
}

fn http(settings: &Settings) -> PluginResult<()> {
    needs(Method::Http, "host", settings.host.is_some(), "set the host name of the Databricks workspace")?;
    needs(Method::Http, "cluster", settings.cluster.is_some(), "set the id of the Databricks cluster")?;
    needs(Method::Http, "token", settings.token.is_some(), "refer to an access token: `token: {secret: {…}}`")
}

fn odbc(settings: &Settings) -> PluginResult<()> {
    needs(Method::Odbc, "host", settings.host.is_some(), "set the host name of the server")?;
    needs(Method::Odbc, "driver", settings.driver.is_some(), "set the path of the ODBC driver, or its name")?;
    let (cluster, endpoint) = (settings.cluster.is_some(), settings.endpoint.is_some());
    if cluster && endpoint {
        return Err(wrong(
            "cluster",
            "`cluster` and `endpoint` are both set: dbt-spark takes one of them",
            "keep `cluster` for a cluster, or `endpoint` for a SQL warehouse",
        ));
    }
    if cluster || endpoint {
        return needs(
            Method::Odbc,
            "token",
            settings.token.is_some(),
            "refer to an access token: `token: {secret: {…}}`",
        );
    }
    if settings.connection_string_suffix.is_none() {
        return Err(wrong(
            "missing_setting",
            "`method: odbc` needs `cluster`, `endpoint` or `connection_string_suffix`, of which none is set",
            "set `cluster` or `endpoint` for Databricks, or the driver's own settings in `connection_string_suffix`",
        ));
    }
    if settings.token.is_some() {
        return Err(wrong(
            "token",
            "`token` is set without `cluster` or `endpoint`: dbt-spark fails on that",
            "remove `token`; write what the driver reads into `connection_string_suffix`, as a reference to a secret",
        ));
    }
    Ok(())
}

/// Refuses literals under names that mean a secret, in the settings that take any name. For profiles alone: a check
/// request holds resolved values.
///
/// # Errors
/// A configuration error naming the key.
pub(crate) fn no_literal_secret(settings: &Settings) -> PluginResult<()> {
    refuse_literals("server_side_parameters", &settings.server_side_parameters)?;
    let suffix = settings.connection_string_suffix.as_deref().unwrap_or_default();
    for (name, value) in suffix.split(';').filter_map(|pair| pair.split_once('=')) {
        let name = name.trim();
        let lower = name.to_lowercase();
        // ODBC's own words; the others are those of every map.
        let secret = if ["pwd", "secret"].iter().any(|word| lower.contains(word)) { "password" } else { name };
        let one = Map::from_iter([(secret.to_owned(), Value::from(value.trim()))]);
        if refuse_literals("", &one).is_err() {
            return Err(wrong(
                "literal_secret",
                format!("`connection_string_suffix` holds a secret as plain text: the value of `{name}`"),
                format!("refer to it instead: `{name}={{{{ env_var('DBT_ENV_SECRET_<NAME>') }}}}`"),
            ));
        }
    }
    Ok(())
}

/// Refuses a zero byte, which divides user from password in the login.
pub(crate) fn without_nul(settings: &Settings) -> PluginResult<()> {
    let texts = [settings.user.as_deref(), settings.password.as_ref().map(floe_plugin_api::Secret::expose)];
    if texts.iter().flatten().any(|text| text.contains('\0')) {
        return Err(wrong("nul", "`user` or `password` holds a character with the code 0", "remove it"));
    }
    Ok(())
}
