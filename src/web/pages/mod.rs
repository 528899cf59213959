//! The screens: one file each, with the struct of its data; its template has the same name under `templates/pages`.

pub mod account;
pub mod all_items;
pub mod audit;
pub mod banner;
pub mod break_glass;
pub mod facilities;
pub mod fields;
pub mod forgotten;
pub mod go_to;
pub mod health;
pub mod help;
pub mod item;
pub mod password;
pub mod second_factor;
pub mod second_step;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod source;
pub mod static_file;
pub mod users;
pub mod users_review;
pub mod workbench;
