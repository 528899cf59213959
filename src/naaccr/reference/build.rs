//! Makes the tables of `reference/naaccr/` from the official files.
//!
//! In: the folder that holds `naaccr/dictionaries`, `naaccr/items` and `naaccr/flat-layouts`. Out: `items.tsv` (a line
//! for each definition and the versions that share it), `about.tsv` (section, label, source and years) and
//! `columns.tsv` (fixed columns of 12 to 18). Facts only: ids, numbers, names, lengths, positions.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::naaccr::versions::Version;
use crate::naaccr::xml::{self, Attributes, Markup};

/// Why a table could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// A file of the official set is missing or cannot be read.
    #[error("{path}: {source}; name the folder of the official files with --from")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not have the form it is known to have.
    #[error("{path}: {what}")]
    Unexpected {
        /// Which file.
        path: PathBuf,
        /// What is not as expected.
        what: String,
    },
}

type Definition = BTreeMap<String, String>;
type Row = HashMap<String, String>;

/// Makes all tables; gives name and text of each.
pub fn build(from: &Path) -> Result<Vec<(&'static str, String)>, NotBuilt> {
    let folder = from.join("naaccr");
    Ok(vec![
        ("items.tsv", items(&folder)?),
        ("about.tsv", about(&folder)?),
        ("columns.tsv", columns(&folder)?),
        ("renamed.tsv", renamed(&folder)?),
    ])
}

fn items(folder: &Path) -> Result<String, NotBuilt> {
    let mut versions: BTreeMap<(u32, String, Vec<String>), Vec<Version>> = BTreeMap::new();
    let padding_of_150: HashMap<String, String> = definitions(folder, "naaccr-dictionary-150.xml")?
        .into_iter()
        .filter_map(|mut d| Some((d.remove("naaccrId")?, d.remove("padding")?)))
        .collect();
    for version in Version::ALL {
        for (kind, start) in [("base", ""), ("user", "user-defined-")] {
            if kind == "user" && !version.has_default_user_dictionary() {
                continue;
            }
            for d in definitions(folder, &format!("{start}naaccr-dictionary-{version}.xml"))? {
                let get = |key: &str| d.get(key).map(String::as_str).unwrap_or("");
                let id = get("naaccrId");
                let mut padding = get("padding");
                if padding.is_empty() && version == Version::V140 {
                    padding = padding_of_150.get(id).map(String::as_str).filter(|p| p.ends_with("Zero")).unwrap_or("");
                }
                let level = match get("parentXmlElement") {
                    "NaaccrData" => "R",
                    "Patient" => "P",
                    _ => "T",
                };
                let mut flags = String::new();
                if get("allowUnlimitedText") == "true" {
                    flags.push('u');
                }
                if get("trim") == "none" {
                    flags.push('b');
                }
                let data_type = if get("dataType").is_empty() { "text" } else { get("dataType") };
                let records =
                    if get("recordTypes").is_empty() { "AMCI".into() } else { get("recordTypes").replace(',', "") };
                let rest = [kind, level, data_type, get("length"), &records, padding, &flags, get("naaccrName")];
                let rest = rest.into_iter().map(str::to_owned).collect();
                let number = get("naaccrNum").parse().unwrap_or(0);
                versions.entry((number, id.to_owned(), rest)).or_default().push(version);
            }
        }
    }
    let mut lines: Vec<_> = versions.into_iter().collect();
    lines.sort_by(|(a, av), (b, bv)| (a.0, av.first(), &a.1, &a.2[0]).cmp(&(b.0, bv.first(), &b.1, &b.2[0])));
    let mut out = String::from(
        "# Items of the NAACCR base and default user dictionaries, versions 140 to 260.\n\
         # Origin: the official dictionaries maintained by NAACCR, published with naaccr-xml 12.x (edition 260 of 2025-08-11).\n\
         # Zero padding of version 140, which its dictionary leaves out, is that of 150.\n\
         # level: R root, P patient, T tumor; flags: u text of any length, b blanks kept in fixed columns.\n\
         # number\tid\tversions\tdictionary\tlevel\ttype\tlength\trecords\tpadding\tflags\tname\n",
    );
    for ((number, id, rest), versions) in lines {
        let [kind, level, data_type, length, records, padding, flags, name] = &rest[..] else { continue };
        let versions = runs(&versions);
        let _ = writeln!(
            out,
            "{number}\t{id}\t{versions}\t{kind}\t{level}\t{data_type}\t{length}\t{records}\t{padding}\t{flags}\t{name}"
        );
    }
    Ok(out)
}

/// Versions as runs of neighbours: `140-160,210`.
fn runs(versions: &[Version]) -> String {
    let mut runs: Vec<(Version, Version)> = Vec::new();
    for version in versions {
        match runs.last_mut() {
            Some(run) if run.1.index() + 1 == version.index() => run.1 = *version,
            _ => runs.push((*version, *version)),
        }
    }
    let texts: Vec<String> =
        runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") }).collect();
    texts.join(",")
}

