use proptest::prelude::*;

use super::*;

fn pin(name: &str, platform: &str, libraries: &[&str]) -> Pin {
    Pin {
        name: name.to_owned(),
        version: "1.2.0".to_owned(),
        floe_api_version: "1.0.0".to_owned(),
        platform: platform.parse().unwrap(),
        file: format!("lib{name}.so"),
        sha256: "0123456789abcdef".repeat(4),
        libraries: libraries.iter().map(|file| ((*file).to_owned(), "f".repeat(64))).collect(),
    }
}

fn text() -> String {
    write::text(
        [pin("spark", "linux-x86_64", &[]), pin("duckdb", "macos-aarch64", &["libb.so", "liba \"x\".so"])].iter(),
    )
}

/// What is said of a text, by a human reader.
fn said(text: &str) -> String {
    let (lock, wrong) = Lock::parse("floe.lock".into(), text);
    assert_eq!(lock.is_none(), !wrong.is_empty());
    wrong.iter().map(|wrong| wrong.to_text("id") + "\n\n").collect()
}

#[test]
fn what_is_written_is_what_is_read() {
    let (lock, wrong) = Lock::parse("floe.lock".into(), text());
    assert_eq!(wrong, []);
    let lock = lock.unwrap();
    let pins: Vec<_> = lock.pins().cloned().collect();
    assert_eq!(
        pins,
        [pin("duckdb", "macos-aarch64", &["libb.so", "liba \"x\".so"]), pin("spark", "linux-x86_64", &[])]
    );
    assert!(lock.is_as_written());
    let place = &lock.placed("duckdb", &Platform::macos("aarch64")).unwrap().libraries["libb.so"];
    assert_eq!(place.text(), format!("\"{}\"", "f".repeat(64)));
    let (lock, _) = Lock::parse("floe.lock".into(), text().replace('\n', "\r\n"));
    assert_eq!(lock.unwrap().pins().count(), 2, "as git may check it out on another system");
    insta::assert_snapshot!(text());
}

#[test]
fn a_damaged_lock_says_where() {
    let good = text();
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        said(&good.replacen(from, to, 1))
    };
    let block = good.split("\n\n").last().unwrap();
    let all = [
        changed("name = \"duckdb\"", "name = \"Duck DB\""),
        changed("version = \"1.2.0\"\n", "version = \"new\"\n"),
        changed("platform = \"macos-aarch64\"", "platform = \"vms-vax\""),
        changed("file = \"libduckdb.so\"", "file = \"../libduckdb.so\""),
        changed("sha256 = \"0123456789abcdef", "sha256 = \"0123456789ABCDEF"),
        changed("sha256 = ", "sha512 = "),
        changed("floe_api_version = \"1.0.0\"\n", ""),
        changed("version = 1\n", "version = 1\npinned = true\n"),
        changed("\"libb.so\" = \"", "\"libb.so\" = \"x"),
        changed("\"libb.so\"", "\"libb.so\" = 1\n\"libb.so\""),
        changed("name = \"spark\"", "name = \"spa\u{0}rk\""),
        changed("name = \"spark\"", "name = spark"),
        said(&format!("{good}\n{block}")),
        changed("\n[[plugin]]", "\n<<<<<<< HEAD\n[[plugin]]"),
        said("version = 2\nanything = [1]\n"),
        said("version = \"1\"\n"),
        said("[[plugin]]\n"),
        said(""),
    ];
    insta::assert_snapshot!(all.concat());
}

#[test]
fn everything_that_is_wrong_is_told() {
    let wrong = text().replace("1.0.0", "one").replace("name = \"", "name = \"9");
    let (_, wrong) = Lock::parse("floe.lock".into(), wrong);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}

#[test]
fn files_that_are_no_text_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap().join(LOCK_FILE);
    assert_eq!(Lock::read(&path), Ok(None));
    let mut all = String::new();
    let mut tell = || {
        for wrong in Lock::read(&path).unwrap_err() {
            all += &(wrong.to_text("id").replace(path.as_str(), LOCK_FILE) + "\n\n");
        }
    };
    std::fs::write(&path, b"version = 1\n# caf\xe9\n").unwrap();
    tell();
    std::fs::write(&path, "# long\n".repeat(1 << 20)).unwrap();
    tell();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    tell();
    std::fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    tell();
    insta::assert_snapshot!(all);
}

#[test]
fn a_lock_is_replaced_whole_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = camino::Utf8Path::from_path(folder.path()).unwrap();
    let (path, link) = (folder.join(LOCK_FILE), folder.join("link"));
    save(&path, [pin("duckdb", "linux-x86_64", &[])].iter()).unwrap();
    std::os::unix::fs::symlink(LOCK_FILE, &link).unwrap();
    save(&link, [pin("spark", "linux-x86_64", &[])].iter()).unwrap();
    assert_eq!(Lock::read(&path).unwrap().unwrap().pins().next().unwrap().name, "spark", "behind the link");
    std::fs::write(folder.join("plain"), "").unwrap();
    let mode = |path: &Utf8Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&folder.join("plain")), "as any file that the user makes");
    assert_eq!(folder.read_dir_utf8().unwrap().count(), 3, "nothing is left beside it");
    let refused = save("/proc/floe.lock".into(), std::iter::empty()).unwrap_err();
    insta::assert_snapshot!(refused.to_text("id"), @"
    error[F0521]: the lock cannot be written to /proc/floe.lock: no such file or folder
     |
     = help: see that its folder can be written to and the disk has room; the former lock is as it was
    ");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(any in "\\PC{0,200}", at in 0..900_usize, cut in 0..40_usize, bytes in proptest::collection::vec(any::<u8>(), 0..8)) {
        let mut altered = text().into_bytes();
        let at = at.min(altered.len());
        let end = (at + cut).min(altered.len());
        altered.splice(at..end, bytes);
        for (lock, wrong) in [Lock::parse("floe.lock".into(), any), Lock::from_bytes("floe.lock".into(), altered)] {
            prop_assert_eq!(lock.is_none(), !wrong.is_empty());
            prop_assert!(wrong.iter().all(|wrong| !wrong.labels.is_empty() && !wrong.to_text("id").is_empty()));
            // What is read is written so that it is read again.
            if let Some(lock) = lock {
                let (again, _) = Lock::parse("floe.lock".into(), write::text(lock.pins()));
                prop_assert!(again.is_some_and(|again| again.is_as_written()));
            }
        }
    }
}
