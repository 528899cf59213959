//! Postings: what they change, what they leave in history and audit, and what is refused.

use accession::followup::posting::{File, NotPosted, Posted, post_contact, settle};
use accession::registry::store::followup::contacts_of;
use accession::registry::store::{By, Kind, Store, StoreError, records};

use super::*;

pub fn post(store: &Store, by: &By, id: i64, posting: &Posting) -> Result<Posted, NotPosted> {
    let (by, posting) = (by.clone(), posting.clone());
    let seen = File::read(&mut store.reading().unwrap(), &by, id).unwrap().seen();
    store.write(move |tx| post_contact(tx, &by, id, &seen, &posting, None, today()))
}

on_both!(a_newer_contact_changes_patient_and_tumor_with_history_and_audit, |db| {
    let store = registry_of(db, &[ANNE]);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let mut posting = alive("2026-11-09", "41");
    posting.note = "Seen, on letrozole".into();
    let abstract_ = db.number("SELECT id FROM abstract");
    posting.tumors = vec![of_tumor(abstract_, "2", "3")];
    posting.address.telephone = "(555) 014-2277".into();
    let posted = post(&store, &by, id, &posting).unwrap();
    assert_eq!((posted.outcome, posted.messages.len()), ("newer", 0));
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20261109");
    assert_eq!(of_patient(&store, id, "followUpSourceCentral"), "41");
    assert_eq!(of_patient(&store, id, "telephone"), "5550142277");
    for (item, value) in [
        ("followUpSource", "2"),
        ("cancerStatus", "2"),
        ("dateOfLastCancerStatus", "20261109"),
        ("nextFollowUpSource", "3"),
    ] {
        assert_eq!(of_abstract(&store, id, 0, item), value, "{item}");
    }
    let conn = &mut *store.reading().unwrap();
    let newest = &records::changes_of(conn, Kind::Patient, id).unwrap()[0];
    assert_eq!((newest.source_kind.as_str(), newest.source_id), ("contact", Some(posted.contact)));
    let contacts = contacts_of(conn, &by, id).unwrap();
    assert_eq!((contacts.len(), contacts[0].note.as_str()), (1, "Seen, on letrozole"));
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'follow-up'"), 1);
    assert_eq!(db.number("SELECT contact_low FROM patient"), 20_261_109);
});

on_both!(an_earlier_contact_is_kept_and_changes_nothing, |db| {
    let store = registry_of(db, &[ANNE]);
    let id = patient(db, "WEATHERBY");
    let posted = post(&store, &By::system("test"), id, &alive("2024-05-06", "41")).unwrap();
    assert_eq!((posted.outcome, posted.changes), ("earlier", 0));
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20250829");
    assert_eq!(db.number("SELECT count(*) FROM contact WHERE outcome = 'earlier'"), 1);
});

on_both!(a_refused_contact_leaves_nothing, |db| {
    let store = registry_of(db, &[ANNE]);
    let id = patient(db, "WEATHERBY");
    let refused = post(&store, &By::system("test"), id, &alive("2021-01-01", "41"));
    assert!(matches!(refused, Err(NotPosted::Refused(sentences)) if sentences[0].field == "date"));
    assert_eq!(db.number("SELECT count(*) FROM contact"), 0);
});

on_both!(a_form_made_before_somebody_elses_change_is_stale, |db| {
    let store = registry_of(db, &[ANNE]);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let seen = File::read(&mut store.reading().unwrap(), &by, id).unwrap().seen();
    post(&store, &by, id, &alive("2026-10-01", "30")).unwrap();
    let late = store.write(move |tx| post_contact(tx, &by, id, &seen, &alive("2026-11-01", "41"), None, today()));
    assert!(matches!(late, Err(NotPosted::Store(StoreError::Stale(_)))), "{late:?}");
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20261001");
    assert_eq!(db.number("SELECT count(*) FROM contact"), 1);
});

on_both!(alive_after_death_waits_for_a_person_who_settles_it, |db| {
    let store = registry_of(db, &[ANNE]);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let mut death = alive("2026-03-04", "05");
    death.vital_status = "0".into();
    death.death.cause = "C509".into();
    death.death.place_state = "IA".into();
    assert_eq!(post(&store, &by, id, &death).unwrap().outcome, "newer");
    assert_eq!(of_abstract(&store, id, 0, "nextFollowUpSource"), "");
    let posted = post(&store, &by, id, &alive("2026-06-01", "40")).unwrap();
    assert_eq!((posted.outcome, posted.changes), ("conflict", 0));
    assert_eq!(of_patient(&store, id, "vitalStatus"), "0");
    let again = by.clone();
    let contact = posted.contact;
    let without = store.write(move |tx| settle(tx, &again, contact, true, " ", today()));
    assert!(matches!(without, Err(NotPosted::Refused(_))));
    let again = by.clone();
    store.write(move |tx| settle(tx, &again, contact, true, "the office has seen her", today())).unwrap();
    assert_eq!(of_patient(&store, id, "vitalStatus"), "1");
    assert_eq!(of_patient(&store, id, "causeOfDeath"), "0000");
    assert_eq!(db.number("SELECT count(*) FROM contact WHERE outcome = 'conflict'"), 0);
    let again = store.write(move |tx| settle(tx, &by, contact, false, "a second time", today()));
    assert!(matches!(again, Err(NotPosted::Store(StoreError::NotFound))));
});

on_both!(a_contact_by_one_facility_moves_the_patient_of_both_and_no_foreign_tumor, |db| {
    let shared = Person { tumors: &[(HOME, BREAST), (OTHER, BREAST)], ..ANNE };
    let store = registry_of(db, &[shared]);
    let id = patient(db, "WEATHERBY");
    let by = of_facilities(&[facility(db, OTHER)]);
    let foreign = db.number(&format!("SELECT id FROM abstract WHERE facility_id = {}", facility(db, HOME).0));
    let mut posting = alive("2026-11-09", "41");
    posting.tumors = vec![of_tumor(foreign, "2", "")];
    assert!(matches!(post(&store, &by, id, &posting), Err(NotPosted::Refused(_))));
    posting.tumors.clear();
    post(&store, &by, id, &posting).unwrap();
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20261109");
    let stays = records::abstract_(&mut store.reading().unwrap(), &By::system("test"), foreign).unwrap();
    assert_eq!(stays.items.value("followUpSource"), "0");
    let stranger = of_facilities(&[FacilityId(999)]);
    let seen = File::read(&mut store.reading().unwrap(), &by, id).unwrap().seen();
    let none = store.write(move |tx| post_contact(tx, &stranger, id, &seen, &alive("2026-11-10", "41"), None, today()));
    assert!(matches!(none, Err(NotPosted::Store(StoreError::NotFound))));
});
