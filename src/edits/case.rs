//! A patient as edits see it: each tumor's items in slots, the patient's items seen from every tumor.

use std::cell::OnceCell;

use super::code_set::Value;
use super::eval::{Frame, Surroundings};
use super::slots::Slot;
use crate::dates::PartialDate;
use crate::naaccr::{Items, Patient, sex_assigned_at_birth};
use crate::staging::{Algorithm, InputView, Mode, SchemaView};

/// A patient with the tumors, borrowed.
#[derive(Debug)]
pub struct Case<'a> {
    /// The patient's items alone.
    pub(crate) patient: TumorCase<'a>,
    pub(crate) tumors: Vec<TumorCase<'a>>,
}

/// An item that no dictionary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger<'a> {
    /// Its id as given.
    pub id: &'a str,
}

/// One tumor, or the patient's items alone.
#[derive(Debug, Clone)]
pub struct TumorCase<'a> {
    values: Vec<Value<'a>>,
    /// What is filled at this level, as given.
    pub(crate) filled: Vec<(Slot, &'a str)>,
    pub(crate) strangers: Vec<Stranger<'a>>,
    pub(crate) dx_year: Option<u16>,
    schema: OnceCell<Schema<'a>>,
}

/// The staging schema of a tumor of 2018 and later.
#[derive(Debug, Clone)]
pub(crate) enum Schema<'a> {
    /// No algorithm, no site, or none fits.
    None,
    /// Several fit.
    Several,
    /// The one.
    One(SchemaView<'a>),
}

impl<'a> TumorCase<'a> {
    fn new(patient: Option<&TumorCase<'a>>, items: impl IntoIterator<Item = (&'a str, &'a str)>) -> TumorCase<'a> {
        let values = match patient {
            Some(patient) => patient.values.clone(),
            None => vec![Value::default(); Slot::count()],
        };
        let mut new =
            TumorCase { values, filled: Vec::new(), strangers: Vec::new(), dx_year: None, schema: OnceCell::new() };
        for (id, value) in items {
            new.put(id, value);
        }
        let slot = |id: &str| Slot::of(id);
        if let (Some(sex), Some(birth)) = (slot("sex"), slot("sexAssignedAtBirth"))
            && new.value(birth).is_blank()
            && let Some(code) = sex_assigned_at_birth(new.value(sex).text)
        {
            new.values[birth.at()] = Value::of(code);
        }
        new.read_year();
        new
    }

    fn put(&mut self, id: &'a str, value: &'a str) {
        match Slot::of(id) {
            Some(slot) if !value.is_empty() => {
                self.values[slot.at()] = Value::of(value);
                self.filled.push((slot, value));
            }
            Some(_) => {}
            None => self.strangers.push(Stranger { id }),
        }
    }

    fn read_year(&mut self) {
        let date = self.value(Slot::date_of_diagnosis()).text;
        let year = || date.get(..4).and_then(|year| PartialDate::parse(year).ok()).map(PartialDate::year);
        self.dx_year = PartialDate::parse(date).ok().map(PartialDate::year).or_else(year);
    }

    /// The value of an item.
    #[inline]
    pub fn value(&self, slot: Slot) -> Value<'a> {
        self.values.get(slot.at()).copied().unwrap_or_default()
    }

