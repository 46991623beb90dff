//! Parity: a transform runs on one compute, in every environment. `selections` holds it within a product, where the reader of
//! documents had to leave a question to the plugin's schema; `compare` holds it between two compiles.

pub mod compare;
pub mod selections;
