//! The views stand in the schema as `reference/view-items.tsv` says, and those without identifiers tell nobody.

use std::fmt::Write;

use accession::naaccr::{DataType, super_dictionary};
use accession::research::levels::{Action, Level, action};

use crate::kit::{Database, Kind, accession, init, naaccr_file, tree};
use crate::research::planted::{plant, tells_nothing};

struct Column {
    view: String,
    name: String,
    item: String,
}

fn columns() -> Vec<Column> {
    let text = std::fs::read_to_string(tree().join("reference/view-items.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        Column { view: cells[0].into(), name: cells[1].into(), item: cells[2].into() }
    });
    rows.collect()
}

fn of<'a>(all: &'a [Column], views: &[&str]) -> Vec<&'a Column> {
    all.iter().filter(|column| views.contains(&column.view.as_str())).collect()
}

/// How one item of a row is read.
fn value(kind: Kind, items: &str, item: &str) -> String {
    match kind {
        Kind::Sqlite => format!("{items} ->> '$.{item}'"),
        Kind::Postgres => format!("{}.\"{item}\"", row(items)),
    }
}

/// The name of the parsed row of a text column.
fn row(items: &str) -> &'static str {
    if items.starts_with('p') { "pi" } else { "ti" }
}

/// Where the text columns are parsed once a row (PostgreSQL).
fn parsed(kind: Kind, items: &str, list: &[&Column]) -> String {
    let mut names: Vec<&str> = list.iter().map(|column| column.item.as_str()).collect();
    if items.starts_with('t') && !names.contains(&"dateOfDiagnosis") {
        names.push("dateOfDiagnosis");
    }
    match kind {
        Kind::Sqlite => String::new(),
        Kind::Postgres => {
            let fields: Vec<String> = names.iter().map(|item| format!("\"{item}\" text")).collect();
            format!("\nCROSS JOIN LATERAL jsonb_to_record({items}::jsonb) AS {} ({})", row(items), fields.join(", "))
        }
    }
}

/// The condition that a text has the form of its item: what is not looks like nothing at all.
fn has_form(kind: Kind, value: &str, item: &str) -> String {
    let definition = super_dictionary().by_id(item).unwrap();
    let length = definition.length.min(8);
    match (definition.data_type, kind) {
        (DataType::Digits, Kind::Sqlite) => format!("length({value}) <= {length} AND {value} NOT GLOB '*[^0-9]*'"),
        (DataType::Digits, Kind::Postgres) => format!("{value} ~ '^[0-9]{{1,{length}}}$'"),
        (DataType::Alpha, Kind::Sqlite) => format!("length({value}) <= 3 AND {value} NOT GLOB '*[^A-Z]*'"),
        (DataType::Alpha, Kind::Postgres) => format!("{value} ~ '^[A-Z]{{1,3}}$'"),
        (_, Kind::Sqlite) => format!(
            "length({value}) <= {length} AND {value} NOT GLOB '*[^0-9A-Za-z.+<>()-]*' AND {value} NOT GLOB '*[A-Za-z][A-Za-z][A-Za-z][A-Za-z]*' \
             AND {value} NOT GLOB '*[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*'"
        ),
        (_, Kind::Postgres) => format!(
            "{value} ~ '^[0-9A-Za-z.+<>()-]{{1,{length}}}$' AND {value} !~ '[A-Za-z]{{4}}' AND {value} !~ '[0-9]{{7}}'"
        ),
    }
}

/// The year of the patient's life in which a year lies; nothing is known of a patient without a birth date.
const BIRTH_YEAR: &str = "p.birth_low / 10000";

