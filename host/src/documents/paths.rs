//! Paths as documents write them.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// A path without `.` and with `x/..` taken out, without asking the file system.
pub fn lexical(path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if clean.file_name().is_some_and(|name| name != "..") => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// A path as people would write it. Behind a link, `..` is another folder than the text says: then it stays as it is.
pub fn tidy(path: &Utf8Path) -> Utf8PathBuf {
    let clean = lexical(path);
    let is_same = match (path.canonicalize_utf8(), clean.canonicalize_utf8()) {
        (Ok(path), Ok(clean)) => path == clean,
        (Ok(_), Err(_)) => false,
        _ => true,
    };
    if is_same { clean } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out() {
        assert_eq!(lexical("./x/../../y/./z".into()), "../y/z");
    }
}
