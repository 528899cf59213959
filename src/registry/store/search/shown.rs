//! What is shown of a patient found: never more than the asker may see.

use std::borrow::Cow;
use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};

use super::candidates::json_ids;
use super::query::Reading;
use super::ranking::Ranked;
use crate::dates::PartialDate;
use crate::matching::names::fold;
use crate::registry::promoted::class_rank;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{By, Conn, StoreError, Value};

const PATIENTS: &str = "SELECT p.id, p.sex, p.vital_status, p.birth_low, p.birth_high, p.contact_low, p.contact_high, p.items FROM patient_live p \
     WHERE p.id IN (?) AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND s.facility_id IN (?))) ORDER BY p.id";

const ABSTRACTS: &str = "SELECT a.id, a.patient_id, a.tumor_id, a.facility_id, a.accession, a.sequence, a.class, a.items FROM abstract_live a \
     WHERE a.patient_id IN (?) AND (? = 1 OR a.facility_id IN (?)) ORDER BY a.patient_id, a.id";

/// A patient in a search result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Row id.
    pub patient: i64,
    /// Last name.
    pub last: String,
    /// First name.
    pub first: String,
    /// Middle name.
    pub middle: String,
    /// Suffix: `JR`, `III`.
    pub suffix: String,
    /// Patient number (20).
    pub number: String,
    /// Birth date as a NAACCR date, empty when unknown.
    pub birth: String,
    /// Sex (225, else 220).
    pub sex: String,
    /// Vital status (1760).
    pub vital_status: String,
    /// Date of last contact as a NAACCR date.
    pub last_contact: String,
    /// Accession numbers at the asker's facilities, without doubles.
    pub accessions: Vec<String>,
    /// Medical record numbers at the asker's facilities, without doubles.
    pub records: Vec<String>,
    /// Tumors of which the asker may see an abstract, by diagnosis.
    pub tumors: Vec<ShortTumor>,
    /// How well the patient agrees with what was typed, from 0 to 100.
    pub score: i64,
    /// In what way, when not simply by the name: `similar name`, `nickname`, `birth surname`, …
    pub how: Vec<&'static str>,
    /// The folded name that agrees, when it is not the name the patient has now.
    pub other_name: Option<String>,
}

/// A tumor in a search result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShortTumor {
    /// Row id.
    pub tumor: i64,
    /// Its abstracts that the asker may see.
    pub abstracts: Vec<i64>,
    /// Primary site (400).
    pub site: String,
    /// Laterality (410).
    pub laterality: String,
    /// Histology (522).
    pub histology: String,
    /// Year of diagnosis, empty when unknown.
    pub year: String,
    /// Sequence number (560) at the asker's facility.
    pub sequence: String,
    /// It is the tumor whose accession and sequence number were typed.
    pub asked: bool,
}

#[derive(diesel::QueryableByName)]
struct PatientRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    sex: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    vital_status: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_high: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_high: Option<i64>,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(diesel::QueryableByName)]
struct AbstractRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    accession: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sequence: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    class: Option<String>,
    #[diesel(sql_type = Text)]
    items: String,
}

/// The items of a patient that a result shows.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PatientItems<'a> {
    #[serde(borrow)]
    name_last: Cow<'a, str>,
    #[serde(borrow)]
    name_first: Cow<'a, str>,
    #[serde(borrow)]
    name_middle: Cow<'a, str>,
    #[serde(borrow)]
    name_suffix: Cow<'a, str>,
    #[serde(borrow)]
    patient_id_number: Cow<'a, str>,
}

/// The items of an abstract that a result shows.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TumorItems<'a> {
    #[serde(borrow)]
    primary_site: Cow<'a, str>,
    #[serde(borrow)]
    laterality: Cow<'a, str>,
    #[serde(borrow)]
    histologic_type_icd_o3: Cow<'a, str>,
    #[serde(borrow)]
    date_of_diagnosis: Cow<'a, str>,
    #[serde(borrow)]
    medical_record_number: Cow<'a, str>,
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str, what: &str, id: i64) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Damaged { what: format!("{what} {id}"), why: e.to_string() })
}

