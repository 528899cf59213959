//! One person's story: who, which tumors when, how long, and what treatment.
//!
//! Everything here is plain values and days; writing them as items is the work of `patient` and `tumor`. A story
//! depends only on the registry's seed and the patient's number, so it can be told again, which is how the true
//! duplicates are made.

use super::calendar::{Day, age, civil, day, working_day, year};
use super::disease::{Course, Disease, Hist, Kind, Site, Stage};
use super::record::Slot;
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

    /// True for a tumor that nothing is known of but the certificate.
    pub fn is_dco(&self) -> bool {
        self.method == Method::DeathCertificate
    }
}

impl Life {
    /// Tells the story of one patient.
    pub fn tell(world: &World, settings: &Settings, number: u64) -> Life {
        let rng = &mut Rng::of(settings.seed, number * 4 + 1);
        let as_of = settings.as_of_day();
        let female = rng.chance(0.51);
        let disease = rng.weighted(&world.totals[usize::from(female)]);
        let dx = diagnosis_day(rng, settings);
        let (mean, deviation, least, most) = world.diseases[disease].age;
        let years = (rng.normal(mean, deviation) as i32).clamp(least, most);
        let born = dx - (f64::from(years) * 365.25) as i32 - rng.between(0, 360);
        let person = person(world, rng, female, born, year(dx));
        let mut cases = vec![draw_case(world, rng, disease, dx, born)];
        if rng.chance(0.125) && age(born, dx) > 17 {
            further_cases(world, rng, settings, &mut cases, female, born);
        }
        let end = draw_end(world, rng, as_of, female, born, &mut cases);
        let earlier_primary = rng.chance(0.015);
        finish_cases(world, rng, settings, &mut cases, &end, earlier_primary);
        let reports = draw_reports(world, rng, &mut cases, &end);
        Life { person, cases, reports, end, earlier_primary }
    }
}

/// A day of diagnosis; years grow by about one per cent, 2020 had fewer.
fn diagnosis_day(rng: &mut Rng, settings: &Settings) -> Day {
    let (first, last) = (i32::from(settings.first_year), i32::from(settings.last_year));
    let as_of = settings.as_of_day();
    loop {
        let year = rng.between(first, last);
        let keep = (0.78 + 0.01 * f64::from(year - 2004)) * if year == 2020 { 0.9 } else { 1.0 };
        if !rng.chance(keep.clamp(0.2, 1.0)) {
            continue;
        }
        let found = working_day(day(year, 1, 1) + rng.between(0, 362));
        if found <= as_of - 10 {
            return found;
        }
        if day(first, 1, 1) > as_of - 30 {
            return as_of - 30;
        }
    }
}

