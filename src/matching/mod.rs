//! Person matching: how names are folded, sounded and compared so that a person is found again.
//!
//! A name goes in as somebody wrote it, in any alphabet, case and Unicode form. Out come the folded form by which it
//! is looked up ([`names`]), two keys that usual misspellings leave alone ([`sounds`]), the other names the same
//! person may go by ([`nicknames`]), a measure of how alike two names are ([`similarity`]), and the ways a line typed
//! into a search box can be read as a name ([`typed_name`]), and the linking of two files of people ([`linkage`]). All of it is ours and the same on every database; nothing
//! here knows a clock, a database or a page. Rules without a source named are our own.

pub mod identity;
pub mod linkage;
pub mod names;
pub mod nicknames;
pub mod similarity;
pub mod sounds;
pub mod typed_name;
