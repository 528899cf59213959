//! Due lists: who is on which, page by page, within the scope, and whose duty it is.

use accession::followup::rules::Months;
use accession::registry::store::followup::{
    Contacted, Order, conflict_ids, count_due, count_undated, due_ids, due_patients, shown, traced, undated_ids,
};

use super::posted::post;
use super::*;

const fn person(
    number: u32,
    name: &'static str,
    items: &'static [(&'static str, &'static str)],
    tumors: &'static [(&'static str, &'static [(&'static str, &'static str)])],
) -> Person {
    Person { number, name, items, tumors }
}

const NONANALYTIC: &[(&str, &str)] = &[
    ("primarySite", "C619"),
    ("histologicTypeIcdO3", "8140"),
    ("behaviorCodeIcdO3", "3"),
    ("dateOfDiagnosis", "2020"),
    ("classOfCase", "32"),
    ("sequenceNumberHospital", "00"),
];

const PEOPLE: &[Person] = &[
    person(1, "LOST", &[("dateOfLastContact", "20240101"), ("vitalStatus", "1")], &[(HOME, BREAST)]),
    person(2, "GRACE", &[("dateOfLastContact", "20250829"), ("vitalStatus", "1")], &[(HOME, BREAST)]),
    person(3, "DUE", &[("dateOfLastContact", "202511"), ("vitalStatus", "1")], &[(HOME, BREAST)]),
    person(4, "CURRENT", &[("dateOfLastContact", "20251201"), ("vitalStatus", "1")], &[(HOME, BREAST)]),
    person(5, "DEAD", &[("dateOfLastContact", "20240101"), ("vitalStatus", "0")], &[(HOME, BREAST)]),
    person(6, "UNDATED", &[("vitalStatus", "1")], &[(HOME, BREAST)]),
    person(7, "NONANALYTIC", &[("dateOfLastContact", "20240101"), ("vitalStatus", "1")], &[(HOME, NONANALYTIC)]),
    person(8, "ELSEWHERE", &[("dateOfLastContact", "20240102"), ("vitalStatus", "1")], &[(OTHER, BREAST)]),
];

fn which(every_class: bool) -> Contacted {
    let bounds = Months::default().bounds(today().first());
    Contacted { from: 0, before: bounds.due_before.into(), every_class }
}

on_both!(the_living_who_are_due_stand_in_the_list_by_last_contact, |db| {
    let store = registry_of(db, PEOPLE);
    let by = By::system("test");
    let conn = &mut *store.reading().unwrap();
    let mut names = Vec::new();
    let mut after = (0, 0);
    loop {
        let page = due_patients(conn, &by, which(false), after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = (last.traced.contact_low.unwrap(), last.traced.id);
        names.extend(page.iter().map(|p| p.items.value("nameLast").to_string()));
    }
    assert_eq!(names, ["LOST", "ELSEWHERE", "GRACE", "DUE"]);
    let (mut newest, mut after) = (Vec::new(), (0, 0));
    loop {
        let ids = due_ids(conn, &by, which(false), Order::Newest, after, 3).unwrap();
        let page = traced(conn, &by, &ids).unwrap();
        let Some(last) = page.last() else { break };
        after = (last.contact_low.unwrap(), last.id);
        newest.extend(shown(conn, &by, page).unwrap().iter().map(|p| p.items.value("nameLast").to_string()));
    }
    assert_eq!(newest, ["DUE", "GRACE", "ELSEWHERE", "LOST"]);
    assert_eq!(count_due(conn, &by, which(false)).unwrap(), 4);
    assert_eq!(count_due(conn, &by, which(true)).unwrap(), 5);
    let ids = undated_ids(conn, &by, false, 0, 10).unwrap();
    let found = traced(conn, &by, &ids).unwrap();
    let undated = shown(conn, &by, found).unwrap();
    assert_eq!(undated.iter().map(|p| p.items.value("nameLast")).collect::<Vec<_>>(), ["UNDATED"]);
    assert_eq!(count_undated(conn, &by, false).unwrap(), 1);
    assert_eq!(conflict_ids(conn, &by, 0, 10).unwrap().len(), 0);
});

on_both!(a_facility_sees_its_own_and_who_is_traced_by_another, |db| {
    const FOLLOWED_BY_OTHER: &[(&str, &str)] = &[
        ("primarySite", "C504"),
        ("behaviorCodeIcdO3", "3"),
        ("dateOfDiagnosis", "20220217"),
        ("classOfCase", "14"),
        ("sequenceNumberHospital", "00"),
        ("followingRegistry", OTHER),
    ];
    const SHARED: Person = person(
        9,
        "SHARED",
        &[("dateOfLastContact", "20240103"), ("vitalStatus", "1")],
        &[(HOME, FOLLOWED_BY_OTHER), (OTHER, BREAST)],
    );
    let store = registry_of(db, &[LOST, ELSEWHERE, SHARED]);
    let conn = &mut *store.reading().unwrap();
    let seen = |conn: &mut _, number: &str| -> Vec<(String, bool)> {
        let by = of_facilities(&[facility(db, number)]);
        let page = due_patients(conn, &by, which(false), (0, 0), 10).unwrap();
        page.iter().map(|p| (p.items.value("nameLast").to_string(), p.traced.traced_elsewhere)).collect()
    };
    assert_eq!(seen(conn, HOME), [("LOST".into(), false), ("SHARED".into(), true)]);
    assert_eq!(seen(conn, OTHER), [("ELSEWHERE".into(), false), ("SHARED".into(), false)]);
    let nobody = of_facilities(&[FacilityId(999)]);
    assert!(due_patients(conn, &nobody, which(false), (0, 0), 10).unwrap().is_empty());
    assert_eq!(count_due(conn, &nobody, which(false)).unwrap(), 0);
});

const LOST: Person = person(1, "LOST", &[("dateOfLastContact", "20240101"), ("vitalStatus", "1")], &[(HOME, BREAST)]);
const ELSEWHERE: Person =
    person(8, "ELSEWHERE", &[("dateOfLastContact", "20240102"), ("vitalStatus", "1")], &[(OTHER, BREAST)]);

on_both!(a_posted_contact_takes_the_patient_off_the_list, |db| {
    let store = registry_of(db, &[ANNE]);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    assert_eq!(count_due(&mut store.reading().unwrap(), &by, which(false)).unwrap(), 1);
    post(&store, &by, id, &alive("2026-11-09", "41")).unwrap();
    assert_eq!(count_due(&mut store.reading().unwrap(), &by, which(false)).unwrap(), 0);
});
