//! Parses the compiled-in tables of items and columns.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::item::{DataType, Item, ItemNumber, Level, Padding, RecordTypes, UNRANKED};
use crate::naaccr::versions::Version;

const ITEMS: &str = include_str!("../../../reference/naaccr/items.tsv");
const ABOUT: &str = include_str!("../../../reference/naaccr/about.tsv");
const RENAMED: &str = include_str!("../../../reference/naaccr/renamed.tsv");
const COLUMNS: &str = include_str!("../../../reference/naaccr/columns.tsv");

/// What no dictionary says about an item but its documentation does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About {
    pub section: &'static str,
    pub label: &'static str,
    pub source: &'static str,
    pub implemented: &'static str,
    pub retired: &'static str,
}

/// Everything the item tables hold.
pub(crate) struct Tables {
    /// One base dictionary a version, in the order of [`Version::ALL`].
    pub base: Vec<Dictionary>,
    /// One default user dictionary for each version that has one.
    pub default_user: Vec<Dictionary>,
    /// By item id, also of retired items.
    pub about: HashMap<&'static str, About>,
    /// Ids of earlier editions: version, earlier id, id.
    pub renamed: Vec<(Version, &'static str, &'static str)>,
}

/// Parses the tables. They are made by this program and fixed when compiled, so a line that does not parse is a
/// fault of the build, found by the tests.
pub(crate) fn tables() -> Tables {
    let about: HashMap<&str, About> = lines(ABOUT)
        .map(|l| {
            let f = fields::<6>(l);
            (f[0], About { section: f[1], label: f[2], source: f[3], implemented: f[4], retired: f[5] })
        })
        .collect();
    let starts = start_columns();
    let mut ids: Vec<&str> = lines(ITEMS).map(|l| fields::<2>(l)[1]).collect();
    ids.sort_unstable();
    ids.dedup();
    let ranks: HashMap<&str, u32> = ids.into_iter().zip(0..).collect();
    let mut base: Vec<Vec<Item>> = vec![Vec::new(); Version::ALL.len()];
    let mut user = base.clone();
    for line in lines(ITEMS) {
        let f = fields::<11>(line);
        let [number, id, versions, kind, level, data_type, length, records, padding, flags, name] = f;
        let item = Item {
            number: number.parse().ok().map(ItemNumber),
            id: Cow::Borrowed(id),
            name: Cow::Borrowed(name),
            length: length.parse().unwrap_or(0),
            level: level_of(level),
            data_type: DataType::from_name(data_type).unwrap_or(DataType::Text),
            record_types: RecordTypes::parse(records).unwrap_or(RecordTypes::ALL),
            padding: Padding::from_name(padding).unwrap_or(Padding::None),
            unlimited_text: flags.contains('u'),
            keeps_blanks: flags.contains('b'),
            start_column: None,
            section: about.get(id).map_or("", |a| a.section),
            rank: ranks.get(id).copied().unwrap_or(UNRANKED),
        };
        let into = if kind == "user" { &mut user } else { &mut base };
        for version in versions_of(versions) {
            let start_column = starts.get(&(id, version)).map(|c| c.0);
            into[version.index()].push(Item { start_column, ..item.clone() });
        }
    }
    let dictionaries = |all: Vec<Vec<Item>>, uri: fn(Version) -> Option<String>| {
        std::iter::zip(Version::ALL, all)
            .filter_map(|(version, items)| Some(Dictionary::new(uri(version)?, version, items)))
            .collect()
    };
    Tables {
        base: dictionaries(base, |v| Some(v.base_uri())),
        default_user: dictionaries(user, Version::default_user_uri),
        about,
        renamed: lines(RENAMED)
            .filter_map(|l| {
                let [version, earlier, id] = fields::<3>(l);
                Some((Version::parse(version)?, earlier, id))
            })
            .collect(),
    }
}

/// First column and width of each item in each version's fixed-column record, in the order of the columns.
pub(crate) fn columns(version: Version) -> Vec<(&'static str, u32, u32)> {
    let mut of_version: Vec<_> = start_columns()
        .into_iter()
        .filter(|((_, v), _)| *v == version)
        .map(|((id, _), (start, width))| (id, start, width))
        .collect();
    of_version.sort_by_key(|(id, start, _)| (*start, *id));
    of_version
}

fn start_columns() -> HashMap<(&'static str, Version), (u32, u32)> {
    let mut all = HashMap::new();
    for line in lines(COLUMNS) {
        let mut cells = line.split('\t');
        let id = cells.next().unwrap_or("");
        for (version, cell) in std::iter::zip(Version::FIXED, cells) {
            if let Some((start, width)) = cell.split_once('+')
                && let (Ok(start), Ok(width)) = (start.parse(), width.parse())
            {
                all.insert((id, version), (start, width));
            }
        }
    }
    all
}

/// The lines of a table without its comments.
pub(crate) fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|l| !l.is_empty() && !l.starts_with('#'))
}

/// The first `N` fields of a line; those that are absent are empty.
pub(crate) fn fields<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut found = [""; N];
    for (field, text) in std::iter::zip(found.iter_mut(), line.split('\t')) {
        *field = text;
    }
    found
}

fn level_of(letter: &str) -> Level {
    match letter {
        "R" => Level::Root,
        "P" => Level::Patient,
        _ => Level::Tumor,
    }
}

/// Versions of a text such as `140-160,210`.
fn versions_of(text: &str) -> impl Iterator<Item = Version> + '_ {
    text.split(',').flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (Version::parse(first), Version::parse(last));
        Version::ALL.into_iter().filter(move |v| Some(*v) >= first && Some(*v) <= last)
    })
}
