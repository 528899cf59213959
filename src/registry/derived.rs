//! Derived values in a record: which items the staging rules wrote, by which edition, from which inputs.
//!
//! ```text
//!   item empty                               ──► ours is written (filled)
//!   item holds ours from before              ──► follows the rules, also into emptiness
//!   item holds a received or typed value
//!        equal to ours                       ──► stays, as received
//!        another, nobody asked for ours      ──► stays; ours is shown beside it (derived-differs)
//!        another, a person edited an input,
//!        accepted ours, or the job ran       ──► ours takes its place (replaced)
//! ```
//!
//! Pure: in go the patient's and the abstract's items, the editions, the year that stands for now; out come the
//! changes and the account of them that is stored beside the items. A summary of items that nobody collected is not
//! derived: without one extent of disease item the rules would call every case's stage unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::naaccr::{Level, super_dictionary};
use crate::registry::record::Record;
use crate::registry::store::{Changed, hex};
use crate::staging::{Algorithm, AsOf, Derived, Editions, Outcome, dx_year, stage_record};

/// What the rules wrote into an abstract, as it is stored beside the items: one part for each algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Derivation {
    runs: BTreeMap<String, Run>,
}

/// What one algorithm wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The edition that staged the case.
    pub edition: String,
    /// The schema, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The beginning of the SHA-256 of what the rules read.
    pub inputs: String,
    /// The year of diagnosis is later than the edition's last: the case waits for the edition of its year
    /// (`pending-edition`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// Items that were empty and hold our value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<String>,
    /// Items whose received or typed value ours has replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
}

impl Run {
    fn holds(&self, id: &str) -> bool {
        self.filled.iter().chain(&self.replaced).any(|held| held == id)
    }
}

impl Derivation {
    /// Reads the text of the column.
    pub fn parse(text: Option<&str>) -> Derivation {
        // An account that cannot be read claims nothing: values without one count as received and are never changed.
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The text of the column; none when nothing was staged.
    pub fn to_text(&self) -> Option<String> {
        if self.runs.is_empty() { None } else { serde_json::to_string(self).ok() }
    }

    /// What an algorithm wrote.
    pub fn run(&self, algorithm: Algorithm) -> Option<&Run> {
        self.runs.get(algorithm.name())
    }

    /// The algorithms that staged the case, by name, with what each wrote.
    pub fn runs(&self) -> impl Iterator<Item = (&str, &Run)> {
        self.runs.iter().map(|(name, run)| (name.as_str(), run))
    }

    /// Whether an item holds a value of ours.
    pub fn holds(&self, id: &str) -> bool {
        self.runs.values().any(|run| run.holds(id))
    }

    /// Items that were empty when they came and hold our value: what did not arrive.
    pub fn filled(&self) -> impl Iterator<Item = &str> {
        self.runs.values().flat_map(|run| &run.filled).map(String::as_str)
    }
}

/// Where ours may take the place of a received value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace<'a> {
    /// Nowhere.
    Nothing,
    /// In every item of the algorithms whose inputs are not those of this record before.
    WhereInputsMoved {
        /// Patient-level items before.
        patient: &'a Record,
        /// Tumor-level items before.
        items: &'a Record,
    },
    /// In this item.
    Only(&'a str),
    /// Everywhere.
    Everything,
}

/// A record whose derived values are settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// The items with the changes made.
    pub items: Record,
    /// What changes in them.
    pub changes: Vec<Changed>,
    /// The account of it.
    pub derivation: Derivation,
}

impl Settled {
    /// The reason in the history: rules, editions and inputs.
    pub fn why(&self) -> String {
        let one = |(name, run): (&str, &Run)| {
            let schema = run.schema.as_deref().map(|schema| format!(", schema {schema}")).unwrap_or_default();
            format!("{name} {}{schema}, inputs {}", run.edition, run.inputs)
        };
        let runs: Vec<String> = self.derivation.runs().map(one).collect();
        if runs.is_empty() {
            "no staging rules for this year".into()
        } else {
            format!("derived by {}", runs.join("; "))
        }
    }
}

/// A received or typed value beside which the rules derive another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// Item id.
    pub item: String,
    /// The value that stands.
    pub stands: String,
    /// What the rules derive; empty for nothing.
    pub ours: String,
    /// The algorithm.
    pub algorithm: String,
    /// Its edition.
    pub edition: String,
}

