//! OpenTelemetry: OTLP over HTTP, by the variables that every OpenTelemetry SDK reads.
//!
//! Nothing is started where none of them asks for it, and nothing here makes a command fail.

mod logs;
mod settings;
mod transport;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::resource::ResourceBuilder;
use opentelemetry_sdk::trace::SdkTracerProvider;

pub(super) use logs::Logs;
use settings::{Settings, Signal};

use super::names;
use super::{metrics, traces};

/// The longest that exporting delays the end of a command.
const PATIENCE: Duration = Duration::from_millis(500);

/// What exports, signal by signal.
#[derive(Debug, Default)]
pub(super) struct Exporters {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
    /// What is not exported, and why.
    problems: Vec<(Signal, String)>,
}

impl Exporters {
    /// Starts what the variables ask for.
    pub(super) fn start(correlation_id: &str) -> Self {
        let settings = Settings::of(&|name| std::env::var(name).ok());
        let mut started = Self { problems: settings.problems, ..Self::default() };
        if settings.signals.is_empty() {
            return started;
        }
        let resource = resource(correlation_id, settings.names_service);
        for signal in settings.signals {
            if let Err(why) = started.start_signal(signal, &resource) {
                started.problems.push((signal, why));
            }
        }
        started
    }

    fn start_signal(&mut self, signal: Signal, resource: &Resource) -> Result<(), String> {
        let failed = |error: ExporterBuildError| error.to_string();
        let protocol = settings::protocol(signal);
        let client = transport::client(signal, &|name| std::env::var(name).ok())?;
        match signal {
            Signal::Traces => {
                let exporter = SpanExporter::builder().with_http().with_http_client(client);
                let exporter = exporter.with_protocol(protocol).build().map_err(failed)?;
                let provider =
                    SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.clone()).build();
                traces::install(provider.tracer(names::SCOPE));
                self.traces = Some(provider);
            }
            Signal::Metrics => {
                let exporter = MetricExporter::builder().with_http().with_http_client(client);
                let exporter = exporter.with_protocol(protocol);
                let exporter = exporter.with_temporality(settings::temporality()).build().map_err(failed)?;
                let provider = SdkMeterProvider::builder()
                    .with_periodic_exporter(exporter)
                    .with_resource(resource.clone())
                    .build();
                global::set_meter_provider(provider.clone());
                metrics::install(&global::meter(names::SCOPE));
                self.metrics = Some(provider);
            }
            Signal::Logs => {
                let exporter = LogExporter::builder().with_http().with_http_client(client);
                let exporter = exporter.with_protocol(protocol).build().map_err(failed)?;
                let provider =
                    SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource.clone()).build();
                self.logs = Some(provider);
            }
        }
        Ok(())
    }

    /// The layer that sends logs, where logs are exported.
    pub(super) fn logs(&self) -> Option<Logs> {
        self.logs.as_ref().map(Logs::new)
    }

    /// What of the variables cannot be done, in words; the signals that share a reason together.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
        for (signal, why) in &self.problems {
            match told.iter_mut().find(|(_, known)| known == why) {
                Some((signals, _)) => signals.push(signal.plural()),
                None => told.push((vec![signal.plural()], why)),
            }
        }
        told.iter().map(|(signals, why)| format!("no {} are exported: {why}", signals.join(", "))).collect()
    }

    /// Sends what is left. A receiver that does not take it in time does not get it.
    pub(super) fn finish(self) {
        let until = Instant::now() + PATIENCE;
        let (sender, done) = mpsc::channel();
        let mut pending = 0;
        let mut end = |work: Box<dyn FnOnce() + Send>| {
            let sender = sender.clone();
            pending += usize::from(
                thread::Builder::new()
                    .name("telemetry".to_owned())
                    .spawn(move || {
                        work();
                        let _ = sender.send(());
                    })
                    .is_ok(),
            );
        };
        // Side by side: a receiver of one signal that hangs costs the others nothing.
        if let Some(provider) = self.traces {
            end(Box::new(move || drop(provider.shutdown_with_timeout(PATIENCE))));
        }
        if let Some(provider) = self.metrics {
            end(Box::new(move || drop(provider.shutdown_with_timeout(PATIENCE))));
        }
        if let Some(provider) = self.logs {
            end(Box::new(move || drop(provider.shutdown_with_timeout(PATIENCE))));
        }
        while pending > 0 && done.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {
            pending -= 1;
        }
    }
}

/// Who speaks: `floe`, where the variables name no other, and which process of it.
fn resource(correlation_id: &str, names_service: bool) -> Resource {
    let own: ResourceBuilder = Resource::builder();
    let own = if names_service { own } else { own.with_service_name("floe") };
    own.with_attributes([
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", correlation_id.to_owned()),
    ])
    .build()
}
