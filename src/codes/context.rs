//! The case a code is read in.

/// What a code's meaning can depend on. Every part may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context<'a> {
    /// Primary site, `C504`.
    pub site: Option<&'a str>,
    /// Histology, `8500`.
    pub histology: Option<&'a str>,
    /// Behavior, `3`.
    pub behavior: Option<&'a str>,
    /// Year of diagnosis.
    pub dx_year: Option<u16>,
    /// Sex by its NAACCR code.
    pub sex: Option<&'a str>,
    /// State at diagnosis.
    pub state_at_dx: Option<&'a str>,
    /// State of the current address.
    pub state_current: Option<&'a str>,
    /// Revision of ICD that the cause of death is coded in (`icdRevisionNumber`).
    pub icd_revision: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// The context of a record: `value` gives an item's value by its NAACCR XML id, nothing for an empty one.
    pub fn of(value: impl Fn(&str) -> Option<&'a str>) -> Context<'a> {
        Context {
            site: value("primarySite"),
            histology: value("histologicTypeIcdO3"),
            behavior: value("behaviorCodeIcdO3"),
            dx_year: value("dateOfDiagnosis").and_then(year),
            sex: value("sexAssignedAtBirth").or_else(|| value("sex")),
            state_at_dx: value("addrAtDxState"),
            state_current: value("addrCurrentState"),
            icd_revision: value("icdRevisionNumber"),
        }
    }
}

/// The year of a NAACCR date.
fn year(date: &str) -> Option<u16> {
    let year = date.get(..4)?;
    year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_its_context() {
        let context = Context::of(|id| match id {
            "primarySite" => Some("C504"),
            "dateOfDiagnosis" => Some("202403"),
            "sex" => Some("2"),
            _ => None,
        });
        assert_eq!((context.site, context.dx_year, context.sex), (Some("C504"), Some(2024), Some("2")));
        assert_eq!(Context::of(|_| Some("é")).dx_year, None);
    }
}
