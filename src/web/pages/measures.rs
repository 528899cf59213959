//! The two measures of follow-up, live: their lines, what is missing to the target, who falls out soon, the months
//! behind, and the same told apart by site, year, class, physician, facility or age.

use serde::Serialize;

use super::follow_up::Standing;
use crate::asker::FacilityId;
use crate::followup::measures::{Counted, Measure};
use crate::followup::policy::{Apart, age_targets, count};
use crate::followup::rules::Exclusion;
use crate::registry::store::followup::snapshots::snapshots;
use crate::web::form::Choice;
use crate::web::frame::Sheet;
use crate::web::show::Csv;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    as_of: String,
    measures: Vec<Shown>,
    by: Vec<Choice>,
    apart: String,
    groups: Vec<Group>,
    months: Vec<Month>,
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    years: String,
    share: String,
    target: i64,
    met: bool,
    /// Length of the bar and place of the target, of 200.
    bar: i64,
    mark: i64,
    need: i64,
    living: String,
    lines: Vec<Line>,
    fallout: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    letter: &'static str,
    text: String,
    patients: i64,
    share: String,
    tumors: String,
}

#[derive(Serialize)]
struct Group {
    key: String,
    cells: Vec<Cell>,
    targets: String,
}

#[derive(Serialize)]
struct Cell {
    eligible: i64,
    lost: i64,
    share: String,
    met: bool,
}

#[derive(Serialize)]
struct Month {
    month: String,
    first: String,
    second: String,
}

const NAMES: [&str; 2] = ["Measure 1, all patients", "Measure 2, recent patients"];

struct Found {
    standing: Standing,
    apart: Apart,
    word: &'static str,
    counted: Counted,
}

fn found(ask: &Ask) -> Result<Found, Refused> {
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let standing = Standing::of(ask, conn)?;
    let asked = ask.query.trimmed("by");
    let (apart, word, _) = Apart::ALL.into_iter().find(|(_, word, _)| *word == asked).ok_or(Refused::NotFound)?;
    let counted = count(conn, by, &standing.policy, standing.today, None, apart)?;
    Ok(Found { standing, apart, word, counted })
}

fn percent(share: f64) -> String {
    format!("{share:.1} %")
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let Found { standing, apart, word, counted } = found(ask)?;
    let [first, second] = &counted.both;
    let data = Page {
        as_of: standing.today.to_string(),
        measures: vec![shown(NAMES[0], first), shown(NAMES[1], second)],
        by: Apart::ALL
            .into_iter()
            .map(|(_, value, text)| Choice { value: value.into(), text: text.into(), chosen: value == word })
            .collect(),
        apart: word.to_string(),
        groups: counted.groups.iter().map(|(key, both)| group(ask, apart, key, both)).collect::<Result<_, _>>()?,
        months: months(ask)?,
    };
    let reply = ask.page("pages/measures", &Sheet::of("Follow-up measures", "/follow-up"), &data)?;
    Ok(reply.noting(format!("measures {word}").trim_end()))
}

fn shown(name: &'static str, m: &Measure) -> Shown {
    let line = |letter, text: &str, n: i64, tumors: i64| Line {
        letter,
        text: text.into(),
        patients: n,
        share: percent(m.share(n)),
        tumors: show::thousands(tumors),
    };
    let plain =
        |text: String, patients| Line { letter: "", text, patients, share: String::new(), tumors: String::new() };
    let mut lines = vec![plain("In the window, by class".into(), m.T)];
    for exclusion in Exclusion::ALL {
        if let Some(n) = m.excluded.get(exclusion.code()) {
            lines.push(plain(format!("less {} ({})", exclusion.words(), exclusion.code()), *n));
        }
    }
    lines.extend([
        line("A", "Eligible", m.A, m.tumors.A),
        line("B", "Dead", m.B, m.tumors.B),
        line("C", "Living", m.C, m.tumors.C),
        line("D", "Living, current", m.D, m.tumors.D),
        line("E", "Lost", m.E, m.tumors.E),
        line("F", "Followed", m.F, m.tumors.F),
    ]);
    let share = m.share(m.F);
    Shown {
        name,
        years: format!("{} to {}", m.from_year, m.to_year),
        share: percent(share),
        target: m.target,
        met: m.need == 0,
        bar: (share * 2.0) as i64,
        mark: m.target * 2,
        need: m.need,
        living: percent(m.living_share()),
        lines,
        fallout: m.fallout.iter().map(|(days, n)| format!("{n} in {days} days")).collect(),
    }
}

fn group(ask: &Ask, apart: Apart, key: &str, both: &[Measure; 2]) -> Result<Group, Refused> {
    let name = match (apart, key.parse::<i64>()) {
        (Apart::Facility, Ok(id)) => ask.app.front()?.facility(FacilityId(id)).to_string(),
        (Apart::Site, _) => {
            let name = crate::codes::site(&format!("{key}9")).map_or("", |site| site.name);
            format!("{key} {name}").trim_end().to_string()
        }
        _ => key.to_string(),
    };
    let targets = match apart {
        Apart::Age => {
            let (least, goal) = age_targets(key);
            format!("at least {least} %, goal {goal} %")
        }
        _ => String::new(),
    };
    let cell = |m: &Measure| Cell { eligible: m.A, lost: m.E, share: percent(m.share(m.F)), met: m.need == 0 };
    Ok(Group { key: name, cells: both.iter().map(cell).collect(), targets })
}

fn months(ask: &Ask) -> Result<Vec<Month>, Refused> {
    let kept = snapshots(&mut *ask.reading()?, 24)?;
    let share = |counts: &serde_json::Value, which: &str| {
        let of = |line: &str| counts[which][line].as_f64().unwrap_or(0.0);
        if of("A") > 0.0 { percent(of("F") * 100.0 / of("A")) } else { String::new() }
    };
    Ok(kept
        .into_iter()
        .map(|one| {
            let counts = serde_json::from_str(&one.counts).unwrap_or_default();
            Month { month: one.month, first: share(&counts, "measure1"), second: share(&counts, "measure2") }
        })
        .collect())
}

/// The groups as a file.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let Found { apart, word, counted, .. } = found(ask)?;
    let heads = ["group", "measure", "eligible", "dead", "living", "current", "lost", "followed", "percent", "target"];
    let mut table = Csv::new(&heads);
    let whole = [("all".to_string(), counted.both.clone())];
    for (key, both) in whole.into_iter().chain(counted.groups) {
        let name = if key == "all" { key.clone() } else { group(ask, apart, &key, &both)?.key };
        for (number, m) in ["1", "2"].into_iter().zip(&both) {
            let n = [m.A, m.B, m.C, m.D, m.E, m.F].map(|n| n.to_string());
            let (share, target) = (format!("{:.1}", m.share(m.F)), m.target.to_string());
            table.row(&[&name, number, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &share, &target]);
        }
    }
    let reply = Reply::download("follow-up-measures.csv", "text/csv; charset=utf-8", table.bytes());
    Ok(reply.noting(format!("measures {word}").trim_end()))
}