/// The best of the ranked, with what is shown of them.
pub(super) fn shown(
    conn: &mut Conn,
    by: &By,
    reading: &Reading,
    ranked: Vec<Ranked>,
    limit: usize,
) -> Result<Vec<Found>, StoreError> {
    let scope = ScopeBinds::of(by);
    let list = json_ids(ranked.iter().map(|r| r.candidate.id));
    let rows = conn.rows::<PatientRow>(PATIENTS, &[Value::Ids(&list), scope.all(), scope.ids()])?;
    let rows: BTreeMap<i64, PatientRow> = rows.into_iter().map(|r| (r.id, r)).collect();
    let mut best = Vec::with_capacity(ranked.len());
    for mut one in ranked {
        let Some(row) = rows.get(&one.candidate.id) else { continue };
        let items: PatientItems = parsed(&row.items, "patient", row.id)?;
        one.score += middle_agreement(reading, &items);
        best.push((one, row, items));
    }
    best.sort_by(|a, b| a.0.order(&b.0));
    best.truncate(limit);

    let list = json_ids(best.iter().map(|(one, _, _)| one.candidate.id));
    let mut abstracts: BTreeMap<i64, Vec<AbstractRow>> = BTreeMap::new();
    for row in conn.rows::<AbstractRow>(ABSTRACTS, &[Value::Ids(&list), scope.all(), scope.ids()])? {
        abstracts.entry(row.patient_id).or_default().push(row);
    }
    let mut found = Vec::with_capacity(best.len());
    for (one, row, items) in best {
        let of_patient = abstracts.remove(&row.id).unwrap_or_default();
        let (tumors, accessions, records) = tumors_of(reading, of_patient)?;
        found.push(Found {
            patient: row.id,
            last: items.name_last.into_owned(),
            first: items.name_first.into_owned(),
            middle: items.name_middle.into_owned(),
            suffix: items.name_suffix.into_owned(),
            number: items.patient_id_number.into_owned(),
            birth: date(row.birth_low, row.birth_high),
            sex: row.sex.clone().unwrap_or_default(),
            vital_status: row.vital_status.clone().unwrap_or_default(),
            last_contact: date(row.contact_low, row.contact_high),
            accessions,
            records,
            tumors,
            score: (one.score / 100).clamp(0, 100),
            how: one.how,
            other_name: one.other_name,
        });
    }
    // An accession number with a sequence number means one tumor; only if it is nowhere is the number alone shown.
    if reading.sequence.is_some() && found.iter().any(|f| f.tumors.iter().any(|t| t.asked)) {
        found.retain(|f| f.tumors.iter().any(|t| t.asked));
    }
    Ok(found)
}

fn date(low: Option<i64>, high: Option<i64>) -> String {
    let bound = |day: Option<i64>| i32::try_from(day?).ok();
    let whole = |low, high| PartialDate::from_bounds(low, high);
    bound(low).zip(bound(high)).and_then(|(low, high)| whole(low, high)).map(PartialDate::naaccr).unwrap_or_default()
}

/// A middle name typed lifts who has it a little, and lowers who has another.
fn middle_agreement(reading: &Reading, items: &PatientItems<'_>) -> i64 {
    let Some(typed) = reading.names.iter().map(|n| n.middle.as_str()).find(|m| !m.is_empty()) else { return 0 };
    let stored = fold(&items.name_middle).replace(' ', "");
    match stored.as_str() {
        "" => 0,
        middle if middle.starts_with(typed) || typed.starts_with(middle) => 150,
        _ => -150,
    }
}

type Tumors = (Vec<ShortTumor>, Vec<String>, Vec<String>);

/// The tumors as the abstracts in the scope tell them, each by its abstract of the lowest class rank.
fn tumors_of(reading: &Reading, mut abstracts: Vec<AbstractRow>) -> Result<Tumors, StoreError> {
    abstracts.sort_by_key(|a| (class_rank(a.class.as_deref()), a.id));
    let (mut accessions, mut records): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut tumors: Vec<(String, ShortTumor)> = Vec::new();
    for row in &abstracts {
        let items: TumorItems = parsed(&row.items, "abstract", row.id)?;
        let (accession, sequence) =
            (row.accession.clone().unwrap_or_default(), row.sequence.clone().unwrap_or_default());
        let record = items.medical_record_number.to_string();
        let asked = reading.sequence.as_ref().is_some_and(|s| *s == sequence) && reading.accession.contains(&accession);
        for (list, number) in [(&mut accessions, accession), (&mut records, record)] {
            if !number.is_empty() && !list.contains(&number) {
                list.push(number);
            }
        }
        if let Some((_, known)) = tumors.iter_mut().find(|(_, t)| t.tumor == row.tumor_id) {
            known.abstracts.push(row.id);
            known.asked |= asked;
            continue;
        }
        let diagnosed = items.date_of_diagnosis.to_string();
        let year = diagnosed.get(..4).filter(|_| PartialDate::parse(&diagnosed).is_ok()).unwrap_or_default();
        let tumor = ShortTumor {
            tumor: row.tumor_id,
            abstracts: vec![row.id],
            site: items.primary_site.into_owned(),
            laterality: items.laterality.into_owned(),
            histology: items.histologic_type_icd_o3.into_owned(),
            year: year.into(),
            sequence,
            asked,
        };
        tumors.push((diagnosed, tumor));
    }
    tumors.sort_by(|a, b| (&a.0, a.1.tumor).cmp(&(&b.0, b.1.tumor)));
    accessions.sort();
    records.sort();
    Ok((tumors.into_iter().map(|(_, t)| t).collect(), accessions, records))
}
