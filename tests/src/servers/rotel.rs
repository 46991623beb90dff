//! rotel, an OpenTelemetry receiver of somebody else's, and what it says that it received.

use std::collections::BTreeMap;
use std::process::Command;

use crate::background::wait_until;
use crate::servers::child::Child;
use crate::servers::{free_ports, listens};
use crate::{python, workspace};

/// A running receiver.
#[derive(Debug)]
pub struct Rotel {
    server: Child,
    /// Where it takes OTLP over HTTP, on 127.0.0.1.
    pub port: u16,
}

/// Something that was received, as rotel prints it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Its fields: `Name`, `Unit`, `DataType`, `Value`, `Count`, `Body`, `SeverityText`, `Trace ID`, `ID`, `Parent ID`,
    /// `Status code`, …; of a data point those of its metric too.
    pub fields: BTreeMap<String, String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// Those of its resource.
    pub resource: BTreeMap<String, String>,
}

impl Received {
    /// A field; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// An attribute; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// What was received so far.
#[derive(Debug, Default)]
pub struct All {
    /// Spans.
    pub spans: Vec<Received>,
    /// Log records.
    pub logs: Vec<Received>,
    /// Data points of metrics.
    pub points: Vec<Received>,
}

impl All {
    /// The data points of a metric, oldest first.
    pub fn metric(&self, name: &str) -> Vec<&Received> {
        self.points.iter().filter(|point| point.field("Name") == name).collect()
    }

    /// The span of a name.
    ///
    /// # Panics
    /// Where there is none.
    pub fn span(&self, name: &str) -> &Received {
        let found = self.spans.iter().find(|span| span.field("Name") == name);
        found.unwrap_or_else(|| panic!("no span `{name}` in {:?}", self.names()))
    }

    /// The names of all spans.
    pub fn names(&self) -> Vec<&str> {
        self.spans.iter().map(|span| span.field("Name")).collect()
    }
}

impl Rotel {
    /// Starts one.
    ///
    /// # Panics
    /// Where it cannot be installed or started.
    pub fn start() -> Self {
        let environment = python::environment("rotel", &workspace::root().join("scripts/requirements/rotel.txt"));
        let place = Command::new(environment.join("bin/python"))
            .args(["-c", "import os, rotel; print(os.path.dirname(rotel.__file__))"])
            .output()
            .expect("python starts");
        let place = String::from_utf8_lossy(&place.stdout).trim().to_owned();
        let folder = tempfile::Builder::new().prefix("floe-rotel-").tempdir().expect("a temporary folder");
        let [port, grpc] = free_ports();
        let mut command = Command::new(std::path::Path::new(&place).join("rotel-agent"));
        command
            .arg("start")
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
            .args(["--exporter", "blackhole", "--debug-log-verbosity", "detailed"])
            .args(["--debug-log", "traces", "--debug-log", "metrics", "--debug-log", "logs"])
            .arg("--pid-file")
            .arg(folder.path().join("pid"))
            .env("NO_COLOR", "1");
        let server = Child::start_in(folder, &command);
        server.wait_until_ready(|| listens(port));
        Self { server, port }
    }

    /// The variables with which a command exports to it.
    pub fn variables(&self) -> [(&'static str, String); 1] {
        [("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{}", self.port))]
    }

    /// What it has printed so far.
    pub fn text(&self) -> String {
        self.server.log()
    }

    /// What it has received so far.
    pub fn received(&self) -> All {
        parse(&self.text())
    }

    /// Waits until something is among what it has received.
    ///
    /// # Panics
    /// Where that does not come about.
    pub fn until(&self, what: &str, is_there: impl Fn(&All) -> bool) -> All {
        wait_until(what, || is_there(&self.received()));
        self.received()
    }
}

/// Reads what rotel prints: a heading a thing, fields, and attributes as `-> name: Str(value)`.
fn parse(text: &str) -> All {
    let mut all = All::default();
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.take(line, &mut all);
    }
    reader.finish(&mut all);
    all
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Nothing,
    Resource,
    Scope,
    Metric,
    Span,
    Log,
    Point,
}

