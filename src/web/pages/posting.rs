//! Posting a contact: the form beside everything known of the patient's follow-up, what it will change, and the post.

use chrono_tz::Tz;
use serde::Serialize;

use super::banner::{Banner, tumor_title};
use super::follow_up::{Standing, attempt_kind, attempt_result, excluded, next_due};
use crate::asker::May;
use crate::dates::PartialDate;
use crate::followup::accept::{Accepted, Address, DeathPosting, Posting, TumorPosting, Verdict};
use crate::followup::letters;
use crate::followup::posting::{File, NotPosted, Posted, Seen, post_contact, settle};
use crate::followup::sources::{CENTRAL, NEXT_SOURCES, SOURCES, central_name, name_in, source_of};
use crate::naaccr::super_dictionary;
use crate::registry::change::Change;
use crate::registry::record::Record;
use crate::registry::store::followup::marks::{KINDS, marks_of};
use crate::registry::store::followup::{
    AttemptRow, ContactRow, NewAttempt, add_attempt, answer_attempt, attempts_of, contacts_of, due_patient,
};
use crate::registry::store::records::Abstract;
use crate::registry::store::{Conn, StoreError};
use crate::web::form::{Choice, Errors, Field};
use crate::web::frame::{self, Sheet};
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

/// Kinds of attempts with their names.
pub const ATTEMPT_KINDS: [(&str, &str); 8] = [
    ("chart", "Chart review"),
    ("phone", "Telephone"),
    ("letter", "Letter"),
    ("mail", "Mail"),
    ("fax", "Fax"),
    ("other-hospital", "Other hospital"),
    ("web", "Web or obituary"),
    ("linkage", "Linkage"),
];

/// What came of an attempt.
pub const ATTEMPT_RESULTS: [(&str, &str); 8] = [
    ("pending", "Answer awaited"),
    ("answered-alive", "Answered, alive"),
    ("answered-dead", "Answered, dead"),
    ("no-answer", "No answer"),
    ("undeliverable", "Undeliverable"),
    ("refused", "Refused"),
    ("wrong-person", "Wrong person"),
    ("nothing-new", "Nothing new"),
];

#[derive(Serialize)]
struct Page {
    banner: Banner,
    linked: bool,
    state: Option<Chip>,
    errors: Errors,
    said: Option<String>,
    patient_version: i64,
    versions: Vec<Version>,
    lines: Vec<Line>,
    tumors: Vec<TumorShown>,
    death: Vec<Field>,
    open_death: bool,
    address: Vec<Field>,
    open_address: bool,
    note: String,
    answers: Vec<Choice>,
    preview: Option<Preview>,
    history: Vec<Event>,
    conflicts: Vec<ConflictShown>,
    why: String,
    people: Vec<Pair>,
    marks: Vec<MarkShown>,
    attempt: Vec<Field>,
    may_letter: bool,
    physician: String,
    patient_name: String,
    patient_address: String,
}

#[derive(Serialize)]
struct Version {
    id: i64,
    version: i64,
}

/// One line of the form: item, input, meaning.
#[derive(Serialize)]
struct Line {
    number: u32,
    name: &'static str,
    label: &'static str,
    value: String,
    says: String,
    choices: Vec<Choice>,
    error: String,
}

#[derive(Serialize)]
struct TumorShown {
    id: i64,
    sequence: String,
    title: String,
    codes: String,
    under: String,
    on_file: String,
    status: String,
    status_date: String,
    recurrence: String,
    recurrence_date: String,
    next: String,
    wrong: bool,
}

#[derive(Serialize)]
struct Preview {
    changes: Vec<ChangeShown>,
    messages: Vec<String>,
    conflict: Option<String>,
    due: String,
    falls_out: String,
}

#[derive(Serialize)]
struct ChangeShown {
    label: String,
    old: String,
    new: String,
}

#[derive(Serialize)]
struct Event {
    tone: &'static str,
    what: String,
    day: String,
    says: String,
    note: String,
    letter: Option<i64>,
    pending: Option<i64>,
}

