//! The code tables read by people: search by number or words, a site with its morphologies, a morphology with its
//! sites, families and terms, every table with its edition. Nothing of a patient is here.

use serde::Serialize;

use crate::codes::{self, Bearing, Context, Side};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

/// Most hits and codes on one page.
const MOST: usize = 200;

#[derive(Serialize)]
struct Page<'a> {
    q: &'a str,
    table: &'a str,
    year: &'a str,
    asked: bool,
    hits: Vec<Found>,
    cut: bool,
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Found {
    href: Option<String>,
    code: String,
    label: String,
    term: String,
    kind: &'static str,
    note: &'static str,
}

#[derive(Serialize)]
struct Table {
    name: &'static str,
    edition: &'static str,
    origin: &'static str,
    size: i64,
    listed: bool,
}

/// The year of the query, if it is one.
fn year_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|year| (1900..=2100).contains(year))
}

/// Search, and the tables.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (q, table, year) = (ask.query.trimmed("q"), ask.query.trimmed("table"), ask.query.trimmed("year"));
    let context = Context { dx_year: year_of(year), ..Context::default() };
    let mut hits: Vec<Found> = match (q.is_empty(), table) {
        (false, _) => codes::search(q, None, &context, MOST + 1).iter().map(of_hit).collect(),
        (true, "topography") => codes::sites().iter().map(of_site).collect(),
        (true, "morphology") => {
            let valid = |m: &&codes::Morphology| context.dx_year.is_none() || m.is_valid_in(context.dx_year);
            codes::morphologies().iter().filter(valid).map(of_morphology).collect()
        }
        _ => Vec::new(),
    };
    let cut = !q.is_empty() && hits.len() > MOST;
    if cut {
        hits.truncate(MOST);
    }
    let tables = codes::editions()
        .into_iter()
        .map(|t| Table {
            name: t.name,
            edition: t.edition,
            origin: t.origin,
            size: i64::try_from(t.size).unwrap_or(i64::MAX),
            listed: matches!(t.name, "topography" | "morphology"),
        })
        .collect();
    let page = Page { q, table, year, asked: !q.is_empty() || !hits.is_empty(), hits, cut, tables };
    ask.page("pages/code-browser", &Sheet::of("Codes", "/codes"), &page)
}

fn of_hit(hit: &codes::Hit) -> Found {
    let (kind, href) = match hit.item {
        "primarySite" => ("Site", Some(format!("/codes/site/{}", hit.code))),
        "histologicTypeIcdO3" => {
            ("Morphology", hit.behavior.map(|behavior| format!("/codes/morphology/{}-{behavior}", hit.code)))
        }
        _ => ("Surgery", None),
    };
    Found {
        href,
        code: hit.shown(),
        label: hit.label.into(),
        term: hit.term.unwrap_or_default().into(),
        kind,
        note: if hit.retired.is_some() { "not for this year" } else { "" },
    }
}

fn of_site(site: &codes::Site) -> Found {
    Found {
        href: Some(format!("/codes/site/{}", site.code)),
        code: site.dotted(),
        label: site.name.into(),
        term: String::new(),
        kind: "Site",
        note: "",
    }
}

fn of_morphology(m: &codes::Morphology) -> Found {
    Found {
        href: Some(format!("/codes/morphology/{}-{}", m.histology, m.behavior)),
        code: m.code.into(),
        label: m.name.into(),
        term: String::new(),
        kind: "Morphology",
        note: match (m.standing.obsolete, m.to) {
            (true, _) => "obsolete",
            (_, Some(_)) => "left",
            _ => "",
        },
    }
}

#[derive(Serialize)]
struct One {
    kind: &'static str,
    code: String,
    name: String,
    edition: &'static str,
    facts: Vec<(String, String)>,
    terms: Vec<String>,
    related_title: &'static str,
    related: Vec<Found>,
    operations_title: String,
    operations: Vec<(String, String)>,
}

/// One code with what belongs to it.
pub fn one(ask: &Ask) -> Result<Reply, Refused> {
    let code = ask.path.get("code");
    let page = match ask.path.get("kind") {
        "site" => site(code),
        "morphology" => code.split_once('-').and_then(|(histology, behavior)| morphology(histology, behavior)),
        _ => None,
    };
    let page = page.ok_or(Refused::NotFound)?;
    ask.page("pages/code", &Sheet::of(&format!("{} {}", page.code, page.name), "/codes"), &page)
}

