//! Which facility reports what: class of case, first contact, and the tumors that two facilities report.

use super::World;
use super::calendar::Day;
use super::life::{Case, End, Method, Report};
use super::rng::Rng;

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

/// Draws the reports of all tumors, in the order of the file.
pub fn draw_reports(world: &World, rng: &mut Rng, cases: &mut [Case], end: &End) -> Vec<Report> {
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
