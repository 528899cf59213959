//! The package, the units and the proxy's settings, followed as far as a test machine allows.

mod backup_job;
mod commands;
mod package;
