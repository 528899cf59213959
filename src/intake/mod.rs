//! Intake: what arrives from outside.
//!
//! A file of abstracts is read and judged whole before anything changes, then applied in steps that any server can
//! carry on. What arrived is kept as it was received.

pub mod apply;
pub mod arrived;
mod differ;
pub mod import_job;
mod limits;
pub mod look_job;
pub mod pathology;
mod received;
pub mod review;
