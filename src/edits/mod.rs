//! Edits: data-quality rules that decide whether a case may be sent.
//!
//! Rules are data files: a frame (id, family, sets, years, severity, over-ride, message, tests) around two small pure
//! expressions, *when* the rule applies and when it *fails*. In: a patient with tumors, borrowed; a plan (set, record type,
//! day). Out: failures with the items to look at and a message in words. Blank items make an answer unknown and
//! unknown never fails. Families that follow from dictionaries and value sets are made by the program.
//! Refused, with file, line and column: unknown items, codes an item cannot hold, a rule without a failing and a
//! passing test. Rules: `docs/edits.md`, `docs/edit-language.md`; sources stand in each edit.

mod calls;
mod case;
mod causes;
mod code_set;
mod eval;
mod expression;
mod fixes;
mod frame;
mod generated;
mod lexer;
mod library;
mod load;
mod message;
mod mutants;
mod own;
mod parse;
mod required;
mod run;
mod slots;
mod terms;
mod trial;
mod words;

pub use calls::{Check, Source};
pub use case::{Case, Stranger, TumorCase};
pub use causes::{Cause, causes};
pub use code_set::{BadSet, CodeSet, Value};
pub use eval::Surroundings;
pub use expression::{Date, Expression, ItemOf, Number, Order, Text, Tumors, Whose};
pub use fixes::{Choice, Fix};
pub use frame::{Confidence, Edit, Fault, Override, Scope, Severity, Trial, Years};
pub use library::{EditFile, EditSet, Library, shipped_files};
pub use load::{Trials, trial};
pub use message::value_in_words;
pub use mutants::{Mutant, mutants};
pub use own::{OwnHead, examine_own};
pub use required::{ClassGroup, Requirement, Status, read as read_requirements, requirements};
pub use run::{Failure, Plan, PlanFor};
pub use slots::Slot;
pub use terms::{Table, Terms};
pub use trial::{TRIAL_DAY, Trialed, try_edit};
pub use words::rule_in_words;
