//! The generator: stories become records, one patient after the other.

use std::collections::HashMap;

use super::calendar::year;
use super::duplicate::{self, Variant};
use super::ledger::{Ledger, LedgerEntry};
use super::life::Life;
use super::record::{Allowed, Record};
use super::rng::Rng;
use super::tumor::Scene;
use super::{NotMade, Settings, World, narrative, patient, staging_items, treatment_items, tumor};

/// One patient of the file: items of the person and of each reported tumor.
///
/// It is filled anew for each patient; what it held before is gone.
#[derive(Debug)]
pub struct PatientRecord {
    /// Number of the patient in the file, from 1, which is also its patient id number.
    pub number: u64,
    /// Patient-level items.
    pub items: Record,
    tumors: Vec<Record>,
    used: usize,
}

impl PatientRecord {
    /// The tumors with their items.
    pub fn tumors(&self) -> &[Record] {
        &self.tumors[..self.used]
    }
}

/// Makes the patients of a synthetic registry.
///
/// ```
/// use accession::synth::{Generator, Settings};
/// let mut generator = Generator::new(&Settings { patients: 2, ..Settings::default() })?;
/// while let Some(patient) = generator.next_patient() {
///     for tumor in patient.tumors() {
///         assert!(tumor.get("primarySite").is_some());
///     }
/// }
/// # Ok::<(), accession::synth::NotMade>(())
/// ```
pub struct Generator {
    world: World,
    settings: Settings,
    next: u64,
    accessions: HashMap<(usize, i32), u32>,
    patient: PatientRecord,
    allowed: Allowed,
    scratch: String,
    ledger: Ledger,
}

impl Generator {
    /// Reads the tables and stands before the first patient.
    pub fn new(settings: &Settings) -> Result<Self, NotMade> {
        use chrono::Datelike;
        let (first, last, today) = (settings.first_year, settings.last_year, settings.as_of.year());
        if first < 2004 || first > last || i32::from(last) > today {
            return Err(NotMade::Years { first, last, today });
        }
        if settings.patients > 99_999_999 {
            return Err(NotMade::TooMany(settings.patients));
        }
        let allowed = Allowed::of(settings.version.number(), settings.record_type.letter());
        Ok(Generator {
            world: World::new()?,
            settings: settings.clone(),
            next: 1,
            accessions: HashMap::new(),
            patient: PatientRecord { number: 0, items: Record::new(allowed.clone()), tumors: Vec::new(), used: 0 },
            allowed,
            scratch: String::new(),
            ledger: Ledger::default(),
        })
    }

    /// What it makes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next patient, or nothing after the last.
    pub fn next_patient(&mut self) -> Option<&PatientRecord> {
        if self.next > self.settings.patients {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.fill(number);
        Some(&self.patient)
    }

    /// What is to be known about the patient just made: duplicates, name variants, partial dates.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn fill(&mut self, number: u64) {
        self.ledger.clear();
        let mut life = match duplicate::original_of(&self.settings, number) {
            None => Life::tell(&self.world, &self.settings, number),
            Some(original) => {
                let mut life = Life::tell(&self.world, &self.settings, original);
                let rng = &mut Rng::of(self.settings.seed, number * 4 + 3);
                let variants = duplicate::vary(&self.world, rng, &mut life);
                self.ledger.duplicate(number, original, &variants.iter().map(Variant::name).collect::<Vec<_>>());
                life
            }
        };
        let rng = &mut Rng::of(self.settings.seed, number * 4 + 2);
        let world = &self.world;
        self.patient.number = number;
        self.patient.items.clear();
        patient::fill(&world.lists, &life, number, rng, &mut self.patient.items);
        self.patient.used = 0;
        let numbers = accession_numbers(&mut self.accessions, &life);
        let reports = std::mem::take(&mut life.reports);
        for (index, report) in reports.iter().enumerate() {
            if self.patient.tumors.len() == index {
                self.patient.tumors.push(Record::new(self.allowed.clone()));
            }
            let record = &mut self.patient.tumors[index];
            record.clear();
            let scene = Scene {
                world,
                as_of: self.settings.as_of_day(),
                life: &life,
                report,
                case: &life.cases[report.case],
                number,
                ordinal: index + 1,
                accession: numbers[index],
            };
            write_report(&scene, rng, record, &mut self.scratch);
            if scene.case.dx_known < 8 {
                self.ledger.push(LedgerEntry::partial(number, index + 1, "dateOfDiagnosis"));
            }
            if report.second {
                self.ledger.push(LedgerEntry::second_report(number, index + 1));
            }
            self.patient.used = index + 1;
        }
        if life.person.born_known < 8 {
            self.ledger.push(LedgerEntry::partial(number, 0, "dateOfBirth"));
        }
        if life.end.known < 8 {
            self.ledger.push(LedgerEntry::partial(number, 0, "dateOfLastContact"));
        }
    }
}

fn write_report(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record, scratch: &mut String) {
    tumor::fill(scene, rng, record);
    // Texts speak of markers and grades in every year, items only from 2018 on.
    let early = scene.case.year < 2018;
    if early {
        for (item, value) in &scene.case.values {
            record.set(super::record::items()[*item as usize].id, value);
        }
    }
    staging_items::fill(scene, rng, record);
    treatment_items::fill(scene, rng, record);
    narrative::fill(scene, rng, record, scratch);
    if early {
        for (item, _) in &scene.case.values {
            record.unset(super::record::items()[*item as usize].id);
        }
    }
}

/// Year and running number for each report: one number a patient and facility, of the year of the first contact.
fn accession_numbers(accessions: &mut HashMap<(usize, i32), u32>, life: &Life) -> Vec<(i32, u32)> {
    let mut own: [Option<(i32, u32)>; 8] = [None; 8];
    life.reports
        .iter()
        .map(|report| {
            *own[report.facility % 8].get_or_insert_with(|| {
                let first = life.reports.iter().filter(|other| other.facility == report.facility);
                let year = first.map(|other| year(other.contact)).min().unwrap_or_default();
                let last = accessions.entry((report.facility, year)).or_insert(0);
                *last += 1;
                (year, *last)
            })
        })
        .collect()
}
