//! The abstract: sections in the order of the work, every item with its meaning, source and life; the text beside it.

use serde::Serialize;

use super::banner::{Banner, Tab};
use super::case_stage::{CaseStage, Rules};
use super::demands::Demands;
use super::dock::{Dock, dock};
use super::fields::{Field, Origins, fields_of, problems_of};
use crate::asker::May;
use crate::dates::PartialDate;
use crate::naaccr::{StandardItem, super_dictionary};
use crate::registry::record::Record;
use crate::registry::sections::{Section, section, section_of, sections};
use crate::registry::store::records::{self, Abstract, Patient};
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{By, Kind, settings, sources};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

/// Everything of an abstract that a page of it needs.
pub struct Case {
    /// The abstract.
    pub abstract_: Abstract,
    /// Its patient.
    pub patient: Patient,
    /// The patient's abstracts that the asker may see.
    pub all: Vec<Abstract>,
}

impl Case {
    /// Reads the case of the path's `{c}`.
    pub fn read(ask: &Ask) -> Result<Case, Refused> {
        let (by, mut conn) = (ask.by()?, ask.reading()?);
        let abstract_ = records::abstract_(&mut conn, by, ask.id("c")?)?;
        let patient = records::patient(&mut conn, by, abstract_.patient)?;
        let all = records::abstracts_of_patient(&mut conn, by, abstract_.patient)?;
        Ok(Case { abstract_, patient, all })
    }

    /// Whether the asker may change this abstract: it may be another person's work.
    pub fn may_edit(&self, ask: &Ask) -> Result<bool, Refused> {
        let Ok(asker) = ask.who()?.asker_for(May::EditTumorItems) else { return Ok(false) };
        let by = By { asker, ..ask.by()?.clone() };
        Ok(ScopeBinds::of(&by).holds_abstract(self.abstract_.facility, self.abstract_.abstractor, &by))
    }

    /// The value of an item, wherever it is kept.
    pub fn value(&self, id: &str) -> &str {
        let of_patient = self.patient.items.value(id);
        if of_patient.is_empty() { self.abstract_.items.value(id) } else { of_patient }
    }
}

#[derive(Serialize)]
struct Workbench<'a> {
    banner: Banner,
    linked: bool,
    tabs: Vec<Tab>,
    tab_section: &'a str,
    case: i64,
    version: i64,
    patient_version: i64,
    saved: String,
    class: &'a str,
    clock: Option<Clock>,
    rail: Vec<RailRow>,
    key: &'a str,
    title: &'a str,
    hidden: usize,
    all: bool,
    filled: usize,
    required: usize,
    open: usize,
    groups: Vec<GroupShown>,
    dock: Dock,
    documents: Vec<Document>,
    text: Option<TextShown>,
    received: Option<Received>,
    rules: Vec<Rules>,
    coded: String,
    form: String,
    may_edit: bool,
    next: Option<&'static str>,
    previous: Option<&'static str>,
}

#[derive(Serialize)]
struct Clock {
    day: i64,
    days: i64,
    share: i64,
    late: bool,
    title: String,
}

#[derive(Serialize)]
struct RailRow {
    key: &'static str,
    title: &'static str,
    filled: usize,
    all: usize,
    none: bool,
    icon: &'static str,
    tone: &'static str,
    says: &'static str,
    current: bool,
}