fn about(folder: &Path) -> Result<String, NotBuilt> {
    let mut about: BTreeMap<String, [String; 5]> = BTreeMap::new();
    for row in csv_rows(&folder.join("items/item-sections-types-phi-v18.csv"), None)? {
        about.entry(row["naaccrId"].clone()).or_default()[0] = row["section"].clone();
    }
    for row in csv_rows(&folder.join("changes/retired-fields.csv"), None)? {
        let entry = about.entry(row["name"].clone()).or_default();
        if entry[0].is_empty() && row["section"] != "NA" {
            entry[0] = row["section"].clone();
        }
    }
    for row in csv_rows(&folder.join("items/items-extra-info.csv"), Some(&["id", "label", "section"]))? {
        let entry = about.entry(row["id"].clone()).or_default();
        entry[0] = row["section"].clone();
        entry[1] = row["label"].clone();
    }
    for row in csv_rows(&folder.join("items/item-history.csv"), None)? {
        if row["naaccrId"].starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let entry = about.entry(row["naaccrId"].clone()).or_default();
        entry[2] = row["sourceOfStandard"].clone();
        entry[3] = row["yearImplemented"].clone();
        entry[4] = row["yearRetired"].clone();
    }
    let mut out = String::from(
        "# Section of the abstract, short label, source of standard, years of beginning and retirement of each item.\n\
         # Origin: the item documentation as collected by the layout project (imsweb), versions 12 to 26, and\n\
         # naaccr-tumor-data (kumc-bmi) and the naaccr package (WerthPADOH) for items retired before.\n\
         # id\tsection\tlabel\tsource\timplemented\tretired\n",
    );
    for (id, [section, label, source, implemented, retired]) in about {
        let _ = writeln!(out, "{id}\t{section}\t{label}\t{source}\t{implemented}\t{retired}");
    }
    Ok(out)
}

fn columns(folder: &Path) -> Result<String, NotBuilt> {
    let mut columns: BTreeMap<String, [String; 6]> = BTreeMap::new();
    for (n, version) in Version::FIXED.into_iter().enumerate() {
        let mut put = |id: &str, start: &str, width: &str| {
            columns.entry(id.to_owned()).or_default()[n] = format!("{start}+{width}");
        };
        if version < Version::V140 {
            let file = format!("flat-layouts/version-{}.csv", version.number() / 10);
            for row in csv_rows(&folder.join(file), None)? {
                put(&row["name"], &row["start_col"], &row["width"]);
            }
            continue;
        }
        for start in ["", "user-defined-"] {
            for d in definitions(folder, &format!("{start}naaccr-dictionary-{version}.xml"))? {
                if let Some(column) = d.get("startColumn") {
                    put(&d["naaccrId"], column, &d["length"]);
                }
            }
        }
    }
    let mut out = String::from(
        "# First column and width of each item in the fixed-column records of versions 12 to 18.\n\
         # Origin: 14 to 18 the official dictionaries; 12 and 13 the layouts of the naaccr package (WerthPADOH).\n\
         # id\t12\t13\t14\t15\t16\t18\n",
    );
    for (id, cells) in columns {
        let _ = writeln!(out, "{id}\t{}", cells.join("\t"));
    }
    Ok(out)
}

fn renamed(folder: &Path) -> Result<String, NotBuilt> {
    let mut out = String::from(
        "# Ids of items in earlier editions of the dictionary of version 18, and the ids they have now.\n\
         # Origin: the lists of renamed items published with naaccr-xml.\n\
         # version\tearlier id\tid\n",
    );
    for file in ["changes/renamed-items-naaccr18.csv", "changes/renamed-items-naaccr17-to-18.csv"] {
        for row in csv_rows(&folder.join(file), None)? {
            let _ = writeln!(out, "180\t{}\t{}", row["Old XML ID"], row["new XML ID"]);
        }
    }
    Ok(out)
}

fn read(path: &Path) -> Result<Vec<u8>, NotBuilt> {
    std::fs::read(path).map_err(|source| NotBuilt::Unreadable { path: path.to_owned(), source })
}

/// The `ItemDef` elements of one official dictionary.
fn definitions(folder: &Path, name: &str) -> Result<Vec<Definition>, NotBuilt> {
    let path = folder.join("dictionaries").join(name);
    let bytes = read(&path)?;
    let unexpected = |what: String| NotBuilt::Unexpected { path: path.clone(), what };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(n) = memchr::memchr(b'<', &bytes[at..]) {
        let (markup, next) =
            xml::markup(&bytes, at + n).map_err(|f| unexpected(format!("not XML at byte {}: {f:?}", at + n)))?;
        at = next;
        let Markup::Start(tag) = markup else { continue };
        if &bytes[tag.name.0..tag.name.1] != b"ItemDef" {
            continue;
        }
        let mut definition = Definition::new();
        for attribute in Attributes::of(&bytes, &tag) {
            let text = attribute.and_then(|a| Ok((a.name, xml::attribute_text(a.raw, a.at)?)));
            let (name, value) = text.map_err(|f| unexpected(format!("not XML: {f:?}")))?;
            definition.insert(String::from_utf8_lossy(name).into_owned(), value);
        }
        for needed in ["naaccrId", "naaccrNum", "length", "parentXmlElement"] {
            if !definition.contains_key(needed) {
                return Err(unexpected(format!("an ItemDef without {needed}")));
            }
        }
        found.push(definition);
    }
    Ok(found)
}

/// The rows of a CSV file by the names of its header, or by the names given.
fn csv_rows(path: &Path, names: Option<&[&str]>) -> Result<Vec<Row>, NotBuilt> {
    let bytes = read(path)?;
    let unexpected = |e: csv::Error| NotBuilt::Unexpected { path: path.to_owned(), what: e.to_string() };
    let mut reader = csv::ReaderBuilder::new().has_headers(names.is_none()).flexible(true).from_reader(&bytes[..]);
    let header: Vec<String> = match names {
        Some(names) => names.iter().map(|n| (*n).to_owned()).collect(),
        None => reader.headers().map_err(unexpected)?.iter().map(|h| h.trim().to_owned()).collect(),
    };
    reader
        .records()
        .map(|record| {
            let record = record.map_err(unexpected)?;
            let clean = |n: usize| record.get(n).unwrap_or("").replace(['\t', '\n'], " ").trim().to_owned();
            Ok(header.iter().enumerate().map(|(n, h)| (h.clone(), clean(n))).collect())
        })
        .collect()
}
