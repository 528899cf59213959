//! Pathology messages from the file to the suspense list, and what people decide there.

use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::{By, DatabaseUrl, Store, StoreError, suspense};

use crate::kit::{Database, HOME, Outcome, Person, Server, accession, init, is_sound, naaccr_file, tree};

/// A message of a patient: control number, report number, status, birth date, final diagnosis.
fn message(control: &str, report: &str, status: &str, last: &str, diagnosis: &str) -> String {
    format!(
        "MSH|^~\\&|APSYS|LAB1^99D1234567^CLIA|REGISTRY|STATE|20260105||ORU^R01^ORU_R01|{control}|P|2.5.1\r\
         PID|1||R77^^^LAB1^MR||{last}^ROBIN||19570419|F\r\
         OBR|1||{report}^LAB1|11529-5^Surgical pathology study^LN|||20260102|||||||||||||||20260104||SP|{status}\r\
         OBX|1|TX|22637-3^Final diagnosis^LN|1|{diagnosis}||||||{status}\r"
    )
}

fn receive(db: &Database, name: &str, text: &str) -> Outcome {
    let file = db.folder().join(name);
    std::fs::write(&file, text).unwrap();
    accession(&[
        "casefinding",
        "receive",
        &file.display().to_string(),
        "--database",
        db.url(),
        "--acknowledge",
        &db.folder().display().to_string(),
        "--json",
    ])
}

fn states(db: &Database) -> Vec<String> {
    db.values("SELECT state || ' ' || site AS value FROM suspense ORDER BY id").into_iter().flatten().collect()
}

fn store(db: &Database) -> Store {
    Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap()
}

fn decide(store: &Store, id: i64, state: &str, reason: &str) -> Result<(), StoreError> {
    let by = By::system("tests");
    let seen = suspense::one(&mut store.reading().unwrap(), &by, id)?.version;
    let decided = suspense::Decided { state: state.into(), reason: reason.into(), ..Default::default() };
    store.write(move |tx| suspense::decide(tx, &by, id, seen, &decided))
}

on_both!(a_suspicion_is_one_row_with_all_its_sources_and_what_was_reviewed_stays_reviewed, |db| {
    init(db);
    let first = message("M1", "S26-1", "F", "SAMPLE", "LEFT BREAST, BIOPSY: Invasive ductal carcinoma.");
    let run = receive(db, "one.hl7", &first).expect_code(0).json();
    assert_eq!((&run["messages"], &run["new"]), (&1.into(), &1.into()), "{run}");
    let ack = std::fs::read_to_string(db.folder().join("one.hl7.ack")).unwrap();
    assert!(ack.contains("MSA|AA|M1\r"), "{ack}");
    assert_eq!(states(db), ["new C509"]);
    assert_eq!(db.values("SELECT due AS value FROM suspense").remove(0).unwrap(), "2026-07-01", "180 days");

    // The same file again, the excision of the same tumor, a tumor of another organ, a benign one.
    assert_eq!(receive(db, "one.hl7", &first).expect_code(0).json()["unchanged"], 1);
    let more = [
        message("M2", "S26-2", "F", "SAMPLE", "LEFT BREAST, LUMPECTOMY: Invasive ductal carcinoma, 2 cm."),
        message("M3", "S26-3", "F", "SAMPLE", "COLON, SIGMOID: Adenocarcinoma."),
        message("M4", "S26-4", "F", "OTHER", "LIVER: Steatosis. No evidence of malignancy."),
    ];
    let run = receive(db, "more.hl7", &more.concat()).expect_code(0).json();
    assert_eq!((&run["attached"], &run["new"], &run["screened"]), (&1.into(), &1.into(), &1.into()), "{run}");
    assert_eq!(states(db), ["new C509", "new C187", "screened-out "]);

    // Decided, it does not come back with the next report; the decision keeps who, when and why.
    let store = store(db);
    assert!(matches!(decide(&store, 1, "not-reportable", " "), Err(StoreError::Refused(_))));
    decide(&store, 1, "not-reportable", "treated elsewhere in 2019").unwrap();
    let again = message("M5", "S26-5", "F", "SAMPLE", "LEFT BREAST, RE-EXCISION: Invasive ductal carcinoma.");
    assert_eq!(receive(db, "again.hl7", &again).expect_code(0).json()["attached"], 1);
    assert_eq!(states(db)[0], "not-reportable C509");
    let said = "SELECT login || ' ' || state || ' ' || reason AS value FROM suspense_event WHERE suspense_id = 1";
    let said: Vec<String> = db.values(said).into_iter().flatten().collect();
    assert_eq!(said.len(), 1);
    assert!(said[0].ends_with("not-reportable treated elsewhere in 2019"), "{said:?}");
    assert!(db.number("SELECT count(*) FROM audit WHERE action = 'suspense' AND note = '1 not-reportable'") == 1);

    // A corrected report that says cancer opens what was screened out.
    let corrected = message("M6", "S26-4", "C", "OTHER", "LIVER: Hepatocellular carcinoma.");
    assert_eq!(receive(db, "corrected.hl7", &corrected).expect_code(0).json()["reopened"], 1);
    assert_eq!(states(db)[2], "new C220");
    assert_eq!(db.number("SELECT count(*) FROM suspense_source WHERE replaced = 1"), 1);
    is_sound(db);
});

