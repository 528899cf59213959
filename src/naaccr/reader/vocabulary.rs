//! The items a file may hold: those of its base dictionary and of the user dictionaries it names.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use crate::naaccr::dictionary::{Dictionary, IdHasher, default_user_dictionary, dictionary};
use crate::naaccr::item::{Item, ItemNumber, RecordType};
use crate::naaccr::options::ReadOptions;
use crate::naaccr::versions::Version;

/// An item as a dictionary in use defines it.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    /// Of a compiled-in dictionary.
    Standard(&'static Item),
    /// Of a dictionary that was loaded, with the position in it.
    Own(Arc<Dictionary>, u32),
}

impl Definition {
    #[inline]
    pub fn item(&self) -> &Item {
        match self {
            Definition::Standard(item) => item,
            Definition::Own(dictionary, n) => &dictionary.items()[*n as usize],
        }
    }
}

/// One known item.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub definition: Definition,
    /// Whether it belongs to the record type of the file.
    pub of_record_type: bool,
    /// Whether the include and exclude lists let it through.
    pub wanted: bool,
}

/// All known items, found by id.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    words: Vec<Word>,
    by_id: HashMap<Box<[u8]>, u32, BuildHasherDefault<IdHasher>>,
}

impl Vocabulary {
    /// The items of a file of that version and record type that names those user dictionaries.
    pub fn new(
        version: Version,
        record_type: RecordType,
        user: &[Arc<Dictionary>],
        options: &ReadOptions,
    ) -> Vocabulary {
        let mut vocabulary = Vocabulary { words: Vec::with_capacity(850), by_id: HashMap::default() };
        vocabulary.by_id.reserve(900);
        let standard = dictionary(version).items().iter();
        let reserved = default_user_dictionary(version).filter(|_| user.is_empty()).map_or(&[][..], |d| d.items());
        for item in standard.chain(reserved) {
            vocabulary.add(Definition::Standard(item), record_type, options);
        }
        for dictionary in user {
            for n in 0..dictionary.items().len() as u32 {
                vocabulary.add(Definition::Own(dictionary.clone(), n), record_type, options);
            }
        }
        vocabulary
    }

    fn add(&mut self, definition: Definition, record_type: RecordType, options: &ReadOptions) {
        let item = definition.item();
        if self.by_id.contains_key(item.id.as_bytes()) {
            return;
        }
        let word = Word {
            of_record_type: item.record_types.contains(record_type),
            wanted: options.wants(&item.id),
            definition: definition.clone(),
        };
        self.by_id.insert(item.id.as_bytes().into(), self.words.len() as u32);
        self.words.push(word);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The number of the word of that id.
    #[inline]
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter()
    }

    /// The id of the item of that number.
    pub fn by_number(&self, number: ItemNumber) -> Option<String> {
        let word = self.words.iter().find(|w| w.definition.item().number == Some(number))?;
        Some(word.definition.item().id.to_string())
    }

    #[inline]
    pub fn word(&self, n: u32) -> &Word {
        &self.words[n as usize]
    }
}
