//! The ledger: what was made on purpose, so that tests of matching and searching know the truth.
//!
//! A CSV with the columns `patientIdNumber,tumorRecordNumber,kind,detail,original`. Kinds: `duplicate` (detail: what
//! was changed, separated by semicolons; original: the other patient id number), `partial-date` (detail: the item),
//! `second-report` (the same tumor reported by another facility).

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Patient id number.
    pub patient: u64,
    /// Tumor record number, 0 for the patient.
    pub tumor: usize,
    /// What was done.
    pub kind: &'static str,
    /// To what.
    pub detail: String,
    /// The other patient, for duplicates.
    pub original: Option<u64>,
}

impl LedgerEntry {
    /// A date of which less than the day is known.
    pub fn partial(patient: u64, tumor: usize, item: &str) -> Self {
        LedgerEntry { patient, tumor, kind: "partial-date", detail: item.to_owned(), original: None }
    }

    /// A tumor that another facility reports too.
    pub fn second_report(patient: u64, tumor: usize) -> Self {
        LedgerEntry { patient, tumor, kind: "second-report", detail: String::new(), original: None }
    }

    /// The line without its end.
    pub fn csv(&self) -> String {
        let tumor = if self.tumor == 0 { String::new() } else { format!("{:02}", self.tumor) };
        let original = self.original.map(|number| format!("{number:08}")).unwrap_or_default();
        format!("{:08},{tumor},{},{},{original}", self.patient, self.kind, self.detail)
    }
}

/// The lines of the patient just made.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// The first line of the file.
    pub const HEADER: &'static str = "patientIdNumber,tumorRecordNumber,kind,detail,original";

    /// The lines.
    pub fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn push(&mut self, entry: LedgerEntry) {
        self.entries.push(entry);
    }

    pub(crate) fn duplicate(&mut self, patient: u64, original: u64, changes: &[&str]) {
        self.push(LedgerEntry {
            patient,
            tumor: 0,
            kind: "duplicate",
            detail: changes.join(";"),
            original: Some(original),
        });
    }
}
