//! NAACCR files through the command line, against the reference library's answers and the published samples.

mod commands;
pub mod look;
mod mutations;
mod probes;
mod reading;
mod samples;

use std::path::PathBuf;

/// The folder of the official files, where there is one.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = folder.join("naaccr");
    if !folder.is_dir() {
        println!("skipped: the official NAACCR files are not at {}", folder.display());
        return None;
    }
    Some(folder)
}
