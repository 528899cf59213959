//! Fields of forms: what stands in them, what is wrong with them, said once at the top and once beside the field.

use serde::Serialize;

/// One choice of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
    /// It is the one.
    pub chosen: bool,
}

/// A field; `parts/field` draws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Name and id.
    pub name: String,
    /// Label.
    pub label: String,
    /// Input's kind: `text password date email tel number select lines tick`.
    pub kind: &'static str,
    /// What stands in it.
    pub value: String,
    /// Choices of a `select`.
    pub choices: Vec<Choice>,
    /// A few words under it.
    pub hint: String,
    /// What is wrong with it.
    pub error: String,
    /// `autocomplete` of the browser.
    pub fills: &'static str,
    /// Columns of six it takes: `w2 w3 w6`.
    pub width: &'static str,
    /// It must not be empty.
    pub needed: bool,
}

impl Field {
    /// A line of text.
    pub fn text(name: &str, label: &str, value: &str) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            kind: "text",
            value: value.into(),
            choices: vec![],
            hint: String::new(),
            error: String::new(),
            fills: "off",
            width: "w3",
            needed: false,
        }
    }

    /// A list to choose one of: values with their texts.
    pub fn choose<'a>(name: &str, label: &str, value: &str, of: impl IntoIterator<Item = (&'a str, &'a str)>) -> Field {
        let choices =
            of.into_iter().map(|(v, text)| Choice { value: v.into(), text: text.into(), chosen: v == value }).collect();
        Field { kind: "select", choices, ..Field::text(name, label, value) }
    }

    /// A box to tick.
    pub fn tick(name: &str, label: &str, ticked: bool) -> Field {
        Field { kind: "tick", ..Field::text(name, label, if ticked { "yes" } else { "" }) }
    }

    /// Of another kind.
    pub fn kind(mut self, kind: &'static str) -> Field {
        self.kind = kind;
        self
    }

    /// With words under it.
    pub fn hint(mut self, hint: impl Into<String>) -> Field {
        self.hint = hint.into();
        self
    }

    /// With the browser's help.
    pub fn fills(mut self, fills: &'static str) -> Field {
        self.fills = fills;
        self
    }

    /// Over so many columns.
    pub fn width(mut self, width: &'static str) -> Field {
        self.width = width;
        self
    }

    /// That must not be empty.
    pub fn needed(mut self) -> Field {
        self.needed = true;
        self
    }
}

/// What is wrong with a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Errors(Vec<FormError>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormError {
    /// The field, empty for the whole form.
    pub field: String,
    /// The sentence.
    pub sentence: String,
}

impl Errors {
    /// One about the whole form.
    pub fn one(sentence: impl Into<String>) -> Errors {
        let mut errors = Errors::default();
        errors.add("", sentence);
        errors
    }

    /// One more.
    pub fn add(&mut self, field: &str, sentence: impl Into<String>) {
        self.0.push(FormError { field: field.into(), sentence: sentence.into() });
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field; empty when nothing is.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|e| e.field == field).map_or("", |e| &e.sentence)
    }

    /// Says beside each field what is wrong with it.
    pub fn put_beside(&self, fields: &mut [Field]) {
        for error in &self.0 {
            if let Some(field) = fields.iter_mut().find(|field| field.name == error.field) {
                field.error.clone_from(&error.sentence);
            }
        }
    }
}
