//! Derived values: written where nothing came, never over what came, followed through every change, told with rule,
//! edition and inputs; and the same registry staged again under another edition.

mod standards;

use accession::registry::change::{Because, Change, amend_abstract, amend_patient};
use accession::registry::clock::Clock;
use accession::registry::derived::Derivation;
use accession::registry::rederive::accept_ours;
use accession::registry::store::records::{self, Abstract};
use accession::registry::store::{By, DatabaseUrl, Kind, Store, StoreError};
use accession::staging::Algorithm;

use crate::kit::{Database, accession, init, is_sound};

/// A breast cancer of 2021 as a hospital reports it; items given here take the place of these, an empty one goes.
pub const BREAST: &[(&str, &str)] = &[
    ("tumorRecordNumber", "01"),
    ("dateOfDiagnosis", "20210405"),
    ("primarySite", "C504"),
    ("laterality", "1"),
    ("histologicTypeIcdO3", "8500"),
    ("behaviorCodeIcdO3", "3"),
    ("eodPrimaryTumor", "100"),
    ("eodRegionalNodes", "000"),
    ("eodMets", "00"),
    ("gradeClinical", "2"),
    ("gradePathological", "2"),
    ("reportingFacility", "0010000001"),
    ("accessionNumberHosp", "202100001"),
    ("sequenceNumberHospital", "00"),
    ("classOfCase", "14"),
];

