//! Disclosure control of tables: small counts are hidden, and so many others that none can be worked out from the rest.
//!
//! In: counts of a table of any number of dimensions with its margins (every sum over any of the dimensions), and a
//! threshold. Out: a mark for each cell, of the table and of its margins. A count from 1 to the threshold less one is
//! *small*; zeros are shown unless the rule hides them too. Further cells are hidden (*complementary*) until the range of
//! values that somebody who knows everything shown (and that counts are not negative) must leave open for each small cell is
//! at least as wide as the threshold.
//!
//! How: hidden cells of every line (a run of cells that add up to a shown or hidden margin) are looked at together. The range of a
//! cell is found exactly, as the least and the greatest value in the linear system of the table; as long as a small
//! cell's range is too narrow, the cheapest further cell of one of its lines is hidden. In the end everything would be hidden, so
//! it always ends. Percentages, maps and pictures follow the same mask.

mod ranges;

use ranges::System;

/// The rule of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Counts below it are small.
    pub count: u64,
    /// Zeros are hidden like small counts.
    pub hide_zeros: bool,
}

impl Threshold {
    /// Rates and their counts in publications: 16 (relative standard error 25 %).
    pub const RATES: Threshold = Threshold { count: 16, hide_zeros: false };
    /// Counts that leave the department: 11.
    pub const OUTSIDE: Threshold = Threshold { count: 11, hide_zeros: false };
    /// Counts within the department: 6.
    pub const INSIDE: Threshold = Threshold { count: 6, hide_zeros: false };

    fn is_small(self, count: u64) -> bool {
        count < self.count && (count > 0 || self.hide_zeros)
    }
}

/// Why a cell is hidden, or that it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Shown.
    Shown,
    /// The count is small.
    Small,
    /// A small count could be worked out from it.
    Complementary,
}

/// Counts of a table with dimensions of these sizes, without margins, the last dimension running fastest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    sizes: Vec<usize>,
    counts: Vec<u64>,
}

/// Why counts are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTable {
    /// The counts are not as many as the sizes say.
    #[error("{given} counts do not fill a table of {needed} cells")]
    Cells {
        /// Counts given.
        given: usize,
        /// Counts needed.
        needed: usize,
    },
    /// The table with its margins has more cells than can be protected in reasonable time.
    #[error("{0} cells with margins are more than the 5,000 that are protected at once: make a smaller table")]
    TooLarge(usize),
}

/// The largest table with margins.
const LARGEST: usize = 5_000;

/// A table with margins and what of it may be seen. Places run over sizes one larger than the table's: the last place of a
/// dimension is its margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Sizes with margins.
    pub sizes: Vec<usize>,
    /// Counts with margins. For inside use: what is not [`Mark::Shown`] must not leave.
    pub counts: Vec<u64>,
    /// A mark for each count.
    pub marks: Vec<Mark>,
}

impl Released {
    /// The count at these places (the size of the table's dimension for its margin), if it may be seen.
    pub fn shown(&self, places: &[usize]) -> Option<u64> {
        let at = place_of(&self.sizes, places)?;
        (self.marks.get(at)? == &Mark::Shown).then(|| self.counts.get(at).copied())?
    }
}

fn place_of(sizes: &[usize], places: &[usize]) -> Option<usize> {
    if sizes.len() != places.len() || places.iter().zip(sizes).any(|(place, size)| place >= size) {
        return None;
    }
    Some(places.iter().zip(sizes).fold(0, |at, (place, size)| at * size + place))
}

/// The lines of a table with margins: cells that add up to the last one.
fn lines(sizes: &[usize]) -> Vec<Vec<usize>> {
    let cells: usize = sizes.iter().product();
    let mut lines = Vec::new();
    for (dimension, size) in sizes.iter().enumerate() {
        let stride: usize = sizes.iter().skip(dimension + 1).product();
        for start in (0..cells).filter(|at| (at / stride).is_multiple_of(*size)) {
            lines.push((0..*size).map(|step| start + step * stride).collect());
        }
    }
    lines
}

