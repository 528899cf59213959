//! The commands of the code tables.

use crate::kit::accession;

#[test]
fn a_search_gives_one_object_with_the_best_code_first() {
    let found = accession(&["codes", "search", "inf", "duct", "ca", "--json"]).expect_code(0).json();
    assert_eq!(found["query"], "inf duct ca");
    let first = &found["hits"][0];
    assert_eq!((&first["item"], &first["code"]), (&"histologicTypeIcdO3".into(), &"8500/3".into()));
    assert_eq!(first["label"], "Infiltrating duct carcinoma, NOS");
}

#[test]
fn a_search_in_a_case_puts_what_fits_first() {
    let lines = accession(&[
        "codes",
        "search",
        "mastectomy",
        "--item",
        "rxSummSurgPrimSite2023",
        "--site",
        "C50.4",
        "--year",
        "2024",
        "--limit",
        "3",
    ])
    .expect_code(0)
    .stdout;
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.lines().all(|l| l.starts_with('B') && l.contains("astectomy")), "{lines}");
    let found = accession(&[
        "codes",
        "search",
        "lobe",
        "--item",
        "primarySite",
        "--histology",
        "9440",
        "--behavior",
        "3",
        "--json",
    ])
    .json();
    assert!(found["hits"][0]["code"].as_str().unwrap().starts_with("C71"), "{found}");
}

#[test]
fn an_unknown_item_is_not_searched() {
    let outcome = accession(&["codes", "search", "x", "--item", "primarySit"]).expect_code(2);
    assert!(outcome.stderr.contains("there is no item primarySit"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn a_value_is_told_and_a_code_without_meaning_is_found_fault_with() {
    let told = accession(&["codes", "meaning", "tumorSizeSummary", "018", "--json"]).expect_code(0).json();
    assert_eq!((&told["label"], &told["missing"]), (&"18 mm".into(), &false.into()));
    let county = accession(&["codes", "meaning", "countyAtDx", "113", "--state", "IA"]).expect_code(0);
    assert_eq!(county.stdout, "Linn County\n");
    accession(&["codes", "meaning", "primarySite", "C999"]).expect_code(1);
}

#[test]
fn the_tables_name_their_editions() {
    let tables = accession(&["codes", "tables", "--json"]).expect_code(0).json_lines();
    assert!(tables.iter().any(|t| t["table"] == "causes" && t["size"] == 93_714));
    assert!(tables.iter().all(|t| t["edition"].as_str().is_some_and(|e| !e.is_empty())));
}

#[test]
fn every_table_that_is_compiled_in_is_told_in_the_docs() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/reference.md")).unwrap();
    let mut untold = Vec::new();
    for entry in std::fs::read_dir(root.join("reference")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let files: Vec<String> = match entry.file_type().unwrap().is_dir() {
            // A folder told as a whole answers for its files.
            true if docs.contains(&format!("`{name}/`")) => Vec::new(),
            true => std::fs::read_dir(entry.path())
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .filter(|file| file != "README.md" && !file.ends_with(".py"))
                .collect(),
            false => vec![name.clone()],
        };
        untold.extend(
            files.into_iter().filter(|file| !docs.contains(file.as_str())).map(|file| format!("{name}/{file}")),
        );
    }
    assert!(untold.is_empty(), "docs/reference.md says nothing of {untold:?}");
}
