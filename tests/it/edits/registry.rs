//! Edits inside the registry: kept with each change, run again where something moved, the registry's own files.

use serde_json::Value;

use crate::kit::{Database, HOME, Person, Server, accession, init, is_sound};
use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::settings::set;
use accession::registry::store::{By, DatabaseUrl, Store};

/// Two patients: a left middle lobe that cannot be, and an in situ breast tumor of unknown side, which has an over-ride.
fn import(db: &Database) {
    init(db);
    let common = "<Item naaccrId=\"dateOfDiagnosis\">20240305</Item><Item naaccrId=\"classOfCase\">14</Item>\
        <Item naaccrId=\"dateOf1stContact\">20240306</Item><Item naaccrId=\"diagnosticConfirmation\">1</Item>";
    let patient = |name: &str, items: &str| {
        format!(
            "<Patient><Item naaccrId=\"patientIdNumber\">{name}</Item><Item naaccrId=\"nameLast\">TEST{name}</Item>\
             <Item naaccrId=\"sex\">2</Item><Tumor>{items}{common}</Tumor></Patient>"
        )
    };
    let lung = "<Item naaccrId=\"primarySite\">C342</Item><Item naaccrId=\"histologicTypeIcdO3\">8140</Item>\
        <Item naaccrId=\"behaviorCodeIcdO3\">3</Item><Item naaccrId=\"laterality\">2</Item><Item naaccrId=\"countyAtDx\">003</Item>";
    let breast = "<Item naaccrId=\"primarySite\">C504</Item><Item naaccrId=\"histologicTypeIcdO3\">8500</Item>\
        <Item naaccrId=\"behaviorCodeIcdO3\">2</Item><Item naaccrId=\"laterality\">9</Item>";
    let head = "<?xml version=\"1.0\"?><NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
        recordType=\"A\" timeGenerated=\"2026-01-15T08:00:00Z\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">";
    let text = format!("{head}{}{}</NaaccrData>", patient("00000001", lung), patient("00000002", breast));
    let file = db.folder().join("two.xml");
    std::fs::write(&file, text).unwrap();
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--facility", HOME]).expect_code(0);
}

fn failures(db: &Database, abstract_: i64) -> String {
    let query = format!("SELECT failures AS value FROM edit_result WHERE abstract_id = {abstract_}");
    db.values(&query).pop().flatten().unwrap_or_default()
}

fn run(db: &Database, more: &[&str]) -> Value {
    let ran = accession(&[&["edits", "run", "--database", db.url()][..], more].concat());
    assert!(ran.code != Some(2), "{}", ran.stderr);
    serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap()
}

on_both!(an_import_keeps_what_fails_and_a_run_looks_again_only_where_something_moved, |db| {
    import(db);
    assert!(failures(db, 1).contains(" e:lat-middle-lobe-left:410"), "{}", failures(db, 1));
    assert!(failures(db, 2).contains(":lat-insitu-unknown-side:410"), "{}", failures(db, 2));
    assert_eq!(db.number("SELECT count(*) FROM abstract WHERE edit_state = 'errors' AND edit_errors > 0"), 2);
    let came = run(db, &[]);
    assert_eq!((&came["cases"], &came["ran"]), (&2.into(), &0.into()), "{came}");
    assert_eq!(run(db, &["--again"])["ran"], 2);
    // A setting that edits read moves every case; the job stands in the queue with the change.
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    store.write(|tx| set(tx, &By::system("tests"), "edits.seer", "yes", "")).unwrap();
    drop(store);
    assert_eq!(db.number("SELECT count(*) FROM job WHERE kind = 'edits'"), 3);
    run(db, &[]);
    assert_eq!(db.number("SELECT count(DISTINCT edition) FROM edit_result"), 1);
    let counted = accession(&["edits", "run", "--database", db.url(), "--by", "item"]).expect_code(1).stdout;
    assert!(counted.contains("410 Laterality"), "{counted}");
    is_sound(db);
});

const OWN: &str = r#"[standard]
name = "iowa"
edition = "2026.1"
years = "2024+"

