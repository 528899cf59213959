//! Who is due: ids by an index, a page at a time; then the narrow columns that the rules ask; then what a list shows.
//!
//! A list of a million tumors answers in a moment because no step reads more than it needs: the first goes along the index
//! over vital status and last contact and looks into the index over abstracts, the second reads columns, and only the
//! patients that are shown have their items read.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::attempts::{AttemptRow, last_attempts};
use super::marks::{Mark, marks_of};
use crate::binds;
use crate::dates::PartialDate;
use crate::registry::promoted::class_rank;
use crate::registry::record::Record;
use crate::registry::store::audit::By;
use crate::registry::store::lists::MOST;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, Dialect, StoreError, Value, facility, records};

/// Which living patients a list holds, by the first possible day of last contact (`YYYYMMDD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contacted {
    /// From this day on.
    pub from: i64,
    /// Before this day.
    pub before: i64,
    /// Tumors of every class count, not only the analytic ones that a hospital traces.
    pub every_class: bool,
}

/// In which order a list of last contacts runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The longest without contact first: who falls out soonest.
    Oldest,
    /// The latest contact first.
    Newest,
}

/// A patient as the rules of follow-up ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// Row id.
    pub id: i64,
    /// Vital status (1760).
    pub vital_status: String,
    /// First possible day of last contact; none when there is none.
    pub contact_low: Option<i64>,
    /// Last contact (1750).
    pub contact: Option<PartialDate>,
    /// Birth (240).
    pub birth: Option<PartialDate>,
    /// Current country (1832).
    pub country: String,
    /// The tumors the asker may see, as they are reported.
    pub tumors: Vec<DueTumor>,
    /// The facility that has the duty to trace, if it is the asker's.
    pub duty: Option<i64>,
    /// Another facility has the duty.
    pub traced_elsewhere: bool,
}

/// A tumor as a facility reports it, by the columns that the rules ask.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct DueTumor {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Tumor: several facilities may report it.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Its facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Class of case.
    #[diesel(sql_type = Nullable<Text>)]
    pub class: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_contact: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    abstractor: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    tracing: Option<String>,
    /// Primary site.
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
    /// Histology.
    #[diesel(sql_type = Nullable<Text>)]
    pub histology: Option<String>,
    /// Behavior.
    #[diesel(sql_type = Nullable<Text>)]
    pub behavior: Option<String>,
    /// Laterality.
    #[diesel(sql_type = Nullable<Text>)]
    pub laterality: Option<String>,
    /// First possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    /// Last possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_high: Option<i64>,
}

impl DueTumor {
    fn part(&self, at: usize) -> &str {
        self.tracing.as_deref().and_then(|all| all.split('|').nth(at)).unwrap_or_default()
    }

    /// Next follow-up source (1800).
    pub fn next_source(&self) -> &str {
        self.part(0)
    }

    /// Summary stage (764, else 759).
    pub fn summary_stage(&self) -> &str {
        self.part(1)
    }

    /// Type of reporting source (500).
    pub fn reporting_source(&self) -> &str {
        self.part(2)
    }

    /// Following registry (2440).
    pub fn following(&self) -> &str {
        self.part(3)
    }

    /// Following physician (2470, else 2475).
    pub fn physician(&self) -> &str {
        self.part(4)
    }

    /// The day of diagnosis.
    pub fn diagnosed(&self) -> Option<PartialDate> {
        date(self.dx_low, self.dx_high)
    }
}

#[derive(QueryableByName)]
struct NarrowRow {
    #[diesel(sql_type = Nullable<Text>)]
    vital_status: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_high: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_high: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(embed)]
    tumor: DueTumor,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

const DUE: &str = "SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low >= ? \
     AND p.contact_low < ? AND (p.contact_low > ? OR p.id > ?) AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id \
     AND (? = 1 OR s.facility_id IN (?)) AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) \
     ORDER BY p.contact_low, p.id LIMIT ?";

const DUE_NEWEST: &str = "SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low >= ? \
     AND p.contact_low <= ? AND (p.contact_low < ? OR p.id < ?) AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id \
     AND (? = 1 OR s.facility_id IN (?)) AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) \
     ORDER BY p.contact_low DESC, p.id DESC LIMIT ?";

const UNDATED: &str = "SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low IS NULL \
     AND p.id > ? AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
     AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) ORDER BY p.id LIMIT ?";

const CONFLICTS: &str = "SELECT p.id FROM patient_live p WHERE p.id IN \
     (SELECT k.patient_id FROM contact k WHERE k.outcome = 'conflict') AND p.id > ? AND EXISTS (SELECT 1 FROM abstract_live s \
     WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id LIMIT ?";

