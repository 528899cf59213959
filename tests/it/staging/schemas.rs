//! Looking a schema up, what to ask next, and the items of its form, by the compiled-in editions.

#![allow(clippy::unwrap_used)]

use accession::staging::{Algorithm, AsOf, Entry, Found, Mode, Outcome, schema_items};

fn find(algorithm: Algorithm, values: &[(&'static str, &'static str)]) -> Found<'static> {
    algorithm.shipped().find(values.iter().map(|(key, value)| (*key, Some(*value))))
}

#[test]
fn a_breast_case_needs_no_question() {
    let Found::One(schema) = find(Algorithm::Eod, &[("site", "C504"), ("hist", "8500")]) else { panic!() };
    assert_eq!((schema.id(), schema.title()), ("breast", "Breast"));
}

#[test]
fn a_nasopharynx_case_is_asked_where_it_began() {
    let values = [("site", "C111"), ("hist", "8070"), ("year_dx", "2024"), ("behavior", "3")];
    let Found::Several { schemas, ask } = find(Algorithm::Eod, &values) else { panic!() };
    assert!(schemas.len() > 1);
    let question = &ask[0];
    assert_eq!((question.key, question.xml_id), ("discriminator_1", "schemaDiscriminator1"));
    assert!(!question.why.is_empty() && question.answers.len() > 1);
    let answer = question
        .answers
        .iter()
        .find(|answer| answer.schemas.contains(&"nasopharynx_v9") || answer.schemas.contains(&"nasopharynx"))
        .unwrap();
    assert!(!answer.label.is_empty());
    // Answering leads on: to one schema, or to the next question.
    let code: &'static str = Box::leak(answer.code.clone().into_boxed_str());
    let mut more = values.to_vec();
    more.push(("discriminator_1", code));
    assert!(!matches!(find(Algorithm::Eod, &more), Found::Nothing { .. }));
}

