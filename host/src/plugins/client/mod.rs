//! The host's side of a worker: starts it, calls it, waits no longer than it was told, and survives all it does.

mod channel;
mod failure;
mod launch;
mod output;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use floe_plugin_api::{Method, PluginError, Request};
use serde::Serialize;
use serde_json::Value;

pub use launch::{Launcher, Limits};

use self::channel::{Broken, Channel};
use self::failure::Subject;
use self::launch::Process;
use super::inspect::{Inspected, Library};
use super::scrub::Scrubber;
use super::worker::protocol::{FromWorker, LibraryFile, NotLoaded, Start, ToWorker, encode};
use crate::diagnostics::Diagnostic;
use crate::telemetry::names::{METHOD, PLUGIN, PLUGIN_VERSION, STATUS};
use crate::telemetry::traces::Span;

/// What a plugin is doing when it is being loaded, in words.
const LOADING: &str = "while it was being loaded";

/// A loaded plugin in a process of its own. Dropping it kills that process and all that it started.
#[derive(Debug)]
pub struct Worker {
    subject: Subject,
    process: Process,
    channel: Channel,
    limits: Limits,
    scrubber: Scrubber,
    warnings: Vec<Diagnostic>,
    /// Where secrets have been scrubbed from.
    leaks: BTreeSet<String>,
    dead: Option<Diagnostic>,
    stop: Option<Arc<AtomicBool>>,
}

impl Worker {
    /// Starts the worker and loads the plugin in it, and these libraries with it.
    pub(super) fn start(
        plugin: &Inspected,
        libraries: &[Library],
        warnings: Vec<Diagnostic>,
        launcher: &Launcher,
        limits: &Limits,
    ) -> Result<Self, Diagnostic> {
        let (name, path) = (plugin.name().to_owned(), plugin.path.clone());
        let version = plugin.record.version.clone();
        let subject = Subject { name, version, path, real_path: plugin.real_path.clone() };
        let (process, streams) = Process::start(launcher, &plugin.record.env)
            .map_err(|error| subject.not_started(&launcher.program, &super::describe_io(&error)))?;
        let channel = Channel::new(streams, limits)
            .map_err(|error| subject.not_started(&launcher.program, &super::describe_io(&error)))?;
        let mut worker = Self {
            subject,
            process,
            channel,
            limits: limits.clone(),
            scrubber: Scrubber::default(),
            warnings,
            leaks: BTreeSet::new(),
            dead: None,
            stop: None,
        };
        worker.load(plugin, libraries, launcher)?;
        Ok(worker)
    }

    /// Sets the secrets that the plugin will be told, so that none of them comes back out.
    pub fn set_scrubber(&mut self, scrubber: Scrubber) {
        self.scrubber = scrubber;
    }

    /// Ends the worker where somebody sets this, even in the middle of a call.
    pub fn set_stop(&mut self, stop: Arc<AtomicBool>) {
        self.stop = Some(stop);
    }

    /// Name of the plugin.
    pub fn name(&self) -> &str {
        &self.subject.name
    }

    /// Why the plugin cannot be called any more, if it died or was stopped.
    pub fn cause_of_death(&self) -> Option<&Diagnostic> {
        self.dead.as_ref()
    }

    /// Calls a method and waits for its answer, the end of the worker, or the deadline, whichever comes first.
    ///
    /// # Errors
    /// One diagnostic: what the plugin says, or what became of it. After its death every call fails with the same one.
    pub fn call<R: Request>(&mut self, request: &R, deadline: Duration) -> Result<R::Response, Diagnostic> {
        let method = R::METHOD;
        let document = serde_json::to_string(request).map_err(|error| self.subject.bad_request(method, &error))?;
        let answer = self.call_document(method, document, deadline)?.map_err(|error| self.subject.said(error))?;
        serde_json::from_str(&answer).map_err(|error| self.subject.bad_answer(method, &error.to_string()))
    }

