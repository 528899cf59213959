//! Which schemas a case may belong to.
//!
//! The rows of all selection tables stand in one list, in the order of their schemas. Every valid site and every
//! valid histology has the rows it matches as bits, worked out once; a look-up takes the common bits and tests only
//! the few rows left for the other keys supplied.

use std::collections::HashMap;

use super::archive::Refused;
use super::cell::Resolve;
use super::context::{Slot, Slots, State};
use super::rules::{KeyId, Rules};
use super::text::{Facts, trim};

/// Most codes one list of valid codes may have.
const MOST_CODES: usize = 200_000;

/// The look-up of an algorithm.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub site: Option<KeyId>,
    pub hist: Option<KeyId>,
    sites: Codes,
    histologies: Codes,
    rows: Vec<Row>,
    /// All keys but site and histology that a selection table tests.
    pub others: Vec<KeyId>,
}

/// A row of a selection table: what it tests beyond site and histology.
#[derive(Debug)]
struct Row {
    schema: u16,
    tests: Box<[(KeyId, u32)]>,
}

/// The valid codes of a key with the rows each matches.
#[derive(Debug, Default)]
struct Codes {
    words: usize,
    short: Vec<(u64, u32)>,
    long: HashMap<Box<str>, u32>,
    /// Rows of each code; the first are the rows of a blank.
    sets: Vec<u64>,
}

impl Codes {
    fn find(&self, text: &str, facts: &Facts) -> Option<&[u64]> {
        let place = if facts.len <= 8 && !facts.odd {
            let mask = self.short.len().checked_sub(1)?;
            let mut at = spread(facts.packed) & mask;
            loop {
                match self.short[at] {
                    (_, u32::MAX) => return None,
                    (code, place) if code == facts.packed => break place,
                    _ => at = (at + 1) & mask,
                }
            }
        } else {
            *self.long.get(text)?
        };
        self.set(place)
    }

    /// The rows of a supplied value: none if it is not valid, `Some(None)` if the key was left out and is not tested.
    fn rows(&self, slot: &Slot<'_>) -> Option<Option<&[u64]>> {
        match slot.state {
            State::Absent => Some(None),
            State::Null => Some(self.set(0)),
            State::Set => self.find(slot.text, &slot.facts).map(Some),
        }
    }

    fn set(&self, place: u32) -> Option<&[u64]> {
        self.sets.get(place as usize * self.words..(place as usize + 1) * self.words)
    }
}

