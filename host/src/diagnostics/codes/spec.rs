//! F03xx: the spec.

super::codes! {}
