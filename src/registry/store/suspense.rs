//! The suspense list: suspicions of tumors until somebody decides what they are.
//!
//! One row for a person and a suspicion, with every source that raised it. A source received before is *unchanged*; one of a
//! known suspicion is attached, and what was decided stays decided, so nothing reviewed comes back, except that a corrected
//! report which now is reportable opens again what was set aside. Each decision is an event with who, when and why, and
//! an audit line.
//!
//! ```text
//!   new ─► information, deferred, ready ─► accessioned
//!    └──────────────► not-reportable, duplicate, history ─► new again (reopened)
//!   screened-out: a message without a reportable tumor, kept so that dismissals can be audited
//! ```

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::{ScopeBinds, must_hold};
use super::{Conn, StoreError, Tx, records};
use crate::asker::FacilityId;
use crate::binds;
use crate::registry::clock::stamp;

/// The states a person sets, with the words for them.
pub const STATES: [(&str, &str); 8] = [
    ("new", "New"),
    ("information", "Needs information"),
    ("ready", "Ready"),
    ("deferred", "Deferred"),
    ("accessioned", "Accessioned"),
    ("not-reportable", "Not reportable"),
    ("duplicate", "Same tumor"),
    ("history", "History only"),
];

/// States that wait for a person.
pub const OPEN: &str = "[\"new\",\"information\",\"ready\",\"deferred\"]";

/// A message or row that raises a suspicion.
#[derive(Debug, Clone, Default)]
pub struct NewSource {
    /// Facility whose list it goes to.
    pub facility: i64,
    /// `pathology` or `index`.
    pub kind: &'static str,
    /// Who sent it.
    pub sender: String,
    /// The sender's number of the report.
    pub number: String,
    /// Its day, `YYYY-MM-DD` or shorter.
    pub day: String,
    /// `final`, `corrected`, `preliminary`, `cancelled`.
    pub status: String,
    /// SHA-256 of what was received.
    pub digest: [u8; 32],
    /// What screening found, JSON `[[start, end, kind], …]` in bytes of the text.
    pub screening: String,
    /// The report's text.
    pub text: String,
    /// As received.
    pub received: Vec<u8>,
    /// `yes`, `no`, `review`.
    pub reportable: &'static str,
    /// Why.
    pub because: String,
    /// Suspected site, histology, behavior.
    pub tumor: [String; 3],
    /// Last name, first name, birth date (`YYYYMMDD`), record number.
    pub person: [String; 4],
    /// Folded last and first name.
    pub folded: [String; 2],
    /// Items of patient and tumor that the source fills, JSON.
    pub items: String,
    /// Last day by which the abstract is due, `YYYY-MM-DD`.
    pub due: String,
}

/// What became of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Received {
    /// A new suspicion.
    New,
    /// Attached to a known one.
    Attached,
    /// Attached, and the suspicion is open again.
    Reopened,
    /// Received before.
    Unchanged,
    /// Kept as no suspicion.
    Screened,
}

/// A row of the list.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Suspense {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Version for the check on saving.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// The known patient.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub patient_id: Option<i64>,
    /// The abstract it became.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub abstract_id: Option<i64>,
    /// State.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Reason of the last decision.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Suspected site.
    #[diesel(sql_type = Text)]
    pub site: String,
    /// Suspected histology.
    #[diesel(sql_type = Text)]
    pub histology: String,
    /// Suspected behavior.
    #[diesel(sql_type = Text)]
    pub behavior: String,
    /// What screening said.
    #[diesel(sql_type = Text)]
    pub reportable: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub because: String,
    /// Last name.
    #[diesel(sql_type = Text)]
    pub last_name: String,
    /// First name.
    #[diesel(sql_type = Text)]
    pub first_name: String,
    /// Birth date, `YYYYMMDD`.
    #[diesel(sql_type = Text)]
    pub born: String,
    /// Record number.
    #[diesel(sql_type = Text)]
    pub record_number: String,
    /// Day of the first source.
    #[diesel(sql_type = Text)]
    pub first_seen: String,
    /// The abstract is due by then.
    #[diesel(sql_type = Text)]
    pub due: String,
    /// Who has it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub assignee: Option<i64>,
    /// Deferred until this day.
    #[diesel(sql_type = Nullable<Text>)]
    pub deferred_until: Option<String>,
    /// How many sources it has.
    #[diesel(sql_type = BigInt)]
    pub sources: i64,
    /// Items the sources fill, JSON.
    #[diesel(sql_type = Text)]
    pub items: String,
}