#[derive(Serialize)]
struct ConflictShown {
    id: i64,
    sentence: String,
    note: String,
    login: String,
    on: String,
}

/// A mark that can be set, or the one that holds.
#[derive(Serialize)]
struct MarkShown {
    kind: &'static str,
    name: &'static str,
    holds: Option<String>,
}

#[derive(Serialize)]
struct Pair {
    label: &'static str,
    value: String,
}

/// The form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let said = match ask.query.trimmed("said") {
        "newer" | "better-source" => Some("Posted."),
        "earlier" | "same" => Some("Posted to the history; what is on file stays."),
        "conflict" => Some("The contact contradicts what is on file. It is kept and waits to be settled below."),
        "taken" | "kept" => Some("Settled."),
        "attempt" => Some("The attempt is recorded."),
        _ => None,
    };
    page(ask, &Form::default(), Errors::default(), None, said)
}

/// What was typed, when the form is shown again.
#[derive(Default)]
struct Form {
    posting: Posting,
    typed: bool,
}

fn page(
    ask: &Ask,
    form: &Form,
    errors: Errors,
    verdict: Option<&Verdict>,
    said: Option<&str>,
) -> Result<Reply, Refused> {
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let id = ask.id("p")?;
    let file = File::read(conn, by, id)?;
    let standing = Standing::of(ask, conn)?;
    let today = PartialDate::from_naive(standing.today).map_err(|e| Refused::Broken(e.to_string()))?;
    let contacts = contacts_of(conn, by, id)?;
    let attempts = attempts_of(conn, by, id)?;
    let zone = ask.app.front()?.zone;
    let answered = ask.form.trimmed("answers");
    let refused = !errors.is_empty();
    let banner = Banner::of(&file.patient, &file.abstracts, today);
    let mut death = death_fields(&form.posting.death);
    let mut address = address_fields(&form.posting.address);
    errors.put_beside(&mut death);
    errors.put_beside(&mut address);
    let data = Page {
        linked: true,
        marks: marks_shown(conn, id)?,
        state: state_chip(conn, ask, id, &standing)?,
        said: said.map(str::to_string),
        patient_version: file.patient.version,
        versions: file.abstracts.iter().map(|a| Version { id: a.id, version: a.version }).collect(),
        lines: lines(&form.posting, &errors),
        tumors: file.abstracts.iter().map(|a| tumor(a, form, &errors)).collect(),
        death,
        open_death: form.posting.vital_status == "0" || form.posting.death != DeathPosting::default(),
        address,
        open_address: form.posting.address != Address::default(),
        note: form.posting.note.clone(),
        answers: answers(&attempts, answered),
        preview: verdict.map(|verdict| preview(verdict, &file, &standing)),
        history: history(&contacts, &attempts, zone),
        conflicts: conflicts(&contacts),
        why: ask.form.trimmed("why").to_string(),
        people: people(&file),
        attempt: attempt_fields(ask),
        may_letter: frame::may(ask, May::SendLetters),
        physician: newest(&file.abstracts).map(|a| a.items.value("physicianFollowUp").to_string()).unwrap_or_default(),
        patient_name: letters::full_name(&file.patient.items),
        patient_address: letters::address_of(&file.patient.items).join("\n"),
        banner,
        errors,
    };
    let title = match ask.app.front()?.names_in_titles {
        true => format!("{}, follow-up", data.banner.name),
        false => "Post a contact".into(),
    };
    let sheet = Sheet::of(&title, "/follow-up").refused_if(refused);
    Ok(ask.page("pages/posting", &sheet, &data)?.about_patient(id))
}

