//! A rule in words: an expression written out with the names of items and the meaning of codes.

use super::eval::set_of;
use super::expression::{Date, Expression, ItemOf, Number, Text, Tumors, Whose};
use super::frame::{Edit, Scope};

/// What an edit says, in a sentence or two.
pub fn rule_in_words(edit: &Edit) -> String {
    let subject = match edit.level {
        Scope::Tumor => "",
        Scope::Patient => "For a patient: ",
        Scope::Pair => "For two tumors of a patient: ",
    };
    let when = match &edit.when {
        Expression::Always => String::new(),
        when => format!("when {}, ", in_words(when, edit.level)),
    };
    let years = match edit.years.to_string().as_str() {
        "all" => String::new(),
        years => format!(" Diagnoses of {years}."),
    };
    format!("{subject}{when}it fails if {}.{years}", in_words(&edit.fail, edit.level))
}

/// An expression in words.
pub(crate) fn in_words(expression: &Expression, level: Scope) -> String {
    Writer { level }.say(expression)
}

struct Writer {
    level: Scope,
}

fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

impl Writer {
    fn say(&self, expression: &Expression) -> String {
        match expression {
            Expression::Always => "always".into(),
            Expression::Never => "never".into(),
            Expression::Not(inner) => format!("not ({})", self.say(inner)),
            Expression::NotShown(inner) => format!("it is not shown that {}", self.part(inner)),
            Expression::Term { name, .. } => name.replace('_', " "),
            Expression::And(all) => self.list(all, " and "),
            Expression::Or(all) => self.list(all, " or "),
            Expression::Group { any, each } => self.list(each, if *any { " or " } else { " and " }),
            Expression::In { text, set, negated } => self.membership(text, set.parts(), *negated),
            Expression::Between { number, ranges, negated } => {
                let spans: Vec<String> =
                    ranges.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a} to {b}") }).collect();
                format!("{} is {}{}", self.number(number), not(*negated), spans.join(" or "))
            }
            Expression::Same { a, b, negated } => {
                format!("{} is {}the same as {}", self.text(a), not(*negated), self.text(b))
            }
            Expression::SameDay { a, b, negated: true } => {
                format!("{} certainly differs from {}", self.date(a), self.date(b))
            }
            Expression::SameDay { a, b, .. } => format!("{} is the day of {}", self.date(a), self.date(b)),
            Expression::Before { a, b, after: false } => {
                format!("{} is certainly before {}", self.date(a), self.date(b))
            }
            Expression::Before { a, b, .. } => format!("{} is certainly after {}", self.date(b), self.date(a)),
            Expression::Compare { a, order, b } => {
                let words = match order.sign() {
                    "=" => "is",
                    "<>" => "is not",
                    "<" => "is less than",
                    "<=" => "is at most",
                    ">" => "is more than",
                    _ => "is at least",
                };
                format!("{} {words} {}", self.number(a), self.number(b))
            }
            Expression::Blank { text, negated } => format!("{} is {}blank", self.text(text), not(*negated)),
            Expression::Known { text, negated } => format!("{} is {}known", self.text(text), not(*negated)),
            Expression::Starts { text, heads, negated: false } => {
                format!("{} starts with {}", self.text(text), heads.join(" or "))
            }
            Expression::Starts { text, heads, .. } => {
                format!("{} does not start with {}", self.text(text), heads.join(" or "))
            }
            Expression::Like { text, picture, negated } => {
                format!("{} has {}the form {picture}", self.text(text), not(*negated))
            }
            Expression::Contains { text, words, negated } => {
                let verb = if *negated { "does not contain" } else { "contains" };
                format!("{} {verb} {}", self.text(text), words.join(" or "))
            }
            Expression::Rows { texts, rows, table, negated } => {
                let values: Vec<String> = texts.iter().map(|text| self.text(text)).collect();
                let what = if table.is_empty() {
                    format!("{} listed combinations", rows.len())
                } else {
                    format!("table {table}")
                };
                format!("{} together are {}in {what}", values.join(", "), not(*negated))
            }
            Expression::Call { check, of } => {
                let values: Vec<String> = of.iter().map(|text| self.text(text)).collect();
                format!("{}: {}", check.in_words(), values.join(", "))
            }
            Expression::Tumors { which, body } => {
                let which = match which {
                    Tumors::Any => "for some tumor",
                    Tumors::All => "for every tumor",
                    Tumors::AnyOther => "for another tumor of the patient",
                };
                format!("{which} {}", self.part(body))
            }
        }
    }

    fn list(&self, all: &[Expression], with: &str) -> String {
        all.iter().map(|one| self.part(one)).collect::<Vec<_>>().join(with)
    }

    fn part(&self, expression: &Expression) -> String {
        match expression {
            Expression::And(_) | Expression::Or(_) => format!("({})", self.say(expression)),
            _ => self.say(expression),
        }
    }

    fn membership(&self, text: &Text, parts: &[String], negated: bool) -> String {
        let label = |code: &str| -> String {
            let Text::Item(item) = text else { return code.to_owned() };
            let named =
                set_of(item.slot).and_then(|set| set.code(code)).map(|code| code.label).filter(|l| !l.is_empty());
            match named {
                Some(label) if parts.len() <= 4 => format!("{code} ({})", label.chars().take(50).collect::<String>()),
                _ => code.to_owned(),
            }
        };
        let codes: Vec<String> = parts
            .iter()
            .map(|part| if part.contains('-') { part.replacen('-', " to ", 1) } else { label(part) })
            .collect();
        format!("{} is {}{}", self.text(text), not(negated), codes.join(" or "))
    }

    fn item(&self, item: ItemOf) -> String {
        let label = item.slot.label();
        match (item.whose, self.level) {
            (Whose::Other, Scope::Pair) => format!("{label} of the other tumor"),
            (Whose::Other, _) => format!("{label} of this tumor"),
            _ => label.to_owned(),
        }
    }

    fn text(&self, text: &Text) -> String {
        match text {
            Text::Item(item) => self.item(*item),
            Text::Literal(text) => text.to_string(),
            Text::Part(inner, 0, many) => format!("the first {many} characters of {}", self.text(inner)),
            Text::Part(inner, from, many) => {
                format!("characters {} to {} of {}", from + 1, from + many, self.text(inner))
            }
            Text::Schema => "the schema".into(),
            Text::Found(source, inner) => format!("{} of {}", source.name().replace('_', " "), self.text(inner)),
            Text::Setting(name) => format!("the setting {name}"),
        }
    }

    fn date(&self, date: &Date) -> String {
        match date {
            Date::Item(item) => self.item(*item),
            Date::Literal(date) => date.screen(),
            Date::Today => "today".into(),
        }
    }

    fn number(&self, number: &Number) -> String {
        match number {
            Number::Literal(n) => n.to_string(),
            Number::Of(text) => self.text(text),
            Number::Year(date) => format!("the year of {}", self.date(date)),
            Number::Month(date) => format!("the month of {}", self.date(date)),
            Number::Age(a, b) => format!("the age from {} to {}", self.date(a), self.date(b)),
            Number::Days(a, b) => format!("the days from {} to {}", self.date(a), self.date(b)),
            Number::Months(a, b) => format!("the months from {} to {}", self.date(a), self.date(b)),
            Number::Length(text) => format!("the length of {}", self.text(text)),
            Number::Tumors(body) => format!("the number of tumors for which {}", self.say(body)),
            Number::Count(all) => format!("the number of these that hold: {}", self.list(all, "; ")),
            Number::Highest(all) => {
                let all: Vec<String> = all.iter().map(|one| self.number(one)).collect();
                format!("the highest of {}", all.join(", "))
            }
            Number::Sum(a, b) => format!("{} plus {}", self.number(a), self.number(b)),
            Number::Less(a, b) => format!("{} less {}", self.number(a), self.number(b)),
            Number::Product(a, b) => format!("{} times {}", self.number(a), self.number(b)),
        }
    }
}
