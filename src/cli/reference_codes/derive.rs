//! `derive/*`: recode tables, causes of death, surnames, counties, ICD-O-2, tumor sizes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Table, cells, head, rows};

const LIBRARY: &str = "SEER and NAACCR tables by way of the open algorithms library (IMS, BSD); facts re-tabulated";

/// Every table of `derive/`.
pub(super) fn tables(from: &Path) -> Result<Vec<Table>> {
    Ok(vec![
        recodes(from)?,
        causes(from)?,
        surnames(from)?,
        counties(from)?,
        icdo2(from)?,
        tumor_sizes(from)?,
        historic_stage(from)?,
    ])
}

fn recodes(from: &Path) -> Result<Table> {
    let mut text = head(
        "Recodes: @ and table; below, code, extended code, name, sites in, sites out, histologies in, out, behaviors, first year, last year",
        "as named",
        LIBRARY,
        "code	extended	name	sites	not sites	histologies	not histologies	behaviors	from	to",
    );
    for (name, file) in [
        ("site-2003", "site-recode-2003"),
        ("site-2003-without", "site-recode-2003-without-kaposi-mesothelioma"),
        ("site-who-2008", "site-recode-who-2008"),
        ("site-2023", "site-recode-2023"),
        ("site-2023-expanded", "site-recode-2023-expanded"),
        ("iccc-3", "iccc-3"),
        ("iccc-who-2008", "iccc-who-2008"),
        ("iccc-iarc-2017", "iccc-3-iarc-2017"),
        ("aya-who-2008", "aya-who-2008"),
        ("aya-2020", "aya-2020"),
        ("brain-2020", "brain-cns-2020"),
        ("lymphoid-2021", "lymphoid-2021"),
    ] {
        let _ = writeln!(text, "@\t{name}");
        for row in rows(from, &format!("algorithms/tables/{file}.csv"))? {
            if row.get("recode").is_empty() {
                continue;
            }
            let columns = [
                "recode",
                "recode_ext",
                "name",
                "sites_in",
                "sites_out",
                "hist_in",
                "hist_out",
                "beh_in",
                "year_min",
                "year_max",
            ];
            let values = columns.map(|column| row.get(column).split_whitespace().collect::<Vec<_>>().join(" "));
            let _ = writeln!(text, "{}", values.join("\t").trim_end());
        }
    }
    Ok(Table { path: "derive/recodes.tsv", content: text.into_bytes() })
}

fn causes(from: &Path) -> Result<Table> {
    let mut text = head(
        "Causes of death attributed to a tumor: @, its table; below, ICD revision, 0 for an only tumor, site recode, codes of three characters, whole codes",
        "2008, 2008 corrected (2025), 2023",
        LIBRARY,
        "revision	class	recode	codes3	codes4",
    );
    for (name, file) in [
        ("2008", "cause-specific-2008"),
        ("2008-corrected", "cause-specific-2008-fixed"),
        ("2023", "cause-specific-2023"),
    ] {
        let _ = writeln!(text, "@\t{name}");
        for row in rows(from, &format!("algorithms/tables/{file}.csv"))? {
            let columns = ["icd_revision", "sequence_class", "site_recode", "codes3", "codes4"];
            let values: Vec<&str> = columns.iter().map(|column| row.get(column).trim()).collect();
            let _ = writeln!(text, "{}", values.join("\t").trim_end());
        }
    }
    Ok(Table { path: "derive/causes-of-death.tsv", content: text.into_bytes() })
}

/// One packed text: `@` and a list's name, then a surname a line with the race it points to.
fn surnames(from: &Path) -> Result<Table> {
    let mut text = String::new();
    for (name, file) in [
        ("heavily-hispanic", "nhia-heavily-hispanic-surnames.csv"),
        ("rarely-hispanic", "nhia-rarely-hispanic-surnames.csv.gz"),
        ("asian", "napiia-asian-surnames.csv"),
        ("pacific", "napiia-pacific-islander-surnames.csv"),
    ] {
        let _ = writeln!(text, "@{name}");
        for row in cells(from, &format!("algorithms/tables/{file}"))?.into_iter().skip(1) {
            let _ = writeln!(text, "{}", row.join("\t"));
        }
    }
    let content = zstd::encode_all(text.as_bytes(), 19).context("packing the surnames")?;
    Ok(Table { path: "derive/surnames.bin", content })
}

