//! Traces: a command, its phases, what it asks of plugins, what dbt builds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, ContextGuard, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

use super::metrics::Subject;
use super::names;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// The span of the command: the parent of what begins in threads that have none.
static COMMAND: OnceLock<Context> = OnceLock::new();

/// Sets where spans go.
pub(super) fn install(tracer: SdkTracer) {
    // A second start would be a mistake of floe, and the first one holds.
    let _ = TRACER.set(tracer);
}

/// Something that goes on; it ends when this is dropped. What begins meanwhile in the same thread is a part of it.
#[derive(Debug)]
pub struct Span(Option<(Context, ContextGuard)>);

/// Attributes that every part of something has too.
#[derive(Debug, Default, Clone)]
struct Inherited(Vec<KeyValue>);

impl Inherited {
    fn of(context: &Context) -> Vec<KeyValue> {
        context.get::<Self>().map(|inherited| inherited.0.clone()).unwrap_or_default()
    }
}

impl Span {
    /// Nothing where traces are not exported.
    fn start(
        name: impl Into<Cow<'static, str>>,
        own: &[(&'static str, &str)],
        shared: &[(&'static str, &str)],
        parent: impl FnOnce() -> Context,
    ) -> Self {
        let Some(tracer) = TRACER.get() else { return Self(None) };
        let parent = parent();
        let mut inherited = Inherited::of(&parent);
        inherited.extend(owned(shared));
        let attributes = inherited.iter().cloned().chain(owned(own));
        let span = tracer.build_with_context(SpanBuilder::from_name(name).with_attributes(attributes), &parent);
        let context = parent.with_span(span).with_value(Inherited(inherited));
        let guard = context.clone().attach();
        Self(Some((context, guard)))
    }

    /// The whole command. Its parent is that of the variable `TRACEPARENT`, where whoever started floe traces too.
    pub fn command(name: &str, correlation_id: &str) -> Self {
        let parent = || {
            let given = |name: &str| std::env::var(name).ok().map(|value| (name.to_ascii_lowercase(), value));
            let carrier: HashMap<_, _> = ["TRACEPARENT", "TRACESTATE"].into_iter().filter_map(given).collect();
            TraceContextPropagator::new().extract(&carrier)
        };
        let span = Self::start(format!("floe {name}"), &[], &[(names::CORRELATION_ID, correlation_id)], parent);
        if let Some((context, _)) = &span.0 {
            let _ = COMMAND.set(context.clone());
        }
        span
    }

    /// A part of what goes on in this thread, or of the command.
    pub fn of(name: impl Into<Cow<'static, str>>, attributes: &[(&'static str, &str)]) -> Self {
        Self::start(name, attributes, &[], parent)
    }

    /// The same, whose parts have these attributes too.
    pub fn about(name: impl Into<Cow<'static, str>>, shared: &[(&'static str, &str)]) -> Self {
        Self::start(name, &[], shared, parent)
    }

    /// As [`Span::about`], a trace of its own: one round of what goes on for days.
    pub fn alone(name: impl Into<Cow<'static, str>>, shared: &[(&'static str, &str)]) -> Self {
        Self::start(name, &[], shared, Context::new)
    }

    /// Adds what was learned.
    pub fn set(&self, name: &'static str, value: &str) {
        if let Some((context, _)) = &self.0 {
            context.span().set_attribute(KeyValue::new(name, value.to_owned()));
        }
    }

    /// Adds what it is about.
    pub fn describe(&self, subject: &Subject) {
        if let Some((context, _)) = &self.0 {
            // A span keeps what it is told twice.
            let known = Inherited::of(context);
            let is_new = |new: &KeyValue| known.iter().all(|known| known.key != new.key);
            context.span().set_attributes(subject.attributes().into_iter().filter(is_new));
        }
    }

    /// It failed. The class is a reason, a kind or a code.
    pub fn fail(&self, error_type: &str, message: &str) {
        if let Some((context, _)) = &self.0 {
            let span = context.span();
            span.set_attribute(KeyValue::new(names::ERROR_TYPE, error_type.to_owned()));
            span.set_status(Status::error(message.to_owned()));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some((context, guard)) = self.0.take() {
            drop(guard);
            context.span().end();
        }
    }
}

/// Something that has just ended after so many seconds, and why it failed.
pub fn ended(
    name: String,
    subject: &Subject,
    attributes: &[(&'static str, &str)],
    seconds: f64,
    failure: Option<(&str, &str)>,
) {
    let Some(tracer) = TRACER.get() else { return };
    let end = SystemTime::now();
    let begin = Duration::try_from_secs_f64(seconds).ok().and_then(|took| end.checked_sub(took)).unwrap_or(end);
    let parent = parent();
    let attributes = subject.attributes().into_iter().chain(owned(attributes));
    let builder = SpanBuilder::from_name(name).with_attributes(attributes).with_start_time(begin);
    let context = parent.with_span(tracer.build_with_context(builder, &parent));
    if let Some((error_type, message)) = failure {
        context.span().set_attribute(KeyValue::new(names::ERROR_TYPE, error_type.to_owned()));
        context.span().set_status(Status::error(message.to_owned()));
    }
    context.span().end_with_timestamp(end);
}

fn parent() -> Context {
    let current = Context::current();
    if current.has_active_span() { current } else { COMMAND.get().cloned().unwrap_or(current) }
}

fn owned(attributes: &[(&'static str, &str)]) -> Vec<KeyValue> {
    attributes.iter().map(|(name, value)| KeyValue::new(*name, (*value).to_owned())).collect()
}
