//! Staging by NAACCR items: the year of diagnosis chooses the algorithm, the items are its inputs, its outputs are
//! items again.

use super::ask::{Found, Question};
use super::edition::{AsOf, Edition};
use super::form::ON_EVERY_ABSTRACT;
use super::rules::TextId;
use super::shipped::Algorithm;
use super::stage::{Mode, Outcome, Problem};
use super::view::{InputView, SchemaView};

/// The editions a registry stages by.
#[derive(Debug, Clone, Copy)]
pub struct Editions<'e> {
    /// One for each of [`Algorithm::ALL`], in that order.
    pub of: [&'e Edition; 4],
    /// The last year of diagnosis each was made for. Cases of later years are staged all the same, and wait for the
    /// edition of their year.
    pub made_for: [u16; 4],
}

impl Editions<'static> {
    /// The compiled-in editions.
    pub fn shipped() -> Editions<'static> {
        Editions { of: Algorithm::ALL.map(Algorithm::shipped), made_for: Algorithm::ALL.map(Algorithm::made_for) }
    }
}

impl<'e> Editions<'e> {
    /// The edition of an algorithm.
    pub fn edition(&self, algorithm: Algorithm) -> &'e Edition {
        self.of[algorithm as usize]
    }

    /// Whether a case of that year is staged for now by an edition of earlier years: `pending-edition`.
    pub fn is_pending(&self, algorithm: Algorithm, dx_year: Option<u16>) -> bool {
        dx_year.is_some_and(|year| year > self.made_for[algorithm as usize])
    }

    /// The same with another edition of one algorithm.
    pub fn with(mut self, algorithm: Algorithm, edition: &'e Edition) -> Editions<'e> {
        self.of[algorithm as usize] = edition;
        self
    }
}

/// What one algorithm derives for a tumor.
#[derive(Debug, Clone)]
pub struct Derived<'e> {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its edition, to be recorded with the case.
    pub edition: &'e str,
    /// How the staging ended.
    pub outcome: Outcome,
    /// The schema's id.
    pub schema: Option<&'e str>,
    /// What to ask so that there is one schema.
    pub ask: Vec<Question<'e>>,
    /// The values the rules read, by NAACCR id: what selects the schema and what it stages by.
    pub inputs: Vec<(&'e str, String)>,
    /// The derived items by NAACCR id, in the order of the schema's outputs.
    pub items: Vec<(&'e str, String)>,
    /// Problems, owned: kind, table, key and columns.
    pub problems: Vec<OwnedProblem>,
}

/// A problem that does not borrow the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedProblem {
    /// The official engine's name of what it is about.
    pub kind: &'static str,
    /// The table it arose in.
    pub table: Option<String>,
    /// The key it is about.
    pub key: Option<String>,
    /// The columns it is about.
    pub columns: Vec<String>,
}

impl From<&Problem<'_>> for OwnedProblem {
    fn from(problem: &Problem<'_>) -> OwnedProblem {
        OwnedProblem {
            kind: problem.kind.as_str(),
            table: problem.table.map(str::to_owned),
            key: problem.key.map(str::to_owned),
            columns: problem.columns.iter().map(|column| (*column).to_owned()).collect(),
        }
    }
}

/// The year of diagnosis of a record, if its date of diagnosis begins with one.
pub fn dx_year<'r>(item: impl Fn(&str) -> Option<&'r str>) -> Option<u16> {
    let date = item("dateOfDiagnosis")?.trim();
    date.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// Stages a tumor by the algorithms of its year of diagnosis, in order. `item` gives the value of a NAACCR item,
/// patient's and tumor's alike. Empty for a year no algorithm stages, and for one that is not known.
pub fn stage_record<'e, 'r>(
    editions: &Editions<'e>,
    item: impl Fn(&str) -> Option<&'r str>,
    as_of: &AsOf,
) -> Vec<Derived<'e>> {
    let algorithms = dx_year(&item).map_or(&[][..], Algorithm::of_year);
    let mut all: Vec<Derived<'e>> = Vec::with_capacity(algorithms.len());
    for algorithm in algorithms {
        // Pediatric reads what EOD has just derived, not what an earlier run left in the record.
        let derived = {
            let item = |id: &str| {
                let earlier = all.iter().flat_map(|derived| &derived.items).find(|(name, _)| *name == id);
                earlier.map(|(_, value)| value.as_str()).or_else(|| item(id))
            };
            stage_by(editions.edition(*algorithm), *algorithm, item, as_of)
        };
        all.push(derived);
    }
    all
}

