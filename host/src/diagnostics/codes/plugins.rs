//! F05xx: plugins, before anything of them is executed.

super::codes! {}