const WAITING: &str = "SELECT p.id FROM patient_live p WHERE p.id IN \
     (SELECT t.patient_id FROM attempt t WHERE t.result = 'pending' AND (? = 1 OR t.facility_id IN (?))) AND p.id > ? \
     AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id LIMIT ?";

const MARKED: &str = "SELECT p.id FROM patient_live p WHERE p.id IN \
     (SELECT m.patient_id FROM follow_mark m WHERE m.kind = ? AND (? = '' OR m.value = ?) AND m.ended_at IS NULL) AND p.id > ? \
     AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id LIMIT ?";

const NARROW: &str = "SELECT p.vital_status, p.contact_low, p.contact_high, p.birth_low, p.birth_high, p.country, \
     a.patient_id, a.id, a.tumor_id, a.facility_id, a.class, a.first_contact, a.abstractor, a.tracing, t.site, t.histology, \
     t.behavior, t.laterality, t.dx_low, t.dx_high FROM patient p JOIN abstract_live a ON a.patient_id = p.id \
     JOIN tumor t ON t.id = a.tumor_id WHERE p.id IN (?) ORDER BY p.id, a.id";

const EVERYBODY: &str = "SELECT p.vital_status, p.contact_low, p.contact_high, p.birth_low, p.birth_high, p.country, \
     a.patient_id, a.id, a.tumor_id, a.facility_id, a.class, a.first_contact, a.abstractor, a.tracing, t.site, t.histology, \
     t.behavior, t.laterality, t.dx_low, t.dx_high FROM patient_live p JOIN abstract_live a ON a.patient_id = p.id \
     JOIN tumor t ON t.id = a.tumor_id WHERE p.id > ? AND p.id <= ? ORDER BY p.id, a.id";

fn ids(rows: Vec<IdRow>) -> Vec<i64> {
    rows.into_iter().map(|row| row.id).collect()
}

/// A page of living patients by last contact, after a day and id; `(0, 0)` begins.
pub fn due_ids(
    conn: &mut Conn,
    by: &By,
    which: Contacted,
    order: Order,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let scope = ScopeBinds::of(by);
    let (from, to, text) = match (order, after) {
        (Order::Oldest, _) => (which.from.max(after.0), which.before, DUE),
        (Order::Newest, (0, 0)) => (which.from, which.before - 1, DUE_NEWEST),
        (Order::Newest, _) => (which.from, (which.before - 1).min(after.0), DUE_NEWEST),
    };
    let start = match (order, after) {
        (Order::Newest, (0, 0)) => (i64::MAX, i64::MAX),
        _ => after,
    };
    let binds = [
        from.into(),
        to.into(),
        start.0.into(),
        start.1.into(),
        scope.all(),
        scope.ids(),
        which.every_class.into(),
        limit.into(),
    ];
    Ok(ids(conn.rows(text, &binds)?))
}

/// A page of living patients without any date of contact, by id.
pub fn undated_ids(
    conn: &mut Conn,
    by: &By,
    every_class: bool,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let scope = ScopeBinds::of(by);
    let binds = [after.into(), scope.all(), scope.ids(), every_class.into(), limit.into()];
    Ok(ids(conn.rows(UNDATED, &binds)?))
}

/// A page of patients with a contact that contradicts what is on file, by id.
pub fn conflict_ids(conn: &mut Conn, by: &By, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(ids(conn.rows(CONFLICTS, &[after.into(), scope.all(), scope.ids(), limit.into()])?))
}

/// A page of patients of whom an answer is awaited, by id.
pub fn waiting_ids(conn: &mut Conn, by: &By, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let scope = ScopeBinds::of(by);
    let binds = [scope.every_facility(), scope.facilities(), after.into(), scope.all(), scope.ids(), limit.into()];
    Ok(ids(conn.rows(WAITING, &binds)?))
}

/// A page of patients with an open mark of a kind, of a value or any, by id.
pub fn marked_ids(
    conn: &mut Conn,
    by: &By,
    kind: &str,
    value: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let scope = ScopeBinds::of(by);
    let binds = [kind.into(), value.into(), value.into(), after.into(), scope.all(), scope.ids(), limit.into()];
    Ok(ids(conn.rows(MARKED, &binds)?))
}

fn date(low: Option<i64>, high: Option<i64>) -> Option<PartialDate> {
    let bound = |day: Option<i64>| day.and_then(|d| i32::try_from(d).ok());
    bound(low).zip(bound(high)).and_then(|(l, h)| PartialDate::from_bounds(l, h))
}

