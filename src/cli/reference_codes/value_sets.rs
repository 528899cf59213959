//! `naaccr/value-sets.tsv`: codes and labels of every item, with those that older versions documented.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::{Table, ends_of_label, head, name_of_code, rows};

/// Versions whose item documentation lists codes, oldest first.
const DOCUMENTED: [u16; 10] = [14, 15, 16, 18, 21, 22, 23, 24, 25, 26];

/// Short items whose documentation lists special values only and leaves the ordinary ones to a schema, a table or
/// another body. Long documented items (names, addresses, identifiers) are all of that kind.
const ONLY_SPECIAL: [&str; 14] = [
    "causeOfDeath",
    "countyCurrent",
    "eodMets",
    "eodPrimaryTumor",
    "eodRegionalNodes",
    "pediatricMets",
    "pediatricPrimaryTumor",
    "pediatricRegionalNodes",
    "recordNumberRecode",
    "rxHospSurgSite9802",
    "rxSummSurgSite9802",
    "schemaIdVersionCurrent",
    "schemaIdVersionOriginal",
    "seerSiteSpecificFact1",
];

#[derive(Default)]
struct Set {
    number: String,
    closed: bool,
    lines: Vec<(String, String, String)>,
}

pub(super) fn table(from: &Path) -> Result<Table> {
    let mut sets: BTreeMap<String, Set> = BTreeMap::new();
    let mut known: HashSet<(String, String)> = HashSet::new();
    for row in rows(from, "naaccr/codes/coverage-v26.csv")? {
        let set = sets.entry(row.get("naaccrId").to_owned()).or_default();
        let only_special = row.get("source") == "documentation"
            && row.get("length").parse::<u32>().is_ok_and(|l| l >= 5)
            || ONLY_SPECIAL.contains(&row.get("naaccrId"));
        set.closed = row.get("set") == "closed" && !only_special;
        set.number = row.get("naaccrNum").to_owned();
    }
    let current = rows(from, "naaccr/codes/value-sets-v26.csv")?;
    let mut names: HashMap<(&str, String), u32> = HashMap::new();
    for row in &current {
        *names.entry((row.get("naaccrId"), name_of_code(row.get("label")))).or_default() += 1;
    }
    for row in &current {
        let (id, code, mut label) = (row.get("naaccrId"), row.get("code"), name_of_code(row.get("label")));
        if names.get(&(id, label.clone())).is_some_and(|n| *n > 1) {
            label = ends_of_label(row.get("label"));
        }
        let set = sets.entry(id.to_owned()).or_default();
        set.number = row.get("naaccrNum").to_owned();
        known.insert((id.to_owned(), plain(code)));
        let missing = row.get("means_missing") == "1" || row.get("means_missing").is_empty() && says_nothing(&label);
        // A date's shape is not a code.
        if code == "YYYYMMDD" {
            continue;
        }
        let code = match row.get("kind") {
            "blank" => String::new(),
            _ if code == "Blank" => String::new(),
            "range" => range(code),
            _ => code.to_owned(),
        };
        let flags = if missing && !code.is_empty() { "m" } else { "" };
        let label = if unlabelled(id) && !missing { String::new() } else { label };
        set.lines.push((code, label, flags.to_owned()));
    }
    add_documented(from, &mut sets, &mut known)?;
    add_first(from, &mut sets)?;
    sets.retain(|_, set| !set.lines.is_empty());
    Ok(Table { path: "naaccr/value-sets.tsv", content: written(&sets).into_bytes() })
}

/// Codes of older versions: retired in items that live on, as they are in items that left.
fn add_documented(from: &Path, sets: &mut BTreeMap<String, Set>, known: &mut HashSet<(String, String)>) -> Result<()> {
    let current: HashSet<String> = sets.iter().filter(|(_, s)| !s.lines.is_empty()).map(|(id, _)| id.clone()).collect();
    let mut last: HashMap<(String, String), (u16, usize)> = HashMap::new();
    let mut older: Vec<(String, String, String, String)> = Vec::new();
    for version in DOCUMENTED {
        for row in rows(from, &format!("naaccr/codes/from-documentation/item-codes-v{version}.csv"))? {
            let (id, code) = (row.get("naaccrId").to_owned(), plain(row.get("code")));
            if id.is_empty() || known.contains(&(id.clone(), code.clone())) {
                continue;
            }
            let label = name_of_code(row.get("label"));
            let entry = (id.clone(), code.clone(), label, row.get("naaccrNum").to_owned());
            let at = last.entry((id, code)).or_insert((version, older.len()));
            at.0 = version;
            match older.get_mut(at.1) {
                Some(old) => *old = entry,
                None => older.push(entry),
            }
        }
    }
    for (id, code, label, number) in older {
        let version = last.get(&(id.clone(), code.clone())).map_or(0, |l| l.0);
        let set = sets.entry(id.clone()).or_default();
        if set.number.is_empty() {
            set.number = number;
        }
        if code.eq_ignore_ascii_case("blank") {
            if !label.is_empty() && !set.lines.iter().any(|l| l.0.is_empty()) {
                set.lines.push((String::new(), label, String::new()));
            }
            continue;
        }
        let is_code = code.len() <= 7
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b".+".contains(&b))
            && code.bytes().any(|b| b.is_ascii_alphanumeric());
        let same_length = set.lines.iter().all(|l| l.2.starts_with('r') || l.0.len() != 2 || code.len() >= 2);
        if !is_code || !same_length || set.lines.iter().any(|l| l.0 == code) {
            continue;
        }
        let mut flags = Vec::new();
        let missing = says_nothing(&label);
        if missing {
            flags.push("m".to_owned());
        }
        if current.contains(&id) && version < 26 {
            flags.push(format!("r{version}0"));
        }
        let label = if unlabelled(&id) && !missing { String::new() } else { label };
        set.lines.push((code, label, flags.join(",")));
    }
    Ok(())
}