fn spread(packed: u64) -> usize {
    (packed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

struct Nothing;
impl Resolve for Nothing {
    fn resolve(&self, _: &str) -> &str {
        ""
    }
}

impl Lookup {
    /// Works out the look-up of an algorithm.
    pub fn new(rules: &Rules) -> Result<Lookup, Refused> {
        let site = rules.key_index.find(rules, "site");
        let hist = rules.key_index.find(rules, "hist");
        let mut rows = Vec::new();
        let (mut site_cells, mut hist_cells) = (Vec::new(), Vec::new());
        let mut others = Vec::new();
        for (number, schema) in rules.schemas.iter().enumerate() {
            let Some(table) = rules.table(schema.selection) else { continue };
            for row in 0..table.rows as usize {
                let mut tests = Vec::new();
                let (mut at_site, mut at_hist) = (None, None);
                for (key, cells) in table.inputs() {
                    let Some(number) = cells.get(row).copied() else { continue };
                    let Some((_, cell)) = rules.cells.get(number as usize) else { continue };
                    let fixed = cell.references().next().is_none();
                    if Some(key) == site && at_site.is_none() && fixed {
                        at_site = Some(number);
                    } else if Some(key) == hist && at_hist.is_none() && fixed {
                        at_hist = Some(number);
                    } else if !cell.any {
                        tests.push((key, number));
                        if Some(key) != site && Some(key) != hist && !others.contains(&key) {
                            others.push(key);
                        }
                    }
                }
                rows.push(Row { schema: number as u16, tests: tests.into() });
                site_cells.push(at_site);
                hist_cells.push(at_hist);
            }
        }
        Ok(Lookup {
            site,
            hist,
            sites: codes(rules, "primary_site", &site_cells)?,
            histologies: codes(rules, "histology", &hist_cells)?,
            rows,
            others,
        })
    }

    /// Whether a site is in the list of valid sites.
    pub fn is_site(&self, text: &str) -> bool {
        self.sites.find(text, &Facts::of(text)).is_some()
    }

    /// Whether a histology is in the list of valid histologies.
    pub fn is_histology(&self, text: &str) -> bool {
        self.histologies.find(text, &Facts::of(text)).is_some()
    }

    /// Calls `found` with every schema that matches the supplied keys, in order, until it answers false.
    /// `discriminated` says that a key unknown to the algorithm came with a value.
    pub fn matching(
        &self,
        rules: &Rules,
        values: &impl Slots,
        discriminated: bool,
        mut found: impl FnMut(u16) -> bool,
    ) {
        let slot = |key: Option<KeyId>| key.map_or(Slot::ABSENT, |key| values.slot(key));
        let (site, hist) = (slot(self.site), slot(self.hist));
        if site.state != State::Set && hist.state != State::Set {
            return;
        }
        if (site.text.is_empty() || hist.text.is_empty()) && (discriminated || values.has_other(self.site, self.hist)) {
            return;
        }
        let (Some(of_site), Some(of_hist)) = (self.sites.rows(&site), self.histologies.rows(&hist)) else { return };
        let mut last = u16::MAX;
        for word in 0..self.sites.words {
            let mut bits = of_site.map_or(u64::MAX, |set| set[word]) & of_hist.map_or(u64::MAX, |set| set[word]);
            while bits != 0 {
                let at = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some(row) = self.rows.get(at) else { return };
                if row.schema == last {
                    continue;
                }
                let accepted = row.tests.iter().all(|(key, cell)| {
                    let slot = values.slot(*key);
                    slot.state == State::Absent || rules.cells[*cell as usize].1.accepts(slot.text, &slot.facts, values)
                });
                if accepted {
                    last = row.schema;
                    if !found(row.schema) {
                        return;
                    }
                }
            }
        }
    }
}

/// The valid codes a table lists, with the selection rows each matches.
fn codes(rules: &Rules, table: &str, row_cells: &[Option<u32>]) -> Result<Codes, Refused> {
    let words = row_cells.len().div_ceil(64);
    let mut listed = Vec::new();
    let found = rules.find_table(table).and_then(|id| rules.table(id));
    for (_, cells) in found.iter().flat_map(|table| table.inputs()) {
        for cell in cells {
            if let Some((text, cell)) = rules.cells.get(*cell as usize)
                && !cell.any
            {
                expand(rules.text(*text), &mut listed, table)?;
            }
        }
    }
    listed.sort();
    listed.dedup();
    let mut codes = Codes {
        words,
        short: vec![(0, u32::MAX); (listed.len() * 2 + 2).next_power_of_two()],
        long: HashMap::new(),
        sets: Vec::with_capacity((listed.len() + 1) * words),
    };
    let mask = codes.short.len() - 1;
    // The same cell stands in many rows: match it once.
    let mut distinct: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut always = vec![0u64; words];
    for (row, cell) in row_cells.iter().enumerate() {
        match cell {
            Some(cell) => distinct.entry(*cell).or_default().push(row),
            None => always[row / 64] |= 1 << (row % 64),
        }
    }
    for code in std::iter::once("").chain(listed.iter().map(String::as_str)) {
        let place = (codes.sets.len() / words.max(1)) as u32;
        let facts = Facts::of(code);
        let mut set = always.clone();
        for (cell, rows) in &distinct {
            if rules.cells[*cell as usize].1.accepts(code, &facts, &Nothing) {
                rows.iter().for_each(|row| set[row / 64] |= 1 << (row % 64));
            }
        }
        codes.sets.extend(set);
        if place == 0 {
            // The blank is no valid code, only what a null is matched as.
            continue;
        }
        if facts.len <= 8 && !facts.odd {
            let mut at = spread(facts.packed) & mask;
            while codes.short[at].1 != u32::MAX {
                at = (at + 1) & mask;
            }
            codes.short[at] = (facts.packed, place);
        } else {
            codes.long.insert(code.into(), place);
        }
    }
    Ok(codes)
}

/// Lists the codes a cell names; ranges are counted through, with the width of their beginning.
fn expand(cell: &str, into: &mut Vec<String>, table: &str) -> Result<(), Refused> {
    for part in cell.split(',').map(trim) {
        match part.split_once('-').map(|(low, high)| (trim(low), trim(high))) {
            Some((low, high)) if low.len() == high.len() && low != high => count(low, high, into),
            _ => into.push(part.to_owned()),
        }
        if into.len() > MOST_CODES {
            return Err(Refused::Inconsistent(format!("table {table} lists more than {MOST_CODES} codes")));
        }
    }
    Ok(())
}

/// Counts from one text to another that differ only in digits at the end.
fn count(low: &str, high: &str, into: &mut Vec<String>) {
    let digits = low.bytes().rev().take_while(u8::is_ascii_digit).count();
    let split = low.len() - digits;
    let (Some((stem, from)), Some((other, to))) = (low.split_at_checked(split), high.split_at_checked(split)) else {
        return;
    };
    if let (true, Ok(from), Ok(to)) = (stem == other, from.parse::<u32>(), to.parse::<u32>()) {
        into.extend((from..=to).take(MOST_CODES + 1).map(|code| format!("{stem}{code:0digits$}")));
    }
}
