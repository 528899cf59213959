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
        let allowed = Allowed::of(settings.version, settings.record_type);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashMap;

    use super::super::{RecordType, Version, write_xml};
    use super::*;
    use crate::dates::PartialDate;
    use crate::naaccr::{Patient, ReadOptions, Reader};
    use crate::staging::{AsOf, Editions, stage_record};

    const BOTH: [(Version, RecordType); 4] = [
        (Version::V250, RecordType::Abstract),
        (Version::V250, RecordType::Incidence),
        (Version::V260, RecordType::Abstract),
        (Version::V260, RecordType::Incidence),
    ];

    fn settings(patients: u64, seed: u64) -> Settings {
        Settings { patients, seed, ..Settings::default() }
    }

    fn xml(settings: &Settings) -> Vec<u8> {
        let mut out = Vec::new();
        write_xml(&mut Generator::new(settings).unwrap(), &mut out, None).unwrap();
        out
    }

    /// Each tumor with its patient, of a registry of this size.
    fn each_tumor(patients: u64, mut look: impl FnMut(&Record, &Record)) {
        let mut generator = Generator::new(&settings(patients, 11)).unwrap();
        while let Some(patient) = generator.next_patient() {
            for tumor in patient.tumors() {
                look(&patient.items, tumor);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for (version, record_type) in BOTH {
            let one = Settings { version, record_type, ..settings(60, 5) };
            assert_eq!(xml(&one), xml(&one));
            assert_ne!(xml(&one), xml(&Settings { seed: 6, ..one.clone() }));
        }
    }

    #[test]
    fn the_first_patients_are_the_same_in_a_larger_registry() {
        let small = xml(&settings(40, 5));
        let end = small.len() - "</NaaccrData>\n".len();
        assert_eq!(xml(&settings(90, 5))[..end], small[..end]);
    }

    #[test]
    fn the_reader_finds_nothing_wrong_in_either_version_and_type() {
        for (version, record_type) in BOTH {
            let file = xml(&Settings { version, record_type, ..settings(400, 3) });
            let mut reader = Reader::open(file.as_slice(), &ReadOptions::practical()).unwrap();
            let mut patient = Patient::default();
            let mut patients = 0;
            while reader.read_patient(&mut patient).unwrap() {
                patients += 1;
            }
            assert_eq!(patients, 400);
            assert!(reader.problems().is_clean(), "{:?}", reader.problems().kept().first());
        }
    }

    #[test]
    fn every_tumor_stages_to_the_summary_stage_it_carries() {
        let (editions, as_of) = (Editions::shipped(), AsOf::year(2026));
        let mut staged = 0;
        each_tumor(900, |patient, tumor| {
            let item = |id: &str| tumor.get(id).or_else(|| patient.get(id));
            let derived = stage_record(&editions, item, &as_of);
            let said = tumor.get("summaryStage2018").or(tumor.get("derivedSs2000"));
            for (id, value) in derived.iter().flat_map(|derived| &derived.items) {
                if matches!(*id, "derivedSummaryStage2018" | "derivedSs2000") {
                    staged += 1;
                    let which = (tumor.get("primarySite"), tumor.get("eodPrimaryTumor"), tumor.get("csExtension"));
                    assert_eq!(Some(value.as_str()), said, "{which:?} of patient {:?}", patient.get("patientIdNumber"));
                }
            }
        });
        assert!(staged > 700, "{staged}");
    }

    #[test]
    fn events_come_in_order_between_diagnosis_and_last_contact() {
        each_tumor(1500, |patient, tumor| {
            let date = |id: &str| {
                let value = tumor.get(id).or_else(|| patient.get(id));
                value.map(|text| PartialDate::parse(text).unwrap_or_else(|why| panic!("{id} {text}: {why}")))
            };
            let (born, dx) = (date("dateOfBirth").unwrap(), date("dateOfDiagnosis").unwrap());
            let last = date("dateOfLastContact").unwrap();
            assert!(!born.certainly_after(dx) && !dx.certainly_after(last));
            let ages = born.age_on(dx).unwrap();
            let age: i32 = tumor.get("ageAtDiagnosis").unwrap().parse().unwrap();
            assert!((ages.low..=ages.high).contains(&age), "{age} is not in {ages:?}");
            for id in [
                "dateOf1stContact",
                "rxDateSurgery",
                "rxDateMostDefinSurg",
                "rxDateSurgicalDisch",
                "rxDateRadiation",
                "rxDateRadiationEnded",
                "rxDateChemo",
                "rxDateHormone",
                "rxDateBrm",
                "rxDateOther",
                "rxDateSystemic",
                "dateInitialRxSeer",
                "date1stCrsRxCoc",
                "recurrenceDate1st",
                "dateOfLastCancerStatus",
                "subsqRx2ndCourseDate",
            ] {
                if let Some(when) = date(id) {
                    assert!(!when.certainly_before(dx) && !when.certainly_after(last), "{id} {when} {dx} {last}");
                }
            }
        });
    }

    #[test]
    fn abstracts_are_as_full_and_as_wordy_as_real_ones() {
        let (mut tumors, mut full, mut wordy) = (0, 0, 0);
        each_tumor(1200, |patient, tumor| {
            if tumor.get("typeOfReportingSource") == Some("7") {
                return;
            }
            tumors += 1;
            full += usize::from((150..=270).contains(&(patient.filled() + tumor.filled())));
            let texts: Vec<usize> = tumor
                .values()
                .filter(|(id, _)| id.starts_with("text") || id.starts_with("rxText"))
                .map(|(_, text)| text.len())
                .collect();
            let long = texts.iter().filter(|length| **length > 100).count();
            wordy += usize::from((1800..=12_000).contains(&texts.iter().sum::<usize>()) && long >= 4);
            if let Some(path) = tumor.get("textDxProcPath") {
                assert!((150..=2600).contains(&path.len()), "{path}");
            }
        });
        assert!(full * 100 > tumors * 97 && wordy * 100 > tumors * 97, "{full} {wordy} of {tumors}");
    }

    #[test]
    fn texts_leave_no_sign_of_the_templates() {
        each_tumor(600, |_, tumor| {
            for (id, text) in tumor.values().filter(|(id, _)| id.starts_with("text") || id.starts_with("rxText")) {
                assert!(
                    !text.contains(['[', ']', '{', '}', '|', '<', '>']) && !text.contains("  ") && !text.contains(".."),
                    "{id}: {text}"
                );
            }
        });
    }

    #[test]
    fn the_mixture_is_about_what_a_registry_sees() {
        let mut counts: HashMap<String, f64> = HashMap::new();
        let mut tumors = 0.0;
        each_tumor(6000, |patient, tumor| {
            tumors += 1.0;
            let mut count = |what: String| *counts.entry(what).or_default() += 1.0;
            count(tumor.get("primarySite").unwrap()[..3].to_owned());
            count(format!("ss {}", tumor.get("summaryStage2018").or(tumor.get("seerSummaryStage2000")).unwrap()));
            count(format!("vital {}", patient.get("vitalStatus").unwrap()));
            count(format!("dates {}", tumor.get("dateOfDiagnosis").unwrap().len()));
            count(format!("source {}", tumor.get("typeOfReportingSource").unwrap()));
        });
        let share = |what: &str| counts.get(what).copied().unwrap_or(0.0) / tumors;
        for (what, low, high) in [
            ("C50", 0.13, 0.19),
            ("C61", 0.11, 0.17),
            ("C34", 0.11, 0.17),
            ("C18", 0.05, 0.09),
            ("C44", 0.04, 0.08),
            ("ss 7", 0.18, 0.30),
            ("ss 1", 0.33, 0.48),
            ("vital 0", 0.42, 0.60),
            ("dates 6", 0.01, 0.03),
            ("dates 8", 0.97, 0.99),
            ("source 7", 0.002, 0.015),
        ] {
            assert!((low..=high).contains(&share(what)), "{what}: {}", share(what));
        }
    }

    #[test]
    fn the_living_are_current_due_and_lost() {
        let today = PartialDate::from_number(20_261_101).unwrap();
        let mut counts = [0; 3];
        let mut generator = Generator::new(&settings(2000, 2)).unwrap();
        while let Some(patient) = generator.next_patient() {
            if patient.items.get("vitalStatus") == Some("1") {
                let last = PartialDate::parse(patient.items.get("dateOfLastContact").unwrap()).unwrap();
                counts[match last.months_until(today).low {
                    ..12 => 0,
                    12..15 => 1,
                    _ => 2,
                }] += 1;
            }
        }
        let total: i32 = counts.iter().sum();
        assert!(counts[0] * 10 > total * 6 && counts[1] * 20 > total && counts[2] * 20 > total, "{counts:?}");
    }

    #[test]
    fn a_patient_keeps_one_accession_number_at_a_facility_and_shares_it_with_nobody() {
        let mut owners: HashMap<(String, String), String> = HashMap::new();
        each_tumor(3000, |patient, tumor| {
            let value = |id: &str| tumor.get(id).unwrap().to_owned();
            let owner = patient.get("patientIdNumber").unwrap().to_owned();
            let number = (value("reportingFacility"), value("accessionNumberHosp"));
            assert_eq!(*owners.entry(number).or_insert(owner.clone()), owner);
        });
    }

    #[test]
    fn one_in_twenty_has_a_tumor_that_two_facilities_report() {
        let (mut patients, mut twice) = (0, 0);
        let mut generator = Generator::new(&settings(3000, 4)).unwrap();
        while generator.next_patient().is_some() {
            patients += 1;
            let second = generator.ledger().entries().iter().find(|entry| entry.kind == "second-report").cloned();
            let Some(second) = second else { continue };
            twice += 1;
            let tumors = generator.patient.tumors();
            let (one, other) = (&tumors[second.tumor - 2], &tumors[second.tumor - 1]);
            for same in ["primarySite", "histologicTypeIcdO3", "dateOfDiagnosis", "laterality", "summaryStage2018"] {
                assert_eq!(one.get(same), other.get(same), "{same}");
            }
            for own in ["reportingFacility", "npiReportingFacility", "classOfCase", "medicalRecordNumber"] {
                assert_ne!(one.get(own), other.get(own), "{own}");
            }
        }
        assert!((0.035..0.065).contains(&(f64::from(twice) / f64::from(patients))), "{twice} of {patients}");
    }

    #[test]
    fn a_duplicate_is_the_same_person_under_another_name() {
        let mut people = HashMap::new();
        let mut pairs = 0;
        let mut generator = Generator::new(&settings(3000, 9)).unwrap();
        while generator.next_patient().is_some() {
            let items = &generator.patient.items;
            let get = |id: &str| items.get(id).unwrap_or("").to_owned();
            let facts = (get("nameLast") + "," + &get("nameFirst"), get("dateOfBirth"), get("sexAssignedAtBirth"));
            let site = generator.patient.tumors()[0].get("primarySite").map(str::to_owned);
            if let Some(entry) = generator.ledger().entries().iter().find(|entry| entry.kind == "duplicate") {
                let (name, born, sex, other_site): &(String, String, String, Option<String>) =
                    &people[&entry.original.unwrap()];
                pairs += 1;
                assert_ne!(*name, facts.0);
                assert_eq!((&born[..4], sex), (&facts.1[..4], &facts.2));
                assert_eq!(*other_site, site);
            }
            people.insert(generator.patient.number, (facts.0, facts.1, facts.2, site));
        }
        assert!((15..50).contains(&pairs), "{pairs}");
    }

    #[test]
    fn nobody_could_be_a_real_person_by_number() {
        let mut generator = Generator::new(&settings(800, 1)).unwrap();
        while let Some(patient) = generator.next_patient() {
            assert!(patient.items.get("socialSecurityNumber").unwrap().starts_with('9'));
            assert!(patient.items.get("telephone").unwrap().starts_with("555"));
            assert!(patient.tumors().iter().all(|tumor| tumor.get("npiReportingFacility").unwrap().starts_with('2')));
        }
    }

    #[test]
    fn impossible_years_are_refused() {
        let bad = |first_year, last_year| Generator::new(&Settings { first_year, last_year, ..settings(1, 1) }).err();
        assert!(bad(1999, 2020).is_some() && bad(2020, 2019).is_some() && bad(2020, 2040).is_some());
        assert!(Generator::new(&settings(100_000_000, 1)).is_err());
    }
}