#[derive(Default)]
struct Reader {
    kind: Kind,
    resource: BTreeMap<String, String>,
    metric: BTreeMap<String, String>,
    current: Received,
}

impl Reader {
    fn take(&mut self, line: &str, all: &mut All) {
        let heading = [
            ("ResourceSpans #", Kind::Resource),
            ("ResourceLog #", Kind::Resource),
            ("ResourceMetrics #", Kind::Resource),
            ("ScopeSpans #", Kind::Scope),
            ("ScopeLogs #", Kind::Scope),
            ("ScopeMetrics #", Kind::Scope),
            ("Metric #", Kind::Metric),
            ("Span #", Kind::Span),
            ("LogRecord #", Kind::Log),
            ("NumberDataPoints #", Kind::Point),
            ("HistogramDataPoints #", Kind::Point),
        ];
        if let Some((_, kind)) = heading.iter().find(|(heading, _)| line.starts_with(heading)) {
            self.begin(*kind, all);
            return;
        }
        let line = line.trim();
        match (self.kind, line.strip_prefix("-> ")) {
            (Kind::Nothing | Kind::Scope, _) | (Kind::Resource | Kind::Metric, None) => {}
            (Kind::Metric, Some(field)) => add(&mut self.metric, field, false),
            (Kind::Resource, Some(attribute)) => add(&mut self.resource, attribute, true),
            (_, Some(attribute)) => add(&mut self.current.attributes, attribute, true),
            (_, None) => add(&mut self.current.fields, line, false),
        }
    }

    fn begin(&mut self, kind: Kind, all: &mut All) {
        self.finish(all);
        match kind {
            Kind::Resource => self.resource.clear(),
            Kind::Metric => self.metric.clear(),
            _ => {}
        }
        self.kind = kind;
        self.current = Received { resource: self.resource.clone(), ..Received::default() };
        if kind == Kind::Point {
            self.current.fields = self.metric.clone();
        }
    }

    fn finish(&mut self, all: &mut All) {
        let current = std::mem::take(&mut self.current);
        match std::mem::take(&mut self.kind) {
            Kind::Span => all.spans.push(current),
            Kind::Log => all.logs.push(current),
            Kind::Point => all.points.push(current),
            _ => {}
        }
    }
}

/// `name: value`, of an attribute `name: Str(value)`.
fn add(to: &mut BTreeMap<String, String>, line: &str, is_attribute: bool) {
    let Some((name, value)) = line.split_once(':') else { return };
    let value = value.trim();
    let inner = value.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let value = if is_attribute || value.starts_with("Str(") { inner.unwrap_or(value) } else { value };
    to.insert(name.trim().to_owned(), value.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rotel_prints_is_read() {
        let text = "ResourceMetrics #0\nResource attributes:\n     -> service.name: Str(floe)\nScopeMetrics #0\nMetric #0\n\
                    Descriptor:\n     -> Name: a.b\n     -> Unit: {error}\nNumberDataPoints #0\nData point attributes:\n     \
                    -> k: Str(v)\nValue: 3\nResourceLog #0\nResource attributes:\nScopeLogs #0\nLogRecord #0\nBody: Str(x: y)\n\
                    Attributes:\n     -> n: Double(1.5)\n    Trace ID       : ab\n";
        let all = parse(text);
        let point = all.metric("a.b")[0];
        assert_eq!((point.field("Unit"), point.field("Value"), point.attribute("k")), ("{error}", "3", "v"));
        assert_eq!(point.resource["service.name"], "floe");
        let log = &all.logs[0];
        assert_eq!((log.field("Body"), log.attribute("n"), log.field("Trace ID")), ("x: y", "1.5", "ab"));
        assert!(log.resource.is_empty());
    }
}
