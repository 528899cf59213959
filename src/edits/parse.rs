//! Reads an expression and resolves every name in it.
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | question
//! question= "(" or ")" | "always" | "never" | "not_shown" "(" or ")" | term | function "(" … ")"
//!         | "any of" group tail | "all of" group tail | "any tumor" "(" or ")" | "all tumors" … | "any other tumor" …
//!         | "(" value { "," value } ")" ["not"] "in" ( TABLE | "[" rows "]" )
//!         | value tail
//! tail    = ("="|"<>"|"<"|"<="|">"|">=") value | ["not"] "in" set | ["not"] "blank" | ["not"] "known"
//!         | "before" date | "after" date | ["not"] "starts with" set | ["not"] "like" text | ["not"] "contains" set
//! ```

mod values;

use std::sync::Arc;

use super::calls::{Check, Source};
use super::code_set::CodeSet;
use super::eval::set_of;
use super::expression::{Date, Expression, ItemOf, Number, Order, Text, Tumors, Whose};
use super::frame::Scope;
use super::lexer::{Piece, Token, Wrong, pieces, wrong};
use super::slots::Slot;
use super::terms::Terms;
use crate::dates::PartialDate;
use crate::naaccr::value_sets::Completeness;
use crate::staging::{Algorithm, Edition};
use values::subject_kind;

/// How deep brackets may stand inside each other.
const DEEPEST: usize = 40;

/// Reads an expression for a rule of a level.
pub(crate) fn parse(text: &str, level: Scope, terms: &Terms) -> Result<Expression, Wrong> {
    let mut parser = Parser { pieces: pieces(text)?, next: 0, end: text.len(), level, terms, inside: false, depth: 0 };
    if parser.pieces.is_empty() {
        return wrong(0, "the expression is empty; write always if nothing is to be asked");
    }
    let expression = parser.or()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            let found = show(token);
            wrong(parser.at(), format!("{found} stands where the expression should end, or go on with and / or"))
        }
    }
}

struct Parser<'t> {
    pieces: Vec<Piece>,
    next: usize,
    end: usize,
    level: Scope,
    terms: &'t Terms,
    /// Inside `any tumor (…)`.
    inside: bool,
    /// How many brackets are open.
    depth: usize,
}

enum Operand {
    Item(ItemOf),
    Text(Text),
    Date(Date),
    Number(Number),
}

