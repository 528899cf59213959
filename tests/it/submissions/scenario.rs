//! 2,310 abstracts through a first batch, answers and changes: the next batch of each change policy holds exactly its cases.

use std::collections::BTreeSet;
use std::fmt::Write;

use accession::registry::change::{Because, Change, amend_abstract, amend_patient};
use accession::registry::operations::delete_abstract;
use accession::registry::store::{By, StoreError, records};

use super::{accessions, own_recipient, path_of, store, submit};
use crate::kit::{Database, accession, init, is_sound, naaccr_file};

const ALL: i64 = 2_310;

fn import(db: &Database, name: &str, first: usize, patients: usize) {
    let file = naaccr_file(db.folder(), name, first, patients);
    let run = accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]);
    assert_eq!(run.json_lines()[0]["added"], patients, "{}", run.stdout);
}

/// Accession numbers of abstracts by id.
fn named(db: &Database, from: i64, to: i64) -> BTreeSet<String> {
    let query = format!("SELECT accession AS value FROM abstract WHERE id > {from} AND id <= {to}");
    db.values(&query).into_iter().flatten().collect()
}

fn set_abstract(db: &Database, id: i64, item: &'static str, value: &'static str) {
    store(db)
        .write(move |tx| {
            let by = By::system("test");
            let seen = records::abstract_(tx.conn, &by, id)?.version;
            amend_abstract(tx, &by, id, seen, &[Change::new(item, value)], &Because::typed("test")).map(|_| ())
        })
        .map_err(|e: StoreError| e)
        .unwrap();
}

fn change(db: &Database) {
    let store = store(db);
    store
        .write(|tx| {
            let by = By::system("test");
            let because = Because::typed("corrected by the test");
            for id in (1..=40).chain(56..=67) {
                let seen = records::abstract_(tx.conn, &by, id)?.version;
                amend_abstract(tx, &by, id, seen, &[Change::new("gradePathological", "3")], &because)?;
            }
            for id in 41..=55 {
                let patient = records::abstract_(tx.conn, &by, id)?.patient;
                let seen = records::patient(tx.conn, &by, patient)?.version;
                amend_patient(tx, &by, patient, seen, &[Change::new("dateOfLastContact", "20261101")], &because)?;
            }
            for id in 76..=80 {
                let seen = records::abstract_(tx.conn, &by, id)?.version;
                delete_abstract(tx, &by, id, seen, "entered twice by mistake, see the other one")?;
            }
            Ok::<(), StoreError>(())
        })
        .unwrap();
}

