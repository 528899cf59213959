//! Long work as rows: what waits, what runs, who runs it, how far it is.
//!
//! ```text
//!   waiting ──take──► running ──finish──► done
//!                        │  ▲ └──fail───► failed
//!              lease ends│  │take again (another thread or server)
//!                        └──┘
//! ```
//!
//! A step of a job and its progress are written in one piece of the writer's transaction; a job whose lease another
//! server took writes nothing more.

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::{Conn, Dialect, Store, StoreError, Tx};
use crate::asker::UserId;
use crate::binds;
use crate::registry::clock::stamp;

/// Seconds a server holds a job without a sign of life.
const LEASE_SECONDS: i64 = 20;
/// Times a job is taken up again after its server ended.
const MOST_ATTEMPTS: i64 = 50;

/// What servers of one PostgreSQL database hold while they take a job, until their transaction ends.
const TAKING_LOCK: &str = "SELECT pg_advisory_xact_lock(5474502)";

/// A job as it stands.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Job {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// What it does: `import export extract …`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `waiting running done failed`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// What it was asked, as JSON.
    #[diesel(sql_type = Text)]
    pub params: String,
    /// The step it is in.
    #[diesel(sql_type = Text)]
    pub step: String,
    /// How much of the step is done.
    #[diesel(sql_type = BigInt)]
    pub done: i64,
    /// Out of how much; 0 when not known.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    /// What came of it, as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    pub result: Option<String>,
    /// Why it failed, for the person who must act.
    #[diesel(sql_type = Nullable<Text>)]
    pub message: Option<String>,
    /// Who asked for it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub user_id: Option<i64>,
    /// Login of who asked.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// The facility it is for.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// Times it was taken up.
    #[diesel(sql_type = BigInt)]
    pub attempts: i64,
    /// When it was asked for.
    #[diesel(sql_type = Text)]
    pub created_at: String,
    /// When it ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub finished_at: Option<String>,
}

/// Puts a job into the queue and answers its id.
pub fn enqueue(tx: &mut Tx<'_>, by: &By, kind: &str, params: &str, facility: Option<i64>) -> Result<i64, StoreError> {
    let id = tx
        .conn
        .number(
            "INSERT INTO job (kind, state, params, step, done, total, user_id, login, facility_id, attempts, lease_until, created_at) \
             VALUES (?, 'waiting', ?, '', 0, 0, ?, ?, ?, 0, 0, ?) RETURNING id AS n",
            binds![kind, params, by.asker.user.map(|u| u.0), &by.asker.login, facility, &stamp(tx.now)],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by.line("job", tx.now).note(format!("{kind} {id} asked for"));
    tx.audit(line);
    Ok(id)
}

/// Takes the oldest job that waits or whose server gave no sign of life. Of one kind only one runs at a time.
pub fn take(store: &Store, owner: &str) -> Result<Option<Job>, StoreError> {
    let owner = owner.to_string();
    let now = store.clock().now().timestamp();
    let waiting = store.reading()?.number(
        "SELECT count(*) AS n FROM job WHERE state = 'waiting' OR (state = 'running' AND lease_until < ?)",
        binds![now],
    )?;
    if waiting.unwrap_or(0) == 0 {
        return Ok(None);
    }
    store.write(move |tx| {
        let now = tx.now.timestamp();
        if tx.conn.dialect() == Dialect::Postgres {
            // Two servers that look at the same moment would each find no running job of the kind.
            tx.conn.batch(TAKING_LOCK)?;
        }
        let text = match tx.conn.dialect() {
            Dialect::Sqlite => {
                "SELECT j.id, j.kind, j.state, j.params, j.step, j.done, j.total, j.result, j.message, j.user_id, j.login, j.facility_id, \
                 j.attempts, j.created_at, j.finished_at FROM job j WHERE (j.state = 'waiting' OR (j.state = 'running' AND j.lease_until < ?)) \
                 AND NOT EXISTS (SELECT 1 FROM job r WHERE r.kind = j.kind AND r.state = 'running' AND r.lease_until >= ?) \
                 ORDER BY j.id LIMIT 1"
            }
            Dialect::Postgres => {
                "SELECT j.id, j.kind, j.state, j.params, j.step, j.done, j.total, j.result, j.message, j.user_id, j.login, j.facility_id, \
                 j.attempts, j.created_at, j.finished_at FROM job j WHERE (j.state = 'waiting' OR (j.state = 'running' AND j.lease_until < ?)) \
                 AND NOT EXISTS (SELECT 1 FROM job r WHERE r.kind = j.kind AND r.state = 'running' AND r.lease_until >= ?) \
                 ORDER BY j.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED"
            }
        };
        let Some(job) = tx.conn.row::<Job>(text, binds![now, now])? else { return Ok(None) };
        if job.attempts >= MOST_ATTEMPTS {
            let message = format!("It was begun {MOST_ATTEMPTS} times and never came to its end; the server's log says why.");
            tx.conn.run(
                "UPDATE job SET state = 'running', lease_owner = ?, lease_until = ? WHERE id = ?",
                binds![&owner, now + LEASE_SECONDS, job.id],
            )?;
            end(tx, job.id, &owner, "failed", None, Some(&message))?;
            return Ok(None);
        }
        tx.conn.run(
            "UPDATE job SET state = 'running', attempts = attempts + 1, lease_owner = ?, lease_until = ?, started_at = coalesce(started_at, ?) \
             WHERE id = ?",
            binds![&owner, now + LEASE_SECONDS, &stamp(tx.now), job.id],
        )?;
        Ok::<_, StoreError>(Some(job))
    })
}

/// Says how far a job is and holds it longer. Belongs into the same piece as the step's own writing.
///
/// # Errors
/// [`StoreError::Refused`] when another server took the job: the step must not be written.
pub fn progress(tx: &mut Tx<'_>, job: i64, owner: &str, step: &str, done: i64, total: i64) -> Result<(), StoreError> {
    let until = (tx.now + Duration::seconds(LEASE_SECONDS)).timestamp();
    let rows = tx.conn.run(
        "UPDATE job SET step = ?, done = ?, total = ?, lease_until = ? WHERE id = ? AND lease_owner = ? AND state = 'running'",
        binds![step, done, total, until, job, owner],
    )?;
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Refused(format!("Job {job} was taken over by another server."))),
    }
}

