//! Counts of what fails now: by edit, item, facility, abstractor and month of first contact, within the asker's scope.
//!
//! The results are read in pages and counted here, so that a person limited to some facilities counts those alone.

use std::collections::BTreeMap;

use crate::edits::Severity;
use crate::naaccr::{ItemNumber, super_dictionary};
use crate::registry::edit_results::Standing;
use crate::registry::store::edit_results as rows;
use crate::registry::store::{By, Conn, StoreError};

/// What is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The edit.
    Edit,
    /// The item to jump to.
    Item,
    /// The facility.
    Facility,
    /// Who holds the abstract.
    Abstractor,
    /// Year and month of first contact.
    Month,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 5] = [Group::Edit, Group::Item, Group::Facility, Group::Abstractor, Group::Month];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Group::Edit => "edit",
            Group::Item => "item",
            Group::Facility => "facility",
            Group::Abstractor => "abstractor",
            Group::Month => "month",
        }
    }

    /// The one of a word.
    pub fn named(word: &str) -> Option<Group> {
        Group::ALL.into_iter().find(|group| group.word() == word)
    }
}

/// One line of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// Edit, item number and name, row id of facility or person, or month.
    pub name: String,
    /// Failures of severity error.
    pub errors: u64,
    /// Failures that warn.
    pub warnings: u64,
    /// Cases with one or more.
    pub cases: u64,
}

/// What fails, counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    groups: BTreeMap<(Group, String), Counted>,
    /// Cases in which something fails.
    pub cases: u64,
    /// Cases with an error.
    pub with_errors: u64,
}

/// Results read at once.
const PAGE: i64 = 5_000;

/// Counts everything that fails now.
pub fn counts(conn: &mut Conn, by: &By) -> Result<Counts, StoreError> {
    let (mut counts, mut after) = (Counts::default(), 0);
    loop {
        let page = rows::results_after(conn, by, after, ":", PAGE)?;
        let Some(last) = page.last() else { return Ok(counts) };
        after = last.id;
        for row in &page {
            counts.take(row);
        }
    }
}

impl Counts {
    fn take(&mut self, row: &rows::ResultRow) {
        let standing = Standing::read(&row.edition, &row.failures);
        let failing: Vec<_> = standing.failures.iter().filter(|kept| !kept.over_ridden).collect();
        if failing.is_empty() {
            return;
        }
        self.cases += 1;
        self.with_errors += u64::from(standing.errors() > 0);
        let of_case = [
            (Group::Facility, row.facility_id.to_string()),
            (Group::Abstractor, row.abstractor.map(|user| user.to_string()).unwrap_or_default()),
            (Group::Month, month(row.first_contact)),
        ];
        let mut met: Vec<(Group, String)> = of_case.to_vec();
        for kept in &failing {
            for group in [(Group::Edit, kept.edit.clone()), (Group::Item, kept.item.to_string())] {
                if !met.contains(&group) {
                    met.push(group);
                }
            }
        }
        for group in met {
            let line = self.groups.entry(group.clone()).or_default();
            line.cases += 1;
            for kept in &failing {
                let counted = match group.0 {
                    Group::Edit => kept.edit == group.1,
                    Group::Item => kept.item.to_string() == group.1,
                    _ => true,
                };
                line.errors += u64::from(counted && kept.severity == Severity::Error);
                line.warnings += u64::from(counted && kept.severity == Severity::Warning);
            }
        }
    }

    /// The lines of one grouping, errors first, then by the number of cases; months in their order.
    pub fn by(&self, group: Group) -> Vec<Counted> {
        let mut lines: Vec<Counted> = self
            .groups
            .iter()
            .filter(|((of, _), _)| *of == group)
            .map(|((_, name), line)| Counted { name: name.clone(), ..line.clone() })
            .collect();
        if group == Group::Item {
            for line in &mut lines {
                let number = line.name.parse().ok().map(ItemNumber);
                if let Some(item) = number.and_then(|number| super_dictionary().by_number(number)) {
                    line.name = format!("{} {}", line.name, item.name);
                }
            }
        }
        if group != Group::Month {
            lines.sort_by_key(|line| std::cmp::Reverse((line.errors > 0, line.cases)));
        }
        lines
    }
}

fn month(day: Option<i64>) -> String {
    day.map(|day| format!("{:04}-{:02}", day / 10_000, day / 100 % 100)).unwrap_or_default()
}