on_both!(the_next_batch_of_each_change_policy_holds_exactly_its_cases, |db| {
    init(db);
    import(db, "first.xml", 1, ALL as usize);
    let policies = [
        ("p-never", "never", "when-corrected"),
        ("p-changes", "changes", "when-corrected"),
        ("p-except", "except-follow-up", "when-corrected"),
        ("p-everything", "everything", "always"),
    ];
    // Cases 56 to 75 are rejected, the others accepted.
    let mut answer = String::from("Acc No,Seq,Status,Why\n");
    for id in 1..=ALL {
        let number = named(db, id - 1, id).pop_first().unwrap();
        let (outcome, why) = if (56..=75).contains(&id) { ("Rejected", "county 999") } else { ("Accepted", "") };
        writeln!(answer, "{number},00,{outcome},{why}").unwrap();
    }
    let table = db.folder().join("answer.csv");
    std::fs::write(&table, answer).unwrap();
    for (name, changes, resend) in policies {
        own_recipient(db, name, changes, resend);
        let first = submit(db, name, &format!("{name}-1"));
        assert_eq!((&first["new"], first["blocked"].as_array().unwrap().len()), (&ALL.into(), 0), "{first}");
        assert_eq!(accessions(&path_of(&first, "A").unwrap()), named(db, 0, ALL));
        // Sent and not answered: nothing is sent twice by itself, and nothing counts as accepted.
        if changes != "everything" {
            let between = submit(db, name, &format!("{name}-between"));
            assert!(between["batch"].is_null() && between["files"].as_array().unwrap().is_empty(), "{between}");
        }
        assert_eq!(
            db.number(&format!(
                "SELECT count(*) FROM submission_ledger WHERE recipient = '{name}' AND state = 'accepted'"
            )),
            0
        );
        let loaded = accession(&[
            "submissions",
            "ack",
            first["batch"].as_str().unwrap(),
            table.to_str().unwrap(),
            "--columns",
            "reason=Why",
            "--json",
            "--database",
            db.url(),
        ])
        .expect_code(1)
        .json();
        assert_eq!(
            (&loaded["accepted"], &loaded["rejected"], &loaded["unanswered"]),
            (&2290.into(), &20.into(), &0.into())
        );
        // The same file again, byte for byte.
        let again = db.folder().join(format!("{name}-again"));
        std::fs::create_dir(&again).unwrap();
        let resent = accession(&[
            "submissions",
            "resend",
            first["batch"].as_str().unwrap(),
            "--out",
            again.to_str().unwrap(),
            "--json",
            "--database",
            db.url(),
        ])
        .expect_code(0)
        .json();
        let both = [path_of(&first, "A").unwrap(), path_of(&resent, "A").unwrap()].map(|p| std::fs::read(p).unwrap());
        assert!(both[0] == both[1] && !both[0].is_empty());
    }
    change(db);
    import(db, "second.xml", 5_001, 12);

    let (changed, follow_up, corrected, rejected) =
        (named(db, 0, 40), named(db, 40, 55), named(db, 55, 67), named(db, 55, 75));
    let gone = named(db, 75, 80);
    let new = named(db, ALL, ALL + 12);
    assert_eq!(new.len(), 12);
    for (name, changes, _) in policies {
        let next = submit(db, name, &format!("{name}-2"));
        let counts = ["new", "changed", "follow_up_only", "withdrawn", "same"].map(|key| next[key].as_i64().unwrap());
        let blocked = next["blocked"].as_array().unwrap().len();
        let (expected, left) = match changes {
            "never" => ([24, 0, 0, 5, 0], 8),
            "changes" => ([24, 40, 15, 5, 0], 8),
            "except-follow-up" => ([24, 40, 0, 5, 0], 8),
            _ => ([32, 40, 15, 5, 2_230], 0),
        };
        assert_eq!((counts, blocked), (expected, left), "{name}: {next}");
        let mut as_new: BTreeSet<String> = new.union(&corrected).cloned().collect();
        let mut as_change = BTreeSet::new();
        match changes {
            "never" => {}
            "except-follow-up" => as_change = changed.clone(),
            "changes" => as_change = changed.union(&follow_up).cloned().collect(),
            _ => {
                as_new.extend(rejected.iter().cloned());
                as_change =
                    named(db, 0, ALL).into_iter().filter(|n| !rejected.contains(n) && !gone.contains(n)).collect();
            }
        }
        assert_eq!(accessions(&path_of(&next, "A").unwrap()), as_new, "{name}");
        assert_eq!(path_of(&next, "M").map(|p| accessions(&p)).unwrap_or_default(), as_change, "{name}");
        let notices = std::fs::read_to_string(path_of(&next, "withdrawals").unwrap()).unwrap();
        assert_eq!(notices.lines().count(), 6);
        assert!(gone.iter().all(|number| notices.contains(number.as_str())), "{notices}");
        if changes != "everything" {
            let third = submit(db, name, &format!("{name}-3"));
            assert!(third["batch"].is_null(), "nothing goes twice: {third}");
        }
    }
    // A person mends one more of the rejected; it alone goes.
    set_abstract(db, 70, "gradePathological", "2");
    let one = submit(db, "p-except", "p-except-4");
    assert_eq!((&one["new"], one["blocked"].as_array().unwrap().len()), (&1.into(), 7), "{one}");
    is_sound(db);
});
