//! `casefinding/phrases.tsv`, `casefinding/ambiguous.tsv`, `casefinding/icd10cm.tsv`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::{Table, head, rows};

/// Words that make a screening phrase a diagnosis of cancer; other phrases only help sorting.
const HEADS: [&str; 22] = [
    "carcinoma",
    "sarcoma",
    "lymphoma",
    "leukemia",
    "melanoma",
    "myeloma",
    "malignan",
    "blastoma",
    "cancer",
    "seminoma",
    "glioma",
    "mesothelioma",
    "germinoma",
    "carcinoid",
    "neuroendocrine tumor",
    "plasmacytoma",
    "macroglobulinemia",
    "myelodysplastic syndrome",
    "sezary",
    "mycosis fungoides",
    "hodgkin",
    "waldenstrom",
];
/// Words that deny, in the denying phrases that are kept whole.
const DENYING: [&str; 30] = [
    "no",
    "not",
    "without",
    "negative",
    "absence",
    "absent",
    "free",
    "rule",
    "r/o",
    "neither",
    "nor",
    "non",
    "doubt",
    "cannot",
    "fail",
    "insufficient",
    "inadequate",
    "indeterminate",
    "inconclusive",
    "nothing",
    "screening",
    "doesn't",
    "argue",
    "none",
    "likelihood",
    "probability",
    "evaluate",
    "non-melanoma",
    "nonmelanoma",
    "family",
];

/// The phrases of the screener: `diagnosis`, `clue`, `denial`.
pub(super) fn phrases(from: &Path) -> Result<Table> {
    let mut text = head(
        "Screening phrases: diagnosis, clue (helps sorting), denial (what it holds does not count)",
        "phrase lists as of 2024, in three groups",
        "an open reportability screener (BSD licence), lower case, without ICD codes, parts of words and what ICD-O names",
        "kind\tphrase",
    );
    let mut found: BTreeSet<(&str, String)> = BTreeSet::new();
    for row in rows(from, "casefinding/keywords.tsv")? {
        let phrase = row.get("phrase").to_lowercase();
        let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = phrase.split([' ', ',', '.']).filter(|w| !w.is_empty()).collect();
        let cut = ["malignan", "neoplas", "macroglob", "wilm", "hypereosinophil", "hercepttest"]
            .iter()
            .any(|w| phrase.ends_with(w));
        let code = words.len() <= 2 && phrase.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        if cut || code || phrase.chars().count() < 3 {
            continue;
        }
        let kind = match row.get("group") {
            "positive" if phrase.starts_with("history") || phrase.starts_with("hx") || phrase.starts_with("no ") => {
                continue;
            }
            "positive" if HEADS.iter().any(|h| phrase.contains(h)) => "diagnosis",
            "positive" => "clue",
            "negative" if words.len() > 1 && words.iter().any(|w| DENYING.contains(w)) => "denial",
            _ => continue,
        };
        found.insert((kind, phrase));
    }
    for (kind, phrase) in &found {
        let _ = writeln!(text, "{kind}\t{phrase}");
    }
    Ok(Table { path: "casefinding/phrases.tsv", content: text.into_bytes() })
}

/// Words before a diagnosis that count, or do not count, as one.
pub(super) fn ambiguous(from: &Path) -> Result<Table> {
    let mut text = head(
        "Ambiguous terms: yes counts as a diagnosis, no does not",
        "public reportability guides, 2025",
        "reportability guides of the national programs, terms as facts",
        "counts\tterm",
    );
    for row in rows(from, "casefinding/ambiguous-terms.tsv")? {
        let _ = writeln!(text, "{}\t{}", row.get("diagnostic"), row.get("term"));
    }
    Ok(Table { path: "casefinding/ambiguous.tsv", content: text.into_bytes() })
}

/// The ranges of ICD-10-CM codes a disease index is screened by.
pub(super) fn icd10cm(from: &Path) -> Result<Table> {
    let mut text = head(
        "ICD-10-CM ranges for screening a disease index",
        "2016-2021",
        "casefinding lists of SEER and of states, 2016 to 2021, joined; codes as facts",
        "from\tto\tmeaning\treportable since\taction\tlist",
    );
    for row in rows(from, "casefinding/icd10cm-casefinding.tsv")? {
        let cells = ["from", "to", "meaning", "reportable_since", "action", "list"].map(|c| row.get(c));
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    Ok(Table { path: "casefinding/icd10cm.tsv", content: text.into_bytes() })
}