/// A column of a view without identifiers, or none where the level drops the item.
fn deidentified(kind: Kind, items: &str, column: &Column) -> Option<String> {
    let raw = value(kind, items, &column.item);
    let year = format!("substr({raw}, 1, 4)");
    let is_year = match kind {
        Kind::Sqlite => format!("{year} GLOB '[12][0-9][0-9][0-9]'"),
        Kind::Postgres => format!("{year} ~ '^[12][0-9]{{3}}$'"),
    };
    let number = |text: &str| format!("CAST({text} AS BIGINT)");
    let (condition, shown) = match action(&column.item, Level::Deidentified) {
        Action::Keep => (has_form(kind, &raw, &column.item), raw),
        Action::State => (has_form(kind, &raw, &column.item), raw),
        Action::Year if column.item == "dateOfDiagnosis" => (is_year, year),
        // A year in which the patient was 90 would tell the age of whoever was younger at diagnosis.
        Action::Year => (format!("CASE WHEN {is_year} THEN {} - {BIRTH_YEAR} < 90 END", number(&year)), year),
        Action::AgeCap => {
            let is_age = has_form(kind, &raw, &column.item);
            return Some(format!(
                "CASE WHEN {is_age} THEN CASE WHEN {} BETWEEN 90 AND 120 THEN '90+' ELSE {raw} END END AS {}",
                number(&raw),
                column.name
            ));
        }
        Action::Zip3 => {
            let small: Vec<String> = (0..1000)
                .map(|n| format!("{n:03}"))
                .filter(|zip3| accession::research::levels::is_small_area(zip3))
                .map(|zip3| format!("'{zip3}'"))
                .collect();
            let is_zip = match kind {
                Kind::Sqlite => {
                    format!("{raw} GLOB '[0-9][0-9][0-9][0-9][0-9]*' AND substr({raw}, 1, 5) NOT IN ('99999', '88888')")
                }
                Kind::Postgres => format!("{raw} ~ '^[0-9]{{5}}' AND substr({raw}, 1, 5) NOT IN ('99999', '88888')"),
            };
            return Some(format!(
                "CASE WHEN {is_zip} THEN CASE WHEN substr({raw}, 1, 3) IN ({}) THEN '000' ELSE substr({raw}, 1, 3) END END AS {}",
                small.join(", "),
                column.name
            ));
        }
        // What depends on a study or on more than this row has no place in a view.
        _ => return None,
    };
    let name = match action(&column.item, Level::Deidentified) {
        Action::Year => column.name.replace("date", "year"),
        _ => column.name.clone(),
    };
    Some(format!("CASE WHEN {condition} THEN {shown} END AS {name}"))
}

fn statement(name: &str, first: &[String], cells: Vec<String>, from: &str) -> String {
    let cells: Vec<String> = first.iter().cloned().chain(cells).collect();
    format!("CREATE VIEW {name} AS\nSELECT {}\n{from};\n", cells.join(",\n    "))
}

/// The text of the migration.
fn migration(kind: Kind) -> String {
    let all = columns();
    let (patient, tumor) = (of(&all, &["patient"]), of(&all, &["tumor"]));
    let whole = of(&all, &["tumor", "abstract"]);
    let texts = |list: &[&str]| list.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    let named = |items: &str, list: &[&Column]| -> Vec<String> {
        list.iter().map(|column| format!("{} AS {}", value(kind, items, &column.item), column.name)).collect()
    };
    let bare = |items: &str, list: &[&Column]| -> Vec<String> {
        list.iter().filter_map(|column| deidentified(kind, items, column)).collect()
    };
    // A tumor with one abstract has no items of its own and reads through.
    let through = "coalesce(t.items, (SELECT a.items FROM abstract a WHERE a.tumor_id = t.id AND a.state = 'live' ORDER BY a.id LIMIT 1), '{}')";
    let tumors = format!("(SELECT t.id, t.patient_id, {through} AS items FROM tumor_live t) t");
    let mut text = String::from(
        "-- Views for SQL: named columns of the JSON texts, and the same without identifiers.\n\
         -- Made from reference/view-items.tsv by tests/it/sql_door; write it anew with ACCESSION_TEST_WRITE=1.\n",
    );
    let p = parsed(kind, "p.items", &patient);
    let t = parsed(kind, "t.items", &tumor);
    let a = parsed(kind, "t.items", &whole);
    text += &statement(
        "patient_v",
        &texts(&["p.id AS patient_id"]),
        named("p.items", &patient),
        &format!("FROM patient_live p{p}"),
    );
    text += &statement(
        "tumor_v",
        &texts(&["t.id AS tumor_id", "t.patient_id"]),
        named("t.items", &tumor),
        &format!("FROM {tumors}{t}"),
    );
    text += &statement(
        "abstract_v",
        &texts(&["t.id AS abstract_id", "t.tumor_id", "t.patient_id", "t.status"]),
        named("t.items", &whole),
        &format!("FROM abstract_live t{a}"),
    );
    text += &statement("patient_deid_v", &[], bare("p.items", &patient), &format!("FROM patient_live p{p}"));
    let both = |own: &[&Column]| bare("p.items", &patient).into_iter().chain(bare("t.items", own)).collect::<Vec<_>>();
    text += &statement(
        "tumor_deid_v",
        &[],
        both(&tumor),
        &format!("FROM {tumors}\nJOIN patient_live p ON p.id = t.patient_id{p}{t}"),
    );
    text += &statement(
        "abstract_deid_v",
        &[],
        both(&whole),
        &format!("FROM abstract_live t\nJOIN patient_live p ON p.id = t.patient_id{p}{a}"),
    );
    text
}

