//! What derivations take and give: items by NAACCR XML id, a patient with tumors, parameters, derived values.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// Items of a patient or of a tumor, by id. An item that is there but empty differs from one that is not.
#[derive(Debug, Clone, Default)]
pub struct Items<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Items<'a> {
    /// The value of an item that is there.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == id).map(|(_, value)| &**value)
    }

    /// The value of an item, empty when it is not there.
    pub fn text(&self, id: &str) -> &str {
        self.get(id).unwrap_or("")
    }

    /// Adds an item.
    pub fn push(&mut self, id: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((id.into(), value.into()));
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Items<'a> {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(items: T) -> Self {
        Items(items.into_iter().map(|(id, value)| (id.into(), value.into())).collect())
    }
}

/// A patient's items and those of each tumor.
#[derive(Debug, Clone, Default)]
pub struct Case<'a> {
    /// Patient-level items.
    pub patient: Items<'a>,
    /// Tumor-level items, a set a tumor.
    pub tumors: Vec<Items<'a>>,
}

/// What a derivation depends on besides the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// The year that counts as the current one.
    pub as_of_year: i32,
    /// Last year of the study (survival time, cause-specific death).
    pub cutoff_year: i32,
    /// When surnames are looked at by NHIA: 0 for everybody, 1 not in low-Hispanic counties, 2 there for origin 7 alone.
    pub nhia_option: u8,
    /// IARC multiple primaries: both tumors of a duplicate pair are marked, for review.
    pub iarc_review: bool,
}

impl Params {
    /// Everything as it is when nothing is said: the study ends with the year before `as_of_year`.
    pub fn as_of(year: i32) -> Params {
        Params { as_of_year: year, cutoff_year: year - 1, nhia_option: 0, iarc_review: false }
    }
}

/// A derived value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// No value.
    None,
    /// A code or a date.
    Text(Cow<'static, str>),
    /// Yes or no.
    Flag(bool),
    /// A list of codes.
    List(Vec<&'static str>),
}

impl Value {
    /// The code, when there is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&'static str> for Value {
    fn from(code: &'static str) -> Value {
        Value::Text(Cow::Borrowed(code))
    }
}

impl From<String> for Value {
    fn from(code: String) -> Value {
        Value::Text(Cow::Owned(code))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => to.serialize_none(),
            Value::Text(text) => to.serialize_str(text),
            Value::Flag(flag) => to.serialize_bool(*flag),
            Value::List(codes) => codes.serialize(to),
        }
    }
}

/// Derived items with their values.
pub type Outputs = Vec<(&'static str, Value)>;

/// What a derivation gives for a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// Values of the patient.
    pub patient: Outputs,
    /// Values of each tumor, in the order of the case; none for a derivation that gives patient values alone.
    pub tumors: Option<Vec<Outputs>>,
}