fn person(world: &World, rng: &mut Rng, female: bool, born: Day, year_dx: i32) -> Person {
    let lists = &world.lists;
    let group = rng.weighted(&[88.0, 92.0, 96.3, 99.3, 100.0]);
    let (race, hispanic, country) = match group {
        1 => ("02", "0", "USA"),
        2 => {
            let origin = [("1", "MEX"), ("1", "USA"), ("4", "GTM"), ("6", "USA"), ("3", "CUB")];
            let (code, country) = origin[rng.weighted(&[40.0, 75.0, 85.0, 97.0, 100.0])];
            ("01", code, country)
        }
        3 => {
            let origin = [("10", "VNM"), ("04", "CHN"), ("16", "IND"), ("08", "KOR"), ("11", "LAO"), ("06", "PHL")];
            let (code, country) = origin[rng.index(6)];
            (code, "0", country)
        }
        4 => ([("99", "0", "USA"), ("99", "9", "ZZU"), ("03", "0", "USA")])[rng.weighted(&[40.0, 70.0, 100.0])],
        _ => ("01", "0", "USA"),
    };
    let group = if group == 4 { 0 } else { group };
    let state = match country {
        "USA" => ["IA", "IA", "IA", "IA", "IA", "IL", "MN", "NE", "MO", "WI"][rng.index(10)],
        "ZZU" => "ZZ",
        "MEX" | "CUB" | "GTM" | "VNM" | "CHN" | "IND" | "KOR" | "LAO" | "PHL" => "XX",
        _ => "ZZ",
    };
    let born_year = year(born);
    let years = year_dx - born_year;
    let marital = match years {
        ..=19 => '1',
        20..=34 => ['1', '2', '6', '2'][rng.index(4)],
        35..=69 => ['2', '2', '2', '2', '4', '4', '1', '5', '9', '3'][rng.index(10)],
        _ => ['2', '2', '2', '5', '5', '5', '4', '1', '9', '2'][rng.index(10)],
    };
    let last = lists.surname(rng, group).to_owned();
    let maiden =
        (female && !matches!(marital, '1' | '9') && rng.chance(0.8)).then(|| lists.surname(rng, group).to_owned());
    let first = lists.first_name(rng, female, born_year, group).to_owned();
    let middle = if rng.chance(0.6) {
        char::from(b'A' + rng.index(23) as u8).to_string()
    } else if rng.chance(0.7) {
        lists.first_name(rng, female, born_year, group).to_owned()
    } else {
        String::new()
    };
    let alias = if rng.chance(0.06) { lists.nickname(&first).map(|nick| format!("{last} {nick}")) } else { None };
    let city = lists.city(rng);
    let home = (city, rng.index(lists.cities[city].zips.len()));
    let moved = rng.chance(0.12).then(|| {
        let city = lists.city(rng);
        ((city, rng.index(lists.cities[city].zips.len())), lists.street(rng))
    });
    let smoking = if years < 18 { '0' } else { ['0', '0', '0', '0', '2', '2', '2', '1', '1', '9'][rng.index(10)] };
    Person {
        female,
        born,
        born_known: if rng.chance(0.006) { if rng.chance(0.5) { 6 } else { 4 } } else { 8 },
        group,
        race,
        hispanic,
        country,
        state,
        last,
        first,
        middle,
        maiden,
        suffix: if !female && rng.chance(0.04) { ["JR", "SR", "III"][rng.index(3)] } else { "" },
        alias,
        ssn: 900_000_000 + rng.between(1_010_001, 99_999_998) as u32,
        phone: rng.between(2_000_000, 9_999_999) as u32,
        home,
        street: lists.street(rng),
        moved,
        marital,
        smoking,
        occupation: if years < 18 { ("CHILD", "NONE") } else { lists.occupation(rng) },
        contact: lists.first_name(rng, !female, born_year, group),
    }
}

fn fits(hist: &Hist, stage: &Stage, site: &Site, year: i32, years_old: i32) -> bool {
    (stage.behavior == '*' || hist.behavior == stage.behavior)
        && (hist.years.0..=hist.years.1).contains(&year)
        && (hist.ages.0..=hist.ages.1).contains(&years_old)
        && (hist.stages.is_empty() || hist.stages.contains(&stage.label))
        && (hist.sites.is_empty() || hist.sites.contains(&site.code))
}

