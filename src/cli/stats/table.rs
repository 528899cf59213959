//! Tables read and written: CSV in, CSV or JSON out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value};

use crate::research::stats::tumors::TumorRow;

/// How a table is written.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Form {
    /// Comma-separated values, which is the default.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// A JSON line a row.
    #[arg(long)]
    json: bool,
}

#[cfg(test)]
impl Form {
    /// Comma-separated values.
    pub(super) fn default_csv() -> Form {
        Form { csv: true, json: false }
    }
}

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    Number(f64),
    Nothing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Cell {
        Cell::Count(count)
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Cell {
        Cell::Count(count as u64)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Cell {
        if number.is_finite() { Cell::Number(number) } else { Cell::Nothing }
    }
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Cell {
        number.map_or(Cell::Nothing, Cell::from)
    }
}

/// Ten digits, without what follows the last one that counts.
fn digits(number: f64) -> f64 {
    format!("{number:.9e}").parse().unwrap_or(number)
}

/// A probability, with the six digits that it is worth.
pub(super) fn probability(p: f64) -> Cell {
    Cell::from(format!("{p:.5e}").parse().unwrap_or(p))
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Answer {
    pub(super) fn of(columns: &[&str]) -> Answer {
        Answer { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows: Vec::new() }
    }

    /// The answer as text.
    pub(super) fn text(&self, form: Form) -> Result<Vec<u8>> {
        if form.json {
            let mut out = Vec::new();
            for row in &self.rows {
                let mut line = Map::new();
                for (column, cell) in self.columns.iter().zip(row) {
                    let value = match cell {
                        Cell::Text(text) => Value::from(text.as_str()),
                        Cell::Count(count) => Value::from(*count),
                        Cell::Number(number) => Value::from(digits(*number)),
                        Cell::Nothing => continue,
                    };
                    line.insert(column.clone(), value);
                }
                serde_json::to_writer(&mut out, &line)?;
                out.push(b'\n');
            }
            return Ok(out);
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => text.clone(),
                Cell::Count(count) => count.to_string(),
                Cell::Number(number) => digits(*number).to_string(),
                Cell::Nothing => String::new(),
            }))?;
        }
        writer.into_inner().context("writing the table")
    }

    /// Writes the answer to the standard output.
    pub(super) fn write(&self, form: Form) -> Result<()> {
        let text = self.text(form)?;
        match io::stdout().lock().write_all(&text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("writing the standard output"),
        }
    }
}

/// A CSV file that is read row by row.
pub(super) struct Source {
    name: String,
    pub(super) columns: Vec<String>,
    reader: csv::Reader<Box<dyn Read>>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Source> {
        let name = path.display().to_string();
        let file: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).with_context(|| format!("opening {name}"))?)
        };
        let packed = path.extension().is_some_and(|ending| ending == "gz");
        let file: Box<dyn Read> = if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { file };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(file);
        let head = reader.headers().with_context(|| format!("reading the first line of {name}"))?;
        let columns = head.iter().map(|column| column.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        Ok(Source { name, columns, reader })
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known == column)
    }

    /// Where a column stands that must be there.
    pub(super) fn needed(&self, column: &str) -> Result<usize> {
        match self.place(column) {
            Some(place) => Ok(place),
            None => bail!("{} has no column {column}; its columns are {}", self.name, self.columns.join(", ")),
        }
    }

    /// Reads every row; the function is given the row and its line.
    pub(super) fn each(mut self, mut take: impl FnMut(&csv::StringRecord, u64) -> Result<()>) -> Result<()> {
        let mut row = csv::StringRecord::new();
        while self.reader.read_record(&mut row).with_context(|| format!("reading {}", self.name))? {
            let line = row.position().map_or(0, csv::Position::line);
            take(&row, line).with_context(|| format!("{}, line {line}", self.name))?;
        }
        Ok(())
    }
}

/// A table of tumors: the columns we know, and those to group by as they stand.
pub(super) struct Tumors {
    pub(super) rows: Vec<TumorRow>,
    pub(super) columns: Vec<String>,
    pub(super) cells: Vec<csv::StringRecord>,
}

impl Tumors {
    pub(super) fn read(path: &Path) -> Result<Tumors> {
        let source = Source::open(path)?;
        let columns = source.columns.clone();
        source.needed("date_of_diagnosis").or_else(|_| source.needed("site"))?;
        let place = |column: &str| source.place(column);
        let places = [
            "patient_id",
            "tumor_id",
            "sequence_number",
            "sex",
            "date_of_birth",
            "date_of_diagnosis",
            "age_at_diagnosis",
            "behavior",
            "reporting_source",
            "diagnostic_confirmation",
            "summary_stage",
            "vital_status",
            "date_of_last_contact",
            "cause_of_death",
        ]
        .map(place);
        let (mut rows, mut cells) = (Vec::new(), Vec::new());
        source.each(|row, line| {
            let [
                patient,
                tumor,
                sequence,
                sex,
                birth,
                diagnosis,
                age,
                behavior,
                from,
                confirmation,
                stage,
                status,
                last,
                cause,
            ] = places.map(|place| place.and_then(|at| row.get(at)).unwrap_or("").to_owned());
            rows.push(TumorRow {
                // A table without patients has one tumor a patient.
                patient: if patient.is_empty() { format!("line {line}") } else { patient },
                tumor,
                sequence,
                sex,
                birth,
                diagnosis,
                age,
                behavior,
                source: from,
                confirmation,
                stage,
                vital_status: status,
                last_contact: last,
                cause,
            });
            cells.push(row.clone());
            Ok(())
        })?;
        Ok(Tumors { rows, columns, cells })
    }

    /// The text of a column of a row.
    pub(super) fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.columns.iter().position(|known| known == column);
        place.and_then(|at| self.cells.get(row)?.get(at)).unwrap_or("")
    }

    /// That a column is there.
    pub(super) fn check(&self, column: &str) -> Result<()> {
        if self.columns.iter().any(|known| known == column) {
            return Ok(());
        }
        bail!("there is no column {column}; the columns are {}", self.columns.join(", "))
    }
}
