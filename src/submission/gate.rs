//! The gate: ten checks before a batch leaves, each with its counts, added up while cases are looked at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::naaccr::super_dictionary;
use crate::registry::recipients::Profile;
use crate::registry::store::submissions::Month;
use crate::submission::decide::LeftOut;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Cases looked at.
    pub looked_at: i64,
    /// Cases that belong to the recipient.
    pub selected: i64,
    /// Cases that go, by kind.
    pub goes: BTreeMap<String, i64>,
    /// Cases of the recipient with nothing to send.
    pub stays: i64,
    /// Cases that differ in what the recipient does not want, by kind.
    pub not_wanted: BTreeMap<String, i64>,
    /// Cases that do not belong to the recipient, by reason.
    pub left_out: BTreeMap<LeftOut, i64>,
    /// Cases that stay behind, by reason.
    pub blocked: BTreeMap<String, i64>,
    /// Cases with an error; with a warning only.
    pub with_errors: i64,
    /// Cases with warnings and no error.
    pub with_warnings: i64,
    /// Cases that edits ran on.
    pub edited: i64,
    /// Errors by edit.
    pub by_edit: BTreeMap<String, i64>,
    /// Cases that lack a required item, by item.
    pub lacking: BTreeMap<String, i64>,
    /// Unknown values by capped item.
    pub unknown: BTreeMap<String, i64>,
    /// Cases whose numbers another has.
    pub doubles: i64,
    /// Cases of patients with two accession numbers, or with sequence numbers that do not go together.
    pub identity: i64,
    /// New cases in time, late, without a date of first contact.
    pub in_time: i64,
    /// Late.
    pub late: i64,
    /// Without a date.
    pub undated: i64,
    /// Cases whose derived items were filled for the file.
    pub derived: i64,
    /// Cases with an item that a file of type I must not hold.
    pub identifying: i64,
    /// Counts for the preview: by year, site, class, sex, race, county.
    pub preview: BTreeMap<String, BTreeMap<String, i64>>,
    /// Likely pairs of one person, and patients: for the rate.
    pub pairs: i64,
    /// Patients in the registry.
    pub patients: i64,
    /// Months of first contact that fell by more than a fifth: month, cases, mean of the same month of three years.
    pub fallen: Vec<(i64, i64, f64)>,
}

