//! `floe compile` leaves the former artifacts or the new ones, whole, and the same bytes for the same input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use floe_tests::redact::redact;
use floe_tests::show;
use floe_tests::tree::tree;
use floe_tests::{Project, Run};

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Two manifests whose artifacts differ in several files.
fn project() -> Project {
    let project = Project::new().with_fixtures(&["good", "twin_a", "twin_b"]);
    let approve = |schema: &str| {
        let computes =
            ["good", "twin_a", "twin_b"].map(|name| format!("{{name: {name}, config: {{schema: {schema}}}}}"));
        project.approve("good", &computes.each_ref().map(String::as_str));
        fs::rename(project.path("manifest.yaml"), project.path(&format!("{schema}.yaml"))).expect("a new name");
    };
    approve("red");
    approve("blue");
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: red.yaml}\nenvironments: [{name: dev}, {name: prod}]\n",
    );
    project
}

fn compile(project: &Project, manifest: &str) -> Run {
    project.floe(&["compile", "--manifest", manifest])
}

fn out(project: &Project) -> PathBuf {
    project.path("target/floe")
}

/// What each manifest gives, compiled in peace.
fn both(project: &Project) -> [Tree; 2] {
    ["red.yaml", "blue.yaml"].map(|manifest| {
        let _ = compile(project, manifest).expect(0);
        tree(&out(project))
    })
}

/// What else lies beside the artifacts, but for the lock.
fn beside(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("target")).expect("target/");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "floe" && Path::new(name).extension().is_none_or(|end| end != "lock")).collect()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (here, elsewhere) = (project(), project());
    let [first, other] = both(&here);
    assert!(first.len() >= 8, "artifacts, six profiles, requirements: {:?}", first.keys());
    assert_ne!(first, other);
    let [again, _] = both(&here);
    assert_eq!(first, again, "twice in one folder");
    let [there, _] = both(&elsewhere);
    assert_eq!(first, there, "in another folder");
    for (path, bytes) in &first {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("floe-test-"), "{} holds an absolute path:\n{text}", path.display());
    }
}

#[test]
fn a_compile_that_fails_leaves_the_former_artifacts() {
    let project = project();
    let [_, blue] = both(&project);
    project.write("red.yaml", "apiVersion: floe.dev/v1\nkind: Manifest\nplugins: {compute: {approved: [nonesuch]}}\n");
    let _ = compile(&project, "red.yaml").expect(1);
    assert_eq!(tree(&out(&project)), blue);
    assert_eq!(beside(&project), Vec::<String>::new());
}

#[test]
fn a_check_writes_nothing() {
    let project = project();
    let _ = project.floe(&["compile", "--check"]).expect(0);
    assert!(!project.path("target").exists());
}

#[test]
fn a_folder_of_somebody_else_is_not_replaced() {
    let project = project();
    project.write("thesis/chapter-1.txt", "years of work");
    let run = project.floe(&["compile", "--out", "thesis"]).expect(1);
    let kept = tree(&project.path("thesis"));
    assert_eq!(kept, Tree::from([("chapter-1.txt".into(), b"years of work".to_vec())]));
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    // The product itself is such a folder too.
    let _ = project.floe(&["compile", "--out", "."]).expect(1);
    assert!(project.path("floe.yaml").exists());
}

#[test]
fn two_at_once_do_not_mix() {
    let project = project();
    let whole = both(&project);
    for round in 0..5 {
        thread::scope(|scope| {
            for manifest in ["red.yaml", "blue.yaml", "red.yaml", "blue.yaml"] {
                let project = &project;
                scope.spawn(move || compile(project, manifest).expect(0));
            }
            // Meanwhile a reader never finds the folder gone.
            let marker = out(&project).join("compiled_artifacts.json");
            for _ in 0..200 {
                assert!(marker.exists(), "round {round}: for a moment there were no artifacts");
                thread::sleep(Duration::from_micros(200));
            }
        });
        assert!(whole.contains(&tree(&out(&project))), "round {round}: neither the one nor the other");
        assert_eq!(beside(&project), Vec::<String>::new(), "round {round}");
    }
}

#[test]
fn a_kill_leaves_old_or_new_whole() {
    const TRIES: u32 = 40;
    let project = project();
    let whole = both(&project);
    let begun = Instant::now();
    let _ = compile(&project, "red.yaml").expect(0);
    let usual = begun.elapsed();
    let mut random = Random(20_261_123);
    let mut replaced = 0;
    for attempt in 0..TRIES {
        let manifest = ["blue.yaml", "red.yaml"][attempt as usize % 2];
        let before = tree(&out(&project));
        // Every second one late, when it writes.
        let from = if attempt % 4 < 2 { 0.0 } else { 0.7 };
        let delay = usual.mul_f64(from + (1.3 - from) * random.next());
        kill_after(&project, manifest, delay);
        let after = tree(&out(&project));
        assert!(whole.contains(&after), "try {attempt}, killed after {delay:?}: {:?}", after.keys());
        replaced += u32::from(after != before);
    }
    show(&format!("{TRIES} compiles of {usual:?} were killed; {replaced} had already replaced the artifacts"));
    let _ = compile(&project, "red.yaml").expect(0);
    assert_eq!(tree(&out(&project)), whole[0]);
    assert_eq!(beside(&project), Vec::<String>::new(), "what the killed ones left is cleared");
}

fn kill_after(project: &Project, manifest: &str, delay: Duration) {
    let mut command = project.command(&["compile", "--manifest", manifest]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("floe starts");
    thread::sleep(delay);
    // SIGKILL; one that has ended already is fine.
    let _ = child.kill();
    child.wait().expect("a child can be waited for");
}

/// The same numbers on every run: a linear congruential generator is random enough for delays.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }
}

#[test]
fn a_link_is_followed_and_kept() {
    let project = project();
    fs::create_dir_all(project.path("elsewhere")).expect("a folder");
    fs::create_dir_all(project.path("target")).expect("a folder");
    std::os::unix::fs::symlink(project.path("elsewhere"), out(&project)).expect("a link");
    let _ = compile(&project, "red.yaml").expect(0);
    assert!(is_link(&out(&project)), "the link is still one");
    assert!(project.path("elsewhere/compiled_artifacts.json").exists());
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}