fn marks_shown(conn: &mut Conn, id: i64) -> Result<Vec<MarkShown>, Refused> {
    let open = marks_of(conn, &[id])?;
    let shown = |(kind, name): (&'static str, &'static str)| {
        let holds = open.iter().find(|mark| mark.kind == kind).map(|mark| {
            let whom = if mark.value.is_empty() { String::new() } else { format!("{}, ", mark.value) };
            let reason = if mark.reason.is_empty() { String::new() } else { format!("{}, ", mark.reason) };
            format!("{whom}{reason}set by {}, {}", mark.login, mark.at.get(..10).unwrap_or_default())
        });
        MarkShown { kind, name, holds }
    };
    Ok(KINDS.into_iter().map(shown).collect())
}

fn newest(abstracts: &[Abstract]) -> Option<&Abstract> {
    abstracts.iter().max_by_key(|a| (a.items.value("dateOf1stContact").to_string(), a.id))
}

fn state_chip(conn: &mut Conn, ask: &Ask, id: i64, standing: &Standing) -> Result<Option<Chip>, Refused> {
    use crate::followup::rules::State;
    let patient = due_patient(conn, ask.by()?, id)?;
    let contact = PartialDate::parse(patient.items.value("dateOfLastContact")).ok();
    let dead = patient.items.value("vitalStatus") == "0";
    if patient.traced.traced_elsewhere {
        return Ok(Some(Chip::new("", "link", "Traced by another facility")));
    }
    if let Some(exclusion) = excluded(&patient, standing).filter(|_| !dead) {
        return Ok(Some(Chip::new("", "none", format!("Not followed, {} {}", exclusion.code(), exclusion.words()))));
    }
    let left = contact.and_then(|c| standing.policy.months.falls_out_after(c)).map(|d| (d - standing.today).num_days());
    Ok(match standing.policy.months.state(contact, dead, standing.today) {
        State::Closed => None,
        State::Lost => Some(Chip::new("bad", "bad", "Lost")),
        State::Current => Some(Chip::new("good", "ok", "Current")),
        State::Due | State::Grace => Some(match left {
            Some(days) => Chip::new("warn", "clock", format!("Falls out in {}", show::counted(days, "day", "days"))),
            None => Chip::new("warn", "clock", "Due, no date of contact"),
        }),
    })
}

fn lines(posting: &Posting, errors: &Errors) -> Vec<Line> {
    let choices = |list: &[(&str, &str)], value: &str, none: &str| -> Vec<Choice> {
        let all = std::iter::once(("", none)).chain(list.iter().copied());
        all.map(|(code, text)| Choice {
            value: code.into(),
            text: if code.is_empty() { text.into() } else { format!("{code} {text}") },
            chosen: code == value,
        })
        .collect()
    };
    let follows = match source_of(&posting.source_central) {
        "" => "Empty: follows from 1791".to_string(),
        code => format!("{code} {}, from 1791", name_in(&SOURCES, code)),
    };
    let mut lines = vec![
        Line {
            number: 1750,
            name: "date",
            label: "Date of last contact",
            value: posting.date.clone(),
            says: "The day the patient was seen, or died. Not the day you type this.".into(),
            choices: vec![],
            error: String::new(),
        },
        Line {
            number: 1760,
            name: "vital_status",
            label: "Vital status",
            value: posting.vital_status.clone(),
            says: String::new(),
            choices: choices(&[("1", "Alive"), ("0", "Dead")], &posting.vital_status, "Choose"),
            error: String::new(),
        },
        Line {
            number: 1791,
            name: "source_central",
            label: "Follow-up source, central",
            value: posting.source_central.clone(),
            says: "Who told it.".into(),
            choices: choices(&CENTRAL, &posting.source_central, "Choose"),
            error: String::new(),
        },
        Line {
            number: 1790,
            name: "source",
            label: "Follow-up source",
            value: posting.source.clone(),
            says: follows,
            choices: choices(&SOURCES, &posting.source, "From 1791"),
            error: String::new(),
        },
    ];
    for line in &mut lines {
        line.error = errors.of(line.name).to_string();
    }
    lines
}

