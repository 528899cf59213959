//! Completing an abstract: what is missing with a jump to each, then the one button; or why it waits, and until when.

use serde::Serialize;

use super::banner::{Banner, Tab};
use super::case_stage::CaseStage;
use super::demands::{Demands, is_accredited};
use super::dock::dock;
use super::workbench::Case;
use crate::asker::May;
use crate::dates::PartialDate;
use crate::naaccr::super_dictionary;
use crate::registry::sections::{section_of, sections};
use crate::registry::status::{Move, move_abstract};
use crate::registry::store::bench::{self, Wait};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

/// Why an abstract waits, in the words of the list.
pub const REASONS: [(&str, &str); 6] = [
    ("treatment", "Treatment is not finished"),
    ("pathology", "A pathology report is not in"),
    ("outside", "Papers of another facility"),
    ("physician", "An answer of a physician"),
    ("edits", "Edits of the new version"),
    ("other", "Something else"),
];

#[derive(Serialize)]
struct Page {
    banner: Banner,
    linked: bool,
    tabs: Vec<Tab>,
    tab_section: &'static str,
    case: i64,
    version: i64,
    must: Vec<Missing>,
    unsure: Vec<Missing>,
    errors: usize,
    finished: bool,
    may_complete: bool,
    may_reopen: bool,
    minutes: i64,
    wait: Option<WaitShown>,
    reasons: Vec<Reason>,
    wrong: Option<String>,
    recheck: String,
    treatment_end: String,
    note: String,
}

/// A required item that is empty.
#[derive(Serialize)]
struct Missing {
    number: u32,
    name: String,
    section: &'static str,
    href: String,
    why: String,
}

#[derive(Serialize)]
struct WaitShown {
    reason: &'static str,
    note: String,
    recheck: String,
    treatment_end: String,
}

#[derive(Serialize)]
struct Reason {
    key: &'static str,
    text: &'static str,
    chosen: bool,
}

/// The list of what is missing.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, None)
}

fn page(ask: &Ask, wrong: Option<String>) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let mut conn = ask.reading()?;
    let today = PartialDate::from_naive(today(ask)?).map_err(|e| Refused::Broken(e.to_string()))?;
    let wait = bench::wait_of(&mut conn, case.abstract_.id)?;
    let minutes = bench::seconds_in(&mut conn, case.abstract_.id)? / 60;
    let Checked { must, unsure, errors } = checked(ask, &case)?;
    let finished = matches!(case.abstract_.status.as_str(), "complete" | "submitted" | "accepted");
    let who = ask.who()?;
    let typed = |name: &str, stored: String| match wrong {
        Some(_) => ask.form.trimmed(name).to_string(),
        None => stored,
    };
    let day = |number: Option<i64>| number.map_or(String::new(), |day| show::naaccr_date(&day.to_string()));
    let reason = typed("reason", wait.as_ref().map_or(String::new(), |wait| wait.reason.clone()));
    let data = Page {
        banner: Banner::of(&case.patient, &case.all, today),
        linked: true,
        tabs: Tab::all(&case.all, Some(case.abstract_.id)),
        tab_section: "accession",
        case: case.abstract_.id,
        version: case.abstract_.version,
        may_complete: !finished && case.may_edit(ask)? && who.may(May::Complete),
        may_reopen: finished && who.may(May::Renumber),
        must,
        unsure,
        errors,
        finished,
        minutes,
        reasons: REASONS.into_iter().map(|(key, text)| Reason { key, text, chosen: key == reason }).collect(),
        recheck: typed("recheck", day(wait.as_ref().map(|wait| wait.recheck))),
        treatment_end: typed("treatment_end", day(wait.as_ref().and_then(|wait| wait.treatment_end))),
        note: typed("note", wait.as_ref().map_or(String::new(), |wait| wait.note.clone())),
        wait: wait.map(|wait| WaitShown {
            reason: reason_text(&wait.reason),
            recheck: day(Some(wait.recheck)),
            treatment_end: day(wait.treatment_end),
            note: wait.note,
        }),
        wrong,
    };
    let sheet = Sheet::of("Complete the abstract", "/patients").refused_if(data.wrong.is_some());
    let reply = ask.page("pages/complete", &sheet, &data)?;
    Ok(reply.about_patient(case.patient.id).about_tumor(case.abstract_.tumor).about_abstract(case.abstract_.id))
}

