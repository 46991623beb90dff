//! F06xx: workers and what plugins answer.

super::codes! {
    START = "F0601", "A plugin's worker process cannot be started",
"floe loads every plugin in a process of its own, for which it starts itself once more. That failed before the plugin was touched.

Examples: no more processes or memory (`ulimit -u`, a container's limit); the `floe` binary was removed while it ran; a program
that uses floe as a library and does not call `floe::plugins::worker::dispatch()` first thing in `main`.

Mend it: the message tells what the system said.";
    LOAD = "F0602", "A plugin cannot be loaded",
"The system's loader or the plugin's own constructor refused.

Examples: a library that it needs is not installed (`libodbc.so.2: cannot open shared object file`); it was built against a newer C
library; a symbol is missing; its types do not have the layout of this API; its constructor failed.

Mend it: install what the message names; `floe plugin inspect FILE` lists the libraries that it needs. Else tell the plugin's vendor.";
    DIED = "F0603", "A plugin died",
"The process that runs the plugin ended, or closed its connection, before it had answered: a crash (signal 11, signal 6), or a call of
`exit`. floe and all other plugins go on.

The message tells the signal or status, what the plugin was asked for, and its last words on standard error.

Mend it: this is a defect of the plugin or of a library that it uses: tell its vendor.";
    OUT_OF_MEMORY = "F0604", "A plugin ran out of memory",
"The plugin asked for more memory than a worker may have (its address space is limited), or than the machine had.

Example: a check that reads a whole table into memory.

Mend it: this is a defect of the plugin unless the machine itself is short of memory: tell its vendor.";
    DEADLINE = "F0605", "A plugin did not answer in time",
"The plugin had not answered when its time was over; it was stopped, with all processes that it had started.

Examples: a server that takes the connection and never answers, and a driver without a timeout; a dead lock in the plugin.

Mend it: see whether the engine can be reached from this machine; allow more time where it is only slow. A plugin should keep
the deadline that it is given: if it always hangs, tell its vendor.";
    RECORD_LIES = "F0606", "A plugin is not what its record says",
"Name, version or API version that the loaded plugin tells differ from the record in its file, on which the decision to load it rested.

Example: a record that was edited in the finished file to pass a version requirement.

Mend it: do not use the file; get the plugin anew from its vendor.";
    CHANGED = "F0607", "A plugin's file changed before it was loaded",
"What floe inspected is not what the worker found or loaded under the same path: the file was replaced or written to in between.

Example: a deployment that copies a new plugin over the old one while floe runs.

Mend it: run the command again. Replace plugins by renaming a whole new file over the old one, never by writing into it.";
    ANSWER = "F0608", "A plugin's answer cannot be understood",
"The plugin answered with something that is not the document that the method returns: no UTF-8, no JSON, a field that is missing or of
another type.

Example: a `validate_connection` that answers without `status`.

Mend it: this is a defect of the plugin: tell its vendor, with the message.";
    TOO_LARGE = "F0609", "A document is too large",
"A plugin's answer, or the request to it, is larger than a worker's connection carries (16 MiB).

Example: a plugin that puts a listing of all tables into its answer.

Mend it: this is a defect of the plugin: tell its vendor. Where the request is meant, shorten the compute's settings.";
    SAYS_CONFIGURATION = "F0611", "The plugin finds the configuration wrong",
"The plugin cannot work with the compute's settings as they are; trying again will not help.

Example: two ways to log in at once, or a key file that holds no key.

Mend it: change the settings of the compute in the manifest as the message says.";
    SAYS_CONNECTION = "F0612", "The plugin cannot reach the engine",
"The engine could not be reached, or it refused the login.

Examples: a host name that does not resolve; a closed port; a wrong password; a certificate that is not trusted.

Mend it: the message and its help line say which; look at the compute's connection settings, and try from this machine.";
    SAYS_TIMEOUT = "F0613", "The engine did not answer in time",
"The plugin gave up waiting for the engine within the time that it was given.

Example: a warehouse that is starting.

Mend it: try again, or allow more time.";
    SAYS_QUERY = "F0614", "The engine refused a probe statement",
"The plugin is connected, but the engine refused one of the harmless statements that a check sends.

Example: a user without the right to use the database.

Mend it: grant the user what the message names.";
    SAYS_EXECUTION = "F0615", "The plugin failed",
"The plugin itself failed while it was asked something: it panicked, or could not read the request or write the answer. It
was caught; floe and other plugins go on.

Mend it: this is a defect of the plugin: tell its vendor, with the message.";
    SAYS_OTHER = "F0616", "The plugin reports an error of an unknown kind",
"The plugin reports a failure whose class this version of floe does not know; its message tells what it is.

Mend it: as the message says. A newer floe may know the class.";
    STDOUT_NOISE = "F0620", "A plugin writes to standard output",
"The plugin, or a library in it, wrote to standard output, which belongs to floe's own output. The text was kept away from it and is
in the log (`FLOE_LOG=debug`).

Mend it: nothing is lost; tell the vendor that a plugin must write to standard error only.";
    CHILDREN_LEFT = "F0621", "A plugin left processes behind",
"The plugin started processes and did not end them. They have been killed.

Example: a driver that starts a helper and forgets it.

Mend it: this is a defect of the plugin: tell its vendor.";
    SECRET_SCRUBBED = "F0622", "A plugin gave away a secret",
"The value of a secret stood in what the plugin answered or logged. It was replaced by `***` before anything was shown or stored.

Example: an error message that quotes the connection string with its password.

Mend it: tell the plugin's vendor. If the plugin may have written the secret elsewhere too, change the secret.";
}
