//! Tables indexed for matching.
//!
//! Every INPUT column becomes a set of intervals: texts by length over their packed order, numbers over the order
//! of floats. A value falls into one interval of each, the pair of them is its *class*, and all values of a class
//! match the same rows. A table whose classes multiply to few combinations gets an array from combination to row;
//! a larger one keeps the rows of each class as bits and takes the lowest common bit. Tables whose cells name keys
//! of the context, or hold texts too long to pack, are walked row by row (in the four archives: the year tables).

use std::collections::HashMap;

use super::cell::{Cell, Part, Resolve};
use super::rules::{KeyId, Rules, Table};
use super::text::{Facts, NO_DIGITS, units};

/// Most combinations of classes an array is made for.
const MOST_COMBINATIONS: usize = 16_384;
/// Most bits the building of one column may take; larger tables are walked.
const MOST_BITS: usize = 1 << 26;
/// Most words of bits looked at while a column is built; what would cost more is walked.
const MOST_WORK: usize = 1 << 25;

/// A value in the context as matching sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub text: &'a str,
    pub facts: Facts,
}

/// Gives matching the values of keys.
pub(crate) trait Values: Resolve {
    /// The value of a key; a blank one when it is absent.
    fn value(&self, key: KeyId) -> Seen<'_>;
}

/// How a table is matched.
#[derive(Debug)]
pub(crate) enum TableIndex {
    /// One column: from class to row plus one. What the column lists of short numbers are rows plus one already.
    One { column: ColumnIndex, rows: Box<[u16]> },
    /// From combination of classes to row plus one.
    Array { columns: Box<[ColumnIndex]>, rows: Box<[u16]> },
    /// Rows of each class as bits.
    Bits { columns: Box<[ColumnIndex]> },
    /// Row by row.
    Walk,
}

/// The classes of a column's values. The first fields are all that a value of one to three digits needs.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ColumnIndex {
    key: KeyId,
    /// For one, two and three digits where their classes begin in `digits`; `NO_DIGITS` where they are not listed.
    digits_at: [u16; 3],
    /// The multiplier of this column's class in the array.
    stride: u32,
    /// The classes of short numbers, so that the commonest codes cost one look.
    digits: Box<[u8]>,
    /// For each length the first of its points.
    starts: [u32; 10],
    /// Where an interval of texts begins.
    points: Box<[u64]>,
    /// The class of the interval's texts that are not numbers.
    classes: Box<[u16]>,
    numbers: Option<Box<Numbers>>,
    /// Words of bits a class takes, and the bits.
    words: u32,
    sets: Box<[u64]>,
}

/// The intervals of numbers of a column.
#[derive(Debug)]
struct Numbers {
    /// For numbers without a point.
    plain: Steps,
    /// For numbers with one.
    dotted: Steps,
    /// How many number intervals there are, 0 being "in no range".
    width: u32,
    /// Class of (text interval, number interval).
    classes: Box<[u16]>,
}

/// Beginnings of intervals and their numbers.
#[derive(Debug, Default)]
struct Steps {
    points: Box<[u32]>,
    intervals: Box<[u16]>,
}

impl Steps {
    fn interval(&self, number: u32) -> u16 {
        let at = self.points.partition_point(|point| *point <= number);
        if at == 0 { 0 } else { self.intervals[at - 1] }
    }
}

impl ColumnIndex {
    /// The class of a value.
    #[inline]
    fn class(&self, facts: &Facts) -> u16 {
        match self.short_number(facts) {
            Some(class) => u16::from(class),
            None => self.class_by_search(facts),
        }
    }

    /// What is listed for a value of one to three digits, if its length is.
    #[inline]
    fn short_number(&self, facts: &Facts) -> Option<u8> {
        if facts.digits == NO_DIGITS {
            return None;
        }
        let at = self.digits_at[facts.len as usize - 1];
        if at == NO_DIGITS { None } else { self.digits.get((at + facts.digits) as usize).copied() }
    }

