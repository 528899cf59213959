#![allow(clippy::unwrap_used)]
use super::*;

fn record(items: &[(&str, &str)]) -> Record {
    let mut record = Record::new();
    for (id, value) in items {
        record.set(id, value);
    }
    record
}

fn alive(date: &str, central: &str) -> Posting {
    Posting { date: date.into(), vital_status: "1".into(), source_central: central.into(), ..Posting::default() }
}

fn dead(date: &str, central: &str) -> Posting {
    Posting { vital_status: "0".into(), ..alive(date, central) }
}

/// Judged against a patient of this last contact, status and source, with one tumor diagnosed 2022-02-17.
fn judged(on_file: (&str, &str, &str), posting: &Posting) -> Verdict {
    let (date, status, central) = on_file;
    let patient = record(&[
        ("dateOfLastContact", date),
        ("vitalStatus", status),
        ("followUpSourceCentral", central),
        ("dateOfBirth", "19570419"),
    ]);
    let tumor = record(&[
        ("primarySite", "C504"),
        ("dateOfDiagnosis", "20220217"),
        ("cancerStatus", "1"),
        ("dateOfLastCancerStatus", "20250829"),
        ("followUpSource", source_of(central)),
        ("nextFollowUpSource", "1"),
    ]);
    let tumors = [TumorOnFile { abstract_: 7, items: &tumor }];
    let today = PartialDate::parse("20261123").unwrap();
    accept(posting, &OnFile { patient: &patient, tumors: &tumors, today })
}

#[track_caller]
fn accepted(on_file: (&str, &str, &str), posting: &Posting) -> Accepted {
    match judged(on_file, posting) {
        Verdict::Accepted(accepted) => *accepted,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(on_file: (&str, &str, &str), posting: &Posting) -> String {
    match judged(on_file, posting) {
        Verdict::Refused(refusals) => refusals[0].sentence.clone(),
        other => panic!("{other:?}"),
    }
}

fn is_conflict(on_file: (&str, &str, &str), posting: &Posting) -> bool {
    matches!(judged(on_file, posting), Verdict::Conflict(_))
}

fn value<'a>(changes: &'a [Change], item: &str) -> Option<&'a str> {
    changes.iter().find(|c| c.item == item).map(|c| c.value.as_str())
}

const ALIVE: (&str, &str, &str) = ("20250829", "1", "30");
const DEAD: (&str, &str, &str) = ("20250829", "0", "05");

#[test]
fn a_newer_contact_replaces_date_and_sources() {
    let taken = accepted(ALIVE, &alive("2026-11-09", "41"));
    assert_eq!(taken.standing, Standing::Newer);
    assert_eq!(value(&taken.patient, "dateOfLastContact"), Some("20261109"));
    assert_eq!(value(&taken.patient, "followUpSourceCentral"), Some("41"));
    assert_eq!(taken.tumors, [(7, vec![Change::new("followUpSource", "2")])]);
}

#[test]
fn an_older_contact_changes_nothing_on_file() {
    let taken = accepted(ALIVE, &alive("2025-03-01", "41"));
    assert_eq!((taken.standing, taken.patient.len(), taken.tumors.len()), (Standing::Earlier, 0, 0));
    assert!(taken.messages[0].contains("2025-08-29"));
}

#[test]
fn death_by_certificate_beats_alive_whatever_its_date() {
    let taken = accepted(ALIVE, &dead("2025-07-30", "05"));
    assert_eq!(value(&taken.patient, "vitalStatus"), Some("0"));
    assert_eq!(value(&taken.patient, "dateOfLastContact"), Some("20250730"));
    assert!(taken.messages.iter().any(|m| m.contains("2025-08-29")));
    assert!(is_conflict(ALIVE, &dead("2025-07-30", "51")));
}

#[test]
fn alive_after_a_recorded_death_is_a_conflict_and_before_it_history() {
    assert!(is_conflict(DEAD, &alive("2026-01-05", "40")));
    assert_eq!(accepted(DEAD, &alive("2025-01-05", "40")).standing, Standing::Earlier);
}

#[test]
fn another_day_of_death_needs_a_more_reliable_source() {
    assert!(is_conflict(DEAD, &dead("2025-09-01", "51")));
    let known_by_relative = ("20250829", "0", "51");
    assert_eq!(accepted(known_by_relative, &dead("2025-09-01", "05")).standing, Standing::Newer);
}

#[test]
fn of_one_day_the_more_reliable_source_stays() {
    let by_patient = ("20250829", "1", "50");
    let taken = accepted(by_patient, &alive("2025-08-29", "41"));
    assert_eq!(taken.standing, Standing::BetterSource);
    assert_eq!(value(&taken.patient, "followUpSourceCentral"), Some("41"));
    assert_eq!(accepted(ALIVE, &alive("2025-08-29", "50")).standing, Standing::Same);
}

#[test]
fn a_day_within_a_known_month_is_newer_and_a_month_round_a_known_day_is_earlier() {
    let month = ("202508", "1", "30");
    assert_eq!(accepted(month, &alive("2025-08-29", "30")).standing, Standing::Newer);
    assert_eq!(accepted(ALIVE, &alive("2025-08", "30")).standing, Standing::Earlier);
}

#[test]
fn contact_before_diagnosis_or_after_today_is_refused() {
    assert!(refused(ALIVE, &alive("2021-12-31", "30")).contains("before the diagnosis"));
    assert!(refused(ALIVE, &alive("2026-11-24", "30")).contains("after today"));
    assert!(refused(ALIVE, &alive("", "30")).contains("missing"));
    assert!(refused(ALIVE, &alive("2026-02-30", "30")).starts_with("Date of contact"));
    assert!(refused(ALIVE, &alive("2026-02-03", "")).contains("source is missing"));
}

