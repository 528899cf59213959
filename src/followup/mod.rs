//! Follow-up: who is due, what was tried, what came of it; letters and mail.

pub mod mail;