#[derive(Serialize)]
struct GroupShown {
    title: &'static str,
    note: String,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Document {
    number: u32,
    title: String,
    current: bool,
}

#[derive(Serialize)]
struct TextShown {
    number: u32,
    id: String,
    title: String,
    value: String,
    length: usize,
    most: u32,
    paragraphs: Vec<String>,
}

#[derive(Serialize)]
struct Received {
    file: String,
    lines: String,
    differs: usize,
}

/// The page of one section.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let key = ask.path.get("section").to_string();
    let found = section(&key).ok_or(Refused::NotFound)?;
    let case = Case::read(ask)?;
    let mut conn = ask.reading()?;
    let may_edit = case.may_edit(ask)?;
    let origins = Origins::of(&mut conn, &case)?;
    let stage = CaseStage::of(&ask.store().standards(), &case, ask.now());
    let demands = Demands::of(&mut conn, &case, &stage)?;
    let all = ask.query.get("all") == "yes";
    let mut hidden = 0;
    let groups: Vec<GroupShown> = groups_of(found, &case, &stage)
        .into_iter()
        .map(|(title, note, items)| {
            let (shown, rest): (Vec<_>, Vec<_>) =
                items.into_iter().partition(|item| demands.shows(item, found, &case, &stage));
            hidden += rest.len();
            (title, note, if all { shown.into_iter().chain(rest).collect() } else { shown })
        })
        .filter(|(.., items)| !items.is_empty())
        .map(|(title, note, items)| GroupShown {
            title,
            note,
            fields: fields_of(items.into_iter(), &case, &stage, &demands, &origins, may_edit),
        })
        .collect();
    let due_days = settings::setting_number(&mut conn, "abstract.due_days")?;
    let today = ask.now().date_naive();
    let today_partial = PartialDate::from_naive(today).map_err(|e| Refused::Broken(e.to_string()))?;
    let received = received(&mut conn, &case)?;
    let place = sections().iter().position(|s| s.key == found.key).unwrap_or_default();
    let (documents, text) = texts(&case, &key, ask.query.trimmed("text"));
    let dock = dock(ask, &case, &stage, found)?;
    let rail = rail(&case, &stage, &demands, &dock, &key);
    let page = Workbench {
        banner: Banner::of(&case.patient, &case.all, today_partial),
        linked: true,
        tabs: Tab::all(&case.all, Some(case.abstract_.id)),
        tab_section: &key,
        case: case.abstract_.id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        saved: show::time_to_second(&case.abstract_.changed_at, ask.app.front()?.zone),
        class: case.abstract_.items.value("classOfCase"),
        clock: clock(&case, due_days, today),
        hidden,
        all,
        filled: rail.iter().map(|row| row.filled).sum(),
        required: rail.iter().map(|row| row.all).sum(),
        open: rail.iter().filter(|row| row.current).map(|row| row.all - row.filled).sum(),
        rail,
        key: found.key,
        title: found.title,
        groups,
        documents,
        text,
        received,
        coded: coded(&case),
        form: form_of(&case, &stage),
        rules: stage.rules,
        may_edit,
        dock,
        next: sections().get(place + 1).map(|s| s.key),
        previous: place.checked_sub(1).and_then(|p| sections().get(p)).map(|s| s.key),
    };
    let names = settings::setting_is_yes(&mut conn, "privacy.title_names")?;
    let title =
        if names { format!("{}, {}", page.banner.name, found.title) } else { format!("{}, abstract", found.title) };
    let sheet = Sheet::of(&title, "/patients").with_script("workbench.js");
    let reply = ask.page("pages/workbench", &sheet, &page)?;
    let reply =
        reply.about_patient(case.patient.id).about_tumor(case.abstract_.tumor).about_abstract(case.abstract_.id);
    Ok(reply.noting(found.key))
}

/// What the form of a case depends on, and what is derived: when it differs from what the page was made from, the page
/// is made again.
pub fn form_of(case: &Case, stage: &CaseStage) -> String {
    let derived = stage.derivable.iter().map(|id| case.abstract_.items.value(id));
    let class = ["classOfCase", "laterality", "cocAccreditedFlag"].map(|id| case.abstract_.items.value(id)).join("/");
    [stage.key().as_str(), &coded(case), &class].into_iter().chain(derived).collect::<Vec<_>>().join("|")
}

/// Site, histology and year, for the rail.
fn coded(case: &Case) -> String {
    let items = &case.abstract_.items;
    let site = items.value("primarySite");
    let morphology = format!("{}/{}", items.value("histologicTypeIcdO3"), items.value("behaviorCodeIcdO3"));
    let year = items.value("dateOfDiagnosis").get(..4).unwrap_or("no year");
    format!("{}, {morphology}, {year}", if site.is_empty() { "no site" } else { site })
}

