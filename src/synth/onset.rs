//! What is found when: days of diagnosis, tumors with their stage and type, further primaries and their numbers.

use super::calendar::{Day, age, day, working_day, year};
use super::disease::{Hist, Site, Stage};
use super::life::{Case, Method};
use super::rng::Rng;
use super::{Settings, World};

/// A day of diagnosis; years grow by about one per cent, 2020 had fewer.
pub fn diagnosis_day(rng: &mut Rng, settings: &Settings) -> Day {
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

fn fits(hist: &Hist, stage: &Stage, site: &Site, year: i32, years_old: i32) -> bool {
    (stage.behavior == '*' || hist.behavior == stage.behavior)
        && (hist.years.0..=hist.years.1).contains(&year)
        && (hist.ages.0..=hist.ages.1).contains(&years_old)
        && (hist.stages.is_empty() || hist.stages.contains(&stage.label))
        && (hist.sites.is_empty() || hist.sites.contains(&site.code))
}

/// What is true of a tumor on the day it is found.
pub fn draw_case(world: &World, rng: &mut Rng, disease: usize, dx: Day, born: Day) -> Case {
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

/// Adds the primaries that follow the first: most people have none, few have several.
pub fn further_cases(
    world: &World,
    rng: &mut Rng,
    settings: &Settings,
    cases: &mut Vec<Case>,
    female: bool,
    born: Day,
) {
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

/// Two series: in situ and malignant 00-59, benign and borderline 60-87, each by day of diagnosis.
pub fn number_cases(cases: &mut [Case], world: &World, earlier: bool) {
    for series in [false, true] {
        let own = |case: &Case| matches!(case.hist(world).behavior, '0' | '1') == series;
        let count = cases.iter().filter(|case| own(case)).count();
        let base = if series { 60 } else { 0 };
        let shift = usize::from(earlier && !series);
        let first = usize::from(count > 1 || shift == 1) + shift;
        for (number, case) in (first..).zip(cases.iter_mut().filter(|case| own(case))) {
            case.sequence = (base + number) as u8;
        }
    }
}