fn tumor(abstract_: &Abstract, form: &Form, errors: &Errors) -> TumorShown {
    let items = &abstract_.items;
    let none = TumorPosting::default();
    let posted = form.posting.tumors.iter().find(|t| t.abstract_ == abstract_.id).unwrap_or(&none);
    let histology = match (items.value("histologicTypeIcdO3"), items.value("behaviorCodeIcdO3")) {
        ("", _) => String::new(),
        (code, behavior) => format!(", {code}/{behavior}"),
    };
    let class = items.value("classOfCase");
    let on_file = match (items.value("cancerStatus"), show::naaccr_date(items.value("dateOfLastCancerStatus"))) {
        ("", _) => String::new(),
        (status, on) if on.is_empty() => status.into(),
        (status, on) => format!("{status} on {on}"),
    };
    let next = match form.typed {
        true => posted.next_source.clone(),
        false => items.value("nextFollowUpSource").to_string(),
    };
    let fields = ["cancer_status", "status_date", "recurrence_type", "recurrence_date", "next_source"];
    TumorShown {
        id: abstract_.id,
        sequence: items.value("sequenceNumberHospital").into(),
        title: tumor_title(items),
        codes: format!("{}{histology}", items.value("primarySite")),
        under: format!("diagnosed {}, class {class}", show::naaccr_date(items.value("dateOfDiagnosis"))),
        on_file,
        status: posted.cancer_status.clone(),
        status_date: posted.status_date.clone(),
        recurrence: posted.recurrence_type.clone(),
        recurrence_date: posted.recurrence_date.clone(),
        next,
        wrong: fields.iter().any(|field| !errors.of(&format!("{field}_{}", abstract_.id)).is_empty()),
    }
}

fn death_fields(death: &DeathPosting) -> Vec<Field> {
    vec![
        Field::text("place_state", "1942 Place of death, state", &death.place_state).width("w2"),
        Field::text("place_country", "1944 Country", &death.place_country).width("w2"),
        Field::text("cause", "1910 Cause", &death.cause).width("w2"),
        Field::text("revision", "1920 ICD revision", &death.revision).width("w2"),
        Field::text("certificate", "2380 Certificate number", &death.certificate).width("w2"),
        Field::text("autopsy", "1930 Autopsy", &death.autopsy).width("w2"),
    ]
}

fn address_fields(address: &Address) -> Vec<Field> {
    vec![
        Field::text("street", "2350 Street", &address.street).width("w3"),
        Field::text("city", "1810 City", &address.city).width("w3"),
        Field::text("state", "1820 State", &address.state).width("w2"),
        Field::text("postal_code", "1830 Postal code", &address.postal_code).width("w2"),
        Field::text("telephone", "2360 Telephone", &address.telephone).kind("tel").width("w2"),
    ]
}

fn attempt_fields(ask: &Ask) -> Vec<Field> {
    vec![
        Field::choose("kind", "How", ask.form.trimmed("kind"), ATTEMPT_KINDS).width("w3"),
        Field::choose("result", "What came of it", ask.form.trimmed("result"), ATTEMPT_RESULTS).width("w3"),
        Field::text("recipient", "To whom", ask.form.trimmed("recipient")).width("w3"),
        Field::text("remarks", "Remarks", ask.form.trimmed("remarks")).width("w3"),
    ]
}

fn answers(attempts: &[AttemptRow], chosen: &str) -> Vec<Choice> {
    attempts
        .iter()
        .filter(|a| a.result == "pending")
        .map(|a| Choice {
            value: a.id.to_string(),
            text: format!("{} to {}, {}", attempt_kind(&a.kind), a.recipient, a.at.get(..10).unwrap_or_default()),
            chosen: a.id.to_string() == chosen,
        })
        .collect()
}

fn item_label(id: &str) -> String {
    match super_dictionary().by_id(id) {
        Some(item) => format!("{} {}", item.number.map_or(0, |n| n.0), item.name),
        None => id.to_string(),
    }
}

