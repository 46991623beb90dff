//! What every check over HTTP does with a connection that it is to keep, seen from a relay before the server.

use std::time::{Duration, Instant};

use floe_plugin_api::{ConnectionResult, ConnectionStatus};

use crate::servers::relay::Relay;
use crate::show;

/// Usable or not, reconnected or not, kept or not.
pub fn state(result: &ConnectionResult) -> (bool, bool, bool) {
    (result.status != ConnectionStatus::Unhealthy, result.reconnected, result.connection_kept)
}

/// The names of the steps that were taken.
pub fn steps(result: &ConnectionResult) -> Vec<&str> {
    result.steps.iter().map(|step| step.name.as_str()).collect()
}

/// Checks again and again through a relay, which ends, loses and refuses connections. `check` takes whether to keep, and the
/// milliseconds that it has. `each` is how many connections a check makes that begins anew.
///
/// # Panics
/// Where a check does not do as it must.
pub fn over_http(relay: &mut Relay, each: usize, check: impl Fn(bool, u64) -> ConnectionResult) {
    let first = check(true, 10_000);
    assert_eq!(state(&first), (true, false, true), "{first:#?}");
    let opened = relay.opened();
    assert_eq!((opened, relay.open()), (each, 1));
    let mut slowest = 0.0_f64;
    for _ in 0..3 {
        let next = check(true, 10_000);
        assert_eq!(state(&next), (true, false, true), "{next:#?}");
        assert!(!steps(&next).iter().any(|step| ["resolve", "connect", "tls"].contains(step)), "{next:#?}");
        assert_eq!((&next.message, &next.warnings), (&first.message, &first.warnings));
        assert_eq!(
            (&next.details.user, &next.details.server_version),
            (&first.details.user, &first.details.server_version)
        );
        slowest = slowest.max(next.latency_ms);
    }
    assert_eq!((relay.opened(), relay.open()), (opened, 1), "one serves all");
    show(&format!("{:.1} ms with a new connection, at most {slowest:.1} ms with a kept one", first.latency_ms));

    // RFC 9112, section 9.3.1: a server may end an idle connection at any time.
    relay.cut();
    let next = check(true, 10_000);
    assert_eq!((state(&next), relay.opened()), ((true, false, true), opened + 1), "{next:#?}");

    relay.freeze();
    let begun = Instant::now();
    let next = check(true, 3_000);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(state(&next), (true, true, true), "{next:#?}");
    assert_eq!((next.steps[0].name.as_str(), next.steps[0].ok), ("kept", false));
    assert_eq!(relay.opened(), opened + 1 + each);
    relay.wait_until_open(1);

    relay.refuse();
    let begun = Instant::now();
    for _ in 0..2 {
        let gone = check(true, 10_000);
        assert_eq!((state(&gone), gone.reason.as_deref()), ((false, false, false), Some("refused")), "{gone:#?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    relay.listen();
    let again = check(true, 10_000);
    assert_eq!(state(&again), (true, false, true), "{again:#?}");
    assert!(steps(&again).contains(&"connect"), "nothing was kept meanwhile");
    let last = check(false, 10_000);
    assert_eq!(state(&last), (true, false, false), "{last:#?}");
    relay.wait_until_open(0);
}
