//! The ICD-10-CM list a disease index is screened by.

use std::sync::LazyLock;

use crate::codes::Head;
use crate::codes::table::{cells, head, lines};

const TABLE: &str = include_str!("../../reference/casefinding/icd10cm.tsv");

/// A range of the casefinding list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// First code, with its dot.
    pub from: &'static str,
    /// Last code.
    pub to: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Reportable since, a year or month, or empty.
    pub since: &'static str,
    /// What to do with it.
    pub action: &'static str,
    /// `main`, `supplement` or `exclude`.
    pub list: &'static str,
}

static LIST: LazyLock<Vec<Listed>> = LazyLock::new(|| {
    lines(TABLE)
        .map(|line| {
            let [from, to, meaning, since, action, list] = cells::<6>(line);
            Listed { from, to, meaning, since, action, list }
        })
        .collect()
});

/// Every range of the list.
pub fn list() -> &'static [Listed] {
    &LIST
}

/// The head of the table.
pub(super) fn edition() -> Head {
    head(TABLE)
}

/// The narrowest range that holds a code, with or without its dot; a narrower range goes before a wider one.
pub fn range_of(code: &str) -> Option<&'static Listed> {
    let code = plain(code);
    if code.len() < 3 {
        return None;
    }
    LIST.iter()
        .filter(|l| {
            let (low, high) = (plain(l.from), plain(l.to));
            code.get(..low.len().min(code.len())).is_some_and(|c| c >= low.as_str())
                && code.len() >= low.len()
                && code.get(..high.len().min(code.len())).is_some_and(|c| c <= high.as_str())
        })
        .max_by_key(|l| (plain(l.from).len(), l.from == l.to, l.list == "exclude"))
}

fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// The code stands on the main list, to be listed outright.
pub(super) fn is_listed(code: &str) -> bool {
    range_of(code).is_some_and(|l| l.list == "main" && l.action.starts_with("list"))
}

/// The code is of a skin where basal and squamous carcinomas are left out.
pub(super) fn is_skin(code: &str) -> bool {
    plain(code).starts_with("C44")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_the_narrowest_range() {
        let found = |code: &str| range_of(code).map(|l| (l.list, l.from));
        assert_eq!(found("C50.412"), Some(("main", "C45")));
        assert_eq!(found("C4A.0"), Some(("main", "C4A")));
        assert_eq!(found("C44311"), Some(("main", "C44.30")));
        assert_eq!(found("D06.9"), Some(("exclude", "D06")));
        assert_eq!(found("D05.12"), Some(("main", "D00")));
        assert_eq!(found("Z85.3"), Some(("supplement", "Z85")));
        assert_eq!(found("K63.5"), None);
        assert_eq!(found(""), None);
        assert!(is_listed("C50.412") && !is_listed("D06.9") && is_skin("C44.311"));
    }
}
