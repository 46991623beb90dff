//! Failed checks, counted by incident: a watch of days has many, and remembers those that go on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::Meter;

use super::{Failure, Subject, attributes_of};

/// What is counted apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    subject: Subject,
    correlation_id: String,
    error_type: String,
    code: String,
}

/// How often, and whether it is over: then it is exported once more, and forgotten.
#[derive(Debug, Default)]
struct Count {
    errors: u64,
    is_over: bool,
}

static INCIDENTS: Mutex<BTreeMap<Key, Count>> = Mutex::new(BTreeMap::new());

fn incidents() -> MutexGuard<'static, BTreeMap<Key, Count>> {
    INCIDENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A check failed. Another incident of the same connection is over.
pub(super) fn failed(subject: &Subject, failure: Failure<'_>) {
    let mut incidents = incidents();
    end(&mut incidents, subject, Some(failure.correlation_id));
    let key = Key {
        subject: subject.clone(),
        correlation_id: failure.correlation_id.to_owned(),
        error_type: failure.error_type.to_owned(),
        code: failure.code.to_owned(),
    };
    incidents.entry(key).or_default().errors += 1;
}

/// A check went well.
pub(super) fn over(subject: &Subject) {
    end(&mut incidents(), subject, None);
}

fn end(incidents: &mut BTreeMap<Key, Count>, subject: &Subject, but: Option<&str>) {
    let is_of_it = |key: &Key| key.subject.compute == subject.compute && key.subject.environment == subject.environment;
    for (key, count) in incidents.iter_mut() {
        count.is_over |= is_of_it(key) && but != Some(key.correlation_id.as_str());
    }
}

/// Makes the instrument.
pub(super) fn install(meter: &Meter) {
    meter
        .u64_observable_counter("floe.compute.validation.errors")
        .with_unit("{error}")
        .with_description("Live checks that found a compute unhealthy")
        .with_callback(|observer| {
            incidents().retain(|key, count| {
                let failure =
                    Failure { error_type: &key.error_type, code: &key.code, correlation_id: &key.correlation_id };
                observer.observe(count.errors, &attributes_of(&key.subject, failure));
                !count.is_over
            });
        })
        .build();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of a compute, by id, and whether each is over.
    fn counts(compute: &str) -> Vec<(String, u64, bool)> {
        let all = incidents();
        let own = all.iter().filter(|(key, _)| key.subject.compute == compute);
        own.map(|(key, count)| (key.correlation_id.clone(), count.errors, count.is_over)).collect()
    }

    #[test]
    fn an_incident_counts_until_it_is_over() {
        let subject = Subject { compute: "of this test".to_owned(), ..Subject::default() };
        let failure = |correlation_id| Failure { error_type: "refused", code: "F0702", correlation_id };
        failed(&subject, failure("1"));
        failed(&subject, failure("1"));
        assert_eq!(counts("of this test"), [("1".to_owned(), 2, false)]);
        // The plugin could be started by now.
        over(&Subject { plugin_version: Some("1.0.0".to_owned()), ..subject.clone() });
        assert_eq!(counts("of this test"), [("1".to_owned(), 2, true)]);
        failed(&subject, failure("2"));
        failed(&subject, Failure { error_type: "credential", ..failure("2") });
        let ids: Vec<_> = counts("of this test").iter().map(|(id, _, over)| format!("{id} {over}")).collect();
        assert_eq!(ids, ["1 true", "2 false", "2 false"]);
    }
}
