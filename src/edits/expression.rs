//! The resolved tree of an expression.
//!
//! Items are slots, codes packed sets, terms the trees they name. [`Expression::reads`] tells which items it reads, so
//! that a rule runs again only when one of them changes.

use std::sync::Arc;

use super::calls::{Check, Source};
use super::code_set::CodeSet;
use super::slots::Slot;
use crate::dates::PartialDate;

/// Whose item is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// The tumor at hand; inside `any tumor (…)` the tumor looked at; `a` of a pair.
    Own,
    /// `this.` inside `any tumor (…)`: the tumor the rule is about; `b` of a pair.
    Other,
}

/// An item of one of the two tumors at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemOf {
    /// Whose.
    pub whose: Whose,
    /// Which.
    pub slot: Slot,
}

/// Something that gives text.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// The value of an item.
    Item(ItemOf),
    /// A text as written.
    Literal(Arc<str>),
    /// Characters of another text: how many to leave out, how many to take.
    Part(Box<Text>, usize, usize),
    /// The id of the tumor's staging schema; unknown when no single one is found.
    Schema,
    /// A value looked up by a function.
    Found(Source, Box<Text>),
    /// A setting of the registry.
    Setting(Arc<str>),
}

/// Something that gives a date.
#[derive(Clone, Debug, PartialEq)]
pub enum Date {
    /// The date in an item.
    Item(ItemOf),
    /// A date as written.
    Literal(PartialDate),
    /// The day the edits are run for.
    Today,
}

/// Something that gives a number, or the span it lies in.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// As written.
    Literal(f64),
    /// Digits of a text.
    Of(Text),
    /// The year of a date.
    Year(Date),
    /// The month of a date.
    Month(Date),
    /// Complete years from a birth to a day.
    Age(Date, Date),
    /// Days from one date to another.
    Days(Date, Date),
    /// Complete months from one date to another.
    Months(Date, Date),
    /// Characters of a text.
    Length(Text),
    /// How many tumors of the patient an expression is true for.
    Tumors(Box<Expression>),
    /// How many of several expressions are true.
    Count(Vec<Expression>),
    /// The highest of several numbers; those not known do not count.
    Highest(Vec<Number>),
    /// Sum, difference, product.
    Sum(Box<Number>, Box<Number>),
    /// Difference.
    Less(Box<Number>, Box<Number>),
    /// Product.
    Product(Box<Number>, Box<Number>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `=`
    Same,
    /// `<>`
    Different,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Order {
    /// The sign.
    pub fn sign(self) -> &'static str {
        match self {
            Order::Same => "=",
            Order::Different => "<>",
            Order::Less => "<",
            Order::AtMost => "<=",
            Order::More => ">",
            Order::AtLeast => ">=",
        }
    }
}

/// Which tumors an expression is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tumors {
    /// Of at least one.
    Any,
    /// Of each.
    All,
    /// Of at least one that is not the tumor at hand.
    AnyOther,
}

