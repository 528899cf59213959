//! A patient: tumors, contacts, sources, recent changes, disclosures.

use serde::Serialize;

use super::banner::{Banner, tumor_title, word};
use super::words;
use crate::dates::PartialDate;
use crate::naaccr::super_dictionary;
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::{Conn, Kind, disclosure, facility, sources};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct PatientPage {
    banner: Banner,
    linked: bool,
    version: i64,
    tumors: Vec<TumorRow>,
    several_facilities: bool,
    contact: Contact,
    sources: Vec<SourceRow>,
    changes: Vec<ChangeRow>,
    people: Vec<Pair>,
    disclosures: usize,
    may_post: bool,
    may_correct: bool,
    may_delete: bool,
    may_read_record: bool,
}

#[derive(Serialize)]
struct TumorRow {
    abstract_id: i64,
    tumor: i64,
    version: i64,
    sequence: String,
    title: String,
    site: String,
    histology: String,
    diagnosed: String,
    class: String,
    stage: String,
    state: Chip,
    facility: String,
}

#[derive(Serialize)]
struct Contact {
    date: String,
    vital: String,
    source: String,
    cancer: String,
}

#[derive(Serialize)]
struct SourceRow {
    when: String,
    file: String,
    lines: String,
    sender: String,
    abstract_id: i64,
}

#[derive(Serialize)]
struct ChangeRow {
    when: String,
    login: String,
    about: String,
    items: Vec<ItemChange>,
    more: usize,
    why: String,
    first: bool,
}

#[derive(Serialize)]
struct ItemChange {
    number: u32,
    name: String,
    old: String,
    new: String,
}

#[derive(Serialize)]
struct Pair {
    label: &'static str,
    value: String,
}

/// Changes shown.
const RECENT: usize = 12;

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (by, mut conn) = (ask.by()?, ask.reading()?);
    let patient = records::patient(&mut conn, by, ask.id("p")?)?;
    let abstracts = records::abstracts_of_patient(&mut conn, by, patient.id)?;
    let who = ask.who()?;
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let facilities = facility::facilities(&mut conn)?;
    let name_of = |id: i64| facilities.iter().find(|f| f.id == id).map(|f| f.name.clone()).unwrap_or_default();
    let mut tumors: Vec<TumorRow> = abstracts.iter().map(|a| tumor_row(a, name_of(a.facility))).collect();
    tumors.sort_by(|a, b| (&a.sequence, a.abstract_id).cmp(&(&b.sequence, b.abstract_id)));
    let items = &patient.items;
    let cancer: Vec<String> = abstracts
        .iter()
        .filter(|a| !a.items.value("cancerStatus").is_empty())
        .map(|a| {
            format!(
                "{} on {}",
                word("cancerStatus", a.items.value("cancerStatus")),
                a.items.value("sequenceNumberHospital")
            )
        })
        .collect();
    let page = PatientPage {
        banner: Banner::of(&patient, &abstracts, today),
        linked: false,
        version: patient.version,
        several_facilities: abstracts.iter().any(|a| Some(a.facility) != abstracts.first().map(|f| f.facility)),
        tumors,
        contact: Contact {
            date: show::naaccr_date(items.value("dateOfLastContact")),
            vital: word("vitalStatus", items.value("vitalStatus")),
            source: word("followUpSourceCentral", items.value("followUpSourceCentral")),
            cancer: cancer.join("; "),
        },
        sources: source_rows(&mut conn, &abstracts, ask.app.front()?.zone)?,
        changes: change_rows(&mut conn, patient.id, &abstracts, ask.app.front()?.zone)?,
        people: people(&abstracts, items),
        disclosures: disclosure::disclosures_of(&mut conn, patient.id)?.len(),
        may_post: who.may(crate::asker::May::PostFollowUp),
        may_correct: who.may(crate::asker::May::CorrectIdentity),
        may_delete: who.may(crate::asker::May::Delete),
        may_read_record: who.may(crate::asker::May::ReadDisclosures),
    };
    let names = ask.app.front()?.names_in_titles;
    let title = if names { page.banner.name.clone() } else { "Patient".to_string() };
    Ok(ask.page("pages/patient", &Sheet::of(&title, "/patients"), &page)?.about_patient(patient.id))
}

