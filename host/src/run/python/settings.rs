//! Whether uv or pip is to install: both read the user's settings, and each only its own.

use std::path::{Path, PathBuf};

/// Settings that say where packages come from.
const SOURCES: [&str; 4] = ["index-url", "extra-index-url", "find-links", "no-index"];

/// The same for uv, as variables.
const UV: [&str; 7] = [
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_CONFIG_FILE",
];

/// Whether pip is told where packages come from and uv is not: uv, which does not read pip's settings, would go past the
/// user's mirror to the public one. `variable` looks up variables.
pub(super) fn only_pip_is_set(project_dir: &Path, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let as_variable = |key: &str| format!("PIP_{}", key.replace('-', "_").to_uppercase());
    let home = set("HOME").map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".config")));
    let names_uv = |path: &Path| path.is_file();
    if UV.iter().any(|name| set(name).is_some())
        || project_dir.ancestors().any(|folder| names_uv(&folder.join("uv.toml")))
        || config.as_ref().is_some_and(|folder| names_uv(&folder.join("uv/uv.toml")))
        || names_uv(Path::new("/etc/uv/uv.toml"))
    {
        return false;
    }
    let files = [
        Some(PathBuf::from("/etc/pip.conf")),
        Some(PathBuf::from("/etc/xdg/pip/pip.conf")),
        home.map(|home| home.join(".pip/pip.conf")),
        config.map(|config| config.join("pip/pip.conf")),
        set("PIP_CONFIG_FILE").map(PathBuf::from),
    ];
    SOURCES.iter().any(|key| set(&as_variable(key)).is_some())
        || files.into_iter().flatten().any(|file| std::fs::read_to_string(file).is_ok_and(|text| names_a_source(&text)))
}

/// Whether a `pip.conf` says where packages come from.
fn names_a_source(text: &str) -> bool {
    text.lines().any(|line| {
        let key = line.split(['=', ':']).next().unwrap_or_default().trim().replace('_', "-").to_lowercase();
        SOURCES.contains(&key.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(variables: &[(&str, &str)]) -> bool {
        let home = tempfile::tempdir().unwrap();
        only_pip_is_set(home.path(), &|name| {
            let found = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            found.or_else(|| (name == "HOME").then(|| home.path().to_str().unwrap_or_default().to_owned()))
        })
    }

    #[test]
    fn a_mirror_that_only_pip_knows_is_for_pip() {
        assert!(!decide(&[]), "the public index serves both");
        assert!(decide(&[("PIP_INDEX_URL", "http://mirror/simple")]));
        assert!(decide(&[("PIP_FIND_LINKS", "/wheels")]));
        assert!(!decide(&[("PIP_TIMEOUT", "3")]));
        assert!(!decide(&[("PIP_INDEX_URL", "http://mirror/simple"), ("UV_INDEX_URL", "http://mirror/simple")]));
    }

    #[test]
    fn what_pip_conf_says_of_sources() {
        assert!(names_a_source("[global]\nindex-url = http://mirror/simple\n"));
        assert!(names_a_source("[install]\nfind_links: /wheels\n"));
        assert!(!names_a_source("[global]\ncert = /etc/ssl/ca.pem\n# index-url = none\n"));
    }
}
