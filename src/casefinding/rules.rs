//! Reportability: dated rules by site, histology, behavior, year and class, answering in words.
//!
//! An edition is a TOML file: `name`, `edition`, `origin`, then `[[rule]]` with `id`, optional `from`, `to`, `sites`,
//! `histologies`, `behaviors`, `classes` (ranges, `C440-C449,C500`), `answer` (yes, no, review) and `because`. An empty
//! `sites` fits only a case without one. The registry's own rules are asked first, then the national ones; the first
//! rule that fits answers.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The rules that are compiled in.
const NATIONAL: &str = include_str!("../../reference/reportability/national.toml");

/// Is a case to be reported?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reportable {
    /// No.
    No,
    /// A person decides.
    Review,
    /// Yes.
    Yes,
}

impl Reportable {
    /// `yes`, `no` or `review`.
    pub fn name(self) -> &'static str {
        match self {
            Reportable::Yes => "yes",
            Reportable::No => "no",
            Reportable::Review => "review",
        }
    }

    /// By that name.
    pub fn of(name: &str) -> Option<Reportable> {
        [Reportable::Yes, Reportable::No, Reportable::Review].into_iter().find(|r| r.name() == name)
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Case<'c> {
    /// Primary site, `C504`, or empty.
    pub site: &'c str,
    /// Histology, `8500`.
    pub histology: &'c str,
    /// Behavior, one digit.
    pub behavior: &'c str,
    /// Year of diagnosis, where known; the newest rules count without one.
    pub year: Option<u16>,
    /// Class of case, where known.
    pub class: Option<&'c str>,
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether.
    pub reportable: Reportable,
    /// The rule that answered, `edition name/rule id`; empty when none did.
    pub rule: String,
    /// Why, a sentence.
    pub because: String,
}

/// Why a file of rules was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// Not the form of a file of rules.
    #[error("the file of reportability rules could not be read: {0}")]
    Form(String),
    /// A rule that says something impossible.
    #[error("rule {rule}: {what}")]
    Rule {
        /// Its id.
        rule: String,
        /// What is wrong.
        what: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    edition: String,
    origin: String,
    #[serde(rename = "rule", default)]
    rules: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    from: Option<u16>,
    to: Option<u16>,
    sites: Option<String>,
    histologies: Option<String>,
    behaviors: Option<String>,
    classes: Option<String>,
    answer: Reportable,
    because: String,
}

#[derive(Debug, Clone)]
struct Rule {
    id: String,
    from: Option<u16>,
    to: Option<u16>,
    sites: Option<Ranges>,
    histologies: Option<Ranges>,
    behaviors: Option<Ranges>,
    classes: Option<Ranges>,
    answer: Reportable,
    because: String,
}

#[derive(Debug, Clone)]
struct Ranges(Vec<(String, String)>);

impl Ranges {
    fn of(text: &str) -> Result<Ranges, String> {
        let mut found = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            if low.len() != high.len() || low > high || !low.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(format!("{part} is no range of codes"));
            }
            found.push((low.to_owned(), high.to_owned()));
        }
        Ok(Ranges(found))
    }

    fn holds(&self, code: &str) -> bool {
        if code.is_empty() {
            return self.0.is_empty();
        }
        self.0.iter().any(|(low, high)| low.len() == code.len() && low.as_str() <= code && code <= high.as_str())
    }
}

/// One edition of rules.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Its name.
    pub name: String,
    /// Its edition.
    pub edition: String,
    /// Where it comes from.
    pub origin: String,
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads a file of rules.
    ///
    /// # Errors
    /// The form, or a rule with an impossible range.
    pub fn parse(text: &str) -> Result<Rules, BadRules> {
        let file: File = toml::from_str(text).map_err(|e| BadRules::Form(e.to_string()))?;
        let mut rules = Vec::with_capacity(file.rules.len());
        for rule in file.rules {
            let bad = |what: String| BadRules::Rule { rule: rule.id.clone(), what };
            let ranges = |text: &Option<String>| text.as_deref().map(Ranges::of).transpose().map_err(bad);
            if let (Some(from), Some(to)) = (rule.from, rule.to)
                && from > to
            {
                return Err(bad(format!("it begins in {from} and ends in {to}")));
            }
            if rule.id.is_empty() || rule.because.trim().is_empty() {
                return Err(bad("a rule has an id and a sentence in `because`".into()));
            }
            rules.push(Rule {
                sites: ranges(&rule.sites)?,
                histologies: ranges(&rule.histologies)?,
                behaviors: ranges(&rule.behaviors)?,
                classes: ranges(&rule.classes)?,
                id: rule.id,
                from: rule.from,
                to: rule.to,
                answer: rule.answer,
                because: rule.because,
            });
        }
        if rules.is_empty() {
            return Err(BadRules::Form("it holds no [[rule]]".into()));
        }
        Ok(Rules { name: file.name, edition: file.edition, origin: file.origin, rules })
    }

    /// The rules that are compiled in.
    pub fn national() -> &'static Rules {
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::parse(NATIONAL).expect("the file of rules is compiled in and tested"));
        &RULES
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// No rule at all; never so for a file that was read.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the first of these editions with a fitting rule says; ask the registry's own before the national ones.
    pub fn decide(editions: &[&Rules], case: &Case<'_>) -> Decision {
        for edition in editions {
            if let Some(rule) = edition.rules.iter().find(|r| r.fits(case)) {
                return Decision {
                    reportable: rule.answer,
                    rule: format!("{} {}/{}", edition.name, edition.edition, rule.id),
                    because: rule.because.clone(),
                };
            }
        }
        Decision {
            reportable: Reportable::Review,
            rule: String::new(),
            because: "No rule fits what is known of the tumor.".into(),
        }
    }
}

