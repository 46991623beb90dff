//! F02xx: the manifest.

super::codes! {}
