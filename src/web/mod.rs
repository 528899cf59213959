//! The server: one file a screen.
//!
//! [`table`] holds every route as a row of data: method, path, who may, how far the scope reaches, what it leaves in
//! the audit chain, what body it takes, and the function that answers. Routes are registered from the table and from
//! nowhere else; `accession routes` prints it.
//!
//! A request comes in through [`gate`]: address and its limit, session, origin and form token, role, body. Only then
//! the screen's function runs, as plain blocking code on a worker thread: it takes an [`Ask`] and answers a [`Reply`]
//! or a [`Refused`]. A screen is one file under `pages/` with the struct of its data, one template under
//! `templates/pages/` and one line or two in the table; nothing else has to be touched.
//!
//! Nothing here reads the clock or names a table. A patient's name is never in an address, a log line, or, unless the
//! registry's setting allows it, a title.

mod address;
mod app;
mod ask;
mod cookie;
mod fields;
mod form;
mod frame;
mod gate;
mod headers;
mod log;
mod pages;
mod refused;
mod reply;
mod route;
mod sealed;
mod server;
mod show;
mod static_files;
mod table;
mod templates;
mod upload;

pub use address::{Cidr, Transport};
pub use app::App;
pub use ask::Ask;
pub use fields::Fields;
pub use log::AccessLog;
pub use refused::Refused;
pub use reply::Reply;
pub use route::{Audit, Method, Printed, Route, Scoping, Takes, Who};
pub use server::{Serving, bind, serve, tls};
pub use table::ROUTES;
