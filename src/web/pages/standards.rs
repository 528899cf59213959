//! Administration of standards: what is compiled in, what the registry loaded, loading, switching, comparing, and staging
//! the registry again.

use serde::Serialize;

use super::case_stage::title_of;
use crate::codes;
use crate::registry::edit_run;
use crate::registry::restage::Asked;
use crate::registry::standards::{LARGEST_STANDARD, StandardKind, examine};
use crate::registry::store::files::FileReader;
use crate::registry::store::standards::{self, Standard};
use crate::registry::store::{StoreError, jobs};
use crate::staging::{Algorithm, Differences, Edition, compare};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    own: Vec<Own>,
    shipped: Vec<Shipped>,
}

#[derive(Serialize)]
struct Own {
    id: i64,
    kind: &'static str,
    name: String,
    edition: String,
    origin: String,
    sum: String,
    by: String,
    when: String,
    on: bool,
    compared: bool,
    /// A file of edits: it can be tried before it is switched on.
    edits: bool,
}

#[derive(Serialize)]
struct Shipped {
    kind: &'static str,
    name: String,
    edition: String,
    origin: String,
    serves: bool,
}

/// The list, with the form for another beside it.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let zone = ask.app.front()?.zone;
    let own = standards::standards(&mut *ask.reading()?)?;
    let served = |name: &str| own.iter().any(|s| s.kind == "staging" && s.name == name && s.switched_on == 1);
    let staging = Algorithm::ALL.into_iter().map(|algorithm| Shipped {
        kind: "Staging algorithm",
        name: title_of(algorithm).into(),
        edition: algorithm.shipped().version().into(),
        origin: "SEER staging archive, without notes and guidelines".into(),
        serves: !served(algorithm.name()),
    });
    let tables = codes::editions().into_iter().map(|table| Shipped {
        kind: "Code table",
        name: table.name.into(),
        edition: table.edition.into(),
        origin: table.origin.into(),
        serves: true,
    });
    let shipped = staging.chain(tables).collect();
    let page = Page {
        own: own
            .iter()
            .map(|s| Own {
                id: s.id,
                kind: StandardKind::named(&s.kind).map_or("Other", StandardKind::title),
                name: s.name.clone(),
                edition: s.edition.clone(),
                origin: s.origin.clone(),
                sum: s.sha256.chars().take(16).collect(),
                by: s.loaded_by.clone(),
                when: show::time_near(&s.loaded_at, ask.now(), zone),
                on: s.switched_on == 1,
                compared: s.kind == "staging",
                edits: s.kind == "edits",
            })
            .collect(),
        shipped,
    };
    ask.page("pages/standards", &Sheet::of("Standards", "/admin/standards"), &page)
}

/// Takes a file, examines it whole and stores it.
pub fn add(ask: &Ask) -> Result<Reply, Refused> {
    let file = ask.file()?.clone();
    let too_large = usize::try_from(file.bytes).map_or(true, |bytes| bytes > LARGEST_STANDARD);
    let mut content = Vec::new();
    if !too_large {
        let mut reader = FileReader::open(ask.store(), file.file);
        while let Some(piece) = reader.next_piece()? {
            content.extend_from_slice(&piece);
        }
    }
    let kind = StandardKind::named(ask.form.trimmed("kind"));
    let examined = match too_large {
        true => Err("it is larger than a standard may be".to_string()),
        false => examine(&content, kind),
    };
    let examined = examined
        .map_err(|why| Refused::Because(format!("{} was not loaded: {why}. The registry is as it was.", file.name)))?;
    let by = ask.by()?.clone();
    ask.store().write(move |tx| standards::add(tx, &by, &examined, &file.name, &content))?;
    ask.store().refresh_standards()?;
    Ok(Reply::see("/admin/standards"))
}

/// Switches one on or off.
pub fn switch(ask: &Ask) -> Result<Reply, Refused> {
    let (by, id, on) = (ask.by()?.clone(), ask.id("s")?, ask.form.trimmed("switch") == "on");
    ask.store().write(move |tx| standards::switch(tx, &by, id, on))?;
    ask.store().refresh_standards()?;
    Ok(Reply::see("/admin/standards"))
}

