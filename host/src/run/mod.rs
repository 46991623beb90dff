//! What becomes of compiled artifacts: the plan, and the variables that dbt needs.

pub mod plan;
pub mod variables;
