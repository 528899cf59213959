//! Whether the server lives and whether it can work. Both tell nothing else.

use crate::accounts::Stage;
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

/// Whether this browser is still signed in and for how many seconds, for the cover over pages left open. Asking does not
/// keep a session alive.
pub fn session(ask: &Ask) -> Result<Reply, Refused> {
    Reply::json(&match ask.who().ok().filter(|who| who.stage == Stage::Full) {
        Some(who) => serde_json::json!({
            "ends_in": (who.ends - ask.now()).num_seconds(), "user": who.user, "csrf": ask.csrf()
        }),
        None => serde_json::json!({ "ends_in": 0 }),
    })
}
