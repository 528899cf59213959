//! The rules of a dictionary.

use std::collections::{HashMap, HashSet};

use crate::naaccr::dictionary::{Dictionary, default_user_dictionary, dictionary};
use crate::naaccr::dictionary_file::DictionaryProblem;
use crate::naaccr::item::{DataType, Item, ItemNumber, Level, Padding, RecordTypes};
use crate::naaccr::reader::is_time_generated;
use crate::naaccr::versions::{Specification, Version};

/// The root element as it is written.
#[derive(Debug)]
pub(super) struct Header {
    pub line: u64,
    pub attributes: Vec<(String, String)>,
}

/// One definition as it is written.
#[derive(Debug)]
pub(super) struct Written {
    pub line: u64,
    pub attributes: Vec<(String, String)>,
}

fn get<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

impl Header {
    pub fn get(&self, name: &str) -> Option<&str> {
        get(&self.attributes, name)
    }
}

impl Written {
    pub fn get(&self, name: &str) -> Option<&str> {
        get(&self.attributes, name)
    }

    pub fn number(&self) -> Option<ItemNumber> {
        self.get("naaccrNum")?.parse().ok().map(ItemNumber)
    }
}

struct Check<'a> {
    is_base: bool,
    specification: Specification,
    version: Option<Version>,
    problems: &'a mut Vec<DictionaryProblem>,
}

/// Checks every rule.
pub(super) fn check(header: &Header, written: &[Written], problems: &mut Vec<DictionaryProblem>) {
    let specification =
        header.get("specificationVersion").and_then(Specification::parse).unwrap_or(Specification::OLDEST);
    let is_base = header.get("dictionaryUri").and_then(Version::from_base_uri).is_some();
    let version = header.get("naaccrVersion").and_then(Version::parse);
    let mut check = Check { is_base, specification, version, problems };
    check.header(header);
    let (mut ids, mut numbers) = (HashMap::new(), HashMap::new());
    for one in written {
        check.item(one, &mut ids, &mut numbers);
    }
    check.overlaps(written);
}

