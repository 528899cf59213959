//! Removing a patient for good, by order: rows, history, what was received, files. What stays is the fact: ids and
//! order in the audit, and in `purged_history` what the chain was sealed over, without a value.
//!
//! A file that holds the patient goes whole: received files, exports and extracts made from the store, letters. What
//! was searched for, where the patient was found, goes too. Rows of a person that were merged into the patient are
//! the same person and go with it.

use std::collections::BTreeSet;

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::audit::By;
use super::files::remove_file;
use super::{Conn, Dialect, StoreError, Tx, hex};
use crate::binds;

/// Lines of the audit looked at in one step.
const STEP: i64 = 1_000;

/// What a removal takes, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The patient, and those merged into it.
    pub patients: Vec<i64>,
    /// Tumors.
    pub tumors: Vec<i64>,
    /// Abstracts.
    pub abstracts: Vec<i64>,
    /// Records as received.
    pub sources: Vec<i64>,
    /// Files that hold the patient.
    pub files: Vec<i64>,
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(diesel::QueryableByName)]
struct Merged {
    #[diesel(sql_type = Nullable<BigInt>)]
    merged_into: Option<i64>,
}

#[derive(diesel::QueryableByName)]
struct Noted {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    patient_id: Option<i64>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    note: String,
}

#[derive(diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    detail: String,
}

fn ids(list: &[i64]) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".into())
}

/// What a removal would take.
///
/// # Errors
/// No such patient, or one that was merged into another.
pub fn would_take(conn: &mut Conn, patient: i64) -> Result<Taken, StoreError> {
    let row = conn.row::<Merged>("SELECT merged_into FROM patient WHERE id = ?", binds![patient])?;
    let Some(row) = row else {
        return Err(StoreError::Refused(["There is no patient ", &patient.to_string(), "."].concat()));
    };
    if let Some(other) = row.merged_into {
        let sentence = ["This patient was merged into patient ", &other.to_string(), "; name that one."].concat();
        return Err(StoreError::Refused(sentence));
    }
    let mut taken = Taken { patients: vec![patient], ..Taken::default() };
    let mut at = 0;
    while let Some(id) = taken.patients.get(at).copied() {
        taken.patients.extend(list(conn, "SELECT id FROM patient WHERE merged_into = ? ORDER BY id", id)?);
        at += 1;
    }
    let patients = ids(&taken.patients);
    let among = |conn: &mut Conn, text: &str, list: &str| -> Result<Vec<i64>, StoreError> {
        Ok(conn.rows::<Id>(text, &[super::Value::Ids(list)])?.into_iter().map(|row| row.id).collect())
    };
    taken.tumors = among(conn, "SELECT id FROM tumor WHERE patient_id IN (?) ORDER BY id", &patients)?;
    taken.abstracts = among(conn, "SELECT id FROM abstract WHERE patient_id IN (?) ORDER BY id", &patients)?;
    let abstracts = ids(&taken.abstracts);
    let mut sources = BTreeSet::new();
    sources.extend(among(conn, "SELECT id FROM source_record WHERE patient_id IN (?)", &patients)?);
    sources.extend(among(conn, "SELECT source_id AS id FROM source_tumor WHERE abstract_id IN (?)", &abstracts)?);
    sources.extend(among(conn, "SELECT source_id AS id FROM review WHERE abstract_id IN (?)", &abstracts)?);
    sources.extend(among(
        conn,
        "SELECT source_id AS id FROM abstract WHERE id IN (?) AND source_id IS NOT NULL",
        &abstracts,
    )?);
    taken.sources = sources.into_iter().collect();
    let mut files = BTreeSet::new();
    files.extend(among(
        conn,
        "SELECT DISTINCT i.file_id AS id FROM import i JOIN source_record s ON s.import_id = i.id WHERE s.id IN (?) AND i.file_id IS NOT NULL",
        &ids(&taken.sources),
    )?);
    files.extend(among(
        conn,
        "SELECT DISTINCT r.file_id AS id FROM receipt r JOIN source_record s ON s.import_id = r.import_id WHERE s.id IN (?) AND r.file_id IS NOT NULL",
        &ids(&taken.sources),
    )?);
    files.extend(among(
        conn,
        "SELECT DISTINCT f.id FROM file f JOIN disclosure d ON d.job_id = f.job_id JOIN disclosure_patient p ON p.disclosure_id = d.id \
         WHERE p.patient_id IN (?)",
        &patients,
    )?);
    files.extend(among(
        conn,
        "SELECT DISTINCT file_id AS id FROM attempt WHERE patient_id IN (?) AND file_id IS NOT NULL",
        &patients,
    )?);
    taken.files = files.into_iter().collect();
    Ok(taken)
}