/// The patients of these ids as the rules ask, in the order of the ids; who is outside the scope is left out.
pub fn traced(conn: &mut Conn, by: &By, of: &[i64]) -> Result<Vec<Traced>, StoreError> {
    if of.is_empty() {
        return Ok(vec![]);
    }
    let list = serde_json::to_string(of).unwrap_or_else(|_| "[]".into());
    let rows = conn.rows::<NarrowRow>(NARROW, &[Value::Ids(&list)])?;
    let mut found: std::collections::HashMap<i64, Traced> =
        gathered(conn, by, rows)?.into_iter().map(|one| (one.id, one)).collect();
    Ok(of.iter().filter_map(|id| found.remove(id)).collect())
}

/// The highest id of a patient.
pub fn last_patient(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM patient", &[])?.unwrap_or(0))
}

/// All patients with a tumor the asker may see, the dead too, whose ids are above one and up to another.
pub fn everybody(conn: &mut Conn, by: &By, above: i64, up_to: i64) -> Result<Vec<Traced>, StoreError> {
    let rows = conn.rows::<NarrowRow>(EVERYBODY, binds![above, up_to])?;
    gathered(conn, by, rows)
}

/// Rows of one patient after the other, gathered; tumors outside the scope serve only to find the duty.
fn gathered(conn: &mut Conn, by: &By, rows: Vec<NarrowRow>) -> Result<Vec<Traced>, StoreError> {
    let scope = ScopeBinds::of(by);
    let named = rows.iter().any(|row| !row.tumor.following().is_empty());
    let facilities: std::collections::HashMap<String, i64> = match named {
        true => facility::facilities(conn)?.into_iter().map(|f| (f.number, f.id)).collect(),
        false => std::collections::HashMap::new(),
    };
    let mut all: Vec<Traced> = Vec::new();
    for row in rows {
        let id = row.tumor.patient_id;
        match all.last_mut() {
            Some(last) if last.id == id => last.tumors.push(row.tumor),
            _ => all.push(Traced {
                id,
                vital_status: row.vital_status.unwrap_or_default(),
                contact_low: row.contact_low,
                contact: date(row.contact_low, row.contact_high),
                birth: date(row.birth_low, row.birth_high),
                country: row.country.unwrap_or_default(),
                tumors: vec![row.tumor],
                duty: None,
                traced_elsewhere: false,
            }),
        }
    }
    for one in &mut all {
        let duty = duty(&one.tumors, &facilities);
        one.duty = duty.filter(|facility| scope.holds(*facility, by));
        one.traced_elsewhere = duty.is_some() && one.duty.is_none();
        one.tumors.retain(|t| scope.holds_abstract(t.facility_id, t.abstractor, by));
    }
    all.retain(|one| !one.tumors.is_empty());
    Ok(all)
}

/// The facility that has the duty to trace: that of item 2440, else of the latest analytic abstract, else of the latest.
fn duty(tumors: &[DueTumor], facilities: &std::collections::HashMap<String, i64>) -> Option<i64> {
    let latest = |t: &&DueTumor| (t.first_contact, t.id);
    let named = tumors.iter().filter(|t| facilities.contains_key(t.following())).max_by_key(latest);
    let analytic = tumors.iter().filter(|t| class_rank(t.class.as_deref()) <= 1).max_by_key(latest);
    named
        .and_then(|t| facilities.get(t.following()).copied())
        .or_else(|| analytic.map(|t| t.facility_id))
        .or_else(|| tumors.iter().max_by_key(latest).map(|t| t.facility_id))
}

/// A patient as a list shows him.
#[derive(Debug, Clone)]
pub struct DuePatient {
    /// As the rules ask.
    pub traced: Traced,
    /// Patient-level items.
    pub items: Record,
    /// Record number (2300) of the newest abstract that has one.
    pub record_number: String,
    /// Accession number (550) of the newest abstract that has one.
    pub accession: String,
    /// The newest attempt of the asker's facilities.
    pub last_attempt: Option<AttemptRow>,
    /// Open marks.
    pub marks: Vec<Mark>,
}

#[derive(QueryableByName)]
struct ItemsRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    record_number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    accession: Option<String>,
}

/// Record numbers of abstracts; the way into the items differs.
fn numbers_query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT a.id, a.items ->> '$.medicalRecordNumber' AS record_number, a.accession FROM abstract a WHERE a.id IN (?) ORDER BY a.id"
        }
        Dialect::Postgres => {
            "SELECT a.id, a.items::json ->> 'medicalRecordNumber' AS record_number, a.accession FROM abstract a WHERE a.id IN (?) ORDER BY a.id"
        }
    }
}