/// Stages a record by the algorithms of its year.
pub fn staged<'e>(editions: &Editions<'e>, as_of: &AsOf, patient: &Record, items: &Record) -> Vec<Derived<'e>> {
    stage_record(editions, |id| items.get(id).or_else(|| patient.get(id)), as_of)
}

/// Settles the derived values of a record.
pub fn settle(
    editions: &Editions<'_>,
    as_of: &AsOf,
    (patient, items): (&Record, &Record),
    recorded: &Derivation,
    replace: Replace<'_>,
) -> Settled {
    let runs = staged(editions, as_of, patient, items);
    let before = match replace {
        Replace::WhereInputsMoved { patient, items } => staged(editions, as_of, patient, items),
        _ => Vec::new(),
    };
    let mut made = Settled::default();
    let mut now = items.clone();
    let year = dx_year(|id| items.get(id).or_else(|| patient.get(id)));
    for derived in &runs {
        let earlier = recorded.run(derived.algorithm);
        let moved = || {
            let earlier = before.iter().find(|earlier| earlier.algorithm == derived.algorithm);
            earlier.is_none_or(|earlier| earlier.inputs != derived.inputs)
        };
        let may_replace = |id: &str| match replace {
            Replace::Nothing => false,
            Replace::WhereInputsMoved { .. } => moved(),
            Replace::Only(only) => only == id,
            Replace::Everything => true,
        };
        let mut run = Run {
            edition: derived.edition.into(),
            schema: derived.schema.map(str::to_owned),
            inputs: digest(derived),
            pending: editions.is_pending(derived.algorithm, year),
            ..Run::default()
        };
        let collected = Collected::of(derived);
        for id in editions.edition(derived.algorithm).derivable_items().filter(|id| is_kept(id)) {
            let mine = earlier.is_some_and(|earlier| earlier.holds(id)) && now.get(id).is_some();
            let was_filled = earlier.is_none_or(|earlier| !earlier.replaced.iter().any(|held| held == id));
            let current = now.value(id).trim();
            match ours(derived, collected, id) {
                Ours::Value(value) if current.is_empty() => {
                    made.changes.extend(now.set(id, value));
                    if was_filled { &mut run.filled } else { &mut run.replaced }.push(id.into());
                }
                Ours::Value(value) if current == value && !mine => {}
                Ours::Value(value) if mine || may_replace(id) => {
                    made.changes.extend(now.set(id, value));
                    if mine && was_filled { &mut run.filled } else { &mut run.replaced }.push(id.into());
                }
                Ours::Nothing if !current.is_empty() && (mine || may_replace(id)) => {
                    made.changes.extend(now.set(id, ""));
                }
                Ours::NotDerived if mine => made.changes.extend(now.set(id, "")),
                _ => {}
            }
        }
        made.derivation.runs.insert(derived.algorithm.name().into(), run);
    }
    // The year of diagnosis moved to other algorithms: what the earlier ones wrote goes.
    for (name, earlier) in recorded.runs().filter(|(name, _)| !made.derivation.runs.contains_key(*name)) {
        log::debug!("{name} no longer stages the case");
        for id in earlier.filled.iter().chain(&earlier.replaced).filter(|id| !made.derivation.holds(id)) {
            made.changes.extend(now.set(id, ""));
        }
    }
    made.items = now;
    made
}

/// Every received or typed value beside which the rules derive another.
pub fn differing(editions: &Editions<'_>, runs: &[Derived<'_>], items: &Record, recorded: &Derivation) -> Vec<Differs> {
    let mut found = Vec::new();
    for derived in runs {
        let collected = Collected::of(derived);
        for id in editions.edition(derived.algorithm).derivable_items().filter(|id| is_kept(id)) {
            let stands = items.value(id).trim();
            if stands.is_empty() || recorded.holds(id) {
                continue;
            }
            let ours = match ours(derived, collected, id) {
                Ours::Value(value) if value != stands => value,
                Ours::Nothing => "",
                _ => continue,
            };
            found.push(Differs {
                item: id.into(),
                stands: stands.into(),
                ours: ours.into(),
                algorithm: derived.algorithm.name().into(),
                edition: derived.edition.into(),
            });
        }
    }
    found
}