/// Stages a tumor by one algorithm, whatever its year.
pub fn stage_by<'e, 'r>(
    edition: &'e Edition,
    algorithm: Algorithm,
    item: impl Fn(&str) -> Option<&'r str>,
    as_of: &AsOf,
) -> Derived<'e> {
    let value = |key: &str, id: &str| value_of(&item, key, id);
    let known: Vec<(&str, Option<&str>)> =
        edition.selecting_items().filter_map(|(key, id)| Some((key, Some(value(key, id)?)))).collect();
    let mut derived = Derived {
        algorithm,
        edition: edition.version(),
        outcome: Outcome::NoMatchingSchema,
        schema: None,
        ask: Vec::new(),
        inputs: Vec::new(),
        items: Vec::new(),
        problems: Vec::new(),
    };
    let read = |key: &str, id: &'e str| Some((id, value(key, id)?.to_owned()));
    derived.inputs = edition.selecting_items().filter_map(|(key, id)| read(key, id)).collect();
    let schema = match edition.find(known.iter().copied()) {
        Found::One(schema) => schema,
        Found::Several { ask, .. } => {
            derived.outcome = Outcome::MultipleMatchingSchemas;
            derived.ask = ask;
            return derived;
        }
        Found::Nothing { ask, .. } => {
            let given = |wanted: &str| known.iter().any(|(key, _)| *key == wanted);
            if !given("site") || !given("hist") {
                derived.outcome = Outcome::MissingSiteOrHistology;
            }
            derived.ask = ask.into_iter().collect();
            return derived;
        }
    };
    derived.schema = Some(schema.id());
    let inputs = inputs_of(&schema, &item);
    for input in schema.inputs().filter(|input| input.used_for_staging()) {
        let id = input.xml_id().unwrap_or("");
        if !derived.inputs.iter().any(|(known, _)| *known == id) {
            derived.inputs.extend(read(input.key(), id));
        }
    }
    let staged = edition.stage(inputs, as_of, Mode::Practical);
    derived.outcome = staged.outcome;
    derived.problems = staged.problems.iter().map(OwnedProblem::from).collect();
    for output in schema.outputs() {
        if let (Some(id), Some(value)) = (output.xml_id(), staged.output(output.key())) {
            derived.items.push((id, value.to_owned()));
        }
    }
    derived
}

/// The value of an input in a record: its item's, trimmed; none for a blank.
fn value_of<'r>(item: &impl Fn(&str) -> Option<&'r str>, key: &str, id: &str) -> Option<&'r str> {
    let found = match id {
        _ if key == "year_dx" => {
            item("dateOfDiagnosis").map(|date| date.trim()).map(|date| date.get(..4).unwrap_or(date))
        }
        "sexAssignedAtBirth" => item(id).or_else(|| item("sex")),
        "sex" => item(id).or_else(|| item("sexAssignedAtBirth")),
        _ => item(id),
    };
    found.map(str::trim).filter(|value| !value.is_empty())
}

/// What a record gives a schema's inputs, by key; what it leaves blank is left out.
pub fn inputs_of<'e, 'r>(
    schema: &SchemaView<'e>,
    item: &impl Fn(&str) -> Option<&'r str>,
) -> Vec<(&'e str, Option<&'r str>)> {
    let given = |input: InputView<'e>| {
        let (key, id) = (input.key(), input.xml_id().unwrap_or(""));
        Some((key, Some(value_of(item, key, id)?)))
    };
    schema.inputs().filter_map(given).collect()
}

impl Edition {
    /// The items a schema is looked up by: key and NAACCR id.
    pub fn selecting_items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.selecting.iter().map(|(key, id)| (self.rules.key(*key), self.rules.text(*id)))
    }

    /// The NAACCR ids of the items that some schemas of this edition ask for and others do not.
    pub fn specific_items(&self) -> impl Iterator<Item = &str> {
        let found = self.specific.get_or_init(|| {
            let mut times: Vec<(TextId, usize)> = Vec::new();
            for input in self.rules.schemas.iter().flat_map(|schema| &schema.inputs) {
                match times.iter_mut().find(|(id, _)| *id == input.xml_id) {
                    Some((_, times)) => *times += 1,
                    None => times.push((input.xml_id, 1)),
                }
            }
            let all = self.rules.schemas.len();
            let every = |id: &TextId| ON_EVERY_ABSTRACT.contains(&self.rules.text(*id));
            let some = times.into_iter().filter(|(id, times)| id.0 != 0 && *times < all && !every(id));
            some.map(|(id, _)| id).collect()
        });
        found.iter().map(|id| self.rules.text(*id))
    }

    /// The NAACCR ids of every item that some schema of this edition derives.
    pub fn derivable_items(&self) -> impl Iterator<Item = &str> {
        self.derivable.iter().map(|id| self.rules.text(*id))
    }
}
