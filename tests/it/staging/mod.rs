//! The staging interpreter against the answers of the official engine.

mod conformance;