/// What is true of a tumor on the day it is found.
fn draw_case(world: &World, rng: &mut Rng, disease: usize, dx: Day, born: Day) -> Case {
    let d = &world.diseases[disease];
    let year = year(dx);
    let years_old = age(born, dx);
    let (mut stage, mut site, mut hist) = (0, 0, 0);
    for _ in 0..40 {
        stage = rng.weighted(&world.stage_totals[disease]);
        site = rng.weighted(&d.site_totals);
        let suits = |hist: &Hist| fits(hist, &d.stages[stage], &d.sites[site], year, years_old);
        let total: f32 = d.hists.iter().filter(|hist| suits(hist)).map(|hist| hist.weight).sum();
        if total > 0.0 {
            let mut left = rng.unit() as f32 * total;
            hist = d
                .hists
                .iter()
                .position(|hist| {
                    if suits(hist) {
                        left -= hist.weight;
                    }
                    suits(hist) && left <= 0.0
                })
                .unwrap_or(0);
            break;
        }
    }
    let (s, h) = (&d.stages[stage], &d.hists[hist]);
    let place = &d.sites[site];
    let side = match (place.paired, place.only_side) {
        (false, _) => '0',
        (true, Some(side)) => side,
        (true, None) if s.ss == '9' && rng.chance(0.3) => '9',
        (true, None) => {
            if rng.chance(0.505) {
                '1'
            } else {
                '2'
            }
        }
    };
    let size = if s.size.1 > 0 { skewed(rng, s.size.0, s.size.1) } else { 0 };
    let grades = &d.grades[usize::from(h.behavior == '2')];
    let grade = h.grade.clone().unwrap_or_else(|| {
        let totals: Vec<f32> = grades.iter().map(|(_, total)| *total).collect();
        grades.get(rng.weighted(&totals)).map_or("9", |(code, _)| code).to_owned()
    });
    let mut mets = [false; 6];
    if s.ss == '7' && !matches!(s.eod[3].as_str(), "00" | "88") {
        for (name, chance) in &d.mets {
            if let Some(index) = ["bone", "brain", "liver", "lung", "nodes", "other"].iter().position(|one| one == name)
            {
                mets[index] = rng.chance(*chance);
            }
        }
        if mets == [false; 6] {
            let names = ["bone", "brain", "liver", "lung", "nodes", "other"];
            let pick = d.mets.first().and_then(|(name, _)| names.iter().position(|one| one == name)).unwrap_or(5);
            mets[pick] = true;
        }
    }
    Case {
        disease,
        site,
        hist,
        stage,
        dx,
        dx_known: if rng.chance(0.02) { if rng.chance(0.8) { 6 } else { 4 } } else { 8 },
        year,
        age: years_old,
        side,
        size,
        grade,
        method: Method::Histology,
        mets,
        surgery: None,
        neoadjuvant: false,
        nodes: (0, 0),
        sentinel: None,
        given: Vec::new(),
        watched: false,
        values: Vec::new(),
        lvi: '9',
        recurrence: None,
        sequence: 0,
    }
}

/// A size in the range, small ones more often, and often rounded as people measure.
fn skewed(rng: &mut Rng, low: i32, high: i32) -> i32 {
    let unit = rng.unit() * rng.unit().sqrt();
    let size = low + (unit * f64::from(high - low + 1)) as i32;
    let rounded = (size + 2) / 5 * 5;
    if size > 20 && rng.chance(0.55) && rounded >= low && rounded <= high { rounded } else { size.min(high) }
}

fn further_cases(world: &World, rng: &mut Rng, settings: &Settings, cases: &mut Vec<Case>, female: bool, born: Day) {
    let mut chance = 1.0;
    while cases.len() < 4 && rng.chance(chance) {
        chance = 0.14;
        let before = cases[cases.len() - 1].dx;
        let gap = if rng.chance(0.15) { rng.between(3, 55) } else { 70 + (-rng.unit().max(1e-9).ln() * 1700.0) as i32 };
        let dx = working_day(before + gap);
        if dx > settings.as_of_day() - 20 || year(dx) > i32::from(settings.last_year) {
            return;
        }
        let years_old = age(born, dx);
        for _ in 0..20 {
            let disease = rng.weighted(&world.totals[usize::from(female)]);
            let (mean, deviation, least, most) = world.diseases[disease].age;
            let far = (f64::from(years_old) - mean) / deviation;
            let same = cases.iter().any(|case| world.diseases[case.disease].key == world.diseases[disease].key);
            if same || world.diseases[disease].is("alone") || years_old < least || years_old > most || far.abs() > 2.2 {
                continue;
            }
            cases.push(draw_case(world, rng, disease, dx, born));
            break;
        }
    }
}

/// Years until death from a disease with this five-year survival: a cured part, the others exponentially.
fn years_to_death(rng: &mut Rng, five_year: f64) -> f64 {
    if five_year >= 0.999 {
        return f64::INFINITY;
    }
    let cured = five_year.powf(1.5) * 0.98;
    if rng.chance(cured) {
        return f64::INFINITY;
    }
    let rate = -((five_year - cured).max(0.004) / (1.0 - cured)).ln() / 5.0;
    -rng.unit().max(1e-12).ln() / rate
}

