//! Which tumors: the filters of a definition, in words a person types, read into what the store and a record are
//! asked. Pure.
//!
//! Typed form, for the command line and for keeping: `site=C50,C61-C63 years=2018-2023 sex=2 age=20-84`. Words are
//! `site histology behavior years sex age county state vital`, else the id or number of any item. Values are codes
//! and ranges of codes parted by commas; `!` before the values turns an item filter round.

use serde::{Deserialize, Serialize};

use super::levels::{Action, Level, action};
use crate::naaccr::{ItemNumber, StandardItem, super_dictionary};
use crate::registry::store::research::Wanted;

/// The filters of a definition. An empty list is no filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Primary sites: `C50`, `C500`, `C00-C14`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub site: Vec<String>,
    /// Histologies: `8500`, `9590-9993`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histology: Vec<String>,
    /// Behaviors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub behavior: Vec<String>,
    /// Years of diagnosis: `2018-2023`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<String>,
    /// Sexes by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sex: Vec<String>,
    /// Complete years of age at diagnosis, from the dates of birth and diagnosis: `20-84`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// Counties at diagnosis, three digits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub county: Vec<String>,
    /// States at diagnosis, two letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// Vital statuses by code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vital: Vec<String>,
    /// Filters on other items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemFilter>,
}

/// A filter on an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemFilter {
    /// The item by id or number.
    pub item: String,
    /// Codes and ranges of codes.
    pub values: Vec<String>,
    /// The tumors where the item is none of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
}

/// Which tumors, as the store and each record are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    /// What the store's columns answer.
    pub wanted: Wanted,
    /// What the store's columns do not hold and each record is asked.
    pub items: Vec<Test>,
}

/// A question to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The item.
    pub item: &'static str,
    spans: Vec<(String, String)>,
    not: bool,
}

impl Test {
    /// Whether a value passes.
    pub fn holds(&self, value: &str) -> bool {
        let within = |(low, high): &(String, String)| match (value.parse::<u64>(), low.parse::<u64>(), high.parse()) {
            (Ok(value), Ok(low), Ok(high)) => (low..=high).contains(&value),
            _ => value.len() == low.len() && *low.as_str() <= *value && *value <= *high.as_str(),
        };
        self.spans.iter().any(within) != self.not
    }
}

impl Filters {
    /// Reads the typed form.
    ///
    /// # Errors
    /// A sentence that names the word.
    pub fn parse(text: &str) -> Result<Filters, String> {
        let mut filters = Filters::default();
        for word in text.split([' ', ';', '\n']).filter(|word| !word.is_empty()) {
            let Some((name, values)) = word.split_once('=') else {
                return Err(format!("{word:?} is no filter; write it as site=C50 or years=2018-2023."));
            };
            let list = || values.split(',').map(str::to_string).collect::<Vec<_>>();
            match name {
                "site" => filters.site = list(),
                "histology" => filters.histology = list(),
                "behavior" => filters.behavior = list(),
                "years" => filters.years = Some(values.to_string()),
                "sex" => filters.sex = list(),
                "age" => filters.age = Some(values.to_string()),
                "county" => filters.county = list(),
                "state" => filters.state = list(),
                "vital" => filters.vital = list(),
                item => {
                    let (values, not) = values.strip_prefix('!').map_or((values, false), |rest| (rest, true));
                    let values = values.split(',').map(str::to_string).collect();
                    filters.items.push(ItemFilter { item: item.to_string(), values, not });
                }
            }
        }
        Ok(filters)
    }

    /// The typed form.
    pub fn typed(&self) -> String {
        let mut words = Vec::new();
        let mut list = |name: &str, values: &[String]| {
            if !values.is_empty() {
                words.push(format!("{name}={}", values.join(",")));
            }
        };
        list("site", &self.site);
        list("histology", &self.histology);
        list("behavior", &self.behavior);
        list("years", self.years.as_slice());
        list("sex", &self.sex);
        list("age", self.age.as_slice());
        list("county", &self.county);
        list("state", &self.state);
        list("vital", &self.vital);
        for filter in &self.items {
            let not = if filter.not { "!" } else { "" };
            words.push(format!("{}={not}{}", filter.item, filter.values.join(",")));
        }
        words.join(" ")
    }

