//! The plugin under test: a worker for each check, so that what one does to it costs no other.

use std::time::{Duration, Instant};

use floe_plugin_api::{ErrorKind, Method, PluginError, Request};
use serde_json::Value;

use super::Finding;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::worker as codes;
use crate::plugins::{Inspected, PluginHost, Scrubber, Worker};

/// How long a call that only computes may take, as everywhere in floe.
pub(super) const CALL: Duration = Duration::from_secs(5);

/// What a plugin did besides answering, in all checks.
#[derive(Debug, Default)]
pub(super) struct Besides {
    pub(super) stdout: Vec<String>,
    pub(super) processes: Vec<String>,
    pub(super) secrets: Vec<String>,
}

/// The plugin under test.
pub(super) struct Subject<'a> {
    host: &'a PluginHost,
    plugin: &'a Inspected,
    secrets: Vec<String>,
    pub(super) besides: Besides,
}

impl<'a> Subject<'a> {
    pub(super) fn new(host: &'a PluginHost, plugin: &'a Inspected) -> Self {
        Self { host, plugin, secrets: Vec::new(), besides: Besides::default() }
    }

    /// Name of the plugin.
    pub(super) fn name(&self) -> &'a str {
        self.plugin.name()
    }

    /// Values that must not come back in anything that it says from now on.
    pub(super) fn keeps_secret(&mut self, values: impl IntoIterator<Item = String>) {
        self.secrets.extend(values);
    }

    /// Loads it and works with it; notes what it did besides.
    pub(super) fn with<T>(&mut self, work: impl FnOnce(&mut Session) -> T) -> Result<T, Diagnostic> {
        let mut worker = self.host.start(self.plugin)?;
        worker.set_scrubber(Scrubber::new(&self.secrets));
        let mut session = Session { worker };
        let outcome = work(&mut session);
        for said in session.worker.finish() {
            let besides = &mut self.besides;
            let kept = match said.code {
                code if code == &codes::STDOUT_NOISE => &mut besides.stdout,
                code if code == &codes::CHILDREN_LEFT => &mut besides.processes,
                code if code == &codes::SECRET_SCRUBBED => &mut besides.secrets,
                _ => continue,
            };
            // The first of a kind: others differ in numbers.
            if kept.is_empty() || said.code == &codes::SECRET_SCRUBBED && !kept.contains(&said.message) {
                kept.push(said.message);
            }
        }
        Ok(outcome)
    }

    /// As [`Subject::with`], for a check: that it was not loaded this time is a finding.
    pub(super) fn look(&mut self, work: impl FnOnce(&mut Session, &mut Vec<Finding>)) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Err(error) = self.with(|session| work(session, &mut findings)) {
            findings.push(Finding::new(error.message, error.help));
        }
        findings
    }
}

/// A loaded plugin.
pub(super) struct Session {
    worker: Worker,
}

impl Session {
    /// Calls a method that only computes.
    pub(super) fn ask<R: Request>(&mut self, request: &R) -> Reply {
        self.ask_within(request, CALL)
    }

    /// Calls a method and waits for so long.
    pub(super) fn ask_within<R: Request>(&mut self, request: &R, deadline: Duration) -> Reply {
        match serde_json::to_string(request) {
            Ok(document) => self.send(R::METHOD, document, deadline),
            Err(error) => Reply::Refused(PluginError::new(ErrorKind::PluginExecution, error.to_string())),
        }
    }

    /// Calls a method that only computes with a document that may be none of its requests.
    pub(super) fn ask_document(&mut self, method: Method, document: &Value) -> Reply {
        self.send(method, document.to_string(), CALL)
    }

    fn send(&mut self, method: Method, document: String, deadline: Duration) -> Reply {
        let begun = Instant::now();
        match self.worker.call_document(method, document, deadline) {
            Ok(Ok(answer)) => Reply::Answer(answer, begun.elapsed()),
            Ok(Err(error)) => Reply::Refused(error),
            Err(broke) => Reply::Broke(broke),
        }
    }

    /// Whether it lives and can be asked more.
    pub(super) fn is_alive(&self) -> bool {
        self.worker.cause_of_death().is_none()
    }

    /// Id of its process.
    pub(super) fn process_id(&self) -> i32 {
        self.worker.process_id()
    }
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Reply {
    /// A document, and after how long.
    Answer(String, Duration),
    /// An error of the plugin's.
    Refused(PluginError),
    /// Neither: it died, was late, or said something that is no answer.
    Broke(Diagnostic),
}

const OWN_DEFECT: &str = "this is a defect of the plugin's code: run it under a debugger with these settings";

impl Reply {
    /// The answer of a request that must be answered; `what` says which it was.
    pub(super) fn answered<R: Request>(self, what: &str) -> Result<R::Response, Finding> {
        match self {
            Self::Answer(document, _) => serde_json::from_str(&document).map_err(|error| {
                let method = R::METHOD;
                let expected = std::any::type_name::<R::Response>().rsplit("::").next().unwrap_or_default();
                Finding::new(
                    format!("{what}: the answer to {method} is not what it should be: {error}"),
                    format!("answer with a `{expected}` of floe-plugin-api"),
                )
            }),
            Self::Refused(error) if is_panic(&error) => Err(panicked(what, &error)),
            Self::Refused(error) => Err(Finding::new(
                format!("{what}: {} failed with kind {:?}: {}", R::METHOD, error.kind, error.message),
                "answer it: the settings are valid by the plugin's own schema",
            )),
            Self::Broke(broke) => Err(broken(what, &broke)),
        }
    }

    /// What is wrong with the reply to a request that may be refused: it may only be refused well.
    pub(super) fn refused_well(&self, what: &str) -> Option<Finding> {
        match self {
            Self::Refused(error) if is_panic(error) => Some(panicked(what, error)),
            Self::Refused(error) if error.message.trim().is_empty() => {
                Some(Finding::new(format!("{what}: the error has no message"), "say what is wrong, in one sentence"))
            }
            Self::Answer(..) | Self::Refused(_) => None,
            Self::Broke(broke) => Some(broken(what, broke)),
        }
    }
}

fn is_panic(error: &PluginError) -> bool {
    error.reason.as_deref() == Some("panic")
}

fn panicked(what: &str, error: &PluginError) -> Finding {
    Finding::new(format!("{what}: {}", error.message), "return an error that says what is wrong with the settings")
}

fn broken(what: &str, broke: &Diagnostic) -> Finding {
    Finding::new(format!("{what}: {}", broke.message), OWN_DEFECT)
}
