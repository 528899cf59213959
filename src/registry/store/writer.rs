//! The one writer: what is queued goes into one transaction with one commit.
//!
//! ```text
//!   write(f) ──► queue ──► BEGIN
//!                          the first f                                 (f refused: ROLLBACK, BEGIN)
//!                          for each queued f:  SAVEPOINT, f, RELEASE   (f refused: ROLLBACK TO, others go on)
//!                          until the queue is empty or 100 ms have gone by
//!                          append the audit lines of all
//!                          COMMIT  (one fsync) ──► every caller gets its answer
//! ```
//!
//! A caller has its answer only after the commit, so an acknowledged change survives a power cut. The audit append
//! is the last statement: on PostgreSQL the head row of the chain is locked for that moment only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::anchor::Anchor;
use super::audit::{self, Line};
use super::history::ChangeLog;
use super::{Conn, Dialect, StoreError};
use crate::registry::clock::Clock;
use crate::registry::standards::{InUse, Shelf};

const LONGEST_GROUP: Duration = Duration::from_millis(100);

/// One piece of work inside the writer's transaction.
pub struct Tx<'c> {
    /// The connection.
    pub conn: &'c mut Conn,
    /// The time that every line of this piece carries.
    pub now: DateTime<Utc>,
    /// The editions of standards in use.
    pub standards: Arc<InUse>,
    lines: Vec<Line>,
    changes: ChangeLog,
}

impl Tx<'_> {
    /// Puts a line on the audit chain when this piece commits.
    pub fn audit(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// What this piece changes, for the history.
    pub(super) fn log(&mut self) -> (&mut Conn, &mut ChangeLog) {
        (self.conn, &mut self.changes)
    }
}

trait Task: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    fn finish(self: Box<Self>, committed: Result<(), &str>);
}

struct Typed<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: SyncSender<Result<T, E>>,
}

impl<T, E, F> Task for Typed<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|_| {
            Err(StoreError::WriterStopped("a change ended unexpectedly; it was undone".into()).into())
        });
        let good = result.is_ok();
        self.result = Some(result);
        good
    }

    fn finish(mut self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (self.result.take(), committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(refusal)), _) => Err(refusal),
            (_, Err(why)) => Err(StoreError::WriterStopped(why.to_string()).into()),
            (None, Ok(())) => Err(StoreError::WriterStopped("the change was not run".into()).into()),
        };
        // The caller may have gone away; then nobody waits for the answer.
        let _ = self.reply.send(answer);
    }
}

/// The door to the writer thread. Cloned freely.
#[derive(Clone)]
pub struct Writer {
    queue: Sender<Box<dyn Task>>,
}

impl Writer {
    /// Starts the writer on its own connection.
    pub fn start(
        conn: Conn,
        reconnect: impl Fn() -> Result<Conn, StoreError> + Send + 'static,
        clock: Clock,
        anchor: Anchor,
        shelf: Shelf,
    ) -> Writer {
        let (queue, work) = channel::<Box<dyn Task>>();
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || Loop { conn: Some(conn), reconnect: Box::new(reconnect), clock, anchor, shelf }.run(&work))
            .expect("a thread for the writer can be started when the program starts");
        Writer { queue }
    }

    /// Does `work` in the writer's transaction and answers after the commit.
    ///
    /// # Errors
    /// What `work` refuses (then nothing of it is kept), or [`StoreError::WriterStopped`].
    pub fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        let task = Typed { work: Some(work), result: None, reply };
        self.queue.send(Box::new(task)).map_err(|_| StoreError::WriterStopped("it has ended".into()))?;
        answer.recv().map_err(|_| StoreError::WriterStopped("it ended while the change waited".into()))?
    }
}

struct Loop {
    conn: Option<Conn>,
    reconnect: Box<dyn Fn() -> Result<Conn, StoreError> + Send>,
    clock: Clock,
    anchor: Anchor,
    shelf: Shelf,
}

impl Loop {
    fn run(mut self, work: &Receiver<Box<dyn Task>>) {
        while let Ok(first) = work.recv() {
            let mut tasks = Vec::new();
            let outcome = self.group(first, work, &mut tasks);
            if let Err(error) = &outcome {
                log::error!("a group of changes was not written: {}", error.chain());
                if let Some(conn) = self.conn.as_mut() {
                    let undone = conn.batch("ROLLBACK");
                    if undone.is_err() || conn.dialect() == Dialect::Postgres {
                        self.conn = None;
                    }
                }
            }
            let said = outcome.as_ref().map(|_| ()).map_err(StoreError::chain);
            for task in tasks {
                task.finish(said.as_ref().map(|_| ()).map_err(String::as_str));
            }
        }
    }

    fn group(
        &mut self,
        first: Box<dyn Task>,
        work: &Receiver<Box<dyn Task>>,
        tasks: &mut Vec<Box<dyn Task>>,
    ) -> Result<(), StoreError> {
        let started = Instant::now();
        tasks.push(first);
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => self.conn.insert((self.reconnect)()?),
        };
        let begin = match conn.dialect() {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        conn.batch(begin)?;
        let mut lines = Vec::new();
        let mut at = 0;
        loop {
            // Nothing stands before the first piece, so it needs no savepoint, which costs SQLite a second journal.
            if at > 0 {
                conn.batch("SAVEPOINT piece")?;
            }
            let mut tx = Tx {
                conn,
                now: self.clock.now(),
                standards: self.shelf.in_use(),
                lines: Vec::new(),
                changes: ChangeLog::new()?,
            };
            let good = tasks[at].run(&mut tx);
            let (mut said, changes) = (tx.lines, tx.changes);
            match (good, at) {
                (true, 0) => {}
                (true, _) => conn.batch("RELEASE SAVEPOINT piece")?,
                (false, 0) => {
                    conn.batch("ROLLBACK")?;
                    conn.batch(begin)?;
                }
                (false, _) => {
                    conn.batch("ROLLBACK TO SAVEPOINT piece")?;
                    conn.batch("RELEASE SAVEPOINT piece")?;
                }
            }
            if good {
                changes.seal(&mut said)?;
                lines.append(&mut said);
            }
            at += 1;
            if started.elapsed() > LONGEST_GROUP {
                break;
            }
            match work.try_recv() {
                Ok(next) => tasks.push(next),
                Err(_) => break,
            }
        }
        let head = audit::append(conn, &lines)?;
        conn.batch("COMMIT")?;
        if let Some(head) = head {
            self.anchor.set(&head);
        }
        Ok(())
    }
}