fn show(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Text(text) => format!("'{text}'"),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.pieces.get(self.next).map(|piece| &piece.token)
    }

    fn at(&self) -> usize {
        self.pieces.get(self.next).map_or(self.end, |piece| piece.at)
    }

    fn word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn ahead(&self, n: usize) -> Option<&Token> {
        self.pieces.get(self.next + n).map(|piece| &piece.token)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = self.word() == Some(word);
        self.next += usize::from(is);
        is
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.takes(sign) {
            return Ok(());
        }
        let found = self.peek().map_or_else(|| "the end".to_owned(), show);
        wrong(self.at(), format!("{sign} is missing; found {found}"))
    }

    fn or(&mut self) -> Result<Expression, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return wrong(self.at(), format!("more than {DEEPEST} brackets stand inside each other"));
        }
        let mut all = vec![self.and()?];
        while self.takes_word("or") {
            all.push(self.and()?);
        }
        self.depth -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::Or(all) })
    }

    fn and(&mut self) -> Result<Expression, Wrong> {
        let mut all = vec![self.not()?];
        while self.takes_word("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn not(&mut self) -> Result<Expression, Wrong> {
        let mut turned = false;
        while self.takes_word("not") {
            turned = !turned;
        }
        let question = self.question()?;
        Ok(if turned { Expression::Not(Box::new(question)) } else { question })
    }

    fn question(&mut self) -> Result<Expression, Wrong> {
        let at = self.at();
        if self.takes("(") {
            if self.is_tuple() {
                return self.tuple();
            }
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let Some(word) = self.word().map(str::to_owned) else {
            let found = self.peek().map_or_else(|| "the end".to_owned(), show);
            return wrong(at, format!("an item, a term or a function should stand here; found {found}"));
        };
        match word.as_str() {
            "always" => {
                self.next += 1;
                return Ok(Expression::Always);
            }
            "never" => {
                self.next += 1;
                return Ok(Expression::Never);
            }
            "any" | "all" => return self.quantified(word == "any"),
            "not_shown" => {
                self.next += 1;
                self.expect("(")?;
                let inner = self.or()?;
                self.expect(")")?;
                return Ok(Expression::NotShown(Box::new(inner)));
            }
            _ => {}
        }
        if let Some((check, many)) = Check::named(&word)
            && matches!(self.ahead(1), Some(Token::Sign("(")))
        {
            self.next += 2;
            return self.call(check, many, at);
        }
        if let Some(expression) = self.terms.named.get(&word)
            && Slot::of(&word).is_none()
        {
            self.next += 1;
            return Ok(Expression::Term { name: word.as_str().into(), is: Arc::clone(expression) });
        }
        let subject = self.value()?;
        self.tail(subject, at)
    }

    fn call(&mut self, check: Check, many: std::ops::RangeInclusive<usize>, at: usize) -> Result<Expression, Wrong> {
        let mut of = Vec::new();
        let mut excepting = false;
        while !self.takes(")") {
            if !of.is_empty() {
                self.expect(",")?;
            }
            if check == Check::Repeated && self.takes_word("except") {
                excepting = true;
            }
            let at = self.at();
            match self.pieces.get(self.next).map(|piece| piece.token.clone()) {
                Some(Token::Word(code)) if excepting => {
                    self.next += 1;
                    of.push(Text::Literal(code.as_str().into()));
                }
                Some(Token::Text(text)) => {
                    self.next += 1;
                    of.push(Text::Literal(text.as_str().into()));
                }
                _ => {
                    let operand = self.value()?;
                    of.push(self.text_of(operand, at)?);
                }
            }
        }
        if !many.contains(&of.len()) {
            return wrong(at, format!("{}() takes {} arguments, not {}", check.name(), many.end(), of.len()));
        }
        if check.wants_item() && !matches!(of.first(), Some(Text::Item(item)) if item.whose == Whose::Own) {
            return wrong(at, format!("{}() takes the name of an item of the tumor", check.name()));
        }
        Ok(Expression::Call { check, of })
    }

    fn quantified(&mut self, any: bool) -> Result<Expression, Wrong> {
        let start = self.at();
        self.next += 1;
        if self.takes_word("of") {
            return self.of_group(any);
        }
        let other = self.takes_word("other");
        if !(self.takes_word("tumor") || self.takes_word("tumors")) {
            return wrong(self.at(), "after any or all comes of and a group of items, or tumor");
        }
        let which = match (any, other) {
            (true, false) => Tumors::Any,
            (true, true) => Tumors::AnyOther,
            (false, false) => Tumors::All,
            (false, true) => {
                return wrong(start, "all other tumors is not a question; turn it round with not any other");
            }
        };
        let body = self.of_tumors()?;
        Ok(Expression::Tumors { which, body: Box::new(body) })
    }

    fn of_tumors(&mut self) -> Result<Expression, Wrong> {
        if self.inside || self.level == Scope::Pair {
            return wrong(self.at(), "tumors cannot be asked for inside another question about tumors, nor in a pair");
        }
        self.expect("(")?;
        self.inside = true;
        let body = self.or()?;
        self.inside = false;
        self.expect(")")?;
        Ok(body)
    }

    fn of_group(&mut self, any: bool) -> Result<Expression, Wrong> {
        let each = self.each_of_group()?;
        Ok(Expression::Group { any, each })
    }

    fn each_of_group(&mut self) -> Result<Vec<Expression>, Wrong> {
        let at = self.at();
        let items = self.group()?;
        let tail = self.next;
        let mut each = Vec::with_capacity(items.len());
        for item in items {
            self.next = tail;
            each.push(self.tail(Operand::Item(item), at)?);
        }
        Ok(each)
    }

    fn group(&mut self) -> Result<Vec<ItemOf>, Wrong> {
        let at = self.at();
        if self.takes("[") {
            let mut items = Vec::new();
            loop {
                let at = self.at();
                match self.value()? {
                    Operand::Item(item) => items.push(item),
                    _ => return wrong(at, "a group holds items"),
                }
                if !self.takes(",") {
                    break;
                }
            }
            self.expect("]")?;
            return Ok(items);
        }
        let Some(name) = self.word().map(str::to_owned) else {
            return wrong(at, "a group of items should stand here: a name in capitals or [item, item]");
        };
        let (whose, name) = match name.strip_prefix("this.") {
            Some(rest) if self.inside => (Whose::Other, rest.to_owned()),
            _ => (Whose::Own, name),
        };
        let Some(group) = self.terms.groups.get(&name) else {
            return wrong(at, format!("there is no group of items {name}"));
        };
        self.next += 1;
        Ok(group.iter().map(|slot| ItemOf { whose, slot: *slot }).collect())
    }

    /// After `(`: a comma at the same depth before the closing one.
    fn is_tuple(&self) -> bool {
        let mut depth = 0;
        for piece in &self.pieces[self.next..] {
            match piece.token {
                Token::Sign("(" | "[") => depth += 1,
                Token::Sign(")") if depth == 0 => return false,
                Token::Sign(")" | "]") => depth -= 1,
                Token::Sign(",") if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    fn tuple(&mut self) -> Result<Expression, Wrong> {
        let mut texts = Vec::new();
        loop {
            let at = self.at();
            let operand = self.value()?;
            texts.push(self.text_of(operand, at)?);
            if !self.takes(",") {
                break;
            }
        }
        self.expect(")")?;
        let negated = self.takes_word("not");
        if !self.takes_word("in") {
            return wrong(self.at(), "after values in brackets comes in, or not in");
        }
        let at = self.at();
        if let Some(name) = self.word().map(str::to_owned) {
            let Some(table) = self.terms.tables.get(&name) else {
                return wrong(at, format!("there is no table {name}"));
            };
            self.next += 1;
            if table.dated {
                let date = Text::Item(ItemOf { whose: Whose::Own, slot: Slot::date_of_diagnosis() });
                texts.insert(0, Text::Part(Box::new(date), 0, 4));
            }
            if texts.len() != table.columns {
                let dated = usize::from(table.dated);
                return wrong(at, format!("{name} has {} columns, not {}", table.columns - dated, texts.len() - dated));
            }
            return Ok(Expression::Rows { texts, rows: table.rows.clone(), table: name.as_str().into(), negated });
        }
        self.expect("[")?;
        let mut rows = Vec::new();
        loop {
            let at = self.at();
            self.expect("(")?;
            let mut row = Vec::new();
            loop {
                let of = texts.get(row.len());
                let slot = match of {
                    Some(Text::Item(item)) => Some(item.slot),
                    _ => None,
                };
                let set = if matches!(self.peek(), Some(Token::Sign("["))) {
                    self.set(slot, of == Some(&Text::Schema))?
                } else {
                    let mut set = CodeSet::default();
                    self.element(&mut set, slot, of == Some(&Text::Schema))?;
                    set
                };
                row.push(set);
                if !self.takes(",") {
                    break;
                }
            }
            self.expect(")")?;
            if row.len() != texts.len() {
                return wrong(at, format!("the row has {} cells, not {}", row.len(), texts.len()));
            }
            rows.push(row);
            if !self.takes(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Expression::Rows { texts, rows: Arc::new(rows), table: "".into(), negated })
    }

    fn tail(&mut self, subject: Operand, at: usize) -> Result<Expression, Wrong> {
        let here = self.at();
        if let Some(Token::Sign(sign)) = self.peek().cloned() {
            let order = match sign {
                "=" => Order::Same,
                "<>" => Order::Different,
                "<" => Order::Less,
                "<=" => Order::AtMost,
                ">" => Order::More,
                ">=" => Order::AtLeast,
                _ => return wrong(here, format!("{sign} says nothing about what stands before it")),
            };
            self.next += 1;
            return self.compared(subject, at, order);
        }
        let negated = self.takes_word("not");
        let here = self.at();
        let Some(word) = self.word().map(str::to_owned) else {
            return wrong(here, "a comparison is missing: =, in, blank, known, before …");
        };
        self.next += 1;
        match word.as_str() {
            "blank" => Ok(Expression::Blank { text: self.text_of(subject, at)?, negated }),
            "known" => Ok(Expression::Known { text: self.text_of(subject, at)?, negated }),
            "in" => match subject {
                Operand::Number(number) => Ok(Expression::Between { number, ranges: self.number_ranges()?, negated }),
                subject => {
                    let text = self.text_of(subject, at)?;
                    let set = self.set_for(&text)?;
                    Ok(Expression::In { text, set: Arc::new(set), negated })
                }
            },
            "before" | "after" if !negated => {
                let first = self.date_of(subject, at)?;
                let second = self.date()?;
                let after = word == "after";
                let (a, b) = if after { (second, first) } else { (first, second) };
                Ok(Expression::Before { a, b, after })
            }
            "starts" => {
                if !self.takes_word("with") {
                    return wrong(self.at(), "starts goes on with: with");
                }
                let text = self.text_of(subject, at)?;
                let heads = self.texts()?;
                Ok(Expression::Starts { text, heads, negated })
            }
            "like" => match self.peek().cloned() {
                Some(Token::Text(picture)) => {
                    self.next += 1;
                    Ok(Expression::Like { text: self.text_of(subject, at)?, picture, negated })
                }
                _ => wrong(self.at(), "like takes a picture in quotes: # digit, @ letter, ? any one, * any rest"),
            },
            "contains" => {
                let text = self.text_of(subject, at)?;
                let words = self.texts()?.into_iter().map(|word| word.to_uppercase()).collect();
                Ok(Expression::Contains { text, words, negated })
            }
            "before" | "after" => wrong(here, format!("write not ({word} …) around the whole question")),
            other => wrong(
                here,
                format!(
                    "{other} is no comparison; there are =, <>, <, <=, >, >=, in, blank, known, before, after, starts with, like, contains"
                ),
            ),
        }
    }

    fn compared(&mut self, subject: Operand, at: usize, order: Order) -> Result<Expression, Wrong> {
        let here = self.at();
        let equal = matches!(order, Order::Same | Order::Different);
        let negated = order == Order::Different;
        let is_operand = match self.peek() {
            Some(Token::Word(word)) => self.is_name(word),
            _ => false,
        };
        if !equal || matches!(subject, Operand::Number(_)) {
            let a = self.number_of(subject, at)?;
            let b = if is_operand {
                let operand = self.value()?;
                self.number_of(operand, here)?
            } else {
                Number::Literal(self.literal_number()?)
            };
            return Ok(Expression::Compare { a, order, b });
        }
        if is_operand {
            let other = self.value()?;
            let is_date = |operand: &Operand| match operand {
                Operand::Item(item) => item.slot.is_date(),
                Operand::Date(_) => true,
                _ => false,
            };
            if matches!(other, Operand::Number(_)) {
                let (a, b) = (self.number_of(subject, at)?, self.number_of(other, here)?);
                return Ok(Expression::Compare { a, order, b });
            }
            if is_date(&subject) && is_date(&other) {
                let (a, b) = (self.date_of(subject, at)?, self.date_of(other, here)?);
                return Ok(Expression::SameDay { a, b, negated });
            }
            let (a, b) = (self.text_of(subject, at)?, self.text_of(other, here)?);
            return Ok(Expression::Same { a, b, negated });
        }
        let text = self.text_of(subject, at)?;
        let mut set = CodeSet::default();
        let (slot, schema) = subject_kind(&text);
        self.element(&mut set, slot, schema)?;
        Ok(Expression::In { text, set: Arc::new(set), negated })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Expression, Wrong> {
        parse(text, Scope::Tumor, &Terms::default())
    }

    #[test]
    fn and_binds_before_or() {
        let Expression::Or(parts) = read("laterality = 1 or laterality = 2 and vitalStatus = 1").unwrap() else {
            panic!("or stands outside")
        };
        assert!(matches!(parts[..], [Expression::In { .. }, Expression::And(_)]));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (text, at, words) in [
            ("laterality = 7", 13, "has no code 7"),
            ("laterality in [1, 7]", 18, "has no code 7"),
            ("lateral = 1", 0, "is no item"),
            ("laterality = 1 laterality", 15, "should end"),
            ("dateOfDiagnosis < 2020", 0, "is a date"),
            ("laterality before dateOfDiagnosis", 0, "holds no date"),
            ("laterality in PAIRD", 14, "there is no code set PAIRD"),
            ("primarySite in [C50-C619]", 16, "different lengths"),
            ("schema in [brest]", 11, "is no schema"),
            ("any of NO_SUCH = 1", 7, "no group"),
            ("this.laterality = 1", 0, "has no meaning"),
            ("site_type(primarySite)", 0, "takes 3"),
            ("(primarySite, laterality) in NO_TABLE", 29, "no table"),
            ("laterality in []", 14, "empty"),
            ("", 0, "empty"),
            ("year(dateOfDiagnosis", 20, ") is missing"),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.at == at && found.message.contains(words), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_pair_names_its_tumors_and_a_patient_asks_for_them() {
        let level = |text: &str, level| parse(text, level, &Terms::default());
        assert!(level("a.primarySite = b.primarySite", Scope::Pair).is_ok());
        assert!(level("primarySite = C504", Scope::Pair).unwrap_err().message.contains("a.primarySite"));
        assert!(level("primarySite = C504", Scope::Patient).unwrap_err().message.contains("any tumor"));
        assert!(level("any tumor (primarySite = C504)", Scope::Patient).is_ok());
        assert!(level("any tumor (any tumor (laterality = 1))", Scope::Patient).is_err());
    }

    #[test]
    fn no_soup_of_words_and_signs_breaks_the_reader() {
        let words = [
            "(",
            ")",
            "[",
            "]",
            ",",
            "=",
            "<>",
            "<",
            "-",
            "+",
            "*",
            "and",
            "or",
            "not",
            "in",
            "blank",
            "known",
            "any",
            "all",
            "of",
            "tumor",
            "other",
            "year",
            "laterality",
            "primarySite",
            "C504",
            "1",
            "XX.9",
            "'x",
            "'",
            "this.laterality",
            "before",
            "dateOfDiagnosis",
            "starts",
            "with",
            "like",
            "count",
            "tumors",
            "schema",
            "today",
            "é",
            "..",
            "repeated",
            "except",
        ];
        let mut seed = 7u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(words[(seed >> 33) as usize % words.len()]);
                text.push(' ');
            }
            let _ = read(&text);
        }
        assert!(read(&"(".repeat(5_000)).unwrap_err().message.contains("brackets"));
        assert!(read(&format!("{}laterality = 1", "not ".repeat(5_000))).is_ok());
    }
}