type Titled = (&'static str, String, Vec<&'static StandardItem>);

const OF_SITE: &str = "Site-specific items";

/// The groups of a section. In the stage section the items of the schema stand in its order, and filled items that
/// belong to other schemas at the end.
fn groups_of(section: &'static Section, case: &Case, stage: &CaseStage) -> Vec<Titled> {
    if section.key != "stage" {
        return section.groups.iter().map(|group| (group.title, String::new(), group.items.clone())).collect();
    }
    let filled = |item: &StandardItem| !case.value(&item.id).is_empty();
    let of_site = section.groups.iter().find(|group| group.title == OF_SITE).map_or(&[][..], |group| &group.items);
    let stands_here = |id: &str| of_site.iter().any(|item| item.id == *id) || section_of(id).is_none();
    let edition = |rules: &Rules| format!("{}, {} {}", rules.schema_title, rules.title, rules.edition);
    let named: Vec<String> = stage.rules.iter().filter(|rules| !rules.schema.is_empty()).map(edition).collect();
    let mut groups: Vec<Titled> = Vec::new();
    for group in section.groups.iter().filter(|group| group.title != OF_SITE) {
        let asked = |item: &StandardItem| {
            stage.item(&item.id).is_some()
                || stage.ask.iter().any(|asked| asked.id == *item.id)
                || stage.derivable.iter().any(|id| *id == *item.id)
        };
        let of_rules = |id: &str| {
            id.starts_with("schema")
                || id.starts_with("eod")
                || id.starts_with("derived")
                || id == "seerSummaryStage2000"
        };
        let shown = group.items.iter().copied().filter(|item| filled(item) || asked(item) || !of_rules(&item.id));
        let note = if group.title == "Schema" { named.join("; ") } else { String::new() };
        groups.push((group.title, note, shown.collect()));
    }
    let by_id = |id: &String| super_dictionary().by_id(id);
    if !stage.has_schema() {
        groups.push((OF_SITE, String::new(), of_site.iter().copied().filter(|item| filled(item)).collect()));
        return groups;
    }
    let schema = stage.items.iter().filter(|item| stands_here(&item.id)).filter_map(|item| by_id(&item.id));
    groups.push(("Items of the schema", named.join("; "), schema.collect()));
    let derived = stage.derivable.iter().filter(|id| stands_here(id)).filter_map(by_id).filter(|item| filled(item));
    groups.push(("Derived", "by the rules, from the items above".into(), derived.collect()));
    let others = stage.of_schemas.iter().filter_map(by_id).filter(|item| section_of(&item.id).is_none());
    let orphans = of_site.iter().copied().chain(others);
    let orphans = orphans.filter(|item| filled(item) && !is_known(stage, &item.id));
    groups.push((
        "Not of this schema",
        "kept from before; this schema and year do not ask for them".into(),
        orphans.collect(),
    ));
    groups
}

fn is_known(stage: &CaseStage, id: &str) -> bool {
    stage.item(id).is_some() || stage.derivable.iter().any(|derived| derived == id)
}

fn rail(case: &Case, stage: &CaseStage, demands: &Demands, dock: &Dock, current: &str) -> Vec<RailRow> {
    sections()
        .iter()
        .map(|s| {
            let (filled, all) = demands.filled(s, case, stage);
            let wrong = dock.speaks_of(s.key) || !problems_of(s, case, stage).is_empty();
            let some = s.items().any(|item| !case.value(&item.id).is_empty());
            let (icon, tone, says) = match (wrong, some) {
                (true, _) => ("warn", "warn", "Something to look at"),
                (false, false) => ("none", "dim", "Empty"),
                _ if filled < all => ("need", "accent", "Required items are empty"),
                _ => ("ok", "dim", "Nothing to look at"),
            };
            let none = all == 0;
            RailRow { key: s.key, title: s.title, filled, all, none, icon, tone, says, current: s.key == current }
        })
        .collect()
}