    /// What the store is asked at a level.
    ///
    /// # Errors
    /// A value that cannot be read, or a filter that would tell what the level takes away.
    pub fn cohort(&self, level: Level) -> Result<Cohort, String> {
        if level == Level::Deidentified && !self.county.is_empty() {
            return Err("A county may be a filter of a limited data set, not of a de-identified one.".into());
        }
        let years = self.years.as_deref().map(|y| span(y, "years", 1800, 2099)).transpose()?;
        let ages = self.age.as_deref().map(|a| span(a, "age", 0, 130)).transpose()?;
        if level == Level::Deidentified
            && let Some((low, high)) = ages
            && (low > 90 || (90..130).contains(&high))
        {
            return Err(
                "Of ages over 89 a de-identified extract knows only 90 and over: write age=0-89 or age=90-130.".into(),
            );
        }
        let codes = |values: &[String], name: &str, expand: fn(&str) -> Option<Vec<String>>| match values {
            [] => Ok(None),
            values => {
                let mut all = Vec::new();
                for value in values {
                    let value = value.trim().to_ascii_uppercase().replace('.', "");
                    all.extend(expand(&value).ok_or_else(|| format!("{value:?} is no {name}."))?);
                }
                Ok::<_, String>(Some(all))
            }
        };
        Ok(Cohort {
            wanted: Wanted {
                sites: codes(&self.site, "primary site; write C50, C504 or C00-C14", sites)?,
                histologies: codes(&self.histology, "histology; write 8500 or 9590-9993", histologies)?,
                behaviors: codes(&self.behavior, "behavior; write 0, 1, 2 or 3", |v| digits(v, 1))?,
                years,
                sexes: codes(&self.sex, "code of sex; write one digit", |v| digits(v, 1))?,
                ages,
                counties: codes(&self.county, "county; write three digits", |v| digits(v, 3))?,
                states: codes(&self.state, "state; write two letters", |v| {
                    (v.len() == 2 && v.bytes().all(|b| b.is_ascii_uppercase())).then(|| vec![v.to_string()])
                })?,
                vitals: codes(&self.vital, "code of vital status; write 0 or 1", |v| digits(v, 1))?,
            },
            items: self.items.iter().map(|filter| filter.test(level)).collect::<Result<_, _>>()?,
        })
    }
}

impl ItemFilter {
    fn test(&self, level: Level) -> Result<Test, String> {
        let item = item_named(&self.item)?;
        if action(&item.id, level) != Action::Keep {
            let (id, level) = (&item.id, level.text().to_lowercase());
            return Err(format!(
                "{id} may not be a filter of an extract that is {level}: it would tell what is taken away."
            ));
        }
        let spans = self.values.iter().map(|value| {
            let (low, high) = value.split_once('-').unwrap_or((value, value));
            (low.to_string(), high.to_string())
        });
        let spans: Vec<_> = spans.collect();
        if spans.is_empty() || spans.iter().any(|(low, high)| low.is_empty() || high.is_empty()) {
            return Err(format!("The filter on {} has no values.", item.id));
        }
        let id: &'static str = &item.definition().id;
        Ok(Test { item: id, spans, not: self.not })
    }
}

/// The item of an id or number.
///
/// # Errors
/// There is none.
pub fn item_named(name: &str) -> Result<&'static StandardItem, String> {
    let name = name.trim();
    let found = match name.parse::<u32>() {
        Ok(number) => super_dictionary().by_number(ItemNumber(number)),
        Err(_) => super_dictionary().by_id(name),
    };
    found.ok_or_else(|| format!("There is no item {name:?} in the NAACCR dictionaries."))
}

