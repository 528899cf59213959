//! The staging schemas read by people: search, which cases belong to a schema, its items with their codes, its tables
//! with notes where the registry has loaded the official archive. Nothing of a patient is here.

use serde::Serialize;

use super::case_stage::title_of;
use crate::registry::standards::InUse;
use crate::staging::{Algorithm, ColumnKind, Edition, FlagView, Prose, SchemaView, TableView, in_words};
use crate::web::fields::encode;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct List<'a> {
    q: &'a str,
    algorithms: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    title: &'static str,
    editions: Vec<EditionLink>,
    schemas: Vec<Row>,
    all: i64,
}

#[derive(Serialize)]
struct EditionLink {
    version: String,
    own: bool,
    on: bool,
    current: bool,
    href: String,
}

#[derive(Serialize)]
struct Row {
    href: String,
    id: String,
    title: String,
    subtitle: String,
    items: usize,
}

/// The algorithm of the path and the edition of the query, else the one in use.
fn chosen<'s>(ask: &Ask, standards: &'s InUse) -> Result<(Algorithm, &'s Edition), Refused> {
    let name = ask.path.get("algorithm");
    let algorithm = Algorithm::ALL.into_iter().find(|a| a.name() == name).ok_or(Refused::NotFound)?;
    let version = ask.query.trimmed("edition");
    let edition = match version {
        "" => standards.edition(algorithm),
        version => standards.exactly(algorithm, version).ok_or(Refused::NotFound)?,
    };
    Ok((algorithm, edition))
}

/// What keeps the edition in an address.
fn suffix(standards: &InUse, algorithm: Algorithm, edition: &Edition) -> String {
    match standards.edition(algorithm).version() == edition.version() {
        true => String::new(),
        false => format!("?edition={}", encode(edition.version())),
    }
}

fn editions_of(standards: &InUse, algorithm: Algorithm, shown: &Edition, path: &str) -> Vec<EditionLink> {
    standards
        .versions(algorithm)
        .into_iter()
        .map(|(version, own, on)| EditionLink {
            current: version == shown.version(),
            href: format!("{path}?edition={}", encode(&version)),
            version,
            own,
            on,
        })
        .collect()
}

/// Every schema of the editions in use.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let standards = ask.store().standards();
    let q = ask.query.trimmed("q");
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_string).collect();
    let algorithms = Algorithm::ALL.into_iter().map(|algorithm| {
        let edition = standards.edition(algorithm);
        Listed {
            name: algorithm.name(),
            title: title_of(algorithm),
            editions: editions_of(&standards, algorithm, edition, &format!("/schemas/{}", algorithm.name())),
            all: i64::try_from(edition.schemas().len()).unwrap_or(i64::MAX),
            schemas: rows(algorithm, edition, &words, ""),
        }
    });
    let page = List { q, algorithms: algorithms.collect() };
    ask.page("pages/schemas", &Sheet::of("Schemas", "/schemas"), &page)
}

/// Every schema of one edition.
pub fn of_algorithm(ask: &Ask) -> Result<Reply, Refused> {
    let standards = ask.store().standards();
    let (algorithm, edition) = chosen(ask, &standards)?;
    let q = ask.query.trimmed("q");
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_string).collect();
    let listed = Listed {
        name: algorithm.name(),
        title: title_of(algorithm),
        editions: editions_of(&standards, algorithm, edition, &format!("/schemas/{}", algorithm.name())),
        all: i64::try_from(edition.schemas().len()).unwrap_or(i64::MAX),
        schemas: rows(algorithm, edition, &words, &suffix(&standards, algorithm, edition)),
    };
    let page = List { q, algorithms: vec![listed] };
    let title = format!("Schemas of {} {}", title_of(algorithm), edition.version());
    ask.page("pages/schemas", &Sheet::of(&title, "/schemas"), &page)
}