[file]
family = "address"
agency = "IA"
sets = ["hospital"]
source = "our rule 4"

[[edit]]
id = "ia-county"
fail = "countyAtDx = 003"
message = "County {countyAtDx} is not used."
fails = [{ countyAtDx = "003" }]
passes = [{ countyAtDx = "001" }]
"#;

fn add(db: &Database, text: &str, more: &[&str]) -> crate::kit::Outcome {
    let file = db.folder().join("iowa.toml");
    std::fs::write(&file, text).unwrap();
    accession(&[&["standards", "add", file.to_str().unwrap(), "--database", db.url()][..], more].concat())
}

on_both!(a_states_own_file_is_added_tried_switched_on_run_and_switched_off_without_a_build, |db| {
    import(db);
    for (from, to, told) in [
        ("= 003\"", "= 3\"", "line 14 column 22: edit ia-county: 3 has 1 characters"),
        ("\"001\" }", "\"003\" }", "test 2: the edit fails on a case it must let pass"),
        ("[\"hospital\"]", "[\"hospitall\"]", "there is no set hospitall"),
        (
            "[file]",
            "[[set]]\nname = \"ia\"\ntitle = \"t\"\nedits = [\"no-such\"]\n[file]",
            "line 9 column 10: the set ia names no-such",
        ),
    ] {
        let refused = add(db, &OWN.replace(from, to), &[]).expect_code(2);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
    assert_eq!(db.number("SELECT count(*) FROM standard"), 0);
    // A server that runs already, beside the command that adds.
    let manager = Person::add(db, "boss", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    add(db, OWN, &[]).expect_code(0);
    let tried = accession(&["edits", "run", "--database", db.url(), "--try", "iowa@2026.1"]);
    let tried = tried.expect_code(1).stdout;
    assert!(
        tried.contains("\"newly\":{\"ia-county\":1}") && tried.contains("1,1,ia-county,error,newly fails"),
        "{tried}"
    );
    assert!(!failures(db, 1).contains("ia-county"));
    accession(&["standards", "switch", "iowa", "2026.1", "--database", db.url()]).expect_code(0);
    run(db, &[]);
    assert!(failures(db, 1).contains(" e:ia-county:90") && !failures(db, 2).contains("ia-county"));
    let mut visitor = manager.at(&server);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while !visitor.get("/cases/1/accession").text().contains("County 003 is not used") {
        assert!(std::time::Instant::now() < until, "the other server did not take the edition up");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    drop(server);
    accession(&["standards", "switch", "iowa", "2026.1", "--off", "--database", db.url()]).expect_code(0);
    run(db, &[]);
    assert!(!failures(db, 1).contains("ia-county"));
    // Two editions at once: each for its years.
    accession(&["standards", "switch", "iowa", "2026.1", "--database", db.url()]).expect_code(0);
    let older = OWN.replace("2026.1", "2020.1").replace("2024+", "-2023");
    add(db, &older, &["--on"]).expect_code(0);
    assert_eq!(db.number("SELECT count(*) FROM standard WHERE switched_on = 1"), 2);
    add(db, &OWN.replace("2026.1", "2026.2"), &["--on"]).expect_code(0);
    let on = db.values("SELECT edition AS value FROM standard WHERE switched_on = 1 ORDER BY edition");
    assert_eq!(on, [Some("2020.1".to_string()), Some("2026.2".to_string())]);
    is_sound(db);
});

on_both!(an_over_ride_has_a_reason_stands_falls_with_a_reviewed_value_and_is_told_when_nothing_needs_it, |db| {
    import(db);
    let manager = Person::add(db, "boss", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = manager.at(&server);
    let edit = "/cases/2/edits/lat-insitu-unknown-side";
    let version = || db.number("SELECT version FROM abstract WHERE id = 2").to_string();
    let page = visitor.get(edit).expect_status(200).text();
    assert!(page.contains("It fails") && page.contains("Over-ride: the values are right"), "{page}");
    let no_reason = visitor.post(edit, &[("seen", &version()), ("reason", "ok")]);
    assert!(no_reason.text().contains("Give the reason of the over-ride"), "{}", no_reason.text());
    let no_flag =
        visitor.post("/cases/1/edits/lat-middle-lobe-left", &[("seen", "2"), ("reason", "the surgeon was asked")]);
    assert!(no_flag.text().contains("has no over-ride"), "{}", no_flag.text());
    assert_eq!(db.number("SELECT count(*) FROM edit_override"), 0);
    visitor.get(edit);
    visitor
        .post(edit, &[("seen", &version()), ("reason", "The report names no side; the surgeon was asked.")])
        .expect_status(303);
    assert!(failures(db, 2).contains(" o:lat-insitu-unknown-side:410"), "{}", failures(db, 2));
    let row = db.values("SELECT flag || ' ' || state || ' ' || needed AS value FROM edit_override");
    assert_eq!(row, [Some("overRideSiteLatMorph stands 1".to_string())]);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'over-ride'"), 1);
    let life = visitor.get("/cases/2/items/2074").expect_status(200).text();
    assert!(life.contains("the surgeon was asked"), "{life}");
    // An item the edit does not look at leaves it standing; the laterality does not.
    let save = |visitor: &mut crate::kit::Visitor, item: u32, value: &str| {
        let patient = db.number("SELECT version FROM patient WHERE id = 2").to_string();
        let fields = [("seen", version()), ("seen_patient", patient), ("value", value.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post(&format!("/cases/2/items/{item}"), &fields).expect_status(303);
    };
    save(&mut visitor, 90, "113");
    assert_eq!(db.number("SELECT count(*) FROM edit_override WHERE state = 'stands'"), 1);
    save(&mut visitor, 410, "1");
    let row = db.values("SELECT state || ': ' || ended_why AS value FROM edit_override");
    assert_eq!(row, [Some("fallen: Laterality is no longer what was looked at".to_string())]);
    assert!(
        !db.values("SELECT items AS value FROM abstract WHERE id = 2")[0]
            .as_ref()
            .unwrap()
            .contains("overRideSiteLatMorph")
    );
    let life = visitor.get("/cases/2/items/2074").expect_status(200).text();
    assert!(life.contains("the over-ride fell: Laterality"), "{life}");
    let dock = visitor.get("/cases/2/identification").expect_status(200).text();
    assert!(dock.contains("the over-ride fell"), "{dock}");
    // What fails, counted and listed; the library; a rule tried on a pasted record.
    for by in ["edit", "item", "facility", "abstractor", "month"] {
        visitor.get(&format!("/edits?by={by}")).expect_status(200);
    }
    assert!(visitor.get("/edits").text().contains("/edits/failing/lat-middle-lobe-left"));
    assert!(visitor.get("/edits/report.csv?by=month").text().contains("2024-03"));
    assert!(visitor.get("/edits/failing/lat-middle-lobe-left").text().contains("/cases/1/edits/lat-middle-lobe-left"));
    assert!(visitor.get("/edits/failing/lat-middle-lobe-left/cases.csv").text().contains("lat-middle-lobe-left,fails"));
    assert!(visitor.get("/edits/library?q=middle+lobe").text().contains("/edits/library/lat-middle-lobe-left"));
    visitor.get("/edits/library/lat-middle-lobe-left").expect_status(200);
    let rule = visitor.get("/edits/try").expect_status(200).input("rule").unwrap_or_default();
    assert!(rule.is_empty());
    let wrong = OWN.replace("= 003\"", "= 3\"");
    let tried = visitor
        .post("/edits/try", &[("rule", &wrong), ("items", "noSuch = 1\ncountyAtDx = 003")])
        .expect_status(200)
        .text();
    assert!(tried.contains("rule.toml:14:22") && tried.contains("noSuch is no item"), "{tried}");
    let tried = visitor
        .post("/edits/try", &[("rule", OWN), ("items", "countyAtDx = 003\n\ncountyAtDx = 001")])
        .expect_status(200)
        .text();
    assert!(tried.contains("Record 1: ia-county fails") && tried.contains("Record 2: passes"), "{tried}");
    is_sound(db);
});
