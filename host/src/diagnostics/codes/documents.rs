//! F01xx: reading documents.

super::codes! {}
