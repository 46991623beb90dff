//! What becomes of compiled artifacts: for now, the plan.

pub mod plan;
