//! Why a plugin does not fulfil the demand for signatures, in words.

use camino::Utf8Path;
use floe_plugin_api::ErrorKind;

use super::demand::{Demand, Lack};
use super::keys::KeyId;
use super::signature;
use crate::diagnostics::{Code, Diagnostic, codes::plugins as codes, listed};
use crate::plugins::inspect::{Inspected, Library};

/// Whether the file itself is a link, whose signature lies elsewhere. One to its folder has the signature in the same folder.
fn is_link_to(path: &Utf8Path, real: &Utf8Path) -> bool {
    let absolute = camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().and_then(|folder| folder.canonicalize_utf8().ok());
    folder.zip(absolute.file_name()).is_none_or(|(folder, name)| folder.join(name) != real)
}

impl Demand {
    pub(super) fn of_plugin(&self, plugin: &Inspected, lack: &Lack) -> Diagnostic {
        let (name, path, real) = (plugin.name(), &plugin.path, &plugin.real_path);
        let link = if is_link_to(path, real) { format!(", which leads to {real}") } else { String::new() };
        self.refusal(&format!("plugin {name} ({path}{link})"), real, lack)
    }

    pub(super) fn unreadable(&self, plugin: &Inspected, why: String) -> Diagnostic {
        self.of_plugin(plugin, &Lack::Unreadable(why))
    }

    pub(super) fn of_library(&self, plugin: &Inspected, library: &Library, real: &Utf8Path, lack: &Lack) -> Diagnostic {
        let link = if is_link_to(&library.path, real) { format!(" (which leads to {real})") } else { String::new() };
        self.refusal(&format!("the library {}{link} of plugin {}", library.path, plugin.name()), real, lack)
    }

    fn refusal(&self, subject: &str, real: &Utf8Path, lack: &Lack) -> Diagnostic {
        let signature = signature::place(real);
        match lack {
            Lack::Missing => self.error(
                &codes::SIGNATURE_MISSING,
                format!("{subject} is not signed: there is no {signature}"),
                "put the vendor's signature beside the file; \
                 what you built yourself you sign with `minisign -Sm FILE` and a key of your own in `trusted_keys`",
            ),
            Lack::Unreadable(why) => self.error(
                &codes::SIGNATURE_UNREADABLE,
                format!("the signature {signature} of {subject} cannot be read: {why}"),
                "get the signature anew from the vendor, and make it a file that you may read",
            ),
            Lack::OldForm => self.error(
                &codes::SIGNATURE_OLD_FORM,
                format!("the signature {signature} of {subject} is of the old form, which floe does not check"),
                "ask the vendor to sign it with `minisign -Sm FILE`, version 0.10 or later and without `-l`",
            ),
            Lack::Untrusted(key_id) => self.untrusted(subject, *key_id),
            Lack::Mismatch(key_id) => self.error(
                &codes::SIGNATURE_MISMATCH,
                format!("{subject} is not the file that was signed: the signature {signature} by key {key_id} does not fit it"),
                "what you built yourself you sign anew, with `minisign -Sm FILE`; else do not use it: the file or its signature \
                 was changed, cut off, or is another one's; get both anew from the vendor, and if they still do not fit compare \
                 the key in `trusted_keys` with the vendor's",
            ),
            Lack::File(why) => self.error(
                &codes::UNREADABLE,
                format!("{subject} cannot be read any more: {why}"),
                "make the file readable for the user that runs floe",
            ),
        }
    }

    fn untrusted(&self, subject: &str, key_id: KeyId) -> Diagnostic {
        let mut ids: Vec<_> = self.keys.iter().map(|(key, _)| key.id().to_string()).collect();
        ids.dedup();
        let trusted = match ids.as_slice() {
            [] => "no key is trusted".to_owned(),
            ids => format!("trusted: {}", listed(ids.iter().map(String::as_str))),
        };
        let found = self.error(
            &codes::SIGNER_NOT_TRUSTED,
            format!("{subject} is signed by key `{key_id}`, which is not trusted; {trusted}"),
            "get the file that a trusted key signed; or, once you have made sure whose key it is, have it added to `trusted_keys`",
        );
        self.keys
            .iter()
            .fold(found, |found, (key, place)| found.labelled(place.clone(), format!("the key {}", key.id())))
    }

    fn error(&self, code: &'static Code, message: String, help: &str) -> Diagnostic {
        let found = Diagnostic::error(code, message, help).of_kind(ErrorKind::PluginExecution);
        match &self.place {
            Some(place) => found.labelled(place.clone(), "signatures are demanded here"),
            None => found,
        }
    }
}