/// A reason in words.
pub fn reason_text(key: &str) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == key).map_or("Something else", |(_, text)| text)
}

fn today(ask: &Ask) -> Result<chrono::NaiveDate, Refused> {
    Ok(ask.now().with_timezone(&ask.app.front()?.zone).date_naive())
}

struct Checked {
    must: Vec<Missing>,
    unsure: Vec<Missing>,
    errors: usize,
}

/// What stands between the abstract and its completion.
fn checked(ask: &Ask, case: &Case) -> Result<Checked, Refused> {
    let stage = CaseStage::of(&ask.store().standards(), case, ask.now());
    let demands = Demands::of(&mut *ask.reading()?, case, &stage)?;
    let first = sections().first().ok_or(Refused::NotFound)?;
    let errors = dock(ask, case, &stage, first)?.errors();
    let (mut must, mut unsure) = (Vec::new(), Vec::new());
    for section in sections() {
        for id in demands.required(section, case, &stage) {
            if !case.value(&id).is_empty() {
                continue;
            }
            let Some(demand) = demands.of_item(&id, &stage) else { continue };
            let missing = missing(case, &id, format!("Required by {}", super::demands::names(&demand)));
            if demand.verified { must.extend(missing) } else { unsure.extend(missing) }
        }
    }
    must.extend(texts_missing(case).into_iter().filter_map(|(id, why)| missing(case, id, why)));
    unsure.retain(|asked| must.iter().all(|item| item.number != asked.number));
    Ok(Checked { must, unsure, errors })
}

fn missing(case: &Case, id: &str, why: String) -> Option<Missing> {
    let item = super_dictionary().by_id(id)?;
    let section = section_of(id).map_or(("stage", "Stage"), |section| (section.key, section.title));
    let number = item.number.map_or(0, |n| n.0);
    Some(Missing {
        number,
        name: show::item_name(&item.name),
        section: section.1,
        href: format!("/cases/{}/{}#i{number}", case.abstract_.id, section.0),
        why,
    })
}

/// The least text an analytic abstract has: what found it, what proved it, titles, stage, and each treatment that is
/// coded. A rule of ours, after the data dictionary's purpose of the texts: they are what the codes are checked against.
fn texts_missing(case: &Case) -> Vec<(&'static str, String)> {
    let value = |id: &str| case.value(id);
    let mut found = Vec::new();
    if !matches!(value("classOfCase").parse::<u8>(), Ok(0..=22)) {
        return found;
    }
    if ["textDxProcPe", "textDxProcXRayScan", "textDxProcScopes", "textDxProcLabTests"]
        .iter()
        .all(|id| value(id).is_empty())
    {
        found.push(("textDxProcPe", "One of history, imaging, scopes or laboratory says what was found".to_string()));
    }
    if matches!(value("diagnosticConfirmation"), "1" | "2" | "3" | "4") && value("textDxProcPath").is_empty() {
        found.push(("textDxProcPath", "The diagnosis is confirmed under the microscope".into()));
    }
    for id in ["textPrimarySiteTitle", "textHistologyTitle", "textStaging"] {
        if value(id).is_empty() {
            found.push((id, "Every analytic abstract has it".into()));
        }
    }
    for (code, text, none) in [
        ("rxSummChemo", "rxTextChemo", "00"),
        ("rxSummHormone", "rxTextHormone", "00"),
        ("rxSummBrm", "rxTextBrm", "00"),
        ("rxSummOther", "rxTextOther", "0"),
    ] {
        let given = value(code);
        if !given.is_empty()
            && given != none
            && given.parse::<u8>().is_ok_and(|code| (1..=20).contains(&code))
            && value(text).is_empty()
        {
            found.push((text, format!("A treatment is coded as {given}")));
        }
    }
    let surgery = if value("rxSummSurgPrimSite2023").is_empty() {
        value("rxSummSurgPrimSite")
    } else {
        value("rxSummSurgPrimSite2023")
    };
    if !matches!(surgery, "" | "00" | "A000" | "B000" | "98" | "A980" | "99" | "A990" | "B990")
        && value("rxTextSurgery").is_empty()
    {
        found.push(("rxTextSurgery", format!("Surgery is coded as {surgery}")));
    }
    if !matches!(value("phase1RadiationTreatmentModality"), "" | "00" | "99") && value("rxTextRadiation").is_empty() {
        found.push(("rxTextRadiation", "Radiation is coded".into()));
    }
    found
}

