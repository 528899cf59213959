//! The codes of an item in a case, by number or by words, those that the case's own texts speak of first.
//!
//! Two or three letters find a code because the order knows the case: what fits site, histology, sex and year stands first,
//! and among these what the report says. A word is met by its beginning, the whole name by its initials (`uoq`). The
//! texts only order the list: a person takes the code.

use std::collections::HashSet;

use serde::Serialize;

use super::case_stage::{Pick, picklist};
use super::fields::context_of;
use super::item::item_of;
use super::workbench::Case;
use crate::codes::{Choice, Hit, choices, search};
use crate::naaccr::{DataType, super_dictionary};
use crate::registry::sections::{section_of, sections};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct CodesPage<'a> {
    case: i64,
    version: i64,
    patient_version: i64,
    number: u32,
    name: String,
    value: &'a str,
    section: &'static str,
    q: &'a str,
    choices: Vec<ChoiceShown>,
    cut: bool,
}

#[derive(Serialize)]
struct ChoiceShown {
    /// The value to write; empty where a number has to be entered.
    code: String,
    /// The code as it is shown.
    shown: String,
    label: String,
    chosen: bool,
    fits: bool,
    note: String,
}

impl From<Choice> for ChoiceShown {
    fn from(choice: Choice) -> ChoiceShown {
        ChoiceShown {
            code: choice.code.into(),
            shown: choice.code.into(),
            label: choice.label.into(),
            chosen: false,
            fits: choice.fits && choice.retired.is_none(),
            note: standing(choice.fits, choice.retired.is_some()).into(),
        }
    }
}

impl From<Hit> for ChoiceShown {
    fn from(hit: Hit) -> ChoiceShown {
        let note = standing(hit.fits, hit.retired.is_some());
        let met = hit.term.map_or(String::new(), |term| format!("found as {term}"));
        ChoiceShown {
            // A histology is taken with its behavior.
            code: hit.shown(),
            shown: hit.shown(),
            label: hit.label.into(),
            chosen: false,
            fits: hit.fits && hit.retired.is_none(),
            note: [met.as_str(), note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; "),
        }
    }
}

impl From<Pick> for ChoiceShown {
    fn from(pick: Pick) -> ChoiceShown {
        ChoiceShown {
            code: if pick.whole { pick.code.clone() } else { String::new() },
            shown: pick.code,
            label: pick.label,
            chosen: false,
            fits: true,
            note: pick.derives,
        }
    }
}

fn standing(fits: bool, retired: bool) -> &'static str {
    match (fits, retired) {
        (_, true) => "retired",
        (true, false) => "",
        (false, false) => "not usual here",
    }
}

/// How many codes are shown at once, and how many when words were typed.
const MOST_CODES: usize = 200;
const MOST_FOUND: usize = 40;

/// The codes of an item in this case: for F4 as JSON, without script as a page.
pub fn codes(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let context = context_of(&case);
    let value = case.value(&item.id);
    let q = ask.query.trimmed("q");
    let report = ReportWords::of(&case);
    let mut found: Vec<ChoiceShown> = match picklist(&ask.store().standards(), &case, ask.now(), &item.id) {
        Some(picks) => ranked(picks.into_iter().map(ChoiceShown::from).collect(), q, &report),
        None => {
            let listed = choices(&item.id, &context).into_iter().map(ChoiceShown::from).collect();
            let mut found = ranked(listed, q, &report);
            if !q.is_empty() {
                let hits = search(q, Some(&item.id), &context, MOST_CODES);
                found.extend(hits.into_iter().map(|hit| {
                    let said = report.share(hit.label).max(hit.term.map_or(0.0, |term| report.share(term)));
                    let apart = if hit.fits && hit.retired.is_none() { 0.0 } else { 0.6 };
                    let missing = if hit.means_missing { 0.2 } else { 0.0 };
                    (hit.score + 0.8 * said - apart - missing, ChoiceShown::from(hit))
                }));
                found.sort_by(|a, b| b.0.total_cmp(&a.0));
            }
            found
        }
    }
    .into_iter()
    .map(|(_, choice)| choice)
    .collect();
    let mut seen: HashSet<String> = HashSet::new();
    found.retain(|choice| seen.insert(choice.shown.split('/').next().unwrap_or_default().to_string() + &choice.label));
    let most = if q.is_empty() { MOST_CODES } else { MOST_FOUND };
    let cut = found.len() > most;
    found.iter_mut().for_each(|choice| {
        choice.chosen = !value.is_empty() && choice.code.split('/').next().is_some_and(|code| code == value);
    });
    let page = CodesPage {
        case: case.abstract_.id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        number: item.number.map_or(0, |n| n.0),
        name: show::item_name(&item.name),
        value,
        section: section_of(&item.id).map_or(sections()[0].key, |s| s.key),
        q,
        choices: found.into_iter().take(most).collect(),
        cut,
    };
    let reply = match ask.wants_json {
        true => Reply::json(&page)?,
        false => {
            ask.page("pages/codes", &Sheet::of(&format!("Codes of {} {}", page.number, page.name), "/patients"), &page)?
        }
    };
    Ok(reply
        .about_patient(case.patient.id)
        .about_abstract(case.abstract_.id)
        .noting(format!("codes of item {}", page.number)))
}

