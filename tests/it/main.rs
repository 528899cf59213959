//! The one test program of the project: a folder for each capability, all of it through the front door.
//!
//! A file directly under `tests/` would be linked as a program of its own, which costs half a minute each:
//! add a folder here instead. `kit` holds what the tests stand on: databases, the program, the server, a visitor.
#![allow(clippy::unwrap_used)]

#[macro_use]
#[allow(dead_code, unused_imports, reason = "not every part of the kit has a user at every commit")]
mod kit;

mod access;
mod accounts;
mod at_the_door;
mod casefinding;
mod checking;
mod codes;
mod conflicts;
mod derived;
mod edits;
mod followup;
mod house;
mod imports;
mod installing;
mod killing;
mod naaccr;
mod outside;
mod purging;
mod research;
mod schema;
mod search;
mod sql_door;
mod staging;
mod starting;
mod submissions;
mod synth;