fn preview(verdict: &Verdict, file: &File, standing: &Standing) -> Preview {
    let shown = |about: &str, items: &Record, change: &Change| ChangeShown {
        label: format!("{}{about}", item_label(&change.item)),
        old: match show::naaccr_date(items.value(&change.item)) {
            empty if empty.is_empty() => "empty".into(),
            value => value,
        },
        new: match show::naaccr_date(&change.value) {
            empty if empty.is_empty() => "empty".into(),
            value => value,
        },
    };
    let (changes, messages, conflict) = match verdict {
        Verdict::Accepted(accepted) => (all_changes(accepted, file, shown), accepted.messages.clone(), None),
        Verdict::Conflict(conflict) => (vec![], vec![], Some(conflict.sentence.clone())),
        Verdict::Refused(_) => (vec![], vec![], None),
    };
    let after = match verdict {
        Verdict::Accepted(accepted) => accepted.patient.iter().find(|c| c.item == "dateOfLastContact"),
        _ => None,
    };
    let contact = after.and_then(|c| PartialDate::parse(&c.value).ok());
    let dies =
        matches!(verdict, Verdict::Accepted(a) if a.patient.iter().any(|c| c.item == "vitalStatus" && c.value == "0"));
    let (due, falls_out) = contact.filter(|_| !dies).map(|c| next_due(standing.policy.months, c)).unwrap_or_default();
    Preview { changes, messages, conflict, due, falls_out }
}

fn all_changes(
    accepted: &Accepted,
    file: &File,
    shown: impl Fn(&str, &Record, &Change) -> ChangeShown,
) -> Vec<ChangeShown> {
    let mut all: Vec<ChangeShown> = accepted.patient.iter().map(|c| shown("", &file.patient.items, c)).collect();
    for (id, changes) in &accepted.tumors {
        let Some(abstract_) = file.abstracts.iter().find(|a| a.id == *id) else { continue };
        let about = match file.abstracts.len() {
            1 => String::new(),
            _ => format!(", {}", abstract_.items.value("primarySite")),
        };
        all.extend(changes.iter().map(|c| shown(&about, &abstract_.items, c)));
    }
    all
}

fn history(contacts: &[ContactRow], attempts: &[AttemptRow], zone: Tz) -> Vec<Event> {
    let of_contact = |c: &ContactRow| {
        let source = match c.source_central.as_str() {
            "" => name_in(&SOURCES, &c.source),
            central => central_name(central),
        };
        let life = if c.vital_status == "0" { "Dead" } else { "Alive" };
        let tone = match c.outcome.as_str() {
            "conflict" => "bad",
            "newer" | "better-source" | "taken" => "good",
            _ => "",
        };
        Event {
            tone,
            what: format!("Posted by {}, {}", c.login, source.to_lowercase()),
            day: show::naaccr_date(&c.contact_date),
            says: format!("{life}. {}", c.message),
            note: c.note.clone(),
            letter: None,
            pending: None,
        }
    };
    let of_attempt = |a: &AttemptRow| Event {
        tone: if a.result == "pending" { "now" } else { "" },
        what: format!("{}, {}", attempt_kind(&a.kind), a.recipient).trim_end_matches([',', ' ']).to_string(),
        day: show::time(&a.at, zone).get(..10).unwrap_or_default().to_string(),
        says: format!("{}.", attempt_result(&a.result)),
        note: a.note.clone(),
        letter: a.file_id,
        pending: (a.result == "pending").then_some(a.id),
    };
    let mut all: Vec<(String, Event)> = contacts.iter().map(|c| (c.at.clone(), of_contact(c))).collect();
    all.extend(attempts.iter().map(|a| (a.at.clone(), of_attempt(a))));
    all.sort_by(|a, b| b.0.cmp(&a.0));
    all.into_iter().map(|(_, event)| event).collect()
}

