//! JSON Schema of manifest and spec, for editors.