    /// Lists the classes of the short numbers of some lengths.
    fn list_digits(&mut self, lengths: [bool; 3], classes: usize) {
        if classes > 256 {
            return;
        }
        let mut digits = Vec::new();
        for (place, wanted) in lengths.into_iter().enumerate() {
            if wanted {
                self.digits_at[place] = digits.len() as u16;
                let width = place + 1;
                for number in 0..10u32.pow(width as u32) {
                    digits.push(self.class_by_search(&Facts::of(&format!("{number:0width$}"))) as u8);
                }
            }
        }
        self.digits = digits.into();
    }

    fn class_by_search(&self, facts: &Facts) -> u16 {
        let mut text = 0;
        if facts.len <= 8 {
            let (from, to) = (self.starts[facts.len as usize] as usize, self.starts[facts.len as usize + 1] as usize);
            let at = self.points[from..to].partition_point(|point| *point <= facts.packed);
            if at > 0 {
                text = self.classes[from + at - 1];
            }
        }
        match &self.numbers {
            None => text,
            Some(numbers) => {
                let number = match (facts.is_number(), facts.dot) {
                    (false, _) => 0,
                    (true, false) => numbers.plain.interval(facts.number),
                    (true, true) => numbers.dotted.interval(facts.number),
                };
                numbers.classes[(u32::from(text) * numbers.width + u32::from(number)) as usize]
            }
        }
    }

    fn set(&self, class: u16) -> &[u64] {
        let words = self.words as usize;
        &self.sets[class as usize * words..(class as usize + 1) * words]
    }
}

impl TableIndex {
    /// Indexes a table.
    pub fn new(rules: &Rules, table: &Table) -> TableIndex {
        if table.rows == 0 {
            return TableIndex::Walk;
        }
        let mut columns = Vec::new();
        let mut combinations = 1usize;
        for (key, cells) in table.inputs() {
            let Some((column, classes)) = column(rules, key, cells) else { return TableIndex::Walk };
            combinations = combinations.saturating_mul(classes);
            columns.push(column);
        }
        if columns.is_empty() {
            return TableIndex::Array { columns: Box::new([]), rows: Box::new([1]) };
        }
        let words = (table.rows as usize).div_ceil(64);
        if combinations > MOST_COMBINATIONS || combinations * words > MOST_WORK || table.rows >= u32::from(u16::MAX) {
            return TableIndex::Bits { columns: columns.into() };
        }
        let mut stride = 1u32;
        let mut rows = vec![0u16; combinations];
        for column in &mut columns {
            column.stride = stride;
            stride *= column.sets.len() as u32 / column.words;
        }
        let mut classes = vec![0u16; columns.len()];
        for row in rows.iter_mut() {
            *row = lowest(columns.iter().zip(&classes).map(|(column, class)| column.set(*class)))
                .map_or(0, |row| row as u16 + 1);
            for (class, column) in classes.iter_mut().zip(&columns) {
                *class += 1;
                if u32::from(*class) < column.sets.len() as u32 / column.words {
                    break;
                }
                *class = 0;
            }
        }
        for column in &mut columns {
            column.sets = Box::new([]);
        }
        // Most tables have one column, and most values are short numbers: these find their row at the first look.
        if columns.len() == 1
            && table.rows < 255
            && let Some(mut column) = columns.pop()
        {
            column.digits.iter_mut().for_each(|class| *class = rows[*class as usize] as u8);
            return TableIndex::One { column, rows: rows.into() };
        }
        TableIndex::Array { columns: columns.into(), rows: rows.into() }
    }

    /// The first row that matches.
    pub fn row(&self, rules: &Rules, table: &Table, values: &impl Values) -> Option<u32> {
        match self {
            TableIndex::One { column, rows } => {
                let seen = values.value(column.key);
                if let Some(row) = column.short_number(&seen.facts) {
                    return u32::from(row).checked_sub(1);
                }
                if seen.facts.odd {
                    return walk(rules, table, values);
                }
                u32::from(*rows.get(column.class_by_search(&seen.facts) as usize)?).checked_sub(1)
            }
            TableIndex::Array { columns, rows } => {
                let mut at = 0;
                for column in columns {
                    let seen = values.value(column.key);
                    if seen.facts.odd {
                        return walk(rules, table, values);
                    }
                    at += u32::from(column.class(&seen.facts)) * column.stride;
                }
                rows.get(at as usize)?.checked_sub(1).map(u32::from)
            }
            TableIndex::Bits { columns } => {
                let mut sets: [&[u64]; 12] = [&[]; 12];
                let mut many = 0;
                for column in columns {
                    let seen = values.value(column.key);
                    if seen.facts.odd || many == sets.len() {
                        return walk(rules, table, values);
                    }
                    sets[many] = column.set(column.class(&seen.facts));
                    many += 1;
                }
                lowest(sets[..many].iter().copied())
            }
            TableIndex::Walk => walk(rules, table, values),
        }
    }
}

