//! Which document set each value: every value still knows its place.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::product::{Compute, Product};
use super::resolve::relative;
use crate::diagnostics::Span;
use crate::documents::Spanned;
use crate::documents::manifest::ResourceSettings;
use crate::documents::secrets::{Reference, recognise};
use crate::documents::settings::{ComputeSettings, SECRET_MOUNT};
use crate::documents::yaml::{Kind, Node};

/// Values by JSON pointer, as in an entry of `approved` (`/config/settings/memory_limit`), each with the path of the document
/// that set it, from the dbt project's folder. What only floe or the plugin sets is not there.
pub type SetBy = BTreeMap<String, String>;

/// Who set what of a compute, environments aside.
pub(super) fn of_compute(product: &Product, compute: &Compute) -> SetBy {
    let mut record = Record::new(product);
    // DuckDB alone has settings and nobody who wrote them.
    if let Some(place) = &compute.place {
        record.note("/name", place);
        record.settings(&compute.config);
    }
    let sizes = [
        ("small", &compute.resources.small),
        ("medium", &compute.resources.medium),
        ("large", &compute.resources.large),
    ];
    for (size, settings) in sizes {
        if let Some(settings) = settings {
            record.resources(size, settings);
        }
    }
    record.set_by
}

/// Who set what an environment lays over a compute; of two that set the same, the one that counts.
pub(super) fn of_environment(product: &Product, compute: &Compute, environment: &str) -> SetBy {
    let mut record = Record::new(product);
    product.overrides(environment, &compute.name).for_each(|own| record.settings(own));
    record.set_by
}

/// The document that a place is in.
pub(super) fn document(product: &Product, place: &Span) -> String {
    Record::new(product).path(place)
}

struct Record<'a> {
    folder: &'a Utf8Path,
    set_by: SetBy,
}

impl<'a> Record<'a> {
    fn new(product: &'a Product) -> Self {
        Self { folder: &product.project_dir, set_by: SetBy::new() }
    }

    fn path(&self, place: &Span) -> String {
        relative(place.source().path(), self.folder).into_string()
    }

    fn note(&mut self, pointer: &str, place: &Span) {
        let path = self.path(place);
        self.set_by.insert(pointer.to_owned(), path);
    }

    fn settings(&mut self, settings: &ComputeSettings) {
        let mut own = |key: &str, place: Option<&Span>| {
            if let Some(place) = place {
                self.note(&format!("/config/{key}"), place);
            }
        };
        own("threads", place(settings.threads.as_ref()));
        own("timeout_seconds", place(settings.timeout_seconds.as_ref()));
        own("connect_timeout_seconds", place(settings.connect_timeout_seconds.as_ref()));
        own("max_timeout_seconds", place(settings.max_timeout_seconds.as_ref()));
        own(SECRET_MOUNT, settings.secret_mount.as_ref().map(|mount| &mount.span));
        self.values("/config", &settings.connection);
    }

    /// Mappings merge key by key; lists and references are set as a whole.
    fn values(&mut self, pointer: &str, node: &Node) {
        match &node.kind {
            Kind::Map(entries) if !matches!(recognise(node), Ok(Some(Reference::Secret(_)))) => {
                for entry in entries {
                    let key = entry.key.replace('~', "~0").replace('/', "~1");
                    self.values(&format!("{pointer}/{key}"), &entry.value);
                }
            }
            _ => self.note(pointer, &node.span),
        }
    }

    fn resources(&mut self, size: &str, settings: &ResourceSettings) {
        for (key, quantity) in settings.quantities() {
            if let Some(quantity) = quantity {
                self.note(&format!("/resources/{size}/{key}"), &quantity.span);
            }
        }
        if let Some(gpu) = &settings.gpu {
            self.note(&format!("/resources/{size}/gpu"), &gpu.span);
        }
    }
}

fn place<T>(value: Option<&Spanned<T>>) -> Option<&Span> {
    value.map(|value| &value.span)
}
