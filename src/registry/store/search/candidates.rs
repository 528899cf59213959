//! Looking candidates up. Every statement goes in by an index, has the scope on and a bound.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{BigInt, Nullable, Text};

use super::query::{AnyNumber, Reading};
use crate::dates::PartialDate;
use crate::matching::nicknames::other_names;
use crate::matching::similarity::{Compared, one_slip_away};
use crate::matching::sounds::{letter_key, sound_key};
use crate::matching::typed_name::NameReading;
use crate::registry::search_keys::ssn_hash;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{By, Conn, Dialect, StoreError, Value};

/// Patients by one of their names: those of the scope, live, and born within a span when one is asked for.
macro_rules! by_name {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT n.patient_id AS id FROM patient_name n WHERE ",
            $condition,
            " AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = n.patient_id AND s.facility_id IN (?)))",
            " AND EXISTS (SELECT 1 FROM patient_live p WHERE p.id = n.patient_id AND (? = 1 OR (p.birth_low <= ? AND p.birth_high >= ?)))",
            " ORDER BY ",
            $order,
            ", n.patient_id LIMIT ?"
        )
    };
}

const LAST: &str =
    by_name!("n.last_folded = ? AND n.first_folded >= ? AND n.first_folded < ?", "n.last_folded, n.first_folded");
const LAST_FIRSTS: &str = by_name!("n.last_folded = ? AND n.first_folded IN (?)", "n.last_folded, n.first_folded");
const LASTS: &str =
    by_name!("n.last_folded IN (?) AND n.first_folded >= ? AND n.first_folded < ?", "n.last_folded, n.first_folded");
const PREFIX: &str = by_name!(
    "n.last_folded >= ? AND n.last_folded < ? AND n.first_folded >= ? AND n.first_folded < ?",
    "n.last_folded, n.first_folded"
);
const SOUND: &str =
    by_name!("n.last_sound = ? AND n.first_folded >= ? AND n.first_folded < ?", "n.last_sound, n.first_folded");
const SOUND_FIRSTS: &str = by_name!("n.last_sound = ? AND n.first_folded IN (?)", "n.last_sound, n.first_folded");
const SOUND_2: &str =
    by_name!("n.last_sound_2 = ? AND n.first_folded >= ? AND n.first_folded < ?", "n.last_sound_2, n.first_folded");
const SOUND_2_FIRSTS: &str = by_name!("n.last_sound_2 = ? AND n.first_folded IN (?)", "n.last_sound_2, n.first_folded");

const BIRTH: &str = "SELECT p.id FROM patient_live p WHERE p.birth_low >= ? AND p.birth_low <= ? AND p.birth_high >= ? AND p.birth_high <= ? \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND s.facility_id IN (?))) \
     ORDER BY p.birth_low, p.id LIMIT ?";

/// A number of a facility is found only where that facility is in the scope and still reports the patient.
const NUMBER: &str = "SELECT i.patient_id AS id FROM patient_identifier i WHERE i.kind = ? AND i.value = ? \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = i.patient_id AND s.facility_id IN (?) \
     AND (i.facility_id = 0 OR i.facility_id = s.facility_id))) \
     AND EXISTS (SELECT 1 FROM patient_live p WHERE p.id = i.patient_id) ORDER BY i.patient_id LIMIT ?";

/// A patient number (20) of any sender, which stands before the sender's name.
const SENT: &str = "SELECT i.patient_id AS id FROM patient_identifier i WHERE i.kind = 'sent' AND i.value >= ? AND i.value < ? \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = i.patient_id AND s.facility_id IN (?))) \
     AND EXISTS (SELECT 1 FROM patient_live p WHERE p.id = i.patient_id) ORDER BY i.value, i.patient_id LIMIT ?";

/// Which of some last names occur within the scope.
const OCCURRING_SQLITE: &str = "SELECT l.value AS t FROM json_each(?) l WHERE EXISTS (SELECT 1 FROM patient_name n WHERE n.last_folded = l.value \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = n.patient_id AND s.facility_id IN (?))))";
const OCCURRING_POSTGRES: &str = "SELECT l.value AS t FROM json_array_elements_text((?)::json) AS l (value) \
     WHERE EXISTS (SELECT 1 FROM patient_name n WHERE n.last_folded = l.value \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = n.patient_id AND s.facility_id IN (?))))";