impl Check<'_> {
    fn header(&mut self, header: &Header) {
        const KNOWN: [&str; 5] =
            ["dictionaryUri", "naaccrVersion", "specificationVersion", "dateLastModified", "description"];
        let line = header.line;
        for (name, _) in &header.attributes {
            if !KNOWN.contains(&name.as_str()) && name != "xmlns" && !name.contains(':') {
                self.header_problem("dict_unknown_attribute", line, format!("a dictionary has no attribute {name}"));
            }
        }
        match header.get("dictionaryUri") {
            None | Some("") => self.header_problem("dict_uri_missing", line, "dictionaryUri is missing".into()),
            Some(uri) if uri.trim().is_empty() => {
                self.header_problem("dict_uri_missing", line, "dictionaryUri is blank".into());
            }
            Some(uri) if uri.contains(char::is_whitespace) && self.specification.allows_several_user_dictionaries() => {
                let message = "dictionaryUri holds a blank; files name several dictionaries with blanks between them";
                self.header_problem("dict_uri_format", line, message.into());
            }
            Some(_) => {}
        }
        let text = header.get("specificationVersion");
        if text.is_some_and(|t| Specification::parse(t).is_none()) {
            let message = format!("specificationVersion is {:?}; it must be 1.0 to 1.8", text.unwrap_or_default());
            self.header_problem("dict_specification_version", line, message);
        }
        match header.get("naaccrVersion") {
            Some("") | None if self.is_base => {
                self.header_problem("dict_version_missing", line, "a base dictionary must have naaccrVersion".into());
            }
            Some("") | None if !self.specification.start_columns_are_optional() && text.is_some() => {
                let message = "naaccrVersion is missing; it may be left out from specification 1.1 on";
                self.header_problem("dict_version_missing", line, message.into());
            }
            Some(version) if !version.is_empty() && Version::parse(version).is_none() => {
                self.header_problem("dict_version", line, format!("naaccrVersion is {version:?}, which is no version"));
            }
            _ => {}
        }
        if let Some(date) = header.get("dateLastModified")
            && !date.is_empty()
            && !is_time_generated(date)
        {
            let message =
                format!("dateLastModified is {date:?}; it must be a date and time as 2024-08-23T09:11:35-04:00");
            self.header_problem("dict_date_modified", line, message);
        }
    }

    fn header_problem(&mut self, kind: &'static str, line: u64, message: String) {
        self.problems.push(DictionaryProblem { kind, line, item: None, number: None, message });
    }

    fn item(&mut self, written: &Written, ids: &mut HashMap<String, u64>, numbers: &mut HashMap<ItemNumber, u64>) {
        self.item_attributes(written);
        self.item_id(written, ids);
        self.item_number(written, numbers);
        self.item_values(written);
        self.default_item(written);
    }

    fn problem(&mut self, kind: &'static str, written: &Written, message: impl Into<String>) {
        self.problems.push(DictionaryProblem {
            kind,
            line: written.line,
            item: written.get("naaccrId").map(str::to_owned),
            number: written.number(),
            message: message.into(),
        });
    }

    fn item_attributes(&mut self, written: &Written) {
        const KNOWN: [&str; 13] = [
            "naaccrId",
            "naaccrNum",
            "naaccrName",
            "length",
            "parentXmlElement",
            "recordTypes",
            "dataType",
            "padding",
            "trim",
            "startColumn",
            "sourceOfStandard",
            "allowUnlimitedText",
            "regexValidation",
        ];
        for (name, _) in &written.attributes {
            if !KNOWN.contains(&name.as_str()) && !name.contains(':') {
                self.problem("dict_unknown_attribute", written, format!("an item has no attribute {name}"));
            }
        }
        if written.get("regexValidation").is_some() && !self.specification.allows_regex() {
            self.problem("dict_regex_after_1_1", written, "regexValidation is gone since specification 1.2");
        }
        if written.get("allowUnlimitedText").is_some() && !self.specification.allows_unlimited_text() {
            let message = "allowUnlimitedText exists in specifications 1.1 to 1.5 only";
            self.problem("dict_unlimited_text_after_1_6", written, message);
        }
        if written.get("trim").is_some() && self.specification.has_only_left_zero_padding() {
            self.problem("dict_trim_after_1_7", written, "trim is gone since specification 1.7");
        }
    }

    fn item_id(&mut self, written: &Written, ids: &mut HashMap<String, u64>) {
        let Some(id) = written.get("naaccrId").filter(|id| !id.is_empty()) else {
            return self.problem("dict_item_id_missing", written, "naaccrId is missing");
        };
        let well_formed = id.len() > 1
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !well_formed {
            let message = format!("the id {id} must begin with a small letter, then letters and digits only");
            self.problem("dict_item_id_format", written, message);
        }
        if id.len() > 32 && self.specification.restricts_id_length() {
            self.problem("dict_item_id_length", written, format!("the id {id} has more than 32 characters"));
        }
        if let Some(line) = ids.insert(id.to_owned(), written.line) {
            self.problem("dict_item_id_duplicate", written, format!("the id {id} is already defined in line {line}"));
        }
        if self.base_item(|base| base.by_id(id)).is_some() {
            let message = format!("the id {id} is that of an item of the base dictionary");
            self.problem("dict_item_id_redefined", written, message);
        }
    }

    /// Looks in the base dictionary of this dictionary's version, or in the newest if it names none.
    fn base_item(&self, find: impl Fn(&'static Dictionary) -> Option<&'static Item>) -> Option<&'static Item> {
        if self.is_base { None } else { find(dictionary(self.version.unwrap_or(Version::NEWEST))) }
    }

    fn item_number(&mut self, written: &Written, numbers: &mut HashMap<ItemNumber, u64>) {
        let Some(text) = written.get("naaccrNum").filter(|n| !n.is_empty()) else {
            return self.problem("dict_number_missing", written, "naaccrNum is missing");
        };
        let Some(number) = written.number() else {
            return self.problem("dict_number_format", written, format!("naaccrNum is {text:?}, which is no number"));
        };
        if let Some(line) = numbers.insert(number, written.line) {
            self.problem(
                "dict_number_duplicate",
                written,
                format!("the number {number} is already used in line {line}"),
            );
        }
        if let Some(item) = self.base_item(|base| base.by_number(number)) {
            let message = format!("the number {number} is that of {} of the base dictionary", item.id);
            self.problem("dict_number_redefined", written, message);
        }
        let restricted = !self.is_base && self.specification.restricts_user_numbers();
        let is_default = self.default_definition(written).is_some();
        if restricted && !is_default && !(9500..=99999).contains(&number.0) {
            let message = "before specification 1.3 the numbers of a user dictionary are 9500 to 99999";
            self.problem("dict_number_range", written, message);
        }
    }

    fn item_values(&mut self, written: &Written) {
        match written.get("naaccrName") {
            None | Some("") => self.problem("dict_name_missing", written, "naaccrName is missing"),
            Some(name) if name.chars().count() > 50 => {
                self.problem("dict_name_length", written, format!("the name {name:?} has more than 50 characters"));
            }
            Some(_) => {}
        }
        match written.get("length") {
            None | Some("") => self.problem("dict_length_missing", written, "length is missing"),
            Some(length) if length.parse::<u32>().is_ok_and(|n| n > 0) => {}
            Some(length) => {
                self.problem(
                    "dict_length_format",
                    written,
                    format!("length is {length:?}, which is no positive number"),
                );
            }
        }
        match written.get("parentXmlElement") {
            None | Some("") => self.problem("dict_parent_missing", written, "parentXmlElement is missing"),
            Some(parent) if Level::from_element(parent).is_some() => {}
            Some(parent) => {
                let message = format!("parentXmlElement is {parent:?}; it must be NaaccrData, Patient or Tumor");
                self.problem("dict_parent_value", written, message);
            }
        }
        if let Some(types) = written.get("recordTypes")
            && !types.split(',').all(|t| RecordTypes::parse(t).is_some() && t.len() == 1)
        {
            let message = format!("recordTypes is {types:?}; it must be letters of A, M, C and I with commas between");
            self.problem("dict_record_types_value", written, message);
        }
        match written.get("dataType").map(|t| (t, DataType::from_name(t))) {
            None => {}
            Some((name, None)) => {
                let known = DataType::ALL.map(DataType::name).join(", ");
                self.problem(
                    "dict_data_type_value",
                    written,
                    format!("dataType is {name:?}; it must be one of {known}"),
                );
            }
            Some((_, Some(DataType::DateTime))) if !self.specification.has_date_time() => {
                self.problem(
                    "dict_date_time_before_1_8",
                    written,
                    "the type dateTime exists from specification 1.8 on",
                );
            }
            Some(_) => {}
        }
        if let Some(padding) = written.get("padding") {
            let known = match Padding::from_name(padding) {
                Some(Padding::LeftZero | Padding::None) => true,
                Some(_) => !self.specification.has_only_left_zero_padding(),
                None => false,
            };
            if !known {
                let message =
                    format!("padding is {padding:?}, which specification {} does not have", self.specification);
                self.problem("dict_padding_value", written, message);
            }
        }
        if let Some(trim) = written.get("trim")
            && !matches!(trim, "all" | "none")
        {
            self.problem("dict_trim_value", written, format!("trim is {trim:?}; it must be all or none"));
        }
        if let Some(flag) = written.get("allowUnlimitedText")
            && !matches!(flag, "true" | "false")
        {
            let message = format!("allowUnlimitedText is {flag:?}; it must be true or false");
            self.problem("dict_unlimited_text_value", written, message);
        }
        self.start_column(written);
    }

    fn start_column(&mut self, written: &Written) {
        if self.is_base {
            return;
        }
        let Some(text) = written.get("startColumn").filter(|c| !c.is_empty()) else {
            if !self.specification.start_columns_are_optional() {
                let message = "startColumn is missing; it may be left out from specification 1.1 on";
                self.problem("dict_start_column_missing", written, message);
            }
            return;
        };
        let Ok(start) = text.parse::<u32>() else {
            return self.problem("dict_start_column", written, format!("startColumn is {text:?}, which is no number"));
        };
        let Some(version) = self.version else { return };
        if !version.has_fixed_columns() {
            let message = format!("startColumn is given, but version {version} has no fixed columns");
            return self.problem("dict_start_column_not_allowed", written, message);
        }
        let length = written.get("length").and_then(|l| l.parse::<u32>().ok()).unwrap_or(1).max(1);
        let areas = default_user_dictionary(version).map_or(&[][..], |d| d.items());
        let inside = areas.iter().any(|area| {
            area.start_column.is_some_and(|first| {
                first <= start && start.saturating_add(length) <= first.saturating_add(area.length)
            })
        });
        if !inside {
            let message = format!(
                "columns {start} to {} lie in none of the areas version {version} leaves to user dictionaries",
                start.saturating_add(length - 1)
            );
            self.problem("dict_start_column", written, message);
        }
    }

    /// The item of the default user dictionary that a definition repeats.
    fn default_definition(&self, written: &Written) -> Option<&'static Item> {
        default_user_dictionary(self.version?)?.by_id(written.get("naaccrId")?)
    }

    fn default_item(&mut self, written: &Written) {
        let Some(item) = self.default_definition(written) else { return };
        let same = [
            ("naaccrNum", written.number() == item.number),
            ("naaccrName", written.get("naaccrName") == Some(&item.name)),
            ("length", written.get("length").and_then(|l| l.parse().ok()) == Some(item.length)),
            ("parentXmlElement", written.get("parentXmlElement") == Some(item.level.element())),
            ("dataType", written.get("dataType").unwrap_or("text") == item.data_type.name()),
            (
                "recordTypes",
                written
                    .get("recordTypes")
                    .map_or(RecordTypes::ALL, |t| RecordTypes::parse(t).unwrap_or(RecordTypes::NONE))
                    == item.record_types,
            ),
        ];
        for (attribute, is_same) in same {
            if !is_same {
                let message = format!("{attribute} differs from that of {} in the default user dictionary", item.id);
                self.problem("dict_default_item_changed", written, message);
            }
        }
    }

    fn overlaps(&mut self, written: &[Written]) {
        let mut columns: Vec<(u32, u32, &Written)> = written
            .iter()
            .filter_map(|w| {
                let start: u32 = w.get("startColumn")?.parse().ok()?;
                let length: u32 = w.get("length")?.parse().ok()?;
                Some((start, start.saturating_add(length), w))
            })
            .collect();
        columns.sort_by_key(|(start, end, _)| (*start, *end));
        let mut furthest: Option<(u32, &Written)> = None;
        for (start, end, one) in columns {
            if let Some((before, other)) = furthest
                && start < before
                && !self.is_base
            {
                let message = format!("its columns overlap those of {}", other.get("naaccrId").unwrap_or_default());
                self.problem("dict_start_column_overlap", one, message);
            }
            if furthest.is_none_or(|(before, _)| end > before) {
                furthest = Some((end, one));
            }
        }
    }
}

