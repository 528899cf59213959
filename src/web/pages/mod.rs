//! The screens: one file each, with the struct of its data; its template has the same name under `templates/pages`.

pub mod account;
pub mod audit;
pub mod break_glass;
pub mod facilities;
pub mod forgotten;
pub mod go_to;
pub mod health;
pub mod help;
pub mod password;
pub mod second_factor;
pub mod second_step;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod static_file;
pub mod users;
pub mod users_review;
