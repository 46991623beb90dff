//! F05xx: plugins, before anything of them is executed.

super::codes! {
    NOT_FOUND = "F0501", "No such plugin",
"A manifest or a command names a plugin that no folder of the search path holds.

floe looks for shared libraries in `--plugins-dir` alone, if it is given; else in the folders of `FLOE_PLUGIN_PATH`, in the
user's folder (`~/.local/share/floe/plugins`, on macOS `~/Library/Application Support/floe/plugins`), and in `../plugins`
and `plugins` beside the `floe` binary. A plugin's name is the one that it was built with, not its file's.

Mend it: run `floe plugin list` to see what was found where; copy the plugin's file into one of the folders, or correct the name.";
    FOLDER = "F0502", "A plugins folder cannot be read",
"A folder that was named by `--plugins-dir`, or one of the search path, is missing, is no folder, or may not be read.

Example: `floe plugin list --plugins-dir ./plugin` where the folder is called `plugins`.

Mend it: correct the path, or make the folder readable and searchable for the user that runs floe (`chmod u+rx`).";
    DUPLICATE = "F0503", "Two plugins of one name in one folder",
"One folder holds two files that say that they are the same plugin, so that chance would decide which one is used.

Example: `duckdb-1.0.so` and `duckdb-1.1.so` side by side. In *different* folders this is fine: the earlier folder wins and
`floe plugin list` shows what it shadows.

Mend it: keep one of the two files in the folder.";
    UNREADABLE = "F0504", "A plugin's file cannot be read",
"The file cannot be opened, is no regular file, or its path is not UTF-8.

Examples: a dangling symbolic link; a file of another user with mode 0600; a pipe or a folder whose name ends in `.so`.

Mend it: make the file readable for the user that runs floe, or remove it from the plugins folder.";
    NOT_A_LIBRARY = "F0505", "Not a shared library",
"The file is none of the formats that a plugin can have: an ELF shared object (Linux) or a Mach-O dynamic library (macOS).

Examples: an error page that was saved under the plugin's name; a Git LFS pointer; an archive; a program in place of a library.

Mend it: download or build the plugin again, and compare its sha256 with the vendor's.";
    INCOMPLETE = "F0506", "A plugin's file is not whole",
"The file's own tables say that it is longer than it is, or cannot be read. Loading such a file kills the process that tries.

Examples: a download that was cut off; a full disk; a copy that is still going on.

Mend it: copy the file again, and compare its size and sha256 with the vendor's.";
    OTHER_PLATFORM = "F0507", "A plugin for another platform",
"The library was built for another operating system, processor or byte order than the one that floe runs on.

Example: an `aarch64` library on an `x86_64` machine. floe looks before the system's loader does, whose own message
(`cannot open shared object file: No such file`) is misleading.

Mend it: get the vendor's file for this platform; `floe plugin inspect FILE` shows both.";
    NO_RECORD = "F0508", "Not a floe plugin",
"The file is a whole shared library of this platform but carries no floe record: the section `.floe_plugin`
(`__DATA,__floe_plugin` in Mach-O) that `export_plugin!` writes.

Examples: a library that a plugin needs, put beside it; a plugin built without `export_plugin!`; one whose sections were removed.

Mend it: move private libraries out of the plugins folder or ignore this; a plugin's author calls `export_plugin!` once.";
    BAD_RECORD = "F0509", "A plugin's record cannot be read",
"The library has a floe record, but it is damaged, far too large, or says impossible things: a name that is none
(`[a-z][a-z0-9_-]{0,62}`), a version that is not semver.

Example: a record that was edited in the finished file.

Mend it: get the plugin anew from its vendor; an author builds it with `export_plugin!`, which cannot write such a record.";
    API_VERSION = "F0510", "A plugin for another API version",
"The plugin was built for a `floe_api_version` that this floe cannot serve. A plugin fits if its major version is the
host's and its minor version is not newer than the host's; older ones fit.

Examples: a plugin for 2.0 under a floe of 1.x; a plugin for 1.4 under a floe that knows 1.2.

Mend it: upgrade floe if the plugin is newer, or get a version of the plugin that was built for this floe.";
    VERSION_REQUIREMENT = "F0511", "A plugin's version is not the one that is required",
"The manifest's `version:` requirement for a compute excludes the plugin that was found.

Example: `{name: spark_large, plugin: spark, version: \">=1.2, <2\"}` where the search path holds spark 1.1.0.

Mend it: install a version of the plugin that fits, or change the requirement in the manifest.";
    WRITABLE_BY_OTHERS = "F0512", "Others can change a plugin",
"The plugin's file, or a folder above it, can be written by somebody else than you or root: whoever that is can make
floe execute what they like, with your rights. (As with ssh's keys; a sticky folder such as `/tmp` is fine.)

Example: a plugins folder with mode 0777.

Mend it: the message names the first such file or folder; take the right away with `chmod go-w`, or change the owner.";
    LOCK_UNREADABLE = "F0513", "A lock cannot be read",
"There is a `floe.lock` beside a manifest, but the system refuses to read it, it is no file, not UTF-8, or far too long. A lock
that cannot be read is as good as broken: nothing is loaded.

Examples: a link that leads nowhere; a folder of that name; a file in UTF-16.

Mend it: get the file back from version control; or remove it and run `floe plugin lock` where the plugins are what you trust.";
    LOCK_DAMAGED = "F0514", "A lock is damaged",
"A `floe.lock` says something that floe never writes: it is no TOML, has unknown keys, a sha256 that is none, one plugin twice
for one platform, or git's marks of a merge conflict.

Example: two branches pinned one plugin in two versions, and git left both.

Mend it: keep the blocks of both sides of a merge, and of two for one plugin and platform the right one; then run
`floe plugin lock`, which checks and sorts them. Else get the file back from version control.";
    LOCK_VERSION = "F0515", "A lock of another version",
"The first key of a `floe.lock`, `version`, is not one that this floe can read: most often a newer floe wrote it.

Mend it: use the floe that wrote it, or write the lock anew with this one (remove it, then `floe plugin lock`).";
    LOCK_MISMATCH = "F0516", "A plugin is not the one that is pinned",
"A plugin, or a private library that is loaded with it, is not what `floe.lock` pins: its sha256 or its version differ, or a
library came or went. Nothing of it has been executed.

Examples: a plugin that was upgraded without `floe plugin lock`; a download that was damaged; somebody exchanged the file.

Mend it: if the change is intended, run `floe plugin lock`, look at what it says, and commit the lock. If it is not, get the
plugin anew from its vendor, and find out who changed it.";
    LOCK_MISSING = "F0517", "There is no lock",
"`--locked`, and `floe plugin verify`, want a `floe.lock` beside the product's manifest (beside the spec where there is no
manifest), and there is none.

Mend it: run `floe plugin lock` where the plugins are what you trust, and commit the file; or leave `--locked` out.";
    NOT_PINNED = "F0518", "A plugin that no lock pins",
"With `--locked` every plugin that is loaded must be named by a `floe.lock`, for the platform that floe runs on.

Examples: a compute that was approved without `floe plugin lock`; a lock that was written on macOS, and used on Linux.

Mend it: run `floe plugin lock`; for another platform than yours, `floe plugin lock --add linux-x86_64=FILE`.";
    LOCK_OUTDATED = "F0519", "A lock is not up to date",
"`floe plugin lock --check` found that `floe plugin lock` would write something else than is there.

Example: the manifest approves a compute whose plugin is not pinned yet.

Mend it: run `floe plugin lock` and commit the file.";
    LOCK_ADDITION = "F0520", "A file that cannot be added to a lock",
"A file that `floe plugin lock --add PLATFORM=FILE` names is a plugin, but not one that fits: it was built for another platform,
is one that no compute uses, comes twice, or has another version than is pinned for this platform.

Mend it: name the platform that `floe plugin inspect FILE` shows, and add files of one version of the plugins that the
manifest's computes use.";
    LOCK_NOT_WRITTEN = "F0521", "A lock cannot be written",
"The system refuses to write `floe.lock` beside the manifest. The former file is as it was.

Examples: a folder that may not be written to; a full disk.

Mend it: allow it, or run `floe plugin lock` where it is allowed.";
    PRIVATE_LIBRARY = "F0522", "A plugin's private library cannot be pinned",
"A plugin needs a library that lies beside it, found through `$ORIGIN` (`@loader_path` on macOS); with a lock, or
where signatures are demanded, it must be readable, and there must not be two different ones of one name.

Examples: a dangling link `libduckdb.so`; a folder of that name.

Mend it: get the plugin with all that belongs to it anew from its vendor.";
    SIGNATURE_MISSING = "F0523", "A plugin is not signed",
"The manifest demands signatures (`plugins.trust.require_signature`), and beside a plugin's file, or beside a private library that
is loaded with it, lies none. The signature of `libx.so` is the file `libx.so.minisig` in the same folder; where `libx.so` is a
symbolic link, in the folder of the file to which it leads.

Mend it: copy the vendor's `.minisig` files together with the plugin. What you built yourself you sign with `minisign -Sm FILE`; your
public key belongs into `trusted_keys`.";
    SIGNATURE_UNREADABLE = "F0524", "A signature cannot be read",
"The file `libx.so.minisig` beside a plugin or a private library is there, and cannot be read or is no signature of minisign: four
lines, of which the first and the third are comments.

Examples: an error page that was saved under its name; a link that leads nowhere; a signature by GnuPG.

Mend it: get the file anew from the vendor, or make it readable for the user that runs floe.";
    SIGNATURE_OLD_FORM = "F0525", "A signature of the old form",
"minisign before version 0.10, and later ones with `-l`, signed a whole file at once and not its hash. To check such a signature the
whole file must be in memory, so floe does not.

Mend it: the vendor signs the file anew with `minisign -Sm FILE`, version 0.10 or later and without `-l`. Key and file stay as they are.";
    SIGNER_NOT_TRUSTED = "F0526", "A plugin is signed by a key that is not trusted",
"The manifest demands signatures, and the one beside a plugin's file, or beside a private library, says that it is by a key that is
not among the `trusted_keys`. The message shows its id and the ids of the trusted keys as minisign prints them. An id is no proof of
who signed.

Examples: the vendor has a new key; somebody else built the plugin; a domain manifest trusts fewer keys than its parent.

Mend it: get the file that a trusted key signed. If the vendor has a new key, make sure of it on another way than that on which the
plugin came, and add it to `trusted_keys`.";
    SIGNATURE_MISMATCH = "F0527", "A plugin is not the file that was signed",
"The signature beside a plugin's file, or beside a private library, names a trusted key, but it is not this key's signature of this
file. Nothing of the plugin has been executed.

Examples: a download that was cut off or damaged; a new plugin beside the signature of the old one; somebody changed the file, the
signature, or the comment in it; a mistyped key in `trusted_keys`.

Mend it: what you built yourself you sign anew with `minisign -Sm FILE`, after each build. Else do not use the file; get it and its
signature anew from the vendor. If they still do not fit, compare the key in `trusted_keys` with the vendor's. If they fit then, find
out who changed the file.";
}
