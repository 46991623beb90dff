//! The layout of everything that crosses the boundary as typed data is what every plugin that was shipped was built with.
//!
//! No snapshot that `INSTA_UPDATE` would overwrite: `frozen/abi.txt` is changed by hand, on purpose.
#![allow(clippy::panic, clippy::expect_used, reason = "a test")]

use std::fmt::Write as _;

use abi_stable::StableAbi;
use abi_stable::std_types::UTypeId;
use abi_stable::type_layout::{TLData, TLField, TLFunction, TypeLayout};
use floe_plugin_abi::{PluginModuleRef, RawError, RawPluginBox};
use floe_plugin_api::abi::{NewPlugin, ROOT_SYMBOL};
use floe_plugin_api::{ErrorKind, FLOE_API_VERSION, record};

/// The types that were written, and those still to write.
#[derive(Default)]
struct Described {
    text: String,
    /// Types of one name (`RResult` of this and of that) are told apart by a number.
    names: Vec<(UTypeId, String, String)>,
    next: Vec<&'static TypeLayout>,
}

impl Described {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
    }

    /// The name of a type, which will be described.
    fn name(&mut self, layout: &'static TypeLayout) -> String {
        let plain = layout.full_type().to_string().trim().replace("  ", " ");
        let same: Vec<_> = self.names.iter().filter(|known| known.1 == plain).collect();
        if let Some((_, _, name)) = same.iter().find(|known| known.0 == layout.get_utypeid()) {
            return name.clone();
        }
        let name = if same.is_empty() { plain.clone() } else { format!("{plain} #{}", same.len() + 1) };
        self.names.push((layout.get_utypeid(), plain, name.clone()));
        self.next.push(layout);
        name
    }

    fn types(&mut self, root: &'static TypeLayout) {
        self.name(root);
        while !self.next.is_empty() {
            for layout in std::mem::take(&mut self.next) {
                self.layout(layout);
            }
        }
    }

    fn layout(&mut self, layout: &'static TypeLayout) {
        let name = self.name(layout);
        let (package, version) = layout.package_and_version();
        let (package, major) = (package.as_str(), version.parsed().map_or(0, |version| version.major));
        self.line(&format!(
            "\n{} ({package} {major}): size {} align {} {:?}{}",
            name,
            layout.size(),
            layout.alignment(),
            layout.repr_attr(),
            if layout.is_nonzero() { " never null" } else { "" }
        ));
        match layout.data() {
            TLData::Primitive(primitive) => self.line(&format!("  primitive {primitive:?}")),
            TLData::Opaque => self.line("  opaque"),
            TLData::Struct { fields } | TLData::Union { fields } => fields.iter().for_each(|field| self.field(&field)),
            TLData::Enum(of) => {
                for (name, count) in of.variant_names_iter().zip(of.field_count.as_slice()) {
                    self.line(&format!("  variant {name} of {count}"));
                }
                self.line(&format!("  numbers {:?}", of.discriminants));
                of.fields.iter().for_each(|field| self.field(&field));
            }
            TLData::PrefixType(of) => {
                for (at, field) in of.fields.iter().enumerate() {
                    if at == usize::from(of.first_suffix_field) {
                        self.line("  -- of a later minor version --");
                    }
                    self.field(&field);
                }
            }
        }
        layout.phantom_fields().iter().for_each(|field| {
            let of = self.name(field.layout());
            self.line(&format!("  checked besides: {of}"));
        });
    }

    fn field(&mut self, field: &TLField) {
        if !field.is_function() {
            let of = self.name(field.layout());
            self.line(&format!("  {}: {of}", field.name()));
        }
        for function in field.function_range() {
            self.function(&function);
        }
    }

    fn function(&mut self, function: &TLFunction) {
        let mut names = function.param_names.as_str().split(',');
        let parameters: Vec<String> = function
            .param_type_layouts
            .iter()
            .map(|layout| format!("{}: {}", names.next().unwrap_or_default(), self.name(layout())))
            .collect();
        let result = function.return_type_layout().map_or_else(|| "()".to_owned(), |layout| self.name(layout()));
        self.line(&format!("  fn {}({}) -> {result}", function.name, parameters.join(", ")));
    }
}

fn described() -> String {
    let mut all = Described::default();
    let (major, _) = FLOE_API_VERSION.split_once('.').expect("semver");
    all.line(&format!("API {major}.x, by abi_stable {}, on {} bits", abi_version(), usize::BITS));
    all.line(&format!("root symbol {ROOT_SYMBOL:?}"));
    let magic = String::from_utf8_lossy(&record::MAGIC);
    all.line(&format!(
        "record: {magic:?}, u32 length, JSON; in {} or {:?}",
        record::ELF_SECTION,
        record::MACHO_SECTION
    ));
    for code in 0..=u32::from(u8::MAX) {
        let kind = ErrorKind::from_code(code);
        if code == 0 || kind != ErrorKind::Unknown {
            all.line(&format!("error kind {code}: {kind:?}"));
        }
    }
    all.types(<PluginModuleRef as StableAbi>::LAYOUT);
    // What `new_plugin` returns, whose parts are these; named here for a reader, written above.
    for layout in
        [<NewPlugin as StableAbi>::LAYOUT, <RawError as StableAbi>::LAYOUT, <RawPluginBox as StableAbi>::LAYOUT]
    {
        all.types(layout);
    }
    all.text
}

/// The version that is compiled in: its major and minor are checked when a plugin is loaded.
fn abi_version() -> String {
    let (package, version) = <abi_stable::std_types::RString as StableAbi>::LAYOUT.package_and_version();
    assert_eq!(package.as_str(), "abi_stable");
    version.to_string()
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_layout_is_the_one_of_every_plugin_that_was_shipped() {
    let (frozen, now) = (include_str!("frozen/abi.txt"), described());
    if frozen == now {
        return;
    }
    let found = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi.txt");
    std::fs::write(&found, &now).expect("the folder for tests can be written");
    let differ = frozen.lines().zip(now.lines()).find(|(frozen, now)| frozen != now);
    let (was, is) = differ.unwrap_or(("", "(one ends before the other)"));
    panic!(
        "the layout of the ABI has changed: plugins that were shipped may not load any more.\n\
         read docs/abi-stability.md before you change anything else\n\
         was: {was}\n is: {is}\n\
         the whole of it: diff plugin-api/tests/frozen/abi.txt {}",
        found.display()
    );
}
