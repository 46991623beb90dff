//! What the variables of OpenTelemetry ask for, by its specification ("Environment Variable Specification" and "OpenTelemetry
//! Protocol Exporter"). What the exporters read themselves (endpoints, headers, compression, intervals) is left to them.

use opentelemetry_otlp::Protocol;
use opentelemetry_sdk::metrics::Temporality;

/// One of the three kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// As it stands in the names of variables.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }

    /// In words.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    /// A setting of the exporter: the signal's own variable, else the one for all. Empty is as if it were not set.
    pub(super) fn own(self, setting: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let names =
            [format!("OTEL_EXPORTER_OTLP_{}_{setting}", self.variable()), format!("OTEL_EXPORTER_OTLP_{setting}")];
        names.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()))
    }
}

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// The signals to export.
    pub(super) signals: Vec<Signal>,
    /// What is asked for and cannot be done, and why.
    pub(super) problems: Vec<(Signal, String)>,
    /// Whether the variables name the service.
    pub(super) names_service: bool,
}

impl Settings {
    /// Reads them.
    pub(super) fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let mut found = Self::default();
        if set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return found;
        }
        for signal in Signal::ALL {
            // By the specification `otlp` is the default of all; a command line that asked every machine's port 4318 for
            // its opinion would be a nuisance, so that an endpoint, or `otlp` by name, must be there.
            let exporter = set(&format!("OTEL_{}_EXPORTER", signal.variable()));
            let wanted = match exporter.as_deref() {
                None => signal.own("ENDPOINT", variable).is_some(),
                Some("otlp") => true,
                Some("none") => false,
                Some(other) => {
                    let why =
                        format!("`OTEL_{}_EXPORTER` is `{other}`, and floe exports by `otlp` alone", signal.variable());
                    found.problems.push((signal, why));
                    false
                }
            };
            if !wanted {
                continue;
            }
            match signal.own("PROTOCOL", variable).as_deref() {
                None | Some("http/protobuf" | "http/json") => found.signals.push(signal),
                Some(other) => found.problems.push((
                    signal,
                    format!("the protocol `{other}` is none that floe speaks: `http/protobuf`, `http/json`"),
                )),
            }
        }
        found.names_service = set("OTEL_SERVICE_NAME").is_some()
            || set("OTEL_RESOURCE_ATTRIBUTES")
                .is_some_and(|text| text.split(',').any(|pair| pair.trim().starts_with("service.name=")));
        found
    }
}

/// Protobuf where nothing else is asked for, as the specification has it; the crate's own default depends on its features.
pub(super) fn protocol(signal: Signal) -> Protocol {
    match signal.own("PROTOCOL", &|name| std::env::var(name).ok()).as_deref() {
        Some("http/json") => Protocol::HttpJson,
        _ => Protocol::HttpBinary,
    }
}

/// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`.
pub(super) fn temporality() -> Temporality {
    let wanted = std::env::var("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE").unwrap_or_default();
    match wanted.trim().to_ascii_lowercase().as_str() {
        "delta" => Temporality::Delta,
        "lowmemory" => Temporality::LowMemory,
        _ => Temporality::Cumulative,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Settings {
        Settings::of(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_started_where_nothing_asks_for_it() {
        for variables in [
            &[][..],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
            &[("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b")],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"), ("OTEL_SDK_DISABLED", "TRUE")],
        ] {
            let found = of(variables);
            assert!(found.signals.is_empty() && found.problems.is_empty(), "{variables:?}: {found:?}");
        }
    }

    #[test]
    fn signals_are_asked_for_one_by_one_or_together() {
        assert_eq!(of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318")]).signals, Signal::ALL);
        assert_eq!(of(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://h:4318/m")]).signals, [Signal::Metrics]);
        assert_eq!(of(&[("OTEL_LOGS_EXPORTER", "otlp")]).signals, [Signal::Logs]);
        let but_traces = of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"), ("OTEL_TRACES_EXPORTER", "none")]);
        assert_eq!(but_traces.signals, [Signal::Metrics, Signal::Logs]);
    }

    #[test]
    fn what_cannot_be_done_is_told_and_the_rest_is_done() {
        let found = of(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4317"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
        ]);
        assert_eq!(found.signals, [Signal::Logs]);
        assert_eq!(found.problems.len(), 2, "{found:?}");
    }

    #[test]
    fn the_service_is_named_by_either_variable() {
        assert!(!of(&[("OTEL_RESOURCE_ATTRIBUTES", "team=data")]).names_service);
        assert!(of(&[("OTEL_RESOURCE_ATTRIBUTES", "team=data, service.name=etl")]).names_service);
        assert!(of(&[("OTEL_SERVICE_NAME", "etl")]).names_service);
    }
}
