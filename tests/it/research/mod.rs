//! Extracts for research: what leaves at which level, and what never does.

mod made;
mod pages;
pub mod planted;
