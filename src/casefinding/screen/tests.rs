#![allow(clippy::unwrap_used)]
use super::*;
use crate::casefinding::read_messages;

fn answer(text: &str) -> (Reportable, Screening, Report) {
    let (report, found) = screen_text(text, Some(2024), &[Rules::national()]);
    (found.reportable, found, report)
}

/// `tests/data/screening.tsv`: expected answer, what it shows, the report (`\n` for a line's end).
#[test]
fn reports_of_our_own_are_answered_as_a_registrar_would() {
    let table = include_str!("../../../tests/it/data/screening.tsv");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in table.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let mut cells = line.split('\t');
        let (expected, text) = (cells.next().unwrap(), cells.next().unwrap().replace("\\n", "\n"));
        let (got, found, report) = answer(&text);
        count += 1;
        if got.name() != expected {
            let terms: Vec<String> =
                found.terms.iter().map(|t| format!("{}={}", &report.text[t.range.clone()], t.kind.name())).collect();
            wrong.push(format!(
                "{text:?}\n  expected {expected}, got {} because {} {terms:?}",
                got.name(),
                found.because
            ));
        }
    }
    assert!(count >= 60, "{count}");
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_shared_messages_are_answered_as_expected() {
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/casefinding/hl7");
    let Ok(expected) = std::fs::read_to_string(shared.join("expected.tsv")) else { return };
    let mut wrong = Vec::new();
    for line in expected.lines().skip(1) {
        let (file, answer) = line.split_once('\t').unwrap();
        let (_, messages) = read_messages(&std::fs::read(shared.join(file)).unwrap()).unwrap();
        let found = screen(messages[0].as_ref().unwrap(), &[Rules::national()]);
        if found.reportable.name() != answer.trim() {
            wrong.push(format!("{file}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_suspicion_names_site_histology_and_behavior() {
    for (text, site, morphology) in [
        ("FINAL DIAGNOSIS:\nLEFT BREAST, CORE BIOPSY: Invasive ductal carcinoma, grade 2.", "C509", "8500/3"),
        (
            "FINAL DIAGNOSIS:\nBLADDER, TURBT: Non-invasive papillary urothelial carcinoma, high grade.",
            "C679",
            "8130/2",
        ),
        ("FINAL DIAGNOSIS:\nDURA, RESECTION: Meningioma, WHO grade 1.", "C700", "9530/0"),
        ("FINAL DIAGNOSIS:\nSKIN, BACK: Melanoma in situ.", "C445", "8720/2"),
        ("FINAL DIAGNOSIS:\nBONE MARROW: Acute myeloid leukemia.", "C421", "9861/3"),
        ("FINAL DIAGNOSIS:\nA. PROSTATE, LEFT: Benign.\nB. PROSTATE, RIGHT: Adenocarcinoma.", "C619", "8140/3"),
    ] {
        let first = answer(text).1.suspicions.into_iter().next().unwrap();
        assert_eq!(
            (first.site.as_str(), format!("{}/{}", first.histology, first.behavior)),
            (site, morphology.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn two_tumors_of_one_report_are_two_suspicions() {
    let found =
        answer("FINAL DIAGNOSIS:\nA. LEFT BREAST: Invasive ductal carcinoma.\nB. COLON, SIGMOID: Adenocarcinoma.").1;
    assert_eq!(found.suspicions.iter().map(|s| s.site.as_str()).collect::<Vec<_>>(), ["C509", "C187"]);
}
