//! Files in the database: received files, letters, job results. A file is rows of compressed pieces, visible only when
//! complete, so that one backup holds everything and any server can serve any download.

use std::io::Read;

use chrono::Duration;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::audit::By;
use super::settings::setting_number;
use super::{Store, StoreError, Tx, hex};
use crate::binds;
use crate::registry::clock::stamp;

/// Bytes of a piece before compression.
const PIECE: usize = 1 << 20;

/// A stored file.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct StoredFile {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// `received export extract letter`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Name for the download; holds nothing of a patient.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Length in bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// SHA-256 in hexadecimal digits.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// Who made it.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// The job that made it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub job_id: Option<i64>,
    /// The facility it belongs to; none for the whole registry.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// When.
    #[diesel(sql_type = Text)]
    pub created_at: String,
}

/// What a new file is.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// `received export extract letter`.
    pub kind: &'static str,
    /// Name for the download.
    pub name: String,
    /// The job that makes it.
    pub job: Option<i64>,
    /// The facility it belongs to.
    pub facility: Option<i64>,
}

/// A file being written, piece by piece; until [`FileWriter::finish`] nobody sees it.
pub struct FileWriter {
    store: Store,
    id: i64,
    piece: Vec<u8>,
    ordinal: i64,
    bytes: i64,
    hasher: Sha256,
}

impl FileWriter {
    /// Begins a file.
    pub fn begin(store: &Store, by: &By, new: &NewFile) -> Result<FileWriter, StoreError> {
        let (login, new) = (by.asker.login.clone(), new.clone());
        let id = store.write(move |tx| {
            let keep = tx.now + Duration::days(setting_number(tx.conn, "files.keep_days")?);
            tx.conn
                .number(
                    "INSERT INTO file (kind, name, complete, bytes, sha256, login, job_id, facility_id, created_at, keep_until) \
                     VALUES (?, ?, 0, 0, '', ?, ?, ?, ?, ?) RETURNING id AS n",
                    binds![new.kind, &new.name, &login, new.job, new.facility, &stamp(tx.now), &stamp(keep)],
                )?
                .ok_or(StoreError::NotFound)
        })?;
        Ok(FileWriter {
            store: store.clone(),
            id,
            piece: Vec::with_capacity(PIECE),
            ordinal: 0,
            bytes: 0,
            hasher: Sha256::new(),
        })
    }

    /// Adds bytes.
    pub fn add(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            let take = bytes.len().min(PIECE - self.piece.len());
            self.piece.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if self.piece.len() == PIECE {
                self.put_piece()?;
            }
        }
        Ok(())
    }

    fn put_piece(&mut self) -> Result<(), StoreError> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.hasher.update(&self.piece);
        self.bytes += i64::try_from(self.piece.len()).unwrap_or(i64::MAX);
        let packed = zstd::bulk::compress(&self.piece, 1)
            .map_err(|e| StoreError::Io("a piece of a file could not be compressed".into(), e))?;
        self.piece.clear();
        let (id, ordinal) = (self.id, self.ordinal);
        self.ordinal += 1;
        self.store.write(move |tx| {
            tx.conn.run(
                "INSERT INTO file_chunk (file_id, ordinal, content) VALUES (?, ?, ?)",
                binds![id, ordinal, &packed],
            )?;
            Ok::<(), StoreError>(())
        })
    }

    /// Writes the last piece and makes the file visible. Answers id, bytes and SHA-256.
    pub fn finish(mut self) -> Result<(i64, i64, String), StoreError> {
        self.put_piece()?;
        let (id, bytes, sha256) = (self.id, self.bytes, hex(&self.hasher.finalize()));
        let sum = sha256.clone();
        self.store.write(move |tx| {
            tx.conn.run("UPDATE file SET complete = 1, bytes = ?, sha256 = ? WHERE id = ?", binds![bytes, &sum, id])?;
            Ok::<(), StoreError>(())
        })?;
        Ok((id, bytes, sha256))
    }

    /// Gives the file up; its pieces go.
    pub fn abandon(self) -> Result<(), StoreError> {
        let id = self.id;
        self.store.write(move |tx| remove_file(tx, id))
    }
}

