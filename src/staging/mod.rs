//! The SEER staging algorithm interpreter: EOD, TNM, Collaborative Stage, Pediatric, and any other edition in the
//! same format.
//!
//! In: an official archive (or the compact tables made from one) and a case as values by key. Out: the schema the
//! case belongs to or what to ask next, what the schema derives, the problems found, the tables gone through, each
//! step in words, and the items a form shows. The year that stands for "now" comes in as [`AsOf`]; nothing here
//! reads a clock, a file or a database.
//!
//! `Mode::Strict` answers as staging-client-java 11.9 does, to the last output; `tests/it/staging` holds us to it.
//! `Mode::Practical` is for our own screens, where an unknown key or a padded value never stops a case.
//!
//! The rules come from the archives' own format; docs/staging.md walks through real cases.

mod archive;
mod ask;
mod bytes;
mod cell;
mod check;
mod compare;
mod compile;
mod context;
mod edition;
mod explain;
mod facts;
mod form;
mod index;
mod lookup;
mod model;
mod record;
mod rules;
mod shipped;
mod stage;
mod text;
mod view;

pub use archive::Refused;
pub use ask::{Answer, Found, Question};
pub use compare::{CaseChange, Differences, InputDifference, SchemaDifference, case_changes, compare};
pub use compile::{Checks, Keep};
pub use edition::{AsOf, Edition, compile_archive};
pub use explain::{Step, StepKind, Tested, Written};
pub use facts::SchemaFacts;
pub use form::{FormItem, schema_items};
pub use record::{Derived, Editions, OwnedProblem, dx_year, inputs_of, stage_by, stage_record};
pub use shipped::{Algorithm, SHIPPED, Shipped};
pub use stage::{Mode, Outcome, Problem, ProblemKind, Staged, Visit};
pub use view::{
    Choice, ColumnKind, ColumnView, Entry, FlagView, InputView, OutputView, Prose, SchemaView, TableView, in_words,
};
