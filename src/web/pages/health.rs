//! Whether the server lives and whether it can work. Both tell nothing else.

use crate::web::{Ask, Refused, Reply};

/// It answers.
pub fn live(_: &Ask) -> Result<Reply, Refused> {
    Ok(Reply::text("live\n"))
}

/// It answers and its database does.
pub fn ready(ask: &Ask) -> Result<Reply, Refused> {
    let reads = || ask.store().reading()?.number("SELECT count(*) AS n FROM program", &[]).map_err(Into::into);
    let answered: Result<Option<i64>, crate::registry::store::StoreError> = reads();
    Ok(match answered {
        Ok(Some(1)) => Reply::text("ready\n"),
        _ => Reply::text("not ready\n").with_status(503),
    })
}