#[test]
fn the_views_are_those_of_the_list() {
    for (kind, folder) in [(Kind::Sqlite, "sqlite"), (Kind::Postgres, "postgres")] {
        let path = tree().join(format!("migrations/{folder}/2026-11-24-000090_create_views/up.sql"));
        let made = migration(kind);
        if std::env::var_os("ACCESSION_TEST_WRITE").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let stands = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stands == made,
            "{} is not what reference/view-items.tsv says; ACCESSION_TEST_WRITE=1 writes it",
            path.display()
        );
    }
}

#[test]
fn no_column_of_a_bare_view_is_of_an_item_that_is_dropped() {
    for column in columns() {
        assert!(super_dictionary().by_id(&column.item).is_some_and(|item| *item.id == *column.item), "{}", column.item);
        if action(&column.item, Level::Deidentified) == Action::Drop {
            assert_eq!(deidentified(Kind::Sqlite, "p.items", &column), None, "{}", column.item);
        }
    }
}

/// All of a view, a line a row.
fn whole(db: &Database, view: &str) -> String {
    let names = db.values(&match db.kind() {
        Kind::Sqlite => format!("SELECT name AS value FROM pragma_table_info('{view}') ORDER BY cid"),
        Kind::Postgres => format!(
            "SELECT column_name::text AS value FROM information_schema.columns WHERE table_name = '{view}' ORDER BY ordinal_position"
        ),
    });
    let mut cells = String::new();
    for name in names.into_iter().flatten() {
        if !cells.is_empty() {
            cells += " || '|' || ";
        }
        write!(cells, "coalesce(CAST({name} AS TEXT), '')").unwrap();
    }
    let mut rows = db.values(&format!("SELECT {cells} AS value FROM {view}")).into_iter().flatten().collect::<Vec<_>>();
    rows.sort();
    rows.join("\n")
}

on_both!(the_views_without_identifiers_tell_no_planted_word_and_no_real_number, |db| {
    plant(db);
    for view in ["patient_deid_v", "tumor_deid_v", "abstract_deid_v"] {
        let text = whole(db, view);
        assert_eq!(text.lines().count(), 2, "{view}: {text}");
        tells_nothing(Level::Deidentified, view, &text);
    }
    let tumors = whole(db, "tumor_deid_v");
    assert!(tumors.contains("C504|2|8500|3") && tumors.contains("|2021|") && tumors.contains("|522|"), "{tumors}");
    assert!(tumors.contains("|088|") && !tumors.contains("2024"), "last contact at 90 is not told: {tumors}");
    let named = whole(db, "patient_v") + &whole(db, "tumor_v") + &whole(db, "abstract_v");
    assert!(named.contains("PlantedqznameLast") && named.contains("20210519") && named.contains("202198765"));
});

on_both!(a_view_has_a_row_for_each_live_record, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "people.xml", 1, 30);
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
    for view in ["patient_v", "tumor_v", "abstract_v", "patient_deid_v", "tumor_deid_v", "abstract_deid_v"] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {view}")), 30, "{view}");
    }
    assert_eq!(db.number("SELECT count(*) FROM tumor_v WHERE primary_site IN ('C509', 'C619', 'C341', 'C187')"), 30);
    db.tamper("UPDATE tumor SET state = 'deleted' WHERE id = 1");
    assert_eq!(db.number("SELECT count(*) FROM tumor_v"), 29);
    assert_eq!(db.number("SELECT count(*) FROM tumor_deid_v"), 29);
});