/// What a list shows of patients.
pub fn shown(conn: &mut Conn, by: &By, all: Vec<Traced>) -> Result<Vec<DuePatient>, StoreError> {
    if all.is_empty() {
        return Ok(vec![]);
    }
    let text = |ids: &[i64]| serde_json::to_string(ids).unwrap_or_else(|_| "[]".into());
    let patients: Vec<i64> = all.iter().map(|p| p.id).collect();
    let abstracts: Vec<i64> = all.iter().flat_map(|p| p.tumors.iter().map(|t| t.id)).collect();
    let mut items: std::collections::HashMap<i64, String> = conn
        .rows::<ItemsRow>("SELECT id, items FROM patient WHERE id IN (?)", &[Value::Ids(&text(&patients))])?
        .into_iter()
        .map(|row| (row.id, row.items))
        .collect();
    let query = numbers_query(conn.dialect());
    let numbers = conn.rows::<NumberRow>(query, &[Value::Ids(&text(&abstracts))])?;
    let mut attempts = last_attempts(conn, by, &patients)?;
    let mut marks = marks_of(conn, &patients)?;
    all.into_iter()
        .map(|traced| {
            let at = attempts.iter().position(|a| a.patient_id == traced.id);
            let own = |row: &&NumberRow| traced.tumors.iter().any(|t| t.id == row.id);
            let newest = |of: fn(&NumberRow) -> &Option<String>| -> String {
                let found = numbers.iter().rev().filter(own).find_map(|row| of(row).clone());
                found.unwrap_or_default()
            };
            let items = items.remove(&traced.id).unwrap_or_else(|| "{}".into());
            Ok(DuePatient {
                items: Record::parse(&items, &format!("patient {}", traced.id))?,
                record_number: newest(|row| &row.record_number).trim_start_matches('0').to_string(),
                accession: newest(|row| &row.accession),
                last_attempt: at.map(|at| attempts.swap_remove(at)),
                marks: marks.extract_if(.., |m| m.patient_id == traced.id).collect(),
                traced,
            })
        })
        .collect()
}

/// A page of living patients by last contact, as a list shows them.
pub fn due_patients(
    conn: &mut Conn,
    by: &By,
    which: Contacted,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<DuePatient>, StoreError> {
    let ids = due_ids(conn, by, which, Order::Oldest, after, limit)?;
    let all = traced(conn, by, &ids)?;
    shown(conn, by, all)
}

/// One patient as the list shows him.
pub fn due_patient(conn: &mut Conn, by: &By, patient: i64) -> Result<DuePatient, StoreError> {
    let found = records::patient(conn, by, patient)?;
    let mut all = traced(conn, by, &[patient])?;
    if all.is_empty() {
        let of = crate::registry::promoted::OfPatient::from(&found.items);
        all.push(Traced {
            id: patient,
            vital_status: of.vital_status.unwrap_or_default(),
            contact_low: of.contact.0,
            contact: date(of.contact.0, of.contact.1),
            birth: date(of.birth.0, of.birth.1),
            country: of.country.unwrap_or_default(),
            tumors: vec![],
            duty: None,
            traced_elsewhere: false,
        });
    }
    shown(conn, by, all)?.pop().ok_or(StoreError::NotFound)
}

/// How many living patients were last contacted in a span, at most [`MOST`].
pub fn count_due(conn: &mut Conn, by: &By, which: Contacted) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low >= ? \
         AND p.contact_low < ? AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
         AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) LIMIT ?) c";
    let binds: [Value<'_>; 6] =
        [which.from.into(), which.before.into(), scope.all(), scope.ids(), which.every_class.into(), MOST.into()];
    Ok(conn.number(text, &binds)?.unwrap_or(0))
}

/// How many living patients have no date of contact, at most [`MOST`].
pub fn count_undated(conn: &mut Conn, by: &By, every_class: bool) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low IS NULL \
         AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
         AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) LIMIT ?) c";
    Ok(conn.number(text, &[scope.all(), scope.ids(), every_class.into(), MOST.into()])?.unwrap_or(0))
}

/// How many patients have an open conflict, at most [`MOST`].
pub fn count_conflicts(conn: &mut Conn, by: &By) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.id IN \
         (SELECT k.patient_id FROM contact k WHERE k.outcome = 'conflict') AND EXISTS (SELECT 1 FROM abstract_live s \
         WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) LIMIT ?) c";
    Ok(conn.number(text, &[scope.all(), scope.ids(), MOST.into()])?.unwrap_or(0))
}
