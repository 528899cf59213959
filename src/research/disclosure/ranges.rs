//! What values a hidden cell may have: the least and the greatest solution of a table's equations with counts that are not
//! negative. Simplex method with Bland's rule, for each connected part of what is hidden by itself.
//!
//! Coefficients are 1 and -1 and counts are whole, so the numbers of two-way tables stay whole throughout. For tables of three
//! and more dimensions the range is that of the linear system.

const NOTHING: f64 = 1e-9;

/// Equations of hidden cells that hang together.
#[derive(Debug, Clone)]
struct Part {
    /// Rows of the tableau: coefficients of the variables, then the value.
    rows: Vec<Vec<f64>>,
    /// The variable of each row.
    basis: Vec<usize>,
}

/// The equations of what is hidden in a table.
#[derive(Debug)]
pub(super) struct System {
    parts: Vec<Part>,
    /// The part of each hidden cell and its number there.
    of_cell: Vec<(usize, usize)>,
}

impl System {
    /// The system of these hidden cells. The counts solve it.
    pub(super) fn of(lines: &[Vec<usize>], counts: &[u64], hidden: &[usize]) -> System {
        let variable_of = |cell: usize| hidden.binary_search(&cell).ok();
        // Each line as hidden variables with 1, or -1 for the margin.
        let equations: Vec<Vec<(usize, f64)>> = lines
            .iter()
            .map(|line| {
                let sign = |cell: &usize| if line.last() == Some(cell) { -1.0 } else { 1.0 };
                line.iter().filter_map(|cell| Some((variable_of(*cell)?, sign(cell)))).collect::<Vec<_>>()
            })
            .filter(|equation| !equation.is_empty())
            .collect();
        let mut part_of: Vec<usize> = (0..hidden.len()).collect();
        for equation in &equations {
            let numbers: Vec<usize> =
                equation.iter().filter_map(|(variable, _)| part_of.get(*variable).copied()).collect();
            if let Some(least) = numbers.iter().min().copied() {
                part_of.iter_mut().filter(|part| numbers.contains(part)).for_each(|part| *part = least);
            }
        }
        let mut numbers: Vec<usize> = part_of.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let mut sizes = vec![0; numbers.len()];
        let of_cell: Vec<(usize, usize)> = part_of
            .iter()
            .map(|part| {
                let at = numbers.binary_search(part).unwrap_or(0);
                let size = sizes.get_mut(at).map_or(0, |size| {
                    *size += 1;
                    *size - 1
                });
                (at, size)
            })
            .collect();
        let value = |variable: usize| -> f64 {
            #[allow(clippy::cast_precision_loss, reason = "counts of people")]
            let count = hidden.get(variable).and_then(|cell| counts.get(*cell)).map_or(0.0, |count| *count as f64);
            count
        };
        let mut rows: Vec<Vec<Vec<f64>>> = vec![Vec::new(); numbers.len()];
        for equation in &equations {
            let Some((part, _)) = equation.first().and_then(|(variable, _)| of_cell.get(*variable)) else { continue };
            let size = sizes.get(*part).copied().unwrap_or(0);
            let mut row = vec![0.0; size + 1];
            let mut sum = 0.0;
            for (variable, sign) in equation {
                if let Some(slot) = of_cell.get(*variable).and_then(|(_, at)| row.get_mut(*at)) {
                    *slot = *sign;
                }
                sum += sign * value(*variable);
            }
            if let Some(last) = row.last_mut() {
                *last = sum;
            }
            if let Some(rows) = rows.get_mut(*part) {
                rows.push(row);
            }
        }
        let parts = rows.into_iter().zip(sizes).map(|(rows, size)| Part::feasible(rows, size)).collect();
        System { parts, of_cell }
    }

    /// Whether the values that a cell may have lie at least so far apart.
    pub(super) fn is_at_least_as_wide(&self, variable: usize, width: u64) -> bool {
        let Some((part, at)) = self.of_cell.get(variable) else { return true };
        let Some(part) = self.parts.get(*part) else { return true };
        #[allow(clippy::cast_precision_loss, reason = "a threshold")]
        let width = width as f64 - 1e-6;
        let greatest = part.greatest(*at);
        greatest >= width && greatest - part.least(*at) >= width
    }
}

