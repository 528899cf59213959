//! One person's story: who, which tumors when, how long, and what treatment.
//!
//! Everything here is plain values and days; writing them as items is the work of `patient` and `tumor`. A story
//! depends only on the registry's seed and the patient's number, so it can be told again, which is how the true
//! duplicates are made.

use super::calendar::{Day, age, civil, year};
use super::disease::{Course, Disease, Hist, Kind, Site, Stage};
use super::fate::draw_end;
use super::onset::{diagnosis_day, draw_case, further_cases, number_cases};
use super::person::draw_person;
use super::record::Slot;
use super::report::draw_reports;
use super::rng::Rng;
use super::{Settings, World};

/// How a tumor became known, where it is not the usual way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Tissue.
    Histology,
    /// Cells only.
    Cytology,
    /// Imaging, marker or examination, no tissue.
    Clinical,
    /// Found at autopsy.
    Autopsy,
    /// Known from the death certificate only.
    DeathCertificate,
}

/// Who the person is.
#[derive(Debug, Clone)]
pub struct Person {
    /// Sex at birth.
    pub female: bool,
    /// Birthday.
    pub born: Day,
    /// Digits of the birth date that are known: 8, 6 or 4.
    pub born_known: usize,
    /// 0 general, 1 Black, 2 Hispanic, 3 Asian.
    pub group: usize,
    /// Race code.
    pub race: &'static str,
    /// Hispanic origin code.
    pub hispanic: &'static str,
    /// Country of birth.
    pub country: &'static str,
    /// State of birth.
    pub state: &'static str,
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Middle name or letter.
    pub middle: String,
    /// Birth surname, when another.
    pub maiden: Option<String>,
    /// JR, SR, III.
    pub suffix: &'static str,
    /// Another name the person is known by.
    pub alias: Option<String>,
    /// Nine digits beginning with 9.
    pub ssn: u32,
    /// Seven digits after 555.
    pub phone: u32,
    /// Town at the first diagnosis: index and which ZIP.
    pub home: (usize, usize),
    /// Street at the first diagnosis.
    pub street: String,
    /// Town and street now, if the person moved.
    pub moved: Option<((usize, usize), String)>,
    /// Marital status.
    pub marital: char,
    /// Smoking status.
    pub smoking: char,
    /// Occupation and industry.
    pub occupation: (&'static str, &'static str),
    /// Given name of the person to ask.
    pub contact: &'static str,
}

/// How the story stands.
#[derive(Debug, Clone)]
pub struct End {
    /// Dead or alive.
    pub dead: bool,
    /// Day of death or of the last contact.
    pub last: Day,
    /// Digits of the day that are known.
    pub known: usize,
    /// Cause of death.
    pub cause: String,
    /// Index of the tumor that killed, if one did.
    pub killed_by: Option<usize>,
}

/// Treatment given: course, first and last day.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Index into the disease's courses.
    pub course: usize,
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
}

