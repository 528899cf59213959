//! A stored record as an item list of one NAACCR version and record type.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::naaccr::{Dictionary, Items, Level, RecordType, Version, dictionary, super_dictionary};
use crate::registry::change::{birth_from_sex, sex_from_birth};
use crate::registry::record::Record;

/// What could not be carried, by item.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    counts: BTreeMap<(String, &'static str), u64>,
}

/// One line of what could not be carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Item id.
    pub item: String,
    /// Item number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Why: `not in this version`, `not in this record type`, `user dictionary`, `level`, `cut`.
    pub reason: &'static str,
    /// How many times.
    pub count: u64,
}

impl Losses {
    /// Notes a loss.
    pub fn add(&mut self, item: &str, reason: &'static str) {
        match self.counts.get_mut(&(item.to_string(), reason)) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert((item.to_string(), reason), 1);
            }
        }
    }

    /// All of them by item.
    pub fn lines(&self) -> Vec<Loss> {
        self.counts
            .iter()
            .map(|((item, reason), count)| Loss {
                item: item.clone(),
                number: super_dictionary().by_id(item).and_then(|i| i.number).map(|n| n.0),
                reason,
                count: *count,
            })
            .collect()
    }
}

/// What records are converted to.
pub struct Target {
    version: Version,
    record_type: RecordType,
    dictionary: &'static Dictionary,
    /// Texts longer than their item are cut at a word and listed; else they go out whole.
    pub cut: bool,
    /// Short names of user dictionaries whose items go out, with the dictionary's place in the root's list.
    pub user_dictionaries: Vec<String>,
}

impl Target {
    /// A version and record type.
    pub fn new(version: Version, record_type: RecordType, cut: bool, user_dictionaries: Vec<String>) -> Target {
        Target { version, record_type, dictionary: dictionary(version), cut, user_dictionaries }
    }

    /// Writes a record's items of one level.
    pub fn write(&self, record: &Record, level: Level, out: &mut Items, losses: &mut Losses) {
        out.clear();
        for (id, value) in record.iter() {
            self.one(record, id, value, level, out, losses);
        }
        if level == Level::Patient {
            self.sex(record, out);
        }
    }

    fn one(&self, record: &Record, id: &str, value: &str, level: Level, out: &mut Items, losses: &mut Losses) {
        let Some(standard) = super_dictionary().by_id(id) else {
            return self.user_item(id, value, out, losses);
        };
        let item = standard.number.and_then(|n| self.dictionary.by_number(n));
        let Some(item) = item else {
            if !self.is_other_sex(record, id) {
                losses.add(id, "not in this version");
            }
            return;
        };
        if item.level != level {
            losses.add(id, "level");
        } else if !item.record_types.contains(self.record_type) {
            losses.add(id, "not in this record type");
        } else if self.cut && !item.unlimited_text && value.chars().count() > item.length as usize {
            losses.add(id, "cut");
            out.push(&item.id, cut_at_word(value, item.length as usize));
        } else {
            out.push(&item.id, value);
        }
    }

    /// Items 220 and 225 stand for one another: the one a version lacks is no loss where the other goes out.
    fn is_other_sex(&self, record: &Record, id: &str) -> bool {
        match id {
            "sex" => record.get("sexAssignedAtBirth").is_some(),
            "sexAssignedAtBirth" => record.get("sex").is_some_and(|sex| birth_from_sex(sex) == record.value(id)),
            _ => false,
        }
    }

    fn sex(&self, record: &Record, out: &mut Items) {
        if self.version.has_sex_assigned_at_birth() {
            if let (Some(sex), None) = (record.get("sex"), record.get("sexAssignedAtBirth")) {
                out.push("sexAssignedAtBirth", birth_from_sex(sex));
            }
        } else if let (None, Some(at_birth)) = (record.get("sex"), record.get("sexAssignedAtBirth")) {
            out.push("sex", sex_from_birth(at_birth));
        }
    }

    fn user_item(&self, id: &str, value: &str, out: &mut Items, losses: &mut Losses) {
        let (dictionary, bare) = id.split_once(':').unwrap_or(("?", id));
        let holds_all = matches!(self.record_type, RecordType::A | RecordType::M);
        if holds_all && self.user_dictionaries.iter().any(|name| name == dictionary) {
            out.push(bare, value);
        } else {
            losses.add(id, "user dictionary");
        }
    }
}

/// The longest beginning that ends at a word and fits.
fn cut_at_word(value: &str, length: usize) -> &str {
    let end = value.char_indices().nth(length).map_or(value.len(), |(at, _)| at);
    let head = &value[..end];
    let at_word = head.rfind(char::is_whitespace).filter(|at| *at > end / 2).map_or(head, |at| &head[..at]);
    at_word.trim_end()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn written(
        record: &str,
        version: u16,
        record_type: RecordType,
        level: Level,
    ) -> (Vec<(String, String)>, Vec<Loss>) {
        let target = Target::new(Version::new(version).unwrap(), record_type, true, vec!["state".into()]);
        let (mut out, mut losses) = (Items::default(), Losses::default());
        target.write(&Record::parse(record, "test").unwrap(), level, &mut out, &mut losses);
        (out.iter().map(|i| (i.id.to_string(), i.value.to_string())).collect(), losses.lines())
    }

    #[test]
    fn sex_goes_out_as_the_version_knows_it() {
        let both = r#"{"sex":"2","sexAssignedAtBirth":"2"}"#;
        assert_eq!(written(both, 250, RecordType::A, Level::Patient), (vec![("sex".into(), "2".into())], vec![]));
        assert_eq!(
            written(both, 260, RecordType::A, Level::Patient),
            (vec![("sexAssignedAtBirth".into(), "2".into())], vec![])
        );
        let only_birth = r#"{"sexAssignedAtBirth":"1"}"#;
        assert_eq!(
            written(only_birth, 250, RecordType::A, Level::Patient).0,
            vec![("sex".to_string(), "1".to_string())]
        );
    }

    #[test]
    fn an_incidence_file_holds_no_name_and_lists_it() {
        let (items, losses) =
            written(r#"{"dateOfBirth":"19500101","nameLast":"A"}"#, 250, RecordType::I, Level::Patient);
        assert_eq!(items, vec![("dateOfBirth".to_string(), "19500101".to_string())]);
        assert_eq!(losses[0].reason, "not in this record type");
        assert_eq!(losses[0].number, Some(2230));
    }

    #[test]
    fn a_text_is_cut_at_a_word() {
        assert_eq!(cut_at_word("one two three", 9), "one two");
        assert_eq!(cut_at_word("abcdefghijk", 5), "abcde");
    }

    #[test]
    fn items_of_a_known_user_dictionary_go_out_and_others_are_listed() {
        let (items, losses) = written(r#"{"state:own":"1","other:own":"2"}"#, 250, RecordType::A, Level::Tumor);
        assert_eq!(items, vec![("own".to_string(), "1".to_string())]);
        assert_eq!(losses[0].item, "other:own");
    }
}