/// An expression: true, false or unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `always`
    Always,
    /// `never`
    Never,
    /// `not …`
    Not(Box<Expression>),
    /// A named expression.
    Term {
        /// Its name.
        name: Arc<str>,
        /// What it stands for.
        is: Arc<Expression>,
    },
    /// `not_shown(…)`: the answer is not a certain yes.
    NotShown(Box<Expression>),
    /// `… and …`
    And(Vec<Expression>),
    /// `… or …`
    Or(Vec<Expression>),
    /// One question asked of a group of items: `any of` (true) or `all of`.
    Group {
        /// One is enough.
        any: bool,
        /// One for each item.
        each: Vec<Expression>,
    },
    /// `in`, `not in`, `=`, `<>` with codes.
    In {
        /// What is compared.
        text: Text,
        /// With what.
        set: Arc<CodeSet>,
        /// `not in`, `<>`.
        negated: bool,
    },
    /// Numbers in ranges.
    Between {
        /// What is compared.
        number: Number,
        /// Ranges, both ends included.
        ranges: Vec<(f64, f64)>,
        /// `not in`.
        negated: bool,
    },
    /// Two texts are the same.
    Same {
        /// One.
        a: Text,
        /// The other.
        b: Text,
        /// `<>`
        negated: bool,
    },
    /// Two dates are the same day; `<>`: they certainly differ.
    SameDay {
        /// One.
        a: Date,
        /// The other.
        b: Date,
        /// `<>`
        negated: bool,
    },
    /// `before` and `after`: certain order.
    Before {
        /// The earlier.
        a: Date,
        /// The later.
        b: Date,
        /// Written with `after`.
        after: bool,
    },
    /// Two numbers compared.
    Compare {
        /// Left.
        a: Number,
        /// How.
        order: Order,
        /// Right.
        b: Number,
    },
    /// `blank`, `not blank`.
    Blank {
        /// What.
        text: Text,
        /// `not blank`
        negated: bool,
    },
    /// `known`, `not known`: not blank, a real date, not a code that means unknown.
    Known {
        /// What.
        text: Text,
        /// `not known`
        negated: bool,
    },
    /// `starts with`, `not starts with`.
    Starts {
        /// What.
        text: Text,
        /// With one of these.
        heads: Vec<String>,
        /// Turned round.
        negated: bool,
    },
    /// `like`, `not like` a picture: `#` digit, `@` letter, `?` any one, `*` any rest.
    Like {
        /// What.
        text: Text,
        /// The picture.
        picture: String,
        /// Turned round.
        negated: bool,
    },
    /// `contains` one of several texts, whatever the case.
    Contains {
        /// What.
        text: Text,
        /// In capitals.
        words: Vec<String>,
        /// Turned round.
        negated: bool,
    },
    /// Several texts in one of several rows of sets.
    Rows {
        /// What.
        texts: Vec<Text>,
        /// The rows.
        rows: Arc<Vec<Vec<CodeSet>>>,
        /// The table's name, empty for rows as written.
        table: Arc<str>,
        /// `not in`
        negated: bool,
    },
    /// A question that a function answers.
    Call {
        /// The function.
        check: Check,
        /// What it is asked about.
        of: Vec<Text>,
    },
    /// An expression asked of the patient's tumors.
    Tumors {
        /// Which.
        which: Tumors,
        /// What.
        body: Box<Expression>,
    },
}

impl Expression {
    /// The items read, in order of appearance.
    pub fn reads(&self) -> Vec<ItemOf> {
        let mut items = Vec::new();
        self.walk(&mut |item| {
            if !items.contains(&item) {
                items.push(item);
            }
        });
        items
    }

    /// Whether the schema is asked for.
    pub fn asks_for_schema(&self) -> bool {
        let mut asks = false;
        self.visit(&mut |part| {
            asks |= match part {
                Expression::Call { check, .. } => check.needs_schema(),
                _ => part.texts().iter().any(|text| text.asks_for_schema()),
            }
        });
        asks
    }

    /// Whether it asks what other tumors hold.
    pub fn looks_at_other_tumors(&self) -> bool {
        let mut looks = false;
        self.visit(&mut |part| {
            looks |= match part {
                Expression::Tumors { .. } => true,
                Expression::Compare { a, b, .. } => [a, b].iter().any(|n| n.counts_tumors()),
                Expression::Between { number, .. } => number.counts_tumors(),
                _ => false,
            };
        });
        looks
    }

