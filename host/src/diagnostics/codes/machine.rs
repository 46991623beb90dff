//! F09xx: this machine.

super::codes! {}
