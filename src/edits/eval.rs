//! Answers an expression for a tumor: true, false or unknown.
//!
//! `None` is unknown. A comparison with a blank item is unknown; `and` is false when one part is false, `or` true when
//! one part is true, whatever the others are.

use std::collections::BTreeMap;

use super::calls::filled;
use super::case::{Case, TumorCase};
use super::code_set::{Value, number};
use super::expression::{Date, Expression, ItemOf, Number, Order, Text, Tumors, Whose};
use super::slots::{Slot, date_in};
use crate::dates::{Answer, PartialDate, Span};
use crate::naaccr::value_sets::{ValueSet, value_set};
use crate::staging::{AsOf, Editions};

/// What answers depend on besides the case.
#[derive(Debug, Clone)]
pub struct Surroundings<'e> {
    /// The staging editions.
    pub editions: Editions<'e>,
    /// The day edits are run for.
    pub as_of: PartialDate,
    /// Its year, for staging.
    pub as_of_year: AsOf,
    /// Settings of the registry: `registryState`, `referenceDate` and others a rule names.
    pub settings: BTreeMap<String, String>,
}

impl Surroundings<'static> {
    /// The compiled-in staging editions and no settings.
    pub fn shipped(as_of: PartialDate) -> Surroundings<'static> {
        Surroundings {
            editions: Editions::shipped(),
            as_of,
            as_of_year: AsOf::year(as_of.year()),
            settings: BTreeMap::new(),
        }
    }
}

/// The tumors an expression is asked of.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'c, 'a> {
    pub own: &'c TumorCase<'a>,
    pub other: Option<&'c TumorCase<'a>>,
    pub case: &'c Case<'a>,
    pub with: &'c Surroundings<'a>,
    /// `blank` is answered no: used to tell whether only an absent item is at fault.
    pub no_blanks: bool,
}