/// A source as stored.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Source {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// `pathology`, `index`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Who sent it.
    #[diesel(sql_type = Text)]
    pub sender: String,
    /// The sender's number.
    #[diesel(sql_type = Text)]
    pub number: String,
    /// Its day.
    #[diesel(sql_type = Text)]
    pub day: String,
    /// Its status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// 1 when a corrected report replaced it.
    #[diesel(sql_type = BigInt)]
    pub replaced: i64,
    /// What screening found.
    #[diesel(sql_type = Text)]
    pub screening: String,
    #[diesel(sql_type = Binary)]
    text: Vec<u8>,
}

impl Source {
    /// The report's text.
    ///
    /// # Errors
    /// A damaged row.
    pub fn text(&self) -> Result<String, StoreError> {
        unpacked(&self.text, self.id)
    }

    /// The words that counted: start and end in bytes of the text, and how they counted.
    pub fn words(&self) -> Vec<(usize, usize, String)> {
        serde_json::from_str(&self.screening).unwrap_or_default()
    }
}

/// A decision with who, when and why.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Event {
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// The state that followed.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Reason.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// In words.
    #[diesel(sql_type = Text)]
    pub note: String,
}

#[derive(diesel::QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    site: String,
    #[diesel(sql_type = Text)]
    born: String,
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::encode_all(bytes, 3).map_err(|e| StoreError::Refused(format!("The source could not be packed: {e}.")))
}

fn unpacked(bytes: &[u8], id: i64) -> Result<String, StoreError> {
    zstd::decode_all(bytes)
        .ok()
        .and_then(|b| String::from_utf8(b).ok())
        .ok_or_else(|| StoreError::Refused(format!("Source {id} of the suspense list is damaged.")))
}

