//! F04xx: compiling.

super::codes! {}
