//! Connections that are kept between the checks of one compute (`CheckRequest::keep_connection`).
//!
//! A connection belongs to a [`Fingerprint`] of all that it depends on. A check takes it out of the store, uses it, and puts
//! it back: nothing runs between checks, and what is not put back is closed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use floe_plugin_api::{CheckRequest, ErrorKind, PluginError, PluginResult};
use ring::digest;
use zeroize::Zeroizing;

use super::run::{Run, Told};

/// Most connections that a plugin keeps: one for each compute and environment that is watched.
const MOST: usize = 64;

/// How long a connection serves before the next check opens another one. A session that is open tells nothing of whether a new
/// one would be: a password may have been changed on the server, an account closed.
const LONGEST_SERVICE: Duration = Duration::from_mins(5);

/// The part of a check's time that a kept connection may use: one whose peer has vanished says nothing, and then another
/// one is to be opened.
const SHARE: u32 = 3;

/// The longest that saying goodbye takes, and the part of the check's time.
const GOODBYE: (Duration, u32) = (Duration::from_millis(250), 10);

/// What is read of a file of keys or certificates; and what most of them are shorter than, so that no copy of a secret is left
/// behind where a buffer grows.
const LONGEST_FILE: u64 = 1 << 20;
const USUAL_FILE: usize = 64 << 10;

/// A connection that can be kept.
pub trait Connection: Send {
    /// Gives it the time of the check that uses it now.
    fn rearm(&mut self, until: Instant);

    /// Whether the connection itself has failed, or the server does not know it any more. What a server says of rights and
    /// names on a connection that works is no such thing.
    fn is_broken(&self) -> bool;

    /// Ends it as its protocol wants it, within the time that it has.
    fn close(self);
}

/// A hash of all that a connection depends on. It holds no secret.
#[derive(Debug, Clone)]
pub struct Fingerprint(Option<[u8; 32]>);

impl Fingerprint {
    /// Of the whole compute with its secrets, its environment and place, and of what the files hold by which the connection
    /// itself is made. (Variables of a process stay as they are.)
    pub fn of(request: &CheckRequest, files: &[PathBuf]) -> Self {
        let mut hasher = Hasher(digest::Context::new(&digest::SHA256));
        let CheckRequest { config, environment, project_dir, catalog, vended_credentials, .. } = request;
        // Written into the hash and nowhere else: no copy of a secret is left behind.
        let all = (config, environment, project_dir, catalog, vended_credentials);
        let written = serde_json::to_writer(&mut hasher, &all);
        for path in files {
            // One that cannot be read has no other effect here than one that is empty: the check says what is wrong.
            let mut held = Zeroizing::new(Vec::with_capacity(USUAL_FILE));
            let _ = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut held));
            hasher.0.update(&held.len().to_le_bytes());
            hasher.0.update(&held);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(hasher.0.finish().as_ref());
        // One that cannot be made fits nothing.
        Self(written.is_ok().then_some(hash))
    }

    fn fits(&self, other: &Self) -> bool {
        self.0.is_some() && self.0 == other.0
    }
}

struct Hasher(digest::Context);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The connections that a plugin keeps, for a `static`.
pub struct Kept<T> {
    slots: Mutex<Vec<Slot<T>>>,
    now: fn() -> Instant,
}

struct Slot<T> {
    /// Compute, environment and project.
    place: [String; 3],
    fingerprint: Fingerprint,
    connection: T,
    opening: Opening,
}

/// When a connection was opened, and what was learned then.
struct Opening {
    at: Instant,
    told: Told,
}

impl<T> std::fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Kept<T> {
    /// Holds nothing yet.
    pub const fn new() -> Self {
        Self::with_clock(Instant::now)
    }

    const fn with_clock(now: fn() -> Instant) -> Self {
        Self { slots: Mutex::new(Vec::new()), now }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Vec<Slot<T>>) -> R) -> R {
        work(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Connection> Kept<T> {
    /// What a check may use, and where it leaves its connection. Call it first: it closes what the check may not use, which
    /// is everything where the request does not say `keep_connection`.
    pub fn hold(&self, request: &CheckRequest, fingerprint: Fingerprint, run: &Run) -> Holding<'_, T> {
        let place = [request.config.name.clone(), request.environment.clone(), request.project_dir.clone()];
        let keeps = request.keep_connection;
        let until = goodbye(run.left());
        let taken: Vec<Slot<T>> = self.with(|slots| {
            let (taken, left) = slots.drain(..).partition(|slot| !keeps || slot.place == place);
            *slots = left;
            taken
        });
        let mut slot = None;
        for taken in taken {
            let has_served = (self.now)().saturating_duration_since(taken.opening.at) >= LONGEST_SERVICE;
            if keeps && slot.is_none() && !has_served && taken.fingerprint.fits(&fingerprint) {
                slot = Some(taken);
            } else {
                close(taken.connection, until);
            }
        }
        Holding { store: self, keeps, place, fingerprint, slot }
    }
}

/// What a check may use. A kept connection that the check did not come to is closed with it.
#[derive(Debug)]
pub struct Holding<'a, T: Connection> {
    store: &'a Kept<T>,
    keeps: bool,
    place: [String; 3],
    fingerprint: Fingerprint,
    slot: Option<Slot<T>>,
}

