//! The thirteen cases of the domain document's section 12 and the example of 4.1, through the commands, on both databases.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

type Items = &'static [(&'static str, &'static str)];

/// A breast tumor of class 14 diagnosed in a year.
macro_rules! breast {
    ($class:literal, $year:literal) => {
        (
            HOME,
            &[
                ("primarySite", "C504"),
                ("histologicTypeIcdO3", "8500"),
                ("behaviorCodeIcdO3", "3"),
                ("dateOfDiagnosis", $year),
                ("dateOf1stContact", $year),
                ("classOfCase", $class),
                ("sequenceNumberHospital", "00"),
            ] as Items,
        )
    };
}

const CERVIX: Items = &[
    ("primarySite", "C539"),
    ("histologicTypeIcdO3", "8077"),
    ("behaviorCodeIcdO3", "2"),
    ("dateOfDiagnosis", "20220217"),
    ("dateOf1stContact", "20220217"),
    ("classOfCase", "14"),
    ("sequenceNumberHospital", "00"),
];

const PROSTATE_33: Items = &[
    ("primarySite", "C619"),
    ("histologicTypeIcdO3", "8140"),
    ("behaviorCodeIcdO3", "3"),
    ("dateOfDiagnosis", "20220301"),
    ("dateOf1stContact", "20220301"),
    ("classOfCase", "33"),
    ("sequenceNumberHospital", "02"),
];

macro_rules! one {
    ($number:literal, $name:literal, [$($id:literal = $value:literal),*], [$($tumor:expr),*]) => {
        Person { number: $number, name: $name, items: &[$(($id, $value)),*], tumors: &[$($tumor),*] }
    };
}

/// Name, state in the list (empty: not in it), exclusion, measures 1 and 2 of who is in the list.
const EXPECTED: [(&str, &str, &str, &str, &str); 13] = [
    ("ONE", "", "", "", ""),
    ("TWO", "due", "", "success", "success"),
    ("THREE", "grace", "", "success", "success"),
    ("FOUR", "lost", "", "failure", "failure"),
    ("FIVE", "", "", "", ""),
    ("SIX", "", "", "", ""),
    ("SEVEN", "lost", "F2", "not_counted", "not_counted"),
    ("EIGHT", "lost", "F3", "not_counted", "not_counted"),
    ("NINE", "lost", "F4", "not_counted", "not_counted"),
    ("TEN", "", "", "", ""),
    ("ELEVEN", "lost", "", "failure", "not_counted"),
    ("TWELVE", "lost", "", "failure", "failure"),
    ("THIRTEEN", "lost", "", "success", "success"),
];

fn measures(db: &Database, as_of: &str) -> Value {
    accession(&["followup", "measures", "--as-of", as_of, "--json", "--database", db.url()]).expect_code(0).json()
}

