//! Batches, their lines, and the ledger: where every case stands with every recipient.
//!
//! The ledger holds what was sent as two hashes and the versions of the rows they were taken from. A case whose versions are
//! those is unchanged without being read; so what is waiting is one grouped query, whatever the size of the registry.
//!
//! `cases` which cases there are, `contents` what they hold, `batches` and `lines` what is sent together, `ledger` what was
//! sent of each, `counts` what the gate and the pages count.

mod batches;
mod cases;
mod contents;
mod counts;
mod ledger;
mod lines;

pub use batches::*;
pub use cases::*;
pub use contents::*;
pub use counts::*;
pub use ledger::*;
pub use lines::*;
