//! Who sees and does what, tried through the front door: `tests/it/data/access.tsv` says for every route, role and
//! record what the answer must be; the other files try what an attacker among the users would.

mod bringing;
mod glass;
mod injected;
mod leaks;
mod others;
mod raising;
mod routes;
mod scripts;
mod server_role;
mod synced;
mod world;
