//! The registry's own standards: rows with their content, and which of them are switched on.

use std::sync::Arc;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::audit::By;
use super::{Conn, Store, StoreError, Tx, hex};
use crate::binds;
use crate::edits::{OwnHead, Years};
use crate::naaccr::{Dictionary, load_dictionary};
use crate::registry::clock::stamp;
use crate::registry::edit_rules::{EditRules, OwnFile, overlap};
use crate::registry::standards::{Examined, InUse, Loaded, StandardKind};
use crate::staging::Algorithm;

/// A standard without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Standard {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Kind: `staging dictionary …`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Edition.
    #[diesel(sql_type = Text)]
    pub edition: String,
    /// The file it came from and what it holds.
    #[diesel(sql_type = Text)]
    pub origin: String,
    /// SHA-256 of the content.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// Bytes of the content.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// Who loaded it.
    #[diesel(sql_type = Text)]
    pub loaded_by: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub loaded_at: String,
    /// 1 while it is switched on.
    #[diesel(sql_type = BigInt)]
    pub switched_on: i64,
    /// Who switched it last.
    #[diesel(sql_type = Nullable<Text>)]
    pub switched_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub switched_at: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct Content {
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
}

/// Every standard the registry loaded, by kind, name and the time it was loaded.
pub fn standards(conn: &mut Conn) -> Result<Vec<Standard>, StoreError> {
    Ok(conn.rows(
        "SELECT id, kind, name, edition, origin, sha256, bytes, loaded_by, loaded_at, switched_on, switched_by, switched_at \
         FROM standard ORDER BY kind, name, id",
        &[],
    )?)
}

/// One of them.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn standard(conn: &mut Conn, id: i64) -> Result<Standard, StoreError> {
    standards(conn)?.into_iter().find(|standard| standard.id == id).ok_or(StoreError::NotFound)
}

/// The content of a standard as it was loaded.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Damaged`] when it is no longer what was loaded.
pub fn content(conn: &mut Conn, id: i64) -> Result<Vec<u8>, StoreError> {
    let standard = standard(conn, id)?;
    let row = conn.row::<Content>("SELECT content FROM standard WHERE id = ?", binds![id])?;
    let content = row.ok_or(StoreError::NotFound)?.content;
    if hex(&Sha256::digest(&content)) != standard.sha256 {
        return Err(StoreError::Damaged {
            what: format!("standard {id} ({} {})", standard.name, standard.edition),
            why: "its content is not what was loaded".into(),
        });
    }
    Ok(content)
}

/// The user dictionaries in use, for readers to find by the URI a file names.
///
/// # Errors
/// The database does not answer, or one of them is damaged.
pub fn dictionaries(conn: &mut Conn) -> Result<Vec<Arc<Dictionary>>, StoreError> {
    let mut found = Vec::new();
    for standard in standards(conn)? {
        if standard.kind != StandardKind::Dictionary.word() || standard.switched_on == 0 {
            continue;
        }
        // What is in use was examined when it was loaded.
        if let Ok(loaded) = load_dictionary(&content(conn, standard.id)?) {
            found.push(Arc::new(loaded.dictionary));
        }
    }
    Ok(found)
}

/// Stores a standard that was examined; it is not switched on. Answers its row id.
///
/// # Errors
/// [`StoreError::Refused`] when this edition is already there.
pub fn add(tx: &mut Tx<'_>, by: &By, examined: &Examined, file_name: &str, content: &[u8]) -> Result<i64, StoreError> {
    let (kind, at) = (examined.kind.word(), stamp(tx.now));
    let known = standards(tx.conn)?;
    let same = |s: &&Standard| s.kind == kind && s.name == examined.name && s.edition == examined.edition;
    if let Some(same) = known.iter().find(same) {
        return Err(StoreError::Refused(format!(
            "{} {} is already here, loaded by {} on {}. Nothing was changed.",
            same.name,
            same.edition,
            same.loaded_by,
            same.loaded_at.get(..10).unwrap_or_default()
        )));
    }
    let sha256 = hex(&Sha256::digest(content));
    let origin = format!("{file_name}: {}", examined.holds);
    let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let id = tx
        .conn
        .number(
            "INSERT INTO standard (kind, name, edition, origin, sha256, bytes, content, loaded_by, loaded_at, switched_on) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id AS n",
            binds![
                kind,
                &examined.name,
                &examined.edition,
                &origin,
                &sha256,
                bytes,
                content,
                &by.asker.login,
                &at
            ],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by
        .line("standard", tx.now)
        .note(format!("added {kind} {} {}, sha256 {sha256}", examined.name, examined.edition));
    tx.audit(line);
    Ok(id)
}

/// Switches a standard on, in the place of another edition of its name, or off.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn switch(tx: &mut Tx<'_>, by: &By, id: i64, on: bool) -> Result<(), StoreError> {
    let standard = standard(tx.conn, id)?;
    let (at, login) = (stamp(tx.now), &by.asker.login);
    let off: Vec<i64> = match standard.kind == StandardKind::Edits.word() {
        true => edits_in_the_way(tx.conn, &standard)?,
        false => standards(tx.conn)?
            .into_iter()
            .filter(|other| other.kind == standard.kind && other.name == standard.name && other.switched_on == 1)
            .map(|other| other.id)
            .collect(),
    };
    for other in off.into_iter().chain([id]) {
        tx.conn.run(
            "UPDATE standard SET switched_on = 0, switched_by = ?, switched_at = ? WHERE id = ? AND switched_on = 1",
            binds![login, &at, other],
        )?;
    }
    if on {
        tx.conn.run(
            "UPDATE standard SET switched_on = 1, switched_by = ?, switched_at = ? WHERE id = ?",
            binds![login, &at, id],
        )?;
    }
    let how = if on { "on" } else { "off" };
    let line = by
        .line("standard", tx.now)
        .note(format!("switched {how} {} {} {}", standard.kind, standard.name, standard.edition));
    tx.audit(line);
    if standard.kind == StandardKind::Edits.word() {
        super::edit_results::ask_for_run(tx, by)?;
    }
    Ok(())
}