/// One tumor.
#[derive(Debug, Clone)]
pub struct Case {
    /// Index of the disease.
    pub disease: usize,
    /// Index of the site.
    pub site: usize,
    /// Index of the histology.
    pub hist: usize,
    /// Index of the stage.
    pub stage: usize,
    /// Day of diagnosis.
    pub dx: Day,
    /// Digits of the day that are known.
    pub dx_known: usize,
    /// Year of diagnosis.
    pub year: i32,
    /// Age at diagnosis.
    pub age: i32,
    /// Laterality.
    pub side: char,
    /// Size in millimetres, 0 when there is none.
    pub size: i32,
    /// Grade code.
    pub grade: String,
    /// How it became known.
    pub method: Method,
    /// Distant sites: bone, brain, liver, lung, nodes, other.
    pub mets: [bool; 6],
    /// Day of the resection and index of the operation.
    pub surgery: Option<(usize, Day)>,
    /// Therapy came first.
    pub neoadjuvant: bool,
    /// Nodes examined and positive.
    pub nodes: (i32, i32),
    /// Sentinel nodes examined and positive, when there was a sentinel biopsy.
    pub sentinel: Option<(i32, i32)>,
    /// Courses given, at most one of a kind.
    pub given: Vec<Given>,
    /// Nobody treats: watched.
    pub watched: bool,
    /// Items of the schema with their values.
    pub values: Vec<(Slot, String)>,
    /// Lymphovascular invasion code.
    pub lvi: char,
    /// Day and type of the first recurrence.
    pub recurrence: Option<(Day, &'static str)>,
    /// Sequence number.
    pub sequence: u8,
}

/// One facility's report of one tumor.
#[derive(Debug, Clone)]
pub struct Report {
    /// Index of the case.
    pub case: usize,
    /// Index of the facility.
    pub facility: usize,
    /// Class of case.
    pub class: u8,
    /// First contact.
    pub contact: Day,
    /// The other facility, if the tumor is reported twice.
    pub other: Option<usize>,
    /// A second report of a tumor that has one already.
    pub second: bool,
}

/// The whole story.
#[derive(Debug, Clone)]
pub struct Life {
    /// Who.
    pub person: Person,
    /// Tumors by day of diagnosis.
    pub cases: Vec<Case>,
    /// Reports in the order of the file.
    pub reports: Vec<Report>,
    /// How it stands.
    pub end: End,
    /// An earlier primary elsewhere, so that numbers start at 02.
    pub earlier_primary: bool,
}

impl Case {
    /// Its disease.
    pub fn disease<'w>(&self, world: &'w World) -> &'w Disease {
        &world.diseases[self.disease]
    }

    /// Its stage.
    pub fn stage<'w>(&self, world: &'w World) -> &'w Stage {
        &world.diseases[self.disease].stages[self.stage]
    }

    /// Its histology.
    pub fn hist<'w>(&self, world: &'w World) -> &'w Hist {
        &world.diseases[self.disease].hists[self.hist]
    }

    /// Its site.
    pub fn site<'w>(&self, world: &'w World) -> &'w Site {
        &world.diseases[self.disease].sites[self.site]
    }

    /// The course of a kind that was given.
    pub fn course<'w>(&self, world: &'w World, kind: Kind) -> Option<(Given, &'w Course)> {
        let courses = &world.diseases[self.disease].drugs;
        self.given.iter().map(|given| (*given, &courses[given.course])).find(|(_, course)| course.kind == kind)
    }

    /// True when tissue of the primary was taken out: destroyed tumors and biopsies do not count.
    pub fn resected(&self, world: &World) -> bool {
        self.surgery.is_some_and(|(index, _)| is_resection(&world.diseases[self.disease], index))
    }

    /// True for a tumor that nothing is known of but the certificate.
    pub fn is_dco(&self) -> bool {
        self.method == Method::DeathCertificate
    }
}

impl Life {
    /// Tells the story of one patient.
    pub fn tell(world: &World, settings: &Settings, number: u64) -> Life {
        let rng = &mut Rng::of(settings.seed, number * 4 + 1);
        let female = rng.chance(0.51);
        let disease = rng.weighted(&world.totals[usize::from(female)]);
        let dx = diagnosis_day(rng, settings);
        let (mean, deviation, least, most) = world.diseases[disease].age;
        let years = (rng.normal(mean, deviation) as i32).clamp(least, most);
        let born = dx - (f64::from(years) * 365.25) as i32 - rng.between(0, 360);
        let person = draw_person(world, rng, female, born, year(dx));
        let mut cases = vec![draw_case(world, rng, disease, dx, born)];
        if rng.chance(0.125) && age(born, dx) > 17 {
            further_cases(world, rng, settings, &mut cases, female, born);
        }
        let end = draw_end(world, rng, settings, female, born, &mut cases);
        let usual = cases.iter().all(|case| case.method == Method::Histology);
        let earlier_primary = rng.chance(0.015) && usual;
        finish_cases(world, rng, &mut cases, &end, earlier_primary);
        let reports = draw_reports(world, rng, &mut cases, &end);
        Life { person, cases, reports, end, earlier_primary }
    }
}

/// True when the operation is a resection: codes from 20 on.
pub fn is_resection(disease: &Disease, index: usize) -> bool {
    disease.surgeries.get(index).is_some_and(|surgery| surgery.codes[0].as_str() >= "20")
}

fn finish_cases(world: &World, rng: &mut Rng, cases: &mut [Case], end: &End, earlier: bool) {
    number_cases(cases, world, earlier);
    for case in cases.iter_mut() {
        super::treatment::plan(world, rng, case, end);
    }
}

/// Writes a day as far as it is known: 8, 6 or 4 digits.
pub fn write_day(out: &mut String, day: Day, known: usize) {
    let (year, month, day) = civil(day);
    let mut digits = [0u8; 8];
    let mut rest = year * 10_000 + month * 100 + day;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend(digits[..known.min(8)].iter().map(|digit| char::from(*digit)));
}