impl<T> std::fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<T: Connection> Holding<'_, T> {
    /// Looks at the engine: over the kept connection where there is one, else, and where it turns out to be broken, over one
    /// that `open` makes. What `open` has told in the run is told again with a kept connection.
    ///
    /// # Errors
    /// As `open` and `look` say; a broken kept connection is no error.
    pub fn check<E: From<PluginError>>(
        &mut self,
        run: &mut Run,
        open: impl FnOnce(&mut Run) -> Result<T, E>,
        mut look: impl FnMut(&mut Run, &mut T) -> PluginResult<String>,
    ) -> Result<String, E> {
        let mut was_broken = false;
        if let Some(Slot { mut connection, opening, .. }) = self.slot.take() {
            let tried = run.try_kept(SHARE, |run| {
                run.tell(&opening.told);
                connection.rearm(run.deadline());
                let found = look(run, &mut connection);
                // What was too slow in a part of the time gets the rest, on another connection.
                let is_late = found.as_ref().is_err_and(|error| error.kind == ErrorKind::Timeout);
                let is_lost = connection.is_broken() || is_late;
                if is_lost { None } else { Some(found) }
            });
            match tried {
                Some(found) => {
                    self.leave(connection, opening, &found, run);
                    return Ok(found?);
                }
                // Dropped without a goodbye, for which it might have to wait.
                None => was_broken = true,
            }
        }
        let before = run.told();
        let mut connection = open(run)?;
        run.reconnected = was_broken;
        let opening = Opening { at: (self.store.now)(), told: run.told().since(&before) };
        let found = look(run, &mut connection);
        self.leave(connection, opening, &found, run);
        Ok(found?)
    }

    /// Keeps the connection, where it may be kept: it works, and whoever uses it has logged in (where each request of HTTP
    /// carries a login, that shows only now).
    fn leave(&self, connection: T, opening: Opening, found: &PluginResult<String>, run: &mut Run) {
        let is_login = |error: &PluginError| {
            run.failed_step() == Some("login") || matches!(error.reason.as_deref(), Some("credential" | "expired"))
        };
        if self.keeps && !connection.is_broken() && !found.as_ref().is_err_and(is_login) {
            self.keep(connection, opening, run);
        } else {
            close(connection, goodbye(run.left()));
        }
    }

    fn keep(&self, connection: T, opening: Opening, run: &mut Run) {
        let slot = Slot { place: self.place.clone(), fingerprint: self.fingerprint.clone(), connection, opening };
        let replaced = self.store.with(|slots| {
            // Another check of the same compute may have come in between; and computes may come and go without end.
            let old = slots.iter().position(|held| held.place == slot.place);
            let old = old.or((slots.len() >= MOST).then_some(0)).map(|at| slots.remove(at));
            slots.push(slot);
            old
        });
        run.connection_kept = true;
        if let Some(replaced) = replaced {
            close(replaced.connection, goodbye(run.left()));
        }
    }
}

impl<T: Connection> Drop for Holding<'_, T> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            close(slot.connection, goodbye(GOODBYE.0));
        }
    }
}

fn close<T: Connection>(mut connection: T, until: Instant) {
    if !connection.is_broken() {
        connection.rearm(until);
        connection.close();
    }
}

