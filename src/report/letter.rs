//! A letter that asks how a patient is: the values its templates are filled with.

use serde::Serialize;

/// Everything a follow-up letter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Name of the facility, as letterhead.
    pub facility: String,
    /// Lines of its address.
    pub facility_address: Vec<String>,
    /// Its telephone.
    pub telephone: String,
    /// Name under the letter.
    pub sender: String,
    /// Who is to be written to.
    pub recipient: String,
    /// Lines of the address.
    pub address: Vec<String>,
    /// Day of the letter.
    pub date: String,
    /// Day until which an answer is asked.
    pub reply_by: String,
    /// Code to be quoted.
    pub reference: String,
    /// Name of the patient.
    pub patient: String,
    /// Birth date.
    pub born: String,
    /// Record number.
    pub record_number: String,
    /// Last contact on file.
    pub last_contact: String,
    /// The letter may say "cancer": none of the tumors is in situ, benign or borderline.
    pub names_disease: bool,
    /// The letter goes to a parent or guardian.
    pub for_parent: bool,
    /// The tumors; for physicians.
    pub tumors: Vec<TumorLine>,
}

/// One tumor in a letter to a physician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TumorLine {
    /// Site and side.
    pub site: String,
    /// Day of diagnosis.
    pub diagnosed: String,
    /// Cancer status on file, in words.
    pub status: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::{render, reports};

    fn letter() -> Letter {
        Letter {
            facility: "Harbor <General>".into(),
            facility_address: vec!["1 Quay Street".into(), "Harbor, IA 50001".into()],
            telephone: "(555) 010-4410".into(),
            sender: "Registry office".into(),
            recipient: "R. Okafor MD".into(),
            address: vec!["2 Hill Road".into()],
            date: "2026-11-23".into(),
            reply_by: "2026-12-23".into(),
            reference: "FU-26-11-0417".into(),
            patient: "WEATHERBY, Anne M.".into(),
            born: "1957-04-19".into(),
            record_number: "287731".into(),
            last_contact: "2025-08-29".into(),
            names_disease: true,
            for_parent: false,
            tumors: vec![TumorLine {
                site: "Breast, right".into(),
                diagnosed: "2022-02-17".into(),
                status: "no evidence of this tumor".into(),
            }],
        }
    }

    #[test]
    fn every_letter_is_complete_and_escapes_what_it_is_filled_with() {
        for report in reports().unwrap() {
            let made = render(&report.name, &letter()).unwrap();
            assert!(made.page.contains("Harbor &lt;General&gt;") && made.mail.contains("Harbor <General>"));
            for text in [&made.page, &made.mail] {
                for needed in ["FU-26-11-0417", "(555) 010-4410", "2026-12-23"] {
                    assert!(text.contains(needed), "{} lacks {needed}", report.name);
                }
            }
        }
    }

    #[test]
    fn no_subject_names_a_disease_and_a_patient_reads_no_site() {
        for report in reports().unwrap() {
            let subject = report.definition.subject.to_lowercase();
            assert!(!["cancer", "tumor", "oncolog", "diagnos"].iter().any(|w| subject.contains(w)), "{subject}");
        }
        let made = render("patient-letter", &letter()).unwrap();
        assert!(!made.page.contains("Breast") && !made.mail.contains("Breast"));
    }

    #[test]
    fn a_patient_without_invasive_tumor_reads_no_word_of_cancer() {
        let quiet = Letter { names_disease: false, ..letter() };
        let made = render("patient-letter", &quiet).unwrap();
        assert!(!made.page.to_lowercase().contains("cancer") && !made.mail.to_lowercase().contains("cancer"));
        assert!(render("patient-letter", &letter()).unwrap().page.contains("cancer"));
    }

    #[test]
    fn an_unknown_report_is_said() {
        assert!(render("no-such-letter", &letter()).is_err());
    }
}