fn counties(from: &Path) -> Result<Table> {
    #[derive(Default)]
    struct County {
        marks: String,
        facility: String,
        continuum: [String; 3],
    }
    let mut counties: BTreeMap<(String, String), County> = BTreeMap::new();
    let file = |name: &str| format!("algorithms/tables/{name}.csv");
    let key = |row: &super::Row| (row.get("state").to_owned(), row.get("county").to_owned());
    for row in rows(from, &file("state-county"))? {
        counties.entry(key(&row)).or_default().marks.push('c');
    }
    for row in rows(from, &file("nhia-low-hispanic-counties"))? {
        let (state, county) = row.get("state_county").split_at_checked(2).context("a county without a state")?;
        counties.entry((state.to_owned(), county.to_owned())).or_default().marks.push('h');
    }
    for row in rows(from, &file("prcda-counties"))? {
        let county = counties.entry(key(&row)).or_default();
        for (column, mark) in [("prcda_2017", '7'), ("prcda_2020", '0')] {
            if row.get(column) == "1" {
                county.marks.push(mark);
            }
        }
    }
    for row in rows(from, &file("uiho-counties"))? {
        counties.entry(key(&row)).or_default().facility = row.get("uiho_city_2020").to_owned();
    }
    for row in rows(from, &file("rural-urban-continuum"))? {
        counties.entry(key(&row)).or_default().continuum =
            ["code_1993", "code_2003", "code_2013"].map(|column| row.get(column).to_owned());
    }
    let mut text = head(
        "Counties: c a county at diagnosis, h low Hispanic, 7 and 0 IHS areas of 2017 and 2020; urban Indian health organization; rural-urban continuum",
        "county at diagnosis 3.0 (2023), NHIA 2.2.1, IHS 2017 and 2020, UIHO 2020, continuum 1993, 2003, 2013",
        "NAACCR, IHS by way of NPCR/CDC, USDA; through the open algorithms library (IMS, BSD); facts re-tabulated",
        "state	county	marks	organization	1993	2003	2013",
    );
    for ((state, code), county) in counties {
        let line = format!("{state}\t{code}\t{}\t{}\t{}", county.marks, county.facility, county.continuum.join("\t"));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    Ok(Table { path: "derive/counties.tsv", content: text.into_bytes() })
}

fn icdo2(from: &Path) -> Result<Table> {
    let mut text = head(
        "ICD-O-3 to ICD-O-2: histology, histology, behavior to review (A any, X none), that the special rows hold for, that depends on site; special rows 8150/1",
        "2001",
        LIBRARY,
        "histology	histology	review	special	site",
    );
    for row in rows(from, "algorithms/tables/icd-o-3-to-icd-o-2.csv")? {
        let columns = ["hist3", "hist2", "hand_review_flag", "behavior_flag", "site_flag"];
        let _ = writeln!(text, "{}", columns.map(|column| row.get(column)).join("\t"));
    }
    for row in rows(from, "algorithms/tables/icd-o-3-to-icd-o-2-special.csv")? {
        let column = |name| row.get(name);
        let _ = writeln!(text, "{}/{}\t{}\t{}", column("hist3"), column("beh3"), column("hist2"), column("beh2"));
    }
    Ok(Table { path: "derive/icdo2.tsv", content: text.into_bytes() })
}

fn tumor_sizes(from: &Path) -> Result<Table> {
    let mut by_sizes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(from, "algorithms/tables/tumor-size-valid-ranges.csv")? {
        by_sizes.entry(row.get("valid_sizes").to_owned()).or_default().push(row.get("site").to_owned());
    }
    let mut text = head("Sizes of tumors that a site allows", "1.1 (2024)", LIBRARY, "sizes	sites");
    for (sizes, sites) in by_sizes {
        let _ = writeln!(text, "{sizes}\t{}", sites.join(","));
    }
    Ok(Table { path: "derive/tumor-sizes.tsv", content: text.into_bytes() })
}

/// The tables of the legacy stage as they are, a column a cell, rows in order.
fn historic_stage(from: &Path) -> Result<Table> {
    let mut text =
        head("Historic stage: @ and table; below, its rows in order, a list of codes a cell", "one", LIBRARY, "cells");
    for name in [
        "schema-schema-2004",
        "cs-ext",
        "cs-node",
        "cs-mets",
        "cs-stage",
        "leuk",
        "eod-patch",
        "eod10-ext",
        "eod10-node",
        "eod10-stage",
        "eod4dig-stage",
        "eod13dig-ext",
        "eod13dig-nodes",
        "eod13dig-general-stage",
        "eod13dig-lung",
        "eod13dig-melanoma",
        "eod13dig-bladder",
        "eod2dig-direct-stage",
        "eod2dig-ext",
        "eod2dig-node",
        "eod2dig-ext-node-stage",
        "eod0-stage",
    ] {
        let _ = writeln!(text, "@\t{name}");
        for row in cells(from, &format!("algorithms/tables/historic-stage/{name}.csv"))?.into_iter().skip(1) {
            let _ = writeln!(text, "{}", row.join("\t"));
        }
    }
    let content = zstd::encode_all(text.as_bytes(), 19).context("packing the historic stage")?;
    Ok(Table { path: "derive/historic-stage.bin", content })
}
