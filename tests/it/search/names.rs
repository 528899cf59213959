//! The table of names that must be found, and searches by number and date.

use accession::registry::change::{Because, Change, amend_patient};
use accession::registry::clock::Clock;
use accession::registry::store::records;
use accession::registry::store::search::{Answer, Query, search_line};
use accession::registry::store::{By, Store};

use super::population::{Person, crowd, registry_of, search};
use crate::kit::{Database, HOME};

struct Case {
    fact: String,
    person: Person,
    typed: Query,
    rank: usize,
}

/// A text of the table with its combining marks.
fn marks(text: &str) -> String {
    let mut plain = text.to_string();
    for (written, mark) in
        [("\\u0301", '\u{301}'), ("\\u0303", '\u{303}'), ("\\u0308", '\u{308}'), ("\\u030a", '\u{30a}')]
    {
        plain = plain.replace(written, &mark.to_string());
    }
    plain
}

fn query_of(typed: &str) -> Query {
    if !typed.contains('=') {
        return Query::of_text(typed);
    }
    let mut query = Query::default();
    for pair in typed.split(';') {
        let (field, text) = pair.split_once('=').unwrap();
        let place = match field {
            "last" => &mut query.last,
            "first" => &mut query.first,
            "name" => &mut query.name,
            "birth" => &mut query.birth,
            other => panic!("no field {other}"),
        };
        *place = text.into();
    }
    query
}

fn cases() -> Vec<Case> {
    include_str!("cases.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(marks).collect();
            let [fact, last, first, middle, birth_surname, alias, born, typed, rank] = cells.try_into().unwrap();
            let person = Person { middle, birth_surname, alias, ..Person::of(&last, &first, &born) };
            Case { fact, person, typed: query_of(&typed), rank: rank.parse().unwrap() }
        })
        .collect()
}

/// Several thousand patients, those of the table among them.
fn registry(db: &Database) -> Store {
    let mut people = crowd(4_000, 7, HOME);
    for (at, case) in cases().into_iter().enumerate() {
        if !people.contains(&case.person) {
            people.insert((at * 37) % people.len(), case.person);
        }
    }
    registry_of(db, &people)
}

fn rank_of(answer: &Answer, person: &Person) -> Option<usize> {
    let same = |f: &accession::registry::store::search::Found| {
        f.last == person.last && f.first == person.first && f.birth == person.born
    };
    answer.found.iter().position(same).map(|at| at + 1)
}