on_both!(the_thirteen_cases_come_out_as_the_table_says, |db| {
    let people = [
        one!(1, "ONE", ["dateOfLastContact" = "20260110", "vitalStatus" = "1"], [breast!("14", "20220217")]),
        one!(2, "TWO", ["dateOfLastContact" = "20251122", "vitalStatus" = "1"], [breast!("14", "20220217")]),
        one!(3, "THREE", ["dateOfLastContact" = "20250822", "vitalStatus" = "1"], [breast!("14", "20220217")]),
        one!(4, "FOUR", ["dateOfLastContact" = "20250821", "vitalStatus" = "1"], [breast!("14", "20220217")]),
        one!(5, "FIVE", ["dateOfLastContact" = "20230501", "vitalStatus" = "0"], [breast!("14", "20220217")]),
        one!(6, "SIX", ["dateOfLastContact" = "20240110", "vitalStatus" = "1"], [breast!("00", "20220217")]),
        one!(
            7,
            "SEVEN",
            ["dateOfLastContact" = "20240110", "vitalStatus" = "1", "addrCurrentCountry" = "MEX"],
            [breast!("14", "20220217")]
        ),
        one!(
            8,
            "EIGHT",
            ["dateOfLastContact" = "20250101", "vitalStatus" = "1", "dateOfBirth" = "19250101"],
            [breast!("14", "20220217")]
        ),
        one!(9, "NINE", ["dateOfLastContact" = "20240110", "vitalStatus" = "1"], [(HOME, CERVIX)]),
        one!(10, "TEN", ["dateOfLastContact" = "20260601", "vitalStatus" = "1"], [breast!("14", "20080217")]),
        one!(11, "ELEVEN", ["dateOfLastContact" = "20240101", "vitalStatus" = "1"], [breast!("14", "20140217")]),
        one!(
            12,
            "TWELVE",
            ["dateOfLastContact" = "20240601", "vitalStatus" = "1"],
            [breast!("14", "20220217"), (HOME, PROSTATE_33)]
        ),
        one!(13, "THIRTEEN", ["dateOfLastContact" = "202508", "vitalStatus" = "1"], [breast!("14", "20220217")]),
    ];
    drop(registry_of(db, &people));
    // The reference date of the registry would take ten years out: measures begin with the first accreditation.
    db.tamper(
        "INSERT INTO setting (name, value, reason, set_by, set_at) VALUES ('registry.accreditation_date', '1990-01-01', '', 'test', '')",
    );
    let run = accession(&["followup", "due", "--as-of", "2026-11-22", "--json", "--database", db.url()]).expect_code(0);
    let rows: BTreeMap<String, Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| (row["patient"].as_str().unwrap().to_owned(), row))
        .collect();
    for (name, state, exclusion, first, second) in EXPECTED {
        let row = rows.get(&patient(db, name).to_string());
        let found = row.map_or_else(Default::default, |row| {
            ["state", "excluded", "measure1", "measure2"].map(|key| row[key].as_str().unwrap_or_default().to_owned())
        });
        assert_eq!(found, [state, exclusion, first, second], "{name}");
    }
    let both = measures(db, "2026-11-22");
    // Counted by hand: all but the class 00 and the one of 2008 stand in window 1; measure 2 lacks the one of 2014 too.
    let expected =
        |t: i64, a: i64, b: i64, d: i64, e: i64| json!([t, a, b, d + e, d, e, b + d, {"F2": 1, "F3": 1, "F4": 1}]);
    let lines = |m: &Value| json!([m["T"], m["A"], m["B"], m["C"], m["D"], m["E"], m["F"], m["excluded"]]);
    assert_eq!(lines(&both["measure1"]), expected(11, 8, 1, 4, 3));
    assert_eq!(lines(&both["measure2"]), expected(10, 7, 1, 4, 2));
    assert_eq!((both["measure1"]["need"].as_i64(), both["measure2"]["need"].as_i64()), (Some(2), Some(2)));
    assert_eq!(both["measure1"]["from_year"], 2010);
    // The far year is a setting: without it 2010 is outside and nothing else changes here.
    db.tamper(
        "INSERT INTO setting (name, value, reason, set_by, set_at) VALUES ('follow_up.exclusions_off', 'F2, f4', '', 'test', '')",
    );
    let wider = measures(db, "2026-11-22");
    assert_eq!((wider["measure1"]["A"].as_i64(), wider["measure1"]["E"].as_i64()), (Some(10), Some(5)));
    assert_eq!(wider["measure1"]["excluded"], json!({"F3": 1}));
});

on_both!(the_example_of_the_report_adds_up, |db| {
    let people = [
        one!(
            1,
            "ABROAD",
            ["dateOfLastContact" = "20260110", "vitalStatus" = "1", "addrCurrentCountry" = "CAN"],
            [breast!("14", "20220217")]
        ),
        one!(
            2,
            "OLD",
            ["dateOfLastContact" = "20240110", "vitalStatus" = "1", "dateOfBirth" = "19200101"],
            [breast!("14", "20220217")]
        ),
        one!(
            3,
            "OLDER",
            ["dateOfLastContact" = "20240110", "vitalStatus" = "1", "dateOfBirth" = "19210101"],
            [breast!("22", "20220217")]
        ),
        one!(4, "DEAD", ["dateOfLastContact" = "20230110", "vitalStatus" = "0"], [breast!("14", "20220217")]),
        one!(5, "CURRENT", ["dateOfLastContact" = "20260110", "vitalStatus" = "1"], [breast!("10", "20220217")]),
        one!(6, "SOON", ["dateOfLastContact" = "20250910", "vitalStatus" = "1"], [breast!("14", "20220217")]),
        one!(7, "LOST", ["dateOfLastContact" = "20240110", "vitalStatus" = "1"], [breast!("14", "20220217")]),
    ];
    drop(registry_of(db, &people));
    let both = measures(db, "2026-11-22");
    for measure in [&both["measure1"], &both["measure2"]] {
        let line = |name: &str| measure[name].as_i64().unwrap();
        assert_eq!(measure["excluded"], json!({"F2": 1, "F3": 2}));
        assert_eq!(["T", "A", "B", "C", "D", "E", "F"].map(line), [7, 4, 1, 3, 2, 1, 3]);
        assert_eq!(measure["fallout"], json!({"30": 1, "60": 1, "90": 1}));
        assert_eq!(measure["tumors"]["A"], 4);
    }
    assert_eq!((both["measure1"]["need"].as_i64(), both["measure2"]["need"].as_i64()), (Some(1), Some(1)));
});
