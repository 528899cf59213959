//! Disease-index files: a CSV of coded visits, its columns mapped to what the registry asks.

use std::collections::BTreeMap;

/// What a column of a disease index may hold.
pub const FIELDS: [(&str, &str); 10] = [
    ("record", "Record number"),
    ("last", "Last name"),
    ("first", "First name"),
    ("middle", "Middle name"),
    ("born", "Birth date"),
    ("sex", "Sex"),
    ("ssn", "Social Security number"),
    ("date", "Date of visit or discharge"),
    ("code", "ICD-10-CM code"),
    ("text", "Words of the code"),
];

/// Which column, from 0, holds which field.
pub type Mapping = BTreeMap<String, usize>;

/// Names of columns that hospitals use, by field.
const KNOWN: [(&str, &[&str]); 10] = [
    ("record", &["mrn", "record", "medicalrecord", "medicalrecordnumber", "recordnumber", "patientid", "mr"]),
    ("last", &["last", "lastname", "surname", "patientlast", "namelast"]),
    ("first", &["first", "firstname", "given", "patientfirst", "namefirst"]),
    ("middle", &["middle", "mi", "middlename", "middleinitial"]),
    ("born", &["dob", "birthdate", "dateofbirth", "born", "birth"]),
    ("sex", &["sex", "gender"]),
    ("ssn", &["ssn", "socialsecurity", "socialsecuritynumber"]),
    ("date", &["date", "dischargedate", "dischdate", "visitdate", "servicedate", "admitdate", "encounterdate"]),
    ("code", &["icd", "icd10", "icd10cm", "dx", "dxcode", "code", "diagnosiscode", "principaldx", "diagnosis"]),
    ("text", &["description", "dxdescription", "text", "diagnosisdescription", "meaning"]),
];

/// The mapping that the names of the columns propose.
pub fn proposed(columns: &[String]) -> Mapping {
    let plain = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    KNOWN
        .iter()
        .filter_map(|(field, names)| {
            let at = columns.iter().position(|c| names.contains(&plain(c).as_str()))?;
            Some(((*field).to_owned(), at))
        })
        .collect()
}

/// A visit of a disease index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visit {
    /// The values by field, trimmed.
    pub values: BTreeMap<String, String>,
}

impl Visit {
    /// A value, empty when there is none.
    pub fn get(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }
}

/// The fields of a row by a mapping.
pub fn visit(cells: &[&str], mapping: &Mapping) -> Visit {
    let values = mapping
        .iter()
        .filter_map(|(field, at)| cells.get(*at).map(|c| (field.clone(), c.trim().to_owned())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    Visit { values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_of_columns_are_known() {
        let columns: Vec<String> = ["MRN", "Last Name", "First_Name", "DOB", "Dx Code"].map(str::to_owned).to_vec();
        let mapping = proposed(&columns);
        let row = visit(&["7", " SMITH ", "ANN", "1950-01-02", "C50.9"], &mapping);
        assert_eq!((row.get("record"), row.get("last"), row.get("code"), row.get("sex")), ("7", "SMITH", "C50.9", ""));
    }
}
