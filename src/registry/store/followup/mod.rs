//! Follow-up as it is stored, all within the scope of who asks.
//!
//! ```text
//!   due        who is due: ids by an index, then the few columns that the rules ask, then what a list shows
//!   contacts   what was posted
//!   attempts   what was tried, and copies of letters
//!   marks      bad address, do not contact, who works on it
//!   passive    files of other sources, linked; death clearance
//!   snapshots  the measures as they stood month by month
//! ```
//!
//! The duty to trace a patient is of the facility in item 2440, else of the latest analytic abstract's: it is found here,
//! from abstracts that the asker may not see, and only whether it is his leaves this room. Contacts are shared by all
//! who follow the patient, but notes and attempts belong to the facility that made them.

mod attempts;
mod contacts;
mod due;
pub mod marks;
pub mod passive;
pub mod snapshots;

pub use attempts::{AttemptRow, NewAttempt, add_attempt, answer_attempt, attempt_of_letter, attempts_of, keep_letter};
pub use contacts::{
    ContactRow, NewContact, add_contact, contact_row, contacts_of, mark_undone, open_conflict, settle_contact,
};
pub use due::{
    Contacted, DuePatient, DueTumor, Order, Traced, conflict_ids, count_conflicts, count_due, count_undated, due_ids,
    due_patient, due_patients, everybody, last_patient, marked_ids, shown, traced, undated_ids, waiting_ids,
};
