//! What no official archive uses, by archives made by hand.

#![allow(clippy::unwrap_used)]

use accession::staging::{Mode, Outcome};
use serde_json::json;

use super::made::{YEAR, an_archive, path, problems, stage};

#[test]
fn fail_stops_at_any_invalid_input_after_looking_at_all() {
    let mut archive = an_archive();
    archive.table("codes", json!([["a", "INPUT"]]), json!([["1"]]));
    archive.table("more_codes", json!([["b", "INPUT"]]), json!([["1"]]));
    archive.schema(json!({
        "on_invalid_input": "FAIL",
        "more_inputs": [
            {"key": "a", "table": "codes", "used_for_staging": false},
            {"key": "b", "table": "more_codes", "used_for_staging": true},
        ],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[("a", "9"), ("b", "9")]);
    assert_eq!(staged.outcome, Outcome::InvalidInput);
    assert_eq!(problems(&staged), ["INVALID_NON_REQUIRED_INPUT a codes", "INVALID_REQUIRED_INPUT b more_codes"]);
    assert!(staged.outputs.is_empty());
    assert_eq!(stage(&edition, &[("a", ""), ("b", "1")]).outcome, Outcome::Staged);
}

#[test]
fn fail_when_used_passes_over_what_is_not_used() {
    let mut archive = an_archive();
    archive.table("a_codes", json!([["a", "INPUT"]]), json!([["1"]]));
    archive.table("b_codes", json!([["b", "INPUT"]]), json!([["1"]]));
    archive.schema(json!({
        "on_invalid_input": "FAIL_WHEN_USED_FOR_STAGING",
        "more_inputs": [
            {"key": "a", "table": "a_codes", "used_for_staging": false},
            {"key": "b", "table": "b_codes", "used_for_staging": true},
        ],
    }));
    let edition = archive.opened().unwrap();
    assert_eq!(stage(&edition, &[("a", "9")]).outcome, Outcome::Staged);
    assert_eq!(stage(&edition, &[("b", "9")]).outcome, Outcome::InvalidInput);
}

#[test]
fn a_default_table_gives_the_default_from_other_values() {
    let mut archive = an_archive();
    archive.table(
        "default_a",
        json!([["b", "INPUT"], ["a", "ENDPOINT"]]),
        json!([["1", "VALUE:one"], ["2", "VALUE:{{b}}"]]),
    );
    archive.table("copy", json!([["a", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:{{a}}"]]));
    archive.schema(json!({
        "more_inputs": [
            {"key": "b", "used_for_staging": false},
            {"key": "a", "default_table": "default_a", "used_for_staging": true},
        ],
        "mappings": [{"id": "m", "tables": [{"id": "copy"}]}],
    }));
    let edition = archive.opened().unwrap();
    assert_eq!(stage(&edition, &[("b", "1")]).output("stage"), Some("one"));
    assert_eq!(stage(&edition, &[("b", "2")]).output("stage"), Some("2"));
    assert_eq!(stage(&edition, &[("b", "1"), ("a", "mine")]).output("stage"), Some("mine"));
    let staged = stage(&edition, &[("b", "3")]);
    assert_eq!((staged.outcome, staged.output("stage")), (Outcome::Staged, Some("")));
    assert_eq!(problems(&staged), ["MATCH_NOT_FOUND a"]);
}

#[test]
fn a_default_table_that_does_not_exist_is_a_problem_of_its_key() {
    let mut archive = an_archive();
    archive.schema(json!({"more_inputs": [{"key": "a", "default_table": "nowhere", "used_for_staging": true}]}));
    assert_eq!(problems(&stage(&archive.let_through(), &[])), ["UNKNOWN_TABLE a"]);
    let refused = archive.opened().unwrap_err().to_string();
    assert_eq!(refused, "schema only refers to the unknown table nowhere");
}

#[test]
fn the_schemas_own_context_comes_after_the_outputs_defaults_and_is_translated() {
    let mut archive = an_archive();
    archive.schema(json!({
        "outputs": [{"key": "stage", "default": "x"}, {"key": "other", "default": "{{ctx_alg_version}}"}, {"key": "none"}],
        "initial_context": [{"key": "stage", "value": "{{ctx_year_current}}"}, {"key": "none"}],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[]);
    assert_eq!(staged.outputs, [("none", None), ("other", Some("1.0")), ("stage", Some("2026"))]);
}

#[test]
fn a_mappings_context_is_not_translated() {
    let mut archive = an_archive();
    archive.schema(json!({
        "mappings": [{"id": "m", "initial_context": [{"key": "stage", "value": "{{ctx_year_current}}"}, {"key": "other"}]}],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[]);
    assert_eq!(staged.outputs, [("other", None), ("stage", Some("{{ctx_year_current}}"))]);
}

#[test]
fn a_bare_value_takes_the_key_away() {
    let mut archive = an_archive();
    archive.table("removes", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE"]]));
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "removes"}]}]}));
    let edition = archive.opened().unwrap();
    assert_eq!(stage(&edition, &[]).outputs, [("other", Some(""))]);
}

#[test]
fn a_loop_is_a_problem_when_let_through_and_refused_otherwise() {
    let mut archive = an_archive();
    let columns = json!([["site", "INPUT"], ["stage", "ENDPOINT"], ["other", "ENDPOINT"]]);
    archive.table("first", columns.clone(), json!([["*", "JUMP:second", "VALUE:after"]]));
    archive.table("second", columns, json!([["*", "JUMP:first", "VALUE:inside"]]));
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "first"}]}]}));
    let edition = archive.let_through();
    let staged = stage(&edition, &[]);
    assert_eq!(problems(&staged), ["INFINITE_LOOP first"]);
    assert_eq!(path(&staged), ["m.first", "m.second"]);
    assert_eq!(staged.output("other"), Some("after"));
    assert_eq!(archive.opened().unwrap_err().to_string(), "tables jump in a circle: first -> second -> first");
}