fn goodbye(left: Duration) -> Instant {
    Instant::now() + GOODBYE.0.min(left / GOODBYE.1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

    use floe_plugin_api::ComputeConfig;
    use serde_json::json;

    use super::*;

    /// Counts goodbyes, and breaks when it is told to.
    struct Line {
        goodbyes: Arc<AtomicUsize>,
        broken: bool,
    }

    impl Connection for Line {
        fn rearm(&mut self, _: Instant) {}

        fn is_broken(&self) -> bool {
            self.broken
        }

        fn close(self) {
            self.goodbyes.fetch_add(1, SeqCst);
        }
    }

    fn request(name: &str, password: &str, keep: bool) -> CheckRequest {
        let connection = json!({"host": "h", "password": password}).as_object().cloned().unwrap_or_default();
        let config = ComputeConfig::new(name, "nimbus").with_connection(connection);
        CheckRequest::new(config, "dev", "/", 1_000, "id").with_keep_connection(keep)
    }

    fn one(kept: &Kept<Line>, goodbyes: &Arc<AtomicUsize>, request: &CheckRequest) -> (usize, Run) {
        let (mut run, mut opened) = (Run::new(request), 0);
        let mut held = kept.hold(request, Fingerprint::of(request, &[]), &run);
        let open = |_: &mut Run| {
            opened += 1;
            Ok::<_, PluginError>(Line { goodbyes: Arc::clone(goodbyes), broken: false })
        };
        assert!(held.check(&mut run, open, |_, _| Ok(String::new())).is_ok());
        drop(held);
        (opened, run)
    }

    #[test]
    fn a_connection_belongs_to_what_it_depends_on() {
        let (kept, goodbyes) = (Kept::new(), Arc::default());
        let opened = |request: &CheckRequest| one(&kept, &goodbyes, request).0;
        assert_eq!([opened(&request("a", "p", true)), opened(&request("a", "p", true))], [1, 0]);
        assert_eq!([opened(&request("b", "p", true)), opened(&request("a", "p", true))], [1, 0], "each has its own");
        assert_eq!([opened(&request("a", "q", true)), goodbyes.load(SeqCst)], [1, 1], "another password");
        let mut elsewhere = request("a", "q", true);
        elsewhere.environment = "prod".to_owned();
        assert_eq!(opened(&elsewhere), 1);
        assert_eq!([opened(&request("c", "p", false)), goodbyes.load(SeqCst)], [1, 5], "all of them, and its own");
    }

    /// A clock that the test sets: seconds after the first look at it.
    static SECONDS: AtomicU64 = AtomicU64::new(0);

    fn clock() -> Instant {
        static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *BEGUN.get_or_init(Instant::now) + Duration::from_secs(SECONDS.load(SeqCst))
    }

    #[test]
    fn after_five_minutes_another_one_is_opened() {
        let (kept, goodbyes) = (Kept::with_clock(clock), Arc::default());
        let asked = request("a", "p", true);
        let opened = |second| {
            SECONDS.store(second, SeqCst);
            let (opened, run) = one(&kept, &goodbyes, &asked);
            (opened, run.reconnected)
        };
        assert_eq!([opened(0), opened(10), opened(299)], [(1, false), (0, false), (0, false)]);
        assert_eq!([opened(300), opened(310)], [(1, false), (0, false)], "it was not broken");
        assert_eq!(goodbyes.load(SeqCst), 1);
    }

    #[test]
    fn what_a_file_holds_counts() {
        let folder = std::env::temp_dir().join(format!("floe-kept-{}", std::process::id()));
        let request = request("a", "p", true);
        let of = || Fingerprint::of(&request, std::slice::from_ref(&folder));
        let missing = of();
        std::fs::write(&folder, "one").unwrap();
        let (first, again) = (of(), of());
        std::fs::write(&folder, "two").unwrap();
        let second = of();
        std::fs::remove_file(&folder).unwrap();
        assert!(first.fits(&again) && !first.fits(&second) && !first.fits(&missing));
    }

    #[test]
    fn computes_that_come_and_go_do_not_add_up() {
        let (kept, goodbyes) = (Kept::new(), Arc::default());
        for number in 0..3 * MOST {
            one(&kept, &goodbyes, &request(&number.to_string(), "p", true));
        }
        assert_eq!((kept.with(|slots| slots.len()), goodbyes.load(SeqCst)), (MOST, 2 * MOST));
    }

    #[test]
    fn a_broken_one_is_replaced_and_what_it_told_is_forgotten() {
        let (kept, goodbyes) = (Kept::new(), Arc::default());
        let asked = request("a", "p", true);
        one(&kept, &goodbyes, &asked);
        let mut run = Run::new(&asked);
        let mut looks = 0;
        let found = kept.hold(&asked, Fingerprint::of(&asked, &[]), &run).check(
            &mut run,
            |_| Ok::<_, PluginError>(Line { goodbyes: Arc::clone(&goodbyes), broken: false }),
            |run, line| {
                looks += 1;
                line.broken = looks == 1;
                run.degrade(floe_plugin_api::Warning::new("seen", "it was looked at"));
                run.step("authorise", |_| Ok(String::new()))
            },
        );
        let result = run.finish(found);
        assert!(result.reconnected && result.connection_kept && result.warnings.len() == 1, "{result:?}");
        let steps: Vec<_> = result.steps.iter().map(|step| (step.name.as_str(), step.ok)).collect();
        assert_eq!(steps, [("kept", false), ("authorise", true)]);
        assert_eq!(goodbyes.load(SeqCst), 0, "what is broken gets no goodbye");
    }

    /// A check that is over before it comes to its connection leaves it to nobody.
    #[test]
    fn one_that_is_not_used_is_closed() {
        let (kept, goodbyes) = (Kept::new(), Arc::default());
        let asked = request("a", "p", true);
        one(&kept, &goodbyes, &asked);
        let run = Run::new(&asked);
        drop(kept.hold(&asked, Fingerprint::of(&asked, &[]), &run));
        assert_eq!((kept.with(|slots| slots.len()), goodbyes.load(SeqCst)), (0, 1));
    }
}
