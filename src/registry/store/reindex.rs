//! Writing anew what follows from the items: promoted columns and search tables. Items, versions and history are not
//! touched. Numbers a sender gave a patient come from the files and stay.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::history::{Kind, of_record};
use super::settings::setting_number;
use super::write_records::Known;
use super::{Conn, Store, StoreError, Tx, secret_of};
use crate::binds;
use crate::registry::promoted::{OfAbstract, OfPatient, OfTumor};
use crate::registry::record::Record;
use crate::registry::search_keys::{identifiers_of_abstract, names_of, ssn_identifiers};

/// Records of one step.
const STEP: i64 = 100;

/// What was written anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reindexed {
    /// Patients.
    pub patients: u64,
    /// Tumors.
    pub tumors: u64,
    /// Abstracts.
    pub abstracts: u64,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    items: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct AbstractRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

/// Writes all of it anew, a hundred records to a piece of the writer's work.
///
/// # Errors
/// A record whose text is damaged is named and ends it; what was written until then is right.
pub fn reindex(store: &Store, by: &By, mut progress: impl FnMut(&str, i64)) -> Result<Reindexed, StoreError> {
    let mut made = Reindexed::default();
    for (what, step) in [
        ("abstracts", abstracts as fn(&mut Tx<'_>, i64) -> Result<(u64, i64), StoreError>),
        ("tumors", tumors),
        ("patients", patients),
    ] {
        let mut after = 0;
        loop {
            let (count, last) = store.write(move |tx| step(tx, after))?;
            if count == 0 {
                break;
            }
            after = last;
            match what {
                "abstracts" => made.abstracts += count,
                "tumors" => made.tumors += count,
                _ => made.patients += count,
            }
            progress(what, last);
        }
    }
    let counts = [made.patients, made.tumors, made.abstracts].map(|n| n.to_string());
    let note = [&counts[0], " patients, ", &counts[1], " tumors, ", &counts[2], " abstracts"].concat();
    store.audit(by.line("reindex", store.clock().now()).note(note))?;
    Ok(made)
}

fn abstracts(tx: &mut Tx<'_>, after: i64) -> Result<(u64, i64), StoreError> {
    let due_days = setting_number(tx.conn, "abstract.due_days")?;
    let rows =
        tx.conn.rows::<Row>("SELECT id, items FROM abstract WHERE id > ? ORDER BY id LIMIT ?", binds![after, STEP])?;
    for row in &rows {
        let items = Record::parse(row.items.as_deref().unwrap_or_default(), &format!("abstract {}", row.id))?;
        let a = OfAbstract::from(&items, due_days);
        tx.conn.run(
            "UPDATE abstract SET accession = ?, sequence = ?, class = ?, first_contact = ?, tracing = ?, due = ?, completed = ? WHERE id = ?",
            binds![&a.accession, &a.sequence, &a.class, a.first_contact, &a.tracing, a.due, a.completed, row.id],
        )?;
    }
    Ok((rows.len() as u64, rows.last().map_or(after, |row| row.id)))
}

fn tumors(tx: &mut Tx<'_>, after: i64) -> Result<(u64, i64), StoreError> {
    let rows = tx.conn.rows::<Row>(
        "SELECT t.id, coalesce(t.items, (SELECT a.items FROM abstract a WHERE a.tumor_id = t.id AND a.state = 'live' ORDER BY a.id LIMIT 1)) AS items \
         FROM tumor t WHERE t.id > ? ORDER BY t.id LIMIT ?",
        binds![after, STEP],
    )?;
    for row in &rows {
        // A tumor whose abstracts are all deleted keeps what it had.
        let Some(text) = &row.items else { continue };
        let t = OfTumor::from(&Record::parse(text, &format!("tumor {}", row.id))?);
        tx.conn.run(
            "UPDATE tumor SET site = ?, histology = ?, behavior = ?, laterality = ?, dx_low = ?, dx_high = ?, sequence_central = ?, \
             schema = ?, dx_state = ?, dx_county = ? WHERE id = ?",
            binds![
                &t.site,
                &t.histology,
                &t.behavior,
                &t.laterality,
                t.dx.0,
                t.dx.1,
                &t.sequence_central,
                &t.schema,
                &t.dx_state,
                &t.dx_county,
                row.id,
            ],
        )?;
    }
    Ok((rows.len() as u64, rows.last().map_or(after, |row| row.id)))
}

fn patients(tx: &mut Tx<'_>, after: i64) -> Result<(u64, i64), StoreError> {
    let secret = secret_of(tx.conn)?;
    let rows =
        tx.conn.rows::<Row>("SELECT id, items FROM patient WHERE id > ? ORDER BY id LIMIT ?", binds![after, STEP])?;
    for row in &rows {
        let items = Record::parse(row.items.as_deref().unwrap_or_default(), &format!("patient {}", row.id))?;
        let p = OfPatient::from(&items);
        tx.conn.run(
            "UPDATE patient SET last_name = ?, first_name = ?, birth_low = ?, birth_high = ?, sex = ?, vital_status = ?, \
             contact_low = ?, contact_high = ?, residence_state = ?, zip = ?, country = ? WHERE id = ?",
            binds![
                &p.last_name,
                &p.first_name,
                p.birth.0,
                p.birth.1,
                &p.sex,
                &p.vital_status,
                p.contact.0,
                p.contact.1,
                &p.state,
                &p.zip,
                &p.country,
                row.id,
            ],
        )?;
        tx.conn.run("DELETE FROM patient_name WHERE patient_id = ?", binds![row.id])?;
        tx.conn.run("DELETE FROM patient_identifier WHERE patient_id = ? AND kind <> 'sent'", binds![row.id])?;
        for version in accounts(tx.conn, Kind::Patient, row.id, &items)? {
            tx.add_search_keys(row.id, &names_of(&version), &[], Known::Perhaps)?;
        }
        tx.add_search_keys(row.id, &[], &ssn_identifiers(&items, &secret), Known::Perhaps)?;
        let own = tx.conn.rows::<AbstractRow>(
            "SELECT id, facility_id, items FROM abstract WHERE patient_id = ? ORDER BY id",
            binds![row.id],
        )?;
        for abstract_ in own {
            let items = Record::parse(&abstract_.items, &format!("abstract {}", abstract_.id))?;
            for version in accounts(tx.conn, Kind::Abstract, abstract_.id, &items)? {
                let identifiers = identifiers_of_abstract(&version, abstract_.facility_id);
                tx.add_search_keys(row.id, &[], &identifiers, Known::Perhaps)?;
            }
        }
    }
    Ok((rows.len() as u64, rows.last().map_or(after, |row| row.id)))
}

/// A record as it stood after each of its changes, oldest first: earlier names and numbers are still searched for.
fn accounts(conn: &mut Conn, kind: Kind, id: i64, now: &Record) -> Result<Vec<Record>, StoreError> {
    let (mut record, mut all) = (now.clone(), vec![now.clone()]);
    for remembered in of_record(conn, kind, id)? {
        let changes = remembered.changes()?;
        // What a record is made from, its source, is no change of its items.
        if remembered.version <= 1 || changes.iter().all(|change| change.item.starts_with('@')) {
            continue;
        }
        for change in changes.iter().filter(|change| !change.item.starts_with('@')) {
            record.set(&change.item, &change.old);
        }
        all.push(record.clone());
    }
    all.reverse();
    Ok(all)
}
