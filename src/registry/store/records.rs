//! Patients, tumors and abstracts as they are read: always within the scope of who asks.

use diesel::sql_types::{BigInt, Nullable, Text};

use super::audit::By;
use super::history::{self, Kind, Remembered};
use super::scope::ScopeBinds;
use super::{Conn, StoreError};
use crate::binds;
use crate::registry::derived::Derivation;
use crate::registry::record::Record;

/// A patient's row with its items.
#[derive(Debug, Clone)]
pub struct Patient {
    /// Row id.
    pub id: i64,
    /// Version for the check on saving.
    pub version: i64,
    /// Patient-level items.
    pub items: Record,
    /// When it last changed.
    pub changed_at: String,
    /// The import that brought it; 0 when made by hand.
    pub import: i64,
}

/// A tumor's row with the items that stand for it.
#[derive(Debug, Clone)]
pub struct Tumor {
    /// Row id.
    pub id: i64,
    /// Version.
    pub version: i64,
    /// Its patient.
    pub patient: i64,
    /// Its own consolidated items; none while it follows its only abstract.
    pub own: Option<Record>,
    /// Which abstract each consolidated item came from.
    pub origins: Option<String>,
}

/// An abstract's row with its items.
#[derive(Debug, Clone)]
pub struct Abstract {
    /// Row id.
    pub id: i64,
    /// Version for the check on saving.
    pub version: i64,
    /// Its tumor.
    pub tumor: i64,
    /// Its patient.
    pub patient: i64,
    /// The facility that reports it.
    pub facility: i64,
    /// The source record it came from.
    pub source: Option<i64>,
    /// Status word: `accessioned in-progress waiting complete …`.
    pub status: String,
    /// Abstractor's user id.
    pub abstractor: Option<i64>,
    /// When completion is due, as `YYYYMMDD`.
    pub due: Option<i64>,
    /// NAACCR version that arrived.
    pub naaccr_version: i64,
    /// Record type that arrived.
    pub record_type: String,
    /// Tumor-level items as the facility reports them.
    pub items: Record,
    /// Patient-level items as the facility reported them, when they are kept apart from the patient's.
    pub reported_patient: Option<Record>,
    /// What the staging rules wrote into the items.
    pub derived: Derivation,
    /// When it last changed.
    pub changed_at: String,
    /// The import that brought it; 0 when made by hand.
    pub import: i64,
}

#[derive(diesel::QueryableByName)]
struct PatientRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    items: String,
    #[diesel(sql_type = Text)]
    changed_at: String,
    #[diesel(sql_type = BigInt)]
    import_id: i64,
}

#[derive(diesel::QueryableByName)]
struct TumorRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    items: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    origins: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct AbstractRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    source_id: Option<i64>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    abstractor: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    due: Option<i64>,
    #[diesel(sql_type = BigInt)]
    naaccr_version: i64,
    #[diesel(sql_type = Text)]
    record_type: String,
    #[diesel(sql_type = Text)]
    items: String,
    #[diesel(sql_type = Nullable<Text>)]
    reported_patient: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    derived: Option<String>,
    #[diesel(sql_type = Text)]
    changed_at: String,
    #[diesel(sql_type = BigInt)]
    import_id: i64,
}

impl PatientRow {
    fn read(self) -> Result<Patient, StoreError> {
        Ok(Patient {
            id: self.id,
            version: self.version,
            items: Record::parse(&self.items, &format!("patient {}", self.id))?,
            changed_at: self.changed_at,
            import: self.import_id,
        })
    }
}

impl TumorRow {
    fn read(self) -> Result<Tumor, StoreError> {
        let own = self.items.map(|text| Record::parse(&text, &format!("tumor {}", self.id))).transpose()?;
        Ok(Tumor { id: self.id, version: self.version, patient: self.patient_id, own, origins: self.origins })
    }
}

impl AbstractRow {
    fn read(self) -> Result<Abstract, StoreError> {
        let what = format!("abstract {}", self.id);
        Ok(Abstract {
            id: self.id,
            version: self.version,
            tumor: self.tumor_id,
            patient: self.patient_id,
            facility: self.facility_id,
            source: self.source_id,
            status: self.status,
            abstractor: self.abstractor,
            due: self.due,
            naaccr_version: self.naaccr_version,
            record_type: self.record_type,
            items: Record::parse(&self.items, &what)?,
            reported_patient: self.reported_patient.map(|t| Record::parse(&t, &what)).transpose()?,
            derived: Derivation::parse(self.derived.as_deref()),
            changed_at: self.changed_at,
            import: self.import_id,
        })
    }
}

/// A patient the asker may see.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown id and for another facility's patient alike.
pub fn patient(conn: &mut Conn, by: &By, id: i64) -> Result<Patient, StoreError> {
    let scope = ScopeBinds::of(by);
    conn.row::<PatientRow>(
        "SELECT p.id, p.version, p.items, p.changed_at, p.import_id FROM patient_live p WHERE p.id = ? AND (? = 1 OR EXISTS \
         (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND s.facility_id IN (?)))",
        &[id.into(), scope.all(), scope.ids()],
    )?
    .ok_or(StoreError::NotFound)?
    .read()
}

