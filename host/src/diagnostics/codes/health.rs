//! F07xx: live checks.

super::codes! {}
