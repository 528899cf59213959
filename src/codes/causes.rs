//! ICD-10 and ICD-10-CM codes: causes of death and other diagnoses.
//!
//! 93,714 codes in compressed blocks. A block is unpacked when a code of it is first asked for and kept; codes of up
//! to four characters, which are all a death certificate's code can be, have blocks of their own.

use std::sync::{LazyLock, OnceLock};

use super::table::Head;

const TABLE: &[u8] = include_bytes!("../../reference/codes/causes.bin");

struct Block {
    first: &'static str,
    rows: usize,
    packed: &'static [u8],
    open: OnceLock<Vec<(&'static str, &'static str)>>,
}

struct Causes {
    head: Head,
    short: Vec<Block>,
    long: Vec<Block>,
}

static CAUSES: LazyLock<Causes> = LazyLock::new(|| {
    let mut causes = Causes { head: Head { what: "", edition: "", origin: "" }, short: Vec::new(), long: Vec::new() };
    let Some(end) = TABLE.windows(2).position(|w| w == b"\n\n") else { return causes };
    let (index, mut rest) = TABLE.split_at(end + 2);
    let Ok(index) = std::str::from_utf8(index) else { return causes };
    causes.head = super::table::head(index);
    for line in super::table::lines(index) {
        let [kind, first, rows, bytes] = super::table::cells::<4>(line);
        let Some((packed, after)) = bytes.parse().ok().and_then(|n| rest.split_at_checked(n)) else { break };
        rest = after;
        let block = Block { first, rows: rows.parse().unwrap_or(0), packed, open: OnceLock::new() };
        if kind == "short" { causes.short.push(block) } else { causes.long.push(block) }
    }
    causes
});

impl Block {
    fn rows(&self) -> &[(&'static str, &'static str)] {
        self.open.get_or_init(|| {
            let text = zstd::decode_all(self.packed).ok().and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
            let text: &'static str = Box::leak(text.into_boxed_str());
            text.lines().filter_map(|l| l.split_once('\t')).collect()
        })
    }
}

/// The name of an ICD-10 or ICD-10-CM code, written without a dot.
pub fn cause(code: &str) -> Option<&'static str> {
    let blocks = if code.len() <= 4 { &CAUSES.short } else { &CAUSES.long };
    let block = blocks.get(blocks.partition_point(|b| b.first <= code).checked_sub(1)?)?;
    let rows = block.rows();
    let at = rows.binary_search_by(|(c, _)| (*c).cmp(code)).ok()?;
    rows.get(at).map(|(_, name)| *name)
}

/// Codes of up to four characters with their names, in order of code.
pub fn short_causes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CAUSES.short.iter().flat_map(|b| b.rows().iter().copied())
}

/// Codes of five to seven characters, in order of code.
pub fn long_causes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CAUSES.long.iter().flat_map(|b| b.rows().iter().copied())
}

/// Codes that begin as `prefix`, in order of length and code, at most `limit`.
pub fn causes_under(prefix: &str, limit: usize) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for blocks in [&CAUSES.short, &CAUSES.long] {
        let from = blocks.partition_point(|b| b.first <= prefix).saturating_sub(1);
        for block in blocks.iter().skip(from) {
            if block.first > prefix && !block.first.starts_with(prefix) {
                break;
            }
            found.extend(
                block.rows().iter().filter(|(c, _)| c.starts_with(prefix)).take(limit - found.len().min(limit)),
            );
            if found.len() >= limit {
                return found;
            }
        }
    }
    found
}

/// How many codes there are.
pub fn size() -> usize {
    CAUSES.short.iter().chain(&CAUSES.long).map(|b| b.rows).sum()
}

/// Edition and origin.
pub fn edition() -> Head {
    CAUSES.head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_of_death_has_its_name() {
        assert_eq!(cause("C349"), Some("Malignant neoplasm of unspecified part of bronchus or lung"));
        assert!(cause("S35349A").is_some_and(|n| n.starts_with("Unspecified injury")));
        assert_eq!(cause(""), None);
        assert_eq!(cause("ZZZZ"), None);
        assert_eq!(cause("0000"), None);
        assert_eq!(size(), 93_714);
        assert_eq!(short_causes().count() + long_causes().count(), 93_714);
    }

    #[test]
    fn codes_under_a_category_come_shortest_first() {
        let under = causes_under("E11", 20);
        assert_eq!(under.first().map(|u| u.0), Some("E11"));
        assert_eq!(under.len(), 20);
        assert!(under.iter().all(|(c, _)| c.starts_with("E11")));
    }
}
