//! Submissions: what is waiting, what goes and what stays, the files, the answer, and the other side that receives them.

mod files;
mod killed;
mod scenario;
mod two;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use accession::naaccr::{Patient, ReadOptions, Reader};
use accession::registry::clock::Clock;
use accession::registry::store::{DatabaseUrl, Store};

use crate::kit::{Database, accession};

/// The registry, opened past the program's door.
pub fn store(db: &Database) -> Store {
    Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap()
}

/// A recipient of the test's own.
pub fn own_recipient(db: &Database, name: &str, changes: &str, resend: &str) {
    let text = accession::registry::recipients::shipped_text("state-central")
        .unwrap()
        .replace("name = \"state-central\"", &format!("name = \"{name}\""))
        .replace("changes = \"except-follow-up\"", &format!("changes = \"{changes}\""))
        .replace("resend_rejected = \"when-corrected\"", &format!("resend_rejected = \"{resend}\""))
        .replace("edit_set = \"central-incoming\"", "edit_set = \"follow-up\"")
        .replace("error_free = 100.0", "error_free = 0.0")
        .replace("statuses = [\"complete\"]", "statuses = []");
    let file = db.folder().join(format!("{name}.toml"));
    std::fs::write(&file, text).unwrap();
    accession(&["standards", "add", file.to_str().unwrap(), "--database", db.url(), "--on"]).expect_code(0);
}

/// A batch made by the command, into a folder of its own.
pub fn submit(db: &Database, recipient: &str, out: &str) -> serde_json::Value {
    let folder = db.folder().join(out);
    std::fs::create_dir_all(&folder).unwrap();
    let run = accession(&[
        "submit",
        "--recipient",
        recipient,
        "--as-of",
        "2026-11-24",
        "--time",
        "2026-11-24T08:00:00Z",
        "--out",
        folder.to_str().unwrap(),
        "--json",
        "--database",
        db.url(),
    ]);
    assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
    run.json()
}

/// The path of the file of a type.
pub fn path_of(batch: &serde_json::Value, record_type: &str) -> Option<PathBuf> {
    let files = batch["files"].as_array().unwrap();
    let found = files.iter().find(|f| f["type"] == record_type)?;
    Some(PathBuf::from(found["path"].as_str().unwrap()))
}

/// The accession numbers in a file, read strictly and without a problem; each stands once.
pub fn accessions(path: &Path) -> BTreeSet<String> {
    let mut reader = Reader::open(std::fs::File::open(path).unwrap(), &ReadOptions::strict()).unwrap();
    let (mut patient, mut found, mut n) = (Patient::default(), BTreeSet::new(), 0);
    while reader.read_patient(&mut patient).unwrap() {
        for tumor in &patient.tumors {
            found.insert(tumor.items.get("accessionNumberHosp").unwrap_or_default().to_owned());
            n += 1;
        }
    }
    assert_eq!(found.len(), n, "a case stands twice in {}", path.display());
    found
}