/// Years until death from something else (Gompertz).
fn other_death(rng: &mut Rng, female: bool, age: f64) -> f64 {
    let b = 0.094;
    let a = if female { 2.0e-5 } else { 3.0e-5 };
    (1.0 - b * rng.unit().max(1e-12).ln() / (a * (b * age).exp())).ln() / b
}

fn draw_end(world: &World, rng: &mut Rng, as_of: Day, female: bool, born: Day, cases: &mut Vec<Case>) -> End {
    let first = cases[0].dx;
    let other = first + (other_death(rng, female, f64::from(first - born) / 365.25).min(130.0) * 365.25) as i32;
    let mut death = other;
    let mut killer = None;
    for (index, case) in cases.iter().enumerate() {
        if case.dx > death {
            continue;
        }
        let young = if case.age < 45 {
            0.35
        } else if case.age > 78 {
            -0.25
        } else {
            0.0
        };
        let five = case.stage(world).five_year;
        let five = if young >= 0.0 { five + (1.0 - five) * young } else { five * (1.0 + young) };
        let years = years_to_death(rng, five.min(1.0));
        let day = if years.is_finite() { case.dx + (years * 365.25).min(40_000.0) as i32 } else { Day::MAX };
        if day < death {
            death = day;
            killer = Some(index);
        }
    }
    cases.retain(|case| case.dx <= death);
    // A tumor known from the certificate, or found at autopsy, is found on the day of death.
    let unusual = rng.unit();
    if death <= as_of - 25
        && cases.len() == 1
        && unusual < 0.022
        && cases[0].age > 17
        && !cases[0].disease(world).is("benign")
    {
        let case = &mut cases[0];
        let late = death.min(case.dx + 200);
        case.method = if unusual < 0.017 { Method::DeathCertificate } else { Method::Autopsy };
        case.dx = late;
        case.dx_known = 8;
        case.year = year(late);
        case.age = age(born, late);
        death = late;
    }
    if death <= as_of - 25 {
        let killed_by = killer.filter(|index| *index < cases.len());
        let cause = match (killed_by, rng.unit()) {
            (_, unit) if unit < 0.02 => "7777".to_owned(),
            (_, unit) if unit < 0.025 => "7797".to_owned(),
            (Some(index), unit) if unit < 0.93 => cases[index].disease(world).cause.clone(),
            _ => {
                let list =
                    ["I251", "I219", "I500", "J449", "I639", "G309", "E119", "N189", "J189", "A419", "F03", "I10"];
                list[rng.index(list.len())].to_owned()
            }
        };
        return End { dead: true, last: death, known: if rng.chance(0.004) { 6 } else { 8 }, cause, killed_by };
    }
    let newest = cases.iter().map(|case| case.dx).max().unwrap_or(first);
    let since = match rng.unit() {
        unit if unit < 0.76 => rng.between(4, 362),
        unit if unit < 0.87 => rng.between(366, 455),
        _ => rng.between(460, (as_of - newest - 20).max(470)),
    };
    let last = (as_of - since).max((newest + rng.between(40, 120)).min(as_of - 3));
    End { dead: false, last, known: if rng.chance(0.006) { 6 } else { 8 }, cause: String::new(), killed_by: None }
}

fn finish_cases(world: &World, rng: &mut Rng, settings: &Settings, cases: &mut [Case], end: &End, earlier: bool) {
    number_cases(cases, world, earlier);
    for case in cases.iter_mut() {
        super::treatment::plan(world, rng, case, end);
    }
    let _ = settings;
}