/// Begins a trial of an edition of edits: the registry's cases by it, as if it were switched on; nothing is kept.
pub fn try_edits(ask: &Ask) -> Result<Reply, Refused> {
    let standard = standards::standard(&mut *ask.reading()?, ask.id("s")?)?;
    if standard.kind != StandardKind::Edits.word() {
        return Err(Refused::NotFound);
    }
    let asked = edit_run::Asked { all: true, try_edition: Some(standard.id) };
    let params = serde_json::to_string(&asked).map_err(|e| Refused::Broken(e.to_string()))?;
    let by = ask.by()?.clone();
    let job = ask.store().write(move |tx| jobs::enqueue(tx, &by, "edits", &params, None))?;
    Ok(Reply::see(format!("/admin/standards/tried/{job}")))
}

#[derive(Serialize)]
struct TriedEdits {
    running: bool,
    done: i64,
    total: i64,
    message: String,
    name: String,
    set: String,
    cases: i64,
    first_errors: i64,
    rows: Vec<(String, String, i64, i64)>,
}

/// What an edition of edits would change: by edit, cases that would newly fail and that would no longer.
pub fn tried_edits(ask: &Ask) -> Result<Reply, Refused> {
    let mut conn = ask.reading()?;
    let job = jobs::job(&mut conn, ask.by()?, ask.id("j")?)?;
    let asked: edit_run::Asked = serde_json::from_str(&job.params).unwrap_or_default();
    let tried = asked.try_edition.filter(|_| job.kind == "edits").ok_or(Refused::NotFound)?;
    let standard = standards::standard(&mut conn, tried)?;
    let came: edit_run::Came =
        job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let in_use = ask.store().standards();
    let rules = in_use.edits().with(tried);
    let years = in_use.edits().known(tried).and_then(|file| file.years.first.or(file.years.last));
    let bound = rules.bound(years);
    let mut edits: Vec<&String> = came.newly.keys().chain(came.no_longer.keys()).collect();
    edits.sort_unstable();
    edits.dedup();
    let count = |of: &std::collections::BTreeMap<String, i64>, id: &String| of.get(id).copied().unwrap_or_default();
    let page = TriedEdits {
        running: matches!(job.state.as_str(), "waiting" | "running"),
        done: job.done,
        total: job.total,
        message: job.message.unwrap_or_default(),
        name: format!("{} {}", standard.name, standard.edition),
        rows: edits
            .into_iter()
            .map(|id| {
                let name = bound.library().edit(id).map_or_else(String::new, |edit| edit.name.clone());
                (id.clone(), name, count(&came.newly, id), count(&came.no_longer, id))
            })
            .collect(),
        set: came.set,
        cases: came.cases,
        first_errors: came.first_errors,
    };
    let running = page.running;
    let reply = ask.page("pages/standards-tried", &Sheet::of("What an edition changes", "/admin/standards"), &page)?;
    Ok(if running { reply.with_header("refresh", "2") } else { reply })
}

/// Begins staging the registry again.
pub fn restage(ask: &Ask) -> Result<Reply, Refused> {
    let asked = Asked { write: ask.form.has("write"), replace: ask.form.has("write") && ask.form.has("replace") };
    let params = serde_json::to_string(&asked).map_err(|e| Refused::Broken(e.to_string()))?;
    let by = ask.by()?.clone();
    let job = ask.store().write(move |tx| jobs::enqueue(tx, &by, "restage", &params, None))?;
    Ok(Reply::see(format!("/admin/standards/restaged/{job}")))
}

#[derive(Serialize)]
struct Restaged {
    job: i64,
    running: bool,
    done: i64,
    total: i64,
    message: String,
    cases: i64,
    written: i64,
    listed: i64,
    counts: Vec<(String, i64)>,
    rows: Vec<Vec<String>>,
    cut: bool,
}

/// Lines of a report shown on its page; all of them are in the file.
const MOST_LINES: usize = 1000;

