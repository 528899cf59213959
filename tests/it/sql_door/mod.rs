//! SQL for administrators: the views, what they show, and the one command that opens them.

mod access;
mod views;
