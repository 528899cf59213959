//! Sources of follow-up: the two code lists and their order of trust.
//!
//! Codes of item 1791 (two digits) are the finer list; item 1790 follows from them. NAACCR data dictionary 26, items
//! 1790 and 1791; which code of 1790 a code of 1791 becomes is our reading.

/// Item 1790 for a code of item 1791; empty for an empty or unknown code.
pub fn source_of(central: &str) -> &'static str {
    match central.parse::<u8>() {
        _ if central.len() != 2 => "",
        Ok(1 | 2) => "5",
        Ok(3) => "4",
        Ok(4..=7) => "7",
        Ok(8 | 30) => "0",
        Ok(40..=49) => "2",
        Ok(50) => "3",
        Ok(99) => "9",
        Ok(_) => "8",
        Err(_) => "",
    }
}

/// Who said it, the most reliable last, so that the order of the variants is the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Nobody knows who said it.
    Unknown,
    /// A file of another purpose.
    OtherLinkage,
    /// The patient or a relative.
    PatientOrRelative,
    /// A physician.
    Physician,
    /// A hospital's or facility's own record.
    HospitalRecord,
    /// A death certificate or an index of deaths.
    DeathCertificate,
}

impl Trust {
    /// Of a report: by 1791 where it is given, else by 1790.
    pub fn of(central: &str, source: &str) -> Trust {
        match central {
            "04" | "05" | "06" | "07" => return Trust::DeathCertificate,
            "08" | "30" | "31" | "32" | "33" | "34" | "35" | "39" => return Trust::HospitalRecord,
            "40" | "41" | "42" | "43" | "48" | "49" => return Trust::Physician,
            "50" | "51" | "59" => return Trust::PatientOrRelative,
            "" | "00" | "99" => {}
            _ => return Trust::OtherLinkage,
        }
        match source {
            "7" => Trust::DeathCertificate,
            "0" | "1" => Trust::HospitalRecord,
            "2" => Trust::Physician,
            "3" => Trust::PatientOrRelative,
            "4" | "5" | "8" => Trust::OtherLinkage,
            _ => Trust::Unknown,
        }
    }
}

/// Codes of 1791 with short names, in the order of the list on the form.
pub const CENTRAL: [(&str, &str); 38] = [
    ("30", "Hospital in- or outpatient"),
    ("32", "Hospital registry"),
    ("31", "Casefinding"),
    ("33", "Radiation center"),
    ("34", "Oncology clinic"),
    ("35", "Surgical center"),
    ("39", "Facility, other"),
    ("40", "Attending physician"),
    ("41", "Medical oncologist"),
    ("42", "Radiation oncologist"),
    ("43", "Surgeon"),
    ("48", "Other specialist"),
    ("49", "Physician, other"),
    ("50", "Patient"),
    ("51", "Relative"),
    ("59", "Patient, other"),
    ("01", "Medicare or Medicaid"),
    ("02", "CMS"),
    ("03", "Motor vehicles"),
    ("04", "National death index"),
    ("05", "State death file"),
    ("06", "County death file"),
    ("07", "Social Security deaths"),
    ("08", "Hospital discharge data"),
    ("09", "Health plan"),
    ("10", "Social Security vital status"),
    ("11", "Voters"),
    ("12", "Research linkage"),
    ("29", "Linkage, other"),
    ("60", "Central registry"),
    ("61", "Internet"),
    ("62", "Hospice"),
    ("63", "Nursing home"),
    ("64", "Obituary"),
    ("65", "Other research"),
    ("98", "Other"),
    ("99", "Unknown"),
    ("00", "None"),
];

/// Short name of a code of 1791; the code itself when it is not in the list.
pub fn central_name(code: &str) -> &str {
    CENTRAL.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// Codes of 1790 with short names.
pub const SOURCES: [(&str, &str); 9] = [
    ("0", "Reported hospitalization"),
    ("1", "Readmission"),
    ("2", "Physician"),
    ("3", "Patient"),
    ("4", "Motor vehicles"),
    ("5", "Medicare or Medicaid"),
    ("7", "Death certificate"),
    ("8", "Other"),
    ("9", "Unknown"),
];

/// Codes of 1800 with short names.
pub const NEXT_SOURCES: [(&str, &str); 8] = [
    ("0", "Chart requisition"),
    ("1", "Physician letter"),
    ("2", "Contact letter"),
    ("3", "Telephone"),
    ("4", "Other hospital"),
    ("5", "Other"),
    ("8", "Foreign resident, not followed"),
    ("9", "Not followed"),
];

/// The name of a code in a list; the code itself when it is not in it.
pub fn name_in<'a>(list: &[(&'a str, &'a str)], code: &'a str) -> &'a str {
    list.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_follows_from_the_finer_code() {
        let pairs = [("02", "5"), ("03", "4"), ("05", "7"), ("08", "0"), ("41", "2"), ("50", "3"), ("51", "8")];
        for (central, source) in pairs {
            assert_eq!(source_of(central), source, "{central}");
        }
        assert_eq!((source_of("99"), source_of(""), source_of("x1")), ("9", "", ""));
    }

    #[test]
    fn certificates_are_trusted_above_hospitals_above_physicians_above_patients() {
        let order =
            [Trust::of("99", "9"), Trust::of("03", ""), Trust::of("", "3"), Trust::of("41", ""), Trust::of("", "0")];
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Trust::of("05", "") > Trust::of("30", ""));
    }

    #[test]
    fn every_code_of_the_form_has_a_source() {
        assert!(CENTRAL.iter().all(|(code, _)| !source_of(code).is_empty()));
    }
}
