//! Research: extracts for people outside the registry's own work.
//!
//! A [`definition::Definition`] says which tumors, which items, at which privacy level and for which study. What a
//! level makes of an item is data (`reference/research/levels.tsv`, read by [`levels`]); [`release`] carries it out
//! for one tumor and is pure, as are [`cohort`], [`csv`] and [`codebook`]. [`extract`] reads the store page by page
//! and writes the table in constant memory; [`extract_job`] is the same as a job whose files stand in the store.
//!
//! Refused: an item that has no place at the level, a filter that would tell what the level takes away, an
//! identified extract where no administrator has switched them on. Free text never leaves below *identified*. A value
//! that has not the form its item allows is left out below *identified*, because somebody may have typed a name there.
//! Rules: 45 CFR 164.514(b)(2) and (e); what goes beyond them stands in `docs/research.md`.

pub mod codebook;
pub mod cohort;
pub mod csv;
pub mod definition;
pub mod disclosure;
pub mod extract;
pub mod extract_job;
pub mod levels;
pub mod record_release;
pub mod release;
pub mod stats;
