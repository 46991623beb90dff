//! `dependsOn`: models that come before a transform, and so the transforms that own them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::claims::reference;
use super::cycles::cycles;
use super::names::Names;
use super::ownership::Owners;
use super::selection::unchecked;
use crate::compile::artifacts::TransformArtifact;
use crate::diagnostics::codes::spec as codes;
use crate::diagnostics::{Diagnostic, listed};
use crate::documents::Spanned;
use crate::documents::spec::Transform;

/// Steps of a circle that are shown.
const SHOWN: usize = 12;

/// For each transform the others that own what it depends on; and what is wrong with that.
///
/// A circle of transforms is one of models too: all that a transform owns waits for the model that it names, which waits in turn for
/// what its own transform names.
pub(super) fn resolve(
    transforms: &[Transform],
    artifacts: &[TransformArtifact],
    owners: &Owners<'_>,
    names: &Names<'_>,
) -> (Vec<Vec<usize>>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut after = vec![Vec::new(); transforms.len()];
    // Where each step is written, the first time.
    let mut written: HashMap<(usize, usize), &Spanned<String>> = HashMap::new();
    for (at, transform) in transforms.iter().enumerate() {
        for model in &transform.depends_on {
            let mut is_known = false;
            for node in names.nodes(&model.value) {
                is_known = true;
                let Some(owner) = owners.owner(&reference(names.contents, node)) else { continue };
                if let Entry::Vacant(step) = written.entry((at, owner)) {
                    step.insert(model);
                    after[at].push(owner);
                }
            }
            if !is_known {
                diagnostics.extend(unknown(model, artifacts, names));
            }
        }
    }
    let found = cycles(&after);
    diagnostics.extend(found.iter().map(|cycle| circle(cycle, artifacts, &written)));
    (after, diagnostics)
}

fn unknown(model: &Spanned<String>, artifacts: &[TransformArtifact], names: &Names<'_>) -> Option<Diagnostic> {
    let other = model.value.trim_end_matches('/');
    let help = match artifacts.iter().find(|artifact| artifact.kind != "name" && artifact.selects == other) {
        Some(artifact) => format!(
            "`dependsOn` takes models, not {}s: name the models of `{other}` that must come first",
            artifact.kind
        ),
        None => names.did_you_mean(&model.value),
    };
    if !names.contents.knows_all_names() {
        return unchecked(&format!("no model `{}` is found", model.value), &help, model, names);
    }
    let help = if help.is_empty() { format!("floe looked {}, and in packages", names.places()) } else { help };
    let message = format!("the dbt project has no model, seed or snapshot `{}` to wait for", model.value);
    Some(Diagnostic::error(&codes::DEPENDENCY_UNKNOWN, message, help.trim_end()).at(model.span.clone()))
}

fn circle(
    cycle: &[usize],
    artifacts: &[TransformArtifact],
    written: &HashMap<(usize, usize), &Spanned<String>>,
) -> Diagnostic {
    let name = |at: usize| artifacts[at].selects.as_str();
    let (message, help) = match cycle {
        [only] => (
            format!("`{}` waits for a model that it claims itself", name(*only)),
            "remove the entry: within a transform dbt orders models by their `ref()`",
        ),
        _ => (
            format!(
                "{} transforms wait for each other: {}",
                cycle.len(),
                listed(cycle.iter().take(SHOWN).map(|at| name(*at)))
            ),
            "remove one of the marked entries of `dependsOn`",
        ),
    };
    let steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).take(SHOWN);
    let error = Diagnostic::error(&codes::DEPENDENCY_CYCLE, message, help);
    steps.fold(error, |error, (from, to)| match written.get(&(*from, *to)) {
        Some(model) if from == to => error.labelled(model.span.clone(), format!("claimed by `{}` itself", name(*to))),
        Some(model) => {
            let label = format!("`{}` waits for a model of `{}`", name(*from), name(*to));
            error.labelled(model.span.clone(), label)
        }
        None => error,
    })
}