/// A file of one woman with one such tumor.
pub fn file_of(db: &Database, name: &str, given: &[(&str, &str)]) -> String {
    let others = given.iter().filter(|(id, _)| BREAST.iter().all(|(known, _)| known != id));
    let value = |id: &str, usual: &str| {
        given.iter().find(|(given, _)| *given == id).map_or(usual, |(_, value)| value).to_string()
    };
    let items = BREAST.iter().chain(others).map(|(id, usual)| (*id, value(id, usual))).filter(|(_, v)| !v.is_empty());
    let items: String = items.map(|(id, value)| format!("<Item naaccrId=\"{id}\">{value}</Item>\n")).collect();
    let text = format!(
        r#"<?xml version="1.0"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-260.xml" recordType="A" specificationVersion="1.8" xmlns="http://naaccr.org/naaccrxml">
<Patient><Item naaccrId="patientIdNumber">00000001</Item><Item naaccrId="sexAssignedAtBirth">2</Item>
<Item naaccrId="dateOfBirth">19500102</Item><Item naaccrId="nameLast">LINDQVIST</Item><Item naaccrId="nameFirst">EBBA</Item>
<Tumor>{items}</Tumor></Patient></NaaccrData>
"#
    );
    let path = db.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// A registry that took such a file, and its store.
fn registry(db: &Database, given: &[(&str, &str)]) -> Store {
    init(db);
    take(db, given, &[]);
    Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap()
}

fn take(db: &Database, given: &[(&str, &str)], options: &[&str]) {
    let file = file_of(db, "one.xml", given);
    let mut words = vec!["import", &file, "--database", db.url(), "--json"];
    words.extend_from_slice(options);
    assert_eq!(accession(&words).json()["outcome"], "published");
}

fn case(store: &Store) -> Abstract {
    records::abstract_(&mut store.reading().unwrap(), &By::system("test"), 1).unwrap()
}

fn derived(store: &Store) -> Derivation {
    case(store).derived
}

fn change(store: &Store, changes: &[(&str, &str)]) {
    let changes: Vec<Change> = changes.iter().map(|(item, value)| Change::new(item, value)).collect();
    let seen = case(store).version;
    store
        .write(move |tx| amend_abstract(tx, &By::system("test"), 1, seen, &changes, &Because::typed("seen again")))
        .unwrap();
}

on_both!(an_empty_derived_item_is_filled_on_arrival_as_a_recorded_derivation, |db| {
    let store = registry(db, &[]);
    let case = case(&store);
    assert_eq!((case.items.value("schemaId"), case.items.value("derivedSummaryStage2018")), ("00480", "1"));
    assert_eq!(db.number("SELECT count(*) FROM tumor WHERE schema = '00480'"), 1);

    let rows = records::changes_of(&mut store.reading().unwrap(), Kind::Abstract, 1).unwrap();
    assert_eq!(
        rows.iter().map(|r| (r.version, r.source_kind.as_str())).collect::<Vec<_>>(),
        [(2, "rule"), (1, "source")]
    );
    let inputs = &case.derived.runs().next().unwrap().1.inputs;
    let why = format!("derived by eod 3.3, schema breast, inputs {inputs}; pediatric 1.3");
    assert!(rows[0].why.starts_with(&why), "{}", rows[0].why);
    let filled: Vec<String> = rows[0].changes().unwrap().into_iter().map(|c| c.item).collect();
    assert!(filled.contains(&"derivedSummaryStage2018".to_string()), "{filled:?}");
    is_sound(db);
});

on_both!(a_received_value_stays_until_an_input_is_edited, |db| {
    let store = registry(db, &[("derivedSummaryStage2018", "7")]);
    assert_eq!(case(&store).items.value("derivedSummaryStage2018"), "7");
    change(&store, &[("textRemarks", "Nothing about the stage")]);
    assert_eq!(case(&store).items.value("derivedSummaryStage2018"), "7");
    change(&store, &[("eodRegionalNodes", "300")]);
    let now = case(&store);
    assert_eq!(now.items.value("derivedSummaryStage2018"), "3");
    assert!(now.derived.holds("derivedSummaryStage2018"));
    is_sound(db);
});

on_both!(our_value_takes_the_place_of_a_received_one_when_a_person_accepts_it, |db| {
    let store = registry(db, &[("derivedSummaryStage2018", "7"), ("schemaId", "00999")]);
    let seen = case(&store).version;
    let accept = |seen, item: &'static str| store.write(move |tx| accept_ours(tx, &By::system("test"), 1, seen, item));
    assert!(matches!(accept(seen - 1, "schemaId"), Err(StoreError::Refused(_))));
    accept(seen, "schemaId").unwrap();
    let now = case(&store);
    assert_eq!((now.items.value("schemaId"), now.items.value("derivedSummaryStage2018")), ("00480", "7"));
    assert!(matches!(accept(now.version, "schemaId"), Err(StoreError::Refused(_))));
    is_sound(db);
});

on_both!(a_case_of_a_year_whose_edition_is_not_here_is_marked_pending, |db| {
    let store = registry(db, &[("dateOfDiagnosis", "20270405")]);
    let eod = |store: &Store| derived(store).run(Algorithm::Eod).cloned().unwrap();
    assert!(eod(&store).pending, "{:?}", eod(&store));
    assert_eq!(db.number("SELECT count(*) FROM abstract WHERE derived LIKE '%\"pending\":true%'"), 1);
    let report = db.folder().join("report.csv").display().to_string();
    accession(&["standards", "restage", "--out", &report, "--database", db.url()]).expect_code(1);
    let lines = std::fs::read_to_string(&report).unwrap();
    assert!(lines.contains("1,1,1,pending-edition,eod,2027,3.3,\n"), "{lines}");
    // The year was wrong: nothing waits any more.
    change(&store, &[("dateOfDiagnosis", "20260405")]);
    assert!(!eod(&store).pending);
    is_sound(db);
});

on_both!(another_site_is_another_schema_and_what_it_does_not_derive_goes, |db| {
    let store = registry(db, &[("estrogenReceptorSummary", "1")]);
    change(&store, &[("primarySite", "C619"), ("histologicTypeIcdO3", "8140"), ("laterality", "0")]);
    let now = case(&store);
    assert_eq!(now.items.value("schemaId"), "00580");
    assert_eq!(now.items.value("estrogenReceptorSummary"), "1", "a value whose item left the form is kept");
    assert_eq!(db.number("SELECT count(*) FROM tumor WHERE schema = '00580'"), 1);
    change(&store, &[("dateOfDiagnosis", "20170405")]);
    assert_eq!(case(&store).items.value("schemaId"), "", "the year has another algorithm");
    is_sound(db);
});

on_both!(a_corrected_sex_brings_another_schema, |db| {
    let peritoneum = [("primarySite", "C481"), ("histologicTypeIcdO3", "8441"), ("laterality", "0")];
    let store = registry(db, &peritoneum);
    let woman = case(&store);
    store
        .write(|tx| {
            let by = By::system("test");
            let seen = records::patient(tx.conn, &by, 1)?.version;
            amend_patient(tx, &by, 1, seen, &[Change::new("sexAssignedAtBirth", "1")], &Because::typed("certificate"))
        })
        .unwrap();
    let man = case(&store);
    assert_eq!((woman.items.value("schemaId"), man.items.value("schemaId")), ("00552", "00440"));
    assert_eq!(man.version, woman.version + 1);
    is_sound(db);
});

on_both!(a_later_report_keeps_what_was_derived_and_the_rules_follow_it, |db| {
    let store = registry(db, &[]);
    take(db, &[("eodMets", "70")], &["--on-change", "replace"]);
    let now = case(&store);
    assert_eq!((now.items.value("eodMets"), now.items.value("derivedSummaryStage2018")), ("70", "7"));
    let rows = records::changes_of(&mut store.reading().unwrap(), Kind::Abstract, 1).unwrap();
    let changed = rows[1].changes().unwrap();
    assert_eq!(changed.iter().map(|c| c.item.as_str()).collect::<Vec<_>>(), ["eodMets"], "nothing was taken out");
    assert!(derived(&store).filled().any(|id| id == "derivedSummaryStage2018"));
    is_sound(db);
});
