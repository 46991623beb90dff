//! What is made of an Iceberg catalog.

use floe_plugin_api::{CatalogAttachmentRequest, CatalogAuth, CatalogConfig, ComputeConfig, Secret};

use super::NO_SETTINGS;
use crate::conformance::context::Context;
use crate::conformance::settings::hostile::INJECTION;
use crate::conformance::subject::{Reply, Subject};
use crate::conformance::{Finding, Verdict};

/// What stands for a secret of the catalog.
const EXPRESSION: &str = "{{ env_var('DBT_ENV_SECRET_FLOE__CATALOG_TOKEN') }}";

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let Some(sample) = context.largest() else { return Verdict::Skipped(NO_SETTINGS.to_owned()) };
    let config = &sample.profile;
    let mut mounts = false;
    let findings = subject.look(|session, findings| {
        for (what, catalog) in catalogs() {
            let what = format!("get_catalog_attachment_sql for {what}");
            let request = CatalogAttachmentRequest::new(config.clone(), catalog);
            let reply = session.ask(&request);
            findings.extend(reply.refused_well(&what));
            if matches!(reply, Reply::Answer(..)) {
                match reply.answered::<CatalogAttachmentRequest>(&what) {
                    Ok(answer) => {
                        mounts |= answer.statements.is_some();
                        answer.statements.iter().flatten().for_each(|sql| findings.extend(wrong(sql, &what)));
                    }
                    Err(finding) => findings.push(finding),
                }
            }
            if !session.is_alive() {
                return;
            }
        }
        findings.extend(hostile(session, config));
    });
    Verdict::noted(findings, if mounts { "it mounts catalogs" } else { "it needs no statements" })
}

fn catalogs() -> Vec<(&'static str, CatalogConfig)> {
    let rest = || CatalogConfig::rest("lake", "http://127.0.0.1:9/catalog", "warehouse");
    let secret = || Secret::new(EXPRESSION);
    let oauth2 = CatalogAuth::Oauth2 {
        client_id: "floe".to_owned(),
        client_secret: secret(),
        scope: Some("PRINCIPAL_ROLE:ALL".to_owned()),
        token_url: Some("http://127.0.0.1:9/token".to_owned()),
    };
    vec![
        ("a catalog without a login", rest()),
        ("a catalog with a token", rest().with_auth(CatalogAuth::Bearer { token: secret() })),
        ("a catalog with OAuth 2", rest().with_auth(oauth2)),
        ("a catalog with a login of a later version", rest().with_auth(CatalogAuth::Unknown)),
    ]
}

fn hostile(session: &mut crate::conformance::subject::Session, config: &ComputeConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parts: [(&str, CatalogConfig); 3] = [
        ("name", CatalogConfig::rest(INJECTION, "http://127.0.0.1:9", "warehouse")),
        ("URI", CatalogConfig::rest("lake", format!("http://127.0.0.1:9/{INJECTION}"), "warehouse")),
        ("warehouse", CatalogConfig::rest("lake", "http://127.0.0.1:9", INJECTION)),
    ];
    for (part, catalog) in parts {
        let what = format!("get_catalog_attachment_sql for a catalog whose {part} holds SQL");
        let reply = session.ask(&CatalogAttachmentRequest::new(config.clone(), catalog));
        findings.extend(reply.refused_well(&what));
        if let (true, Ok(answer)) =
            (matches!(reply, Reply::Answer(..)), reply.answered::<CatalogAttachmentRequest>(&what))
        {
            let statements = answer.statements.unwrap_or_default();
            if statements.iter().any(|sql| ends_a_literal(sql)) {
                findings.push(Finding::new(
                    format!("{what}: the text is pasted as it is and ends the literal that it stands in"),
                    "double the quotes of what is put into SQL, or refuse it",
                ));
            }
        }
    }
    findings
}

/// Whether the quote of the injected text stands in SQL without another that escapes it, in a literal of such quotes.
fn ends_a_literal(sql: &str) -> bool {
    // In an identifier of double quotes a single one is a letter like others.
    let outside = sql.split('"').step_by(2).collect::<Vec<_>>().join("\"");
    outside.match_indices("'; DROP TABLE").any(|(at, _)| {
        let before = outside[..at].chars().rev().take_while(|c| *c == '\'' || *c == '\\').count();
        before % 2 == 0
    })
}

fn wrong(sql: &str, what: &str) -> Option<Finding> {
    let variable = EXPRESSION.split('\'').nth(1).unwrap_or_default();
    let altered = sql.contains(variable) && !sql.replace("''", "'").replace('"', "'").contains(EXPRESSION);
    altered.then(|| {
        Finding::new(format!("{what}: the expression of the secret is altered"), "copy it as it is: `secret.expose()`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_quote_ends_nothing() {
        assert!(ends_a_literal(&format!("ATTACH '{INJECTION}' AS lake")));
        assert!(!ends_a_literal(&format!("ATTACH '{}' AS lake", INJECTION.replace('\'', "''"))));
        assert!(!ends_a_literal(&format!("ATTACH 'w' AS \"{INJECTION}\"")));
    }
}
