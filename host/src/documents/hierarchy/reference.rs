//! Where another manifest lies: a path, or a `file://` URL. Nothing is fetched.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::manifest::REFERENCE;
use crate::documents::spanned::Spanned;

/// The file that a reference in a document of `folder` names.
///
/// # Errors
/// [`REFERENCE`] where it is in another place than the file system.
pub fn locate(reference: &Spanned<String>, folder: &Utf8Path) -> Result<Utf8PathBuf, Box<Diagnostic>> {
    let Some((scheme, rest)) = reference.split_once("://") else { return Ok(folder.join(&reference.value)) };
    let refused = |message: String, help: String| {
        Err(Box::new(Diagnostic::error(&REFERENCE, message, help).at(reference.span.clone())))
    };
    match scheme.to_ascii_lowercase().as_str() {
        "file" => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !matches!(host, "" | "localhost") || path.is_empty() {
                let help = "write `file:///absolute/path/manifest.yaml`, or a path from this file's folder".to_owned();
                return refused(format!("`{}` names no file on this machine", reference.value), help);
            }
            match decoded(path) {
                Some(path) => Ok(path.into()),
                None => refused(
                    format!("`{}` holds a `%` that begins no escape of a character", reference.value),
                    "write a `%` as `%25`, or the path without `file://`".to_owned(),
                ),
            }
        }
        "oci" => refused(
            format!("`{}` is in a registry, and floe does not fetch manifests yet", reference.value),
            format!("pull it first, as with `oras pull {rest}`, and write the path of the file here"),
        ),
        _ => refused(
            format!("`{}` cannot be read: floe reads manifests from files", reference.value),
            "fetch it first, and write its path from this file's folder, or `file:///absolute/path`".to_owned(),
        ),
    }
}

/// The path of a URL, with its `%` escapes undone; none where they do not make up UTF-8.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit =
                    |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(rest.next())? * 16 + digit(rest.next())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Source, Span};

    fn located(reference: &str) -> Result<String, String> {
        let source = Source::new("m.yaml", reference);
        let reference = Spanned::new(reference.to_owned(), Span::new(&source, 0, reference.len()));
        let found = locate(&reference, Utf8Path::new("/platform/emea"));
        found.map(Utf8PathBuf::into_string).map_err(|error| error.to_text("id"))
    }

    #[test]
    fn paths_count_from_the_documents_folder_and_files_are_urls_too() {
        assert_eq!(located("../acme.yaml").as_deref(), Ok("/platform/emea/../acme.yaml"));
        assert_eq!(located("/etc/floe/acme.yaml").as_deref(), Ok("/etc/floe/acme.yaml"));
        assert_eq!(located("file:///etc/floe/a%20b.yaml").as_deref(), Ok("/etc/floe/a b.yaml"));
        assert_eq!(located("FILE://localhost/etc/acme.yaml").as_deref(), Ok("/etc/acme.yaml"));
    }

    #[test]
    fn what_is_elsewhere_is_refused_with_what_to_do() {
        let elsewhere = [
            "oci://registry.example/acme/platform:1.0",
            "https://config.example/acme.yaml",
            "file://host/share/acme.yaml",
            "file://",
            "file:///a%2",
            "file:///a%ff",
        ];
        let told: Vec<_> = elsewhere.iter().map(|reference| located(reference).unwrap_err()).collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