/// What the rules say of one item.
enum Ours<'d> {
    /// This value.
    Value(&'d str),
    /// That it is empty.
    Nothing,
    /// Nothing can be said: no schema, or nobody collected what it is made of.
    NotDerived,
}

fn ours<'d>(derived: &'d Derived<'_>, collected: Collected, id: &str) -> Ours<'d> {
    if derived.outcome != Outcome::Staged || !collected.holds(id) {
        return Ours::NotDerived;
    }
    match derived.items.iter().find(|(item, _)| *item == id).map(|(_, value)| value.trim()) {
        Some("") | None => Ours::Nothing,
        Some(value) => Ours::Value(value),
    }
}

/// What a case holds of that which derived items are made of.
#[derive(Clone, Copy)]
struct Collected {
    /// The child's schema of the Pediatric algorithm.
    of_a_child: bool,
    /// An item of the extent of disease.
    extent: bool,
    /// A grade.
    grade: bool,
    /// Any item beside those that choose the schema.
    any: bool,
}

impl Collected {
    fn of(derived: &Derived<'_>) -> Collected {
        let any = |test: &dyn Fn(&str) -> bool| derived.inputs.iter().any(|(input, _)| test(input));
        Collected {
            of_a_child: derived.schema.is_some_and(is_of_a_child),
            extent: any(&|input| matches!(input, "eodPrimaryTumor" | "eodRegionalNodes" | "eodMets")),
            grade: any(&|input| input.starts_with("grade")),
            any: any(&|input| !CHOOSING.contains(&input)),
        }
    }

    /// Whether the case holds at least one item of those that a derived item is made of.
    fn holds(self, id: &str) -> bool {
        match id {
            "schemaId" => true,
            "pediatricId" => self.of_a_child,
            "derivedSummaryStage2018" => self.extent,
            "derivedSummaryGrade2018" => self.grade,
            _ => self.any,
        }
    }
}

/// Whether a schema of the Pediatric algorithm is one of children; the other takes every adult.
pub fn is_of_a_child(schema: &str) -> bool {
    schema != "adult_other_non_pediatric"
}

/// Items that choose the schema and say nothing of the extent of the disease.
const CHOOSING: [&str; 12] = [
    "dateOfDiagnosis",
    "primarySite",
    "histologicTypeIcdO3",
    "behaviorCodeIcdO3",
    "sex",
    "sexAssignedAtBirth",
    "ageAtDiagnosis",
    "schemaDiscriminator1",
    "schemaDiscriminator2",
    "schemaDiscriminator3",
    "derivedSummaryGrade2018",
    "csSiteSpecificFactor25",
];

/// Whether an item is one an abstract may hold.
fn is_kept(id: &str) -> bool {
    super_dictionary().by_id(id).is_some_and(|item| item.level == Level::Tumor)
}

