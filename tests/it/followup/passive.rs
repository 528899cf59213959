//! Files of other sources: a synthetic death file against the known truth, undone whole; rejects remembered; the maps.

use std::fmt::Write as _;

use accession::followup::passive::{settle_pair, undo_batch};
use accession::followup::posting::{File, post_contact, undo_contact};
use accession::registry::record::Record;
use accession::registry::store::followup::passive::{people, rows_of};
use serde_json::{Value, json};

use super::posted::post;
use super::*;

const HEADS: &str = "surname,first,middle,sex,dob,ssn,address,city,zip,date of death,ucod,state of death,certificate\n";

fn line(items: &Record, died: &str, certificate: usize) -> String {
    let of = |id: &str| items.value(id).replace([',', '"'], " ");
    let sex = accession::registry::promoted::sex_of(items).unwrap_or_default();
    format!(
        "{},{},{},{sex},{},{},{},{},{},{died},I219,IA,{certificate:06}\n",
        of("nameLast"),
        of("nameFirst"),
        of("nameMiddle"),
        of("dateOfBirth"),
        of("socialSecurityNumber"),
        of("addrCurrentNoStreet"),
        of("addrCurrentCity"),
        of("addrCurrentPostalCode"),
    )
}

/// A person of whom the registry knows nothing; every third died of cancer.
fn stranger(number: usize) -> String {
    let letters = |mut n: usize| {
        let mut text = String::new();
        for _ in 0..6 {
            text.push(char::from(b"QXZVKJ"[n % 6]));
            text.push(char::from(b"UOI"[n % 3]));
            n /= 3;
        }
        text
    };
    let cause = if number.is_multiple_of(3) { "C349" } else { "I219" };
    format!(
        "{},{},,1,18{:02}{:02}{:02},,{number} NOWHERE,ELSEWHERE,00001,20250301,{cause},IA,{:06}\n",
        letters(number * 7 + 1),
        letters(number * 5 + 2),
        10 + number % 60,
        1 + number % 12,
        1 + number % 28,
        900_000 + number
    )
}

fn link(db: &Database, name: &str, text: &str, more: &[&str]) -> Value {
    let path = db.folder().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let words = ["followup", "link", &path, "--as-of", "2026-11-23", "--json", "--database", db.url()];
    let run = accession(&[&words[..], more].concat());
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.stderr);
    run.json()
}

/// Everything that records hold.
fn records_of(db: &Database) -> Vec<Option<String>> {
    let mut all = db.values("SELECT items AS value FROM patient ORDER BY id");
    all.extend(db.values("SELECT items AS value FROM abstract ORDER BY id"));
    all.extend(db.values("SELECT coalesce(items, '') AS value FROM tumor ORDER BY id"));
    all.extend(db.values("SELECT vital_status || ' ' || contact_low AS value FROM patient ORDER BY id"));
    all
}

on_both!(a_death_file_of_five_thousand_rows_meets_the_known_truth_and_is_undone, |db| {
    init(db);
    accession(&["synth", "--patients", "900", "--seed", "11", "--type", "A", "--into", db.url()]).expect_code(0);
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let by = By::system("test");
    let all = people(&mut store.reading().unwrap(), &by, 0, i64::MAX).unwrap();
    // Of a person on file twice, one row would post to one of the two and the next say something else of it.
    let alone = |ssn: &str| all.iter().filter(|(_, other)| other.value("socialSecurityNumber") == ssn).count() == 1;
    let full = |items: &Record| {
        let ssn = items.value("socialSecurityNumber");
        ssn.len() == 9 && alone(ssn) && items.value("dateOfBirth").len() == 8
    };
    let living: Vec<&Record> = all
        .iter()
        .map(|(_, items)| items)
        .filter(|items| items.value("vitalStatus") == "1" && full(items) && items.value("dateOfLastContact") < "2026")
        .collect();
    assert!(living.len() >= 140, "{} living", living.len());
    let mut text = String::from(HEADS);
    for (at, items) in living[..120].iter().enumerate() {
        text.push_str(&line(items, "20260915", at));
    }
    // The same deaths once more say nothing new; deaths before any diagnosis cannot be.
    for (at, items) in living[..40].iter().enumerate() {
        text.push_str(&line(items, "20260915", at));
    }
    for (at, items) in living[120..140].iter().enumerate() {
        text.push_str(&line(items, "19750915", 500 + at));
    }
    (0..4_820).for_each(|number| text.push_str(&stranger(number)));
    let before = records_of(db);
    let counts = link(db, "deaths.csv", &text, &["--source", "state-deaths"]);
    assert_eq!(
        counts,
        json!({"batch": "1", "file": "deaths.csv", "rows": 5_000, "posted": 120, "review": 20, "nothing_new": 40,
            "rejected_before": 0, "no_match": 4_820})
    );
    assert_eq!(db.number("SELECT count(*) FROM passive_row WHERE clearance = 'open'"), 1_607);
    assert_eq!(
        db.number("SELECT count(*) FROM contact WHERE source_central = '05' AND source = '7' AND outcome = 'newer'"),
        120
    );
    let identity = |items: &str| {
        let items = Record::parse(items, "test").unwrap();
        ["nameLast", "nameFirst", "dateOfBirth", "sex", "socialSecurityNumber"].map(|id| items.value(id).to_owned())
    };
    for (now, then) in records_of(db).iter().zip(&before).take(all.len()) {
        assert_eq!(identity(now.as_deref().unwrap()), identity(then.as_deref().unwrap()));
    }
    let undone = undo_batch(&store, &by, 1, "the file was of another state").unwrap();
    assert_eq!((undone.contacts, undone.left), (120, 0));
    let after = records_of(db);
    let differ = after.iter().zip(&before).filter(|(now, then)| now != then).collect::<Vec<_>>();
    assert!(differ.is_empty(), "{} records differ, as\n{:?}", differ.len(), differ.first());
    assert!(undo_batch(&store, &by, 1, "twice").is_err());
    crate::kit::is_sound(db);
});

