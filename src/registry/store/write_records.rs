//! How patients, tumors and abstracts are written: row, promoted columns and search keys together. Only
//! `registry::change`, imports and operations call these.

use super::writer::Tx;
use super::{Conn, Dialect, StoreError, Value};
use crate::asker::UserId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::derived::Derivation;
use crate::registry::promoted::{OfAbstract, OfPatient, OfTumor};
use crate::registry::record::{Record, text_hash};
use crate::registry::search_keys::{Identifier, NameKey};

/// What a new abstract carries beside its items.
pub(crate) struct NewAbstract<'a> {
    pub import: i64,
    pub tumor: i64,
    pub patient: i64,
    pub facility: i64,
    pub source: Option<i64>,
    pub status: &'a str,
    pub abstractor: Option<i64>,
    pub naaccr_version: i64,
    pub record_type: &'a str,
    pub due_days: i64,
    pub reported_patient: Option<&'a Record>,
    /// 1, or 2 when the rules wrote into what arrived.
    pub version: i64,
    pub derived: &'a Derivation,
}

impl Tx<'_> {
    /// Writes a new patient and answers its id and hash.
    pub(crate) fn insert_patient(&mut self, import: i64, items: &Record) -> Result<(i64, [u8; 32]), StoreError> {
        let text = items.to_text();
        let hash = text_hash(&text, None);
        let p = OfPatient::from(items);
        let at = stamp(self.now);
        let id = self.conn.number(
            "INSERT INTO patient (version, state, import_id, last_name, first_name, birth_low, birth_high, sex, vital_status, \
             contact_low, contact_high, residence_state, zip, country, hash, changed_at, items) \
             VALUES (1, 'live', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
            binds![
                import,
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
                &hash,
                &at,
                &text,
            ],
        )?;
        Ok((given(id)?, hash))
    }

    /// Writes a patient's new items and answers the hash.
    pub(crate) fn update_patient(&mut self, id: i64, version: i64, items: &Record) -> Result<[u8; 32], StoreError> {
        let text = items.to_text();
        let hash = text_hash(&text, None);
        let p = OfPatient::from(items);
        let at = stamp(self.now);
        let rows = self.conn.run(
            "UPDATE patient SET version = ?, last_name = ?, first_name = ?, birth_low = ?, birth_high = ?, sex = ?, \
             vital_status = ?, contact_low = ?, contact_high = ?, residence_state = ?, zip = ?, country = ?, hash = ?, changed_at = ?, \
             items = ? WHERE id = ? AND version = ?",
            binds![
                version + 1,
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
                &hash,
                &at,
                &text,
                id,
                version,
            ],
        )?;
        one(rows)?;
        Ok(hash)
    }

    /// Writes a new tumor that follows its only abstract, and answers its id.
    pub(crate) fn insert_tumor(&mut self, import: i64, patient: i64, items: &Record) -> Result<i64, StoreError> {
        let t = OfTumor::from(items);
        let at = stamp(self.now);
        let id = self.conn.number(
            "INSERT INTO tumor (version, state, import_id, patient_id, site, histology, behavior, laterality, dx_low, dx_high, \
             sequence_central, schema, dx_state, dx_county, hash, changed_at) \
             VALUES (1, 'live', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
            binds![
                import,
                patient,
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
                &text_hash("", None),
                &at,
            ],
        )?;
        given(id)
    }

    /// Writes a tumor's promoted columns from the items that stand for it, and its own items if it has some.
    pub(crate) fn update_tumor(
        &mut self,
        id: i64,
        version: i64,
        standing: &Record,
        own: Option<(&Record, &str)>,
    ) -> Result<[u8; 32], StoreError> {
        let t = OfTumor::from(standing);
        let text = own.map(|(items, _)| items.to_text());
        let origins = own.map(|(_, origins)| origins);
        let hash = text_hash(text.as_deref().unwrap_or_default(), None);
        let at = stamp(self.now);
        let rows = self.conn.run(
            "UPDATE tumor SET version = ?, site = ?, histology = ?, behavior = ?, laterality = ?, dx_low = ?, dx_high = ?, \
             sequence_central = ?, schema = ?, dx_state = ?, dx_county = ?, hash = ?, changed_at = ?, items = ?, origins = ? \
             WHERE id = ? AND version = ?",
            binds![
                version + 1,
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
                &hash,
                &at,
                &text,
                origins,
                id,
                version,
            ],
        )?;
        one(rows)?;
        Ok(hash)
    }

    /// Writes a new abstract and answers its id and hash.
    pub(crate) fn insert_abstract(
        &mut self,
        new: &NewAbstract<'_>,
        items: &Record,
    ) -> Result<(i64, [u8; 32]), StoreError> {
        let text = items.to_text();
        let reported = new.reported_patient.map(Record::to_text);
        let derived = new.derived.to_text();
        let hash = text_hash(&text, reported.as_deref());
        let a = OfAbstract::from(items, new.due_days);
        let at = stamp(self.now);
        let id = self.conn.number(
            "INSERT INTO abstract (version, state, import_id, tumor_id, patient_id, facility_id, source_id, accession, sequence, \
             class, first_contact, tracing, status, abstractor, due, completed, naaccr_version, record_type, hash, changed_at, items, \
             reported_patient, derived) VALUES (?, 'live', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
            binds![
                new.version,
                new.import,
                new.tumor,
                new.patient,
                new.facility,
                new.source,
                &a.accession,
                &a.sequence,
                &a.class,
                a.first_contact,
                &a.tracing,
                new.status,
                new.abstractor,
                a.due,
                a.completed,
                new.naaccr_version,
                new.record_type,
                &hash,
                &at,
                &text,
                &reported,
                &derived,
            ],
        )?;
        Ok((given(id)?, hash))
    }

    /// Gives an abstract that nobody holds to a person.
    pub(crate) fn hold_abstract(&mut self, id: i64, user: UserId) -> Result<(), StoreError> {
        self.conn.run("UPDATE abstract SET abstractor = ? WHERE id = ? AND abstractor IS NULL", binds![user.0, id])?;
        Ok(())
    }

    /// Writes an abstract's new items and answers the hash.
    pub(crate) fn update_abstract(
        &mut self,
        id: i64,
        version: i64,
        items: &Record,
        reported_patient: Option<&Record>,
        due_days: i64,
    ) -> Result<[u8; 32], StoreError> {
        let text = items.to_text();
        let reported = reported_patient.map(Record::to_text);
        let hash = text_hash(&text, reported.as_deref());
        let a = OfAbstract::from(items, due_days);
        let at = stamp(self.now);
        let rows = self.conn.run(
            "UPDATE abstract SET version = ?, accession = ?, sequence = ?, class = ?, first_contact = ?, tracing = ?, due = ?, completed = ?, \
             hash = ?, changed_at = ?, items = ?, reported_patient = ? WHERE id = ? AND version = ?",
            binds![
                version + 1,
                &a.accession,
                &a.sequence,
                &a.class,
                a.first_contact,
                &a.tracing,
                a.due,
                a.completed,
                &hash,
                &at,
                &text,
                &reported,
                id,
                version,
            ],
        )?;
        one(rows)?;
        Ok(hash)
    }

    /// Writes the account of an abstract's derived values.
    pub(crate) fn set_derivation(&mut self, id: i64, derivation: &Derivation) -> Result<(), StoreError> {
        let text = derivation.to_text();
        self.conn.run("UPDATE abstract SET derived = ? WHERE id = ?", binds![&text, id])?;
        Ok(())
    }

    /// Adds what search finds a patient by. Earlier names stay; what is already there is not doubled.
    pub(crate) fn add_search_keys(
        &mut self,
        patient: i64,
        names: &[NameKey],
        identifiers: &[Identifier],
        known: Known,
    ) -> Result<(), StoreError> {
        let mut missing = Vec::with_capacity(names.len());
        for name in names {
            if known == Known::Perhaps
                && self
                    .conn
                    .number(
                        "SELECT count(*) AS n FROM patient_name WHERE patient_id = ? AND kind = ? AND last_folded = ? AND first_folded = ?",
                        binds![patient, name.kind, &name.last, &name.first],
                    )?
                    .unwrap_or(0)
                    > 0
            {
                continue;
            }
            missing.push(name);
        }
        for some in missing.chunks(MOST_AT_ONCE) {
            let values: Vec<Value<'_>> = some
                .iter()
                .flat_map(|n| {
                    [
                        patient.into(),
                        n.kind.into(),
                        (&n.last).into(),
                        (&n.first).into(),
                        (&n.sound).into(),
                        (&n.sound_2).into(),
                    ]
                })
                .collect();
            self.conn.run(INSERT_NAMES[some.len() - 1], &values)?;
        }
        let mut missing = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            if known == Known::Perhaps
                && self
                    .conn
                    .number(
                        "SELECT count(*) AS n FROM patient_identifier WHERE patient_id = ? AND kind = ? AND facility_id = ? AND value = ?",
                        binds![patient, identifier.kind, identifier.facility, &identifier.value],
                    )?
                    .unwrap_or(0)
                    > 0
            {
                continue;
            }
            missing.push(identifier);
        }
        for some in missing.chunks(MOST_AT_ONCE) {
            let values: Vec<Value<'_>> = some
                .iter()
                .flat_map(|i| [patient.into(), i.kind.into(), i.facility.into(), (&i.value).into()])
                .collect();
            self.conn.run(INSERT_IDENTIFIERS[some.len() - 1], &values)?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    /// Puts the keys of a patient's Social Security number in the place of those of the number before.
    pub(crate) fn replace_ssn_keys(&mut self, patient: i64, keys: &[Identifier]) -> Result<(), StoreError> {
        self.conn
            .run("DELETE FROM patient_identifier WHERE patient_id = ? AND kind IN ('ssn', 'ssn4')", binds![patient])?;
        self.add_search_keys(patient, &[], keys, Known::No)
    }
}

