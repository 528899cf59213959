//! `accession match A.csv B.csv --out LINKS.csv`: which person of A each account of B is.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::cli::Outcome;
use crate::matching::linkage::{Account, Known, THRESHOLD, Weights, learn, link, shipped_weights};

/// Links the accounts of file B to the people of file A.
#[derive(Debug, Args)]
pub(super) struct Match {
    /// People already known, a row a person.
    a: PathBuf,
    /// Accounts to be linked.
    b: PathBuf,
    /// Where the links go: `id_a,id_b,weight`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The weight from which a link is one: logarithm (base 2) of the odds.
    #[arg(long, default_value_t = THRESHOLD, allow_negative_numbers = true)]
    threshold: f64,
    /// Weights as `--learn` writes them, instead of those compiled in.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Pairs known to be right (`id_a,id_b`): weights are learned from them and written instead of links.
    #[arg(long, value_name = "FILE")]
    learn: Option<PathBuf>,
    /// Prints what was done as JSON.
    #[arg(long)]
    json: bool,
}

impl Match {
    pub(super) fn run(self) -> Result<Outcome> {
        let (a, b) = (People::read(&self.a)?, People::read(&self.b)?);
        let known = Known::of(a.accounts());
        if let Some(path) = &self.learn {
            let right = pairs(path, &a, &b)?;
            let weights = learn(&known, b.accounts(), &right);
            write_aside(&self.out, weights.text().as_bytes())?;
            return Ok(Outcome::Done);
        }
        let own = self
            .weights
            .as_ref()
            .map(|path| std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display())))
            .transpose()?
            .map(|text| Weights::read(&text));
        let links = link(&known, b.accounts(), own.as_ref().unwrap_or_else(|| shipped_weights()), self.threshold);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id_a", "id_b", "weight"])?;
        for link in &links {
            writer.write_record([a.id(link.a), b.id(link.b), &format!("{:.3}", link.weight)])?;
        }
        write_aside(&self.out, &writer.into_inner().context("writing the links")?)?;
        if self.json {
            println!("{}", serde_json::json!({ "a": a.rows.len(), "b": b.rows.len(), "links": links.len() }));
        }
        Ok(Outcome::Done)
    }
}

/// Written aside, synced, renamed: a link file is whole or not there.
fn write_aside(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    std::fs::write(&aside, bytes)
        .and_then(|()| File::open(&aside)?.sync_all())
        .and_then(|()| std::fs::rename(&aside, path))
        .with_context(|| format!("writing {}", path.display()))
}

const COLUMNS: [&str; 13] = [
    "last_name",
    "first_name",
    "middle_name",
    "suffix",
    "birth_surname",
    "sex",
    "race",
    "date_of_birth",
    "ssn",
    "street",
    "city",
    "zip",
    "phone",
];

struct People {
    rows: Vec<csv::StringRecord>,
    id_at: usize,
    places: [Option<usize>; 13],
}

fn open(path: &Path) -> Result<csv::Reader<Box<dyn Read>>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let packed = path.extension().is_some_and(|ending| ending == "gz");
    let file: Box<dyn Read> = if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(csv::ReaderBuilder::new().buffer_capacity(1 << 17).from_reader(file))
}

impl People {
    fn read(path: &Path) -> Result<People> {
        let mut reader = open(path)?;
        let reading = || format!("reading {}", path.display());
        let columns = reader.headers().with_context(reading)?.clone();
        let place = |name: &str| columns.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
        let Some(id_at) = place("rec_id") else { bail!("{} has no column rec_id", path.display()) };
        if place("last_name").is_none() {
            bail!("{} has no column last_name", path.display());
        }
        let rows = reader.records().collect::<Result<Vec<_>, _>>().with_context(reading)?;
        Ok(People { rows, id_at, places: COLUMNS.map(place) })
    }

    fn id(&self, row: usize) -> &str {
        self.rows.get(row).and_then(|row| row.get(self.id_at)).unwrap_or("")
    }

    fn accounts(&self) -> impl Iterator<Item = Account<'_>> {
        self.rows.iter().map(|row| {
            let [last, first, middle, suffix, birth_surname, sex, race, birth, ssn, street, city, zip, phone] =
                self.places.map(|place| place.and_then(|at| row.get(at)).unwrap_or(""));
            Account { last, first, middle, suffix, birth_surname, sex, race, birth, ssn, street, city, zip, phone }
        })
    }
}

/// Pairs of a file as places in both files.
fn pairs(path: &Path, a: &People, b: &People) -> Result<HashSet<(usize, usize)>> {
    let places = |people: &People| -> HashMap<String, usize> {
        (0..people.rows.len()).map(|row| (people.id(row).to_owned(), row)).collect()
    };
    let (in_a, in_b) = (places(a), places(b));
    let mut right = HashSet::new();
    for row in open(path)?.records() {
        let row = row.with_context(|| format!("reading {}", path.display()))?;
        let (one, other) = (row.get(0).unwrap_or(""), row.get(1).unwrap_or(""));
        match (in_a.get(one), in_b.get(other)) {
            (Some(one), Some(other)) => right.insert((*one, *other)),
            _ => bail!("{}: {one},{other} is not a pair of the two files", path.display()),
        };
    }
    Ok(right)
}
