//! The right side of a question and the values on both: sets of codes, items, functions, dates, numbers; which kind of
//! value stands where.
//!
//! ```text
//! value   = factor { ("+"|"-") factor }     factor = simple { "*" simple }     simple = item | function "(" … ")" | term
//! set     = "[" element { "," element } "]" | NAME       element = code | code "-" code | "blank" | NAME
//! ```

use super::*;

impl Parser<'_> {
    pub(super) fn set_for(&mut self, text: &Text) -> Result<CodeSet, Wrong> {
        let (slot, schema) = subject_kind(text);
        if let Some(name) = self.word().map(str::to_owned) {
            let at = self.at();
            let Some(set) = self.terms.sets.get(&name) else {
                return wrong(at, format!("there is no code set {name}; a list of codes stands in [ ]"));
            };
            self.next += 1;
            return Ok(set.clone());
        }
        self.set(slot, schema)
    }

    pub(super) fn set(&mut self, slot: Option<Slot>, schema: bool) -> Result<CodeSet, Wrong> {
        let at = self.at();
        self.expect("[")?;
        let mut set = CodeSet::default();
        while !self.takes("]") {
            if !set.is_empty() {
                self.expect(",")?;
            }
            self.element(&mut set, slot, schema)?;
        }
        if set.is_empty() {
            return wrong(at, "the set is empty");
        }
        Ok(set)
    }

    pub(super) fn element(&mut self, set: &mut CodeSet, slot: Option<Slot>, schema: bool) -> Result<(), Wrong> {
        let at = self.at();
        let quoted = matches!(self.peek(), Some(Token::Text(_)));
        let low = self.code()?;
        if !quoted && low == "blank" {
            set.add_blank();
            return Ok(());
        }
        if !quoted && let Some(named) = self.terms.sets.get(&low) {
            set.add_set(named);
            return Ok(());
        }
        if !quoted && looks_like_a_name(&low) {
            return wrong(at, format!("there is no code set {low}"));
        }
        if self.takes("-") {
            let high = self.code()?;
            if let Err(bad) = set.add_range(&low, &high) {
                return wrong(at, bad.to_string());
            }
            return Ok(());
        }
        check_code(slot, schema, &low, at)?;
        set.add(&low);
        Ok(())
    }

    pub(super) fn code(&mut self) -> Result<String, Wrong> {
        match self.peek().cloned() {
            Some(Token::Word(code) | Token::Text(code)) => {
                self.next += 1;
                Ok(code)
            }
            other => {
                let found = other.as_ref().map_or_else(|| "the end".to_owned(), show);
                wrong(self.at(), format!("a code should stand here; found {found}"))
            }
        }
    }

    pub(super) fn texts(&mut self) -> Result<Vec<String>, Wrong> {
        if !self.takes("[") {
            return Ok(vec![self.code()?]);
        }
        let mut all = vec![self.code()?];
        while self.takes(",") {
            all.push(self.code()?);
        }
        self.expect("]")?;
        Ok(all)
    }

    pub(super) fn literal_number(&mut self) -> Result<f64, Wrong> {
        let at = self.at();
        let minus = self.takes("-");
        let code = self.code()?;
        match code.parse::<f64>() {
            Ok(number) => Ok(if minus { -number } else { number }),
            Err(_) => wrong(at, format!("{code} is no number")),
        }
    }

    pub(super) fn number_ranges(&mut self) -> Result<Vec<(f64, f64)>, Wrong> {
        self.expect("[")?;
        let mut ranges = Vec::new();
        loop {
            let at = self.at();
            let low = self.literal_number()?;
            let high = if self.takes("-") { self.literal_number()? } else { low };
            if low > high {
                return wrong(at, "the range is empty: its end comes before its start");
            }
            ranges.push((low, high));
            if !self.takes(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(ranges)
    }

    pub(super) fn is_name(&self, word: &str) -> bool {
        let bare = word.split_once('.').map_or(word, |(owner, rest)| match owner {
            "a" | "b" | "this" => rest,
            _ => word,
        });
        Slot::of(bare).is_some()
            || matches!(word, "today" | "schema")
            || matches!(self.ahead(1), Some(Token::Sign("(")))
    }

    /// A value with sums and products.
    pub(super) fn value(&mut self) -> Result<Operand, Wrong> {
        let at = self.at();
        let mut value = self.factor()?;
        loop {
            let sign = match self.peek() {
                Some(Token::Sign(sign @ ("+" | "-"))) => *sign,
                _ => return Ok(value),
            };
            self.next += 1;
            let a = self.number_of(value, at)?;
            let at = self.at();
            let operand = self.factor_or_literal()?;
            let b = self.number_of(operand, at)?;
            value = Operand::Number(match sign {
                "+" => Number::Sum(Box::new(a), Box::new(b)),
                _ => Number::Less(Box::new(a), Box::new(b)),
            });
        }
    }

    pub(super) fn factor(&mut self) -> Result<Operand, Wrong> {
        let at = self.at();
        let mut value = self.simple()?;
        while self.takes("*") {
            let a = self.number_of(value, at)?;
            let at = self.at();
            let operand = match self.word().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
                true => Operand::Number(Number::Literal(self.literal_number()?)),
                false => self.simple()?,
            };
            let b = self.number_of(operand, at)?;
            value = Operand::Number(Number::Product(Box::new(a), Box::new(b)));
        }
        Ok(value)
    }

    pub(super) fn factor_or_literal(&mut self) -> Result<Operand, Wrong> {
        match self.word().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
            true => Ok(Operand::Number(Number::Literal(self.literal_number()?))),
            false => self.factor(),
        }
    }

    pub(super) fn simple(&mut self) -> Result<Operand, Wrong> {
        let at = self.at();
        let Some(word) = self.word().map(str::to_owned) else {
            let found = self.peek().map_or_else(|| "the end".to_owned(), show);
            return wrong(at, format!("an item or a function should stand here; found {found}"));
        };
        if matches!(self.ahead(1), Some(Token::Sign("("))) {
            self.next += 2;
            return self.function(&word, at);
        }
        self.next += 1;
        match word.as_str() {
            "today" => return Ok(Operand::Date(Date::Today)),
            "schema" => return Ok(Operand::Text(Text::Schema)),
            _ => {}
        }
        self.item(&word, at).map(Operand::Item)
    }

    pub(super) fn item(&self, word: &str, at: usize) -> Result<ItemOf, Wrong> {
        let (owner, id) = match word.split_once('.') {
            Some((owner @ ("a" | "b" | "this"), id)) => (owner, id),
            _ => ("", word),
        };
        let Some(slot) = Slot::of(id) else {
            return wrong(at, format!("{id} is no item of any NAACCR version, no term and no function"));
        };
        let whose = match (owner, self.level) {
            ("a", Scope::Pair) => Whose::Own,
            ("b", Scope::Pair) => Whose::Other,
            ("", Scope::Pair) if !slot.is_of_patient() => {
                return wrong(at, format!("in a pair write a.{id} or b.{id}"));
            }
            ("", Scope::Patient) if !slot.is_of_patient() && !self.inside => {
                return wrong(at, format!("{id} is an item of a tumor; ask for it with any tumor (…)"));
            }
            ("this", Scope::Tumor) if self.inside => Whose::Other,
            ("", _) => Whose::Own,
            (owner, _) => return wrong(at, format!("{owner}. has no meaning here")),
        };
        Ok(ItemOf { whose, slot })
    }

    pub(super) fn function(&mut self, name: &str, at: usize) -> Result<Operand, Wrong> {
        let operand = match name {
            "year" => Operand::Number(Number::Year(self.date()?)),
            "month" => Operand::Number(Number::Month(self.date()?)),
            "age" | "days" | "months" => {
                let from = self.date()?;
                self.expect(",")?;
                let to = self.date()?;
                Operand::Number(match name {
                    "age" => Number::Age(from, to),
                    "days" => Number::Days(from, to),
                    _ => Number::Months(from, to),
                })
            }
            "length" => Operand::Number(Number::Length(self.inner_text()?)),
            "number" => Operand::Number(Number::Of(self.inner_text()?)),
            "left" => {
                let text = self.inner_text()?;
                self.expect(",")?;
                Operand::Text(Text::Part(Box::new(text), 0, self.whole()?))
            }
            "part" => {
                let text = self.inner_text()?;
                self.expect(",")?;
                let from = self.whole()?;
                self.expect(",")?;
                Operand::Text(Text::Part(Box::new(text), from.saturating_sub(1), self.whole()?))
            }
            "setting" => Operand::Text(Text::Setting(self.code()?.as_str().into())),
            "tumors" => {
                if self.inside || self.level == Scope::Pair {
                    return wrong(at, "tumors cannot be counted inside another question about tumors, nor in a pair");
                }
                self.inside = true;
                let body = self.or()?;
                self.inside = false;
                Operand::Number(Number::Tumors(Box::new(body)))
            }
            "count" => Operand::Number(Number::Count(self.each_of_group()?)),
            "highest" => {
                let items = self.group()?;
                Operand::Number(Number::Highest(items.into_iter().map(|item| Number::Of(Text::Item(item))).collect()))
            }
            _ => match Source::named(name) {
                Some(source) => Operand::Text(Text::Found(source, Box::new(self.inner_text()?))),
                None => {
                    return wrong(
                        at,
                        format!(
                            "there is no function {name}(); there are year, month, age, days, months, length, number, left, part, setting, tumors, count, highest, site_group, digits and {}",
                            Check::names().collect::<Vec<_>>().join(", ")
                        ),
                    );
                }
            },
        };
        self.expect(")")?;
        Ok(operand)
    }

    pub(super) fn whole(&mut self) -> Result<usize, Wrong> {
        let at = self.at();
        let number = self.literal_number()?;
        if number < 0.0 || number.fract() != 0.0 || number > 4000.0 {
            return wrong(at, "a whole number of characters should stand here");
        }
        Ok(number as usize)
    }

    pub(super) fn inner_text(&mut self) -> Result<Text, Wrong> {
        let at = self.at();
        let operand = self.value()?;
        self.text_of(operand, at)
    }

    pub(super) fn date(&mut self) -> Result<Date, Wrong> {
        let at = self.at();
        let literal = match self.peek() {
            Some(Token::Word(word)) if word.starts_with(|c: char| c.is_ascii_digit()) => Some(word.clone()),
            Some(Token::Text(text)) => Some(text.clone()),
            _ => None,
        };
        if let Some(text) = literal {
            self.next += 1;
            return match PartialDate::parse(&text) {
                Ok(date) => Ok(Date::Literal(date)),
                Err(bad) => wrong(at, format!("{text}: {bad}")),
            };
        }
        let operand = self.simple()?;
        self.date_of(operand, at)
    }

    pub(super) fn text_of(&self, operand: Operand, at: usize) -> Result<Text, Wrong> {
        match operand {
            Operand::Item(item) => Ok(Text::Item(item)),
            Operand::Text(text) => Ok(text),
            Operand::Date(_) => wrong(at, "a date is compared with before, after or ="),
            Operand::Number(_) => wrong(at, "a number is compared with =, <>, <, <=, >, >= or in [ ]"),
        }
    }

    pub(super) fn date_of(&self, operand: Operand, at: usize) -> Result<Date, Wrong> {
        match operand {
            Operand::Item(item) if item.slot.is_date() => Ok(Date::Item(item)),
            Operand::Date(date) => Ok(date),
            Operand::Item(item) => wrong(at, format!("{} holds no date", item.slot.id())),
            _ => wrong(at, "a date should stand here"),
        }
    }

    pub(super) fn number_of(&self, operand: Operand, at: usize) -> Result<Number, Wrong> {
        match operand {
            Operand::Item(item) if item.slot.is_date() => {
                wrong(at, format!("{} is a date: ask with before or after, or year()", item.slot.id()))
            }
            Operand::Item(item) => Ok(Number::Of(Text::Item(item))),
            Operand::Text(text) => Ok(Number::Of(text)),
            Operand::Number(number) => Ok(number),
            Operand::Date(_) => wrong(at, "a date is compared with before or after"),
        }
    }
}