/// Several user dictionaries as one, in the order given. An item that several define in the same way stands once; what
/// they contradict each other in is told, and of two definitions the first is taken.
pub fn merged(dictionaries: &[&Dictionary], uri: &str) -> (Dictionary, Vec<DictionaryProblem>) {
    let problems = conflicts(dictionaries);
    let mut versions = dictionaries.iter().map(|d| d.version());
    let first = versions.next().flatten();
    let version = first.filter(|v| versions.all(|other| other.is_none_or(|o| o == *v)));
    let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
    let mut items: Vec<Item> = Vec::new();
    for item in dictionaries.iter().flat_map(|d| d.items()) {
        let is_new = ids.insert(item.id.clone()) && item.number.is_none_or(|number| numbers.insert(number));
        if is_new {
            items.push(item.clone());
        }
    }
    items.sort_by_key(|item| item.number);
    (Dictionary::new(uri.to_owned(), version, items), problems)
}

/// Rules that user dictionaries used together break: an id defined differently, a number used twice.
pub fn conflicts(dictionaries: &[&Dictionary]) -> Vec<DictionaryProblem> {
    let mut found = Vec::new();
    let (mut ids, mut numbers): (HashMap<&str, &Item>, HashMap<ItemNumber, &Item>) = Default::default();
    for dictionary in dictionaries {
        for item in dictionary.items() {
            let mut problem = |kind, message| {
                found.push(DictionaryProblem {
                    kind,
                    line: 0,
                    item: Some(item.id.to_string()),
                    number: item.number,
                    message,
                });
            };
            if let Some(other) = ids.insert(&item.id, item)
                && other != item
            {
                problem("dict_item_id_conflict", format!("{} is defined differently by two dictionaries", item.id));
            }
            let Some(number) = item.number else { continue };
            if let Some(other) = numbers.insert(number, item)
                && other.id != item.id
            {
                problem(
                    "dict_number_conflict",
                    format!("the number {number} is used for {} and {}", other.id, item.id),
                );
            }
        }
    }
    found
}
