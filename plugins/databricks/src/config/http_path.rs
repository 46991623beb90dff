//! What an `http_path` leads to.

/// What an `http_path` leads to. Names are written as dbt-databricks reads them (`EXTRACT_CLUSTER_ID_FROM_HTTP_PATH_REGEX`
/// and `is_cluster_http_path` of its `credentials.py` and `utils.py`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPath {
    /// The warehouse or cluster.
    pub target: Target,
    /// The workspace, as `?o=` says it: a host of an account needs it to find the workspace.
    pub workspace: Option<String>,
}

/// Who runs the statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A SQL warehouse, by its id.
    Warehouse(String),
    /// A cluster, by its id.
    Cluster(String),
}

impl HttpPath {
    /// Reads one; `None` where it leads to neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let path = path.strip_prefix('/').unwrap_or(path);
        let target = if let Some(id) = path.strip_prefix("sql/1.0/warehouses/") {
            Target::Warehouse(id.to_owned())
        } else if let Some(id) = path.strip_prefix("sql/1.0/endpoints/") {
            // The name that warehouses once had. Their ids are the same.
            Target::Warehouse(id.to_owned())
        } else {
            let (organization, id) = path.strip_prefix("sql/protocolv1/o/")?.split_once('/')?;
            let is_number = !organization.is_empty() && organization.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| Target::Cluster(id.to_owned()))?
        };
        let workspace = match query {
            None => None,
            Some(query) => Some(query.split('&').find_map(|pair| pair.strip_prefix("o="))?.to_owned()),
        };
        let is_id =
            |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let is_whole = is_id(target.id()) && workspace.as_deref().is_none_or(is_id);
        is_whole.then_some(Self { target, workspace })
    }
}

impl Target {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Warehouse(id) | Self::Cluster(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warehouses_and_clusters() {
        let warehouse = |id: &str| Some(Target::Warehouse(id.to_owned()));
        let target = |text: &str| HttpPath::parse(text).map(|path| path.target);
        assert_eq!(target("/sql/1.0/warehouses/1a2b3c"), warehouse("1a2b3c"));
        assert_eq!(target("sql/1.0/endpoints/1a2b3c"), warehouse("1a2b3c"));
        assert_eq!(target("sql/protocolv1/o/42/0801-brew"), Some(Target::Cluster("0801-brew".to_owned())));
        let with = HttpPath::parse("/sql/1.0/warehouses/1a2b3c?o=42").unwrap();
        assert_eq!((with.target.id(), with.workspace.as_deref()), ("1a2b3c", Some("42")));
    }

    #[test]
    fn what_leads_nowhere() {
        for text in [
            "",
            "1a2b3c",
            "/sql/1.0/warehouses/",
            "/sql/1.0/warehouses/1a2b3c/",
            "/sql/1.0/warehouses/1a2b3c ",
            "/sql/1.0/warehouses/1a2b3c?x=1",
            "/sql/protocolv1/o/acme/0801-brew",
            "/sql/protocolv1/o/42",
            "https://dbc.example/sql/1.0/warehouses/1a2b3c",
        ] {
            assert_eq!(HttpPath::parse(text), None, "{text}");
        }
    }
}
