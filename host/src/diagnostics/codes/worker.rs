//! F06xx: workers and what plugins answer.

super::codes! {}
