//! Tumors for research: counted and read page by page within scope and cohort; the secrets of studies; extract jobs.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, Dialect, Reading, Store, StoreError, Tx, Value, random};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::consolidate::is_facility_item;
use crate::registry::promoted::class_rank;
use crate::registry::record::Record;

/// Which tumors, by promoted columns; a list that is none admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Primary sites.
    pub sites: Option<Vec<String>>,
    /// Histologies.
    pub histologies: Option<Vec<String>>,
    /// Behaviors.
    pub behaviors: Option<Vec<String>>,
    /// First and last year of diagnosis.
    pub years: Option<(i64, i64)>,
    /// Sexes.
    pub sexes: Option<Vec<String>>,
    /// Least and greatest age at diagnosis.
    pub ages: Option<(i64, i64)>,
    /// Counties at diagnosis.
    pub counties: Option<Vec<String>>,
    /// States at diagnosis.
    pub states: Option<Vec<String>>,
    /// Vital statuses.
    pub vitals: Option<Vec<String>>,
}

/// A tumor as research sees it: one row of a table.
#[derive(Debug, Clone)]
pub struct Case {
    /// Patient.
    pub patient: i64,
    /// Tumor.
    pub tumor: i64,
    /// Patient-level items.
    pub patient_items: std::sync::Arc<Record>,
    /// Tumor-level items; those of the facility come from the abstract with the lowest class rank.
    pub items: Record,
    /// First and last possible day of birth.
    pub birth: (Option<i64>, Option<i64>),
    /// First possible day of the first diagnosis of all the patient's tumors.
    pub first_diagnosis: Option<i64>,
    /// Last possible day of last contact.
    pub last_contact: Option<i64>,
}

/// What a cohort comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Number {
    /// Tumors.
    pub tumors: i64,
    /// Patients.
    pub patients: i64,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    abstract_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    class: Option<String>,
    #[diesel(sql_type = Text)]
    patient_items: String,
    #[diesel(sql_type = Nullable<Text>)]
    tumor_items: Option<String>,
    #[diesel(sql_type = Text)]
    items: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_high: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_high: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_diagnosis: Option<i64>,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    tumors: i64,
    #[diesel(sql_type = BigInt)]
    patients: i64,
}

/// A cohort as it is bound: a flag "any" and a list, or the ends of a span, for each condition.
struct Bound {
    lists: [(bool, String); 7],
    years: Option<(i64, i64)>,
    ages: Option<(i64, i64)>,
}

impl Bound {
    fn of(wanted: &Wanted) -> Bound {
        let list = |codes: &Option<Vec<String>>| match codes {
            None => (true, "[]".to_string()),
            Some(codes) => (false, serde_json::to_string(codes).unwrap_or_else(|_| "[]".into())),
        };
        Bound {
            lists: [
                list(&wanted.sites),
                list(&wanted.histologies),
                list(&wanted.behaviors),
                list(&wanted.counties),
                list(&wanted.states),
                list(&wanted.sexes),
                list(&wanted.vitals),
            ],
            years: wanted.years,
            ages: wanted.ages,
        }
    }

    /// In the order of the conditions of [`PAGE`] and [`COUNT`].
    fn values(&self) -> Vec<Value<'_>> {
        let mut values = Vec::with_capacity(20);
        for (any, codes) in &self.lists {
            values.push((*any).into());
            values.push(Value::Texts(codes));
        }
        let (first, last) = self.years.unwrap_or((0, 9999));
        values.extend::<[Value<'_>; 3]>([
            self.years.is_none().into(),
            (first * 10_000).into(),
            (last * 10_000 + 1231).into(),
        ]);
        let (least, most) = self.ages.unwrap_or((0, 0));
        values.extend::<[Value<'_>; 3]>([self.ages.is_none().into(), least.into(), most.into()]);
        values
    }
}

const PAGE: &str = "SELECT t.patient_id, t.id AS tumor_id, a.id AS abstract_id, a.class, p.items AS patient_items, t.items AS tumor_items, \
     a.items, p.birth_low, p.birth_high, p.contact_high, \
     (SELECT min(o.dx_low) FROM tumor o WHERE o.patient_id = p.id AND o.state = 'live') AS first_diagnosis \
     FROM abstract_live a JOIN tumor_live t ON t.id = a.tumor_id JOIN patient_live p ON p.id = t.patient_id \
     WHERE a.patient_id > ? AND a.patient_id <= ? AND (? = 1 OR a.facility_id IN (?)) \
     AND (? = 1 OR t.site IN (?)) AND (? = 1 OR t.histology IN (?)) AND (? = 1 OR t.behavior IN (?)) \
     AND (? = 1 OR t.dx_county IN (?)) AND (? = 1 OR t.dx_state IN (?)) AND (? = 1 OR p.sex IN (?)) AND (? = 1 OR p.vital_status IN (?)) \
     AND (? = 1 OR (t.dx_low >= ? AND t.dx_high <= ?)) AND (? = 1 OR (t.dx_low - p.birth_low) / 10000 BETWEEN ? AND ?) \
     ORDER BY t.patient_id, t.id, a.id";