impl Table {
    /// A table of counts.
    pub fn of(sizes: Vec<usize>, counts: Vec<u64>) -> Result<Table, NoTable> {
        let needed = sizes.iter().product();
        if counts.len() != needed {
            return Err(NoTable::Cells { given: counts.len(), needed });
        }
        let with_margins = sizes.iter().map(|size| size + 1).product();
        if with_margins > LARGEST {
            return Err(NoTable::TooLarge(with_margins));
        }
        Ok(Table { sizes, counts })
    }

    fn with_margins(&self) -> (Vec<usize>, Vec<u64>) {
        let sizes: Vec<usize> = self.sizes.iter().map(|size| size + 1).collect();
        let mut counts = vec![0; sizes.iter().product()];
        for (at, count) in self.counts.iter().enumerate() {
            // The places of the cell, and for each dimension also its margin.
            let mut rest = at;
            let mut places = vec![0; self.sizes.len()];
            for (place, size) in places.iter_mut().zip(&self.sizes).rev() {
                *place = rest % size;
                rest /= size;
            }
            for margins in 0..1usize << self.sizes.len() {
                let with: Vec<usize> = places
                    .iter()
                    .zip(&self.sizes)
                    .enumerate()
                    .map(|(dimension, (place, size))| if margins >> dimension & 1 == 1 { *size } else { *place })
                    .collect();
                if let Some(slot) = place_of(&sizes, &with).and_then(|at| counts.get_mut(at)) {
                    *slot += count;
                }
            }
        }
        (sizes, counts)
    }

    /// The table with margins and marks, so that no small count can be worked out.
    pub fn release(&self, threshold: Threshold) -> Released {
        let (sizes, counts) = self.with_margins();
        let lines = lines(&sizes);
        let mut marks: Vec<Mark> =
            counts.iter().map(|count| if threshold.is_small(*count) { Mark::Small } else { Mark::Shown }).collect();
        complete_lines(&lines, &counts, &mut marks);
        // A range only widens when more is hidden, so a cell is looked at until it is safe and never again.
        let mut safe = vec![false; counts.len()];
        while let Some(cell) = open_cell(&lines, &counts, &marks, threshold, &mut safe) {
            if !hide_one_more(&lines, &counts, &mut marks, cell) {
                break;
            }
            complete_lines(&lines, &counts, &mut marks);
        }
        Released { sizes, counts, marks }
    }
}

fn is_hidden(marks: &[Mark], cell: usize) -> bool {
    marks.get(cell).is_some_and(|mark| *mark != Mark::Shown)
}

/// A line with one hidden cell gets a second one, the smallest that is not zero, else the smallest.
fn complete_lines(lines: &[Vec<usize>], counts: &[u64], marks: &mut [Mark]) {
    loop {
        let alone = lines.iter().find(|line| line.iter().filter(|cell| is_hidden(marks, **cell)).count() == 1);
        let Some(line) = alone else { return };
        if !hide_cheapest(line, counts, marks) {
            return;
        }
    }
}

/// Hides the cheapest shown cell of a line; margins cost more than what they add up.
fn hide_cheapest(line: &[usize], counts: &[u64], marks: &mut [Mark]) -> bool {
    let cost = |cell: &&usize| {
        let count = counts.get(**cell).copied().unwrap_or(0);
        (line.last() == Some(*cell), count == 0, count)
    };
    let cheapest = line.iter().filter(|cell| !is_hidden(marks, **cell)).min_by_key(cost).copied();
    match cheapest.and_then(|cell| marks.get_mut(cell)) {
        Some(mark) => {
            *mark = Mark::Complementary;
            true
        }
        None => false,
    }
}

/// A small cell whose possible values lie closer together than the threshold; those found safe are remembered.
fn open_cell(
    lines: &[Vec<usize>],
    counts: &[u64],
    marks: &[Mark],
    threshold: Threshold,
    safe: &mut [bool],
) -> Option<usize> {
    let hidden: Vec<usize> = (0..marks.len()).filter(|cell| is_hidden(marks, *cell)).collect();
    let system = System::of(lines, counts, &hidden);
    for (variable, cell) in hidden.iter().enumerate() {
        let Some(is_safe) = safe.get_mut(*cell).filter(|is_safe| !**is_safe) else { continue };
        if marks.get(*cell) != Some(&Mark::Small) {
            continue;
        }
        if !system.is_at_least_as_wide(variable, threshold.count) {
            return Some(*cell);
        }
        *is_safe = true;
    }
    None
}

