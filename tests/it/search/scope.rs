//! Reliability 28: nothing a search answers tells of another facility's patient.

use accession::registry::store::search::{Answer, Query};

use super::population::{OTHER, Person, crowd, import, registry_of, search, somebody_of};
use crate::kit::HOME;

/// Searches that would meet the other facility's patients in every way there is.
fn searches() -> Vec<Query> {
    let mut queries: Vec<Query> = [
        "smith",
        "smith, j",
        "john smith",
        "smyth john",
        "jonson",
        "sm",
        "garcia",
        "li",
        "mary smith 1950",
        "smith 05/12/1961",
        "05/12/1961",
        "4444",
        "513-47-4444",
        "MR000012",
        "2019-00012",
        "201900012",
        "vandenplas",
        "vandenplass, oda",
        "shared, sharon",
        "0020000002 00000002",
        "002000000200000002",
    ]
    .iter()
    .map(|text| Query::of_text(text))
    .collect();
    queries.push(Query { birth: "1961".into(), ..Query::default() });
    queries.push(Query { birth: "1961-05".into(), ..Query::default() });
    queries.push(Query { ssn: "4444".into(), name: "smith".into(), ..Query::default() });
    queries.push(Query { record: "MR000012".into(), ..Query::default() });
    queries.push(Query { record: "002000000200000002".into(), ..Query::default() });
    queries.push(Query { accession: "2019-00012".into(), sequence: "00".into(), ..Query::default() });
    queries
}

on_both!(the_answer_is_the_same_with_and_without_the_other_facilitys_patients, |db| {
    let mut own = crowd(400, 3, HOME);
    own.push(Person { ssn: "513474444".into(), ..Person::of("Smith", "John", "19610512") });
    let store = registry_of(db, &own);
    let by = somebody_of(&store, &[HOME]);
    let before: Vec<Answer> = searches().iter().map(|query| search(&store, &by, query)).collect();
    assert!(before.iter().filter(|answer| !answer.found.is_empty()).count() >= 10, "the searches must find something");

    // More of every name than any look-up takes, and the same numbers.
    let mut others = crowd(1_500, 5, OTHER);
    for number in 0..300 {
        let mut person = Person::of("Smith", "John", "19610512");
        person.ssn = format!("51347{:04}", 4_444);
        person.record = format!("MR{number:06}");
        person.facilities = vec![OTHER];
        others.push(person);
    }
    for last in
        ["Smits", "Smitt", "Smitz", "Smithy", "Smithe", "Smth", "Smiith", "Asmith", "Jonsons", "Jonsen", "Vandenplas"]
    {
        others.push(Person { facilities: vec![OTHER], ..Person::of(last, "Oda", "19610512") });
    }
    import(db, &others, 50_001);

    for (query, before) in searches().iter().zip(&before) {
        let now = search(&store, &by, query);
        assert_eq!(&now, before, "{query:?}");
    }
    // The other facility finds its own, and nobody of the first.
    let other = somebody_of(&store, &[OTHER]);
    let theirs = search(&store, &other, &Query::of_text("vandenplass, oda"));
    assert_eq!(theirs.found[0].last, "Vandenplas");
    let both = somebody_of(&store, &[HOME, OTHER]);
    assert!(search(&store, &both, &Query::of_text("smith")).more);
    assert!(search(&store, &somebody_of(&store, &[]), &Query::of_text("smith")).found.is_empty());
});

on_both!(of_a_shared_patient_only_the_own_numbers_and_tumors_are_seen, |db| {
    let mut shared = Person::of("Shared", "Sharon", "19580303");
    shared.facilities = vec![HOME, OTHER];
    shared.record = "MR-SHARED".into();
    shared.ssn = "513474444".into();
    let store = registry_of(db, &[Person::of("Alone", "Alice", "19400101"), shared]);
    let (home, other) = (somebody_of(&store, &[HOME]), somebody_of(&store, &[OTHER]));
    let number_at_the_other = Query { record: format!("{OTHER}00000002"), ..Query::default() };
    let number_at_home = Query { record: "mrshared".into(), ..Query::default() };

    let seen = search(&store, &home, &Query::of_text("shared"));
    assert_eq!(seen.found.len(), 1);
    assert_eq!(seen.found[0].tumors.len(), 1);
    assert_eq!(seen.found[0].tumors[0].site, "C504");
    assert_eq!(seen.found[0].records, ["MR-SHARED"]);
    assert!(search(&store, &home, &number_at_the_other).found.is_empty());
    assert_eq!(search(&store, &home, &number_at_home).found.len(), 1);

    let seen = search(&store, &other, &Query::of_text("shared"));
    assert_eq!(seen.found[0].tumors.len(), 1);
    assert_eq!(seen.found[0].tumors[0].site, "C619");
    assert!(search(&store, &other, &number_at_home).found.is_empty());
    assert_eq!(search(&store, &other, &number_at_the_other).found.len(), 1);
});