const COUNT: &str = "SELECT count(*) AS tumors, count(DISTINCT t.patient_id) AS patients FROM tumor_live t \
     JOIN patient_live p ON p.id = t.patient_id \
     WHERE EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id AND (? = 1 OR a.facility_id IN (?))) \
     AND (? = 1 OR t.site IN (?)) AND (? = 1 OR t.histology IN (?)) AND (? = 1 OR t.behavior IN (?)) \
     AND (? = 1 OR t.dx_county IN (?)) AND (? = 1 OR t.dx_state IN (?)) AND (? = 1 OR p.sex IN (?)) AND (? = 1 OR p.vital_status IN (?)) \
     AND (? = 1 OR (t.dx_low >= ? AND t.dx_high <= ?)) AND (? = 1 OR (t.dx_low - p.birth_low) / 10000 BETWEEN ? AND ?)";

/// How many tumors and patients a cohort has within the scope of who asks.
pub fn count(conn: &mut Conn, by: &By, wanted: &Wanted) -> Result<Number, StoreError> {
    let (scope, bound) = (ScopeBinds::of(by), Bound::of(wanted));
    let mut values = vec![scope.all(), scope.ids()];
    values.extend(bound.values());
    let row = conn.row::<Counted>(COUNT, &values)?;
    Ok(row.map_or_else(Number::default, |row| Number { tumors: row.tumors, patients: row.patients }))
}

/// A pass over a cohort in one moment's state.
pub struct Cases {
    conn: Reading,
    scope: ScopeBinds,
    whole: bool,
    bound: Bound,
    after: i64,
    last: i64,
}

impl Cases {
    /// Begins a pass.
    pub fn begin(store: &Store, by: &By, wanted: &Wanted) -> Result<Cases, StoreError> {
        let mut conn = store.reading()?;
        let begin = match conn.dialect() {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        conn.batch(begin)?;
        let last = conn.number("SELECT max(id) AS n FROM patient", &[])?.unwrap_or(0);
        let whole = matches!(by.asker.scope, crate::asker::Scope::Registry);
        Ok(Cases { conn, scope: ScopeBinds::of(by), whole, bound: Bound::of(wanted), after: 0, last })
    }

    /// How far the pass is, and where it ends: for the progress bar.
    pub fn place(&self) -> (i64, i64) {
        (self.after.min(self.last), self.last)
    }

    /// The next tumors, of at most `patients` patients looked at, by patient and tumor; none at the end.
    pub fn next(&mut self, patients: i64) -> Result<Option<Vec<Case>>, StoreError> {
        if self.after >= self.last {
            return Ok(None);
        }
        let upto = self.conn.number(
            "SELECT max(id) AS n FROM (SELECT id FROM patient WHERE id > ? ORDER BY id LIMIT ?) x",
            binds![self.after, patients],
        )?;
        let Some(upto) = upto else { return Ok(None) };
        let mut values = vec![self.after.into(), upto.into(), self.scope.all(), self.scope.ids()];
        values.extend(self.bound.values());
        let rows = self.conn.rows::<Row>(PAGE, &values)?;
        self.after = upto;
        self.cases(rows).map(Some)
    }

    fn cases(&self, rows: Vec<Row>) -> Result<Vec<Case>, StoreError> {
        let mut cases: Vec<Case> = Vec::with_capacity(rows.len());
        let mut rows = rows.into_iter().peekable();
        while let Some(first) = rows.next() {
            let mut accounts = vec![];
            let tumor = first.tumor_id;
            let patient_items = match cases.last() {
                Some(case) if case.patient == first.patient_id => case.patient_items.clone(),
                _ => Record::parse(&first.patient_items, &format!("patient {}", first.patient_id))?.into(),
            };
            let tumor_items = first.tumor_items.as_deref();
            let own = tumor_items.map(|text| Record::parse(text, &format!("tumor {tumor}"))).transpose()?;
            let (patient, birth) = (first.patient_id, (first.birth_low, first.birth_high));
            let (first_diagnosis, last_contact) = (first.first_diagnosis, first.contact_high);
            accounts.push((class_rank(first.class.as_deref()), first.abstract_id, first.items));
            while let Some(other) = rows.next_if(|row| row.tumor_id == tumor) {
                accounts.push((class_rank(other.class.as_deref()), other.abstract_id, other.items));
            }
            accounts.sort();
            let lead = accounts.first().map(|(_, id, text)| Record::parse(text, &format!("abstract {id}")));
            let mut items = lead.transpose()?.unwrap_or_default();
            // Who sees the whole registry reads the consolidated tumor; others read their own facilities' account.
            if let Some(own) = own.filter(|_| self.whole) {
                let mut whole = own;
                for (id, value) in items.iter().filter(|(id, _)| is_facility_item(id)) {
                    whole.set(id, value);
                }
                items = whole;
            }
            cases.push(Case { patient, tumor, patient_items, items, birth, first_diagnosis, last_contact });
        }
        Ok(cases)
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        if let Err(error) = self.conn.batch("ROLLBACK") {
            log::warn!("a pass over a cohort did not end well: {error}");
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Secret {
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
}

/// The secret of a study, made when its name is met for the first time. It never leaves the registry.
pub fn study_secret(tx: &mut Tx<'_>, by: &By, study: &str) -> Result<[u8; 32], StoreError> {
    let known = "SELECT secret FROM study WHERE name = ?";
    if let Some(row) = tx.conn.row::<Secret>(known, binds![study])? {
        let damaged = |_| StoreError::Damaged { what: format!("study {study}"), why: "its secret is not whole".into() };
        return row.secret.try_into().map_err(damaged);
    }
    let mut secret = [0u8; 32];
    random(&mut secret)?;
    tx.conn.run(
        "INSERT INTO study (name, secret, login, created_at) VALUES (?, ?, ?, ?)",
        binds![study, &secret, &by.asker.login, &stamp(tx.now)],
    )?;
    Ok(secret)
}