/// Adds one to a count.
pub fn count(map: &mut BTreeMap<String, i64>, key: &str) {
    match map.get_mut(key) {
        Some(n) => *n += 1,
        None => {
            map.insert(key.to_string(), 1);
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// Nothing to say.
    Good,
    /// Something to look at.
    Look,
    /// Cases stay behind, or the file must not leave.
    Bad,
}

/// A check with its sentence and what a click on it opens.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Its number and name.
    pub key: &'static str,
    /// Title.
    pub title: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// In words.
    pub says: String,
    /// Cases it is about.
    pub n: i64,
    /// The mark its cases carry; empty when no list belongs to it.
    pub mark: &'static str,
    /// Lines under it.
    pub detail: Vec<String>,
    /// What is not confirmed.
    pub unconfirmed: Option<String>,
}

fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// The ten checks.
pub fn checks(profile: &Profile, tally: &Tally, due_days: i64) -> Vec<Check> {
    let check = |key, title, ended, says: String, n, mark| Check {
        key,
        title,
        ended,
        says,
        n,
        mark,
        detail: vec![],
        unconfirmed: None,
    };
    let goes: i64 = tally.goes.values().sum();
    let mut all = Vec::with_capacity(10);
    let mut selection = check(
        "selection",
        "Selection",
        Ended::Good,
        format!("{} of {} cases belong to this recipient, {goes} to send", tally.selected, tally.looked_at),
        goes,
        "",
    );
    selection.detail = tally.left_out.iter().map(|(why, n)| format!("{n}: {}", why.words())).collect();
    selection.unconfirmed = profile.note("select").map(str::to_string);
    all.push(selection);

    let free = 100.0 - percent(tally.with_errors, tally.edited);
    let holds_back = profile.error_free >= 100.0;
    let mut edits = check(
        "edits",
        "Edits",
        match (tally.with_errors, holds_back) {
            (0, _) if tally.with_warnings > 0 => Ended::Look,
            (0, _) => Ended::Good,
            (_, true) => Ended::Bad,
            (_, false) if free < profile.error_free => Ended::Bad,
            _ => Ended::Look,
        },
        match holds_back {
            true => format!("{} with an error stay behind, {} with warnings", tally.with_errors, tally.with_warnings),
            false => format!("{free:.1} % free of errors, {} % asked for", profile.error_free),
        },
        tally.with_errors,
        "edits",
    );
    let mut worst: Vec<(&String, &i64)> = tally.by_edit.iter().collect();
    worst.sort_by_key(|(name, n)| (-**n, name.as_str()));
    edits.detail = worst.iter().take(10).map(|(edit, n)| format!("{n}: {edit}")).collect();
    all.push(edits);

    let lacking: i64 = tally.lacking.values().sum();
    let mut over = Vec::new();
    let mut detail: Vec<String> = tally.lacking.iter().map(|(item, n)| format!("{n} lack {}", name(item))).collect();
    for cap in &profile.cap {
        let share = percent(tally.unknown.get(&cap.item).copied().unwrap_or(0), tally.edited);
        detail.push(format!("{} unknown {share:.1} %, cap {} %", name(&cap.item), cap.most));
        if share > cap.most {
            over.push(name(&cap.item));
        }
    }
    let mut required = check(
        "required",
        "Required items",
        match (lacking, over.is_empty()) {
            (0, true) => Ended::Good,
            (0, false) => Ended::Look,
            _ => Ended::Bad,
        },
        match over.is_empty() {
            true => format!("{lacking} empty required items"),
            false => format!("{lacking} empty required items; over the cap: {}", over.join(", ")),
        },
        lacking,
        "required",
    );
    required.detail = detail;
    required.unconfirmed = profile.note("cap").or_else(|| profile.note("required")).map(str::to_string);
    all.push(required);

    let ended = match (tally.doubles, tally.identity) {
        (0, 0) => Ended::Good,
        (0, _) => Ended::Look,
        _ => Ended::Bad,
    };
    let says = match (tally.doubles, tally.identity) {
        (0, 0) => "no doubles".into(),
        (d, i) => format!("{d} with a number that another case has, {i} with numbers that do not go together"),
    };
    all.push(check("identity", "Identity and sequence", ended, says, tally.doubles + tally.identity, "identity"));

    let rate = tally.pairs as f64 * 1000.0 / tally.patients.max(1) as f64;
    let mut pairs = check(
        "duplicates",
        "Duplicates",
        if tally.pairs == 0 { Ended::Good } else { Ended::Look },
        format!("{} likely pairs, {rate:.2} per 1,000 patients", tally.pairs),
        tally.pairs,
        "",
    );
    pairs.unconfirmed = Some(
        "Counted by equal names and birth date; the sampled protocol of the call for data is done with its own program.".into(),
    );
    all.push(pairs);

    let mut complete = check(
        "completeness",
        "Completeness",
        if tally.fallen.is_empty() { Ended::Good } else { Ended::Look },
        match tally.fallen.len() {
            0 => "no month fell by more than 20 %".into(),
            n => format!("{n} months fell by more than 20 %"),
        },
        0,
        "",
    );
    complete.detail = tally
        .fallen
        .iter()
        .map(|(month, n, mean)| format!("{}-{:02}: {n} cases, mean of three years {mean:.0}", month / 100, month % 100))
        .collect();
    complete.unconfirmed = Some("A fall of 20 % is our own rule.".into());
    all.push(complete);

    let dated = tally.in_time + tally.late;
    let mut timely = check(
        "timeliness",
        "Timeliness",
        if tally.late == 0 { Ended::Good } else { Ended::Look },
        match dated {
            0 => "no new case with a date of first contact".into(),
            _ => format!("{:.1} % within {due_days} days of first contact", percent(tally.in_time, dated)),
        },
        tally.late,
        "late",
    );
    timely.detail = vec![format!("{} late", tally.late), format!("{} without a date of first contact", tally.undated)];
    all.push(timely);

    all.push(check(
        "derived",
        "Derived items",
        Ended::Good,
        format!("worked out anew as the file is written; {} cases had some empty", tally.derived),
        tally.derived,
        "",
    ));

    let mut preview = check("preview", "Preview", Ended::Good, format!("{goes} cases to look over"), goes, "");
    for (what, counts) in &tally.preview {
        let mut most: Vec<(&String, &i64)> = counts.iter().collect();
        if what == "year" {
            most.sort();
        } else {
            most.sort_by_key(|(value, n)| (-**n, value.as_str()));
        }
        let shown = most.iter().take(12).map(|(value, n)| format!("{value} {n}")).collect::<Vec<_>>().join(", ");
        preview.detail.push(format!("{what}: {shown}"));
    }
    all.push(preview);

    let (ended, says) = match profile.record_type {
        'I' if tally.identifying == 0 => (
            Ended::Good,
            "no names, addresses or text. Still there: birth date, all dates, ZIP code, city, county, census tract, record numbers, \
             facility numbers. It is not anonymous."
                .to_string(),
        ),
        'I' => (Ended::Bad, format!("{} cases hold an item that must not leave in type I", tally.identifying)),
        letter => (Ended::Good, format!("type {letter} names patients by its purpose")),
    };
    all.push(check("identifiers", "De-identification", ended, says, tally.identifying, "identifying"));
    all
}

fn name(id: &str) -> String {
    super_dictionary().by_id(id).map_or_else(|| id.to_string(), |item| item.name.to_string())
}

/// Months of the year up to `month` (`YYYYMM`, left out itself) that fell by more than a fifth below the mean of the same month
/// of the three years before.
pub fn fallen(months: &[Month], month: i64) -> Vec<(i64, i64, f64)> {
    let of = |m: i64| months.iter().find(|found| found.month == m).map_or(0, |found| found.n);
    let mut found = Vec::new();
    for back in (1..=12).rev() {
        let at = (month / 100) * 12 + month % 100 - 1 - back;
        let this = (at / 12) * 100 + at % 12 + 1;
        let mean = (1..=3).map(|years| of(this - years * 100)).sum::<i64>() as f64 / 3.0;
        let n = of(this);
        if mean >= 5.0 && (n as f64) < mean * 0.8 {
            found.push((this, n, mean));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::registry::recipients::shipped;

    #[test]
    fn a_month_that_fell_by_a_quarter_is_listed_and_one_by_a_tenth_is_not() {
        let month = |month, n| Month { month, n };
        let mut months: Vec<Month> =
            (2022..=2024).flat_map(|y| (1..=12).map(move |m| month(y * 100 + m, 100))).collect();
        months.extend((1..=12).map(|m| month(202_500 + m, if m == 8 { 75 } else { 90 })));
        assert_eq!(fallen(&months, 202_601), vec![(202_508, 75, 100.0)]);
    }

    #[test]
    fn there_are_ten_checks_and_the_bad_ones_say_why() {
        let state = shipped().into_iter().find(|p| p.name == "state-central").unwrap();
        let tally = Tally { edited: 10, with_errors: 2, doubles: 1, ..Tally::default() };
        let all = checks(&state, &tally, 180);
        assert_eq!(all.len(), 10);
        let bad: Vec<&str> = all.iter().filter(|c| c.ended == Ended::Bad).map(|c| c.key).collect();
        assert_eq!(bad, ["edits", "identity"]);
    }
}