/// The report of a re-staging.
pub fn restaged(ask: &Ask) -> Result<Reply, Refused> {
    let job = jobs::job(&mut *ask.reading()?, ask.by()?, ask.id("j")?)?;
    if job.kind != "restage" {
        return Err(Refused::NotFound);
    }
    let came: crate::registry::restage::Came =
        job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut rows = Vec::new();
    if came.file > 0 {
        let mut text = Vec::new();
        let mut reader = FileReader::open(ask.store(), came.file);
        while let Some(piece) = reader.next_piece()? {
            text.extend_from_slice(&piece);
            if text.len() > MOST_LINES * 400 {
                break;
            }
        }
        let lines = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice()).into_records();
        rows = lines
            .take(MOST_LINES + 1)
            .filter_map(Result::ok)
            .filter(|line| line.len() == 8)
            .map(|line| line.iter().map(str::to_string).collect())
            .collect();
    }
    let running = matches!(job.state.as_str(), "waiting" | "running");
    let page = Restaged {
        job: job.id,
        running,
        done: job.done,
        total: job.total,
        message: job.message.unwrap_or_default(),
        cases: came.cases,
        written: came.written,
        listed: came.listed,
        counts: came.lines.into_iter().collect(),
        cut: rows.len() > MOST_LINES,
        rows: rows.into_iter().take(MOST_LINES).collect(),
    };
    let reply = ask.page("pages/restaged", &Sheet::of("Staged again", "/admin/standards"), &page)?;
    Ok(if running { reply.with_header("refresh", "2") } else { reply })
}

#[derive(Serialize)]
struct Compared {
    name: String,
    old: String,
    new: String,
    same: bool,
    lists: Vec<(&'static str, String)>,
    schemas: Vec<Schema>,
}

#[derive(Serialize)]
struct Schema {
    id: String,
    says: Vec<String>,
}

/// What an edition changes against the one in use.
pub fn compared(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let standard: Standard = standards::standard(conn, ask.id("s")?)?;
    let algorithm = Algorithm::named(&standard.name).filter(|_| standard.kind == "staging").ok_or(Refused::NotFound)?;
    let zip = standards::content(conn, standard.id)?;
    let new = Edition::from_archive(&zip)
        .map_err(|refused| StoreError::Refused(format!("The stored archive can no longer be read: {refused}")))?;
    let in_use = ask.store().standards();
    let old = match in_use.edition(algorithm).version() == new.version() {
        true => algorithm.shipped(),
        false => in_use.edition(algorithm),
    };
    let differences = compare(old, &new);
    let joined = |ids: &[String]| ids.join(", ");
    let page = Compared {
        name: title_of(algorithm).into(),
        old: old.version().into(),
        new: new.version().into(),
        same: differences == Differences::default(),
        lists: [
            ("Schemas that came", joined(&differences.schemas_added)),
            ("Schemas that went", joined(&differences.schemas_removed)),
            ("Tables that came", joined(&differences.tables_added)),
            ("Tables that went", joined(&differences.tables_removed)),
            ("Tables that changed", joined(&differences.tables_changed)),
        ]
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .collect(),
        schemas: differences
            .schemas_changed
            .iter()
            .map(|schema| {
                let mut says = Vec::new();
                if schema.selection {
                    says.push("other cases belong to it".to_string());
                }
                if schema.rules {
                    says.push("derived values may differ".to_string());
                }
                for (what, ids) in [("items added", &schema.inputs_added), ("items removed", &schema.inputs_removed)] {
                    if !ids.is_empty() {
                        says.push(format!("{what}: {}", ids.join(", ")));
                    }
                }
                for input in &schema.inputs_changed {
                    let (came, went) = (input.codes_added.join(", "), input.codes_removed.join(", "));
                    let codes =
                        [("codes added", came), ("codes removed", went)].into_iter().filter(|(_, c)| !c.is_empty());
                    let codes: Vec<String> = codes.map(|(what, codes)| format!("{what} {codes}")).collect();
                    says.push(format!(
                        "{} {}",
                        input.key,
                        if codes.is_empty() { "changed".into() } else { codes.join("; ") }
                    ));
                }
                Schema { id: schema.schema.clone(), says }
            })
            .collect(),
    };
    ask.page("pages/standards-compared", &Sheet::of("What an edition changes", "/admin/standards"), &page)
}