/// Search keys written by one statement.
const MOST_AT_ONCE: usize = 3;

const INSERT_NAMES: [&str; MOST_AT_ONCE] = [
    "INSERT INTO patient_name (patient_id, kind, last_folded, first_folded, last_sound, last_sound_2) VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT INTO patient_name (patient_id, kind, last_folded, first_folded, last_sound, last_sound_2) \
     VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)",
    "INSERT INTO patient_name (patient_id, kind, last_folded, first_folded, last_sound, last_sound_2) \
     VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)",
];

const INSERT_IDENTIFIERS: [&str; MOST_AT_ONCE] = [
    "INSERT INTO patient_identifier (patient_id, kind, facility_id, value) VALUES (?, ?, ?, ?)",
    "INSERT INTO patient_identifier (patient_id, kind, facility_id, value) VALUES (?, ?, ?, ?), (?, ?, ?, ?)",
    "INSERT INTO patient_identifier (patient_id, kind, facility_id, value) VALUES (?, ?, ?, ?), (?, ?, ?, ?), (?, ?, ?, ?)",
];

/// Whether a patient may already have search keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// A new patient: no look is needed.
    No,
    /// A known one.
    Perhaps,
}

/// Holds a row until the transaction ends, where the database needs to be told.
pub(crate) fn hold_row(conn: &mut Conn, kind: super::Kind, id: i64) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let text = match kind {
        super::Kind::Patient => "SELECT id AS n FROM patient WHERE id = ? FOR UPDATE",
        super::Kind::Tumor => "SELECT id AS n FROM tumor WHERE id = ? FOR UPDATE",
        super::Kind::Abstract => "SELECT id AS n FROM abstract WHERE id = ? FOR UPDATE",
    };
    conn.number(text, binds![id])?;
    Ok(())
}

fn given(id: Option<i64>) -> Result<i64, StoreError> {
    id.ok_or_else(|| StoreError::Damaged { what: "a new record".into(), why: "the database gave it no id".into() })
}

fn one(rows: usize) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Refused(
            "The record changed while this change was being written. Open it again and repeat the change.".into(),
        )),
    }
}