fn list(conn: &mut Conn, text: &str, id: i64) -> Result<Vec<i64>, StoreError> {
    Ok(conn.rows::<Id>(text, binds![id])?.into_iter().map(|row| row.id).collect())
}

/// The word that is asked for before a removal: it changes with what is taken and with the order.
pub fn word_for(taken: &Taken, order: &str) -> String {
    let text = serde_json::to_string(taken).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update(text.as_bytes());
    hasher.update(order.as_bytes());
    hex(&hasher.finalize()).chars().take(8).collect()
}

/// Removes the patient. `word` is that of [`word_for`]: what is taken must be what was shown.
///
/// # Errors
/// Something has changed since it was shown; then nothing is removed.
pub fn purge(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    order: &str,
    word: &str,
    administrators: [&str; 2],
) -> Result<Taken, StoreError> {
    if tx.conn.dialect() == Dialect::Sqlite {
        // What is removed is overwritten in the file.
        tx.conn.batch("PRAGMA secure_delete = ON")?;
    }
    let taken = would_take(tx.conn, patient)?;
    if word_for(&taken, order) != word {
        return Err(StoreError::Refused(
            "What would be removed is no longer what was shown. Look again, without --confirm.".into(),
        ));
    }
    // History is let go only while the patient stands in `purging`, which a server's role may not write.
    tx.conn.run("INSERT INTO purging (patient_id) VALUES (?)", binds![patient]).map_err(|error| match error {
        diesel::result::Error::DatabaseError(_, told) if told.message().contains("permission denied") => {
            StoreError::Refused(
                "This role of PostgreSQL may not remove history. Run it as the role that owns the tables.".into(),
            )
        }
        other => other.into(),
    })?;
    forget_searches(tx, &taken)?;
    forget_operations(tx, &taken)?;
    for file in &taken.files {
        tx.conn.run("UPDATE import SET file_id = NULL WHERE file_id = ?", binds![*file])?;
        tx.conn.run("UPDATE receipt SET file_id = NULL WHERE file_id = ?", binds![*file])?;
        tx.conn.run("UPDATE attempt SET file_id = NULL WHERE file_id = ?", binds![*file])?;
        remove_file(tx, *file)?;
    }
    for source in &taken.sources {
        for text in [
            "DELETE FROM import_problem WHERE EXISTS (SELECT 1 FROM source_record s WHERE s.id = ? AND s.import_id = import_problem.import_id \
             AND s.ordinal = import_problem.patient)",
            "DELETE FROM review WHERE source_id = ?",
            "DELETE FROM source_tumor WHERE source_id = ?",
            "UPDATE abstract SET source_id = NULL WHERE source_id = ?",
            "DELETE FROM source_record WHERE id = ?",
        ] {
            tx.conn.run(text, binds![*source])?;
        }
    }
    for (kind, list) in [("abstract", &taken.abstracts), ("tumor", &taken.tumors), ("patient", &taken.patients)] {
        for id in list {
            tx.conn.run(
                "INSERT INTO purged_history (id, change_no, kind, record_id, version, record_hash) \
                 SELECT id, change_no, kind, record_id, version, record_hash FROM history WHERE kind = ? AND record_id = ?",
                binds![kind, *id],
            )?;
            tx.conn.run("DELETE FROM history WHERE kind = ? AND record_id = ?", binds![kind, *id])?;
        }
    }
    for patient in &taken.patients {
        for text in [
            "DELETE FROM receipt_line WHERE accession <> '' AND EXISTS (SELECT 1 FROM abstract a JOIN facility f ON f.id = a.facility_id \
             WHERE a.patient_id = ? AND a.accession = receipt_line.accession AND f.number = receipt_line.facility)",
            "DELETE FROM submission_line WHERE patient_id = ?",
            "DELETE FROM submission_ledger WHERE patient_id = ?",
            "DELETE FROM suspense_event WHERE suspense_id IN (SELECT id FROM suspense WHERE patient_id = ?)",
            "DELETE FROM suspense_source WHERE suspense_id IN (SELECT id FROM suspense WHERE patient_id = ?)",
            "DELETE FROM suspense WHERE patient_id = ?",
            "DELETE FROM contact WHERE patient_id = ?",
            "DELETE FROM attempt WHERE patient_id = ?",
            "DELETE FROM waiting WHERE abstract_id IN (SELECT id FROM abstract WHERE patient_id = ?)",
            "DELETE FROM open_time WHERE abstract_id IN (SELECT id FROM abstract WHERE patient_id = ?)",
            "DELETE FROM follow_mark WHERE patient_id = ?",
            "DELETE FROM passive_row WHERE patient_id = ?",
            "DELETE FROM disclosure_patient WHERE patient_id = ?",
            "DELETE FROM patient_name WHERE patient_id = ?",
            "DELETE FROM patient_identifier WHERE patient_id = ?",
            "DELETE FROM edit_override WHERE patient_id = ?",
            "DELETE FROM edit_result WHERE patient_id = ?",
            "DELETE FROM abstract WHERE patient_id = ?",
            "DELETE FROM tumor WHERE patient_id = ?",
        ] {
            tx.conn.run(text, binds![*patient])?;
        }
    }
    for patient in taken.patients.iter().rev() {
        tx.conn.run("DELETE FROM patient WHERE id = ?", binds![*patient])?;
    }
    tx.conn.run("DELETE FROM purging WHERE patient_id = ?", binds![patient])?;
    let numbers = |list: &[i64]| list.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let note = [
        "removed by order: ",
        order.trim(),
        "; administrators ",
        administrators[0],
        ", ",
        administrators[1],
        "; patients ",
        &numbers(&taken.patients),
        "; tumors ",
        &numbers(&taken.tumors),
        "; abstracts ",
        &numbers(&taken.abstracts),
        "; sources ",
        &numbers(&taken.sources),
        "; files ",
        &numbers(&taken.files),
    ]
    .concat();
    let line = by.line("purge", tx.now).patient(patient).note(note);
    tx.audit(line);
    Ok(taken)
}

