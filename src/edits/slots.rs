//! The items an expression can name: every item of every NAACCR version under its newest id, each with a number.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::dates::{BadDate, PartialDate};
use crate::naaccr::{DataType, Item, Level, StandardItem, super_dictionary};

/// The number of an item in this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(crate) u16);

static SLOTS: LazyLock<HashMap<&'static str, Slot>> = LazyLock::new(|| {
    let mut slots = HashMap::new();
    for (item, n) in super_dictionary().items().iter().zip(0u16..) {
        for former in &item.former_ids {
            slots.insert(*former, Slot(n));
        }
    }
    for (item, n) in super_dictionary().items().iter().zip(0u16..) {
        slots.insert(&*item.definition().id, Slot(n));
    }
    slots
});

impl Slot {
    /// The slot of an item by its id, the newest or a former one.
    pub fn of(id: &str) -> Option<Slot> {
        SLOTS.get(id).copied()
    }

    /// The date of diagnosis, which most rules look at.
    pub fn date_of_diagnosis() -> Slot {
        static DATE: LazyLock<Slot> =
            LazyLock::new(|| Slot::of("dateOfDiagnosis").expect("every dictionary has the date of diagnosis"));
        *DATE
    }

    /// How many there are.
    pub fn count() -> usize {
        super_dictionary().items().len()
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Slot> {
        (0..Slot::count()).map(|n| Slot(n as u16))
    }

    pub(crate) fn at(self) -> usize {
        usize::from(self.0)
    }

    /// The item over all versions.
    pub fn standard(self) -> &'static StandardItem {
        &super_dictionary().items()[self.at()]
    }

    /// Its newest definition.
    pub fn item(self) -> &'static Item {
        self.standard().definition()
    }

    /// Its id.
    pub fn id(self) -> &'static str {
        &self.item().id
    }

    /// Its name in words.
    pub fn label(self) -> &'static str {
        &self.item().name
    }

    /// Stands once for a patient.
    pub fn is_of_patient(self) -> bool {
        self.item().level == Level::Patient
    }

    /// Holds a date, of up to eight digits or with a time.
    pub fn is_date(self) -> bool {
        matches!(self.item().data_type, DataType::Date | DataType::DateTime)
    }
}

/// The date in a value: eight digits or fewer, or the day of a date with a time.
pub(crate) fn date_in(text: &str) -> Result<PartialDate, BadDate> {
    match text.split_once('T').map_or(text, |(day, _)| day) {
        day if day.contains('-') => PartialDate::parse(&day.get(..day.len().min(10)).unwrap_or(day).replace('-', "")),
        day => PartialDate::parse(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_with_a_time_is_its_day() {
        let day = PartialDate::of_day(2020, 3, 1);
        assert_eq!(date_in("2020-03-01T10:11:12-05:00"), day);
        assert_eq!(date_in("2020-03-01"), day);
        assert_eq!(date_in("20200301"), day);
        assert_eq!(date_in("2020-03"), PartialDate::of_month(2020, 3));
        assert!(date_in("2020-13-01").is_err());
    }
}