impl<'c, 'a> Frame<'c, 'a> {
    fn of(&self, item: ItemOf) -> Value<'c> {
        match item.whose {
            Whose::Own => self.own.value(item.slot),
            Whose::Other => self.other.map_or(Value::default(), |other| other.value(item.slot)),
        }
    }

    /// A text; nothing when blank or unknown.
    pub fn text(&self, text: &'c Text) -> Option<Value<'c>> {
        filled(self.text_or_blank(text)?)
    }

    /// A text, blank if its item is; nothing when unknown.
    fn text_or_blank(&self, text: &'c Text) -> Option<Value<'c>> {
        match text {
            Text::Item(item) => Some(self.of(*item)),
            Text::Literal(text) => Some(Value::of(text)),
            Text::Part(inner, from, many) => {
                let whole = self.text(inner)?.text;
                Some(Value::of(whole.get(*from..whole.len().min(from + many)).unwrap_or("")))
            }
            Text::Schema => self.own.schema(self.with).id().map(Value::of),
            Text::Found(source, inner) => Some(Value::of(source.of(self.text(inner)?.text))),
            Text::Setting(name) => self.with.settings.get(&**name).map(|text| Value::of(text)),
        }
    }

    fn date(&self, date: &Date) -> Option<PartialDate> {
        match date {
            Date::Item(item) => date_in(self.of(*item).text).ok(),
            Date::Literal(date) => Some(*date),
            Date::Today => Some(self.with.as_of),
        }
    }

    fn number(&self, wanted: &'c Number) -> Option<(f64, f64)> {
        let exact = |n: f64| Some((n, n));
        let span = |span: Span| Some((f64::from(span.low), f64::from(span.high)));
        match wanted {
            Number::Literal(n) => exact(*n),
            Number::Of(text) => number(self.text(text)?.text).and_then(exact),
            Number::Year(Date::Item(item)) if item.slot == Slot::date_of_diagnosis() && item.whose == Whose::Own => {
                self.own.dx_year.and_then(|year| exact(f64::from(year)))
            }
            Number::Year(date) => exact(f64::from(self.date(date)?.year())),
            Number::Month(date) => exact(f64::from(self.date(date)?.month()?)),
            Number::Age(birth, on) => span(self.date(birth)?.age_on(self.date(on)?)?),
            Number::Days(from, to) => span(self.date(from)?.days_until(self.date(to)?)),
            Number::Months(from, to) => span(self.date(from)?.months_until(self.date(to)?)),
            Number::Length(text) => exact(self.text(text)?.text.chars().count() as f64),
            Number::Tumors(body) => {
                let answers = self.case.tumors.iter().map(|tumor| self.looking_at(tumor).ask(body));
                self.count(answers)
            }
            Number::Count(all) => self.count(all.iter().map(|one| self.ask(one))),
            Number::Highest(all) => {
                let known = all.iter().filter_map(|one| self.number(one));
                known.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
            }
            Number::Sum(a, b) => self.both(a, b).map(|(a, b)| (a.0 + b.0, a.1 + b.1)),
            Number::Less(a, b) => self.both(a, b).map(|(a, b)| (a.0 - b.1, a.1 - b.0)),
            Number::Product(a, b) => self.both(a, b).map(|(a, b)| (a.0 * b.0, a.1 * b.1)),
        }
    }

    fn both(&self, a: &'c Number, b: &'c Number) -> Option<((f64, f64), (f64, f64))> {
        Some((self.number(a)?, self.number(b)?))
    }

    /// How many are true at least, and at most.
    fn count(&self, answers: impl Iterator<Item = Option<bool>>) -> Option<(f64, f64)> {
        let (mut low, mut high) = (0.0, 0.0);
        for answer in answers {
            low += f64::from(u8::from(answer == Some(true)));
            high += f64::from(u8::from(answer != Some(false)));
        }
        Some((low, high))
    }

    fn looking_at(&self, tumor: &'c TumorCase<'a>) -> Frame<'c, 'a> {
        Frame { own: tumor, other: Some(self.own), ..*self }
    }

    /// The answer.
    pub fn ask(&self, expression: &'c Expression) -> Option<bool> {
        match expression {
            Expression::Always => Some(true),
            Expression::Never => Some(false),
            Expression::Not(inner) => self.ask(inner).map(|answer| !answer),
            Expression::Term { is, .. } => self.ask(is),
            Expression::NotShown(inner) => Some(self.ask(inner) != Some(true)),
            Expression::And(all) | Expression::Group { any: false, each: all } => self.all(all),
            Expression::Or(all) | Expression::Group { any: true, each: all } => self.any(all),
            Expression::In { text, set, negated } => {
                let value = self.text_or_blank(text)?;
                if value.is_blank() {
                    return match set.has_blank {
                        true if self.no_blanks && !negated => Some(false),
                        true => Some(!negated),
                        false => None,
                    };
                }
                Some(set.holds(value) != *negated)
            }
            Expression::Between { number, ranges, negated } => {
                let (low, high) = self.number(number)?;
                let inside = ranges.iter().any(|(from, to)| *from <= low && high <= *to);
                let apart = ranges.iter().all(|(from, to)| high < *from || *to < low);
                (inside || apart).then_some(inside != *negated)
            }
            Expression::Same { a, b, negated } => Some((self.text(a)?.text == self.text(b)?.text) != *negated),
            Expression::SameDay { a, b, negated } => {
                yes_or_no(self.date(a)?.is_same_day(self.date(b)?)).map(|same| same != *negated)
            }
            Expression::Before { a, b, .. } => yes_or_no(self.date(a)?.is_before(self.date(b)?)),
            Expression::Compare { a, order, b } => {
                let (a, b) = self.both(a, b)?;
                compare(a, *order, b)
            }
            Expression::Blank { text, negated } => {
                let blank = self.text_or_blank(text)?.is_blank();
                Some(if self.no_blanks && !negated { false } else { blank != *negated })
            }
            Expression::Known { text, negated } => Some(self.is_known(text) != *negated),
            Expression::Starts { text, heads, negated } => {
                let value = self.text(text)?.text;
                Some(heads.iter().any(|head| value.starts_with(head.as_str())) != *negated)
            }
            Expression::Like { text, picture, negated } => Some(like(self.text(text)?.text, picture) != *negated),
            Expression::Contains { text, words, negated } => {
                let value = self.text(text)?.text.to_uppercase();
                Some(words.iter().any(|word| value.contains(word.as_str())) != *negated)
            }
            Expression::Rows { texts, rows, negated, .. } => {
                let values: Option<Vec<Value<'_>>> = texts.iter().map(|text| self.text_or_blank(text)).collect();
                let values = values?;
                let mut unknown = false;
                for row in rows.iter() {
                    let mut answer = Some(true);
                    for (set, value) in row.iter().zip(&values) {
                        match value.is_blank() {
                            true if set.has_blank => {}
                            true => answer = answer.and(None),
                            false if set.holds(*value) => {}
                            false => {
                                answer = Some(false);
                                break;
                            }
                        }
                    }
                    match answer {
                        Some(true) => return Some(!negated),
                        None => unknown = true,
                        Some(false) => {}
                    }
                }
                (!unknown).then_some(*negated)
            }
            Expression::Call { check, of } => check.ask(of, self),
            Expression::Tumors { which, body } => {
                let tumors = self
                    .case
                    .tumors
                    .iter()
                    .filter(|tumor| *which != Tumors::AnyOther || !std::ptr::eq::<TumorCase<'a>>(*tumor, self.own));
                let mut answers = tumors.map(|tumor| self.looking_at(tumor).ask(body));
                let decisive = *which != Tumors::All;
                fold(&mut answers, decisive)
            }
        }
    }

    fn all(&self, all: &'c [Expression]) -> Option<bool> {
        fold(&mut all.iter().map(|one| self.ask(one)), false)
    }

    fn any(&self, all: &'c [Expression]) -> Option<bool> {
        fold(&mut all.iter().map(|one| self.ask(one)), true)
    }

    fn is_known(&self, text: &'c Text) -> bool {
        let Some(value) = self.text(text) else { return false };
        match text {
            Text::Item(item) if item.slot.is_date() => date_in(value.text).is_ok(),
            Text::Item(item) => !means_missing(item.slot, value.text),
            _ => true,
        }
    }
}

/// The answer `decisive` as soon as one gives it; unknown if one is unknown; else the opposite.
fn fold(answers: &mut dyn Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for answer in answers {
        match answer {
            Some(answer) if answer == decisive => return Some(decisive),
            None => result = None,
            Some(_) => {}
        }
    }
    result
}

fn yes_or_no(answer: Answer) -> Option<bool> {
    match answer {
        Answer::Yes => Some(true),
        Answer::No => Some(false),
        Answer::Unknown => None,
    }
}

fn compare((al, ah): (f64, f64), order: Order, (bl, bh): (f64, f64)) -> Option<bool> {
    let decide = |yes: bool, no: bool| (yes || no).then_some(yes);
    match order {
        Order::Same => decide(al == ah && bl == bh && al == bl, ah < bl || bh < al),
        Order::Different => compare((al, ah), Order::Same, (bl, bh)).map(|same| !same),
        Order::Less => decide(ah < bl, al >= bh),
        Order::AtLeast => decide(al >= bh, ah < bl),
        Order::More => decide(al > bh, ah <= bl),
        Order::AtMost => decide(ah <= bl, al > bh),
    }
}

/// `#` digit, `@` letter, `?` any character, `*` any rest; all else is itself.
pub(crate) fn like(value: &str, picture: &str) -> bool {
    let mut characters = value.chars();
    for sign in picture.chars() {
        if sign == '*' {
            return true;
        }
        let Some(c) = characters.next() else { return false };
        let fits = match sign {
            '#' => c.is_ascii_digit(),
            '@' => c.is_ascii_alphabetic(),
            '?' => true,
            other => c == other,
        };
        if !fits {
            return false;
        }
    }
    characters.next().is_none()
}

/// Whether the value is a code that says nothing is known.
pub(crate) fn means_missing(slot: Slot, value: &str) -> bool {
    let Some(set) = set_of(slot) else { return false };
    set.code(value).map(|code| code.missing).or_else(|| set.range(value).map(|r| r.missing)).unwrap_or(false)
}

/// The value set of an item.
pub(crate) fn set_of(slot: Slot) -> Option<&'static ValueSet> {
    static SETS: std::sync::LazyLock<Vec<Option<&'static ValueSet>>> =
        std::sync::LazyLock::new(|| Slot::all().map(|slot| value_set(slot.id())).collect());
    SETS.get(slot.at()).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_answer_only_what_is_certain() {
        assert_eq!(compare((1.0, 3.0), Order::Less, (4.0, 4.0)), Some(true));
        assert_eq!(compare((1.0, 4.0), Order::Less, (4.0, 4.0)), None);
        assert_eq!(compare((4.0, 5.0), Order::Less, (4.0, 4.0)), Some(false));
        assert_eq!(compare((1.0, 2.0), Order::Different, (3.0, 3.0)), Some(true));
        assert_eq!(compare((1.0, 3.0), Order::Same, (3.0, 3.0)), None);
        assert_eq!(compare((3.0, 3.0), Order::AtMost, (3.0, 4.0)), Some(true));
        assert_eq!(compare((3.0, 4.0), Order::More, (3.0, 3.0)), None);
    }

    #[test]
    fn pictures_tell_digits_from_letters() {
        assert!(like("K1A0B1", "@#@#@#") && !like("K1A0B", "@#@#@#") && !like("1KA0B1", "@#@#@#"));
        assert!(like("C50.9", "C*") && like("12", "#?") && !like("1", "#?"));
    }
}
