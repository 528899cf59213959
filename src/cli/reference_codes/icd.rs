//! `codes/icd-to-icdo3.tsv`, `codes/icdo3-to-icd10.tsv`, `codes/iarc.tsv`, `codes/causes.bin`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Table, cells, head, rows};

const IARC: &str = "IARC/IACR tools: rules of 2005 with additions of 2014-2015, facts re-tabulated";

/// ICD-10-CM, ICD-10 and ICD-9-CM to ICD-O-3 start values.
pub(super) fn to_icdo3(from: &Path) -> Result<Table> {
    let mut text = head(
        "ICD codes to ICD-O-3 start values: @ and the classification, then its codes",
        "ICD-10-CM, ICD-10 and ICD-9-CM as of the algorithms library's tables, 2025",
        "Information Management Services (BSD licence), facts re-tabulated",
        "code	site	histology	behavior	grade	laterality	reportable	sex",
    );
    for (name, file, column) in [
        ("icd10cm", "icdo3/icd10/icd10cm-to-icdo3.tsv", "icd_10_cm_code"),
        ("icd10", "icdo3/icd10/icd10-to-icdo3.tsv", "icd_10_code"),
        ("icd9cm", "icdo3/icd10/icd9cm-to-icdo3.tsv", "icd_9_cm_code"),
    ] {
        let _ = writeln!(text, "@\t{name}");
        for row in rows(from, file)? {
            let cells: Vec<&str> = [
                column,
                "icd_o_3_primary_site",
                "histology",
                "behavior",
                "grade",
                "laterality",
                "reportability",
                "gender",
            ]
            .iter()
            .map(|c| row.get(c))
            .collect();
            let _ = writeln!(text, "{}", cells.join("\t").trim_end_matches('\t'));
        }
    }
    Ok(Table { path: "codes/icd-to-icdo3.tsv", content: text.into_bytes() })
}