/// The lowest bit set in all sets.
fn lowest<'a>(sets: impl Iterator<Item = &'a [u64]> + Clone) -> Option<u32> {
    let words = sets.clone().next()?.len();
    for word in 0..words {
        let both = sets.clone().fold(u64::MAX, |all, set| all & set[word]);
        if both != 0 {
            return Some(word as u32 * 64 + both.trailing_zeros());
        }
    }
    None
}

/// Looks at the rows one by one.
pub(crate) fn walk(rules: &Rules, table: &Table, values: &impl Values) -> Option<u32> {
    (0..table.rows).find(|row| {
        table.inputs().all(|(key, cells)| {
            let seen = values.value(key);
            cells
                .get(*row as usize)
                .and_then(|cell| rules.cells.get(*cell as usize))
                .is_some_and(|(_, cell)| cell.accepts(seen.text, &seen.facts, values))
        })
    })
}

/// An interval with the cell (by place among the distinct ones) that accepts it.
struct Span<T> {
    from: T,
    /// The first value after it, none when it has no end.
    to: Option<T>,
    cell: usize,
}

/// Collects classes: equal sets of rows are one class.
struct Classes {
    words: usize,
    sets: Vec<u64>,
    known: HashMap<Vec<u64>, u16>,
}

impl Classes {
    fn class(&mut self, set: Vec<u64>) -> Option<u16> {
        if let Some(class) = self.known.get(&set) {
            return Some(*class);
        }
        if self.sets.len() > MOST_BITS / 64 {
            return None;
        }
        let class = u16::try_from(self.sets.len() / self.words).ok()?;
        self.sets.extend_from_slice(&set);
        self.known.insert(set, class);
        Some(class)
    }
}