fn edition(name: &str) -> &'static str {
    codes::editions().into_iter().find(|table| table.name == name).map_or("", |table| table.edition)
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

fn site(code: &str) -> Option<One> {
    let site = codes::site(code)?;
    let accepted = |m: &&codes::Morphology| codes::is_accepted(site.code, m.histology, m.behavior);
    let side = match site.side {
        Side::None => "0, not a paired site".to_string(),
        Side::Paired => "coded, a paired site".to_string(),
        Side::PairedFrom(year) => format!("coded for diagnoses of {year} and later"),
    };
    let mut facts = vec![fact("Group", site.group), fact("Laterality", side)];
    match site.sex {
        Some('F') => facts.push(fact("Sex", "women only")),
        Some('M') => facts.push(fact("Sex", "men only")),
        _ => {}
    }
    if let Some(icd) = codes::to_icd10(site.code, "8000", "3", None) {
        facts.push(fact("ICD-10, malignant", icd));
    }
    let surgery = codes::surgery_tables(site.code, "").next();
    Some(One {
        kind: "Site",
        code: site.dotted(),
        name: site.name.into(),
        edition: edition("topography"),
        facts,
        terms: site.terms.iter().map(|term| (*term).to_string()).collect(),
        related_title: "Morphologies accepted at this site",
        related: codes::morphologies().iter().filter(accepted).map(of_morphology).collect(),
        operations_title: surgery.map_or(String::new(), |t| match t.to {
            Some(to) => format!("Surgery, {}: {} to {to}", t.title, t.from),
            None => format!("Surgery, {}: {} and later", t.title, t.from),
        }),
        operations: surgery
            .map_or(Vec::new(), |t| t.operations.iter().map(|o| (o.code.to_string(), o.name.to_string())).collect()),
    })
}

fn morphology(histology: &str, behavior: &str) -> Option<One> {
    let m = codes::morphology(histology, behavior)?;
    let mut facts = Vec::new();
    let years = match (m.from, m.to) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("{from} and later"),
        (None, Some(to)) => format!("to {to}"),
        (None, None) => "every year".into(),
    };
    facts.push(fact("Diagnosed in", years));
    if m.standing.obsolete {
        facts.push(fact("Standing", "obsolete in ICD-O-3.2"));
    } else if m.standing.guidelines {
        facts.push(fact("Standing", "from the NAACCR guidelines"));
    } else if m.standing.list_only {
        facts.push(fact("Standing", "on the site/type list only"));
    }
    if !m.sites.is_empty() {
        facts.push(fact("The term implies", m.sites));
    }
    if let Some(family) = codes::family(histology) {
        let names: Vec<String> = family
            .families
            .iter()
            .map(|number| format!("{number} {}", codes::family_name(number).unwrap_or_default()))
            .collect();
        let bearing = match family.bearing {
            Bearing::AnySite => "any site",
            Bearing::ListedSites => "the sites of its families",
            Bearing::OtherSites => "every site but those of its families",
        };
        facts.push(fact("IARC families", if names.is_empty() { "none".into() } else { names.join("; ") }));
        facts.push(fact("IARC accepts", bearing));
    }
    let others: Vec<String> = codes::behaviors_of(histology)
        .iter()
        .filter(|other| other.behavior != m.behavior)
        .map(|other| format!("{} {}", other.code, other.name))
        .collect();
    if !others.is_empty() {
        facts.push(fact("Other behaviors", others.join("; ")));
    }
    let accepted = |site: &&codes::Site| codes::is_accepted(site.code, m.histology, m.behavior);
    Some(One {
        kind: "Morphology",
        code: m.code.into(),
        name: m.name.into(),
        edition: edition("morphology"),
        facts,
        terms: m
            .terms
            .iter()
            .map(|term| match term.from {
                Some(from) => format!("{} (from {from})", term.text),
                None => term.text.to_string(),
            })
            .collect(),
        related_title: "Sites it is accepted at",
        related: codes::sites().iter().filter(accepted).map(of_site).collect(),
        operations_title: String::new(),
        operations: Vec::new(),
    })
}