pub(super) fn subject_kind(text: &Text) -> (Option<Slot>, bool) {
    match text {
        Text::Item(item) => (Some(item.slot), false),
        other => (None, *other == Text::Schema),
    }
}

/// `ILL_DEFINED`, never a code.
pub(super) fn looks_like_a_name(word: &str) -> bool {
    word.len() > 3
        && word.contains('_')
        && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
}

/// A code must be one the item can hold.
fn check_code(slot: Option<Slot>, schema: bool, code: &str, at: usize) -> Result<(), Wrong> {
    if schema {
        let edition: &Edition = Algorithm::Eod.shipped();
        return match edition.schema(code) {
            Some(_) => Ok(()),
            None => wrong(at, format!("{code} is no schema of EOD {}", edition.version())),
        };
    }
    let Some(slot) = slot else { return Ok(()) };
    let length = slot.item().length as usize;
    if code.len() > length && !slot.item().unlimited_text {
        return wrong(at, format!("{code} has {} characters, but {} has {length} at most", code.len(), slot.id()));
    }
    if slot.item().data_type.fills_its_length() && code.len() != length {
        return wrong(at, format!("{code} has {} characters, but {} has exactly {length}", code.len(), slot.id()));
    }
    match set_of(slot) {
        Some(set) if set.completeness() == Completeness::Closed && !set.lists(code) => {
            wrong(at, format!("{} has no code {code}", slot.id()))
        }
        _ => Ok(()),
    }
}
