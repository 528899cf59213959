//! Standards of a registry's own: they enter by one door, examined whole; editions stand side by side; switching one on
//! sets what new and changed cases use; completed cases move only when the registry is staged again.

use std::io::{Cursor, Read, Write};
use std::time::{Duration, Instant};

use accession::asker::Role;

use super::{case, change, registry};
use crate::imports::compare::shared;
use crate::kit::{Database, Person, Server, accession, init, is_sound};

/// The official EOD archive as an edition to come: another version, and what was local is regional now.
fn edition_to_come(db: &Database) -> Option<String> {
    let official = std::fs::read(shared("staging/algorithms/eod_public-3.3.zip")?).unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(official)).unwrap();
    let mut made = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        if !entry.name().ends_with(".json") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["version"] = "3.4".into();
        let column = value["definition"].as_array().and_then(|columns| {
            columns.iter().position(|column| column["key"] == "ss2018_derived" && column["type"] == "ENDPOINT")
        });
        if let (Some(column), Some(rows)) = (column, value["rows"].as_array_mut()) {
            for row in rows.iter_mut().filter(|row| row[column] == "VALUE:1") {
                row[column] = "VALUE:2".into();
            }
        }
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        made.start_file(entry.name(), stored).unwrap();
        made.write_all(value.to_string().as_bytes()).unwrap();
    }
    let path = db.folder().join("eod_public-3.4.zip");
    std::fs::write(&path, made.finish().unwrap().into_inner()).unwrap();
    Some(path.display().to_string())
}

fn standards(db: &Database, words: &[&str]) -> crate::kit::Outcome {
    let mut all = vec!["standards"];
    all.extend_from_slice(words);
    all.extend(["--database", db.url()]);
    accession(&all)
}

on_both!(editions_stand_side_by_side_and_completed_cases_move_only_when_staged_again, |db| {
    let Some(file) = edition_to_come(db) else { return };
    let store = registry(db, &[("dateCaseCompleted", "20210801")]);
    assert_eq!((case(&store).status.as_str(), case(&store).items.value("derivedSummaryStage2018")), ("complete", "1"));

    let added = standards(db, &["add", &file, "--json"]).expect_code(0).json();
    assert_eq!((added["name"].as_str(), added["edition"].as_str()), (Some("eod"), Some("3.4")));
    standards(db, &["add", &file]).expect_code(2);
    let listed = standards(db, &["list", "--json"]).expect_code(0).stdout;
    assert!(listed.contains("\"edition\":\"3.4\"") && listed.contains("\"on\":false"), "{listed}");
    assert_eq!(
        standards(db, &["diff", "eod", "eod@3.4", "--json"]).expect_code(1).json()["schemas_added"],
        serde_json::json!([])
    );

    standards(db, &["switch", "eod", "3.4"]).expect_code(0);
    store.refresh_standards().unwrap();
    // Completed under 3.3, it stays with 3.3 whatever is edited.
    change(&store, &[("eodRegionalNodes", "070")]);
    let complete = case(&store);
    assert_eq!(
        (complete.items.value("derivedSummaryStage2018"), complete.derived.runs().next().unwrap().1.edition.as_str()),
        ("1", "3.3")
    );

    let report = db.folder().join("report.csv").display().to_string();
    let said = standards(db, &["restage", "--out", &report]).expect_code(1).json();
    assert_eq!(
        (said["cases"].as_i64(), said["listed"].as_i64(), said["written"].as_i64()),
        (Some(1), Some(1), Some(0)),
        "{said}"
    );
    let lines = std::fs::read_to_string(&report).unwrap();
    assert!(lines.contains("1,1,1,derived,eod 3.4,derivedSummaryStage2018,1,2"), "{lines}");
    assert!(!lines.contains("LINDQVIST"), "the report names no patient");
    assert_eq!(case(&store).items.value("derivedSummaryStage2018"), "1", "a report changes nothing");

    let said = standards(db, &["restage", "--write"]).expect_code(1).json();
    assert_eq!(said["written"].as_i64(), Some(1), "{said}");
    let moved = case(&store);
    assert_eq!(
        (moved.items.value("derivedSummaryStage2018"), moved.derived.runs().next().unwrap().1.edition.as_str()),
        ("2", "3.4")
    );
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'restage'"), 3);
    standards(db, &["restage"]).expect_code(0);
    is_sound(db);
});

on_both!(another_edition_switched_on_serves_new_and_open_cases_of_a_running_server_within_ten_seconds, |db| {
    let Some(file) = edition_to_come(db) else { return };
    let store = registry(db, &[]);
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = manager.at(&server);
    let page = visitor.get("/cases/1/stage").expect_status(200).text();
    assert!(page.contains("<b>Breast</b>, EOD 3.3"), "{page}");

    standards(db, &["add", &file, "--on"]).expect_code(0);
    let began = Instant::now();
    while !visitor.get("/cases/1/stage").expect_status(200).text().contains("EOD 3.4") {
        assert!(began.elapsed() < Duration::from_secs(10), "the server did not take the edition up");
        std::thread::sleep(Duration::from_millis(200));
    }
    let page = visitor.get("/schemas/eod/breast").expect_status(200).text();
    assert!(page.contains("3.4 loaded by this registry") || page.contains("<b>3.4</b>"), "{page}");
    visitor.get("/schemas/eod/breast?edition=3.3").expect_status(200);
    drop(store);
});

