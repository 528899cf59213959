//! An extract from end to end by the command: what stands in it, twice the same, and what is refused.

use crate::kit::{Database, Outcome, accession, init, naaccr_file};

fn registry(db: &Database, patients: usize) {
    init(db);
    let file = naaccr_file(db.folder(), "people.xml", 1, patients);
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
}

fn extract(db: &Database, out: &str, options: &[&str]) -> Outcome {
    let out = db.folder().join(out);
    let mut words = vec!["extract", "--database", db.url(), "--json", "--out", out.to_str().unwrap()];
    words.extend_from_slice(options);
    accession(&words)
}

fn table(db: &Database, out: &str) -> Vec<Vec<String>> {
    let text = std::fs::read(db.folder().join(out)).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*text);
    reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect()
}

on_both!(the_same_registry_and_study_give_the_same_bytes, |db| {
    registry(db, 120);
    let options = ["--study", "one", "--items", "@core,@outcome", "--as-of", "2026-11-01"];
    let first = extract(db, "a.csv", &options).expect_code(0).json();
    let again = extract(db, "b.csv", &options).expect_code(0).json();
    let other = extract(db, "c.csv", &["--study", "two", "--items", "@core,@outcome", "--as-of", "2026-11-01"])
        .expect_code(0)
        .json();
    assert_eq!(first["sha256"], again["sha256"]);
    assert_ne!(first["sha256"], other["sha256"]);
    let ids = |out: &str| {
        table(db, out).into_iter().skip(1).map(|row| row[0].clone()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids("a.csv").len(), 120);
    assert!(ids("a.csv").is_disjoint(&ids("c.csv")), "two studies cannot be joined");
});

on_both!(the_count_is_what_is_written, |db| {
    registry(db, 120);
    for filter in [
        "site=C50",
        "site=C50,C61 years=2020-2022",
        "sex=1 age=60-79",
        "vital=0",
        "classOfCase=14 site=C34",
        "histology=8000-8139",
    ] {
        let counted = accession(&["extract", "--database", db.url(), "--filter", filter, "--count", "--json"])
            .expect_code(0)
            .json();
        let made = extract(db, "made.csv", &["--filter", filter]).expect_code(0).json();
        assert_eq!(counted["complete"], true);
        assert_eq!(counted["tumors"], made["tumors"], "{filter}");
        assert_eq!(counted["patients"], made["patients"], "{filter}");
        assert_eq!(table(db, "made.csv").len() - 1, usize::try_from(made["tumors"].as_u64().unwrap()).unwrap());
    }
    let made = extract(db, "made.csv", &["--filter", "site=C50", "--items", "primarySite,sex"]).expect_code(0).json();
    assert_eq!(made["tumors"], 30);
    assert!(table(db, "made.csv").iter().skip(1).all(|row| row[2] == "C509"));
});

on_both!(a_definition_is_a_file_and_says_everything, |db| {
    registry(db, 40);
    let file = db.folder().join("definition.json");
    let text = r#"{"study":"File","level":"limited","filters":{"site":["C61"],"years":"2019-2024"},
        "items":["400","dateOfDiagnosis","dateOfBirth"],"recipient":"State University","purpose":"stage at diagnosis"}"#;
    std::fs::write(&file, text).unwrap();
    extract(db, "limited.csv", &["--definition", file.to_str().unwrap()]).expect_code(0);
    let rows = table(db, "limited.csv");
    assert_eq!(rows[0], ["studyPatient", "studyTumor", "primarySite", "dateOfDiagnosis", "dateOfBirth"]);
    assert!(rows[1..].iter().all(|row| row[2] == "C619" && row[3].len() == 8 && row[4].len() == 8));
    let read_me = std::fs::read_to_string(db.folder().join("limited-read-me.txt")).unwrap();
    assert!(read_me.contains("State University") && read_me.contains("site=C61 years=2019-2024"), "{read_me}");
    let listed = db.values("SELECT recipient || '|' || purpose || '|' || items_class AS value FROM disclosure");
    assert_eq!(listed, [Some("State University|stage at diagnosis|limited".to_string())]);
});