    /// Calls a method with a document that may be anything, and returns its response document or its error as they are,
    /// save for secrets.
    ///
    /// # Errors
    /// One diagnostic: what became of the plugin, or of its answer, where it has given none.
    pub fn call_document(
        &mut self,
        method: Method,
        document: String,
        deadline: Duration,
    ) -> Result<Result<String, PluginError>, Diagnostic> {
        if document.len() > self.limits.largest_frame as usize {
            return Err(self.subject.request_too_large(method, document.len() as u64, self.limits.largest_frame));
        }
        let during = format!("during {method}");
        let span = Span::of(
            format!("plugin {method}"),
            &[(PLUGIN, self.name()), (PLUGIN_VERSION, &self.subject.version), (METHOD, &method.to_string())],
        );
        let begin = Instant::now();
        let answer = self.ask(&ToWorker::Call { method, document }, &during, deadline);
        let answer = answer.inspect_err(|died| {
            span.set(STATUS, "died");
            span.fail(died.code.id, &died.message);
        })?;
        span.set(STATUS, if matches!(answer, FromWorker::Reply { .. }) { "answered" } else { "failed" });
        tracing::debug!(plugin = self.name(), %method, elapsed_ms = begin.elapsed().as_secs_f64() * 1e3, "plugin answered");
        match answer {
            FromWorker::Reply { document } => Ok(Ok(self.scrubbed(method, document))),
            FromWorker::Failed { error } => {
                let error = self.scrubbed_error(error);
                span.fail(error.reason.as_deref().unwrap_or("plugin_error"), &error.message);
                Ok(Err(error))
            }
            FromWorker::TooLarge { bytes } => {
                Err(self.subject.answer_too_large(&during, bytes, self.limits.largest_frame))
            }
            FromWorker::NotText => Err(self.subject.bad_answer(method, "it is not UTF-8")),
            _ => {
                let died = self.subject.bad_answer(method, "the worker answered something else");
                Err(self.put_down(died))
            }
        }
    }

    /// Id of the process that the plugin runs in.
    pub fn process_id(&self) -> i32 {
        self.process.pid().as_raw_nonzero().get()
    }