/// Takes a source in.
///
/// # Errors
/// A facility outside the scope.
pub fn receive(tx: &mut Tx<'_>, by: &By, new: &NewSource) -> Result<(i64, Received), StoreError> {
    must_hold(by, new.facility)?;
    let digest = new.digest.as_slice();
    let known = tx.conn.number(
        "SELECT d.suspense_id AS n FROM suspense_source d JOIN suspense s ON s.id = d.suspense_id \
         WHERE d.digest = ? AND s.facility_id = ? AND d.sender = ? ORDER BY d.id LIMIT 1",
        binds![digest, new.facility, &new.sender],
    )?;
    if let Some(id) = known {
        return Ok((id, Received::Unchanged));
    }
    let at = stamp(tx.now);
    let positive = new.reportable != "no";
    let name_key = format!("{}|{}|{}", new.folded[0], new.folded[1], new.person[2]);
    let (id, what) = match same_suspicion(tx, new, &name_key)? {
        Some(known) => {
            let replaced = match new.status.as_str() {
                "corrected" => tx.conn.run(
                    "UPDATE suspense_source SET replaced = 1 WHERE suspense_id = ? AND sender = ? AND number = ?",
                    binds![known.id, &new.sender, &new.number],
                )?,
                _ => 0,
            };
            let set_aside = matches!(known.state.as_str(), "not-reportable" | "screened-out");
            let opens = positive && (known.state == "screened-out" || (set_aside && replaced > 0));
            if opens || (positive && known.site.is_empty()) {
                tx.conn.run(
                    "UPDATE suspense SET site = ?, histology = ?, behavior = ?, reportable = ?, because = ? WHERE id = ?",
                    binds![&new.tumor[0], &new.tumor[1], &new.tumor[2], new.reportable, &new.because, known.id],
                )?;
            }
            tx.conn
                .run("UPDATE suspense SET version = version + 1, changed_at = ? WHERE id = ?", binds![&at, known.id])?;
            if opens {
                tx.conn.run("UPDATE suspense SET state = 'new', reason = '' WHERE id = ?", binds![known.id])?;
                event(tx, by, known.id, "new", "reopened", "a report that came later says otherwise")?;
            }
            (known.id, if opens { Received::Reopened } else { Received::Attached })
        }
        None => {
            let state = if positive { "new" } else { "screened-out" };
            let patient = known_patient(tx.conn, new)?;
            let id = tx
                .conn
                .number(
                    "INSERT INTO suspense (version, facility_id, patient_id, state, reason, site, histology, behavior, reportable, because, \
                     last_name, first_name, born, record_number, name_key, first_seen, due, made_at, changed_at, items) \
                     VALUES (1, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
                    binds![
                        new.facility, patient, state, &new.tumor[0], &new.tumor[1], &new.tumor[2], new.reportable, &new.because,
                        &new.person[0], &new.person[1], &new.person[2], &new.person[3], &name_key, &new.day, &new.due, &at, &at,
                        &new.items
                    ],
                )?
                .unwrap_or_default();
            (id, if positive { Received::New } else { Received::Screened })
        }
    };
    let (text, received) = (packed(new.text.as_bytes())?, packed(&new.received)?);
    tx.conn.run(
        "INSERT INTO suspense_source (suspense_id, kind, sender, number, day, status, replaced, digest, screening, text, received, at) \
         VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
        binds![id, new.kind, &new.sender, &new.number, &new.day, &new.status, digest, &new.screening, &text, &received, &at],
    )?;
    let line = by.line("suspense", tx.now).facility(FacilityId(new.facility)).note(format!("source for {id}"));
    tx.audit(line);
    Ok((id, what))
}

/// The row of this person and this suspicion: same record number or same name, and same birth date; same site group, or
/// one of the two without a site; a report of one number is of one suspicion.
fn same_suspicion(tx: &mut Tx<'_>, new: &NewSource, name_key: &str) -> Result<Option<Known>, StoreError> {
    let born = &new.person[2];
    let rows: Vec<Known> = tx.conn.rows(
        "SELECT s.id, s.state, s.site, s.born FROM suspense s WHERE s.facility_id = ? AND \
         ((? <> '' AND s.name_key = ?) OR (? <> '' AND s.record_number = ?)) ORDER BY s.id",
        binds![new.facility, born, name_key, &new.person[3], &new.person[3]],
    )?;
    let group = |site: &str| site.get(..3).unwrap_or("").to_owned();
    let mut found = None;
    for row in rows {
        if !born.is_empty() && !row.born.is_empty() && *born != row.born {
            continue;
        }
        let same_report = !new.number.is_empty()
            && tx
                .conn
                .number(
                    "SELECT count(*) AS n FROM suspense_source WHERE suspense_id = ? AND sender = ? AND number = ?",
                    binds![row.id, &new.sender, &new.number],
                )?
                .unwrap_or(0)
                > 0;
        let site = &new.tumor[0];
        let screened = row.state == "screened-out";
        let same_site = (group(site) == group(&row.site) || site.is_empty() || row.site.is_empty())
            && screened == (new.reportable == "no");
        if same_report {
            return Ok(Some(row));
        }
        if same_site && found.is_none() {
            found = Some(row);
        }
    }
    Ok(found)
}

/// The patient of the facility with this name and birth date.
fn known_patient(conn: &mut Conn, new: &NewSource) -> Result<Option<i64>, StoreError> {
    let Some(born) = new.person[2].parse::<i64>().ok().filter(|_| new.person[2].len() == 8) else { return Ok(None) };
    Ok(conn.number(
        "SELECT p.id AS n FROM patient_live p JOIN patient_name m ON m.patient_id = p.id JOIN abstract_live a ON a.patient_id = p.id \
         WHERE m.last_folded = ? AND m.first_folded = ? AND p.birth_low <= ? AND p.birth_high >= ? AND a.facility_id = ? ORDER BY p.id LIMIT 1",
        binds![&new.folded[0], &new.folded[1], born, born, new.facility],
    )?)
}

