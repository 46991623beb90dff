//! `resources` of a compute: pods that differ from the plugin's own presets.

use floe_plugin_api::{Gpu, Quantity, ResourceSpec, WorkloadSize};

use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::{self, Fields, Problems, Shape, wrong_type};
use crate::documents::spanned::Spanned;
use crate::documents::yaml::{Entry, Kind, Node};

/// The extended resource that `gpu: 1` means.
const DEFAULT_GPU: &str = "nvidia.com/gpu";

/// What a manifest sets, by size of the work.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceOverrides {
    /// For small work.
    pub small: Option<ResourceSettings>,
    /// For medium work.
    pub medium: Option<ResourceSettings>,
    /// For large work.
    pub large: Option<ResourceSettings>,
}

impl ResourceOverrides {
    /// What is set for a size.
    pub fn get(&self, size: WorkloadSize) -> Option<&ResourceSettings> {
        match size {
            WorkloadSize::Small => self.small.as_ref(),
            WorkloadSize::Large => self.large.as_ref(),
            _ => self.medium.as_ref(),
        }
    }
}

/// What is set for one size; what is absent stays as the plugin says.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceSettings {
    /// Where it stands.
    pub span: Span,
    /// CPU that is reserved.
    pub cpu_request: Option<Spanned<Quantity>>,
    /// CPU that may be used.
    pub cpu_limit: Option<Spanned<Quantity>>,
    /// Memory that is reserved.
    pub memory_request: Option<Spanned<Quantity>>,
    /// Memory that may be used.
    pub memory_limit: Option<Spanned<Quantity>>,
    /// Local disk that is reserved.
    pub ephemeral_storage_request: Option<Spanned<Quantity>>,
    /// Local disk that may be used.
    pub ephemeral_storage_limit: Option<Spanned<Quantity>>,
    /// GPUs.
    pub gpu: Option<Spanned<Gpu>>,
}

impl ResourceSettings {
    /// A pod's size with these settings put over it.
    #[must_use]
    pub fn over(&self, mut spec: ResourceSpec) -> ResourceSpec {
        let put = |target: &mut Option<Quantity>, own: &Option<Spanned<Quantity>>| {
            if let Some(own) = own {
                *target = Some(own.value.clone());
            }
        };
        put(&mut spec.cpu_request, &self.cpu_request);
        put(&mut spec.cpu_limit, &self.cpu_limit);
        put(&mut spec.memory_request, &self.memory_request);
        put(&mut spec.memory_limit, &self.memory_limit);
        put(&mut spec.ephemeral_storage_request, &self.ephemeral_storage_request);
        put(&mut spec.ephemeral_storage_limit, &self.ephemeral_storage_limit);
        if let Some(gpu) = &self.gpu {
            spec.gpu = Some(gpu.value.clone());
        }
        spec
    }

