//! The staging interpreter: against the answers of the official engine, and by archives made by hand for what no
//! official archive uses.

mod conformance;
mod editions;
mod fuzz;
mod hand_made;
mod hostile;
mod made;
mod records;
mod schemas;