impl Part {
    /// A solution from which others are reached: artificial variables are driven out.
    fn feasible(mut rows: Vec<Vec<f64>>, size: usize) -> Part {
        let count = rows.len();
        for (at, row) in rows.iter_mut().enumerate() {
            let value = row.pop().unwrap_or(0.0);
            if value < 0.0 {
                row.iter_mut().for_each(|cell| *cell = -*cell);
            }
            row.extend((0..count).map(|other| f64::from(u8::from(other == at))));
            row.push(value.abs());
        }
        let mut part = Part { rows, basis: (size..size + count).collect() };
        loop {
            // The gain of a variable is the sum of its cells in the rows of artificial variables.
            let gain = |column: usize| -> f64 {
                part.rows
                    .iter()
                    .zip(&part.basis)
                    .filter(|(_, basic)| **basic >= size)
                    .filter_map(|(row, _)| row.get(column))
                    .sum()
            };
            let enters = (0..size).find(|column| !part.basis.contains(column) && gain(*column) > NOTHING);
            if !enters.is_some_and(|column| part.enter(column)) {
                break;
            }
        }
        // An artificial variable that is left is zero: it gives way to another, or its equation says nothing new.
        for row in 0..count {
            if part.basis.get(row).is_some_and(|basic| *basic >= size)
                && let Some(column) = (0..size).find(|column| {
                    part.rows.get(row).and_then(|row| row.get(*column)).is_some_and(|cell| cell.abs() > NOTHING)
                })
            {
                part.pivot(row, column);
            }
        }
        let kept: Vec<bool> = part.basis.iter().map(|basic| *basic < size).collect();
        let mut at = kept.iter();
        part.rows.retain(|_| *at.next().unwrap_or(&false));
        part.basis.retain(|basic| *basic < size);
        for row in &mut part.rows {
            let value = row.last().copied().unwrap_or(0.0);
            row.truncate(size);
            row.push(value);
        }
        part
    }

    /// Lets a variable grow as far as it can; false when nothing stops it.
    fn enter(&mut self, column: usize) -> bool {
        let ratio = |row: &Vec<f64>| -> Option<f64> {
            let cell = *row.get(column)?;
            (cell > NOTHING).then(|| row.last().map(|value| value / cell))?
        };
        let leaves = self
            .rows
            .iter()
            .zip(&self.basis)
            .enumerate()
            .filter_map(|(at, (row, basic))| Some((ratio(row)?, *basic, at)))
            .min_by(|one, other| {
                // Ties are broken by the variable's number, so that it never goes round in circles.
                if (one.0 - other.0).abs() <= NOTHING { one.1.cmp(&other.1) } else { one.0.total_cmp(&other.0) }
            });
        match leaves {
            Some((_, _, row)) => {
                self.pivot(row, column);
                true
            }
            None => false,
        }
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let Some(mut turning) = self.rows.get(row).cloned() else { return };
        let Some(head) = turning.get(column).copied() else { return };
        turning.iter_mut().for_each(|cell| *cell /= head);
        for (at, other) in self.rows.iter_mut().enumerate() {
            if at == row {
                continue;
            }
            let factor = other.get(column).copied().unwrap_or(0.0);
            if factor != 0.0 {
                for (cell, of) in other.iter_mut().zip(&turning) {
                    *cell -= factor * of;
                    if cell.abs() < NOTHING {
                        *cell = 0.0;
                    }
                }
            }
        }
        if let (Some(slot), Some(basic)) = (self.rows.get_mut(row), self.basis.get_mut(row)) {
            *slot = turning;
            *basic = column;
        }
    }

    /// The greatest value of a variable.
    fn greatest(&self, variable: usize) -> f64 {
        let mut part = self.clone();
        if !part.basis.contains(&variable) && !part.enter(variable) {
            return f64::INFINITY;
        }
        loop {
            let Some(at) = part.basis.iter().position(|basic| *basic == variable) else { return f64::INFINITY };
            let Some(row) = part.rows.get(at) else { return f64::INFINITY };
            let value = row.last().copied().unwrap_or(0.0);
            let columns = row.len() - 1;
            let enters = (0..columns)
                .find(|column| *column != variable && row.get(*column).is_some_and(|cell| *cell < -NOTHING));
            match enters {
                None => return value,
                Some(column) => {
                    if !part.enter(column) {
                        return f64::INFINITY;
                    }
                }
            }
        }
    }

    /// The least value of a variable.
    fn least(&self, variable: usize) -> f64 {
        let mut part = self.clone();
        loop {
            let Some(at) = part.basis.iter().position(|basic| *basic == variable) else { return 0.0 };
            let Some(row) = part.rows.get(at) else { return 0.0 };
            let value = row.last().copied().unwrap_or(0.0);
            let columns = row.len() - 1;
            let enters =
                (0..columns).find(|column| *column != variable && row.get(*column).is_some_and(|cell| *cell > NOTHING));
            match enters {
                None => return value,
                Some(column) => {
                    if !part.enter(column) {
                        return value;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hidden cells that add up to 10, and one of them also to a shown rest: nothing is open.
    #[test]
    fn cells_that_add_up_to_a_shown_sum_range_from_none_to_all() {
        let lines = [vec![0, 1, 2]];
        let system = System::of(&lines, &[4, 6, 10], &[0, 1]);
        assert!(system.is_at_least_as_wide(0, 10) && !system.is_at_least_as_wide(0, 11));
        let alone = System::of(&lines, &[4, 6, 10], &[0]);
        assert!(!alone.is_at_least_as_wide(0, 1));
    }

    #[test]
    fn without_a_shown_sum_there_is_no_end() {
        let system = System::of(&[vec![0, 1, 2]], &[4, 6, 10], &[0, 2]);
        assert!(system.is_at_least_as_wide(0, 1_000_000));
    }
}
