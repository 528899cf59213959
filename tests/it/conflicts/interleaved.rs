//! Reliability 50: what two people do to the same records at once is done by one after the other, or the second is told;
//! nothing is lost, nothing is there twice. Each script is what a second person does with a page opened before the first
//! person's change.

use std::collections::BTreeSet;

use accession::dates::PartialDate;
use accession::followup::accept::Posting;
use accession::followup::posting::{NotPosted, Seen, post_contact};
use accession::registry::change::{Because, Change, amend_abstract, amend_patient};
use accession::registry::clock::Clock;
use accession::registry::operations::{delete_abstract, merge, move_tumor, split, undo};
use accession::registry::store::reconciliation::next_accession;
use accession::registry::store::{By, DatabaseUrl, Store, StoreError, Tx, records};

use crate::kit::{Database, HOME, accession, init, is_sound, naaccr_file};

const REASON: &str = "a reason of the tests";

/// Six patients of one tumor each: patient, tumor and abstract 1 to 6.
struct Desk<'a> {
    db: &'a Database,
    store: Store,
    by: By,
}

impl<'a> Desk<'a> {
    fn new(db: &'a Database) -> Desk<'a> {
        init(db);
        let file = naaccr_file(db.folder(), "six.xml", 1, 6).display().to_string();
        accession(&["import", &file, "--database", db.url()]);
        let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
        Desk { db, store, by: By::system("tests") }
    }

    fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>, &By) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let by = self.by.clone();
        self.store.write(move |tx| work(tx, &by))
    }

    fn version(&self, table: &str, id: i64) -> i64 {
        self.db.number(&format!("SELECT version FROM {table} WHERE id = {id}"))
    }

    fn edit(&self, id: i64, seen: i64, value: &'static str) -> Result<i64, StoreError> {
        self.act(move |tx, by| {
            amend_abstract(tx, by, id, seen, &[Change::new("textDxProcPe", value)], &Because::typed(""))
        })
    }

    fn merge(&self, kept: i64, absorbed: i64) -> Result<i64, StoreError> {
        self.act(move |tx, by| merge(tx, by, kept, absorbed, REASON))
    }

    fn undo(&self, operation: i64) -> Result<(), StoreError> {
        self.act(move |tx, by| undo(tx, by, operation, REASON))
    }

    fn delete(&self, id: i64, seen: i64) -> Result<i64, StoreError> {
        self.act(move |tx, by| delete_abstract(tx, by, id, seen, REASON))
    }

    fn text(&self, id: i64) -> String {
        let conn = &mut *self.store.reading().unwrap();
        records::abstract_(conn, &self.by, id).unwrap().items.value("textDxProcPe").to_owned()
    }

    fn patient_of(&self, abstract_: i64) -> i64 {
        self.db.number(&format!(
            "SELECT t.patient_id FROM abstract a JOIN tumor t ON t.id = a.tumor_id WHERE a.id = {abstract_}"
        ))
    }

    /// Posts a contact with a page that saw these versions.
    fn post(&self, patient: i64, seen: (i64, Vec<(i64, i64)>)) -> Result<(), NotPosted> {
        let by = self.by.clone();
        let posting = Posting {
            date: "20260203".into(),
            vital_status: "1".into(),
            source_central: "41".into(),
            ..Posting::default()
        };
        let seen = Seen { patient: seen.0, abstracts: seen.1 };
        let today = PartialDate::parse("20261123").unwrap();
        self.store.write(move |tx| post_contact(tx, &by, patient, &seen, &posting, None, today)).map(|_| ())
    }

    /// Every abstract has one live tumor of one live patient, and each stands there once.
    fn is_whole(&self) {
        let astray = "SELECT count(*) FROM abstract a JOIN tumor t ON t.id = a.tumor_id JOIN patient p ON p.id = t.patient_id \
                      WHERE a.state = 'live' AND (t.state <> 'live' OR p.state <> 'live' OR a.patient_id <> t.patient_id)";
        assert_eq!(self.db.number(astray), 0);
        assert_eq!(self.db.number("SELECT count(*) FROM abstract"), 6);
        is_sound(self.db);
    }
}

fn is_not_found<T: std::fmt::Debug>(done: &Result<T, StoreError>) -> bool {
    matches!(done, Err(StoreError::NotFound))
}

fn is_refused<T: std::fmt::Debug>(done: &Result<T, StoreError>) -> bool {
    matches!(done, Err(StoreError::Refused(_)))
}

on_both!(an_abstract_edited_while_its_patient_is_merged_keeps_the_edit, |db| {
    let desk = Desk::new(db);
    let seen = desk.version("abstract", 2);
    let operation = desk.merge(1, 2).unwrap();
    desk.edit(2, seen, "Mass felt").unwrap();
    assert_eq!((desk.text(2).as_str(), desk.patient_of(2)), ("Mass felt", 1));
    desk.undo(operation).unwrap();
    assert_eq!((desk.text(2).as_str(), desk.patient_of(2)), ("Mass felt", 2));
    desk.is_whole();
});

on_both!(a_patient_edited_after_he_was_merged_is_told_and_nothing_is_written, |db| {
    let desk = Desk::new(db);
    let seen = desk.version("patient", 2);
    desk.merge(1, 2).unwrap();
    let done = desk
        .act(move |tx, by| amend_patient(tx, by, 2, seen, &[Change::new("nameMiddle", "LOST")], &Because::typed("")));
    assert!(is_not_found(&done), "{done:?}");
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE items LIKE '%LOST%'"), 0);
    desk.is_whole();
});

