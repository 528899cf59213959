//! Two editions held against each other.

#![allow(clippy::unwrap_used)]

use accession::staging::{Algorithm, CaseChange, Edition, SHIPPED, case_changes, compare, stage_by};
use serde_json::json;

use super::conformance::shared;
use super::made::{Made, YEAR, an_archive};

fn edition(codes: serde_json::Value, default: &str, stage: &str) -> Edition {
    let mut archive: Made = an_archive();
    archive.table("codes", json!([["a", "INPUT"], ["d", "DESCRIPTION"]]), codes);
    archive.table("rules", json!([["a", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", format!("VALUE:{stage}")]]));
    archive.schema(json!({
        "involved_tables": ["codes", "rules"],
        "more_inputs": [{"key": "a", "name": "A", "table": "codes", "default": default, "naaccr_xml_id": "eodMets", "naaccr_item": 776, "used_for_staging": true}],
        "outputs": [{"key": "stage", "naaccr_xml_id": "derivedSummaryStage2018", "naaccr_item": 762}],
        "mappings": [{"id": "m", "tables": [{"id": "rules"}]}],
    }));
    archive.opened().unwrap()
}

#[test]
fn an_edition_does_not_differ_from_itself() {
    let Some(shared) = shared() else { return };
    for shipped in SHIPPED {
        // The archive's words are more, its rules the same.
        let zip = std::fs::read(shared.join(shipped.archive)).unwrap();
        let opened = Edition::from_archive(&zip).unwrap();
        let differences = compare(shipped.algorithm.shipped(), &opened);
        assert_eq!(differences, Default::default());
    }
}

#[test]
fn codes_defaults_and_rules_that_changed_are_listed() {
    let old = edition(json!([["1", "one"], ["2", "two"]]), "1", "x");
    let new = edition(json!([["1", "one, in other words"], ["3", "three"]]), "3", "y");
    let differences = compare(&old, &new);
    assert_eq!(differences.tables_changed, ["codes", "rules"]);
    let schema = &differences.schemas_changed[0];
    assert!(schema.rules && !schema.selection && schema.inputs_added.is_empty());
    let input = &schema.inputs_changed[0];
    assert_eq!((&input.codes_added[..], &input.codes_removed[..]), (&["3".to_owned()][..], &["2".to_owned()][..]));
    assert_eq!(input.default, Some((Some("1".into()), Some("3".into()))));
}

#[test]
fn what_a_change_of_edition_does_to_a_case_is_listed() {
    let old = edition(json!([["1", ""], ["2", ""]]), "1", "x");
    let new = edition(json!([["1", ""], ["3", ""]]), "1", "y");
    let item = |id: &str| match id {
        "dateOfDiagnosis" => Some("20240101"),
        "primarySite" => Some("C509"),
        "histologicTypeIcdO3" => Some("8000"),
        "eodMets" => Some("2"),
        _ => None,
    };
    let stage = |edition| stage_by(edition, Algorithm::Eod, item, &YEAR);
    let changes = case_changes(&stage(&old), &stage(&new));
    let invalid = CaseChange::Problem { kind: "INVALID_REQUIRED_INPUT", about: "a".into(), now: true };
    let value =
        CaseChange::Value { item: "derivedSummaryStage2018".into(), before: Some("x".into()), now: Some("y".into()) };
    assert_eq!(changes, [invalid, value]);
    assert!(case_changes(&stage(&old), &stage(&old)).is_empty());
}
