//! The server is killed (SIGKILL) at random moments: nothing acknowledged is missing, nothing half is there, and
//! another server carries on what the first one left.

mod chance;
mod imports;
mod saves;