on_both!(an_abstract_edited_while_it_is_deleted_is_told, |db| {
    let desk = Desk::new(db);
    let seen = desk.version("abstract", 3);
    let operation = desk.delete(3, seen).unwrap();
    assert!(is_not_found(&desk.edit(3, seen, "Lost")));
    desk.undo(operation).unwrap();
    assert!(matches!(desk.edit(3, seen, "Lost"), Err(StoreError::Stale(_))));
    desk.edit(3, desk.version("abstract", 3), "Kept").unwrap();
    assert_eq!(desk.text(3), "Kept");
    desk.is_whole();
});

on_both!(an_abstract_deleted_while_it_is_edited_stays, |db| {
    let desk = Desk::new(db);
    let seen = desk.version("abstract", 3);
    desk.edit(3, seen, "Just typed").unwrap();
    assert!(is_refused(&desk.delete(3, seen)));
    assert_eq!(desk.text(3), "Just typed");
    desk.is_whole();
});

on_both!(a_contact_posted_to_a_patient_just_deleted_is_told, |db| {
    let desk = Desk::new(db);
    let seen = (desk.version("patient", 4), vec![(4, desk.version("abstract", 4))]);
    desk.delete(4, seen.1[0].1).unwrap();
    assert!(matches!(desk.post(4, seen), Err(NotPosted::Store(StoreError::NotFound))));
    assert_eq!(db.number("SELECT count(*) FROM contact"), 0);
    desk.is_whole();
});

on_both!(a_contact_posted_while_patients_are_merged_is_posted_once_or_told, |db| {
    let desk = Desk::new(db);
    let of = |id: i64| (desk.version("patient", id), vec![(id, desk.version("abstract", id))]);
    let (kept, absorbed) = (of(1), of(2));
    desk.merge(1, 2).unwrap();
    assert!(matches!(desk.post(2, absorbed), Err(NotPosted::Store(StoreError::NotFound))));
    let second = desk.post(1, kept);
    let stands = db.number("SELECT count(*) FROM contact");
    match second {
        Ok(()) => assert_eq!(stands, 1),
        Err(NotPosted::Store(StoreError::Stale(_))) => assert_eq!(stands, 0),
        Err(other) => panic!("{other:?}"),
    }
    desk.is_whole();
});

on_both!(a_tumor_moved_twice_is_where_the_second_put_it, |db| {
    let desk = Desk::new(db);
    let first = desk.act(|tx, by| move_tumor(tx, by, 5, 1, REASON)).unwrap();
    let second = desk.act(|tx, by| move_tumor(tx, by, 5, 2, REASON)).unwrap();
    assert_eq!(desk.patient_of(5), 2);
    assert!(is_refused(&desk.undo(first)), "the first cannot be undone under the second");
    desk.undo(second).unwrap();
    assert_eq!(desk.patient_of(5), 1);
    desk.undo(first).unwrap();
    assert_eq!(desk.patient_of(5), 5);
    assert!(is_refused(&desk.act(|tx, by| move_tumor(tx, by, 5, 5, REASON))));
    desk.is_whole();
});

on_both!(patients_merged_by_two_at_once_are_merged_once, |db| {
    let desk = Desk::new(db);
    desk.merge(1, 2).unwrap();
    assert!(is_not_found(&desk.merge(1, 2)));
    assert!(is_not_found(&desk.merge(2, 1)), "the other way round is no merge either");
    assert!(is_not_found(&desk.merge(3, 2)));
    assert_eq!(db.number("SELECT count(*) FROM operation"), 1);
    desk.is_whole();
});

on_both!(a_patient_split_by_two_at_once_is_split_once, |db| {
    let desk = Desk::new(db);
    desk.merge(1, 2).unwrap();
    desk.act(|tx, by| split(tx, by, 1, &[2], REASON)).unwrap();
    assert!(is_refused(&desk.act(|tx, by| split(tx, by, 1, &[2], REASON))));
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE state = 'live'"), 6);
    desk.is_whole();
});

on_both!(an_operation_undone_by_two_at_once_is_undone_once, |db| {
    let desk = Desk::new(db);
    let operation = desk.delete(6, desk.version("abstract", 6)).unwrap();
    desk.undo(operation).unwrap();
    let version = desk.version("abstract", 6);
    assert!(is_refused(&desk.undo(operation)));
    assert_eq!(desk.version("abstract", 6), version);
    desk.is_whole();
});

on_both!(a_file_imported_while_patients_are_merged_makes_nobody_twice, |db| {
    let desk = Desk::new(db);
    desk.merge(1, 2).unwrap();
    let again = naaccr_file(db.folder(), "six-again.xml", 1, 6).display().to_string();
    let report = accession(&["import", "--json", &again, "--database", db.url()]).json();
    assert_eq!((&report["added"], &report["unchanged"]), (&0.into(), &6.into()), "{report}");
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE state = 'live'"), 5);
    desk.is_whole();
});

on_both!(two_who_take_the_next_number_at_once_get_two, |db| {
    const THREADS: usize = 16;
    const EACH: usize = 500;
    let desk = Desk::new(db);
    let home = db.number(&format!("SELECT id FROM facility WHERE number = '{HOME}'"));
    // Two stores are two servers as far as the database can tell.
    let other = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let given: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (store, by) = (if thread % 2 == 0 { desk.store.clone() } else { other.clone() }, desk.by.clone());
                scope.spawn(move || {
                    let take = || {
                        let by = by.clone();
                        store.write(move |tx| next_accession(tx, &by, home, 2031)).unwrap()
                    };
                    (0..EACH).map(|_| take()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<&String> = given.iter().collect();
    assert_eq!((given.len(), distinct.len()), (THREADS * EACH, THREADS * EACH), "a number was given twice");
    assert_eq!(distinct.first().unwrap().as_str(), "203100001");
    assert_eq!(distinct.last().unwrap().as_str(), "203108000", "a number was left out");
    desk.is_whole();
});