    /// The value of an item by its id.
    pub fn get(&self, id: &str) -> &'a str {
        Slot::of(id).map_or("", |slot| self.value(slot).text)
    }

    /// The same with another value of one item; the schema is looked up again if the item selects it.
    fn changed(&self, slot: Slot, value: &'a str, selects: bool) -> TumorCase<'a> {
        let mut new = self.clone();
        new.values[slot.at()] = Value::of(value);
        new.filled.retain(|(other, _)| *other != slot);
        if !value.is_empty() {
            new.filled.push((slot, value));
        }
        if selects {
            new.schema = OnceCell::new();
            new.read_year();
        }
        new
    }

    /// Makes the schema a given one, whatever the items say; for the tests of rules.
    pub(crate) fn with_schema(mut self, schema: Option<SchemaView<'a>>) -> TumorCase<'a> {
        self.schema = OnceCell::from(schema.map_or(Schema::None, Schema::One));
        self
    }

    pub(crate) fn schema(&self, with: &Surroundings<'a>) -> &Schema<'a> {
        self.schema.get_or_init(|| self.find_schema(with))
    }

    fn find_schema(&self, with: &Surroundings<'a>) -> Schema<'a> {
        let Some(year) = self.dx_year else { return Schema::None };
        if Algorithm::of_year(year).first() != Some(&Algorithm::Eod) {
            return Schema::None;
        }
        let edition = with.editions.edition(Algorithm::Eod);
        let date = self.get("dateOfDiagnosis");
        let given: Vec<(&str, Option<&str>)> = edition
            .selecting_items()
            .filter_map(|(key, id)| {
                let value = if key == "year_dx" { date.get(..4).unwrap_or("") } else { self.get(id) };
                (!value.is_empty()).then_some((key, Some(value)))
            })
            .collect();
        match edition.schemas_matching(given, Mode::Practical)[..] {
            [] => Schema::None,
            [one] => edition.schema(one).map_or(Schema::None, Schema::One),
            _ => Schema::Several,
        }
    }
}

impl<'a> Schema<'a> {
    /// Its id.
    pub fn id(&self) -> Option<&'a str> {
        match self {
            Schema::One(schema) => Some(schema.id()),
            _ => None,
        }
    }

    /// Whether several fit.
    pub fn is_open(&self) -> bool {
        matches!(self, Schema::Several)
    }

    /// The input of an item; nothing inside if the schema does not have it, nothing at all without a schema.
    pub fn input(&self, item: &str) -> Option<Option<InputView<'a>>> {
        match self {
            Schema::One(schema) => Some(schema.inputs().find(|input| input.xml_id() == Some(item))),
            _ => None,
        }
    }

    /// Whether the item's value is in its table; unknown without schema, input or value.
    pub fn allows(&self, slot: Slot, frame: &Frame<'_, 'a>) -> Option<bool> {
        let input = self.input(slot.id())??;
        let value = frame.own.value(slot);
        let id = self.id()?;
        let edition = frame.with.editions.edition(Algorithm::Eod);
        let own = [(input.key(), Some(value.text))];
        let beside: Vec<(&str, Option<&str>)> = input
            .table()?
            .columns()
            .filter(|column| column.kind == crate::staging::ColumnKind::Input && column.key != input.key())
            .filter_map(|column| Some((column.key, Some(frame.own.get(self.item_of(column.key)?)))))
            .collect();
        Some(edition.is_context_valid(id, input.key(), own.into_iter().chain(beside), &frame.with.as_of_year))
    }

    fn item_of(&self, key: &str) -> Option<&'a str> {
        match self {
            Schema::One(schema) => schema.input(key)?.xml_id(),
            _ => None,
        }
    }
}

impl<'a> Case<'a> {
    /// A patient's items and, for each tumor, the tumor's.
    pub fn new<P, T, I>(patient: P, tumors: T) -> Case<'a>
    where
        P: IntoIterator<Item = (&'a str, &'a str)>,
        T: IntoIterator<Item = I>,
        I: IntoIterator<Item = (&'a str, &'a str)>,
    {
        let patient = TumorCase::new(None, patient);
        let tumors = tumors.into_iter().map(|items| TumorCase::new(Some(&patient), items)).collect();
        Case { patient, tumors }
    }

    /// A patient of a file.
    pub fn of(patient: &'a Patient) -> Case<'a> {
        let pairs = |items: &'a Items| items.iter().map(|entry| (entry.id, entry.value));
        Case::new(pairs(&patient.items), patient.tumors.iter().map(|tumor| pairs(&tumor.items)))
    }

    /// The tumors.
    pub fn tumors(&self) -> &[TumorCase<'a>] {
        &self.tumors
    }

    /// The patient's items alone.
    pub fn patient(&self) -> &TumorCase<'a> {
        &self.patient
    }

    /// The case with another value of one item: of a tumor, or of the patient and so of every tumor.
    pub(crate) fn changed(
        &self,
        tumor: Option<usize>,
        slot: Slot,
        value: &'a str,
        with: &Surroundings<'a>,
    ) -> Case<'a> {
        let selects = slot == Slot::date_of_diagnosis()
            || with.editions.edition(Algorithm::Eod).selecting_items().any(|(_, id)| id == slot.id());
        let tumors = self.tumors.iter().enumerate();
        let tumors = tumors.map(|(at, own)| match tumor {
            Some(changed) if changed != at => own.clone(),
            Some(_) => own.changed(slot, value, selects),
            // An item of the patient is seen from every tumor, but is filled only once.
            None => TumorCase { filled: own.filled.clone(), ..own.changed(slot, value, selects) },
        });
        let tumors = tumors.collect();
        let patient = match tumor {
            None => self.patient.changed(slot, value, selects),
            Some(_) => self.patient.clone(),
        };
        Case { patient, tumors }
    }

    pub(crate) fn map_tumors(mut self, change: impl Fn(usize, TumorCase<'a>) -> TumorCase<'a>) -> Case<'a> {
        self.tumors = self.tumors.into_iter().enumerate().map(|(n, tumor)| change(n, tumor)).collect();
        self
    }
}