#[test]
fn a_table_may_run_again_outside_its_own_jumps() {
    let mut archive = an_archive();
    archive.table("leaf", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:x"]]));
    archive.table(
        "twice",
        json!([["site", "INPUT"], ["a", "ENDPOINT"], ["b", "ENDPOINT"]]),
        json!([["*", "JUMP:leaf", "JUMP:leaf"]]),
    );
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "twice"}, {"id": "leaf"}]}]}));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[]);
    assert!(staged.problems.is_empty());
    assert_eq!(path(&staged), ["m.twice", "m.leaf", "m.leaf", "m.leaf"]);
}

#[test]
fn an_unknown_table_is_passed_over_when_let_through_and_refused_otherwise() {
    let mut archive = an_archive();
    archive.table("to", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "JUMP:nowhere"]]));
    archive.table("then", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:done"]]));
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "to"}, {"id": "gone"}, {"id": "then"}]}]}));
    let edition = archive.let_through();
    let staged = stage(&edition, &[]);
    assert_eq!(problems(&staged), ["UNKNOWN_TABLE nowhere", "UNKNOWN_TABLE gone"]);
    assert_eq!(staged.output("stage"), Some("done"));
    assert_eq!(archive.opened().unwrap_err().to_string(), "table to refers to the unknown table nowhere");
}

