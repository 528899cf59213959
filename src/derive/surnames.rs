//! Surname lists: heavily and rarely Hispanic (NHIA), Asian and Pacific Islander with the race each points to (NAPIIA).
//!
//! `reference/derive/surnames.bin` is one packed text; it is unpacked on first use.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

const PACKED: &[u8] = include_bytes!("../../reference/derive/surnames.bin");

/// The lists of surnames.
#[derive(Debug, Default)]
pub(super) struct Surnames {
    heavily_hispanic: HashSet<&'static str>,
    rarely_hispanic: HashSet<&'static str>,
    asian: HashMap<&'static str, &'static str>,
    pacific: HashMap<&'static str, &'static str>,
}

static SURNAMES: LazyLock<Surnames> = LazyLock::new(|| {
    let text = zstd::decode_all(PACKED).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text: &'static str = text.expect("the compiled-in surname lists unpack").leak();
    let mut lists = Surnames::default();
    let mut section = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix('@') {
            section = title;
            continue;
        }
        let (name, code) = line.split_once('\t').unwrap_or((line, ""));
        match section {
            "heavily-hispanic" => lists.heavily_hispanic.insert(name),
            "rarely-hispanic" => lists.rarely_hispanic.insert(name),
            "asian" => lists.asian.insert(name, code).is_none(),
            _ => lists.pacific.insert(name, code).is_none(),
        };
    }
    lists
});

/// Whether the name, as it stands but in capitals, is that of mostly Hispanic people.
pub(super) fn is_heavily_hispanic(name: &str) -> bool {
    SURNAMES.heavily_hispanic.contains(&*name.to_uppercase())
}

/// Whether the name, as it stands but in capitals, is that of hardly any Hispanic people.
pub(super) fn is_rarely_hispanic(name: &str) -> bool {
    SURNAMES.rarely_hispanic.contains(&*name.to_uppercase())
}

/// The race an Asian surname points to.
pub(super) fn asian_race(name: &str) -> Option<&'static str> {
    SURNAMES.asian.get(&*name.to_uppercase()).copied()
}

/// The race a Pacific Islander surname points to.
pub(super) fn pacific_race(name: &str) -> Option<&'static str> {
    SURNAMES.pacific.get(&*name.to_uppercase()).copied()
}
