//! The registry: patients, tumors and abstracts, what arrived, what changed and who looked.

pub mod change;
pub mod clock;
pub mod store;