/// An abstract the asker may see.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown id and for another facility's abstract alike.
pub fn abstract_(conn: &mut Conn, by: &By, id: i64) -> Result<Abstract, StoreError> {
    let scope = ScopeBinds::of(by);
    conn.row::<AbstractRow>(
        "SELECT a.id, a.version, a.tumor_id, a.patient_id, a.facility_id, a.source_id, a.status, a.abstractor, a.due, \
         a.naaccr_version, a.record_type, a.items, a.reported_patient, a.derived, a.changed_at, a.import_id \
         FROM abstract_live a WHERE a.id = ? AND (? = 1 OR a.facility_id IN (?))",
        &[id.into(), scope.all(), scope.ids()],
    )?
    .ok_or(StoreError::NotFound)?
    .read()
}

/// The abstracts of a patient that the asker may see, by id.
pub fn abstracts_of_patient(conn: &mut Conn, by: &By, patient: i64) -> Result<Vec<Abstract>, StoreError> {
    let scope = ScopeBinds::of(by);
    conn.rows::<AbstractRow>(
        "SELECT a.id, a.version, a.tumor_id, a.patient_id, a.facility_id, a.source_id, a.status, a.abstractor, a.due, \
         a.naaccr_version, a.record_type, a.items, a.reported_patient, a.derived, a.changed_at, a.import_id \
         FROM abstract_live a WHERE a.patient_id = ? AND (? = 1 OR a.facility_id IN (?)) ORDER BY a.id",
        &[patient.into(), scope.all(), scope.ids()],
    )?
    .into_iter()
    .map(AbstractRow::read)
    .collect()
}

/// All changes of a record, newest first. The caller has read the record itself with its scope.
pub fn changes_of(conn: &mut Conn, kind: Kind, record: i64) -> Result<Vec<Remembered>, StoreError> {
    history::of_record(conn, kind, record)
}

/// Every live abstract of a patient, also of imports not yet published; for imports, not for an asker.
pub(crate) fn abstracts_of_patient_unseen(conn: &mut Conn, patient: i64) -> Result<Vec<Abstract>, StoreError> {
    conn.rows::<AbstractRow>(
        "SELECT a.id, a.version, a.tumor_id, a.patient_id, a.facility_id, a.source_id, a.status, a.abstractor, a.due, \
         a.naaccr_version, a.record_type, a.items, a.reported_patient, a.derived, a.changed_at, a.import_id \
         FROM abstract a WHERE a.patient_id = ? AND a.state = 'live' ORDER BY a.id",
        binds![patient],
    )?
    .into_iter()
    .map(AbstractRow::read)
    .collect()
}

/// Every abstract of a tumor, for consolidation; not for an asker.
pub(crate) fn abstracts_of_tumor(conn: &mut Conn, tumor: i64) -> Result<Vec<Abstract>, StoreError> {
    conn.rows::<AbstractRow>(
        "SELECT a.id, a.version, a.tumor_id, a.patient_id, a.facility_id, a.source_id, a.status, a.abstractor, a.due, \
         a.naaccr_version, a.record_type, a.items, a.reported_patient, a.derived, a.changed_at, a.import_id \
         FROM abstract a WHERE a.tumor_id = ? AND a.state = 'live' ORDER BY a.id",
        binds![tumor],
    )?
    .into_iter()
    .map(AbstractRow::read)
    .collect()
}

/// Live abstracts of published imports after an id, by id, at most `limit`: for jobs, not for an asker.
pub(crate) fn abstracts_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Abstract>, StoreError> {
    conn.rows::<AbstractRow>(
        "SELECT a.id, a.version, a.tumor_id, a.patient_id, a.facility_id, a.source_id, a.status, a.abstractor, a.due, \
         a.naaccr_version, a.record_type, a.items, a.reported_patient, a.derived, a.changed_at, a.import_id \
         FROM abstract_live a WHERE a.id > ? ORDER BY a.id LIMIT ?",
        binds![after, limit],
    )?
    .into_iter()
    .map(AbstractRow::read)
    .collect()
}

/// The version of an abstract as it stands, for the change functions.
pub(crate) fn version_of(conn: &mut Conn, id: i64) -> Result<i64, StoreError> {
    conn.number("SELECT version AS n FROM abstract WHERE id = ?", binds![id])?.ok_or(StoreError::NotFound)
}

/// The highest id of an abstract, for a progress bar.
pub(crate) fn last_abstract(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM abstract", &[])?.unwrap_or(0))
}

/// A tumor by id, for the change functions; not for an asker.
pub(crate) fn tumor_row(conn: &mut Conn, id: i64) -> Result<Tumor, StoreError> {
    conn.row::<TumorRow>("SELECT id, version, patient_id, items, origins FROM tumor WHERE id = ?", binds![id])?
        .ok_or(StoreError::NotFound)?
        .read()
}

/// A patient by id, for the change functions and jobs; not for an asker.
pub(crate) fn patient_row(conn: &mut Conn, id: i64) -> Result<Patient, StoreError> {
    conn.row::<PatientRow>("SELECT id, version, items, changed_at, import_id FROM patient WHERE id = ?", binds![id])?
        .ok_or(StoreError::NotFound)?
        .read()
}
