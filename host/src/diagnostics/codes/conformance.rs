//! F093x: `floe plugin test`.

super::codes! {
    NOT_COMPLIANT = "F0930", "A plugin does otherwise than it should",
    "`floe plugin test` asks a plugin everything that floe may ever ask it, with settings that are valid, as few and as many as \
     it takes, and hostile, and compares what it does with what every plugin must do. Each finding names the check, what was \
     asked and what came.\n\nFor its vendor: mend the plugin; the page for plugin vendors lists what each check demands. For \
     others: such a plugin may work for you, but floe cannot promise what it promises elsewhere; ask its vendor.";
    NEEDS_SETTINGS = "F0931", "No settings to test a plugin with",
    "`floe plugin test` makes settings by the plugin's own JSON Schema and asks for a profile with them. Here the plugin refuses \
     all of them: it has rules that its schema does not say, so that most checks could not run, and nothing is known of \
     what they would have found.\n\nWrite settings that it accepts into a file, as a manifest does below `config:`, and name \
     it:\n\n```sh\nfloe plugin test ./libfloe_plugin_nimbus.so --config compliance.yaml\n```\n\nSecrets are references there \
     too; where one cannot be resolved, a made-up value takes its place.";
    NOT_TESTED = "F0932", "A plugin cannot be tested here",
    "`floe plugin test` opens two ports on 127.0.0.1, to which it sends the plugin, and a temporary folder for its files. This \
     machine does not grant one of them.\n\nSee whether other programs can open ports on 127.0.0.1, and set TMPDIR to a folder \
     that you can write to.";
    NOT_WRITTEN = "F0933", "The report of a test cannot be written",
    "`floe plugin test --junit FILE` writes its report to a file, whole or not at all. Here that failed; the test itself ran, \
     and its result is printed as always.\n\nSee that the file's folder exists, that you may write there, \
     and that the disk is not full.";
}
