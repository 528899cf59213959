//! Casefinding: what arrives from laboratories and disease indices, read and screened.
//!
//! In: the bytes of HL7 v2.5.1 messages ([`read_messages`]) or the rows of a disease index ([`index`]). Out: a
//! [`Message`] with patient, orders and a [`Report`] of sections; a [`Screening`] that says reportable, not, or for a
//! person to decide, with every word that counted, where it stands and how it was read; an acknowledgement.
//!
//! Screening finds terms of ICD-O-3.2 and of `reference/casefinding`, reads each in its sentence (denied, suspected,
//! doubted, of the past, of the family) and in its section (the final diagnosis decides, history never does), and asks
//! the reportability rules of `reference/reportability` about site, histology, behavior and year. A machine ranks; a
//! person decides. `docs/casefinding.md` tells the rules.
//!
//! Beside them stand the helpers of accession: [`class_of_case`] from four questions. Nothing here knows a database or
//! a clock; a broken message is an [`Unreadable`] that says where.

mod ack;
mod class;
mod hl7;
pub mod icd;
pub mod index;
mod message;
mod place;
mod report;
mod rules;
mod screen;
mod sentence;
mod vocabulary;
mod words;

pub use ack::{Outcome, acknowledgement};
pub use class::{Answers, FirstCourse, Proposed, Where, class_of_case};
pub use hl7::{Unreadable, split_messages};
pub use message::{Address, Message, Order, Person, Status, read_message, read_messages};
pub use report::{Report, Section, SectionKind};
pub use rules::{BadRules, Case, Decision, Reportable, Rules};
pub use screen::{Kind, Screening, Suspicion, Term, screen, screen_text};
pub use vocabulary::editions;
