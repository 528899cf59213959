//! How long a person lives and what is known at the end: survival by stage, other causes of death, follow-up.

use super::calendar::{Day, age, day, year};
use super::life::{Case, End, Method};
use super::rng::Rng;
use super::{Settings, World};

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

/// Draws death or the last contact; tumors found after a death are taken away.
pub fn draw_end(
    world: &World,
    rng: &mut Rng,
    settings: &Settings,
    female: bool,
    born: Day,
    cases: &mut Vec<Case>,
) -> End {
    let as_of = settings.as_of_day();
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
        case.method = if unusual < 0.017 { Method::DeathCertificate } else { Method::Autopsy };
        let late = death.min(case.dx + 200).min(day(i32::from(settings.last_year), 12, 30));
        unspecified(world, case);
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

/// A tumor known from the certificate, or found at autopsy, is malignant, and often no type of it is named.
fn unspecified(world: &World, case: &mut Case) {
    let disease = &world.diseases[case.disease];
    if disease.stages[case.stage].behavior != '3' {
        case.stage = disease.stages.iter().position(|stage| stage.behavior == '3').unwrap_or(case.stage);
    }
    let vague = disease.hists.iter().position(|hist| matches!(hist.code.as_str(), "8010" | "8000"));
    let known = disease.hists[case.hist].behavior == '3';
    if let Some(vague) = vague.filter(|_| case.method == Method::DeathCertificate || !known) {
        case.hist = vague;
    } else if !known {
        case.hist = disease.hists.iter().position(|hist| hist.behavior == '3').unwrap_or(case.hist);
    }
}