fn event(tx: &mut Tx<'_>, by: &By, id: i64, state: &str, reason: &str, note: &str) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    tx.conn.run(
        "INSERT INTO suspense_event (suspense_id, at, login, state, reason, note) VALUES (?, ?, ?, ?, ?, ?)",
        binds![id, &at, &by.asker.login, state, reason, note],
    )?;
    Ok(())
}

/// The rows in any of these states (a JSON array), the oldest first.
pub fn list(conn: &mut Conn, by: &By, states: &str, limit: i64) -> Result<Vec<Suspense>, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT s.id, s.version, s.facility_id, s.patient_id, s.abstract_id, s.state, s.reason, s.site, s.histology, s.behavior, \
     s.reportable, s.because, s.last_name, s.first_name, s.born, s.record_number, s.first_seen, s.due, s.assignee, s.deferred_until, \
     (SELECT count(*) FROM suspense_source d WHERE d.suspense_id = s.id) AS sources, s.items FROM suspense s WHERE s.state IN (?) AND (? = 1 OR s.facility_id IN (?)) ORDER BY s.first_seen, s.id LIMIT ?";
    Ok(conn.rows(text, &[super::Value::Texts(states), scope.every_facility(), scope.facilities(), limit.into()])?)
}

/// One row.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope.
pub fn one(conn: &mut Conn, by: &By, id: i64) -> Result<Suspense, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT s.id, s.version, s.facility_id, s.patient_id, s.abstract_id, s.state, s.reason, s.site, s.histology, s.behavior, \
     s.reportable, s.because, s.last_name, s.first_name, s.born, s.record_number, s.first_seen, s.due, s.assignee, s.deferred_until, \
     (SELECT count(*) FROM suspense_source d WHERE d.suspense_id = s.id) AS sources, s.items FROM suspense s WHERE s.id = ? AND (? = 1 OR s.facility_id IN (?))";
    conn.row(text, &[id.into(), scope.every_facility(), scope.facilities()])?.ok_or(StoreError::NotFound)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows each state has.
pub fn counts(conn: &mut Conn, by: &By) -> Result<Vec<(String, i64)>, StoreError> {
    let scope = ScopeBinds::of(by);
    let rows: Vec<Count> = conn.rows(
        "SELECT s.state, count(*) AS count FROM suspense s WHERE (? = 1 OR s.facility_id IN (?)) GROUP BY s.state ORDER BY s.state",
        &[scope.every_facility(), scope.facilities()],
    )?;
    Ok(rows.into_iter().map(|r| (r.state, r.count)).collect())
}

/// The sources of a row, newest first. The caller has read the row, with its scope.
pub fn sources(conn: &mut Conn, row: &Suspense) -> Result<Vec<Source>, StoreError> {
    Ok(conn.rows(
        "SELECT id, kind, sender, number, day, status, replaced, screening, text FROM suspense_source WHERE suspense_id = ? ORDER BY day DESC, id DESC",
        binds![row.id],
    )?)
}

/// The decisions about a row, newest first. The caller has read the row, with its scope.
pub fn events(conn: &mut Conn, row: &Suspense) -> Result<Vec<Event>, StoreError> {
    Ok(conn.rows(
        "SELECT at, login, state, reason, note FROM suspense_event WHERE suspense_id = ? ORDER BY id DESC",
        binds![row.id],
    )?)
}

