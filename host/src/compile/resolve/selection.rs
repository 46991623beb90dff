//! What a transform names, against what the dbt project has.

use camino::{Utf8Path, Utf8PathBuf};

use super::dbt_project::paths::{clean, lies_in};
use super::names::Names;
use super::ownership::WHOLE_PROJECT;
use crate::diagnostics::codes::compile::TRANSFORM_NOT_FOUND;
use crate::diagnostics::codes::spec as codes;
use crate::diagnostics::{Diagnostic, listed};
use crate::documents::Spanned;
use crate::documents::spec::Selector;

/// What a transform selects, in one spelling.
pub(super) fn plain(selector: &Selector, names: &Names<'_>) -> String {
    match selector {
        Selector::Path(path) => match clean(&path.value).into_string() {
            whole if whole.is_empty() => WHOLE_PROJECT.to_owned(),
            path => path,
        },
        Selector::Name(name) => names.plain(&name.value).into_owned(),
        Selector::Package(package) => package.value.clone(),
    }
}

/// What is wrong with what a transform names; nothing where it is there, or where only dbt can tell.
pub(super) fn check(selector: &Selector, names: &Names<'_>, folder: &Utf8Path) -> Option<Diagnostic> {
    if !names.contents.is_there {
        return None;
    }
    match selector {
        Selector::Path(path) => check_path(path, names, folder),
        Selector::Name(name) => check_name(name, names),
        Selector::Package(package) => check_package(package, names),
    }
}

fn check_path(path: &Spanned<String>, names: &Names<'_>, folder: &Utf8Path) -> Option<Diagnostic> {
    let contents = names.contents;
    let plain = clean(&path.value);
    // What the walk has met needs no second look.
    if !plain.as_str().is_empty() && !contents.folders.contains(&plain) && !folder.join(&plain).exists() {
        return Some(not_found(path, &plain, names, folder));
    }
    let node_paths = contents.node_paths.as_ref()?;
    if node_paths.iter().any(|known| lies_in(&plain, known) || lies_in(known, &plain)) {
        return None;
    }
    let why = match contents
        .packages
        .iter()
        .chain(&contents.declared)
        .find(|name| plain.iter().any(|part| part == name.as_str()))
    {
        Some(package) => format!("what is in a package is selected with `package: {package}`"),
        None => format!(
            "dbt looks for models, seeds, snapshots and functions {}; macros, analyses and tests belong to the models that use them",
            names.places()
        ),
    };
    let message = format!("`{}` can select nothing: dbt looks for no models there", path.value);
    Some(Diagnostic::error(&codes::PATH_WITHOUT_MODELS, message, why).at(path.span.clone()))
}

/// A path that selects nothing would leave its models on the default without a word.
fn not_found(path: &Spanned<String>, plain: &Utf8PathBuf, names: &Names<'_>, folder: &Utf8Path) -> Diagnostic {
    let parent = plain.parent().unwrap_or(Utf8Path::new(""));
    let name = plain.file_name().unwrap_or_default();
    let beside = names_in(&folder.join(parent));
    let help = match names.near(name, beside.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", parent.join(near)),
        None if beside.is_empty() => "paths count from the dbt project's folder".to_owned(),
        None => format!("beside it there is {}", some(&beside)),
    };
    let message = format!("the dbt project has no `{}`", path.value);
    Diagnostic::error(&TRANSFORM_NOT_FOUND, message, help).at(path.span.clone())
}

/// The first few of a list.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = listed(names.iter().take(SHOWN).map(String::as_str));
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

fn names_in(folder: &Utf8Path) -> Vec<String> {
    let folder = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    let mut names: Vec<_> = folder
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    names
}

fn check_name(name: &Spanned<String>, names: &Names<'_>) -> Option<Diagnostic> {
    let mut packages: Vec<&str> =
        names.nodes(&name.value).map(|node| names.contents.packages[node.package].as_str()).collect();
    packages.dedup();
    if packages.len() > 1 {
        return Some(
            Diagnostic::warning(
                &codes::NAME_IN_SEVERAL,
                format!("`{}` is in more than one package: {}", name.value, listed(packages.iter().copied())),
                "the transform claims all of them; to part them claim the project's own by `path`, and those of a package by \
                 `package`",
            )
            .at(name.span.clone()),
        );
    }
    if !packages.is_empty() {
        return None;
    }
    let help = names.did_you_mean(&name.value);
    if !names.contents.knows_all_names() {
        return unchecked(&format!("no model `{}` is found", name.value), &help, name, names);
    }
    let help = if names.contents.packages.contains(&name.value) {
        format!("it is a package: write `package: {}`", name.value)
    } else if name.contains(['.', '/']) {
        format!("{help}a name is that of the file without folder and extension")
    } else {
        format!("{help}it would be a file `{0}.sql` or `{0}.py`, or a seed `{0}.csv`, {1}", name.value, names.places())
    };
    let message = format!("the dbt project has no model, seed or snapshot `{}`", name.value);
    Some(Diagnostic::error(&codes::NAME_UNKNOWN, message, help).at(name.span.clone()))
}

fn check_package(package: &Spanned<String>, names: &Names<'_>) -> Option<Diagnostic> {
    let contents = names.contents;
    if contents.packages.contains(&package.value) {
        return None;
    }
    if contents.declared.contains(&package.value) {
        let message = format!("package `{}` is not installed", package.value);
        return Some(not_checked(message, "", package));
    }
    let known = contents.packages.iter().chain(&contents.declared).map(String::as_str);
    // With the name of its owner, as `packages.yml` has it.
    let near = match package.value.rsplit_once('/') {
        Some((_, name)) if known.clone().any(|known| known == name) => Some(name),
        _ => names.near(&package.value, known),
    };
    let help = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    if !contents.has_all_packages {
        return unchecked(&format!("no package `{}` is found", package.value), &help, package, names);
    }
    let known: Vec<&str> = contents.packages.iter().skip(1).map(String::as_str).collect();
    let there =
        if known.is_empty() { "the project has no packages".to_owned() } else { format!("there is {}", listed(known)) };
    let message = format!("the dbt project has no package `{}`", package.value);
    let help = format!("{help}{there}; packages are asked for in `packages.yml` or `dependencies.yml`");
    Some(Diagnostic::error(&codes::PACKAGE_UNKNOWN, message, help).at(package.span.clone()))
}

/// What may well be there: for want of packages nobody can tell. Where dbt's own expressions are in the way, not even that is
/// worth saying.
pub(super) fn unchecked(what: &str, near: &str, thing: &Spanned<String>, names: &Names<'_>) -> Option<Diagnostic> {
    let contents = names.contents;
    (contents.is_whole && !contents.has_all_packages)
        .then(|| not_checked(format!("{what}, and not all packages are installed"), near, thing))
}

fn not_checked(message: String, near: &str, thing: &Spanned<String>) -> Diagnostic {
    let help = format!("{near}run `dbt deps` to have it checked");
    Diagnostic::warning(&codes::NOT_CHECKED, message, help).at(thing.span.clone())
}