/// Indexes a column; none when it has to be walked. Also answers how many classes there are.
fn column(rules: &Rules, key: KeyId, cells: &[u32]) -> Option<(ColumnIndex, usize)> {
    // Distinct cells and the rows of each.
    let words = cells.len().div_ceil(64);
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut distinct: Vec<&Cell> = Vec::new();
    let mut lengths = [false; 3];
    let mut rows: Vec<u64> = Vec::new();
    for (row, number) in cells.iter().enumerate() {
        let place = *places.entry(*number).or_insert_with(|| {
            let (text, cell) = &rules.cells[*number as usize];
            distinct.push(cell);
            for piece in rules.text(*text).split([',', '-']).map(str::trim) {
                if (1..=3).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_digit()) {
                    lengths[piece.len() - 1] = true;
                }
            }
            rows.resize(rows.len() + words, 0);
            distinct.len() - 1
        });
        if rows.len() > MOST_BITS / 64 {
            return None;
        }
        rows[place * words + row / 64] |= 1 << (row % 64);
    }
    let rows_of = |cell: usize| &rows[cell * words..(cell + 1) * words];

    let mut texts: [Vec<Span<u64>>; 9] = Default::default();
    let (mut plain, mut dotted) = (Vec::new(), Vec::new());
    let mut always = vec![0u64; words];
    for (cell, parts) in distinct.iter().enumerate() {
        if parts.any {
            merge(&mut always, rows_of(cell));
        }
        for part in &parts.parts {
            match part {
                Part::Exactly(text) => texts[packable(text)?].push(span(text, text, cell)),
                Part::Texts(low, high) => {
                    let length = packable(low)?;
                    if packable(high)? == length && low <= high {
                        texts[length].push(span(low, high, cell));
                    }
                }
                Part::Numbers { low, high, dot } => {
                    let to = high.checked_add(1);
                    if low <= high {
                        plain.push(Span { from: *low, to, cell });
                        if *dot {
                            dotted.push(Span { from: *low, to, cell });
                        }
                    }
                }
                Part::Referring(..) => return None,
            }
        }
    }

    // Text intervals, each with its set of rows; interval 0 is "none of the texts".
    let mut work = MOST_WORK;
    let mut sets: Vec<Vec<u64>> = vec![always.clone()];
    let mut starts = [0u32; 10];
    let (mut points, mut intervals) = (Vec::new(), Vec::new());
    for (length, spans) in texts.iter().enumerate() {
        starts[length] = points.len() as u32;
        sweep(spans, words, &mut work, |point, active| {
            let mut set = always.clone();
            active.iter().for_each(|(cell, _)| merge(&mut set, rows_of(*cell)));
            points.push(point);
            intervals.push(sets.len());
            sets.push(set);
            (sets.len() * words <= MOST_BITS / 64).then_some(())
        })?;
    }
    starts[9] = points.len() as u32;

    let mut classes = Classes { words, sets: Vec::new(), known: HashMap::new() };
    if plain.is_empty() {
        let of: Vec<u16> = sets.into_iter().map(|set| classes.class(set)).collect::<Option<_>>()?;
        // Class 0 is that of interval 0 because it is asked for first.
        let by_point: Vec<u16> = intervals.iter().map(|interval| of[*interval]).collect();
        let mut column = ColumnIndex {
            key,
            digits_at: [NO_DIGITS; 3],
            stride: 0,
            digits: Box::new([]),
            starts,
            points: points.into(),
            classes: by_point.into(),
            numbers: None,
            words: words as u32,
            sets: classes.sets.into(),
        };
        column.list_digits(lengths, classes.known.len());
        return Some((column, classes.known.len()));
    }

    // Equal text sets are one text interval, so that the table of pairs stays small.
    let mut text_classes = Classes { words, sets: Vec::new(), known: HashMap::new() };
    let of: Vec<u16> = sets.into_iter().map(|set| text_classes.class(set)).collect::<Option<_>>()?;
    let mut number_classes = Classes { words, sets: Vec::new(), known: HashMap::new() };
    number_classes.class(vec![0; words])?;
    let mut steps = |spans: &[Span<u32>]| -> Option<Steps> {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        sweep(spans, words, &mut work, |point, active| {
            let mut set = vec![0; words];
            active.iter().for_each(|(cell, _)| merge(&mut set, rows_of(*cell)));
            points.push(point);
            intervals.push(number_classes.class(set)?);
            Some(())
        })?;
        Some(Steps { points: points.into(), intervals: intervals.into() })
    };
    let (plain, dotted) = (steps(&plain)?, steps(&dotted)?);
    let (texts, width) = (text_classes.known.len(), number_classes.known.len());
    if texts * width > 1 << 20 || texts * width * words > MOST_WORK {
        return None;
    }
    let mut pairs = Vec::with_capacity(texts * width);
    for text in text_classes.sets.chunks(words) {
        for number in number_classes.sets.chunks(words) {
            let mut set = text.to_vec();
            merge(&mut set, number);
            pairs.push(classes.class(set)?);
        }
    }
    let by_point: Vec<u16> = intervals.iter().map(|interval| of[*interval]).collect();
    let mut column = ColumnIndex {
        key,
        digits_at: [NO_DIGITS; 3],
        stride: 0,
        digits: Box::new([]),
        starts,
        points: points.into(),
        classes: by_point.into(),
        numbers: Some(Box::new(Numbers { plain, dotted, width: width as u32, classes: pairs.into() })),
        words: words as u32,
        sets: classes.sets.into(),
    };
    column.list_digits(lengths, classes.known.len());
    Some((column, classes.known.len()))
}

fn merge(into: &mut [u64], from: &[u64]) {
    into.iter_mut().zip(from).for_each(|(to, from)| *to |= from);
}

