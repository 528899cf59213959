//! A patient of a file as the store keeps it: items under their newest ids, items of user dictionaries and unknown
//! ones under `dictionary:id`.

use crate::registry::record::Record;
use crate::registry::store::Changed;

/// A patient and its tumors as records.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Patient-level items.
    pub patient: Record,
    /// Tumor-level items of each tumor.
    pub tumors: Vec<Record>,
    /// What was added by conversion: sex assigned at birth (225) from sex (220).
    pub converted: Vec<Changed>,
}
