//! Files that nobody should be made to read: whatever lies where a spec, a manifest or artifacts are expected, floe says what
//! is wrong with it, soon, and in little memory.

#![allow(clippy::format_collect, clippy::format_push_string, reason = "plainer, and fast enough")]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use floe_tests::redact::redact;
use floe_tests::{Project, Run, show};

/// Most of a file of text that is read: 16 MiB. Those of artifacts may have 64.
const MIB: usize = 1 << 20;
/// floe reads a file whole and makes a tree of it; nothing here may cost more.
const MOST_MEMORY: u64 = 700 << 20;
/// Of the processor, since the machine may be busy with something else.
const MOST_TIME: Duration = Duration::from_secs(20);

/// Runs a command and writes the peak of its resident memory, in bytes, and its processor time, in milliseconds, to a file.
const MEASURE: &str = "import resource, subprocess, sys\n\
    code = subprocess.run(sys.argv[2:]).returncode\n\
    used = resource.getrusage(resource.RUSAGE_CHILDREN)\n\
    peak = used.ru_maxrss * (1 if sys.platform == 'darwin' else 1024)\n\
    open(sys.argv[1], 'w').write(f'{peak} {int((used.ru_utime + used.ru_stime) * 1000)}')\n\
    sys.exit(code if code >= 0 else 128 - code)\n";

fn measured(project: &Project, arguments: &[&str]) -> (Run, u64, Duration) {
    let plain = project.command(arguments);
    let used = project.root().join("used");
    let mut command = Command::new(floe_tests::dbt::python());
    command.args(["-c", MEASURE]).arg(&used).arg(plain.get_program()).args(arguments).current_dir(project.product());
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = Run::of(&mut command);
    let used = fs::read_to_string(&used).expect("what it used");
    let (peak, milliseconds) = used.split_once(' ').expect("two numbers");
    (run, peak.parse().expect("a number"), Duration::from_millis(milliseconds.parse().expect("a number")))
}

/// Each writes something hostile to a path.
type Hostile = (&'static str, fn(&Path));

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).expect("the file can be written");
}

fn head(rest: &str) -> String {
    format!("apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: s}}\n{rest}")
}

const FILES: &[Hostile] = &[
    ("nothing", |to| write(to, "")),
    ("a NUL", |to| write(to, "a: b\0c\n")),
    ("only NULs", |to| write(to, vec![0; MIB])),
    ("bytes that are no UTF-8", |to| write(to, b"a: caf\xe9\n")),
    ("UTF-16", |to| write(to, b"\xff\xfea\0:\0 \0b\0")),
    ("100 MB", |to| File::create(to).expect("a file").set_len(100_000_000).expect("its length")),
    ("a folder", |to| fs::create_dir(to).expect("a folder")),
    ("a named pipe that nobody writes to", |to| {
        assert!(Command::new("mkfifo").arg(to).status().expect("mkfifo").success());
    }),
    ("a device without an end", |to| std::os::unix::fs::symlink("/dev/zero", to).expect("a link")),
    ("a link to itself", |to| std::os::unix::fs::symlink(to, to).expect("a link")),
    ("a bomb of aliases", |to| {
        let levels =
            (1..20).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10)));
        write(to, format!("a0: &a0 [x, x]\n{}", levels.collect::<String>()));
    }),
    ("a bomb of merges", |to| {
        let levels =
            (1..200).map(|level| format!("a{level}: &a{level} {{<<: [*a{0}, *a{0}], k{level}: 1}}\n", level - 1));
        write(to, format!("a0: &a0 {{x: 1}}\n{}", levels.collect::<String>()));
    }),
    ("brackets, a million deep", |to| write(to, "[".repeat(MIB))),
    ("mappings, a million deep", |to| write(to, "{a: ".repeat(MIB))),
    ("dashes, a million deep", |to| write(to, "- ".repeat(MIB))),
    ("objects, a million deep", |to| write(to, "{\"a\":".repeat(MIB))),
    ("one word of 15 MB", |to| write(to, "x".repeat(15 * MIB))),
    ("one quote of 15 MB that is not closed", |to| write(to, format!("a: \"{}", "x\n".repeat(7 * MIB)))),
    ("200,000 wrong entries on one line", |to| write(to, head(&format!("transforms: [{}]\n", "1, ".repeat(200_000))))),
    ("200,000 wrong entries on as many lines", |to| {
        write(to, head(&format!("transforms:\n{}", "- 1\n".repeat(200_000))));
    }),
    ("100,000 keys that stand twice, far apart", |to| {
        let keys: String = (0..100_000).map(|key| format!("k{key}: 1\n")).collect();
        write(to, head(&keys.repeat(2)));
    }),
    ("300,000 keys that are none", |to| write(to, head(&format!("x-a: {{{}}}\n", "1: 1, ".repeat(300_000))))),
    ("300,000 anchors", |to| {
        write(to, (0..300_000).map(|key| format!("x-{key}: &a{key} 1\n")).collect::<String>());
    }),
    ("a million comments", |to| write(to, "# {compute: x}\n".repeat(MIB))),
    ("a name of 10 MB", |to| write(to, head(&format!("environments: [{{name: {}}}]\n", "é".repeat(5 * MIB))))),
];

fn each(what: &str, file: &str, arguments: &[&str]) {
    let mut table = String::new();
    for (name, hostile) in FILES {
        let project = Project::new().approving("duckdb", &["duckdb"]);
        let path = project.path(file);
        let _ = fs::remove_file(&path);
        hostile(&path);
        let (run, peak, took) = measured(&project, arguments);
        let said = redact(&project, &run.transcript());
        let short: String = said.chars().take(2000).collect();
        assert_eq!(run.code(), Some(1), "{name}: {short}");
        assert!(said.contains("error[F0") && !said.contains("panicked"), "{name}: {short}");
        assert!(run.stderr.len() < 2 * MIB, "{name}: {} bytes are said", run.stderr.len());
        assert!(peak < MOST_MEMORY, "{name}: {} MB", peak >> 20);
        assert!(took < MOST_TIME, "{name}: {took:?}");
        table.push_str(&format!("{:>6} ms {:>4} MB  {what}: {name}\n", took.as_millis(), peak >> 20));
    }
    show(&table);
}

#[test]
fn in_the_place_of_a_spec() {
    each("spec", "floe.yaml", &["compile"]);
}

#[test]
fn in_the_place_of_a_manifest() {
    each("manifest", "manifest.yaml", &["compile"]);
}

#[test]
fn in_the_place_of_artifacts() {
    each("artifacts", "compiled_artifacts.json", &["parity", "compiled_artifacts.json", "compiled_artifacts.json"]);
}

#[test]
fn machines_are_told_as_much_of_it() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    project.write("floe.yaml", &head(&format!("transforms: [{}]\n", "1, ".repeat(100_000))));
    let run = project.floe(&["compile", "--manifest", "manifest.yaml", "--format", "json"]).expect(1);
    let diagnostics = run.diagnostics();
    assert_eq!(diagnostics.len(), 1001);
    insta::assert_json_snapshot!(diagnostics.last().map(|last| [&last["code"], &last["message"], &last["help"]]));
}