/// Hides another cell of a line of this one, the cheapest of all; else one of any line.
fn hide_one_more(lines: &[Vec<usize>], counts: &[u64], marks: &mut [Mark], cell: usize) -> bool {
    let shown = |line: &&Vec<usize>| line.iter().any(|cell| !is_hidden(marks, *cell));
    let least = |line: &&Vec<usize>| {
        line.iter()
            .filter(|cell| !is_hidden(marks, **cell))
            .map(|cell| {
                let count = counts.get(*cell).copied().unwrap_or(0);
                (line.last() == Some(cell), count == 0, count)
            })
            .min()
    };
    let of_cell = lines.iter().filter(|line| line.contains(&cell)).filter(shown).min_by_key(least);
    // Lines that meet the lines of the cell, then any.
    let near = || {
        let met: Vec<usize> = lines.iter().filter(|line| line.contains(&cell)).flatten().copied().collect();
        lines.iter().filter(|line| line.iter().any(|cell| met.contains(cell))).filter(shown).min_by_key(least)
    };
    let line = of_cell.or_else(near).or_else(|| lines.iter().filter(shown).min_by_key(least)).cloned();
    line.is_some_and(|line| hide_cheapest(&line, counts, marks))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Numbers that look random and are the same every time.
    struct Dice(u64);

    impl Dice {
        fn throw(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % below
        }
    }

    /// The exact range of a hidden cell by another way than the engine's: all hidden counts of a small table are tried out.
    fn range_by_trying(released: &Released, cell: usize, most: u64) -> (u64, u64) {
        let lines = lines(&released.sizes);
        let hidden: Vec<usize> =
            (0..released.marks.len()).filter(|cell| released.marks[*cell] != Mark::Shown).collect();
        let mut values = released.counts.clone();
        let (mut low, mut high) = (u64::MAX, 0);
        try_out(&lines, &hidden, 0, &mut values, most, cell, &mut low, &mut high);
        (low, high)
    }

    #[allow(clippy::too_many_arguments, reason = "a plain recursion of a test")]
    fn try_out(
        lines: &[Vec<usize>],
        hidden: &[usize],
        at: usize,
        values: &mut [u64],
        most: u64,
        cell: usize,
        low: &mut u64,
        high: &mut u64,
    ) {
        if at == hidden.len() {
            let adds_up = |line: &Vec<usize>| {
                let (margin, parts) = line.split_last().unwrap();
                parts.iter().map(|part| values[*part]).sum::<u64>() == values[*margin]
            };
            if lines.iter().all(adds_up) {
                *low = (*low).min(values[cell]);
                *high = (*high).max(values[cell]);
            }
            return;
        }
        // A line whose other cells are known settles the cell.
        let mine = hidden[at];
        let open = |other: &usize| hidden[at + 1..].contains(other);
        let settled = lines.iter().filter(|line| line.contains(&mine)).find_map(|line| {
            let (margin, parts) = line.split_last().unwrap();
            if line.iter().any(open) {
                return None;
            }
            let known: u64 = parts.iter().filter(|part| **part != mine).map(|part| values[*part]).sum();
            Some(if mine == *margin { Some(known) } else { values[*margin].checked_sub(known) })
        });
        let tried = match settled {
            Some(Some(value)) => value..=value,
            Some(None) => return,
            None => 0..=most,
        };
        for value in tried {
            values[mine] = value;
            try_out(lines, hidden, at + 1, values, most, cell, low, high);
        }
    }

    #[test]
    fn one_small_cell_takes_three_more_with_it() {
        let table = Table::of(vec![2, 2], vec![3, 50, 60, 70]).unwrap();
        let released = table.release(Threshold::OUTSIDE);
        assert_eq!(released.marks[0], Mark::Small);
        assert_eq!(released.marks.iter().filter(|mark| **mark != Mark::Shown).count(), 4);
        assert_eq!(released.shown(&[2, 2]), Some(183));
        assert_eq!(released.shown(&[0, 0]), None);
        assert_eq!(released.shown(&[9, 9]), None);
    }

    #[test]
    fn a_table_without_small_counts_is_shown_whole() {
        let table = Table::of(vec![3], vec![0, 20, 30]).unwrap();
        assert!(table.release(Threshold::OUTSIDE).marks.iter().all(|mark| *mark == Mark::Shown));
        let zeros = Threshold { hide_zeros: true, ..Threshold::OUTSIDE };
        assert_eq!(table.release(zeros).marks[0], Mark::Small);
    }

    #[test]
    fn a_single_person_in_the_whole_table_is_hidden_everywhere() {
        let released = Table::of(vec![2, 2], vec![1, 0, 0, 0]).unwrap().release(Threshold::INSIDE);
        assert!(released.shown(&[0, 0]).is_none() && released.shown(&[2, 2]).is_none());
    }

    #[test]
    fn counts_that_fill_no_table_are_refused() {
        assert_eq!(Table::of(vec![2, 3], vec![1]), Err(NoTable::Cells { given: 1, needed: 6 }));
        assert!(matches!(Table::of(vec![100, 100], vec![0; 10_000]), Err(NoTable::TooLarge(_))));
    }

    /// Every range is also found by trying out all values, for tables small enough.
    #[test]
    fn ranges_are_those_found_by_trying_everything() {
        let mut dice = Dice(7);
        for _ in 0..60 {
            let (rows, columns) = (2 + dice.throw(2) as usize, 2 + dice.throw(2) as usize);
            let counts: Vec<u64> = (0..rows * columns).map(|_| dice.throw(7)).collect();
            let released =
                Table::of(vec![rows, columns], counts).unwrap().release(Threshold { count: 3, hide_zeros: false });
            let lines = lines(&released.sizes);
            let hidden: Vec<usize> =
                (0..released.marks.len()).filter(|cell| released.marks[*cell] != Mark::Shown).collect();
            // Without a shown total a range has no end, and trying has none either.
            if released.marks.last() != Some(&Mark::Shown) || hidden.len() > 9 {
                continue;
            }
            let most = *released.counts.last().unwrap();
            let system = System::of(&lines, &released.counts, &hidden);
            for (variable, cell) in hidden.iter().enumerate() {
                let (low, high) = range_by_trying(&released, *cell, most.min(40));
                let width = high - low;
                assert!(system.is_at_least_as_wide(variable, width), "{released:?} {cell} {low} {high}");
                assert!(!system.is_at_least_as_wide(variable, width + 1), "{released:?} {cell} {low} {high}");
            }
        }
    }

    /// Random tables of two and three dimensions: the exact solver finds no small cell whose range is narrower than the
    /// threshold, whatever the shape of what is hidden.
    #[test]
    fn no_small_cell_of_a_random_table_can_be_worked_out() {
        let mut dice = Dice(20_260_101);
        let (mut small, mut complementary) = (0, 0);
        for round in 0..120 {
            let dimensions = if round % 3 == 0 { 3 } else { 2 };
            let sizes: Vec<usize> = (0..dimensions).map(|_| 2 + dice.throw(4) as usize).collect();
            let cells = sizes.iter().product();
            let spread = [8, 30, 200][round % 3];
            let counts: Vec<u64> = (0..cells).map(|_| dice.throw(spread)).collect();
            let threshold = [Threshold::INSIDE, Threshold::OUTSIDE, Threshold::RATES][round % 3];
            let released = Table::of(sizes, counts).unwrap().release(threshold);
            let lines = lines(&released.sizes);
            let hidden: Vec<usize> =
                (0..released.marks.len()).filter(|cell| released.marks[*cell] != Mark::Shown).collect();
            let system = System::of(&lines, &released.counts, &hidden);
            for (variable, cell) in hidden.iter().enumerate() {
                if released.marks[*cell] == Mark::Small {
                    small += 1;
                    assert!(system.is_at_least_as_wide(variable, threshold.count), "{released:?} {cell}");
                } else {
                    complementary += 1;
                }
            }
            for (cell, count) in released.counts.iter().enumerate() {
                assert!(!threshold.is_small(*count) || released.marks[cell] == Mark::Small);
            }
        }
        assert!(small > 500 && complementary > 200, "{small} {complementary}");
    }
}