impl std::io::Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(bytes).map_err(|e| std::io::Error::other(e.chain()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes a file and its pieces out.
pub(crate) fn remove_file(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM file_chunk WHERE file_id = ?", binds![id])?;
    tx.conn.run("DELETE FROM file WHERE id = ?", binds![id])?;
    Ok(())
}

/// Lets a file be kept for only so many hours from now.
pub fn keep_hours(tx: &mut Tx<'_>, id: i64, hours: i64) -> Result<(), StoreError> {
    let until = stamp(tx.now + Duration::hours(hours));
    tx.conn.run("UPDATE file SET keep_until = ? WHERE id = ?", binds![&until, id])?;
    Ok(())
}

/// Takes out all files past their retention date and those whose writing ended early more than a day ago, a few at a
/// time, with a line of the audit for each few.
pub fn remove_old_files(store: &Store) -> Result<usize, StoreError> {
    let by = By::system("retention");
    let mut removed = 0;
    loop {
        let by = by.clone();
        let few = store.write(move |tx| {
            let (now, yesterday) = (stamp(tx.now), stamp(tx.now - Duration::days(1)));
            let old = tx.conn.rows::<Id>(
                "SELECT id FROM file WHERE (complete = 1 AND keep_until < ?) OR (complete = 0 AND created_at < ?) ORDER BY id LIMIT 20",
                binds![&now, &yesterday],
            )?;
            for file in &old {
                remove_file(tx, file.id)?;
            }
            if !old.is_empty() {
                let ids = old.iter().map(|file| file.id.to_string()).collect::<Vec<_>>().join(", ");
                tx.audit(by.line("remove-files", tx.now).note(format!("past their date: {ids}")));
            }
            Ok::<_, StoreError>(old.len())
        })?;
        removed += few;
        if few == 0 {
            return Ok(removed);
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(diesel::QueryableByName)]
struct Piece {
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
}

/// A complete file, if the asker's facilities hold it.
pub fn file(store: &Store, by: &By, id: i64) -> Result<StoredFile, StoreError> {
    let scope = super::scope::ScopeBinds::of(by);
    store
        .reading()?
        .row::<StoredFile>(
            "SELECT id, kind, name, bytes, sha256, login, job_id, facility_id, created_at FROM file \
             WHERE id = ? AND complete = 1 AND (? = 1 OR facility_id IN (?))",
            &[id.into(), scope.every_facility(), scope.facilities()],
        )?
        .ok_or(StoreError::NotFound)
}

/// A complete file; the caller made it or has looked whether the asker may see it.
pub fn file_by_id(store: &Store, id: i64) -> Result<StoredFile, StoreError> {
    store
        .reading()?
        .row::<StoredFile>(
            "SELECT id, kind, name, bytes, sha256, login, job_id, facility_id, created_at FROM file WHERE id = ? AND complete = 1",
            binds![id],
        )?
        .ok_or(StoreError::NotFound)
}

/// A complete file that a job made; the caller has looked whether the asker may see the job.
pub fn file_of_job(store: &Store, job: i64, id: i64) -> Result<StoredFile, StoreError> {
    store
        .reading()?
        .row::<StoredFile>(
            "SELECT id, kind, name, bytes, sha256, login, job_id, facility_id, created_at FROM file \
             WHERE id = ? AND complete = 1 AND job_id = ?",
            binds![id, job],
        )?
        .ok_or(StoreError::NotFound)
}

/// Reads a stored file from the beginning; the caller has looked whether the asker may.
pub struct FileReader {
    store: Store,
    id: i64,
    ordinal: i64,
    piece: std::io::Cursor<Vec<u8>>,
}

impl FileReader {
    /// Opens a file.
    pub fn open(store: &Store, id: i64) -> FileReader {
        FileReader { store: store.clone(), id, ordinal: 0, piece: std::io::Cursor::new(vec![]) }
    }

    /// The next piece; none at the end.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.store.reading()?.row::<Piece>(
            "SELECT content FROM file_chunk WHERE file_id = ? AND ordinal = ?",
            binds![self.id, self.ordinal],
        )?;
        let Some(row) = row else { return Ok(None) };
        self.ordinal += 1;
        let piece = zstd::bulk::decompress(&row.content, PIECE)
            .map_err(|e| StoreError::Damaged { what: format!("file {}", self.id), why: e.to_string() })?;
        Ok(Some(piece))
    }
}

impl Read for FileReader {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.piece.read(bytes)?;
            if read > 0 || bytes.is_empty() {
                return Ok(read);
            }
            match self.next_piece().map_err(|e| std::io::Error::other(e.chain()))? {
                Some(piece) => self.piece = std::io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
    }
}