/// The beginning of the SHA-256 of what the rules read.
fn digest(derived: &Derived<'_>) -> String {
    let mut hasher = Sha256::new();
    for (id, value) in &derived.inputs {
        for part in [id.as_bytes(), b"=", value.as_bytes(), b"\n"] {
            hasher.update(part);
        }
    }
    hex(hasher.finalize().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BREAST: &str = r#"{"dateOfDiagnosis":"20210405","primarySite":"C504","histologicTypeIcdO3":"8500","behaviorCodeIcdO3":"3",
        "eodPrimaryTumor":"100","eodRegionalNodes":"000","eodMets":"00","gradeClinical":"2","gradePathological":"2"}"#;

    fn record(text: &str) -> Record {
        Record::parse(text, "test").unwrap()
    }

    fn with(text: &str, changes: &[(&str, &str)]) -> Record {
        let mut made = record(text);
        changes.iter().for_each(|(id, value)| drop(made.set(id, value)));
        made
    }

    fn settled(items: &Record, recorded: &Derivation, replace: Replace<'_>) -> (Record, Derivation) {
        let patient = record(r#"{"sexAssignedAtBirth":"2"}"#);
        let made = settle(&Editions::shipped(), &AsOf::year(2026), (&patient, items), recorded, replace);
        let mut items = items.clone();
        made.changes.iter().for_each(|change| drop(items.set(&change.item, &change.new)));
        (items, made.derivation)
    }

    #[test]
    fn an_empty_item_is_filled_and_the_account_says_by_what() {
        let (items, account) = settled(&record(BREAST), &Derivation::default(), Replace::Nothing);
        assert_eq!((items.value("schemaId"), items.value("derivedSummaryStage2018")), ("00480", "1"));
        let run = account.run(Algorithm::Eod).unwrap();
        assert_eq!((run.edition.as_str(), run.schema.as_deref(), run.inputs.len()), ("3.3", Some("breast"), 16));
        assert!(account.filled().any(|id| id == "derivedSummaryStage2018"));
        assert_eq!(Derivation::parse(account.to_text().as_deref()), account);
    }

    #[test]
    fn a_received_value_stays_until_a_person_edits_an_input() {
        let received = with(BREAST, &[("derivedSummaryStage2018", "7")]);
        let (items, account) = settled(&received, &Derivation::default(), Replace::Nothing);
        assert_eq!(items.value("derivedSummaryStage2018"), "7");
        let patient = record(r#"{"sexAssignedAtBirth":"2"}"#);
        let editions = Editions::shipped();
        let runs = staged(&editions, &AsOf::year(2026), &patient, &items);
        let differs = differing(&editions, &runs, &items, &account);
        assert_eq!(
            differs.iter().map(|d| (d.item.as_str(), d.ours.as_str())).collect::<Vec<_>>(),
            [("derivedSummaryStage2018", "1")]
        );
        // A text item is no input, the nodes are.
        let mut later = items.clone();
        later.set("textRemarks", "seen");
        let moved = Replace::WhereInputsMoved { patient: &patient, items: &items };
        assert_eq!(settled(&later, &account, moved).0.value("derivedSummaryStage2018"), "7");
        later.set("eodRegionalNodes", "300");
        let (later, account) = settled(&later, &account, moved);
        assert_eq!(later.value("derivedSummaryStage2018"), "3");
        assert!(account.run(Algorithm::Eod).unwrap().replaced.contains(&"derivedSummaryStage2018".to_string()));
        assert!(account.filled().all(|id| id != "derivedSummaryStage2018"));
    }

    #[test]
    fn accepting_one_item_leaves_the_others() {
        let received = with(BREAST, &[("derivedSummaryStage2018", "7"), ("schemaId", "00999")]);
        let (items, _) = settled(&received, &Derivation::default(), Replace::Only("schemaId"));
        assert_eq!((items.value("schemaId"), items.value("derivedSummaryStage2018")), ("00480", "7"));
        let (items, _) = settled(&received, &Derivation::default(), Replace::Everything);
        assert_eq!((items.value("schemaId"), items.value("derivedSummaryStage2018")), ("00480", "1"));
    }

    #[test]
    fn our_own_value_follows_the_record_and_goes_with_its_algorithm() {
        let (items, account) = settled(&record(BREAST), &Derivation::default(), Replace::Nothing);
        let mut moved = items.clone();
        moved.set("eodMets", "70");
        let (later, account) = settled(&moved, &account, Replace::Nothing);
        assert_eq!(later.value("derivedSummaryStage2018"), "7");
        let mut older = later.clone();
        older.set("dateOfDiagnosis", "20170405");
        let (older, account) = settled(&older, &account, Replace::Nothing);
        assert_eq!((older.value("schemaId"), older.value("derivedSummaryStage2018")), ("", ""));
        assert!(account.run(Algorithm::Eod).is_none() && account.run(Algorithm::Tnm).is_some());
    }

    #[test]
    fn what_nobody_collected_is_not_summed_up() {
        let bare = r#"{"dateOfDiagnosis":"20210405","primarySite":"C504","histologicTypeIcdO3":"8500","behaviorCodeIcdO3":"3"}"#;
        let (items, _) = settled(&record(bare), &Derivation::default(), Replace::Nothing);
        assert_eq!((items.value("schemaId"), items.value("derivedSummaryStage2018")), ("00480", ""));
        assert_eq!(items.value("derivedSummaryGrade2018"), "");
        let (items, account) = settled(&record(r#"{"primarySite":"C504"}"#), &Derivation::default(), Replace::Nothing);
        assert_eq!((items.len(), account.to_text()), (1, None));
    }
}