on_both!(what_is_damaged_or_hostile_is_refused_and_the_registry_is_as_it_was, |db| {
    init(db);
    let before = db.number("SELECT count(*) FROM audit");
    let write = |name: &str, content: &[u8]| {
        let path = db.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("tables/a.json", zip::write::SimpleFileOptions::default()).unwrap();
    bomb.write_all(&vec![b' '; 20 << 20]).unwrap();
    let bomb = bomb.finish().unwrap().into_inner();
    let mut outside = zip::ZipWriter::new(Cursor::new(Vec::new()));
    outside.start_file("../tables/a.json", zip::write::SimpleFileOptions::default()).unwrap();
    let outside = outside.finish().unwrap().into_inner();
    for (name, content) in [
        ("cut.zip", &b"PK\x03\x04 and no more"[..]),
        ("bomb.zip", &bomb),
        ("outside.zip", &outside),
        ("empty.xml", b""),
        ("notes.xml", b"<NaaccrDictionary>"),
        ("text.zip", b"not a zip"),
    ] {
        let refused = standards(db, &["add", &write(name, content)]).expect_code(2);
        assert!(
            refused.stderr.contains("was not loaded") && refused.stderr.contains("as it was"),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(db.number("SELECT count(*) FROM standard"), 0);
    assert_eq!(db.number("SELECT count(*) FROM audit"), before);
});

const DICTIONARY: &str = r#"<?xml version="1.0"?>
<NaaccrDictionary dictionaryUri="https://registry.example.org/dictionaries/iowa.xml" naaccrVersion="260" specificationVersion="1.8"
  description="Iowa" dateLastModified="2026-01-05T09:00:00-05:00" xmlns="http://naaccr.org/naaccrxml">
  <ItemDefs><ItemDef naaccrId="iowaRegion" naaccrNum="9510" naaccrName="Iowa Region" parentXmlElement="Tumor" length="2"/></ItemDefs>
</NaaccrDictionary>"#;

on_both!(an_administrator_loads_and_switches_standards_on_the_page, |db| {
    init(db);
    let administrator = Person::add(db, "boss", &[Role::Administrator], &[]);
    let abstractor = Person::add(db, "writer", &[Role::Abstractor], &[]);
    let server = Server::start(db.url());
    abstractor.at(&server).get("/admin/standards").expect_status(403);
    let mut visitor = administrator.at(&server);
    let page = visitor.get("/admin/standards").expect_status(200).text();
    assert!(page.contains("The compiled-in editions serve") && page.contains("topography"), "{page}");
    let refused = visitor.upload("/admin/standards", &[], "file", "bad.zip", b"PK\x03\x04");
    assert!(refused.text().contains("was not loaded"), "{}", refused.text());
    visitor.get("/admin/standards").expect_status(200);
    visitor.upload("/admin/standards", &[], "file", "iowa.xml", DICTIONARY.as_bytes()).expect_status(303);
    let page = visitor.get("/admin/standards").expect_status(200).text();
    assert!(page.contains("iowa") && page.contains("260 of 2026-01-05") && page.contains("Switch on"), "{page}");
    visitor.post("/admin/standards/1", &[("switch", "on")]).expect_status(303);
    assert_eq!(db.number("SELECT switched_on FROM standard WHERE id = 1"), 1);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'standard'"), 2);
    visitor.get("/admin/standards").expect_status(200);
    visitor.post("/admin/standards/restage", &[]).expect_status(303);
    is_sound(db);
});

on_both!(codes_and_schemas_are_read_by_everybody_who_is_signed_in, |db| {
    init(db);
    let abstractor = Person::add(db, "writer", &[Role::Abstractor], &[]);
    let server = Server::start(db.url());
    let mut visitor = abstractor.at(&server);
    let page = visitor.get("/codes?q=inf+duct+ca").expect_status(200).text();
    assert!(page.contains("8500/3") && page.contains("/codes/morphology/8500-3"), "{page}");
    let page = visitor.get("/codes/morphology/8500-3").expect_status(200).text();
    assert!(page.contains("IARC families") && page.contains("C50.4"), "{page}");
    let page = visitor.get("/codes/site/C619").expect_status(200).text();
    assert!(page.contains("men only") && page.contains("8140/3"), "{page}");
    visitor.get("/codes/site/C999").expect_status(404);
    visitor.get("/codes?table=topography").expect_status(200);
    visitor.get("/codes?q=%3Cscript%3E&year=abc").expect_status(200);
    let page = visitor.get("/schemas?q=prostate").expect_status(200).text();
    assert!(page.contains("/schemas/eod/prostate") && page.contains("/schemas/cs/prostate"), "{page}");
    let page = visitor.get("/schemas/eod/prostate").expect_status(200).text();
    assert!(page.contains("Which cases belong to it") && page.contains("official archive"), "{page}");
    visitor.get("/schemas/eod/prostate/primary_site").expect_status(200);
    visitor.get("/schemas/tnm").expect_status(200);
    visitor.get("/schemas/eod/nothing").expect_status(404);
    visitor.get("/schemas/nothing").expect_status(404);
});