/// Editions of edits that are on, of the same name, for years that this one is for too.
fn edits_in_the_way(conn: &mut Conn, standard: &Standard) -> Result<Vec<i64>, StoreError> {
    let years = |conn: &mut Conn, id: i64| -> Result<Years, StoreError> { Ok(own_file(conn, id)?.years) };
    let mine = years(conn, standard.id)?;
    let mut found = Vec::new();
    for other in standards(conn)? {
        let same = other.kind == standard.kind && other.name == standard.name && other.id != standard.id;
        if same && other.switched_on == 1 && overlap(years(conn, other.id)?, mine) {
            found.push(other.id);
        }
    }
    Ok(found)
}

/// An edit file of the registry's own.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Damaged`] when it is no longer what was loaded.
pub fn own_file(conn: &mut Conn, id: i64) -> Result<OwnFile, StoreError> {
    let row = standard(conn, id)?;
    let damaged =
        |why: String| StoreError::Damaged { what: format!("standard {id} ({} {})", row.name, row.edition), why };
    let text = String::from_utf8(content(conn, id)?).map_err(|_| damaged("it is not text".into()))?;
    let head = OwnHead::read("edits.toml", &text).map_err(|fault| damaged(fault.message))?;
    Ok(OwnFile { id, name: row.name, edition: row.edition, years: head.years, text })
}

/// The editions in use as the table says, with those already open kept; none when nothing changed.
pub(super) fn read_in_use(conn: &mut Conn, now: &InUse) -> Result<Option<InUse>, StoreError> {
    let all = standards(conn)?;
    let of_kind = |kind: StandardKind| all.iter().filter(move |row| row.kind == kind.word());
    let rows: Vec<(i64, Algorithm, String, u16, bool)> = of_kind(StandardKind::Staging)
        .filter_map(|row| {
            let year = row.loaded_at.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
            Some((row.id, Algorithm::named(&row.name)?, row.edition.clone(), year, row.switched_on == 1))
        })
        .collect();
    let edits: Vec<(i64, bool)> = of_kind(StandardKind::Edits).map(|row| (row.id, row.switched_on == 1)).collect();
    let same_edits = now.edits().is_of(edits.iter().copied());
    if same_edits && now.is_of(rows.iter().map(|(id, .., on)| (*id, *on))) {
        return Ok(None);
    }
    let mut loaded = Vec::with_capacity(rows.len());
    for (id, algorithm, edition, year, on) in rows {
        let archive = match now.known(id) {
            Some(known) => known,
            None => match content(conn, id) {
                Ok(zip) => Arc::new(Loaded::new(id, algorithm, edition, year, zip)),
                // One damaged standard must not keep a registry from opening; the compiled-in edition serves.
                Err(error @ StoreError::Damaged { .. }) => {
                    log::error!("{error}");
                    continue;
                }
                Err(other) => return Err(other),
            },
        };
        loaded.push((archive, on));
    }
    if same_edits {
        return Ok(Some(InUse::of(loaded, now.edits().clone())));
    }
    let mut own = Vec::with_capacity(edits.len());
    for (id, on) in edits {
        let file = match now.edits().known(id) {
            Some(known) => known,
            None => match own_file(conn, id) {
                Ok(file) => Arc::new(file),
                Err(error @ StoreError::Damaged { .. }) => {
                    log::error!("{error}");
                    continue;
                }
                Err(other) => return Err(other),
            },
        };
        own.push((file, on));
    }
    Ok(Some(InUse::of(loaded, Arc::new(EditRules::of(own)))))
}

impl Store {
    /// Takes up what was added or switched, here or by another server.
    ///
    /// # Errors
    /// The database's.
    pub fn refresh_standards(&self) -> Result<(), StoreError> {
        let now = self.standards();
        if let Some(other) = read_in_use(&mut *self.reading()?, &now)? {
            self.inner.shelf.put(other);
        }
        Ok(())
    }

    /// The editions in use.
    pub fn standards(&self) -> Arc<InUse> {
        self.inner.shelf.in_use()
    }
}
