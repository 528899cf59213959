//! Bounds of files that come in: what the settings allow, in the reader's units.

use crate::naaccr::Limits;
use crate::registry::store::settings::setting_number;
use crate::registry::store::{Conn, StoreError};

/// The bounds a registry has set for files that are sent in or looked at.
///
/// # Errors
/// The database does not answer.
pub fn limits(conn: &mut Conn) -> Result<Limits, StoreError> {
    // Settings are whole numbers within their own bounds.
    let mut number = |name: &str| Ok::<u64, StoreError>(setting_number(conn, name)?.unsigned_abs());
    let size = |many: u64| usize::try_from(many).unwrap_or(usize::MAX);
    Ok(Limits {
        depth: size(number("files.most_depth")?),
        value: size(number("files.most_value_kb")? << 10),
        patient: size(number("files.most_patient_mb")? << 20),
        attributes: size(number("files.most_attributes")?),
        total: number("files.most_total_gb")? << 30,
        ratio: number("files.most_ratio")?,
    })
}
