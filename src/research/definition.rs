//! A definition: a file that says everything of an extract, so that it can be kept, shared and made again.

use serde::{Deserialize, Serialize};

use super::cohort::{Cohort, Filters, item_named};
use super::levels::{Action, Level, action, presets};
use crate::naaccr::{Level as ItemLevel, StandardItem};

/// What an extract is asked to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The study: its name keeps the numbers of patients equal in all its extracts.
    pub study: String,
    /// Privacy level.
    pub level: Level,
    /// Which tumors.
    #[serde(default)]
    pub filters: Filters,
    /// Items by id or number, and ready choices as `@core`.
    pub items: Vec<String>,
    /// Who receives it, for the list of disclosures.
    #[serde(default)]
    pub recipient: String,
    /// What for.
    #[serde(default)]
    pub purpose: String,
    /// The day ages are judged by; today when not given. `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// A column of the table.
#[derive(Debug, Clone)]
pub enum Column {
    /// An item of the dictionaries.
    Standard(&'static StandardItem),
    /// An item of a user's dictionary, by its name in the store; only identified.
    Own(String),
}

impl Column {
    /// Head of the column.
    pub fn id(&self) -> &str {
        match self {
            Column::Standard(item) => &item.id,
            Column::Own(id) => id,
        }
    }

    /// Belongs to the patient.
    pub fn is_of_patient(&self) -> bool {
        matches!(self, Column::Standard(item) if item.level == ItemLevel::Patient)
    }
}

/// A definition that can be carried out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// As asked.
    pub definition: Definition,
    /// What the store is asked.
    pub cohort: Cohort,
    /// The columns after the study's numbers.
    pub columns: Vec<Column>,
}

impl Definition {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is not such a file.
    pub fn parse(text: &str) -> Result<Definition, String> {
        serde_json::from_str(text).map_err(|error| format!("The definition cannot be read: {error}."))
    }

    /// Checks everything that can be checked without a registry.
    ///
    /// # Errors
    /// The first thing that is wrong, in a sentence.
    pub fn plan(self) -> Result<Plan, String> {
        let study = self.study.trim();
        if study.is_empty() {
            return Err("Name the study: the numbers of its patients hang on it.".into());
        }
        if study.chars().count() > 200 || study.chars().any(char::is_control) {
            return Err("The name of the study has at most 200 characters and no line ends.".into());
        }
        if let Some(day) = &self.as_of
            && chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err()
        {
            return Err(format!("{day:?} is no day; write YYYY-MM-DD."));
        }
        let cohort = self.filters.cohort(self.level)?;
        let columns = columns(&self.items, self.level)?;
        Ok(Plan { definition: self, cohort, columns })
    }
}

fn columns(names: &[String], level: Level) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |column: Column| {
        if !columns.iter().any(|known| known.id() == column.id()) {
            columns.push(column);
        }
    };
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if let Some(key) = name.strip_prefix('@') {
            let preset = presets().iter().find(|p| p.key == key).ok_or_else(|| {
                let keys: Vec<_> = presets().iter().map(|p| format!("@{}", p.key)).collect();
                format!("There is no choice of items {name}; there are {}.", keys.join(", "))
            })?;
            // A ready choice gives what the level has of it.
            preset.items.iter().filter(|i| action(&i.id, level) != Action::Drop).for_each(|i| add(Column::Standard(i)));
        } else if name.contains(':') && level == Level::Identified {
            add(Column::Own(name.to_string()));
        } else {
            let item = match name.contains(':') {
                true => {
                    return Err(format!("{name} is of a user's dictionary: only an identified extract may hold it."));
                }
                false => item_named(name)?,
            };
            if item.level == ItemLevel::Root || action(&item.id, level) == Action::Drop {
                return Err(format!("{} has no place in an extract that is {}.", item.id, level.text().to_lowercase()));
            }
            add(Column::Standard(item));
        }
    }
    match columns.is_empty() {
        true => Err("Choose at least one item.".into()),
        false => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(level: Level, items: &[&str]) -> Result<Plan, String> {
        Definition {
            study: "Breast subtypes".into(),
            level,
            filters: Filters::default(),
            items: items.iter().map(|i| i.to_string()).collect(),
            recipient: String::new(),
            purpose: String::new(),
            as_of: None,
        }
        .plan()
    }

    #[test]
    fn items_are_named_by_id_number_or_choice_and_stand_once() {
        let plan = asked(Level::Deidentified, &["@core", "400", "primarySite", "vitalStatus"]).unwrap();
        assert_eq!(plan.columns.iter().filter(|c| c.id() == "primarySite").count(), 1);
        assert_eq!(plan.columns.last().unwrap().id(), "vitalStatus");
    }

    #[test]
    fn an_item_without_a_place_at_the_level_is_refused_by_name() {
        for (level, item) in [
            (Level::Deidentified, "nameLast"),
            (Level::Limited, "2230"),
            (Level::Deidentified, "countyAtDx"),
            (Level::Limited, "textRemarks"),
            (Level::Limited, "state:own"),
            (Level::Deidentified, "nothing"),
            (Level::Limited, "registryId"),
        ] {
            assert!(asked(level, &[item]).is_err(), "{item}");
        }
        assert!(asked(Level::Limited, &["countyAtDx"]).is_ok());
        assert!(asked(Level::Identified, &["nameLast", "state:own"]).is_ok());
        assert!(asked(Level::Limited, &[]).is_err());
    }

    #[test]
    fn a_ready_choice_leaves_out_what_the_level_does_not_have() {
        let plan = asked(Level::Deidentified, &["@place"]).unwrap();
        assert!(!plan.columns.iter().any(|c| c.id() == "countyAtDx"));
    }

    #[test]
    fn an_unknown_word_in_a_file_is_refused() {
        let file = r#"{"study":"x","level":"limited","items":["400"],"filters":{"cite":["C50"]}}"#;
        assert!(Definition::parse(file).unwrap_err().contains("cite"));
    }
}