/// The choices that meet what was typed, best first; all of them in their order when nothing was.
fn ranked(listed: Vec<ChoiceShown>, q: &str, report: &ReportWords) -> Vec<(f32, ChoiceShown)> {
    if q.is_empty() {
        return listed.into_iter().map(|choice| (0.0, choice)).collect();
    }
    let typed = words(q);
    let mut found: Vec<(f32, ChoiceShown)> = listed
        .into_iter()
        .filter_map(|choice| {
            let whole = choice.code.eq_ignore_ascii_case(q.trim());
            let met = if whole { 4.0 } else { score(&typed, &choice.code, &choice.label)? };
            let apart = if choice.fits { 0.0 } else { 0.6 };
            Some((met + 0.8 * report.share(&choice.label) - apart, choice))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

/// How well the typed beginnings meet a code and its name; nothing when one of them meets neither.
fn score(typed: &[String], code: &str, label: &str) -> Option<f32> {
    let label = words(label);
    let initials: String =
        label.iter().filter(|word| !EMPTY.contains(&word.as_str())).filter_map(|w| w.chars().next()).collect();
    let mut sum = 0.0;
    for part in typed {
        let of_words =
            label.iter().enumerate().filter(|(_, word)| word.starts_with(part.as_str())).map(|(place, word)| {
                let whole = if word.len() == part.len() { 0.2 } else { 0.0 };
                0.8 + whole + if place == 0 { 0.15 } else { 0.0 }
            });
        let best = of_words.fold(0.0_f32, f32::max);
        let of_code = if code.to_lowercase().starts_with(part.as_str()) { 1.1 } else { 0.0 };
        let of_initials = if part.len() >= 2 && initials.starts_with(part.as_str()) { 0.75 } else { 0.0 };
        let met = best.max(of_code).max(of_initials);
        if met == 0.0 {
            return None;
        }
        sum += met;
    }
    let count = |n: usize| f32::from(u16::try_from(n.max(1)).unwrap_or(u16::MAX));
    Some(sum / count(typed.len()) + 0.2 * (count(typed.len()) / count(label.len())).min(1.0))
}

/// Words that say nothing about which code it is.
const EMPTY: [&str; 16] =
    ["nos", "of", "the", "and", "or", "in", "with", "to", "a", "by", "for", "not", "no", "without", "on", "other"];

fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_string).collect()
}

/// The words of the case's own texts, by their first six letters.
struct ReportWords(HashSet<String>);

impl ReportWords {
    fn of(case: &Case) -> ReportWords {
        let is_text =
            |id: &str| super_dictionary().by_id(id).is_some_and(|i| i.data_type == DataType::Text && i.length > 100);
        let texts = case.abstract_.items.iter().filter(|(id, _)| is_text(id)).map(|(_, text)| text);
        ReportWords(texts.flat_map(words).filter(|word| word.len() > 2).map(|word| stem(&word)).collect())
    }

    /// What part of a name's words stands in the texts.
    fn share(&self, label: &str) -> f32 {
        let words = words(label);
        let telling: Vec<String> =
            words.iter().filter(|w| w.len() > 2 && !EMPTY.contains(&w.as_str())).map(|w| stem(w)).collect();
        if telling.is_empty() || self.0.is_empty() {
            return 0.0;
        }
        let count = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        count(telling.iter().filter(|word| self.0.contains(*word)).count()) / count(telling.len())
    }
}

fn stem(word: &str) -> String {
    word.chars().take(6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(code: &str, label: &str) -> ChoiceShown {
        let (code, label) = (code.to_string(), label.to_string());
        ChoiceShown { shown: code.clone(), code, label, chosen: false, fits: true, note: String::new() }
    }

    fn first(q: &str, text: &str) -> String {
        let list = vec![
            choice("C500", "Nipple"),
            choice("C502", "Upper-inner quadrant of breast"),
            choice("C504", "Upper-outer quadrant of breast"),
            choice("C509", "Breast, NOS"),
        ];
        let report = ReportWords(words(text).iter().map(|w| stem(w)).collect());
        ranked(list, q, &report).first().map(|(_, c)| c.code.clone()).unwrap_or_default()
    }

    #[test]
    fn beginnings_initials_and_codes_find_and_the_report_orders() {
        assert_eq!(first("up", "left breast, upper outer quadrant"), "C504");
        assert_eq!(first("up", "left breast, upper inner quadrant"), "C502");
        assert_eq!(first("uo", ""), "C504");
        assert_eq!(first("c500", "upper outer"), "C500");
        assert_eq!(first("ni", "upper outer"), "C500");
        assert_eq!(first("zz", "upper outer"), "");
    }
}