/// ICD-O-3 to ICD-10: four parts, each opened by `@`.
pub(super) fn from_icdo3(from: &Path) -> Result<Table> {
    let mut text = head(
        "ICD-O-3 to ICD-10: @ columns (by site: malignant benign in-situ uncertain secondary), @ methods, @ by-site, @ by-site-sex",
        "Rules of 2005 with additions of 2014-2015",
        IARC,
        "cells of the part",
    );
    text.push_str("@\tcolumns\n");
    for row in rows(from, "icdo3/icd10/topography-columns.tsv")? {
        let cells: Vec<&str> = ["topography", "malignant", "benign", "in_situ", "uncertain", "secondary"]
            .iter()
            .map(|c| row.get(c))
            .collect();
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    text.push_str("@\tmethods\n");
    for row in rows(from, "icdo3/icd10/morphology-method.tsv")? {
        let argument = match row.get("method") {
            "none" => continue,
            "fixed" => row.get("icd10"),
            _ => row.get("argument"),
        };
        let _ = writeln!(text, "{}\t{}\t{argument}", row.get("code"), row.get("method"));
    }
    text.push_str("@\tby-site\n");
    for row in rows(from, "icdo3/icd10/by-site.tsv")? {
        let _ = writeln!(text, "{}\t{}\t{}", row.get("block"), row.get("site"), row.get("icd10"));
    }
    text.push_str("@\tby-site-sex\n");
    for row in rows(from, "icdo3/icd10/by-site-sex.tsv")? {
        let cells: Vec<&str> = ["block", "site", "icd10_male", "icd10_female"].iter().map(|c| row.get(c)).collect();
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    Ok(Table { path: "codes/icdo3-to-icd10.tsv", content: text.into_bytes() })
}

/// IARC families of morphology, the sites they accept or refuse, and the other checks.
pub(super) fn iarc(from: &Path) -> Result<Table> {
    let mut text = head(
        "IARC checks: family (number, must or must-not, name), histology (code, any-site, listed-sites or other-sites, families), only and never (family, sites), age, basis, behavior, sex",
        "Rules of 2005 with additions of 2014-2015",
        IARC,
        "kind	cells of the kind",
    );
    for row in rows(from, "icdo3/iarc/morphology-families.tsv")? {
        let _ = writeln!(text, "family\t{}\t{}\t{}", row.get("family"), row.get("direction"), row.get("name"));
    }
    let mut histologies: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for row in rows(from, "icdo3/iarc/morphology-to-family.tsv")? {
        let entry = histologies.entry(row.get("histology").into()).or_default();
        entry.0 = match row.get("rule") {
            "only-listed-sites" => "listed-sites",
            "not-listed-sites" => "other-sites",
            _ => "any-site",
        }
        .into();
        if !row.get("family").is_empty() {
            entry.1.push(row.get("family").into());
        }
    }
    for (histology, (rule, families)) in &histologies {
        let _ = writeln!(text, "histology\t{histology}\t{rule}\t{}", families.join(" "));
    }
    for (kind, file) in [("only", "icdo3/iarc/family-sites-only.tsv"), ("never", "icdo3/iarc/family-sites-never.tsv")] {
        let mut sites: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows(from, file)? {
            sites.entry(row.get("family").into()).or_default().push(row.get("site").into());
        }
        for (family, sites) in &sites {
            let _ = writeln!(text, "{kind}\t{family}\t{}", sites.join(" "));
        }
    }
    for row in rows(from, "icdo3/iarc/age-rules.tsv")? {
        let cells: Vec<&str> = ["kind", "age", "sites", "histologies", "result"].iter().map(|c| row.get(c)).collect();
        let _ = writeln!(text, "age\t{}", cells.join("\t"));
    }
    for row in rows(from, "icdo3/iarc/basis-exempt-histologies.tsv")? {
        let _ = writeln!(text, "basis\t{}\t{}", row.get("histology"), row.get("site_limit"));
    }
    for row in rows(from, "icdo3/iarc/behavior-site-rules.tsv")? {
        let _ = writeln!(text, "behavior\t{}\t{}\t{}", row.get("sites"), row.get("behavior"), row.get("result"));
    }
    for row in rows(from, "icdo3/iarc/sex-rules.tsv")? {
        let cells: Vec<&str> = ["kind", "sex", "sites_or_families", "result"].iter().map(|c| row.get(c)).collect();
        let _ = writeln!(text, "sex\t{}", cells.join("\t"));
    }
    Ok(Table { path: "codes/iarc.tsv", content: text.into_bytes() })
}

/// Rows of one compressed block of causes.
const BLOCK: usize = 2_000;

/// ICD-10 and ICD-10-CM codes with their names: an index line a block, an empty line, then the blocks.
/// Codes of up to four characters (all that a death certificate's code can be) come first, in blocks of their own.
pub(super) fn causes(from: &Path) -> Result<Table> {
    let mut short: Vec<(String, String)> = Vec::new();
    let mut long = Vec::new();
    for row in cells(from, "naaccr/codes/lookups-v26/causeOfDeath.csv.gz")? {
        let [code, name, ..] = row.as_slice() else { continue };
        if code.len() <= 4 { &mut short } else { &mut long }.push((code.clone(), name.clone()));
    }
    short.sort();
    long.sort();
    let mut index = head(
        "ICD-10 and ICD-10-CM codes: index of blocks compressed with zstd, an empty line, the blocks; short codes, then long",
        "ICD-10 and ICD-10-CM of the NAACCR 26 item lookups",
        "World Health Organization and NCHS, names of codes by way of the open imsweb libraries",
        "kind	first code	rows	bytes",
    );
    let mut blocks = Vec::new();
    for (kind, rows) in [("short", &short), ("long", &long)] {
        for block in rows.chunks(BLOCK) {
            let text: String = block.iter().map(|(code, name)| format!("{code}\t{name}\n")).collect();
            let packed = zstd::bulk::compress(text.as_bytes(), 19).context("compressing causes of death")?;
            let first = block.first().map_or("", |b| b.0.as_str());
            let _ = writeln!(index, "{kind}\t{first}\t{}\t{}", block.len(), packed.len());
            blocks.extend(packed);
        }
    }
    let mut content = index.into_bytes();
    content.push(b'\n');
    content.extend(blocks);
    Ok(Table { path: "codes/causes.bin", content })
}
