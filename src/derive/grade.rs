//! Summary grade 2018: the higher of clinical and pathological grade in the order of the schema.

const OTHERS: [&str; 15] = ["S", "5", "4", "3", "2", "1", "E", "D", "C", "B", "A", "H", "M", "L", "9"];
const BREAST_IN_SITU: [&str; 11] = ["H", "M", "L", "3", "2", "1", "D", "C", "B", "A", "9"];
const BREAST_INVASIVE: [&str; 11] = ["3", "2", "1", "H", "M", "L", "D", "C", "B", "A", "9"];
const NOT_GRADED: [&str; 1] = ["8"];

/// `derivedSummaryGrade2018`; nothing when neither grade is one of the schema's.
pub fn summary_grade(schema: &str, behavior: &str, clinical: &str, pathological: &str) -> Option<String> {
    let order: &[&str] = match (schema, behavior) {
        ("00480", "2") => &BREAST_IN_SITU,
        ("00480", "3") => &BREAST_INVASIVE,
        ("00480", _) => return None,
        ("00790" | "00795" | "00811" | "00812" | "00821" | "00822" | "00830", _) => &NOT_GRADED,
        _ => &OTHERS,
    };
    let place = |grade: &str| order.iter().position(|known| *known == grade);
    match (place(clinical), place(pathological)) {
        (None, None) => None,
        (Some(one), Some(other)) if other < one => Some(pathological.to_owned()),
        (None, Some(_)) => Some(pathological.to_owned()),
        _ => Some(clinical.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_grades_depends_on_the_schema() {
        assert_eq!(summary_grade("00480", "3", "1", "H").as_deref(), Some("1"));
        assert_eq!(summary_grade("00480", "2", "1", "H").as_deref(), Some("H"));
        assert_eq!(summary_grade("00580", "3", "1", "4").as_deref(), Some("4"));
        assert_eq!(summary_grade("00822", "3", "4", "L"), None);
    }
}
