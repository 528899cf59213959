//! Which items a standard asks for: `reference/required.tsv`.
//!
//! A row is item, standard, first and last year of diagnosis, class group, schema, status, source and confidence. A row that
//! nobody could confirm is *unverified*: its item is asked for by a warning, never by an error.

use std::sync::LazyLock;

use super::frame::Years;
use super::slots::Slot;

const TABLE: &str = include_str!("../../reference/required.tsv");

/// What a standard says of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not blank.
    Required,
    /// Coded when it is known.
    IfAvailable,
    /// Welcome.
    Recommended,
    /// Filled by the program.
    Derived,
    /// Of earlier years.
    Historical,
}

/// Which cases a row is for, by class of case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassGroup {
    /// All.
    All,
    /// 00-22.
    Analytic,
    /// 10-22.
    Treated,
    /// Vital status dead.
    Dead,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The item.
    pub item: Slot,
    /// Who asks.
    pub standard: &'static str,
    /// Years of diagnosis.
    pub years: Years,
    /// Which cases.
    pub class: ClassGroup,
    /// Only in this schema; empty for all.
    pub schema: &'static str,
    /// What is asked.
    pub status: Status,
    /// Where it stands.
    pub source: &'static str,
    /// Confirmed in a document at hand.
    pub verified: bool,
}

static ROWS: LazyLock<Vec<Requirement>> =
    LazyLock::new(|| read(TABLE).expect("the compiled-in table of required items is whole"));

/// The compiled-in rows.
pub fn requirements() -> &'static [Requirement] {
    &ROWS
}

/// Reads a table of the same form; an error names the line.
pub fn read(text: &'static str) -> Result<Vec<Requirement>, String> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|(line, number)| row(line).map_err(|why| format!("line {number}: {why}"))).collect()
}

fn row(line: &'static str) -> Result<Requirement, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [item, standard, first, last, class, schema, status, source, confidence] = cells[..] else {
        return Err(format!("{} cells, not nine", cells.len()));
    };
    let year = |text: &str| match text {
        "" => Ok(None),
        text => text.parse::<u16>().map(Some).map_err(|_| format!("{text} is no year")),
    };
    Ok(Requirement {
        item: Slot::of(item).ok_or_else(|| format!("{item} is no item"))?,
        standard,
        years: Years { first: year(first)?, last: year(last)? },
        class: match class {
            "all" => ClassGroup::All,
            "analytic" => ClassGroup::Analytic,
            "treated" => ClassGroup::Treated,
            "dead" => ClassGroup::Dead,
            other => return Err(format!("{other} is no class group; there are all, analytic, treated, dead")),
        },
        schema,
        status: match status {
            "required" => Status::Required,
            "if-available" => Status::IfAvailable,
            "recommended" => Status::Recommended,
            "derived" => Status::Derived,
            "historical" => Status::Historical,
            other => return Err(format!("{other} is no status")),
        },
        source,
        verified: match confidence {
            "verified" => true,
            "unverified" => false,
            other => return Err(format!("{other} is neither verified nor unverified")),
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_is_whole_and_unconfirmed_rows_say_so() {
        assert!(requirements().len() > 100);
        assert!(requirements().iter().any(|row| row.verified) && requirements().iter().any(|row| !row.verified));
    }

    #[test]
    fn a_faulty_row_names_its_line() {
        assert!(read("# head\nnoSuchItem\tCoC\t\t\tall\t\trequired\tx\tverified").unwrap_err().starts_with("line 2"));
        assert!(read("laterality\tCoC\t\t\tsome\t\trequired\tx\tverified").is_err());
    }
}