impl Rule {
    fn fits(&self, case: &Case<'_>) -> bool {
        let year = match case.year {
            Some(year) => self.from.is_none_or(|y| y <= year) && self.to.is_none_or(|y| year <= y),
            None => self.to.is_none(),
        };
        let holds = |ranges: &Option<Ranges>, code: &str| ranges.as_ref().is_none_or(|r| r.holds(code));
        year && holds(&self.sites, case.site)
            && holds(&self.histologies, case.histology)
            && holds(&self.behaviors, case.behavior)
            && self.classes.as_ref().is_none_or(|r| case.class.is_some_and(|c| r.holds(c)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn says(site: &str, histology: &str, behavior: &str, year: u16) -> (Reportable, String) {
        let case = Case { site, histology, behavior, year: Some(year), class: None };
        let decision = Rules::decide(&[Rules::national()], &case);
        (decision.reportable, decision.rule.rsplit('/').next().unwrap().to_owned())
    }

    #[test]
    fn the_rules_answer_by_year_site_histology_and_behavior() {
        use Reportable::{No, Review, Yes};
        for (site, histology, behavior, year, expected) in [
            ("C443", "8090", "3", 2024, No),
            ("C443", "8070", "2", 2024, No),
            ("C443", "8720", "3", 2024, Yes),
            ("C443", "8247", "3", 2024, Yes),
            ("C519", "8070", "3", 2024, Yes),
            ("C632", "8070", "3", 2024, Yes),
            ("", "8090", "3", 2024, No),
            ("C539", "8077", "2", 2024, No),
            ("C539", "8070", "2", 1995, Yes),
            ("C539", "8070", "3", 2024, Yes),
            ("C519", "8077", "2", 2024, Yes),
            ("C619", "8148", "2", 2024, No),
            ("C700", "9530", "0", 2003, No),
            ("C700", "9530", "0", 2004, Yes),
            ("C449", "9120", "0", 2024, No),
            ("C719", "9120", "0", 2024, Yes),
            ("C181", "8240", "3", 2014, Review),
            ("C181", "8240", "3", 2015, Yes),
            ("C169", "8936", "1", 2020, Review),
            ("C169", "8936", "1", 2021, Yes),
            ("C181", "8480", "1", 2021, No),
            ("C181", "8480", "1", 2022, Yes),
            ("C569", "8442", "1", 2024, No),
            ("C509", "8500", "2", 2024, Yes),
        ] {
            assert_eq!(says(site, histology, behavior, year).0, expected, "{site} {histology}/{behavior} {year}");
        }
    }

    #[test]
    fn the_registrys_own_rules_are_asked_first() {
        let own = Rules::parse(
            "name='state'\nedition='1'\norigin='law'\n[[rule]]\nid='bcc'\nfrom=2025\nsites='C440-C449'\nhistologies='8090'\nclasses='10-22'\nanswer='yes'\nbecause='The state collects it.'\n",
        )
        .unwrap();
        let mut case = Case { site: "C443", histology: "8090", behavior: "3", year: Some(2025), class: Some("14") };
        let both = [&own, Rules::national()];
        assert_eq!(Rules::decide(&both, &case).because, "The state collects it.");
        case.class = Some("43");
        assert_eq!(Rules::decide(&both, &case).reportable, Reportable::No);
        case.year = Some(2024);
        assert_eq!(Rules::decide(&both, &case).reportable, Reportable::No);
    }

    #[test]
    fn a_broken_file_is_refused_with_the_rule_that_is_wrong() {
        let head = "name='x'\nedition='1'\norigin='o'\n";
        let error = |text: &str| Rules::parse(&format!("{head}{text}")).unwrap_err().to_string();
        assert!(error("[[rule]]\nid='a'\nsites='C9-C44'\nanswer='no'\nbecause='b'").contains("rule a: C9-C44"));
        assert!(error("[[rule]]\nid='a'\nfrom=2020\nto=2019\nanswer='no'\nbecause='b'").contains("2020"));
        assert!(error("[[rule]]\nid='a'\nanswer='maybe'\nbecause='b'").contains("maybe"));
        assert!(error("").contains("no [[rule]]"));
        assert!(Rules::national().len() > 10);
    }
}