/// What was typed in searches that found the patient, and what stands beside other lines about it.
fn forget_searches(tx: &mut Tx<'_>, taken: &Taken) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let lines = tx.conn.rows::<Noted>(
            "SELECT a.seq, a.patient_id, a.action, a.note FROM audit a JOIN audit_detail d ON d.seq = a.seq WHERE a.seq > ? ORDER BY a.seq LIMIT ?",
            binds![after, STEP],
        )?;
        let Some(last) = lines.last().map(|line| line.seq) else { return Ok(()) };
        after = last;
        for line in lines {
            let of_patient = line.patient_id.is_some_and(|id| taken.patients.contains(&id));
            let found = line.action == "search"
                && line
                    .note
                    .split(|c: char| !c.is_ascii_digit())
                    .filter_map(|word| word.parse().ok())
                    .any(|id: i64| taken.patients.contains(&id));
            if of_patient || found {
                tx.conn.run("DELETE FROM audit_detail WHERE seq = ?", binds![line.seq])?;
            }
        }
    }
}

/// Operations on the removed records cannot be undone, and their reasons are somebody's words about the patient.
fn forget_operations(tx: &mut Tx<'_>, taken: &Taken) -> Result<(), StoreError> {
    let all = tx.conn.rows::<Kept>("SELECT id, detail FROM operation ORDER BY id", &[])?;
    for operation in all {
        let detail: serde_json::Value = serde_json::from_str(&operation.detail).unwrap_or_default();
        if touches(&detail, "", taken) {
            tx.conn.run("DELETE FROM operation WHERE id = ?", binds![operation.id])?;
        }
    }
    Ok(())
}

fn touches(value: &serde_json::Value, name: &str, taken: &Taken) -> bool {
    match value {
        serde_json::Value::Object(parts) => parts.iter().any(|(name, value)| touches(value, name, taken)),
        serde_json::Value::Array(list) => list.iter().any(|value| touches(value, name, taken)),
        serde_json::Value::Number(number) => number.as_i64().is_some_and(|id| match name {
            "tumor" | "tumors" => taken.tumors.contains(&id),
            "abstract_" => taken.abstracts.contains(&id),
            _ => taken.patients.contains(&id),
        }),
        _ => false,
    }
}
