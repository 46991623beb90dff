//! The setters of the boundary documents.

/// Writes one documented `with_*` method a field: boundary documents are `#[non_exhaustive]`, so that is how other
/// crates fill them.
macro_rules! setters {
    ($($(#[$doc:meta])* $method:ident => $field:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $method(mut self, value: impl Into<$type>) -> Self {
            self.$field = value.into();
            self
        }
    )*};
}

/// The same for a field that is an `Option`: the setter takes the bare value.
macro_rules! optional_setters {
    ($($(#[$doc:meta])* $method:ident => $field:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $method(mut self, value: impl Into<$type>) -> Self {
            self.$field = Some(value.into());
            self
        }
    )*};
}

pub(crate) use {optional_setters, setters};
