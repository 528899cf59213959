//! The content of cases: items of patients, tumors and abstracts, many patients at a time.

use diesel::sql_types::{BigInt, Text};

use crate::registry::record::Record;
use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::submissions::Lines;
use crate::registry::store::{Conn, StoreError, Value};

/// A case with its items.
#[derive(Debug, Clone)]
pub struct Full {
    /// Patient.
    pub patient: i64,
    /// Tumor.
    pub tumor: i64,
    /// Abstract; 0 for a consolidated tumor.
    pub abstract_: i64,
    /// Facility.
    pub facility: i64,
    /// Version of the abstract or tumor.
    pub version: i64,
    /// Tumor-level items.
    pub items: Record,
}

/// A patient with the cases that a batch may hold.
#[derive(Debug, Clone)]
pub struct FullPatient {
    /// Patient.
    pub id: i64,
    /// Version.
    pub version: i64,
    /// Patient-level items.
    pub items: Record,
    /// Its cases by tumor and abstract.
    pub cases: Vec<Full>,
}

#[derive(diesel::QueryableByName)]
struct PatientItems {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(diesel::QueryableByName)]
struct CaseItems {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    abstract_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

fn ids(list: &[i64]) -> String {
    let texts: Vec<String> = list.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

/// Patients by id with all their cases of the scope and facility.
pub fn full(
    conn: &mut Conn,
    by: &By,
    lines: Lines,
    facility: Option<i64>,
    patients: &[i64],
) -> Result<Vec<FullPatient>, StoreError> {
    let list = ids(patients);
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    let found = conn.rows::<PatientItems>(
        "SELECT id, version, items FROM patient_live WHERE id IN (?) ORDER BY id",
        &[Value::Ids(&list)],
    )?;
    let text = match lines {
        Lines::Abstracts => {
            "SELECT a.patient_id, a.tumor_id, a.id AS abstract_id, a.facility_id, a.version, a.items FROM abstract_live a \
             WHERE a.patient_id IN (?) AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) ORDER BY a.patient_id, a.tumor_id, a.id"
        }
        Lines::Tumors => {
            "SELECT t.patient_id, t.id AS tumor_id, CAST(0 AS BIGINT) AS abstract_id, \
             (SELECT min(f.facility_id) FROM abstract_live f WHERE f.tumor_id = t.id) AS facility_id, t.version, \
             coalesce(t.items, (SELECT o.items FROM abstract_live o WHERE o.tumor_id = t.id ORDER BY o.id LIMIT 1), '{}') AS items \
             FROM tumor_live t WHERE t.patient_id IN (?) AND EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id \
             AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) ORDER BY t.patient_id, t.id"
        }
    };
    let rows = conn.rows::<CaseItems>(text, &[Value::Ids(&list), scope.all(), scope.ids(), one.into(), one.into()])?;
    let mut rows = rows.into_iter().peekable();
    found
        .into_iter()
        .map(|row| {
            let mut cases = Vec::new();
            while let Some(case) = rows.next_if(|case| case.patient_id <= row.id) {
                if case.patient_id < row.id {
                    continue;
                }
                cases.push(Full {
                    patient: row.id,
                    tumor: case.tumor_id,
                    abstract_: case.abstract_id,
                    facility: case.facility_id,
                    version: case.version,
                    items: Record::parse(&case.items, &format!("tumor {}", case.tumor_id))?,
                });
            }
            Ok(FullPatient {
                id: row.id,
                version: row.version,
                items: Record::parse(&row.items, &format!("patient {}", row.id))?,
                cases,
            })
        })
        .collect()
}
