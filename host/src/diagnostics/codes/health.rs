//! F07xx: live checks.

super::codes! {
    CHECK_CONFIGURATION = "F0701", "Unhealthy: the configuration is wrong",
        "The live check of a compute found that it cannot work as it is configured: a folder that does not exist, a limit that the engine cannot read, a database that is none. No retry will help; the message says what to change.";
    CHECK_CONNECTION = "F0702", "Unhealthy: no connection",
        "The engine behind a compute could not be reached, or refused the login. The message says which step failed; the help line says what to look at.";
    CHECK_TIMEOUT = "F0703", "Unhealthy: no answer in time",
        "The live check of a compute did not end before its deadline (10 s, or `--timeout`). Either the engine is slow or hangs, or something on the way drops packets without a word. Other computes are not held up by it.";
    CHECK_QUERY = "F0704", "Unhealthy: a probe was refused",
        "The engine was reached and refused one of the few probe statements that a check sends, mostly for want of a permission on the configured database or schema. The plugin's documentation lists the statements.";
    CHECK_PLUGIN = "F0705", "Unhealthy: the check itself failed",
        "The plugin could not carry the check out. This says nothing of the engine. The message holds the plugin's own words; if the help line does not help, tell its vendor.";
    CHECK_DEGRADED = "F0706", "Degraded",
        "The compute can be used in part, or could not be checked in full: an extension that is not installed, a login that only dbt can make. The message says what. It is no failure unless `--deny-degraded` is given.";
    CHECK_WARNS = "F0707", "A live check warns",
        "The compute is healthy, and its check found something besides that should be known. The message says what.";
    WATCH_SLOW = "F0708", "A watch looks too seldom",
        "Interval and deadline of `floe health --watch` together are more than 30 s, so that a compute may be down for longer before anybody hears of it. Take a shorter `--interval`, or a shorter `--timeout`, unless that is what you want.";
    ENV_FILE = "F0709", "A file of variables cannot be read",
        "A file of `--env-file` is not there, may not be read, or has a line that is no `NAME=value`. It is read anew for each check: while it cannot be read, computes are reported as unhealthy. Whoever rotates it should write a new file and move it over the old one.";
}