fn clock(case: &Case, days: i64, today: chrono::NaiveDate) -> Option<Clock> {
    if case.abstract_.status == "complete" || case.abstract_.status == "submitted" {
        return None;
    }
    let first = PartialDate::parse(case.abstract_.items.value("dateOf1stContact")).ok()?;
    let day = (today - first.first()).num_days();
    if day < 0 {
        return None;
    }
    Some(Clock {
        day,
        days,
        share: (day * 100 / days.max(1)).min(100),
        late: day > days,
        title: format!("First contact {}", first.screen()),
    })
}

fn received(conn: &mut crate::registry::store::Conn, case: &Case) -> Result<Option<Received>, Refused> {
    let Some(source) = case.abstract_.source else { return Ok(None) };
    let source = sources::source(conn, source)?;
    let mut differs = 0;
    for row in
        records::changes_of(conn, Kind::Abstract, case.abstract_.id)?.iter().filter(|row| row.source_kind != "rule")
    {
        differs += row.changes()?.len();
    }
    Ok(Some(Received {
        file: source.file_name.clone(),
        lines: format!("{}–{}", source.line_from, source.line_to),
        differs,
    }))
}

/// The text items in the order they are read.
const TEXTS: [(&str, &str); 17] = [
    ("textDxProcPath", "Path"),
    ("textDxProcPe", "History"),
    ("textDxProcXRayScan", "Imaging"),
    ("textDxProcScopes", "Scopes"),
    ("textDxProcLabTests", "Lab"),
    ("textDxProcOp", "Operative"),
    ("textStaging", "Staging"),
    ("rxTextSurgery", "Surgery"),
    ("rxTextRadiation", "Radiation"),
    ("rxTextRadiationOther", "Radiation, other"),
    ("rxTextChemo", "Chemo"),
    ("rxTextHormone", "Hormone"),
    ("rxTextBrm", "Immune"),
    ("rxTextOther", "Other treatment"),
    ("textRemarks", "Remarks"),
    ("textPrimarySiteTitle", "Site title"),
    ("textHistologyTitle", "Histology title"),
];

/// The text that backs most of a section.
fn text_of_section(key: &str) -> &'static str {
    match key {
        "treatment" => "rxTextSurgery",
        "patient" | "accession" => "textDxProcPe",
        "follow-up" | "recurrence" | "overrides" | "administration" => "textRemarks",
        _ => "textDxProcPath",
    }
}

fn texts(case: &Case, key: &str, asked: &str) -> (Vec<Document>, Option<TextShown>) {
    let number = |id: &str| super_dictionary().by_id(id).and_then(|i| i.number).map_or(0, |n| n.0);
    let items: &Record = &case.abstract_.items;
    let asked_id = TEXTS.iter().map(|(id, _)| *id).find(|id| number(id).to_string() == asked);
    let backing = text_of_section(key);
    let chosen = asked_id
        .or_else(|| Some(backing).filter(|id| !items.value(id).is_empty()))
        .or_else(|| TEXTS.iter().map(|(id, _)| *id).find(|id| !items.value(id).is_empty()))
        .unwrap_or(backing);
    let documents = TEXTS
        .iter()
        .filter(|(id, _)| !items.value(id).is_empty() || *id == chosen)
        .map(|(id, title)| Document { number: number(id), title: (*title).into(), current: *id == chosen })
        .collect();
    let text = super_dictionary().by_id(chosen).map(|item| {
        let value = items.value(chosen);
        TextShown {
            number: number(chosen),
            id: chosen.into(),
            title: show::item_name(&item.name),
            value: value.into(),
            length: value.chars().count(),
            most: item.length,
            paragraphs: value.split('\n').map(str::trim).filter(|p| !p.is_empty()).map(str::to_string).collect(),
        }
    });
    (documents, text)
}