/// The source documents of an abstract: what raised the suspicion it came from, newest first.
///
/// # Errors
/// [`StoreError::NotFound`] for an abstract outside the scope.
pub fn documents_of_abstract(conn: &mut Conn, by: &By, abstract_: i64) -> Result<Vec<Source>, StoreError> {
    let found = records::abstract_(conn, by, abstract_)?;
    Ok(conn.rows(
        "SELECT d.id, d.kind, d.sender, d.number, d.day, d.status, d.replaced, d.screening, d.text FROM suspense_source d \
         JOIN suspense s ON s.id = d.suspense_id WHERE s.abstract_id = ? AND s.facility_id = ? ORDER BY d.day DESC, d.id DESC",
        binds![abstract_, found.facility],
    )?)
}

/// A decision about a row.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// The state that follows.
    pub state: String,
    /// Why, a word of the registry's list or a sentence.
    pub reason: String,
    /// Deferred until this day, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// The person who has it from now on; the one who decides, when nobody has it.
    pub assignee: Option<i64>,
}

/// Records a decision, if nobody decided since version `seen`.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope; [`StoreError::Refused`] for a stale version, an unknown state, a dismissal
/// without a reason, a deferral without a day.
pub fn decide(tx: &mut Tx<'_>, by: &By, id: i64, seen: i64, decided: &Decided) -> Result<(), StoreError> {
    let row = one(tx.conn, by, id)?;
    let reason = decided.reason.trim();
    let known = STATES.iter().any(|(state, _)| *state == decided.state) && decided.state != "accessioned";
    if !known {
        return Err(StoreError::Refused("This is no state of the suspense list.".into()));
    }
    if row.version != seen {
        return Err(StoreError::Refused(
            "Somebody decided about this row since you opened it. Look at it again.".into(),
        ));
    }
    if reason.is_empty() && matches!(decided.state.as_str(), "not-reportable" | "duplicate" | "history" | "information")
    {
        return Err(StoreError::Refused("Say why, so that the decision can be checked later.".into()));
    }
    if reason.chars().count() > 300 {
        return Err(StoreError::Refused("A reason has at most 300 characters.".into()));
    }
    let until = match (decided.state.as_str(), &decided.until) {
        ("deferred", Some(day)) if chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok() => Some(day.as_str()),
        ("deferred", _) => return Err(StoreError::Refused("Say until which day.".into())),
        _ => None,
    };
    let at = stamp(tx.now);
    let assignee = decided.assignee.or(row.assignee);
    tx.conn.run(
        "UPDATE suspense SET version = version + 1, state = ?, reason = ?, deferred_until = ?, assignee = ?, changed_at = ? WHERE id = ?",
        binds![&decided.state, reason, until, assignee, &at, id],
    )?;
    event(tx, by, id, &decided.state, reason, until.unwrap_or(""))?;
    let mut line =
        by.line("suspense", tx.now).facility(FacilityId(row.facility_id)).note(format!("{id} {}", decided.state));
    if let Some(patient) = row.patient_id {
        line = line.patient(patient);
    }
    tx.audit(line);
    Ok(())
}

/// Ties a row to the abstract it became; the abstract then shows the row's sources.
///
/// # Errors
/// [`StoreError::NotFound`] when one of them is outside the scope; [`StoreError::Refused`] when the row has an abstract.
pub fn became(tx: &mut Tx<'_>, by: &By, id: i64, abstract_: i64) -> Result<(), StoreError> {
    let row = one(tx.conn, by, id)?;
    let found = records::abstract_(tx.conn, by, abstract_)?;
    if row.abstract_id.is_some() || found.facility != row.facility_id {
        return Err(StoreError::Refused(
            "This suspicion has become another abstract, or is of another facility.".into(),
        ));
    }
    let at = stamp(tx.now);
    tx.conn.run(
        "UPDATE suspense SET version = version + 1, state = 'accessioned', reason = '', abstract_id = ?, patient_id = ?, changed_at = ? WHERE id = ?",
        binds![abstract_, found.patient, &at, id],
    )?;
    event(tx, by, id, "accessioned", "", "")?;
    let line =
        by.line("suspense", tx.now).abstract_(abstract_).patient(found.patient).note(format!("{id} accessioned"));
    tx.audit(line);
    Ok(())
}
