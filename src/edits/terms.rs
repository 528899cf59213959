//! What expressions share: code sets and tables in capitals, groups of items, named expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::code_set::CodeSet;
use super::expression::Expression;
use super::slots::Slot;

/// A table of rows of sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// How many columns its rows have.
    pub columns: usize,
    /// The first column is the year of diagnosis.
    pub dated: bool,
    /// The rows.
    pub rows: Arc<Vec<Vec<CodeSet>>>,
}

/// Names that expressions may use.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Code sets by name in capitals.
    pub sets: BTreeMap<String, CodeSet>,
    /// Groups of items by name in capitals.
    pub groups: BTreeMap<String, Vec<Slot>>,
    /// Named expressions.
    pub named: BTreeMap<String, Arc<Expression>>,
    /// Tables by name in capitals.
    pub tables: BTreeMap<String, Table>,
}

impl Table {
    /// Reads tab-separated cells of codes and ranges; lines that begin with `#` are comments, the line `#dated` says
    /// that the first column holds years of diagnosis. An error names the line.
    pub fn read(text: &str) -> Result<Table, (usize, String)> {
        let mut table = Table { columns: 0, dated: false, rows: Arc::default() };
        let mut rows = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if line.trim() == "#dated" {
                table.dated = true;
            }
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let row: Result<Vec<CodeSet>, _> = line.split('\t').map(CodeSet::parse).collect();
            let row = row.map_err(|bad| (number, bad.to_string()))?;
            if table.columns != 0 && row.len() != table.columns {
                return Err((number, format!("{} cells, but the rows before have {}", row.len(), table.columns)));
            }
            table.columns = row.len();
            rows.push(row);
        }
        if rows.is_empty() {
            return Err((1, "the table has no row".to_owned()));
        }
        table.rows = Arc::new(rows);
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_table_has_rows_of_one_width() {
        let table = Table::read("# states\n#dated\n1900-2099\tIA\t500-528\n1900-2099\tIL\t600-629\n").unwrap();
        assert_eq!((table.columns, table.rows.len(), table.dated), (3, 2, true));
        assert_eq!(Table::read("IA\t500\nIL\n").unwrap_err().0, 2);
        assert!(Table::read("# nothing\n").is_err());
    }
}