#[test]
fn renamed_keys_of_a_deciding_table_are_seen_by_it_alone() {
    let mut archive = an_archive();
    archive.table("decides", json!([["code", "INPUT"]]), json!([["yes"]]));
    archive.table("copy", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:[{{code}}]"]]));
    archive.table(
        "reads",
        json!([["code", "INPUT"], ["stage", "ENDPOINT"]]),
        json!([["", "VALUE:blank"], ["*", "VALUE:seen"]]),
    );
    archive.schema(json!({
        "more_inputs": [{"key": "a", "used_for_staging": true}, {"key": "b", "used_for_staging": true}],
        "mappings": [{
            "id": "m",
            // The key that is not there is passed over without a word.
            "inclusion_tables": [{"id": "decides", "input_mapping": [{"from": "a", "to": "code"}, {"from": "ghost", "to": "code"}]}],
            "exclusion_tables": [{"id": "decides", "input_mapping": [{"from": "b", "to": "code"}]}],
            "tables": [{"id": "reads"}],
        }],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[("a", "yes"), ("b", "no")]);
    assert_eq!(staged.output("stage"), Some("blank"));
    assert_eq!(path(&staged), ["m.decides", "m.decides", "m.reads"]);
    assert!(staged.problems.is_empty());
    assert!(stage(&edition, &[("a", "yes"), ("b", "yes")]).path().len() == 0);
    assert!(stage(&edition, &[("a", "no"), ("b", "no")]).path().len() == 0);
}

#[test]
fn a_renamed_key_leaves_the_context_even_if_it_was_there() {
    let mut archive = an_archive();
    archive.table("set", json!([["x", "INPUT"], ["x", "ENDPOINT"]]), json!([["*", "VALUE:{{x}}"]]));
    archive.table(
        "look",
        json!([["a", "INPUT"], ["stage", "ENDPOINT"]]),
        json!([["", "VALUE:gone"], ["*", "VALUE:there"]]),
    );
    archive.schema(json!({
        "more_inputs": [{"key": "a", "used_for_staging": true}],
        "mappings": [{"id": "m", "tables": [
            {"id": "set", "input_mapping": [{"from": "site", "to": "a"}, {"from": "ghost", "to": "b"}]},
            {"id": "look"},
        ]}],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[("a", "here")]);
    assert_eq!(staged.output("stage"), Some("gone"));
    assert_eq!(problems(&staged), ["UNKNOWN_INPUT_MAPPING ghost set"]);
}

#[test]
fn a_value_goes_to_every_key_it_is_mapped_to_and_is_seen_at_once() {
    let mut archive = an_archive();
    archive.table(
        "writes",
        json!([["site", "INPUT"], ["first", "ENDPOINT"], ["second", "ENDPOINT"]]),
        json!([["*", "VALUE:1", "VALUE:{{stage}}"]]),
    );
    archive.schema(json!({
        "outputs": [{"key": "stage"}, {"key": "other"}, {"key": "second"}],
        "mappings": [{"id": "m", "tables": [{"id": "writes", "output_mapping": [
            {"from": "first", "to": "stage"}, {"from": "first", "to": "other"},
        ]}]}],
    }));
    let edition = archive.opened().unwrap();
    assert_eq!(stage(&edition, &[]).outputs, [("other", Some("1")), ("second", Some("1")), ("stage", Some("1"))]);
}

#[test]
fn stop_ends_the_mapping_and_a_later_jump_takes_it_back() {
    let mut archive = an_archive();
    let columns = json!([["a", "INPUT"], ["x", "ENDPOINT"], ["y", "ENDPOINT"]]);
    archive.table("leaf", json!([["site", "INPUT"], ["other", "ENDPOINT"]]), json!([["*", "VALUE:leaf"]]));
    archive.table("stops", columns, json!([["1", "STOP", "VALUE:still"], ["2", "STOP", "JUMP:leaf"]]));
    archive.table("then", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:then"]]));
    archive.table("next", json!([["site", "INPUT"], ["next", "ENDPOINT"]]), json!([["*", "VALUE:ran"]]));
    archive.schema(json!({
        "more_inputs": [{"key": "a", "used_for_staging": true}],
        "outputs": [{"key": "stage"}, {"key": "other"}, {"key": "y"}, {"key": "next"}],
        "mappings": [
            {"id": "m", "tables": [{"id": "stops"}, {"id": "then"}]},
            {"tables": [{"id": "next"}]},
        ],
    }));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[("a", "1")]);
    let out = |staged: &accession::staging::Staged<'_>, key| staged.output(key).map(str::to_owned);
    assert_eq!((out(&staged, "stage"), out(&staged, "y")), (Some("".into()), Some("still".into())));
    assert_eq!(out(&staged, "next"), Some("ran".into()));
    // A mapping without an id gives the table's id alone.
    assert_eq!(staged.path().last().map(|visit| (visit.mapping, visit.table)), Some((None, "next")));
    let staged = stage(&edition, &[("a", "2")]);
    assert_eq!((out(&staged, "stage"), out(&staged, "other")), (Some("then".into()), Some("leaf".into())));
}

#[test]
fn a_schema_without_outputs_gives_all_it_worked_out() {
    let mut archive = an_archive();
    archive.table("writes", json!([["site", "INPUT"], ["x", "ENDPOINT"]]), json!([["*", "VALUE:1"]]));
    archive.schema(json!({"outputs": [], "mappings": [{"id": "m", "tables": [{"id": "writes"}]}]}));
    let edition = archive.opened().unwrap();
    assert_eq!(stage(&edition, &[]).outputs, [("x", Some("1"))]);
    assert_eq!(edition.facts("only").unwrap().outputs.into_iter().collect::<Vec<_>>(), ["x"]);
}

#[test]
fn a_row_may_test_nothing_and_a_table_may_have_no_rows() {
    let mut archive = an_archive();
    archive.table("empty", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([]));
    archive.table("open", json!([["stage", "ENDPOINT"]]), json!([["VALUE:first"], ["VALUE:second"]]));
    archive.table("untested", json!([["site", "INPUT"], ["other", "ENDPOINT"]]), json!([[null, "VALUE:any"]]));
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "empty"}, {"id": "open"}, {"id": "untested"}]}]}));
    let edition = archive.opened().unwrap();
    let staged = stage(&edition, &[]);
    assert_eq!(problems(&staged), [r#"MATCH_NOT_FOUND empty ["stage"]"#]);
    assert_eq!((staged.output("stage"), staged.output("other")), (Some("first"), Some("any")));
}

#[test]
fn an_unknown_key_fails_the_case_only_when_strict() {
    let mut archive = an_archive();
    archive.schema(json!({}));
    let edition = archive.opened().unwrap();
    let values = [
        ("site", Some(" C509 ")),
        ("hist", Some("8000")),
        ("year_dx", Some("2020")),
        ("mystery", Some("\u{0}\u{fffd}")),
    ];
    let practical = edition.stage(values, &YEAR, Mode::Practical);
    assert_eq!((practical.outcome, problems(&practical)), (Outcome::Staged, vec!["UNKNOWN_INPUT mystery".to_owned()]));
    assert_eq!(edition.stage(values, &YEAR, Mode::Strict).outcome, Outcome::NoMatchingSchema);
    let strict = stage(&edition, &[("mystery", "1")]);
    assert_eq!((strict.outcome, strict.schema), (Outcome::InvalidInput, Some("only")));
}

#[test]
fn many_rows_and_columns_are_matched_as_one_by_one() {
    // Three columns of many codes: too many combinations for an array, so rows are kept as bits.
    let mut archive = an_archive();
    let rows: Vec<_> = (0..3000)
        .map(|at| {
            json!([
                format!("{}", at % 97),
                format!("{:03}-{:03}", at % 61, at % 61 + 3),
                format!("A{:02}", at % 41),
                format!("VALUE:{at}")
            ])
        })
        .collect();
    archive.table("large", json!([["a", "INPUT"], ["b", "INPUT"], ["c", "INPUT"], ["stage", "ENDPOINT"]]), json!(rows));
    archive.schema(json!({
        "more_inputs": [{"key": "a"}, {"key": "b"}, {"key": "c"}],
        "mappings": [{"id": "m", "tables": [{"id": "large"}]}],
    }));
    let edition = archive.opened().unwrap();
    for at in (0..3000).step_by(7) {
        let (a, b, c) = (format!("{}", at % 97), format!("{}", at % 61 + 2), format!("A{:02}", at % 41));
        let expected = (0..3000).find(|row| {
            row % 97 == at % 97 && (row % 61..=row % 61 + 3).contains(&(at % 61 + 2)) && row % 41 == at % 41
        });
        let values = [("a", Some(a.as_str())), ("b", Some(b.as_str())), ("c", Some(c.as_str()))];
        assert_eq!(edition.matching_row("large", values, &YEAR), expected.map(|row: u32| row));
    }
}
