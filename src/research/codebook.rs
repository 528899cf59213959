//! What goes with a table: the codebook (each column, what was done to it, what its codes mean) and the read-me.
//!
//! Both are made from the plan and from counts, never from a record, so that nothing of a person can stand in them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::csv::write_row;
use super::definition::{Column, Plan};
use super::levels::{Action, Level, action};
use crate::naaccr::Level as ItemLevel;
use crate::naaccr::value_sets::value_set;

/// The columns that every extract begins with, and what they are.
pub const STUDY_COLUMNS: [(&str, &str); 2] = [
    ("studyPatient", "Number of the patient made for this study"),
    ("studyTumor", "Number of the tumor made for this study"),
];

/// What an extract came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Made {
    /// Patients.
    pub patients: u64,
    /// Tumors: rows of the table.
    pub tumors: u64,
    /// Values left out because they had not the form their item allows, by item.
    pub withheld: BTreeMap<String, u64>,
    /// Tumors left out because the patient is not to be contacted (1854) or the source restricts the use (1856);
    /// of an identified extract only.
    pub restricted: u64,
}

/// Writes the codebook: a line for each column, and one for each code of it.
///
/// # Errors
/// What the output says.
pub fn write_codebook(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    write_row(out, ["column", "number", "name", "level", "source", "transform", "code", "meaning"])?;
    for (id, what) in STUDY_COLUMNS {
        let level = if id == "studyPatient" { "patient" } else { "tumor" };
        write_row(out, [id, "", what, level, "Accession", Action::StudyId.sentence(), "", ""])?;
    }
    let level = plan.definition.level;
    for column in &plan.columns {
        let Column::Standard(item) = column else {
            write_row(out, [column.id(), "", "", "tumor", "user dictionary", Action::Keep.sentence(), "", ""])?;
            continue;
        };
        let action = action(&item.id, level);
        let number = item.number.map(|n| n.0.to_string()).unwrap_or_default();
        let of = if item.level == ItemLevel::Patient { "patient" } else { "tumor" };
        let head = [&*item.id, &number, item.name.as_ref(), of, item.source, action.sentence()];
        write_row(out, head.into_iter().chain(["", ""]))?;
        if !matches!(action, Action::Keep | Action::AgeCap | Action::State) {
            continue;
        }
        let Some(set) = value_set(&item.id) else { continue };
        for code in set.codes() {
            write_row(out, head.into_iter().chain([code.code, code.label]))?;
        }
        for range in set.ranges() {
            write_row(out, head.into_iter().chain([&*format!("{} to {}", range.low, range.high), range.label]))?;
        }
        if let Some(blank) = set.blank() {
            write_row(out, head.into_iter().chain(["(empty)", blank]))?;
        }
    }
    Ok(())
}

/// What the read-me is made from besides the plan.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Name of the registry.
    pub registry: &'a str,
    /// The day ages were judged by.
    pub as_of: &'a str,
    /// What it came to.
    pub made: &'a Made,
    /// Name of the table's file.
    pub file: &'a str,
    /// Its length.
    pub bytes: i64,
    /// Its SHA-256.
    pub sha256: &'a str,
}

/// Writes the read-me.
///
/// # Errors
/// What the output says.
pub fn write_read_me(plan: &Plan, about: &About<'_>, out: &mut impl Write) -> io::Result<()> {
    let (asked, made) = (&plan.definition, about.made);
    let filters = asked.filters.typed();
    writeln!(out, "Extract for the study: {}", asked.study)?;
    writeln!(out, "Registry: {}", about.registry)?;
    writeln!(out, "Level: {}", asked.level.text())?;
    writeln!(out, "As of: {}", about.as_of)?;
    writeln!(out, "Recipient: {}", asked.recipient)?;
    writeln!(out, "Purpose: {}", asked.purpose)?;
    writeln!(out, "Filters: {}", if filters.is_empty() { "none" } else { &filters })?;
    writeln!(out, "Rows: {} tumors of {} patients", made.tumors, made.patients)?;
    writeln!(out, "Columns: {}", plan.columns.len() + STUDY_COLUMNS.len())?;
    writeln!(out, "File: {}, {} bytes, SHA-256 {}", about.file, about.bytes, about.sha256)?;
    if asked.level == Level::Identified {
        writeln!(out, "Left out: {} tumors whose patient or source restricts research (1854, 1856)", made.restricted)?;
    }
    for (item, count) in &made.withheld {
        writeln!(out, "Left out: {count} values of {item} that had not the form the item allows")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "The table is UTF-8 CSV. Every value is text; keep leading zeros when reading it. An empty cell is an empty"
    )?;
    writeln!(
        out,
        "item. A value that begins with = + - @ or a control character has one apostrophe before it, so that"
    )?;
    writeln!(
        out,
        "no spreadsheet takes it for a formula. The codebook says of each column what was done to its values."
    )?;
    if asked.level != Level::Identified {
        writeln!(
            out,
            "Nobody may try to find out who a patient is, nor join the numbers of this study with another's."
        )?;
    }
    Ok(())
}