    /// Takes what is worth a warning so far: for workers that live long.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        self.flush_output();
        let mut warnings = std::mem::take(&mut self.warnings);
        let leaks = std::mem::take(&mut self.leaks);
        warnings.extend((!leaks.is_empty()).then(|| self.subject.leaked(&leaks)));
        // One that died has had its say.
        let noise = self.channel.stdout.take_noise().filter(|_| self.dead.is_none());
        warnings.extend(noise.map(|bytes| self.subject.noisy(bytes)));
        warnings
    }

    /// Ends the worker and says what is worth saying besides the answers.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if self.dead.is_none() {
            let patience = self.limits.finish;
            match self.ask(&ToWorker::Finish, "while it was being ended", patience) {
                Ok(FromWorker::Finished { left }) => {
                    self.process.bury();
                    found.extend((!left.is_empty()).then(|| self.subject.left_behind(&left)));
                }
                Ok(_) => {}
                Err(died) => found.push(died),
            }
        }
        found.extend(self.take_warnings());
        found
    }

    fn load(&mut self, plugin: &Inspected, libraries: &[Library], launcher: &Launcher) -> Result<(), Diagnostic> {
        let until = Instant::now() + self.limits.load;
        let start = ToWorker::Start(Start {
            path: plugin.real_path.to_string(),
            identity: plugin.identity(),
            libraries: libraries.iter().map(library_file).collect(),
            name: plugin.record.name.clone(),
            version: plugin.record.version.clone(),
            floe_api_version: plugin.record.floe_api_version.clone(),
            address_space: self.limits.address_space,
            largest_frame: self.limits.largest_frame,
        });
        // Nothing of the plugin has been executed before `Ready`: what fails until then is not its fault.
        match self.exchange(&start, until) {
            Ok(FromWorker::Ready) => {}
            Ok(_) | Err(Broken::Garbled(_)) => {
                self.process.kill();
                return Err(self.subject.not_started(&launcher.program, "it does not speak floe's protocol"));
            }
            Err(Broken::Deadline) => {
                self.process.kill();
                return Err(self.subject.not_started(&launcher.program, "it does not answer"));
            }
            Err(Broken::Closed) => {
                let end = self.process.end();
                return Err(self.subject.not_a_worker(&launcher.program, end));
            }
        }
        match self.wait(until) {
            Ok(FromWorker::Loaded) => Ok(()),
            Ok(FromWorker::NotLoaded(why)) => {
                self.process.kill();
                Err(self.not_loaded(why))
            }
            Ok(_) => {
                Err(self.put_down(self.subject.not_started(&launcher.program, "it does not speak floe's protocol")))
            }
            Err(broken) => Err(self.broke(LOADING, &broken, self.limits.load)),
        }
    }

    fn not_loaded(&mut self, why: NotLoaded) -> Diagnostic {
        match why {
            NotLoaded::Changed => self.subject.changed(),
            NotLoaded::LibraryChanged { path } => self.subject.library_changed(&path),
            NotLoaded::Loader { why } => self.subject.not_loaded(&why),
            NotLoaded::Constructor { error } => self.subject.not_constructed(error),
            NotLoaded::Lies { what, recorded, live } => self.subject.lies(&what, &recorded, &live),
        }
    }

    /// Sends a request and waits for the answer; a failure is the end of the worker.
    fn ask(&mut self, request: &ToWorker, during: &str, patience: Duration) -> Result<FromWorker, Diagnostic> {
        if let Some(cause) = &self.dead {
            return Err(cause.clone());
        }
        let answer = self.exchange(request, Instant::now() + patience);
        self.flush_output();
        answer.map_err(|broken| self.broke(during, &broken, patience))
    }

    fn exchange<T: Serialize>(&mut self, request: &T, until: Instant) -> Result<FromWorker, Broken> {
        let frame = encode(request).map_err(|error| Broken::Garbled(error.to_string()))?;
        self.channel.send(frame);
        self.wait(until)
    }

    fn wait(&mut self, until: Instant) -> Result<FromWorker, Broken> {
        let (process, stop) = (&self.process, self.stop.as_deref());
        let frame = self.channel.receive(until, || process.has_ended() || is_set(stop))?;
        serde_json::from_slice(&frame).map_err(|error| Broken::Garbled(error.to_string()))
    }

    /// The worker cannot be used any more: it is killed if it lives, and the reason is kept for later calls.
    fn broke(&mut self, during: &str, broken: &Broken, patience: Duration) -> Diagnostic {
        // Of one that was told to end nobody asks how it ended.
        let is_stopped = is_set(self.stop.as_deref());
        let end = if matches!(broken, Broken::Closed) && !is_stopped { Some(self.process.end()) } else { None };
        self.process.kill();
        self.flush_output();
        let words = self.channel.stderr.last_words();
        let died = match (broken, end) {
            (Broken::Deadline, _) => self.subject.late(during, patience),
            (Broken::Garbled(why), _) => self.subject.garbled(during, why),
            (Broken::Closed, end) => self.subject.died(during, end, words.as_deref(), self.limits.address_space),
        };
        self.put_down(died)
    }

    fn put_down(&mut self, cause: Diagnostic) -> Diagnostic {
        self.process.kill();
        self.dead.insert(cause).clone()
    }

    /// Passes on what the plugin wrote, and notes which secrets were in it.
    fn flush_output(&mut self) {
        let (name, scrubber) = (&self.subject.name, &self.scrubber);
        let leaked = self.channel.stdout.flush(name, scrubber) | self.channel.stderr.flush(name, scrubber);
        if leaked {
            self.leaks.insert("its log".to_owned());
        }
    }

    /// An answer without any secret.
    fn scrubbed(&mut self, method: Method, document: String) -> String {
        if self.scrubber.is_empty() {
            return document;
        }
        let leak = match serde_json::from_str::<Value>(&document) {
            Ok(mut value) => self.scrubber.scrub_document(&mut value).then(|| value.to_string()),
            // It cannot be read, and will be shown to nobody; all the same.
            Err(_) => Some(self.scrubber.scrub(&document).into_owned()).filter(|scrubbed| *scrubbed != document),
        };
        match leak {
            Some(scrubbed) => {
                self.leaks.insert(format!("its answer to {method}"));
                scrubbed
            }
            None => document,
        }
    }

    fn scrubbed_error(&mut self, mut error: PluginError) -> PluginError {
        let texts =
            [Some(&mut error.message), error.help.as_mut(), error.reason.as_mut(), error.correlation_id.as_mut()];
        let leaked =
            texts.into_iter().flatten().fold(false, |leaked, text| self.scrubber.scrub_in_place(text) | leaked);
        if leaked {
            self.leaks.insert("its error".to_owned());
        }
        let correlation_id = error.correlation_id.as_deref().unwrap_or_default();
        tracing::debug!(plugin = self.name(), kind = ?error.kind, reason = error.reason, correlation_id, "plugin failed");
        error
    }
}

fn is_set(stop: Option<&AtomicBool>) -> bool {
    stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
}

fn library_file(library: &Library) -> LibraryFile {
    LibraryFile { path: library.path.to_string(), identity: library.identity() }
}
