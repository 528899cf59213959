//! Style sheet, scripts, pictures.

use crate::web::headers::FOR_A_YEAR;
use crate::web::{Ask, Refused, Reply, static_files};

/// The file of an address that carries its hash.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (hash, name) = (ask.path.get("hash"), ask.path.get("file"));
    #[cfg(debug_assertions)]
    if let Some(file) = static_files::file_now(hash, name) {
        return Ok(Reply::static_file(file.kind, file.plain.clone()));
    }
    let file = static_files::file_at(hash, name).ok_or(Refused::NotFound)?;
    let (reply, packed) = match ask.takes_gzip {
        true => (Reply::static_file(file.kind, file.packed.clone()), true),
        false => (Reply::static_file(file.kind, file.plain.clone()), false),
    };
    let reply = reply.with_header("cache-control", FOR_A_YEAR).with_header("vary", "accept-encoding");
    Ok(if packed { reply.with_header("content-encoding", "gzip") } else { reply })
}