#[test]
fn cancer_status_after_last_contact_is_refused_and_an_older_one_is_kept_out() {
    let mut posting = alive("2026-11-09", "41");
    let tumor = |status: &str, on: &str| TumorPosting {
        abstract_: 7,
        cancer_status: status.into(),
        status_date: on.into(),
        ..TumorPosting::default()
    };
    posting.tumors = vec![tumor("2", "2026-11-10")];
    assert!(refused(ALIVE, &posting).contains("after the last contact"));
    posting.tumors = vec![tumor("2", "2024-01-01")];
    let taken = accepted(ALIVE, &posting);
    assert_eq!(value(&taken.tumors[0].1, "cancerStatus"), None);
    posting.tumors = vec![tumor("2", "")];
    let taken = accepted(ALIVE, &posting);
    assert_eq!(value(&taken.tumors[0].1, "cancerStatus"), Some("2"));
    assert_eq!(value(&taken.tumors[0].1, "dateOfLastCancerStatus"), Some("20261109"));
}

#[test]
fn the_dead_have_no_next_source_and_what_stood_for_alive_goes() {
    let patient = record(&[
        ("dateOfLastContact", "20250829"),
        ("vitalStatus", "1"),
        ("causeOfDeath", "0000"),
        ("icdRevisionNumber", "0"),
        ("autopsy", "0"),
    ]);
    let tumor = record(&[("dateOfDiagnosis", "20220217"), ("nextFollowUpSource", "1")]);
    let tumors = [TumorOnFile { abstract_: 7, items: &tumor }];
    let file = OnFile { patient: &patient, tumors: &tumors, today: PartialDate::parse("20261123").unwrap() };
    let mut posting = dead("2026-06-01", "05");
    posting.death = DeathPosting { place_state: "ia".into(), cause: "c50.9".into(), ..DeathPosting::default() };
    let Verdict::Accepted(taken) = accept(&posting, &file) else { panic!() };
    assert_eq!(value(&taken.patient, "causeOfDeath"), Some("C509"));
    assert_eq!(value(&taken.patient, "icdRevisionNumber"), Some("1"));
    assert_eq!(value(&taken.patient, "placeOfDeathState"), Some("IA"));
    assert_eq!(value(&taken.patient, "autopsy"), Some("9"));
    assert_eq!(value(&taken.tumors[0].1, "nextFollowUpSource"), Some(""));
    assert!(taken.messages.is_empty(), "{:?}", taken.messages);
    posting.death = DeathPosting::default();
    let Verdict::Accepted(taken) = accept(&posting, &file) else { panic!() };
    assert_eq!(value(&taken.patient, "causeOfDeath"), Some(""));
    assert_eq!(taken.messages.len(), 2);
}

#[test]
fn the_living_have_no_death_items() {
    let taken = accepted(ALIVE, &alive("2026-11-09", "41"));
    assert_eq!(value(&taken.patient, "causeOfDeath"), Some("0000"));
    assert_eq!(value(&taken.patient, "icdRevisionNumber"), Some("0"));
    let mut posting = alive("2026-11-09", "41");
    posting.death.cause = "C509".into();
    assert!(refused(ALIVE, &posting).contains("belong to a patient who is dead"));
}

#[test]
fn a_recurrence_needs_its_date_and_none_forbids_it() {
    let tumor = |kind: &str, on: &str| Posting {
        tumors: vec![TumorPosting {
            abstract_: 7,
            recurrence_type: kind.into(),
            recurrence_date: on.into(),
            ..TumorPosting::default()
        }],
        ..alive("2026-11-09", "41")
    };
    assert!(refused(ALIVE, &tumor("40", "")).contains("needs its date"));
    assert!(refused(ALIVE, &tumor("00", "2026-01-01")).contains("no date"));
    assert!(refused(ALIVE, &tumor("40", "2021-01-01")).contains("before the diagnosis"));
    assert!(refused(ALIVE, &tumor("41", "2026-01-01")).contains("not a code"));
    let taken = accepted(ALIVE, &tumor("40", "2026-01"));
    assert_eq!(value(&taken.tumors[0].1, "recurrenceDate1st"), Some("202601"));
    assert!(accepted(ALIVE, &tumor("70", "")).messages[0].contains("Never disease-free"));
}

#[test]
fn a_new_telephone_is_ten_digits() {
    let mut posting = alive("2026-11-09", "41");
    posting.address.telephone = "(555) 014-2277".into();
    assert_eq!(value(&accepted(ALIVE, &posting).patient, "telephone"), Some("5550142277"));
    posting.address.telephone = "014-2277".into();
    assert!(refused(ALIVE, &posting).contains("ten digits"));
}

#[test]
fn what_a_person_settles_is_taken() {
    let patient = record(&[("dateOfLastContact", "20250829"), ("vitalStatus", "0"), ("causeOfDeath", "C509")]);
    let file = OnFile { patient: &patient, tumors: &[], today: PartialDate::parse("20261123").unwrap() };
    let Verdict::Accepted(taken) = accept_settled(&alive("2026-01-05", "40"), &file) else { panic!() };
    assert_eq!(value(&taken.patient, "vitalStatus"), Some("1"));
    assert_eq!(value(&taken.patient, "causeOfDeath"), Some("0000"));
}