fn conflicts(contacts: &[ContactRow]) -> Vec<ConflictShown> {
    contacts
        .iter()
        .filter(|c| c.outcome == "conflict")
        .map(|c| ConflictShown {
            id: c.id,
            sentence: match c.message.as_str() {
                "" => "A contact of another facility contradicts what is on file.".into(),
                said => said.into(),
            },
            note: c.note.clone(),
            login: c.login.clone(),
            on: c.at.get(..10).unwrap_or_default().into(),
        })
        .collect()
}

fn people(file: &File) -> Vec<Pair> {
    let of = |id: &str| newest(&file.abstracts).map(|a| a.items.value(id).to_string()).unwrap_or_default();
    let items = &file.patient.items;
    let wishes = match items.value("noPatientContactFlag") {
        "1" => "Not to be contacted (1854 = 1)",
        "0" => "May be contacted (1854 = 0)",
        _ => "",
    };
    [
        ("Following", of("physicianFollowUp")),
        ("Surgeon", of("physicianPrimarySurg")),
        ("Managing", of("physicianManaging")),
        ("Contact", of("followUpContactName")),
        ("Address", letters::address_of(items).join(", ")),
        ("Telephone", items.value("telephone").to_string()),
        ("Next", name_in(&NEXT_SOURCES, &of("nextFollowUpSource")).to_string()),
        ("Wishes", wishes.to_string()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| Pair { label, value })
    .collect()
}

fn typed(ask: &Ask) -> Result<Form, Refused> {
    let text = |name: &str| ask.form.trimmed(name).replace("\r\n", "\n");
    let mut tumors = Vec::new();
    for id in ask.form.all("tumor") {
        let of = |name: &str| text(&format!("{name}_{id}"));
        tumors.push(TumorPosting {
            abstract_: id.parse().map_err(|_| Refused::NotUnderstood("its field tumor is not a number".into()))?,
            cancer_status: of("cancer_status"),
            status_date: of("status_date"),
            recurrence_type: of("recurrence_type"),
            recurrence_date: of("recurrence_date"),
            next_source: of("next_source"),
        });
    }
    let dead = text("vital_status") == "0";
    if dead {
        // What the form proposed for the living.
        tumors.iter_mut().for_each(|t| t.next_source.clear());
    }
    let posting = Posting {
        date: text("date"),
        vital_status: text("vital_status"),
        source_central: text("source_central"),
        source: text("source"),
        tumors,
        death: DeathPosting {
            place_state: text("place_state"),
            place_country: text("place_country"),
            cause: text("cause"),
            revision: text("revision"),
            certificate: text("certificate"),
            autopsy: text("autopsy"),
        },
        address: Address {
            street: text("street"),
            city: text("city"),
            state: text("state"),
            postal_code: text("postal_code"),
            telephone: text("telephone"),
        },
        note: text("note"),
    };
    Ok(Form { posting, typed: true })
}

fn seen(ask: &Ask) -> Result<Seen, Refused> {
    let mut abstracts = Vec::new();
    for pair in ask.form.all("seen") {
        let both = pair.split_once('-').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
        abstracts.push(both.ok_or_else(|| Refused::NotUnderstood("its field seen is not of this page".into()))?);
    }
    Ok(Seen { patient: ask.number("seen_patient")?, abstracts })
}

/// Shows what a posting will change, or posts it.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let form = typed(ask)?;
    let id = ask.id("p")?;
    let (by, today) = (ask.by()?.clone(), today(ask)?);
    if form.posting.note.chars().count() > 4_000 {
        return page(ask, &form, Errors::one("The note has more than 4,000 characters."), None, None);
    }
    if ask.form.trimmed("do") == "preview" {
        let verdict = File::read(&mut *ask.reading()?, &by, id)?.judge(&form.posting, today);
        let mut errors = Errors::default();
        if let Verdict::Refused(refusals) = &verdict {
            refusals.iter().for_each(|r| errors.add(&r.field, &r.sentence));
        }
        return page(ask, &form, errors, Some(&verdict), None);
    }
    let seen = seen(ask)?;
    let answers = ask.form.trimmed("answers").parse::<i64>().ok();
    let posting = form.posting.clone();
    let written = ask.store().write(move |tx| post_contact(tx, &by, id, &seen, &posting, answers, today));
    match answered(written)? {
        Ok(posted) if ask.form.trimmed("do") == "next" && posted.outcome != "conflict" => Ok(Reply::see("/follow-up")),
        Ok(posted) => Ok(Reply::see(format!("/follow-up/{id}?said={}", posted.outcome))),
        Err(errors) => page(ask, &form, errors, None, None),
    }
}