/// Two series: in situ and malignant 00-59, benign and borderline 60-87, each by day of diagnosis.
fn number_cases(cases: &mut [Case], world: &World, earlier: bool) {
    for series in [false, true] {
        let own = |case: &Case| matches!(case.hist(world).behavior, '0' | '1') == series;
        let count = cases.iter().filter(|case| own(case)).count();
        let base = if series { 60 } else { 0 };
        let shift = usize::from(earlier && !series);
        let mut number = usize::from(count > 1 || shift == 1) + shift;
        for case in cases.iter_mut().filter(|case| own(case)) {
            case.sequence = (base + number) as u8;
            number += 1;
        }
    }
}

/// Classes for tumors reported once, with running weights.
const CLASSES: [(u8, f32); 11] = [
    (14, 50.0),
    (13, 62.0),
    (22, 74.0),
    (21, 80.0),
    (0, 87.0),
    (10, 88.5),
    (12, 90.0),
    (11, 91.5),
    (32, 95.5),
    (30, 98.5),
    (43, 100.0),
];

fn draw_reports(world: &World, rng: &mut Rng, cases: &mut [Case], end: &End) -> Vec<Report> {
    let mut reports = Vec::new();
    let home = world.lists.facility(rng);
    let totals: Vec<f32> = CLASSES.iter().map(|(_, total)| *total).collect();
    let twice = rng.chance(0.05).then(|| rng.index(cases.len()));
    for (index, case) in cases.iter_mut().enumerate() {
        let facility = if index == 0 || rng.chance(0.85) { home } else { world.lists.facility(rng) };
        let treated = case.surgery.is_some() || !case.given.is_empty();
        let usual = matches!(case.method, Method::Histology | Method::Cytology | Method::Clinical);
        let class = match case.method {
            Method::DeathCertificate => 49,
            Method::Autopsy => 38,
            _ => suited(CLASSES[rng.weighted(&totals)].0, case, end),
        };
        if twice == Some(index) && usual && class != 43 {
            let elsewhere = (facility + 1 + rng.index(world.lists.facilities.len() - 1)) % world.lists.facilities.len();
            let (first, second) = if treated && case.modalities() > 1 && rng.chance(0.5) {
                (13, 21)
            } else if treated {
                (0, 22)
            } else {
                (14, 30)
            };
            for (place, class, other, second) in
                [(facility, first, elsewhere, false), (elsewhere, second, facility, true)]
            {
                let contact = contact_day(rng, case, class, end);
                reports.push(Report { case: index, facility: place, class, contact, other: Some(other), second });
            }
            continue;
        }
        let contact = contact_day(rng, case, class, end);
        if class == 43 {
            super::treatment::forget(case);
        }
        reports.push(Report { case: index, facility, class, contact, other: None, second: false });
    }
    reports
}

impl Case {
    /// How many kinds of treatment were given.
    pub fn modalities(&self) -> usize {
        self.given.len() + usize::from(self.surgery.is_some())
    }
}

/// The class drawn, or the nearest that agrees with what happened.
fn suited(class: u8, case: &Case, end: &End) -> u8 {
    let treated = case.modalities();
    let days = end.last - case.dx;
    match class {
        13 | 11 | 10 if treated < 2 => 14,
        21 if treated < 2 => {
            if treated == 1 {
                22
            } else {
                14
            }
        }
        22 if treated == 0 => 14,
        0 if treated == 0 => 14,
        32 if days < 500 => 14,
        30 if days < 60 => 14,
        43 if case.surgery.is_some() || case.neoadjuvant || case.method != Method::Histology => 14,
        other => other,
    }
}

fn contact_day(rng: &mut Rng, case: &Case, class: u8, end: &End) -> Day {
    let first = case.first_treatment();
    let day = match class {
        20..=22 => first.map_or(case.dx + 10, |first| first.min(case.dx + rng.between(4, 18))),
        30 => case.dx + rng.between(8, 40),
        32 => case.dx + rng.between(320, 480),
        _ => case.dx,
    };
    day.min(end.last).max(case.dx)
}

impl Case {
    /// The first day of any treatment.
    pub fn first_treatment(&self) -> Option<Day> {
        self.given.iter().map(|given| given.start).chain(self.surgery.map(|(_, day)| day)).min()
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