/// The schemas whose title, id or items hold every word.
fn rows(algorithm: Algorithm, edition: &Edition, words: &[String], suffix: &str) -> Vec<Row> {
    let fits = |schema: &SchemaView<'_>| {
        let mut text = format!("{} {} {}", schema.id(), schema.title(), schema.subtitle().unwrap_or_default());
        for input in schema.inputs() {
            text.push(' ');
            text.push_str(input.name());
            if let Some(number) = input.item_number() {
                text.push(' ');
                text.push_str(&number.to_string());
            }
        }
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut rows: Vec<Row> = edition
        .schemas()
        .filter(|schema| words.is_empty() || fits(schema))
        .map(|schema| Row {
            href: format!("/schemas/{}/{}{suffix}", algorithm.name(), schema.id()),
            id: schema.id().into(),
            title: schema.title().into(),
            subtitle: schema.subtitle().unwrap_or_default().into(),
            items: schema.inputs().len(),
        })
        .collect();
    rows.sort_by(|a, b| a.title.cmp(&b.title));
    rows
}

#[derive(Serialize)]
struct SchemaPage {
    algorithm: &'static str,
    title: &'static str,
    edition: String,
    suffix: String,
    id: String,
    name: String,
    subtitle: String,
    notes: String,
    has_prose: bool,
    selection: Option<TableShown>,
    discriminators: String,
    items: Vec<ItemRow>,
    outputs: Vec<ItemRow>,
    tables: Vec<TableLink>,
    editions: Vec<EditionLink>,
}

#[derive(Serialize)]
struct ItemRow {
    number: u32,
    key: String,
    name: String,
    table: String,
    default: String,
    unit: String,
    used: bool,
    flags: String,
}

#[derive(Serialize)]
struct TableLink {
    id: String,
    title: String,
    rows: usize,
}

/// One schema.
pub fn schema(ask: &Ask) -> Result<Reply, Refused> {
    let standards = ask.store().standards();
    let (algorithm, edition) = chosen(ask, &standards)?;
    let schema = edition.schema(ask.path.get("schema")).ok_or(Refused::NotFound)?;
    let mut tables: Vec<TableLink> = schema
        .tables()
        .map(|table| TableLink { id: table.id().into(), title: table.title().into(), rows: table.rows() })
        .collect();
    tables.sort_by(|a, b| a.title.cmp(&b.title));
    let path = format!("/schemas/{}/{}", algorithm.name(), schema.id());
    let page = SchemaPage {
        algorithm: algorithm.name(),
        title: title_of(algorithm),
        edition: edition.version().into(),
        suffix: suffix(&standards, algorithm, edition),
        id: schema.id().into(),
        name: schema.title().into(),
        subtitle: schema.subtitle().unwrap_or_default().into(),
        notes: schema.notes().unwrap_or_default().into(),
        has_prose: edition.has_prose(),
        selection: schema.selection().map(|table| table_shown(&table)),
        discriminators: schema.discriminators().collect::<Vec<_>>().join(", "),
        items: schema
            .inputs()
            .map(|input| ItemRow {
                number: input.item_number().map_or(0, u32::from),
                key: input.key().into(),
                name: input.name().into(),
                table: input.table().map_or("", |table| table.id()).into(),
                default: input.default().unwrap_or_default().into(),
                unit: input.unit().unwrap_or_default().into(),
                used: input.used_for_staging(),
                flags: input.flags().map(|flag| in_plain_words(&flag)).collect::<Vec<_>>().join(", "),
            })
            .collect(),
        outputs: schema
            .outputs()
            .map(|output| ItemRow {
                number: output.item_number().map_or(0, u32::from),
                key: output.key().into(),
                name: output.name().into(),
                table: output.table().map_or("", |table| table.id()).into(),
                default: String::new(),
                unit: String::new(),
                used: false,
                flags: String::new(),
            })
            .collect(),
        tables,
        editions: editions_of(&standards, algorithm, edition, &path),
    };
    let title = format!("{}, {} {}", page.name, page.title, page.edition);
    ask.page("pages/schema", &Sheet::of(&title, "/schemas"), &page)
}

