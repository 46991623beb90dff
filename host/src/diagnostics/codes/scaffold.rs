//! F092x: `floe plugin new`.

super::codes! {
    FOLDER_THERE = "F0920", "Something is there already",
    "`floe plugin new NAME` makes the folder `floe-plugin-NAME`, or the one that `--out` names, and replaces nothing: what \
     is there may be somebody's work, an empty folder included.\n\nChoose another place with `--out FOLDER`, or move away \
     what is there.";
    NAME_UNUSABLE = "F0921", "A name that a plugin crate cannot have",
    "The name of a plugin is what a manifest writes as `plugin:`: a lowercase letter, then lowercase letters, digits, `_` \
     and `-`, at most 63 characters. `api` is taken: its crate would be called as the one that every plugin depends on. The \
     adapter is the `type` of a dbt profile: lowercase letters, digits and `_`. The engine is what people call it, and \
     stands in the sources and documents of the crate: letters, digits, blanks and `. + - _ & ( ) / ,`, at most 40.\n\n\
     ```sh\nfloe plugin new nimbus --engine \"Nimbus Cloud\" --adapter nimbus\n```";
    NO_PLUGIN_API = "F0922", "No floe-plugin-api there",
    "`floe plugin new --plugin-api FOLDER` makes the new crate depend on the sources of floe-plugin-api in that folder, \
     which must hold its `Cargo.toml`.\n\nIn a checkout of floe it is the folder `plugin-api`. Without the option the new \
     crate gets a copy of its own.";
    CRATE_NOT_WRITTEN = "F0923", "The crate cannot be written",
    "`floe plugin new` writes the new crate beside its place and then moves it there as a whole, and the operating system \
     refuses.\n\nSee that the folder around it can be written to and that the disk has room, or choose another place with \
     `--out FOLDER`.";
}
