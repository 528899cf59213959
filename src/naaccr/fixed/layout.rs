//! Where each item stands in a line.

use std::sync::Arc;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::item::RecordType;
use crate::naaccr::reader::Vocabulary;
use crate::naaccr::reference::read::columns;
use crate::naaccr::versions::Version;

/// The columns of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The item's number in the vocabulary.
    pub word: u32,
    /// First character, from 0.
    pub start: usize,
    /// How many characters.
    pub width: usize,
}

/// The columns of a version.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub version: Version,
    pub columns: Vec<Column>,
}

impl Layout {
    /// The columns of the items of a vocabulary, those of user dictionaries among them.
    pub fn new(version: Version, vocabulary: &Vocabulary, user: &[Arc<Dictionary>]) -> Layout {
        let mut found: Vec<Column> = columns(version)
            .into_iter()
            .filter_map(|(id, start, width)| {
                let word = vocabulary.find(id.as_bytes())?;
                Some(Column { word, start: start as usize - 1, width: width as usize })
            })
            .collect();
        let own = user.iter().flat_map(|d| d.items()).filter_map(|item| {
            let start = item.start_column?.checked_sub(1)? as usize;
            Some(Column { word: vocabulary.find(item.id.as_bytes())?, start, width: item.length as usize })
        });
        let own: Vec<Column> = own.collect();
        found.retain(|column| !own.iter().any(|o| o.word == column.word));
        found.extend(own);
        found.sort_by_key(|c| (c.start, c.width));
        Layout { version, columns: found }
    }

    /// The columns of an item.
    pub fn column(&self, word: u32) -> Option<Column> {
        self.columns.iter().find(|c| c.word == word).copied()
    }
}

/// How many characters a line has.
pub(crate) fn line_length(version: Version, record_type: RecordType) -> usize {
    let (incidence, confidential, full) = version.fixed_line_lengths();
    match record_type {
        RecordType::I => incidence,
        RecordType::C => confidential,
        RecordType::A | RecordType::M => full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naaccr::options::ReadOptions;

    #[test]
    fn columns_stay_inside_the_line_and_do_not_overlap() {
        for version in Version::FIXED {
            let vocabulary = Vocabulary::new(version, RecordType::A, &[], &ReadOptions::strict());
            let layout = Layout::new(version, &vocabulary, &[]);
            assert!(layout.columns.len() > 400, "{version}");
            let mut end = 0;
            for column in &layout.columns {
                assert!(column.start >= end, "{version} {}", vocabulary.word(column.word).definition.item().id);
                end = column.start + column.width;
            }
            assert!(end <= line_length(version, RecordType::A), "{version} {end}");
        }
    }
}
