//! Reading the audit chain, newest first: all of it, or what concerns one patient, one user or one kind of action.

use super::audit::Written;
use super::{Conn, StoreError};
use crate::asker::UserId;
use crate::binds;

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trail {
    /// All.
    All,
    /// Of one patient: who viewed or changed the record.
    OfPatient(i64),
    /// Of one user.
    OfUser(UserId),
    /// Of one kind: `view`, `search`, `sign-in`, …
    OfAction(String),
}

/// Lines with a number below `before`, newest first. The caller has looked whether the asker may read them.
pub fn trail(conn: &mut Conn, which: &Trail, before: i64, limit: i64) -> Result<Vec<Written>, StoreError> {
    Ok(match which {
        Trail::All => conn.rows("SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?", binds![before, limit]),
        Trail::OfPatient(id) => conn.rows(
            "SELECT * FROM audit WHERE patient_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            binds![*id, before, limit],
        ),
        Trail::OfUser(user) => conn.rows(
            "SELECT * FROM audit WHERE user_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            binds![user.0, before, limit],
        ),
        Trail::OfAction(action) => conn.rows(
            "SELECT * FROM audit WHERE action = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            binds![action, before, limit],
        ),
    }?)
}