/// Codes that came after their item: those that the documentation of an older version does not list although it lists
/// others. Only sets of single codes are compared; of others the documentation of a version need not be complete.
fn add_first(from: &Path, sets: &mut BTreeMap<String, Set>) -> Result<()> {
    let mut documented: Vec<HashMap<String, HashSet<String>>> = Vec::new();
    for version in DOCUMENTED {
        let mut items: HashMap<String, HashSet<String>> = HashMap::new();
        for row in rows(from, &format!("naaccr/codes/from-documentation/item-codes-v{version}.csv"))? {
            items.entry(row.get("naaccrId").to_owned()).or_default().insert(plain(row.get("code")));
        }
        documented.push(items);
    }
    for (id, set) in sets.iter_mut().filter(|(_, set)| set.closed) {
        let single = set.lines.iter().all(|(code, ..)| !code.contains(".."));
        for (code, _, flags) in set.lines.iter_mut().filter(|(code, ..)| single && !code.is_empty()) {
            let lists = |items: &HashMap<String, HashSet<String>>| items.get(id).is_some_and(|c| c.contains(code));
            let Some(first) = documented.iter().position(lists) else { continue };
            let came_later = documented.iter().take(first).any(|items| items.get(id).is_some_and(|c| c.len() > 1));
            if came_later {
                let comma = if flags.is_empty() { "" } else { "," };
                let _ = write!(flags, "{comma}f{}0", DOCUMENTED[first]);
            }
        }
    }
    Ok(())
}

/// One block a set; items with equal sets share it.
fn written(sets: &BTreeMap<String, Set>) -> String {
    let mut text = head(
        "Codes of NAACCR items: @, completeness, items with their numbers; below them code, label, flags (m missing, rVVV last documented in, fVVV first)",
        "NAACCR 26 with codes documented in 14 to 25",
        "NAACCR item lookups and data dictionary by way of the open imsweb libraries; short labels of a public state registry package",
        "code	label	flags",
    );
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (id, set) in sets {
        let mut body = format!("{}\n", if set.closed { "closed" } else { "partly" });
        for (code, label, flags) in &set.lines {
            let _ = match flags.is_empty() {
                true => writeln!(body, "{code}\t{label}"),
                false => writeln!(body, "{code}\t{label}\t{flags}"),
            };
        }
        let at = *seen.entry(body.clone()).or_insert(blocks.len());
        let item = format!("{id} {}", set.number);
        match blocks.get_mut(at) {
            Some(block) => block.1.push(item),
            None => blocks.push((body, vec![item])),
        }
    }
    for (body, items) in &blocks {
        let (closed, lines) = body.split_once('\n').unwrap_or((body, ""));
        let _ = write!(text, "@\t{closed}\t{}\n{lines}", items.join(","));
    }
    text
}

fn plain(code: &str) -> String {
    code.trim().trim_end_matches("\\t").trim_end_matches('*').trim().to_owned()
}

fn range(code: &str) -> String {
    let (low, high) = code.split_once('-').unwrap_or((code, code));
    format!("{}..{}", low.trim(), plain(high))
}

/// The label says that nothing is known, applicable or recorded.
fn says_nothing(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let heads = [
        "unknown",
        "not documented",
        "not applicable",
        "not stated",
        "unspecified",
        "not coded",
        "no information",
        "not recorded",
        "not available",
        "not reported",
        "not collected",
        "information not",
        "unstaged",
        "no further information",
    ];
    heads.iter().any(|h| label.starts_with(h)) || label.ends_with(" unknown") || label.contains("; unknown")
}

/// AJCC categories and Collaborative Stage codes: their names belong to others.
fn unlabelled(id: &str) -> bool {
    let cs = id.strip_prefix("cs").is_some_and(|r| r.starts_with(|c: char| c.is_ascii_uppercase()));
    let tnm = ["tnmClin", "tnmPath"]
        .iter()
        .any(|p| id.strip_prefix(p).is_some_and(|r| ["T", "N", "M", "StageGroup"].contains(&r)));
    cs || tnm
        || id.starts_with("ajccTnm")
        || id.starts_with("derivedAjcc") && id != "derivedAjccFlag"
        || id.starts_with("derivedSeer") && !id.ends_with("Src")
}