#[derive(Serialize)]
struct TablePage {
    algorithm: &'static str,
    title: &'static str,
    edition: String,
    suffix: String,
    schema: String,
    schema_title: String,
    has_prose: bool,
    prose: Vec<(&'static str, String)>,
    used_by: Vec<(String, String)>,
    table: TableShown,
}

#[derive(Serialize)]
struct TableShown {
    id: String,
    title: String,
    subtitle: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One table of a schema.
pub fn table(ask: &Ask) -> Result<Reply, Refused> {
    let standards = ask.store().standards();
    let (algorithm, edition) = chosen(ask, &standards)?;
    let schema = edition.schema(ask.path.get("schema")).ok_or(Refused::NotFound)?;
    let table = edition.table(ask.path.get("table")).ok_or(Refused::NotFound)?;
    let texts = [
        ("Description", Prose::Description),
        ("Notes", Prose::Notes),
        ("Coding guidelines", Prose::CodingGuidelines),
        ("Rationale", Prose::Rationale),
        ("Additional information", Prose::AdditionalInfo),
        ("Footnotes", Prose::Footnotes),
    ];
    let page = TablePage {
        algorithm: algorithm.name(),
        title: title_of(algorithm),
        edition: edition.version().into(),
        suffix: suffix(&standards, algorithm, edition),
        schema: schema.id().into(),
        schema_title: schema.title().into(),
        has_prose: edition.has_prose(),
        prose: texts
            .into_iter()
            .filter_map(|(title, kind)| Some((title, table.prose(kind)?.to_string())))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect(),
        used_by: edition
            .schemas_using(table.id())
            .into_iter()
            .filter_map(|id| edition.schema(id))
            .map(|schema| (schema.id().to_string(), schema.title().to_string()))
            .collect(),
        table: table_shown(&table),
    };
    ask.page("pages/schema-table", &Sheet::of(&page.table.title, "/schemas"), &page)
}

fn table_shown(table: &TableView<'_>) -> TableShown {
    let columns: Vec<_> = table.columns().collect();
    // A column of words that are not loaded says nothing.
    let said = |at: usize| {
        columns.get(at).is_some_and(|c| c.kind != ColumnKind::Description)
            || (0..table.rows()).any(|row| !table.cell(row, at).is_empty())
    };
    let kept: Vec<usize> = (0..columns.len()).filter(|at| said(*at)).collect();
    let cell = |row: usize, at: usize| {
        let text = table.cell(row, at);
        match columns.get(at).map(|column| column.kind) {
            Some(ColumnKind::Input) => in_words(&text),
            Some(ColumnKind::Endpoint) => match text.split_once(':') {
                Some(("VALUE", "")) => "blank".into(),
                Some(("VALUE", value)) => value.into(),
                Some(("JUMP", table)) => format!("go on to {table}"),
                Some(("ERROR", words)) => format!("error {words}"),
                _ => text.to_lowercase(),
            },
            _ => text,
        }
    };
    TableShown {
        id: table.id().into(),
        title: table.title().into(),
        subtitle: table.subtitle().unwrap_or_default().into(),
        columns: kept
            .iter()
            .filter_map(|at| columns.get(*at))
            .map(|column| if column.name.is_empty() { column.key.to_string() } else { column.name.to_string() })
            .collect(),
        rows: (0..table.rows()).map(|row| kept.iter().map(|at| cell(row, *at)).collect()).collect(),
    }
}

/// A flag as a person reads it.
fn in_plain_words(flag: &FlagView<'_>) -> String {
    let name = flag.name.replace('_', " ").to_lowercase();
    let name =
        ["seer", "npcr", "coc", "cccr", "ssdi"].iter().fold(name, |name, who| name.replace(who, &who.to_uppercase()));
    match (flag.start, flag.end) {
        (Some(start), Some(end)) => format!("{name} {start} to {end}"),
        (Some(start), None) => format!("{name} from {start}"),
        (None, Some(end)) => format!("{name} to {end}"),
        (None, None) => name,
    }
}