const NAMES_OF: &str = "SELECT n.patient_id, n.kind, n.last_folded, n.first_folded FROM patient_name n WHERE n.patient_id IN (?) ORDER BY n.patient_id, n.id";

/// Read again within the scope: whatever a look-up does, nobody outside it gets further than here.
const PATIENTS: &str = "SELECT p.id, p.last_name, p.first_name, p.birth_low, p.birth_high FROM patient_live p WHERE p.id IN (?) \
     AND (? = 1 OR EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND s.facility_id IN (?))) ORDER BY p.id";

/// The statements of patient search that are not written in one piece, by name, for the test of query plans.
pub const LIST_QUERIES: &[(&str, &str)] = &[
    ("search by last name", LAST),
    ("search by last name and first names", LAST_FIRSTS),
    ("search by last names", LASTS),
    ("search by the beginning of a last name", PREFIX),
    ("search by sound", SOUND),
    ("search by sound and first names", SOUND_FIRSTS),
    ("search by letters", SOUND_2),
    ("search by letters and first names", SOUND_2_FIRSTS),
];

/// Above every text that begins with the same letters.
const LAST_LETTER: char = '\u{10FFFF}';

const SHORT: i64 = 60;
const USUAL: i64 = 100;
const LONG: i64 = 200;

/// A patient who may be meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidate {
    pub id: i64,
    pub last_name: String,
    pub first_name: String,
    pub birth: (Option<i64>, Option<i64>),
    pub names: Vec<Name>,
    /// The kinds of numbers by which it was found.
    pub numbers: Vec<&'static str>,
}

/// One of a patient's names.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub kind: String,
    pub last: String,
    pub first: String,
}

#[derive(diesel::QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(diesel::QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    t: String,
}

#[derive(diesel::QueryableByName)]
struct NameRow {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    last_folded: String,
    #[diesel(sql_type = Text)]
    first_folded: String,
}

#[derive(diesel::QueryableByName)]
struct PatientRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_high: Option<i64>,
}

