//! The file of each shipped recipient: read back strictly, its items those of its type; the same content the same bytes.

use std::collections::BTreeSet;

use accession::naaccr::{Patient, ReadOptions, Reader, dictionary};
use accession::registry::recipients::shipped;
use accession::submission::sending::is_not_of_type_i;

use super::{path_of, submit};
use crate::kit::{accession, init, init_as};

on_both!(the_file_of_each_recipient_is_read_back_without_a_problem, |db| {
    init_as(db, "central", &[]);
    let made = accession(&["synth", "--patients", "150", "--seed", "8", "--into", db.url()]);
    assert!(matches!(made.code, Some(0 | 1)), "{}", made.stderr);
    // Two residents of another state, for the exchange.
    db.tamper("UPDATE tumor SET dx_state = 'MN' WHERE id IN (3, 4)");
    let mut seen = 0;
    for profile in shipped().into_iter().filter(|p| !p.sign_off) {
        // What fails an edit stays behind; here the form of the file is looked at.
        let batch = submit(db, &profile.name, &profile.name);
        assert!(batch["new"].as_i64().unwrap() > 0, "{}: {batch}", profile.name);
        let path = path_of(&batch, &profile.record_type.to_string()).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let mut reader = Reader::open(file, &ReadOptions::strict()).unwrap();
        let root = reader.root().clone();
        assert_eq!(root.record_type.letter(), profile.record_type);
        for item in ["recordType", "naaccrRecordVersion", "registryType"] {
            assert!(root.items.get(item).is_some(), "{}: {item}", profile.name);
        }
        let base = dictionary(root.version);
        let (mut patient, mut tumors) = (Patient::default(), 0);
        while reader.read_patient(&mut patient).unwrap() {
            let items = patient.tumors.iter().map(|t| &t.items).chain([&patient.items]).flat_map(|items| items.iter());
            for item in items {
                let known = base.by_id(item.id).unwrap_or_else(|| panic!("{}: {} is no item", profile.name, item.id));
                assert!(
                    known.record_types.contains(root.record_type),
                    "{}: {} is not of its type",
                    profile.name,
                    item.id
                );
                let number = known.number.unwrap().0;
                assert!(profile.record_type != 'I' || !is_not_of_type_i(number), "{}: {}", profile.name, item.id);
            }
            for tumor in &patient.tumors {
                assert_eq!(tumor.items.get("dateCaseReportExported"), Some("20261124"));
                assert!(tumor.items.get("vendorName").is_some());
                tumors += 1;
            }
        }
        assert!(reader.drain_problems().is_empty(), "{}", profile.name);
        assert_eq!(i64::from(tumors), batch["new"].as_i64().unwrap(), "{}", profile.name);
        seen += 1;
    }
    assert_eq!(seen, 7);
});

#[test]
fn both_databases_give_the_same_bytes() {
    use crate::kit::{Database, Kind};
    let mut sums = BTreeSet::new();
    let mut kinds = 0;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Ok(db) = Database::fresh(kind) else { continue };
        init(&db);
        let made = accession(&["synth", "--patients", "30", "--seed", "5", "--into", db.url()]);
        assert!(matches!(made.code, Some(0 | 1)), "{}", made.stderr);
        let batch = submit(&db, "state-central", "out");
        sums.insert(batch["files"][0]["sha256"].as_str().unwrap().to_owned());
        kinds += 1;
    }
    assert!(kinds > 0 && sums.len() == 1, "{sums:?}");
}