#[test]
fn every_answer_of_every_question_leads_where_it_says() {
    let edition = Algorithm::Eod.shipped();
    let mut asked = 0;
    for site in ["C111", "C150", "C160", "C240", "C680", "C692", "C693", "C717", "C090", "C019", "C760", "C481"] {
        for hist in ["8000", "8070", "8140", "8720", "9380", "8020"] {
            let values =
                [("site", Some(site)), ("hist", Some(hist)), ("year_dx", Some("2025")), ("behavior", Some("3"))];
            let Found::Several { ask, .. } = edition.find(values) else { continue };
            for question in &ask {
                for answer in question.answers.iter().filter(|answer| answer.code.len() == 1) {
                    let with = values.into_iter().chain([(question.key, Some(answer.code.as_str()))]);
                    assert_eq!(edition.schemas_matching(with, Mode::Strict), answer.schemas);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 20, "{asked} answers tried");
}

#[test]
fn a_missing_year_is_asked_for_in_spans() {
    let Found::Several { ask, .. } = find(Algorithm::Eod, &[("site", "C710"), ("hist", "9380"), ("behavior", "3")])
    else {
        panic!()
    };
    let question = ask.iter().find(|question| question.key == "year_dx").unwrap();
    assert!(question.answers.iter().any(|answer| answer.code.contains("to")));
}

#[test]
fn what_is_wrong_is_said() {
    let Found::Nothing { why, .. } = find(Algorithm::Eod, &[("site", "C999"), ("hist", "8500")]) else { panic!() };
    assert_eq!(why, "C999 is not a valid primary site code.");
    let Found::Nothing { why, .. } = find(Algorithm::Eod, &[("site", "C509")]) else { panic!() };
    assert_eq!(why, "The histology is not known yet.");
    let values = [("site", "C111"), ("hist", "8070"), ("year_dx", "2024"), ("behavior", "3"), ("discriminator_1", "7")];
    let Found::Nothing { why, ask } = find(Algorithm::Eod, &values) else { panic!() };
    assert!(why.contains("7 fits no schema"), "{why}");
    assert_eq!(ask.unwrap().key, "discriminator_1");
}

#[test]
fn an_item_off_its_window_is_off_the_form() {
    let edition = Algorithm::Eod.shipped();
    let keys = |year| schema_items(edition, "breast", year).iter().map(|item| item.key).collect::<Vec<_>>();
    let (early, late) = (keys(Some(2018)), keys(Some(2024)));
    assert!(!early.contains(&"neoadjuvant_therapy") && late.contains(&"neoadjuvant_therapy"));
    assert!(late.contains(&"eod_primary_tumor") && !late.contains(&"site") && !late.contains(&"year_dx"));
    let closed: Vec<&&str> = early.iter().filter(|key| !late.contains(key)).collect();
    assert!(!closed.is_empty(), "some item of 2018 is gone by 2024");
}

#[test]
fn items_come_in_order_with_discriminators_first() {
    let edition = Algorithm::Eod.shipped();
    for schema in edition.schemas() {
        let items = schema_items(edition, schema.id(), Some(2025));
        assert!(items.iter().map(|item| item.order).eq(1..=items.len()));
        let first = items.iter().take_while(|item| item.discriminator).count();
        assert!(items[first..].iter().all(|item| !item.discriminator), "{}", schema.id());
        assert!(items.iter().all(|item| !item.xml_id.is_empty() && !item.picklist.is_empty()), "{}", schema.id());
    }
}

#[test]
fn an_item_carries_its_codes_and_what_they_derive() {
    let items = schema_items(Algorithm::Eod.shipped(), "breast", Some(2024));
    let tumor = items.iter().find(|item| item.key == "eod_primary_tumor").unwrap();
    assert!(tumor.used_for_staging && tumor.default == Some("999"));
    let code = tumor.picklist.iter().find(|choice| choice.code == "000").unwrap();
    assert!(code.label.contains("In situ") && code.derives.iter().any(|(name, _)| name.contains("SS2018")));
    let size = items.iter().find(|item| item.key == "size_summary").unwrap();
    assert!(size.takes_a_number() && size.picklist.iter().any(|choice| choice.entry == Entry::Range));
}

#[test]
fn factors_that_are_not_defined_are_not_shown() {
    let items = schema_items(Algorithm::Cs.shipped(), "breast", Some(2010));
    let factors = items.iter().filter(|item| item.key.starts_with("ssf")).count();
    assert!(factors > 5 && factors < 25, "{factors}");
    // No names of CS codes are compiled in.
    assert!(items.iter().all(|item| item.picklist.iter().all(|choice| choice.label.is_empty())));
}

#[test]
fn names_of_codes_are_one_line_of_at_most_120_characters() {
    for algorithm in [Algorithm::Eod, Algorithm::Pediatric] {
        for table in algorithm.shipped().tables() {
            for row in 0..table.rows() {
                let label = table.label(row);
                assert!(label.chars().count() <= 120 && !label.contains('\n'), "{} row {row}", table.id());
            }
        }
        assert!(!algorithm.shipped().has_prose());
    }
}

#[test]
fn the_year_is_a_parameter() {
    let edition = Algorithm::Eod.shipped();
    let values = [("site", Some("C509")), ("hist", Some("8500")), ("year_dx", Some("2027"))];
    let outcome = |year| edition.stage(values, &AsOf::year(year), Mode::Strict).outcome;
    assert_eq!(outcome(2026), Outcome::InvalidYear);
    assert_eq!(outcome(2027), Outcome::Staged);
}

#[test]
fn a_year_has_its_algorithms() {
    assert_eq!(Algorithm::of_year(2018), [Algorithm::Eod, Algorithm::Pediatric]);
    assert_eq!(Algorithm::of_year(2017), [Algorithm::Tnm]);
    assert_eq!(Algorithm::of_year(2004), [Algorithm::Cs]);
    assert!(Algorithm::of_year(2003).is_empty());
}

#[test]
fn every_step_of_a_case_is_told() {
    let edition = Algorithm::Eod.shipped();
    let year = AsOf::year(2026);
    let values = [
        ("site", Some("C504")),
        ("hist", Some("8500")),
        ("behavior", Some("3")),
        ("year_dx", Some("2024")),
        ("eod_primary_tumor", Some("100")),
        ("eod_regional_nodes", Some("000")),
        ("eod_mets", Some("00")),
        ("grade_clin", Some("2")),
        ("grade_path", Some("2")),
    ];
    let (staged, steps) = edition.explain(values, &year, Mode::Strict);
    let tables: Vec<&str> = steps.iter().filter(|step| step.row.is_some()).filter_map(|step| step.table).collect();
    assert_eq!(tables, staged.path().map(|visit| visit.table).collect::<Vec<_>>());
    let last = steps.last().unwrap();
    assert!(last.text.contains("Summary Stage"), "{}", last.text);
    assert!(last.writes.iter().any(|written| written.value == staged.output("ss2018_derived")));
}
