//! Which folders plugins are looked for in, and which files there may be one.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostics::{Diagnostic, codes::plugins as codes};

/// The environment variable that holds folders, separated by colons.
pub const PATH_VARIABLE: &str = "FLOE_PLUGIN_PATH";

/// What decides where plugins are looked for.
#[derive(Debug, Clone, Default)]
pub struct SearchOptions {
    /// `--plugins-dir`: alone, if given.
    pub plugins_dir: Option<PathBuf>,
    /// The value of [`PATH_VARIABLE`].
    pub path_variable: Option<OsString>,
    /// The user's plugins folder.
    pub user_folder: Option<PathBuf>,
    /// The `floe` binary, beside which plugins are looked for.
    pub executable: Option<PathBuf>,
}

impl SearchOptions {
    /// Reads the environment of this process.
    pub fn from_environment(plugins_dir: Option<PathBuf>) -> Self {
        Self {
            plugins_dir,
            path_variable: std::env::var_os(PATH_VARIABLE),
            user_folder: user_folder(),
            executable: std::env::current_exe().ok(),
        }
    }
}

/// `$XDG_DATA_HOME/floe/plugins` (if absolute, as XDG demands), else the platform's place below the home folder.
fn user_folder() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = if cfg!(target_os = "macos") {
        absolute("HOME")?.join("Library/Application Support")
    } else {
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?
    };
    Some(data.join("floe/plugins"))
}

/// Who named a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--plugins-dir`.
    Option,
    /// [`PATH_VARIABLE`].
    Variable,
    /// The user's data folder.
    User,
    /// Beside the `floe` binary.
    BesideFloe,
}

/// A folder of the search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its path, as it was named.
    pub path: Utf8PathBuf,
    /// Who named it.
    pub origin: Origin,
    /// Whether it is there; a folder that is not holds no plugins.
    pub exists: bool,
}

/// The folders in order of precedence, and what is wrong with them.
pub(super) fn folders(options: &SearchOptions) -> (Vec<Folder>, Vec<Diagnostic>) {
    let mut named: Vec<(PathBuf, Origin)> = Vec::new();
    if let Some(only) = &options.plugins_dir {
        named.push((only.clone(), Origin::Option));
    } else {
        let variable = options.path_variable.iter().flat_map(std::env::split_paths);
        // An empty entry would be the current folder, which nobody means.
        named.extend(variable.filter(|path| !path.as_os_str().is_empty()).map(|path| (path, Origin::Variable)));
        named.extend(options.user_folder.iter().map(|path| (path.clone(), Origin::User)));
        let binary = options.executable.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
        if let Some(beside) = binary.as_deref().and_then(Path::parent) {
            named.extend(beside.parent().map(|above| (above.join("plugins"), Origin::BesideFloe)));
            named.push((beside.join("plugins"), Origin::BesideFloe));
        }
    }
    let (mut folders, mut problems, mut seen) = (Vec::<Folder>::new(), Vec::new(), Vec::new());
    for (path, origin) in named {
        let path = match Utf8PathBuf::from_path_buf(path) {
            Ok(path) => path,
            Err(path) => {
                problems.push(bad_folder(&path.display().to_string(), origin, "its path is not UTF-8"));
                continue;
            }
        };
        // One folder may be named twice, by different paths.
        let real = path.canonicalize();
        if let Ok(real) = &real {
            if seen.contains(real) {
                continue;
            }
            seen.push(real.clone());
        }
        let problem = match std::fs::read_dir(&path) {
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound && origin != Origin::Option => None,
            Err(error) => Some(super::describe_io(&error)),
        };
        problems.extend(problem.map(|why| bad_folder(path.as_str(), origin, &why)));
        folders.push(Folder { path, origin, exists: real.is_ok() });
    }
    (folders, problems)
}

fn bad_folder(path: &str, origin: Origin, why: &str) -> Diagnostic {
    let message = format!("the plugins folder {path} cannot be read: {why}");
    let readable = "make it readable and searchable for you (chmod u+rx), or name another one";
    match origin {
        Origin::Option => {
            Diagnostic::error(&codes::FOLDER, message, "give --plugins-dir a folder that exists and that you may read")
        }
        Origin::Variable => Diagnostic::warning(&codes::FOLDER, message, format!("{readable} in {PATH_VARIABLE}")),
        Origin::User | Origin::BesideFloe => Diagnostic::warning(&codes::FOLDER, message, readable),
    }
}

/// The files in a folder whose names are those of shared libraries, sorted. Of every platform: a plugin that was built
/// for another one is better listed as such than not seen.
pub(super) fn candidates(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            // A name that is not UTF-8 cannot be written in messages, manifests or to a worker.
            let name = entry.file_name().into_string().ok()?;
            let library = matches!(Utf8Path::new(&name).extension(), Some("so" | "dylib")) && !name.starts_with('.');
            let folder_itself = || entry.file_type().is_ok_and(|kind| kind.is_dir());
            (library && !folder_itself()).then(|| folder.join(name))
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(folder: &Path, names: &[&str]) -> Utf8PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        for name in names {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        Utf8PathBuf::from_path_buf(folder.to_owned()).unwrap()
    }

    #[test]
    fn plugins_dir_stands_alone() {
        let root = tempfile::tempdir().unwrap();
        touch(root.path(), &[]);
        let options = SearchOptions {
            plugins_dir: Some(root.path().to_owned()),
            path_variable: Some("/elsewhere".into()),
            user_folder: Some("/user".into()),
            executable: Some("/opt/bin/floe".into()),
        };
        let (folders, problems) = folders(&options);
        assert_eq!(folders.iter().map(|folder| folder.path.as_std_path()).collect::<Vec<_>>(), [root.path()]);
        assert!(problems.is_empty());
    }

    #[test]
    fn the_order_is_variable_user_beside() {
        let options = SearchOptions {
            plugins_dir: None,
            path_variable: Some("/no/a::/no/b".into()),
            user_folder: Some("/no/user".into()),
            executable: Some("/no/bin/floe".into()),
        };
        let (folders, problems) = folders(&options);
        let paths: Vec<_> = folders.iter().map(|folder| folder.path.as_str()).collect();
        assert_eq!(paths, ["/no/a", "/no/b", "/no/user", "/no/plugins", "/no/bin/plugins"]);
        assert!(problems.is_empty() && folders.iter().all(|folder| !folder.exists), "{problems:?}");
    }

    #[test]
    fn a_folder_named_twice_counts_once() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("link")).unwrap();
        let variable = std::env::join_paths([root.path().to_owned(), root.path().join("link")]).unwrap();
        let (folders, _) = folders(&SearchOptions { path_variable: Some(variable), ..SearchOptions::default() });
        assert_eq!(folders.len(), 1);
    }

    #[test]
    fn a_named_folder_that_is_missing_is_an_error() {
        let options = SearchOptions { plugins_dir: Some("/no/such".into()), ..SearchOptions::default() };
        let (_, problems) = folders(&options);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].is_error());
        assert_eq!(problems[0].message, "the plugins folder /no/such cannot be read: no such file or folder");
    }

    #[test]
    fn only_library_names_are_candidates() {
        let root = tempfile::tempdir().unwrap();
        let folder = touch(root.path(), &["b.so", "a.dylib", "c.txt", ".hidden.so", "d.so.1"]);
        std::fs::create_dir(root.path().join("e.so")).unwrap();
        let names: Vec<_> = candidates(&folder).iter().filter_map(|path| path.file_name().map(str::to_owned)).collect();
        assert_eq!(names, ["a.dylib", "b.so"]);
    }
}
