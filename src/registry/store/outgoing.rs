//! Records on their way out: patients with their abstracts, by id, in one moment's state, within scope and filters.

use diesel::sql_types::{BigInt, Nullable, Text};

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, Dialect, Reading, Store, StoreError, Value};
use crate::registry::derived::Derivation;
use crate::registry::record::Record;

/// Which records go out.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these facilities (row ids); empty for all.
    pub facilities: Vec<i64>,
    /// First and last diagnosis year.
    pub years: Option<(i64, i64)>,
    /// Only abstracts of these statuses; empty for all.
    pub statuses: Vec<String>,
    /// Also patients without a tumor.
    pub without_tumor: bool,
}

/// An abstract on its way out.
#[derive(Debug, Clone)]
pub struct Out {
    /// Abstract.
    pub id: i64,
    /// Facility that reports it.
    pub facility: i64,
    /// Tumor-level items.
    pub items: Record,
    /// Patient-level items as this facility reported them, when kept apart.
    pub reported_patient: Option<Record>,
    /// What the staging rules wrote into the items.
    pub derived: Derivation,
}

/// A patient on its way out, with the abstracts that go with it.
#[derive(Debug, Clone)]
pub struct OutPatient {
    /// Patient.
    pub id: i64,
    /// Patient-level items.
    pub items: Record,
    /// Its abstracts by id.
    pub abstracts: Vec<Out>,
}

#[derive(diesel::QueryableByName)]
struct PatientRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(diesel::QueryableByName)]
struct OutRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = Text)]
    items: String,
    #[diesel(sql_type = Nullable<Text>)]
    reported_patient: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    derived: Option<String>,
}

/// A pass over the registry in one moment's state.
pub struct Outgoing {
    conn: Reading,
    scope: ScopeBinds,
    facilities: String,
    any_facility: i64,
    years: Option<(i64, i64)>,
    statuses: String,
    any_status: i64,
    without_tumor: i64,
    after: i64,
}

impl Outgoing {
    /// Begins a pass.
    pub fn begin(store: &Store, by: &By, filter: &Filter) -> Result<Outgoing, StoreError> {
        let mut conn = store.reading()?;
        let begin = match conn.dialect() {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        conn.batch(begin)?;
        let ids = filter.facilities.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        Ok(Outgoing {
            conn,
            scope: ScopeBinds::of(by),
            facilities: format!("[{ids}]"),
            any_facility: i64::from(filter.facilities.is_empty()),
            years: filter.years,
            statuses: format!(",{},", filter.statuses.join(",")),
            any_status: i64::from(filter.statuses.is_empty()),
            without_tumor: i64::from(filter.without_tumor),
            after: 0,
        })
    }

    /// How many patients there are at most: for the progress bar.
    pub fn about(&mut self) -> Result<i64, StoreError> {
        Ok(self.conn.number("SELECT count(*) AS n FROM patient", &[])?.unwrap_or(0))
    }

    /// The next patients, at most `limit` looked at; empty at the end.
    pub fn next(&mut self, limit: i64) -> Result<Option<Vec<OutPatient>>, StoreError> {
        let page = self.conn.rows::<PatientRow>(
            "SELECT p.id, p.items FROM patient_live p WHERE p.id > ? ORDER BY p.id LIMIT ?",
            &[self.after.into(), limit.into()],
        )?;
        let Some(last) = page.last().map(|p| p.id) else { return Ok(None) };
        let rows = abstracts(
            &mut self.conn,
            &self.scope,
            self.after,
            last,
            self.any_facility,
            &self.facilities,
            self.years,
            self.any_status,
            &self.statuses,
        )?;
        self.after = last;
        let mut rows = rows.into_iter().peekable();
        let mut patients = Vec::with_capacity(page.len());
        for row in page {
            let mut abstracts = Vec::new();
            while let Some(out) = rows.next_if(|r| r.patient_id <= row.id) {
                let what = format!("abstract {}", out.id);
                abstracts.push(Out {
                    id: out.id,
                    facility: out.facility_id,
                    items: Record::parse(&out.items, &what)?,
                    reported_patient: out.reported_patient.map(|t| Record::parse(&t, &what)).transpose()?,
                    derived: Derivation::parse(out.derived.as_deref()),
                });
            }
            let wanted = !abstracts.is_empty() || (self.without_tumor == 1 && !has_abstract(&mut self.conn, row.id)?);
            if !wanted {
                continue;
            }
            patients.push(OutPatient {
                id: row.id,
                items: Record::parse(&row.items, &format!("patient {}", row.id))?,
                abstracts,
            });
        }
        Ok(Some(patients))
    }
}

fn has_abstract(conn: &mut Conn, patient: i64) -> Result<bool, StoreError> {
    Ok(conn.number("SELECT a.id AS n FROM abstract a WHERE a.patient_id = ? LIMIT 1", &[patient.into()])?.is_some())
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Err(error) = self.conn.batch("ROLLBACK") {
            log::warn!("a pass over the registry did not end well: {error}");
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn abstracts(
    conn: &mut Conn,
    scope: &ScopeBinds,
    after: i64,
    last: i64,
    any_facility: i64,
    facilities: &str,
    years: Option<(i64, i64)>,
    any_status: i64,
    statuses: &str,
) -> Result<Vec<OutRow>, StoreError> {
    let (low, high) = years.unwrap_or((0, 9999));
    Ok(conn.rows::<OutRow>(
        "SELECT a.id, a.patient_id, a.facility_id, a.items, a.reported_patient, a.derived FROM abstract_live a JOIN tumor_live t ON t.id = a.tumor_id \
         WHERE a.patient_id > ? AND a.patient_id <= ? AND (? = 1 OR a.facility_id IN (?)) AND (? = 1 OR a.facility_id IN (?)) \
         AND (? = 1 OR (t.dx_low >= ? AND t.dx_high <= ?)) \
         AND (? = 1 OR replace(?, ',' || a.status || ',', '') <> ?) ORDER BY a.patient_id, a.id",
        &[
            after.into(),
            last.into(),
            scope.all(),
            scope.ids(),
            any_facility.into(),
            Value::Ids(facilities),
            i64::from(years.is_none()).into(),
            (low * 10_000).into(),
            (high * 10_000 + 1231).into(),
            any_status.into(),
            statuses.into(),
            statuses.into(),
        ],
    )?)
}