    /// Every quantity by the name of its key.
    pub fn quantities(&self) -> [(&'static str, Option<&Spanned<Quantity>>); 6] {
        [
            ("cpu_request", self.cpu_request.as_ref()),
            ("cpu_limit", self.cpu_limit.as_ref()),
            ("memory_request", self.memory_request.as_ref()),
            ("memory_limit", self.memory_limit.as_ref()),
            ("ephemeral_storage_request", self.ephemeral_storage_request.as_ref()),
            ("ephemeral_storage_limit", self.ephemeral_storage_limit.as_ref()),
        ]
    }

    /// A quantity by the name of its key.
    pub fn quantity(&self, key: &str) -> Option<&Spanned<Quantity>> {
        self.quantities().into_iter().find_map(|(name, quantity)| quantity.filter(|_| name == key))
    }

    /// Sets a quantity by the name of its key; there is nothing to set under another name.
    pub fn set(&mut self, key: &str, quantity: Spanned<Quantity>) {
        let field = match key {
            "cpu_request" => &mut self.cpu_request,
            "cpu_limit" => &mut self.cpu_limit,
            "memory_request" => &mut self.memory_request,
            "memory_limit" => &mut self.memory_limit,
            "ephemeral_storage_request" => &mut self.ephemeral_storage_request,
            "ephemeral_storage_limit" => &mut self.ephemeral_storage_limit,
            _ => return,
        };
        *field = Some(quantity);
    }

    /// The place of a field by its name, for errors about the merged size; the whole where it is not set here.
    pub fn place_of(&self, field: &str) -> &Span {
        self.quantity(field).map_or(&self.span, |quantity| &quantity.span)
    }
}

static SIZES: Shape = Shape::closed("`resources`", &["small", "medium", "large"]);
static SPEC: Shape = Shape::closed(
    "a size of `resources`",
    &[
        "cpu_request",
        "cpu_limit",
        "memory_request",
        "memory_limit",
        "ephemeral_storage_request",
        "ephemeral_storage_limit",
        "gpu",
    ],
);
static GPU: Shape = Shape::closed("`gpu`", &["resource", "count"]);

pub(super) fn read(node: Node, problems: &mut Problems) -> ResourceOverrides {
    let Some(mut fields) = Fields::open(node, &SIZES, problems) else { return ResourceOverrides::default() };
    let mut size = |key: &str| fields.take(key).and_then(|entry| read_size(entry.value, problems));
    ResourceOverrides { small: size("small"), medium: size("medium"), large: size("large") }
}

fn read_size(node: Node, problems: &mut Problems) -> Option<ResourceSettings> {
    let mut fields = Fields::open(node, &SPEC, problems)?;
    let mut quantity = |key: &str| fields.take(key).and_then(|entry| quantity(&entry, problems));
    let mut settings = ResourceSettings {
        cpu_request: quantity("cpu_request"),
        cpu_limit: quantity("cpu_limit"),
        memory_request: quantity("memory_request"),
        memory_limit: quantity("memory_limit"),
        ephemeral_storage_request: quantity("ephemeral_storage_request"),
        ephemeral_storage_limit: quantity("ephemeral_storage_limit"),
        gpu: None,
        span: fields.span.clone(),
    };
    settings.gpu = fields.take("gpu").and_then(|entry| gpu(entry, problems));
    for (request, limit) in settings.over(ResourceSpec::new()).requests_over_limits() {
        problems.push(
            Diagnostic::error(
                &codes::OVER_LIMIT,
                format!("`{request}` is larger than `{limit}`"),
                "lower the request or raise the limit: Kubernetes refuses such a pod",
            )
            .labelled(settings.place_of(request).clone(), "the request")
            .labelled(settings.place_of(limit).clone(), "the limit"),
        );
    }
    Some(settings)
}

fn quantity(entry: &Entry, problems: &mut Problems) -> Option<Spanned<Quantity>> {
    let (key, node) = (&entry.key, &entry.value);
    let text = match &node.kind {
        Kind::Str(text) => text.clone(),
        // `cpu_limit: 2` and `cpu_limit: 0.5` are how everybody writes them.
        Kind::Int(_) | Kind::Float(_) => node.span.text().to_owned(),
        _ => {
            problems.push(wrong_type(&format!("`{key}`"), "a quantity", node, "write it as in `500m`, `2` or `4Gi`"));
            return None;
        }
    };
    match text.parse::<Quantity>() {
        Ok(quantity) => Some(Spanned::new(quantity, node.span.clone())),
        Err(error) => {
            let message = error.to_string();
            let (message, help) = message.split_once("; ").unwrap_or((&message, "write it as in `500m`, `2` or `4Gi`"));
            problems
                .push(Diagnostic::error(&codes::QUANTITY, format!("`{key}`: {message}"), help).at(node.span.clone()));
            None
        }
    }
}

fn gpu(entry: Entry, problems: &mut Problems) -> Option<Spanned<Gpu>> {
    let span = entry.value.span.clone();
    if !matches!(entry.value.kind, Kind::Map(_)) {
        let count = fields::number(&entry, 0..=1024_u32, problems)?;
        return Some(Spanned::new(Gpu::new(DEFAULT_GPU, count.value), span));
    }
    let mut fields = Fields::open(entry.value, &GPU, problems)?;
    let resource = fields.text("resource", problems).map_or_else(|| DEFAULT_GPU.to_owned(), |text| text.value);
    let count = fields.require("count", "count: 1", problems)?;
    let count = fields::number(&count, 0..=1024_u32, problems)?;
    Some(Spanned::new(Gpu::new(resource, count.value), span))
}
