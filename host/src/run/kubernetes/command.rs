//! The command of a container: what was asked of the plan is asked of its steps, so that the same plan comes out.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::NOT_IN_IMAGE;
use crate::run::plan::{Plan, Step};
use crate::run::prepare::Ask;

/// How the plan was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What of the product.
    pub ask: &'a Ask,
    /// The spec.
    pub spec: &'a Utf8Path,
    /// The manifest, where it is not the spec's own.
    pub manifest: Option<&'a Utf8Path>,
    /// Only with pinned plugins.
    pub is_locked: bool,
}

impl Asked<'_> {
    /// The arguments of `floe run` that ask for the same, as they are in the folder of the product.
    pub(super) fn arguments(&self, project_dir: &Utf8Path) -> Result<Vec<String>, Diagnostic> {
        let mut arguments = Vec::new();
        if let Some(spec) = self.spec.file_name().filter(|name| *name != "floe.yaml") {
            arguments.push(format!("--spec={spec}"));
        }
        if let Some(manifest) = self.manifest {
            arguments.push(format!("--manifest={}", inside(manifest, project_dir, "manifest")?));
        }
        if self.is_locked {
            arguments.push("--locked".to_owned());
        }
        let selection = &self.ask.selection;
        arguments.extend(selection.select.iter().map(|value| format!("--select={value}")));
        arguments.extend(selection.exclude.iter().map(|value| format!("--exclude={value}")));
        if let Some(state) = &selection.state {
            arguments.push(format!("--state={}", inside(state, project_dir, "folder of `--state`")?));
        }
        arguments.extend(self.ask.defer_to.iter().map(|name| format!("--defer-to={name}")));
        if self.ask.full_refresh {
            arguments.push("--full-refresh".to_owned());
        }
        Ok(arguments)
    }
}

/// The command of one step.
pub(super) fn command(plan: &Plan, digest: &str, step: &Step, arguments: &[String]) -> Vec<String> {
    let number = step.step.to_string();
    let own = ["floe", "run", "--env", &plan.environment, "--step", &number, "--plan", digest];
    own.into_iter().map(str::to_owned).chain(arguments.iter().cloned()).collect()
}

/// A path as it is in the folder of the product.
fn inside(path: &Utf8Path, project_dir: &Utf8Path, what: &str) -> Result<Utf8PathBuf, Diagnostic> {
    let whole = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    whole(path).strip_prefix(whole(project_dir)).map(Utf8Path::to_owned).map_err(|_| {
        Diagnostic::error(
            &NOT_IN_IMAGE,
            format!("the {what} `{path}` lies outside the product's folder, and no pod has it there"),
            "put it below the folder of the spec, and into the image with the product",
        )
    })
}
