//! Examines rules before they are taken: what the reference engine refuses, and what would only show when a case
//! is staged.

use super::archive::Refused;
use super::compile::Checks;
use super::rules::*;
use super::stage::MOST_STEPS;

/// Refuses rules that do not fit together.
pub(crate) fn examine(rules: &Rules, checks: Checks) -> Result<(), Refused> {
    for schema in &rules.schemas {
        let id = rules.text(schema.id);
        if schema.inputs.len() > 60_000 || schema.outputs.len() > 60_000 {
            return Err(Refused::Inconsistent(format!("schema {id} has more inputs or outputs than can be")));
        }
        for mapping in &schema.mappings {
            for (key, _) in &mapping.initial {
                if schema.input(*key).is_some() {
                    let key = rules.key(*key);
                    return Err(Refused::Inconsistent(format!(
                        "schema {id} sets {key} in an initial context, but {key} is one of its inputs"
                    )));
                }
            }
        }
    }
    if checks == Checks::Reference {
        return Ok(());
    }
    for (id, key) in [("primary_site", "site"), ("histology", "hist")] {
        let table = rules.find_table(id).and_then(|table| rules.table(table));
        let inputs: Vec<&str> = table.iter().flat_map(|table| table.inputs()).map(|(key, _)| rules.key(key)).collect();
        if inputs != [key] {
            return Err(Refused::Inconsistent(format!(
                "the archive needs a table {id} with one INPUT column {key}: it lists the valid codes"
            )));
        }
    }
    if let Some(text) = rules.missing.first() {
        let missing = rules.text(*text);
        return Err(Refused::Inconsistent(format!("{} refers to the unknown table {missing}", who_names(rules))));
    }
    let steps = match steps_by_jumps(rules) {
        Ok(steps) => steps,
        Err(path) => {
            return Err(Refused::Inconsistent(format!("tables jump in a circle: {}", path.join(" -> "))));
        }
    };
    for schema in &rules.schemas {
        let paths = schema.mappings.iter().flat_map(|mapping| &mapping.paths);
        let all = paths.map(|path| steps.get(path.table.0 as usize).copied().unwrap_or(1));
        let all = all.fold(0u64, u64::saturating_add);
        if all > MOST_STEPS as u64 {
            let id = rules.text(schema.id);
            return Err(Refused::Inconsistent(format!(
                "schema {id} may send a case through more than {MOST_STEPS} tables, by tables that jump to others more than once"
            )));
        }
    }
    Ok(())
}

/// Who names the first missing table.
fn who_names(rules: &Rules) -> String {
    let first = TableId(rules.tables.len() as u32);
    for table in &rules.tables {
        if jumps(rules, table).any(|to| to == first) {
            return format!("table {}", rules.text(table.id));
        }
    }
    for schema in &rules.schemas {
        let paths = schema.mappings.iter().flat_map(|m| m.inclusion.iter().chain(&m.exclusion).chain(&m.paths));
        let mut named = paths
            .map(|path| path.table)
            .chain(schema.inputs.iter().flat_map(|input| input.table.into_iter().chain(input.default_table)))
            .chain(schema.outputs.iter().flat_map(|output| output.table))
            .chain(schema.involved.iter().copied())
            .chain([schema.selection]);
        if named.any(|table| table == first) {
            return format!("schema {}", rules.text(schema.id));
        }
    }
    "the archive".into()
}

/// The tables a table jumps to.
pub(crate) fn jumps<'r>(rules: &'r Rules, table: &'r Table) -> impl Iterator<Item = TableId> + 'r {
    table.endpoints().flat_map(|(_, cells)| cells).filter_map(|cell| match rules.ends.get(*cell as usize) {
        Some(End::Jump(to)) => Some(*to),
        _ => None,
    })
}

/// Through how many tables a case may go from each table on, by the row that jumps the most; or the circle of jumps,
/// if there is one. A depth-first walk that does not recurse, so depth costs no stack.
fn steps_by_jumps(rules: &Rules) -> Result<Vec<u64>, Vec<String>> {
    let targets: Vec<Vec<TableId>> = rules
        .tables
        .iter()
        .map(|table| {
            let mut to: Vec<TableId> = jumps(rules, table).collect();
            to.sort();
            to.dedup();
            to
        })
        .collect();
    // 0 not seen, 1 on the way, 2 done.
    let mut state = vec![0u8; targets.len()];
    let mut steps = vec![1u64; targets.len()];
    for start in 0..targets.len() {
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        let mut way = vec![(start, 0usize)];
        while let Some((at, next)) = way.last_mut() {
            let at = *at;
            let Some(to) = targets[at].get(*next).map(|to| to.0 as usize) else {
                if !targets[at].is_empty() {
                    steps[at] = steps_of(rules, &rules.tables[at], &steps);
                }
                state[at] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            match state.get(to) {
                Some(0) => {
                    state[to] = 1;
                    way.push((to, 0));
                }
                Some(1) => {
                    let from = way.iter().position(|(table, _)| *table == to).unwrap_or(0);
                    let circle = way[from..].iter().map(|(table, _)| *table).chain([to]);
                    return Err(circle.map(|table| rules.table_name(TableId(table as u32)).to_owned()).collect());
                }
                _ => {}
            }
        }
    }
    Ok(steps)
}

/// The tables a case goes through from this one on, by the row that jumps the most.
fn steps_of(rules: &Rules, table: &Table, steps: &[u64]) -> u64 {
    let columns: Vec<_> = table.endpoints().map(|(_, cells)| cells).collect();
    let rows = columns.iter().map(|cells| cells.len()).max().unwrap_or(0);
    let of_row = |row: usize| {
        let ends = columns.iter().filter_map(|cells| rules.ends.get(*cells.get(row)? as usize));
        ends.fold(1u64, |sum, end| match end {
            End::Jump(to) => sum.saturating_add(steps.get(to.0 as usize).copied().unwrap_or(1)),
            _ => sum,
        })
    };
    (0..rows).map(of_row).max().unwrap_or(1)
}