/// Settles a conflict.
pub fn settled(ask: &Ask) -> Result<Reply, Refused> {
    let (by, today, id) = (ask.by()?.clone(), today(ask)?, ask.id("p")?);
    let (contact, take) = (ask.number("contact")?, ask.form.trimmed("verdict") == "take");
    let why = ask.form.trimmed("why").to_string();
    let written = ask.store().write(move |tx| settle(tx, &by, contact, take, &why, today));
    match answered(written)? {
        Ok(posted) => Ok(Reply::see(format!("/follow-up/{id}?said={}", posted.outcome))),
        Err(errors) => page(ask, &Form::default(), errors, None, None),
    }
}

/// Records an attempt, or what came of one.
pub fn attempt(ask: &Ask) -> Result<Reply, Refused> {
    let (by, id) = (ask.by()?.clone(), ask.id("p")?);
    let known = |list: &[(&str, &str)], key: &str| list.iter().any(|(k, _)| *k == key);
    let (kind, result) = (ask.form.trimmed("kind").to_string(), ask.form.trimmed("result").to_string());
    let earlier = ask.form.trimmed("attempt").parse::<i64>().ok();
    if !known(&ATTEMPT_RESULTS, &result) || (earlier.is_none() && !known(&ATTEMPT_KINDS, &kind)) {
        return Err(Refused::NotUnderstood("its attempt is of no known kind or result".into()));
    }
    let (recipient, note) = (ask.form.trimmed("recipient").to_string(), ask.form.trimmed("remarks").to_string());
    if recipient.chars().count() > 200 || note.chars().count() > 1_000 {
        return page(
            ask,
            &Form::default(),
            Errors::one("To whom has at most 200 characters, remarks 1,000."),
            None,
            None,
        );
    }
    ask.store().write(move |tx| {
        let file = File::read(tx.conn, &by, id)?;
        match earlier {
            Some(attempt) => answer_attempt(tx, &by, id, attempt, &result, None),
            None => {
                let new = NewAttempt {
                    patient: id,
                    facility: file.facility(),
                    kind: &kind,
                    recipient: &recipient,
                    template: "",
                    result: &result,
                    note: &note,
                };
                add_attempt(tx, &by, &new).map(|_| ())
            }
        }
    })?;
    Ok(Reply::see(format!("/follow-up/{id}?said=attempt")))
}

fn answered(written: Result<Posted, NotPosted>) -> Result<Result<Posted, Errors>, Refused> {
    let mut errors = Errors::default();
    match written {
        Ok(posted) => return Ok(Ok(posted)),
        Err(NotPosted::Refused(refusals)) => refusals.iter().for_each(|r| errors.add(&r.field, &r.sentence)),
        Err(NotPosted::Store(StoreError::Stale(stale))) => {
            let who = stale.since.first().map_or("Somebody", |s| s.login.as_str());
            errors.add(
                "",
                format!("{who} changed this patient since you opened the form. What is on file now stands here; post again if it still holds."),
            );
        }
        Err(NotPosted::Store(error)) => return Err(error.into()),
    }
    Ok(Err(errors))
}

/// Today in the registry's time zone.
pub fn today(ask: &Ask) -> Result<PartialDate, Refused> {
    let day = ask.now().with_timezone(&ask.app.front()?.zone).date_naive();
    PartialDate::from_naive(day).map_err(|e| Refused::Broken(e.to_string()))
}