fn tumor_row(a: &Abstract, facility: String) -> TumorRow {
    let items = &a.items;
    let stage = items.value("summaryStage2018");
    TumorRow {
        abstract_id: a.id,
        tumor: a.tumor,
        version: a.version,
        sequence: items.value("sequenceNumberHospital").into(),
        title: tumor_title(items),
        site: items.value("primarySite").into(),
        histology: format!("{}/{}", items.value("histologicTypeIcdO3"), items.value("behaviorCodeIcdO3")),
        diagnosed: show::naaccr_date(items.value("dateOfDiagnosis")),
        class: items.value("classOfCase").into(),
        stage: if stage.is_empty() { String::new() } else { format!("{stage} {}", word("summaryStage2018", stage)) },
        state: words::status(&a.status, 0),
        facility,
    }
}

fn source_rows(conn: &mut Conn, abstracts: &[Abstract], zone: chrono_tz::Tz) -> Result<Vec<SourceRow>, Refused> {
    let mut rows = Vec::new();
    for a in abstracts {
        for id in sources::sources_of_abstract(conn, a.id)? {
            let source = sources::source(conn, id)?;
            rows.push(SourceRow {
                when: show::time(&source.created_at, zone),
                file: source.file_name.clone(),
                lines: format!("{}–{}", source.line_from, source.line_to),
                sender: source.sender.clone(),
                abstract_id: a.id,
            });
        }
    }
    Ok(rows)
}

fn change_rows(
    conn: &mut Conn,
    patient: i64,
    abstracts: &[Abstract],
    zone: chrono_tz::Tz,
) -> Result<Vec<ChangeRow>, Refused> {
    let mut rows: Vec<(String, ChangeRow)> = Vec::new();
    let records_of = std::iter::once((Kind::Patient, patient, "patient".to_string()))
        .chain(abstracts.iter().map(|a| (Kind::Abstract, a.id, a.items.value("sequenceNumberHospital").to_string())));
    for (kind, id, about) in records_of {
        for row in records::changes_of(conn, kind, id)?.into_iter().take(RECENT) {
            let changes = row.changes()?;
            let items = changes.iter().filter(|c| !c.item.starts_with('@')).take(3);
            let items = items.map(|c| {
                let item = super_dictionary().by_id(&c.item);
                ItemChange {
                    number: item.and_then(|i| i.number).map_or(0, |n| n.0),
                    name: item.map_or_else(|| c.item.clone(), |i| show::item_name(&i.name)),
                    old: short(&c.old),
                    new: short(&c.new),
                }
            });
            let shown = ChangeRow {
                when: show::time(&row.at, zone),
                login: row.login.clone(),
                about: about.clone(),
                items: items.collect(),
                more: changes.len().saturating_sub(3),
                first: row.version == 1,
                why: row.why.clone(),
            };
            rows.push((row.at.clone(), shown));
        }
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(rows.into_iter().map(|(_, row)| row).take(RECENT).collect())
}

fn short(value: &str) -> String {
    match value.chars().count() {
        0..=40 => value.to_string(),
        _ => format!("{}…", value.chars().take(40).collect::<String>()),
    }
}

fn people(abstracts: &[Abstract], items: &crate::registry::record::Record) -> Vec<Pair> {
    let newest = abstracts.last();
    let of = |id: &str| newest.map(|a| a.items.value(id).to_string()).unwrap_or_default();
    let residence =
        [items.value("addrCurrentCity"), items.value("addrCurrentState"), items.value("addrCurrentPostalCode")];
    let residence = residence.iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let wishes = match items.value("noPatientContactFlag") {
        "1" => "Do not contact (1854 = 1)".to_string(),
        "0" => "May be contacted (1854 = 0)".to_string(),
        _ => String::new(),
    };
    [
        ("Following", of("physicianFollowUp")),
        ("Managing", of("physicianManaging")),
        ("Surgeon", of("physicianPrimarySurg")),
        ("Contact", of("followUpContactName")),
        ("Wishes", wishes),
        ("Residence", residence),
        ("Telephone", items.value("telephone").to_string()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| Pair { label, value })
    .collect()
}