/// The length of a text that can be packed.
fn packable(text: &str) -> Option<usize> {
    let facts = Facts::of(text);
    (facts.len <= 8 && !facts.odd && units(text) == text.len()).then_some(text.len())
}

/// The interval from one packed text to another of the same length.
fn span(low: &str, high: &str, cell: usize) -> Span<u64> {
    let step = if high.is_empty() { 1 } else { 1u64 << (8 * (8 - high.len())) };
    Span { from: Facts::of(low).packed, to: Facts::of(high).packed.checked_add(step), cell }
}

/// Cuts overlapping spans into intervals and calls `found` with where each begins and the cells that accept it. None
/// when `found` says so or the work left is used up, of which each cell of each interval takes `words`.
fn sweep<T: Ord + Copy>(
    spans: &[Span<T>],
    words: usize,
    work: &mut usize,
    mut found: impl FnMut(T, &[(usize, u32)]) -> Option<()>,
) -> Option<()> {
    // (point, enters, cell)
    let mut events: Vec<(T, bool, usize)> = Vec::with_capacity(spans.len() * 2);
    for span in spans {
        events.push((span.from, true, span.cell));
        if let Some(to) = span.to {
            events.push((to, false, span.cell));
        }
    }
    events.sort();
    // A cell may enter twice (overlapping parts), so it is counted.
    let mut active: Vec<(usize, u32)> = Vec::new();
    let mut at = 0;
    while let Some((point, ..)) = events.get(at).copied() {
        while let Some((_, enters, cell)) = events.get(at).copied().filter(|(here, ..)| *here == point) {
            *work = work.checked_sub(active.len() + 1)?;
            match active.iter().position(|(known, _)| *known == cell) {
                Some(place) if enters => active[place].1 += 1,
                Some(place) => {
                    active[place].1 -= 1;
                    if active[place].1 == 0 {
                        active.swap_remove(place);
                    }
                }
                None => active.push((cell, 1)),
            }
            at += 1;
        }
        *work = work.checked_sub((active.len() + 1) * words)?;
        found(point, &active)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::staging::context::{Context, Slot};
    use crate::staging::shipped::Algorithm;

    /// Every table of the four algorithms: values at, beside and between what its cells name are matched by the
    /// index as by walking the rows.
    #[test]
    fn an_index_finds_the_row_that_walking_finds() {
        let mut seed = 0x2545_f491_4f6c_dd1du64;
        let mut below = |limit: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % limit.max(1) as u64) as usize
        };
        let mut matched = 0;
        for algorithm in Algorithm::ALL {
            let rules = &algorithm.shipped().rules;
            for table in &rules.tables {
                let index = TableIndex::new(rules, table);
                for _ in 0..12 {
                    let row = below(table.rows as usize);
                    let mut values: Vec<(KeyId, String)> = Vec::new();
                    for (key, cells) in table.inputs() {
                        // Mostly what this row names, sometimes what another does, sometimes a little off.
                        let row = if below(8) == 0 { below(table.rows as usize) } else { row };
                        let Some(cell) = cells.get(row) else { continue };
                        let text = rules.text(rules.cells[*cell as usize].0);
                        let pieces: Vec<&str> = text.split([',', '-']).map(str::trim).collect();
                        let mut value = pieces[below(pieces.len())].to_owned();
                        if let (0..=2, Ok(number)) = (below(5), value.parse::<i64>()) {
                            let width = value.len();
                            value = format!("{:0width$}", number + below(5) as i64 - 2);
                        }
                        match below(12) {
                            0 => value.push('0'),
                            1 => value.push_str(".5"),
                            2 => value.insert(0, '0'),
                            3 => value.push('\u{e9}'),
                            _ => {}
                        }
                        values.push((key, value));
                    }
                    let mut context = Context::new(rules);
                    for (key, value) in &values {
                        context.set(*key, Slot::of(value));
                    }
                    let found = index.row(rules, table, &context);
                    assert_eq!(found, walk(rules, table, &context), "{} {values:?}", rules.text(table.id));
                    matched += usize::from(found.is_some());
                }
            }
        }
        assert!(matched > 10_000, "{matched} matched");
    }
}