on_both!(a_rejected_pair_does_not_come_back_and_an_accepted_one_is_posted, |db| {
    let store = registry_of(db, &[ANNE]);
    let by = By::system("test");
    let id = patient(db, "WEATHERBY");
    // Name, birth and address agree, there is no number: likely, not certain enough for a death.
    let row = "last_name,first_name,date_of_birth,street,zip,date,cause\nWEATHERBY,ANNE,19570419,,,20260401,C509\n";
    let counts = link(db, "one.csv", row, &["--source", "discharge"]);
    assert_eq!((counts["review"].as_u64(), counts["posted"].as_u64()), (Some(1), Some(0)), "{counts}");
    let waiting = rows_of(&mut store.reading().unwrap(), 1, "review", 0, 10).unwrap().remove(0);
    settle_pair(&store, &by, waiting.id, false).unwrap();
    assert!(settle_pair(&store, &by, waiting.id, true).is_err());
    let again = link(db, "one.csv", row, &["--source", "discharge"]);
    assert_eq!(again["rejected_before"], 1, "{again}");
    // Told with a sex, the person is another for the memory of rejected pairs.
    let mapped = "NACHNAME,first_name,date_of_birth,sex,TAG\nWEATHERBY,ANNE,19570419,2,20260401\n";
    let map = ["--source", "discharge", "--columns"];
    let columns = "last_name=NACHNAME first_name=first_name date_of_birth=date_of_birth sex=sex date=TAG";
    let third = link(db, "mapped.csv", mapped, &[&map[..], &[columns]].concat());
    assert_eq!(third["review"], 1, "{third}");
    let waiting = rows_of(&mut store.reading().unwrap(), 3, "review", 0, 10).unwrap().remove(0);
    assert_eq!(settle_pair(&store, &by, waiting.id, true).unwrap(), "posted");
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20260401");
    assert_eq!(of_patient(&store, id, "nameFirst"), "ANNE");
    // The map is remembered by the source and the heads of the file.
    let fourth = link(db, "mapped.csv", mapped, &["--source", "discharge"]);
    assert_eq!(fourth["nothing_new"], 1, "{fourth}");
    let refused = accession(&[
        "followup",
        "link",
        "--as-of",
        "2026-11-23",
        "--source",
        "voters",
        "--database",
        db.url(),
        &db.folder().join("mapped.csv").display().to_string(),
    ]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("no column is last_name"), "{}", refused.stderr);
});

on_both!(a_posting_undone_restores_the_earlier_state, |db| {
    let store = registry_of(db, &[ANNE]);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let mut seed = 42_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut told = String::new();
    for round in 0..12 {
        let tumor = db.number("SELECT id FROM abstract");
        let day = format!("2026-{:02}-{:02}", 1 + next(10), 1 + next(28));
        let mut posting = alive(&day, ["30", "41", "50", "05"][next(4) as usize]);
        posting.tumors.push(of_tumor(tumor, ["1", "2", "9"][next(3) as usize], ["0", "1", "3"][next(3) as usize]));
        if next(3) == 0 {
            posting.vital_status = "0".into();
            posting.tumors[0].next_source.clear();
            posting.source_central = "05".into();
            posting.death.cause = "C509".into();
            posting.death.place_state = "IA".into();
        } else if next(2) == 0 {
            posting.address.city = "OTHERTOWN".into();
            posting.address.telephone = "5550100200".into();
        }
        let before = records_of(db);
        let posted = post(&store, &by, id, &posting).unwrap();
        writeln!(told, "{round} {posting:?} {}", posted.outcome).unwrap();
        assert_ne!(records_of(db), before, "{told}");
        let by = by.clone();
        let left = store.write(move |tx| undo_contact(tx, &by, posted.contact, "a test")).unwrap();
        assert_eq!((left, records_of(db)), (0, before), "{told}");
    }
    // What somebody changed since stays.
    let first = post(&store, &by, id, &alive("2026-02-03", "41")).unwrap();
    post(&store, &by, id, &alive("2026-03-04", "41")).unwrap();
    let asker = by.clone();
    let left = store.write(move |tx| undo_contact(tx, &asker, first.contact, "late")).unwrap();
    assert!(left >= 1);
    assert_eq!(of_patient(&store, id, "dateOfLastContact"), "20260304");
    let asker = by.clone();
    assert!(store.write(move |tx| undo_contact(tx, &asker, first.contact, "twice")).is_err());
});

on_both!(a_dead_patient_is_never_written_to, |db| {
    use accession::followup::letters::{Order, write_letter};
    let store = registry_of(db, &[ANNE]);
    super::letters::with_letterhead(db);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let dead = accession::followup::accept::Posting { vital_status: "0".into(), ..alive("2026-02-03", "05") };
    let asker = by.clone();
    store
        .write(move |tx| {
            let seen = File::read(tx.conn, &asker, id).map_err(accession::followup::posting::NotPosted::Store)?.seen();
            post_contact(tx, &asker, id, &seen, &dead, None, today())
        })
        .unwrap();
    for report in ["physician-letter", "patient-letter"] {
        for mail in ["", "office@example.org"] {
            let order = Order {
                report: report.into(),
                recipient: "R. Okafor MD".into(),
                address: vec!["2 Hill Road".into()],
                mail: mail.into(),
            };
            let by = by.clone();
            assert!(store.write(move |tx| write_letter(tx, &by, id, &order, today().first())).is_err(), "{report}");
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM attempt"), 0);
});