on_both!(what_cannot_be_read_is_refused_and_the_rest_is_taken, |db| {
    init(db);
    let text = "MSH|^~\\&|A|L|R|S|1||ADT^A01|M1|P|2.5.1\rPID|1\r".to_owned()
        + &message("M2", "S1", "F", "SAMPLE", "SKIN, BACK: Melanoma in situ.");
    let run = receive(db, "two.hl7", &text).expect_code(1).json();
    assert_eq!((&run["messages"], &run["new"], &run["refused"][0][0]), (&2.into(), &1.into(), &1.into()), "{run}");
    let ack = std::fs::read_to_string(db.folder().join("two.hl7.ack")).unwrap();
    assert!(ack.contains("MSA|AR|M1\r") && ack.contains("MSA|AA|M2\r"), "{ack}");
    receive(db, "none.hl7", "this is no message").expect_code(1);
    assert_eq!(states(db), ["new C445"]);
});

on_both!(the_list_shows_report_and_tumors_on_file_and_takes_decisions, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "one.xml", 1, 1).display().to_string();
    accession(&["import", &file, "--database", db.url()]);
    let person =
        db.values("SELECT last_name || '^' || first_name || '|' || birth_low AS value FROM patient").remove(0).unwrap();
    let (name, born) = person.split_once('|').unwrap();
    let text = message("M1", "S26-1", "F", "X", "COLON, SIGMOID: Adenocarcinoma <b>. No evidence of lymphoma.")
        .replace("X^ROBIN", name)
        .replace("19570419", born);
    receive(db, "one.hl7", &text).expect_code(0);
    assert_eq!(db.number("SELECT count(*) FROM suspense WHERE patient_id = 1"), 1, "the patient is known");
    let clerk = Person::add(db, "finder", &[Role::Casefinder], &[HOME]);
    let server = Server::start(db.url());
    let mut visitor = clerk.at(&server);
    let page = visitor.get("/suspense/1").expect_status(200).text();
    assert!(page.contains("<mark>Adenocarcinoma<span class=\"hide\"> (positive)</span></mark> &lt;b&gt;"), "{page}");
    assert!(page.contains("title=\"negated\">lymphoma") && page.contains("the rules "), "{page}");
    let form = [("seen", "1"), ("state", "not-reportable"), ("reason", "")];
    let refused = visitor.post("/suspense/1", &form).expect_status(422).text();
    assert!(refused.contains("Say why"), "{refused}");
    visitor
        .post("/suspense/1", &[("seen", "1"), ("state", "deferred"), ("reason", ""), ("until", "2026-12-01")])
        .expect_status(303);
    assert_eq!(states(db), ["deferred C187"]);
    visitor.post("/suspense/1", &[("seen", "1"), ("state", "new"), ("reason", "")]).expect_status(422);

    // What raised an abstract stands beside it.
    let store = store(db);
    let by = By::system("tests");
    store
        .write({
            let by = by.clone();
            move |tx| suspense::became(tx, &by, 1, 1)
        })
        .unwrap();
    let documents = suspense::documents_of_abstract(&mut store.reading().unwrap(), &by, 1).unwrap();
    assert!(documents[0].text().unwrap().starts_with("COLON, SIGMOID: Adenocarcinoma"));
    is_sound(db);
});

#[test]
fn screening_on_the_command_line_tells_words_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.hl7");
    let text = message("M1", "S1", "F", "SAMPLE", "LUNG\\.br\\Findings consistent with adenocarcinoma. No lymphoma.")
        + &message("M2", "S2", "F", "SAMPLE", "SKIN: Basal cell carcinoma.");
    std::fs::write(&file, &text).unwrap();
    let run = accession(&["casefinding", "screen", &file.display().to_string(), "--json"]).expect_code(0);
    let lines: Vec<serde_json::Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["reportable"], &lines[1]["reportable"]), (&"yes".into(), &"no".into()));
    assert_eq!((&lines[0]["site"], &lines[0]["histology"]), (&"C349".into(), &"8140".into()));
    let mut kinds = Vec::new();
    for term in lines.iter().flat_map(|l| l["terms"].as_array().unwrap()) {
        let at = |key: &str| usize::try_from(term[key].as_u64().unwrap()).unwrap();
        assert_eq!(&text[at("start")..at("end")], term["text"].as_str().unwrap());
        kinds.push(term["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["ambiguous", "suspected", "negation", "negated", "not-reportable"]);
    // The messages that the project was given, where they are there.
    let shared = tree().join("../shared/casefinding/hl7");
    if let Ok(expected) = std::fs::read_to_string(shared.join("expected.tsv")) {
        for line in expected.lines().skip(1) {
            let (file, answer) = line.split_once('\t').unwrap();
            let run = accession(&["casefinding", "screen", &shared.join(file).display().to_string(), "--json"]);
            assert_eq!(run.expect_code(0).json()["reportable"], answer.trim(), "{file}");
        }
    }
}
