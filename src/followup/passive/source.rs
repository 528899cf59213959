//! The sources of passive follow-up: what each is called, its code of item 1791, and whether it is an index of deaths.

/// A source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Its key on the command line.
    pub key: &'static str,
    /// Its name on pages.
    pub name: &'static str,
    /// Code of item 1791.
    pub central: &'static str,
    /// Every row is a death, and its word beats a living contact.
    pub is_deaths: bool,
}

const fn source(key: &'static str, name: &'static str, central: &'static str, is_deaths: bool) -> Source {
    Source { key, name, central, is_deaths }
}

/// All sources.
pub const SOURCES: [Source; 10] = [
    source("state-deaths", "State death file", "05", true),
    source("county-deaths", "County death file", "06", true),
    source("death-index", "National death index", "04", true),
    source("social-security", "Social Security deaths", "07", true),
    source("discharge", "Hospital discharge data", "08", false),
    source("medicare", "Medicare or Medicaid", "01", false),
    source("motor-vehicles", "Motor vehicles", "03", false),
    source("voters", "Voters", "11", false),
    source("registry", "Another registry's abstracts", "60", false),
    source("other", "Other linkage", "29", false),
];

/// The source of a key.
pub fn named(key: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.key == key)
}

/// An underlying cause of death that is a cancer, in ICD-10: C00-C97, D45-D47 and the tumors of the brain that are
/// reportable.
pub fn is_cancer_death(cause: &str) -> bool {
    let code: String = cause.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(
        (code.get(..1), code.get(1..3).and_then(|digits| digits.parse::<u8>().ok())),
        (Some("C"), Some(_)) | (Some("D"), Some(32 | 33 | 42 | 43 | 45 | 46 | 47))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_apart() {
        for (cause, is) in
            [("C509", true), ("C50.9", true), ("D471", true), ("I219", false), ("D171", false), ("", false)]
        {
            assert_eq!(is_cancer_death(cause), is, "{cause}");
        }
    }
}