/// How a look-up by name limits the first name.
enum Firsts<'a> {
    /// Those beginning so; an empty text is any.
    Begin(&'a str),
    /// These.
    These(&'a [String]),
}

/// A way into the index of names.
#[derive(Clone, Copy)]
enum Door<'a> {
    Last(&'a str),
    Sound(&'a str),
    Letters(&'a str),
}

/// The look-ups of one search and what they found.
pub(super) struct Lookup<'c> {
    conn: &'c mut Conn,
    scope: ScopeBinds,
    as_written: bool,
    /// Birth dates a look-up by name is limited to, when it is.
    born: Option<(i64, i64)>,
    ids: BTreeSet<i64>,
    numbers: BTreeMap<i64, Vec<&'static str>>,
    capped: bool,
}

impl<'c> Lookup<'c> {
    pub fn new(conn: &'c mut Conn, by: &By, as_written: bool) -> Lookup<'c> {
        Lookup {
            conn,
            scope: ScopeBinds::of(by),
            as_written,
            born: None,
            ids: BTreeSet::new(),
            numbers: BTreeMap::new(),
            capped: false,
        }
    }

    /// What was found, with names and birth dates, by id; and whether a look-up came to its bound.
    pub fn taken(self) -> Result<(Vec<Candidate>, bool), StoreError> {
        let list = json_ids(self.ids.iter().copied());
        let rows = self.conn.rows::<PatientRow>(PATIENTS, &[Value::Ids(&list), self.scope.all(), self.scope.ids()])?;
        let names = self.conn.rows::<NameRow>(NAMES_OF, &[Value::Ids(&list)])?;
        let mut of_patient: BTreeMap<i64, Vec<Name>> = BTreeMap::new();
        for row in names {
            let name = Name { kind: row.kind, last: row.last_folded, first: row.first_folded };
            of_patient.entry(row.patient_id).or_default().push(name);
        }
        let mut numbers = self.numbers;
        let candidates = rows.into_iter().map(|row| Candidate {
            id: row.id,
            last_name: row.last_name.unwrap_or_default(),
            first_name: row.first_name.unwrap_or_default(),
            birth: (row.birth_low, row.birth_high),
            names: of_patient.remove(&row.id).unwrap_or_default(),
            numbers: numbers.remove(&row.id).unwrap_or_default(),
        });
        Ok((candidates.collect(), self.capped))
    }

    /// Looks up every number that was typed.
    pub fn numbers(&mut self, reading: &Reading, secret: &[u8; 32]) -> Result<(), StoreError> {
        if let Some(ssn) = &reading.ssn {
            self.number("ssn", &ssn_hash(ssn, secret), LONG)?;
            // A slip in the first five digits still leaves the last four.
            self.number("ssn4", ssn.get(5..).unwrap_or_default(), USUAL)?;
        }
        if let Some(ssn4) = &reading.ssn4 {
            self.number("ssn4", ssn4, LONG)?;
        }
        if let Some(record) = &reading.record {
            self.number("record", record, LONG)?;
        }
        for number in &reading.sent {
            self.sent(number)?;
        }
        for accession in &reading.accession {
            self.number("accession", accession, LONG)?;
        }
        for AnyNumber { record, accession, ssn, ssn4, sent } in &reading.any_number {
            self.number("record", record, USUAL)?;
            for form in sent {
                self.sent(form)?;
            }
            for form in accession {
                self.number("accession", form, USUAL)?;
            }
            if let Some(ssn) = ssn {
                self.number("ssn", &ssn_hash(ssn, secret), USUAL)?;
            }
            if let Some(ssn4) = ssn4 {
                self.number("ssn4", ssn4, USUAL)?;
            }
        }
        Ok(())
    }

    fn number(&mut self, kind: &'static str, value: &str, limit: i64) -> Result<(), StoreError> {
        if value.is_empty() {
            return Ok(());
        }
        let binds = [kind.into(), value.into(), self.scope.all(), self.scope.ids(), limit.into()];
        let rows = self.conn.rows::<IdRow>(NUMBER, &binds)?;
        self.found_by(kind, rows, limit);
        Ok(())
    }

    fn sent(&mut self, number: &str) -> Result<(), StoreError> {
        let (from, to) = (format!("{number}|"), format!("{number}}}"));
        let binds = [(&from).into(), (&to).into(), self.scope.all(), self.scope.ids(), USUAL.into()];
        let rows = self.conn.rows::<IdRow>(SENT, &binds)?;
        self.found_by("record", rows, USUAL);
        Ok(())
    }

    fn found_by(&mut self, kind: &'static str, rows: Vec<IdRow>, limit: i64) {
        self.capped |= rows.len() as i64 >= limit;
        for row in rows {
            self.ids.insert(row.id);
            let kinds = self.numbers.entry(row.id).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }

    /// Looks up patients born on the day, in the month or year typed: all of them when nothing else was typed, else
    /// those of a whole date, among whom the name decides.
    pub fn birth(&mut self, reading: &Reading) -> Result<(), StoreError> {
        let Some(date) = reading.birth else { return Ok(()) };
        let alone = reading.names.is_empty() && self.numbers.is_empty();
        if !alone && !date.is_full() {
            return Ok(());
        }
        let (low, high) = (i64::from(date.first_day()), i64::from(date.last_day()));
        self.born_within(low, high, low, high)?;
        // Stored with less: the month or the year alone, which may be this day.
        let month = PartialDate::of_month(date.year(), date.month().unwrap_or(1));
        let year = PartialDate::of_year(date.year());
        for wider in [month, year].into_iter().flatten() {
            let (from, to) = (i64::from(wider.first_day()), i64::from(wider.last_day()));
            if date.month().is_some() && (from, to) != (low, high) {
                self.born_within(from, from, to, to)?;
            }
        }
        if let (Some(month), Some(day)) = (date.month(), date.day())
            && month != day
            && let Ok(turned) = PartialDate::of_day(date.year(), day, month)
        {
            let turned = i64::from(turned.first_day());
            self.born_within(turned, turned, turned, turned)?;
        }
        Ok(())
    }

    fn born_within(&mut self, low: i64, low_to: i64, high_from: i64, high: i64) -> Result<(), StoreError> {
        let scope = &self.scope;
        let binds = [low.into(), low_to.into(), high_from.into(), high.into(), scope.all(), scope.ids(), LONG.into()];
        let rows = self.conn.rows::<IdRow>(BIRTH, &binds)?;
        self.capped |= rows.len() as i64 >= LONG;
        self.ids.extend(rows.into_iter().map(|r| r.id));
        Ok(())
    }

    /// Looks up every way the name can be read: the first two in all forms, the others as they are written.
    pub fn names(&mut self, reading: &Reading) -> Result<(), StoreError> {
        let mut readings = reading.names.clone();
        // First and last name may stand in each other's place in the record.
        for read in &reading.names {
            let turned = NameReading {
                last: read.first.clone(),
                parts: Vec::new(),
                first: read.last.clone(),
                middle: String::new(),
            };
            if !turned.last.is_empty() && !turned.first.is_empty() && !readings.iter().any(|r| r.same_name(&turned)) {
                readings.push(turned);
            }
        }
        for (rank, read) in readings.iter().filter(|r| !r.last.is_empty()).enumerate() {
            // Everybody born on a whole date is looked up by it, whatever the name.
            if let Some(date) = reading.birth.filter(|date| !date.is_full()) {
                self.born = Some((date.first_day().into(), date.last_day().into()));
                self.with_birth(read, rank < 2)?;
                self.born = None;
            }
            self.name(read, rank < 2)?;
        }
        Ok(())
    }

    /// Names with a birth date: any first name will do.
    fn with_birth(&mut self, read: &NameReading, all_forms: bool) -> Result<(), StoreError> {
        let any = Firsts::Begin("");
        self.through(Door::Last(&read.last), &any, LONG)?;
        for part in &read.parts {
            self.through(Door::Last(part), &any, USUAL)?;
        }
        if all_forms && !self.as_written {
            let (sound, letters) = (sound_key(&read.last), letter_key(&read.last));
            self.through(Door::Sound(&sound), &any, LONG)?;
            self.through(Door::Letters(&letters), &any, LONG)?;
            let near = self.near_surnames(&read.last)?;
            self.lasts(&near, "", USUAL)?;
        }
        Ok(())
    }

    fn name(&mut self, read: &NameReading, all_forms: bool) -> Result<(), StoreError> {
        let (last, first) = (read.last.as_str(), read.first.as_str());
        let exact = self.through(Door::Last(last), &Firsts::Begin(first), LONG)?;
        if last.chars().count() >= 2 {
            self.longer(last, first, if exact >= SHORT { SHORT } else { USUAL })?;
        }
        for part in &read.parts {
            self.through(Door::Last(part), &Firsts::Begin(first), SHORT)?;
        }
        if self.as_written || !all_forms || exact >= USUAL {
            return Ok(());
        }
        let (sound, letters) = (sound_key(last), letter_key(last));
        for part in &read.parts {
            self.through(Door::Sound(&sound_key(part)), &Firsts::Begin(first), SHORT)?;
        }
        let near = self.near_surnames(last)?;
        if first.is_empty() {
            self.through(Door::Sound(&sound), &Firsts::Begin(""), USUAL)?;
            self.through(Door::Letters(&letters), &Firsts::Begin(""), USUAL)?;
            for surname in near.iter().take(8) {
                self.through(Door::Last(surname), &Firsts::Begin(""), SHORT)?;
            }
            return Ok(());
        }
        let mut firsts: Vec<String> = other_names(first).iter().map(ToString::to_string).collect();
        if first.chars().count() >= 3 {
            firsts.extend(one_slip_away(first));
        }
        let initial: String = first.chars().take(1).collect();
        for (door, limit) in [(Door::Last(last), USUAL), (Door::Sound(&sound), USUAL), (Door::Letters(&letters), USUAL)]
        {
            self.through(door, &Firsts::Begin(first), limit)?;
            self.through(door, &Firsts::These(&firsts), limit)?;
            self.through(door, &Firsts::Begin(&initial), SHORT)?;
        }
        self.lasts(&near, first, USUAL)?;
        for surname in near.iter().take(8) {
            self.through(Door::Last(surname), &Firsts::These(&firsts), SHORT)?;
        }
        // The first name may be quite another one: a nickname nobody listed, a name at baptism.
        self.through(Door::Last(last), &Firsts::Begin(""), SHORT)?;
        Ok(())
    }

    /// Surnames one slip of the hand away that occur, the likest first, at most twenty.
    fn near_surnames(&mut self, last: &str) -> Result<Vec<String>, StoreError> {
        if last.chars().count() < 3 {
            return Ok(Vec::new());
        }
        let text = match self.conn.dialect() {
            Dialect::Sqlite => OCCURRING_SQLITE,
            Dialect::Postgres => OCCURRING_POSTGRES,
        };
        let list = json_texts(&one_slip_away(last));
        let compared = Compared::new(last);
        let mut near: Vec<(i64, String)> = self
            .conn
            .rows::<TextRow>(text, &[Value::from(&list), self.scope.all(), self.scope.ids()])?
            .into_iter()
            .map(|row| (-(compared.last_name(&row.t) * 10_000.0) as i64, row.t))
            .collect();
        near.sort();
        near.truncate(20);
        Ok(near.into_iter().map(|(_, name)| name).collect())
    }

    /// Goes in by one key and answers how many rows came.
    fn through(&mut self, door: Door<'_>, firsts: &Firsts<'_>, limit: i64) -> Result<i64, StoreError> {
        let (key, begin, these) = match door {
            Door::Last(key) => (key, LAST, LAST_FIRSTS),
            Door::Sound(key) => (key, SOUND, SOUND_FIRSTS),
            Door::Letters(key) => (key, SOUND_2, SOUND_2_FIRSTS),
        };
        if key.is_empty() {
            return Ok(0);
        }
        match firsts {
            Firsts::Begin(first) => {
                let end = format!("{first}{LAST_LETTER}");
                self.take(begin, &[key.into(), (*first).into(), (&end).into()], limit)
            }
            Firsts::These([]) => Ok(0),
            Firsts::These(list) => {
                let list = json_texts(list);
                self.take(these, &[key.into(), Value::Texts(&list)], limit)
            }
        }
    }

    fn lasts(&mut self, surnames: &[String], first: &str, limit: i64) -> Result<(), StoreError> {
        if !surnames.is_empty() {
            let (list, end) = (json_texts(surnames), format!("{first}{LAST_LETTER}"));
            self.take(LASTS, &[Value::Texts(&list), first.into(), (&end).into()], limit)?;
        }
        Ok(())
    }

    /// Last names that begin so and are longer.
    fn longer(&mut self, last: &str, first: &str, limit: i64) -> Result<(), StoreError> {
        let (longer, last_end) = (format!("{last}A"), format!("{last}{LAST_LETTER}"));
        let first_end = format!("{first}{LAST_LETTER}");
        self.take(PREFIX, &[(&longer).into(), (&last_end).into(), first.into(), (&first_end).into()], limit)?;
        Ok(())
    }

    fn take(&mut self, text: &str, key: &[Value<'_>], limit: i64) -> Result<i64, StoreError> {
        let (any_birth, low, high) = match self.born {
            Some((low, high)) => (0i64, low, high),
            None => (1, 0, 0),
        };
        let mut binds = key.to_vec();
        // A life begins before the span ends and after it begins.
        binds.extend([self.scope.all(), self.scope.ids(), any_birth.into(), high.into(), low.into(), limit.into()]);
        let rows = self.conn.rows::<IdRow>(text, &binds)?;
        let count = rows.len() as i64;
        self.capped |= count >= limit;
        self.ids.extend(rows.into_iter().map(|r| r.id));
        Ok(count)
    }
}

/// Ids as a JSON array.
pub(super) fn json_ids(ids: impl Iterator<Item = i64>) -> String {
    format!("[{}]", ids.map(|id| id.to_string()).collect::<Vec<_>>().join(","))
}

fn json_texts(texts: &[String]) -> String {
    serde_json::to_string(texts).unwrap_or_else(|_| "[]".into())
}
