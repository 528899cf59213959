//! The room `naaccr` alone, and the targets it is fuzzed through.
#![allow(dead_code, unused_imports)]

#[path = "../src/naaccr/mod.rs"]
pub mod naaccr;
pub mod targets;