/// What a job wrote of its result so far; its default before that.
pub(crate) fn result_so_far<T: serde::de::DeserializeOwned + Default>(
    conn: &mut Conn,
    job: i64,
) -> Result<T, StoreError> {
    let row = conn.row::<ResultText>("SELECT result FROM job WHERE id = ?", binds![job])?;
    Ok(row.and_then(|r| r.result).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Writes how far the result is, in the same piece as the step's own writing.
pub(crate) fn set_result(tx: &mut Tx<'_>, job: i64, result: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE job SET result = ? WHERE id = ?", binds![result, job])?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct ResultText {
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
}

/// Lets go of every job that is held: for the one process that serves a SQLite file, since whoever held them is gone.
///
/// # Errors
/// The database does not answer.
pub fn let_go_all(store: &Store) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.conn.run("UPDATE job SET lease_until = 0 WHERE state = 'running'", &[])?;
        Ok::<(), StoreError>(())
    })
}

/// Gives a job back so that any server takes it up at once: for a server that ends.
pub fn give_back(store: &Store, job: i64, owner: &str) -> Result<(), StoreError> {
    let owner = owner.to_string();
    store.write(move |tx| {
        tx.conn.run(
            "UPDATE job SET lease_until = 0, attempts = attempts - 1 WHERE id = ? AND lease_owner = ?",
            binds![job, &owner],
        )?;
        Ok::<(), StoreError>(())
    })
}

/// Ends a job that `owner` holds.
///
/// # Errors
/// [`StoreError::Refused`] when it was stopped or another server took it: its end is theirs to write.
pub fn end(
    tx: &mut Tx<'_>,
    job: i64,
    owner: &str,
    state: &str,
    result: Option<&str>,
    message: Option<&str>,
) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE job SET state = ?, result = ?, message = ?, finished_at = ?, lease_owner = NULL, lease_until = 0 \
         WHERE id = ? AND lease_owner = ? AND state = 'running'",
        binds![state, result, message, &stamp(tx.now), job, owner],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused(format!("Job {job} was stopped or taken over by another server.")));
    }
    let line = By::system("job").line("job", tx.now).note(format!("{job} {state}"));
    tx.audit(line);
    Ok(())
}

/// Stops what takes records out of the registry and was asked for by this person; answers how many.
pub fn stop_what_leaves(tx: &mut Tx<'_>, user: UserId, message: &str) -> Result<usize, StoreError> {
    Ok(tx.conn.run(
        "UPDATE job SET state = 'failed', message = ?, finished_at = ?, lease_owner = NULL, lease_until = 0 \
         WHERE user_id = ? AND state IN ('waiting', 'running') AND kind IN ('export', 'extract', 'submit')",
        binds![message, &stamp(tx.now), user.0],
    )?)
}

/// A job, if it is the asker's own or he sees the whole registry.
pub fn job(conn: &mut Conn, by: &By, id: i64) -> Result<Job, StoreError> {
    let all = super::scope::ScopeBinds::of(by);
    conn.row::<Job>(
        "SELECT id, kind, state, params, step, done, total, result, message, user_id, login, facility_id, attempts, created_at, finished_at \
         FROM job WHERE id = ? AND (? = 1 OR user_id = ?)",
        &[id.into(), all.all(), by.asker.user.map(|u| u.0).into()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest jobs that the asker may see.
pub fn jobs(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<Job>, StoreError> {
    let all = super::scope::ScopeBinds::of(by);
    Ok(conn.rows::<Job>(
        "SELECT id, kind, state, params, step, done, total, result, message, user_id, login, facility_id, attempts, created_at, finished_at \
         FROM job WHERE (? = 1 OR user_id = ?) ORDER BY id DESC LIMIT ?",
        &[all.all(), by.asker.user.map(|u| u.0).into(), limit.into()],
    )?)
}

/// The newest jobs of one kind that the asker may see.
pub fn jobs_of_kind(conn: &mut Conn, by: &By, kind: &str, limit: i64) -> Result<Vec<Job>, StoreError> {
    let all = super::scope::ScopeBinds::of(by);
    Ok(conn.rows::<Job>(
        "SELECT id, kind, state, params, step, done, total, result, message, user_id, login, facility_id, attempts, created_at, finished_at \
         FROM job WHERE kind = ? AND (? = 1 OR user_id = ?) ORDER BY id DESC LIMIT ?",
        &[kind.into(), all.all(), by.asker.user.map(|u| u.0).into(), limit.into()],
    )?)
}

/// How far the job of a batch is; the caller has looked whether the asker may see the batch.
pub fn job_of_batch(conn: &mut Conn, id: i64) -> Result<Job, StoreError> {
    conn.row::<Job>(
        "SELECT id, kind, state, params, step, done, total, result, message, user_id, login, facility_id, attempts, created_at, finished_at \
         FROM job WHERE id = ?",
        binds![id],
    )?
    .ok_or(StoreError::NotFound)
}