fn span(text: &str, name: &str, least: i64, most: i64) -> Result<(i64, i64), String> {
    let (low, high) = text.trim().split_once('-').unwrap_or((text.trim(), text.trim()));
    match (low.trim().parse::<i64>(), high.trim().parse::<i64>()) {
        (Ok(low), Ok(high)) if least <= low && low <= high && high <= most => Ok((low, high)),
        _ => {
            Err(format!("{text:?} is no span of {name}; write two numbers from {least} to {most}, as {least}-{most}."))
        }
    }
}

fn digits(value: &str, length: usize) -> Option<Vec<String>> {
    (value.len() == length && value.bytes().all(|b| b.is_ascii_digit())).then(|| vec![value.to_string()])
}

fn sites(value: &str) -> Option<Vec<String>> {
    let end = |text: &str, filler: char| -> Option<u32> {
        let digits = text.strip_prefix('C')?;
        if !matches!(digits.len(), 2 | 3) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        format!("{digits}{filler}")[..3].parse().ok()
    };
    let (low, high) = value.split_once('-').unwrap_or((value, value));
    let (low, high) = (end(low, '0')?, end(high, '9')?);
    (low <= high).then(|| (low..=high).map(|n| format!("C{n:03}")).collect())
}

fn histologies(value: &str) -> Option<Vec<String>> {
    let end = |text: &str| -> Option<u32> {
        (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (low, high) = value.split_once('-').unwrap_or((value, value));
    let (low, high) = (end(low)?, end(high)?);
    (low <= high).then(|| (low..=high).map(|n| n.to_string()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_typed_form_reads_back() {
        let text = "site=C50,C61-C63 histology=8500 years=2018-2023 sex=2 age=20-84 classOfCase=!00,30-43";
        let filters = Filters::parse(text).unwrap();
        assert_eq!(filters.typed(), text);
        let json = serde_json::to_string(&filters).unwrap();
        assert_eq!(serde_json::from_str::<Filters>(&json).unwrap(), filters);
    }

    #[test]
    fn sites_and_histologies_become_lists_of_codes() {
        let cohort = Filters::parse("site=C61,C50.4 histology=8500-8502").unwrap().cohort(Level::Limited).unwrap();
        let sites = cohort.wanted.sites.unwrap();
        assert_eq!(sites.len(), 11);
        assert!(sites.contains(&"C619".into()) && sites.contains(&"C504".into()));
        assert_eq!(cohort.wanted.histologies.unwrap(), ["8500", "8501", "8502"]);
    }

    #[test]
    fn what_the_level_takes_away_is_no_filter() {
        for text in [
            "county=103",
            "dateOfBirth=19270310",
            "nameLast=Smith",
            "age=93-95",
            "postal=1",
            "addrAtDxPostalCode=52240",
        ] {
            let filters = Filters::parse(text).unwrap();
            assert!(filters.cohort(Level::Deidentified).is_err(), "{text}");
        }
        assert!(Filters::parse("county=103").unwrap().cohort(Level::Limited).is_ok());
        assert!(Filters::parse("nameLast=Smith").unwrap().cohort(Level::Identified).is_ok());
        assert!(Filters::parse("age=90-130").unwrap().cohort(Level::Deidentified).is_ok());
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for text in ["site", "years=20x", "years=2023-2018", "site=D12", "histology=85", "sex=woman", "classOfCase="] {
            let refused = Filters::parse(text).and_then(|f| f.cohort(Level::Limited)).unwrap_err();
            assert!(refused.ends_with('.'), "{refused}");
        }
    }

    #[test]
    fn codes_and_numbers_fall_into_spans() {
        let test = |text: &str| Filters::parse(text).unwrap().cohort(Level::Limited).unwrap().items.remove(0);
        let class = test("610=10-14,00");
        assert_eq!(class.item, "classOfCase");
        assert!(class.holds("12") && class.holds("00") && !class.holds("20") && !class.holds(""));
        assert!(test("classOfCase=!10-14").holds(""));
        assert!(test("schemaId=00480").holds("00480"));
    }
}