    fn texts(&self) -> Vec<&Text> {
        match self {
            Expression::In { text, .. }
            | Expression::Blank { text, .. }
            | Expression::Known { text, .. }
            | Expression::Starts { text, .. }
            | Expression::Like { text, .. }
            | Expression::Contains { text, .. } => vec![text],
            Expression::Same { a, b, .. } => vec![a, b],
            Expression::Rows { texts, .. } => texts.iter().collect(),
            Expression::Call { of, .. } => of.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Goes through all parts of an expression, those of `any tumor (…)` included.
    pub(crate) fn visit(&self, see: &mut dyn FnMut(&Expression)) {
        see(self);
        match self {
            Expression::Not(inner) | Expression::NotShown(inner) | Expression::Tumors { body: inner, .. } => {
                inner.visit(see)
            }
            Expression::Term { is, .. } => is.visit(see),
            Expression::And(all) | Expression::Or(all) | Expression::Group { each: all, .. } => {
                all.iter().for_each(|one| one.visit(see));
            }
            Expression::Compare { a, b, .. } => [a, b].iter().for_each(|n| n.visit(see)),
            Expression::Between { number, .. } => number.visit(see),
            _ => {}
        }
    }

    fn walk(&self, see: &mut dyn FnMut(ItemOf)) {
        match self {
            Expression::Always | Expression::Never => {}
            Expression::Not(inner) | Expression::NotShown(inner) | Expression::Tumors { body: inner, .. } => {
                inner.walk(see)
            }
            Expression::Term { is, .. } => is.walk(see),
            Expression::And(all) | Expression::Or(all) | Expression::Group { each: all, .. } => {
                all.iter().for_each(|one| one.walk(see));
            }
            Expression::Between { number, .. } => number.walk(see),
            Expression::Compare { a, b, .. } => [a, b].iter().for_each(|n| n.walk(see)),
            Expression::SameDay { a, b, .. } | Expression::Before { a, b, .. } => {
                [a, b].iter().for_each(|d| d.walk(see));
            }
            Expression::Call { check, of } => {
                of.iter().for_each(|text| text.walk(see));
                check.also_reads().iter().filter_map(|id| Slot::of(id)).for_each(|slot| {
                    see(ItemOf { whose: Whose::Own, slot });
                });
            }
            _ => self.texts().iter().for_each(|text| text.walk(see)),
        }
    }
}

impl Text {
    fn asks_for_schema(&self) -> bool {
        match self {
            Text::Schema => true,
            Text::Part(inner, ..) | Text::Found(_, inner) => inner.asks_for_schema(),
            _ => false,
        }
    }

    fn walk(&self, see: &mut dyn FnMut(ItemOf)) {
        match self {
            Text::Item(item) => see(*item),
            Text::Part(inner, ..) | Text::Found(_, inner) => inner.walk(see),
            Text::Schema | Text::Literal(_) | Text::Setting(_) => {}
        }
    }
}

impl Date {
    fn walk(&self, see: &mut dyn FnMut(ItemOf)) {
        if let Date::Item(item) = self {
            see(*item);
        }
    }
}

impl Number {
    fn walk(&self, see: &mut dyn FnMut(ItemOf)) {
        match self {
            Number::Literal(_) => {}
            Number::Of(text) | Number::Length(text) => text.walk(see),
            Number::Year(date) | Number::Month(date) => date.walk(see),
            Number::Age(a, b) | Number::Days(a, b) | Number::Months(a, b) => {
                a.walk(see);
                b.walk(see);
            }
            Number::Tumors(body) => body.walk(see),
            Number::Count(all) => all.iter().for_each(|one| one.walk(see)),
            Number::Highest(all) => all.iter().for_each(|one| one.walk(see)),
            Number::Sum(a, b) | Number::Less(a, b) | Number::Product(a, b) => {
                a.walk(see);
                b.walk(see);
            }
        }
    }

    fn visit(&self, see: &mut dyn FnMut(&Expression)) {
        match self {
            Number::Tumors(body) => body.visit(see),
            Number::Count(all) => all.iter().for_each(|one| one.visit(see)),
            Number::Highest(all) => all.iter().for_each(|one| one.visit(see)),
            Number::Sum(a, b) | Number::Less(a, b) | Number::Product(a, b) => {
                a.visit(see);
                b.visit(see);
            }
            _ => {}
        }
    }

    fn counts_tumors(&self) -> bool {
        match self {
            Number::Tumors(_) => true,
            Number::Sum(a, b) | Number::Less(a, b) | Number::Product(a, b) => a.counts_tumors() || b.counts_tumors(),
            Number::Highest(all) => all.iter().any(Number::counts_tumors),
            _ => false,
        }
    }
}