on_both!(a_misspelt_name_is_found_among_the_first_three, |db| {
    let store = registry(db);
    let by = By::system("test");
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    let mut ranks = String::new();
    for case in &cases {
        let answer = search(&store, &by, &case.typed);
        let rank = rank_of(&answer, &case.person);
        ranks.push_str(&format!("{}\t{rank:?}\t{}\n", case.fact, answer.found.len()));
        if rank.is_none_or(|rank| rank > case.rank) {
            let first: Vec<_> = answer.found.iter().take(4).map(|f| (&f.last, &f.first, &f.birth, f.score)).collect();
            wrong.push(format!("{}: rank {rank:?}, before it {first:?}", case.fact));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    the_same_on_both(db, &ranks);
});

/// Keeps the answers of the first database that comes here and compares the other's with them.
fn the_same_on_both(db: &Database, answers: &str) {
    use std::sync::Mutex;
    static FIRST: Mutex<Option<(crate::kit::Kind, String)>> = Mutex::new(None);
    let mut first = FIRST.lock().unwrap();
    match &*first {
        Some((kind, known)) if *kind != db.kind() => assert_eq!(known, answers, "{kind:?} and {:?} differ", db.kind()),
        _ => *first = Some((db.kind(), answers.to_string())),
    }
}

on_both!(numbers_and_dates_find_their_patient_however_they_are_written, |db| {
    let mut people = crowd(300, 11, HOME);
    let target = Person {
        ssn: "513478821".into(),
        record: "MR-00907712".into(),
        accession: "201800123".into(),
        sequence: "01".into(),
        ..Person::of("Featherstonehaugh", "Basil", "19610512")
    };
    people.push(target.clone());
    let store = registry_of(db, &people);
    let by = By::system("test");
    let with = |change: fn(&mut Query, String), text: &str| {
        let mut query = Query::default();
        change(&mut query, text.into());
        query
    };
    let mut queries: Vec<(String, Query)> = Vec::new();
    for text in [
        "513-47-8821",
        "513478821",
        "8821",
        "MR-00907712",
        "mr00907712",
        "00000301",
        "2018-00123",
        "201800123",
        "18-123",
        "05/12/1961",
        "1961-05-12",
        "19610512",
        "basil 05/12/1961",
    ] {
        queries.push((format!("free box: {text}"), Query::of_text(text)));
    }
    for text in ["513-47-8821", "513 47 8821", "8821"] {
        queries.push((format!("ssn: {text}"), with(|q, t| q.ssn = t, text)));
    }
    for text in ["2018-00123", "201800123/01", "2018-123"] {
        queries.push((format!("accession: {text}"), with(|q, t| q.accession = t, text)));
    }
    for text in ["MR-00907712", " mr 00907712 ", "00000301", "301"] {
        queries.push((format!("record: {text}"), with(|q, t| q.record = t, text)));
    }
    for text in ["05/12/1961", "1961-05-12", "19610512", "1961-05", "5/1961"] {
        queries.push((format!("birth: {text}"), with(|q, t| q.birth = t, text)));
    }
    let wrong: Vec<String> = queries
        .iter()
        .filter(|(_, query)| rank_of(&search(&store, &by, query), &target).is_none_or(|rank| rank > 3))
        .map(|(name, query)| format!("{name}: {:?}", rank_of(&search(&store, &by, query), &target)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let found = search(&store, &by, &Query { accession: "201800123".into(), sequence: "1".into(), ..Query::default() });
    assert_eq!(found.found.len(), 1);
    let tumor = &found.found[0].tumors[0];
    assert!(tumor.asked);
    assert_eq!((tumor.site.as_str(), tumor.year.as_str(), tumor.sequence.as_str()), ("C504", "2019", "01"));
    assert_eq!(found.found[0].accessions, ["201800123"]);
    assert_eq!(found.found[0].last_contact, "20240115");
});

on_both!(what_cannot_be_read_is_told_and_the_rest_is_searched, |db| {
    let store = registry_of(db, &[Person::of("Lindqvist", "Ebba", "19500101")]);
    let by = By::system("test");
    let query = Query { name: "lindqvist".into(), birth: "someday".into(), ssn: "12".into(), ..Query::default() };
    let answer = search(&store, &by, &query);
    assert_eq!(answer.found.len(), 1);
    assert_eq!(answer.not_read, [("birth", "someday".to_string()), ("ssn", "12".to_string())]);
    for odd in [
        "",
        " ",
        "%",
        "_",
        "'; DROP TABLE patient;--",
        "\u{202e}",
        ",,,",
        "9999999999999999999999",
        "a\u{301}\u{301}",
        "王",
    ] {
        assert!(search(&store, &by, &Query::of_text(odd)).found.is_empty(), "{odd:?}");
    }
    assert!(search(&store, &by, &Query::of_text(&"lindqvist ".repeat(300))).found.len() <= 1);
});

on_both!(only_names_as_written_when_asked, |db| {
    let people = [Person::of("Smith", "William", "19500101"), Person::of("Smyth", "Bill", "19500102")];
    let store = registry_of(db, &people);
    let by = By::system("test");
    let count = |text: &str, as_written| search(&store, &by, &Query { as_written, ..Query::of_text(text) }).found.len();
    assert_eq!((count("smith", false), count("smith", true)), (2, 1));
    assert_eq!((count("smyth, bill", false), count("smyth, bill", true)), (2, 1));
});

on_both!(a_corrected_social_security_number_finds_the_patient_and_the_wrong_one_no_longer, |db| {
    let store = registry_of(db, &[Person { ssn: "513478821".into(), ..Person::of("Lindqvist", "Ebba", "19500101") }]);
    let by = By::system("test");
    let finds = |text: &str| search(&store, &by, &Query { ssn: text.into(), ..Query::default() }).found.len();
    assert_eq!((finds("513-47-8821"), finds("8821"), finds("513-47-8812")), (1, 1, 0));
    let patient = search(&store, &by, &Query::of_text("lindqvist")).found[0].patient;
    let who = by.clone();
    store
        .write(move |tx| {
            let seen = records::patient(tx.conn, &who, patient)?.version;
            let changes = [Change::new("socialSecurityNumber", "513478812")];
            amend_patient(tx, &who, patient, seen, &changes, &Because::typed("card seen"))
        })
        .unwrap();
    assert_eq!((finds("513-47-8821"), finds("8821"), finds("513-47-8812")), (0, 0, 1));
});

on_both!(an_earlier_name_still_finds_the_patient, |db| {
    let store = registry_of(db, &[Person::of("Lindqvist", "Ebba", "19500101")]);
    let by = By::system("test");
    let found = search(&store, &by, &Query::of_text("lindqvist")).found.remove(0);
    assert_eq!((found.other_name, found.how), (None, vec![]));
    let (patient, who) = (found.patient, by.clone());
    store
        .write(move |tx| {
            let seen = records::patient(tx.conn, &who, patient)?.version;
            let changes = [Change::new("nameLast", "Oyelaran")];
            amend_patient(tx, &who, patient, seen, &changes, &Because::typed("married"))
        })
        .unwrap();
    for (typed, other_name) in
        [("oyelaran", None), ("lindqvist", Some("LINDQVIST, EBBA")), ("lundkvist, ebba", Some("LINDQVIST, EBBA"))]
    {
        let found = search(&store, &by, &Query::of_text(typed)).found;
        assert_eq!(found.len(), 1, "{typed}");
        assert_eq!(found[0].last, "Oyelaran");
        assert_eq!(found[0].other_name.as_deref(), other_name, "{typed}");
        assert_eq!(found[0].how.contains(&"earlier name"), other_name.is_some());
    }
});

on_both!(who_is_deleted_or_not_yet_published_is_not_found, |db| {
    let store =
        registry_of(db, &[Person::of("Lindqvist", "Ebba", "19500101"), Person::of("Oyelaran", "Tunde", "19500101")]);
    let by = By::system("test");
    let finds = |text: &str| search(&store, &by, &Query::of_text(text)).found.len();
    assert_eq!((finds("lindqvist"), finds("oyelaran"), finds("01/01/1950")), (1, 1, 2));
    db.tamper("UPDATE patient SET state = 'deleted' WHERE last_name = 'Lindqvist'");
    assert_eq!((finds("lindqvist"), finds("oyelaran"), finds("01/01/1950")), (0, 1, 1));
    db.tamper("INSERT INTO hidden_import (import_id) SELECT max(import_id) FROM patient");
    assert_eq!((finds("lindqvist"), finds("oyelaran"), finds("01/01/1950")), (0, 0, 0));
});

on_both!(a_search_leaves_one_line_with_fields_and_ids_and_no_name, |db| {
    let store = registry_of(db, &[Person { ssn: "513478821".into(), ..Person::of("Lindqvist", "Ebba", "19500101") }]);
    let by = By::system("POST /patients");
    let query = Query { text: "lindqvist 513-47-8821".into(), birth: "1950".into(), ..Query::default() };
    let answer = search(&store, &by, &query);
    store.audit(search_line(&by, Clock::system().now(), &query, &answer)).unwrap();
    let note = db.values("SELECT note AS value FROM audit WHERE action = 'search'");
    assert_eq!(note, [Some(format!("fields text birth; found 1: {}", answer.found[0].patient))]);
    let detail = db.values("SELECT text AS value FROM audit_detail ORDER BY seq DESC LIMIT 1");
    assert_eq!(detail, [Some("text: lindqvist *****8821; birth: 1950".to_string())]);
});