/// Completes, waits, goes on or opens again.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    if !case.may_edit(ask)? {
        return Err(Refused::NotFound);
    }
    let today = today(ask)?;
    let to = match ask.form.get("do") {
        "complete" => {
            let Checked { must, errors, .. } = checked(ask, &case)?;
            if !must.is_empty() || errors > 0 {
                let items = show::counted(number(must.len()), "required item", "required items");
                let edits = show::counted(number(errors), "edit", "edits");
                return page(ask, Some(format!("It cannot be completed: {items} empty, {edits} failing.")));
            }
            let class = case.value("classOfCase").parse::<u8>();
            let counted =
                matches!(class, Ok(0..=22)) && is_accredited(&mut *ask.reading()?, case.value("cocAccreditedFlag"))?;
            Move::Complete(today.format("%Y%m%d").to_string(), counted)
        }
        "wait" => match wait(ask, today) {
            Ok(wait) => Move::Wait(wait),
            Err(why) => return page(ask, Some(why)),
        },
        "reopen" if ask.who()?.may(May::Renumber) => Move::Reopen,
        "reopen" => return Err(Refused::NotAllowed("open a completed abstract again")),
        _ => Move::GoOn,
    };
    let (by, id, seen) = (ask.by()?.clone(), case.abstract_.id, ask.number("seen")?);
    let why = ask.form.trimmed("note").to_string();
    ask.store().write(move |tx| move_abstract(tx, &by, id, seen, &to, &why))?;
    Ok(Reply::see(format!("/cases/{id}/complete")))
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn wait(ask: &Ask, today: chrono::NaiveDate) -> Result<Wait, String> {
    let day = |name: &str| -> Result<Option<i64>, String> {
        let typed = ask.form.trimmed(name);
        if typed.is_empty() {
            return Ok(None);
        }
        let date = PartialDate::parse_typed_on(typed, today).map_err(|e| format!("{typed}: {e}."))?;
        Ok(Some(i64::from(date.last_day())))
    };
    let reason = ask.form.trimmed("reason").to_string();
    if REASONS.iter().all(|(key, _)| *key != reason) {
        return Err("Choose what it waits for.".into());
    }
    let treatment_end = day("treatment_end")?;
    let recheck = day("recheck")?.or(treatment_end).ok_or("Give the day to look again, or when the treatment ends.")?;
    let note = ask.form.trimmed("note").to_string();
    if note.chars().count() > 500 {
        return Err("The note is longer than 500 characters.".into());
    }
    Ok(Wait { reason, note, recheck, treatment_end })
}

#[derive(Serialize)]
struct Here {
    others: Vec<String>,
    version: i64,
    patient_version: i64,
}

/// The page says that it is open and for how long it was worked; it hears who else has the abstract open and whether it
/// changed.
pub fn here(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let (by, id) = (ask.by()?.clone(), case.abstract_.id);
    let worked = ask.form.trimmed("worked").parse::<i64>().unwrap_or(0).clamp(0, 30);
    let others = bench::others_in(&mut *ask.reading()?, &by, id, ask.now().timestamp())?;
    ask.store().write(move |tx| tx.note_open(&by, id, worked))?;
    Reply::json(&Here { others, version: case.abstract_.version, patient_version: case.patient.version })
}
