//! The rooms `naaccr` and `staging` alone, and the targets they are fuzzed through.
#![allow(dead_code, unused_imports)]

#[path = "../src/naaccr/mod.rs"]
pub mod naaccr;
#[path = "../src/staging/mod.rs"]
pub mod staging;
pub mod staging_targets;
pub mod targets;