on_both!(identified_extracts_are_off_until_somebody_says_why, |db| {
    registry(db, 10);
    let run = extract(db, "names.csv", &["--level", "identified", "--items", "nameLast"]).expect_code(2);
    assert!(run.stderr.contains("switched off"), "{}", run.stderr);
    assert!(!db.folder().join("names.csv").exists() && !db.folder().join("names-codebook.csv").exists());
    assert_eq!(db.number("SELECT count(*) FROM disclosure"), 0);
    set(db, "yes", "short").unwrap_err();
    set(db, "yes", "Study 14 has the board's approval by name").unwrap();
    extract(db, "names.csv", &["--level", "identified", "--items", "nameLast,socialSecurityNumber"]).expect_code(0);
    assert!(table(db, "names.csv")[1..].iter().any(|row| row[2].starts_with("Abernathy")));
    assert_eq!(db.number("SELECT count(*) FROM disclosure_patient"), 10);
});

fn set(db: &Database, value: &'static str, reason: &'static str) -> Result<(), String> {
    use accession::registry::clock::Clock;
    use accession::registry::store::settings::set;
    use accession::registry::store::{By, DatabaseUrl, Store};
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    store
        .write(move |tx| set(tx, &By::system("tests"), "privacy.identified_extracts", value, reason))
        .map_err(|error| error.to_string())
}

on_both!(what_cannot_be_made_is_refused_with_a_sentence_and_leaves_nothing, |db| {
    registry(db, 5);
    for options in [
        &["--items", "nameLast"][..],
        &["--items", "countyAtDx"],
        &["--level", "limited", "--items", "textRemarks"],
        &["--filter", "county=103"],
        &["--filter", "site=breast"],
        &["--filter", "socialSecurityNumber=912345678"],
        &["--items", "@nothing"],
        &["--as-of", "yesterday"],
        &["--level", "limited", "--filter", "addrCurrentNoStreet=1"],
    ] {
        let run = extract(db, "refused.csv", options).expect_code(2);
        assert_eq!(run.stderr.trim().lines().count(), 1, "{options:?}: {}", run.stderr);
        assert!(!db.folder().join("refused.csv").exists(), "{options:?}");
    }
    assert_eq!(db.number("SELECT count(*) FROM disclosure"), 0);
    assert_eq!(db.number("SELECT count(*) FROM study"), 0);
});

on_both!(a_value_that_begins_like_a_formula_is_inert, |db| {
    init(db);
    let text = crate::kit::naaccr_text(1, 6);
    let mut hostile = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|x", "=HYPERLINK(1)"].iter();
    let mut out = String::new();
    for line in text.lines() {
        match line.starts_with("<Item naaccrId=\"nameLast\"") {
            true => out += &format!("<Item naaccrId=\"nameLast\">{}</Item>\n", hostile.next().unwrap()),
            false => out += &format!("{line}\n"),
        }
    }
    let file = db.folder().join("hostile.xml");
    std::fs::write(&file, out).unwrap();
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
    set(db, "yes", "Study 14 has the board's approval by name").unwrap();
    extract(db, "hostile.csv", &["--level", "identified", "--items", "nameLast"]).expect_code(0);
    let bytes = std::fs::read_to_string(db.folder().join("hostile.csv")).unwrap();
    for line in bytes.lines().skip(1) {
        let cell = line.splitn(3, ',').nth(2).unwrap().trim_start_matches('"');
        assert!(cell.starts_with('\''), "{line}");
    }
    let names: Vec<String> = table(db, "hostile.csv").into_iter().skip(1).map(|row| row[2].clone()).collect();
    assert!(names.contains(&"'=1+1".to_string()) && names.len() == 6, "{names:?}");
    crate::research::made::opens_without_formulas(&db.folder().join("hostile.csv"));
});

/// Where LibreOffice is installed it opens the table, and no cell has been worked out.
fn opens_without_formulas(file: &std::path::Path) {
    let folder = tempfile::tempdir().unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.path().display());
    let run = std::process::Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", "fods", "--outdir", folder.path().to_str().unwrap()])
        .arg(file)
        .output();
    let Ok(_) = run else {
        // The bytes have been looked at above; the program itself is not on every machine.
        return;
    };
    let opened = std::fs::read_to_string(folder.path().join("hostile.fods")).unwrap();
    assert!(opened.contains("1+1") && !opened.contains("table:formula"), "a cell was taken for a formula");
}
