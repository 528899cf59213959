//! Files that are not taken: nothing changes, the exit code and the sentence say why.

use super::compare::{shared, small_file};
use super::import;
use crate::kit::{accession, init};

on_both!(a_file_that_ends_early_changes_nothing, |db| {
    let Some(file) = shared("synthetic/full-abstract-v26.xml.gz") else { return };
    init(db);
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap()), &mut text)
        .unwrap();
    let cut = db.folder().join("cut.xml");
    std::fs::write(&cut, &text[..text.len() / 2]).unwrap();
    let run = accession(&["import", "--database", db.url(), "--json", &cut.display().to_string()]).expect_code(1);
    let report = run.json();
    assert_eq!(report["outcome"], "refused", "{report}");
    assert!(report["message"].as_str().unwrap().contains("Nothing was changed"), "{report}");
    for table in ["patient", "tumor", "abstract", "source_record", "source_tumor"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    // With --partial what could be read is taken.
    let report = import(db, &cut.display().to_string(), &["--partial"]);
    assert_eq!(report["outcome"], "published", "{report}");
    assert!(report["added"].as_i64().unwrap() > 200, "{report}");
});

on_both!(a_missing_file_a_folder_and_text_are_refused_in_words, |db| {
    init(db);
    let folder = db.folder().display().to_string();
    let run = accession(&["import", "--database", db.url(), "/nowhere/file.xml"]).expect_code(2);
    assert!(run.stderr.contains("/nowhere/file.xml"), "{}", run.stderr);
    let run = accession(&["import", "--database", db.url(), &folder]).expect_code(2);
    assert!(run.stderr.contains("folder"), "{}", run.stderr);
    let text = db.folder().join("letter.xml");
    std::fs::write(&text, "Dear registry, here are my cases.").unwrap();
    let run = accession(&["import", "--database", db.url(), "--json", &text.display().to_string()]).expect_code(1);
    assert_eq!(run.json()["outcome"], "refused");
    assert_eq!(db.number("SELECT count(*) FROM patient"), 0);
});

on_both!(an_unknown_facility_becomes_an_unconfirmed_one, |db| {
    init(db);
    let file = small_file(db, "one.xml", "C504", "SMITH");
    let text = std::fs::read_to_string(&file).unwrap().replace("0010000001", "0099999999");
    std::fs::write(&file, text).unwrap();
    import(db, &file, &[]);
    assert_eq!(db.number("SELECT count(*) FROM facility WHERE number = '0099999999' AND confirmed = 0"), 1);
});

on_both!(a_record_of_no_facility_refuses_the_file_in_words_and_a_wrong_npi_does_not, |db| {
    let words = ["init", "--database", db.url(), "--kind", "central", "--name", "State", "--state", "IA"];
    accession(&words).expect_code(0);
    let file = small_file(db, "one.xml", "C504", "SMITH");
    let text = std::fs::read_to_string(&file).unwrap();
    let given = "<Item naaccrId=\"reportingFacility\">0010000001</Item>";
    assert!(text.contains(given), "{text}");
    for (instead, said) in [
        ("", "names no reporting facility"),
        ("<Item naaccrId=\"reportingFacility\">A-1</Item>", "not one to ten letters and digits"),
    ] {
        std::fs::write(&file, text.replace(given, instead)).unwrap();
        let report = import(db, &file, &[]);
        assert_eq!(report["outcome"], "refused", "{report}");
        assert!(report["message"].as_str().unwrap().contains(said), "{report}");
        assert_eq!(db.number("SELECT count(*) FROM patient"), 0);
        let report = import(db, &file, &["--partial"]);
        assert_eq!((&report["outcome"], &report["refused"]), (&"published".into(), &1.into()), "{report}");
        assert_eq!(db.number("SELECT count(*) FROM patient"), 0);
    }
    let npi = format!("{given}<Item naaccrId=\"npiReportingFacility\">12345</Item>");
    std::fs::write(&file, text.replace(given, &npi)).unwrap();
    assert_eq!(import(db, &file, &[])["added"], 1);
    assert_eq!(db.number("SELECT count(*) FROM facility WHERE npi IS NOT NULL"), 0);
});
