//! Synthetic registries for demonstration, tests and benches.
//!
//! [`Generator`] makes patients one after the other: who they are, which tumors they had, how these were staged and
//! treated, how the patients fared, and what each of three invented facilities wrote about it. No record describes a
//! real person: names are common ones drawn apart from each other, social security numbers begin with 9, telephones
//! with 555, NPIs with 2.
//!
//! In: [`Settings`] (how many, seed, version, record type, years, and the day that counts as today). Out: records of
//! plain values in the order of the item numbers, or a NAACCR XML file ([`write_xml`]), and a [`Ledger`] of the true
//! duplicates and the partial dates. The same settings give the same bytes. Memory does not grow with the number of
//! patients: the only thing remembered from one to the next is the last accession number of each facility and year.
//!
//! What is likely comes from `reference/synth`: one file a disease (sites, histologies, stages, treatment, survival,
//! phrases for the texts) and lists of names and towns, all of them our own. Texts are written together with codes
//! from the same story: they play the part of the hospital's documents.

mod calendar;
mod disease;
mod disease_file;
mod duplicate;
mod fate;
mod generator;
mod ledger;
mod life;
mod lists;
mod narrative;
mod onset;
mod patient;
mod person;
mod phrase;
mod record;
mod report;
mod rng;
mod staging_items;
mod treatment;
mod treatment_items;
mod tumor;
mod xml;

use chrono::{Datelike, NaiveDate};

use calendar::{Day, day};
use disease::Disease;
use lists::Lists;

pub use disease::BadDisease;
pub use generator::{Generator, PatientRecord};
pub use ledger::{Ledger, LedgerEntry};
pub use record::Record;
pub use xml::{Written, write_xml};

/// Which NAACCR version a file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Version 25.
    V250,
    /// Version 26.
    V260,
}

impl Version {
    /// As written in files: 250 or 260.
    pub fn number(self) -> u16 {
        match self {
            Version::V250 => 250,
            Version::V260 => 260,
        }
    }
}

/// Which record type a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordType {
    /// Full case abstracts with identity and texts.
    Abstract,
    /// Incidence records, neither identity nor texts.
    Incidence,
}

impl RecordType {
    /// The letter of the file.
    pub fn letter(self) -> char {
        match self {
            RecordType::Abstract => 'A',
            RecordType::Incidence => 'I',
        }
    }
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many `Patient` records, duplicates included.
    pub patients: u64,
    /// Anything; the same seed gives the same registry.
    pub seed: u64,
    /// NAACCR version.
    pub version: Version,
    /// Record type.
    pub record_type: RecordType,
    /// First year of diagnosis.
    pub first_year: u16,
    /// Last year of diagnosis.
    pub last_year: u16,
    /// The day that counts as today: nothing happens after it.
    pub as_of: NaiveDate,
    /// Registry id (40) of the file.
    pub registry_id: String,
    /// Time written in the file.
    pub time_generated: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            patients: 1000,
            seed: 1,
            version: Version::V260,
            record_type: RecordType::Abstract,
            first_year: 2004,
            last_year: 2025,
            as_of: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap_or_default(),
            registry_id: "0000009999".to_owned(),
            time_generated: "2026-11-01T08:00:00-06:00".to_owned(),
        }
    }
}

impl Settings {
    pub(crate) fn as_of_day(&self) -> Day {
        day(self.as_of.year(), self.as_of.month() as i32, self.as_of.day() as i32)
    }
}

/// Why no registry can be made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The compiled-in tables are damaged.
    #[error("the reference tables of the generator cannot be read: {0}")]
    Tables(#[from] BadDisease),
    /// The years make no sense.
    #[error(
        "years of diagnosis {first} to {last} are not possible: give a first year from 2004 on, not after the last, and a last year not after {today}"
    )]
    Years {
        /// First year asked for.
        first: u16,
        /// Last year asked for.
        last: u16,
        /// Year of the day that counts as today.
        today: i32,
    },
    /// Patient id numbers have eight digits.
    #[error("{0} patients are more than the 99,999,999 that patient id numbers of eight digits allow")]
    TooMany(u64),
}

/// The tables of the generator, with running weights.
pub(crate) struct World {
    pub(crate) diseases: Vec<Disease>,
    pub(crate) common: Disease,
    pub(crate) lists: Lists,
    /// Running weights of the diseases among men and women.
    pub(crate) totals: [Vec<f32>; 2],
    /// Running weights of the stages of each disease.
    pub(crate) stage_totals: Vec<Vec<f32>>,
}

impl World {
    pub(crate) fn new() -> Result<Self, BadDisease> {
        let mut diseases = disease_file::all()?;
        let common =
            diseases.iter().position(|one| one.key == "common").map(|at| diseases.remove(at)).unwrap_or_default();
        let running = |weights: &mut dyn Iterator<Item = f32>| {
            let mut total = 0.0;
            weights
                .map(|weight| {
                    total += weight;
                    total
                })
                .collect::<Vec<f32>>()
        };
        let totals = [0, 1].map(|sex| running(&mut diseases.iter().map(|one| one.weight[sex])));
        let stage_totals =
            diseases.iter().map(|one| running(&mut one.stages.iter().map(|stage| stage.weight))).collect();
        Ok(World { diseases, common, lists: Lists::new(), totals, stage_totals })
    }
}
