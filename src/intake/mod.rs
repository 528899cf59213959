//! Intake: what arrives from outside.

pub mod apply;
pub mod arrived;
