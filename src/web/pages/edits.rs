//! What fails in the registry: counts by edit, item, facility, abstractor and month, the cases behind each, and the run.

use serde::Serialize;

use super::words;
use crate::accounts::store as people;
use crate::edits::Library;
use crate::registry::edit_counts::{Group, counts};
use crate::registry::edit_results::Standing;
use crate::registry::store::edit_results::{self as rows, coverage};
use crate::registry::store::{facility, jobs};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Report {
    groups: Vec<(&'static str, bool)>,
    by: &'static str,
    is_edit: bool,
    rows: Vec<Row>,
    cases: i64,
    with_errors: i64,
    never: i64,
    ran: i64,
    may_run: bool,
    running: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    says: String,
    errors: i64,
    warnings: i64,
    cases: i64,
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn lines(ask: &Ask) -> Result<(Group, Report), Refused> {
    let group = Group::named(ask.query.trimmed("by")).unwrap_or(Group::Edit);
    let mut conn = ask.reading()?;
    let counted = counts(&mut conn, ask.by()?)?;
    let facilities = facility::facilities(&mut conn)?;
    let users = if group == Group::Abstractor { people::users(&mut conn)? } else { Vec::new() };
    let rules = ask.store().standards().edits().bound(None);
    let library: &Library = rules.library();
    let named = |name: &str| -> (String, String) {
        let id = name.parse::<i64>().unwrap_or_default();
        match group {
            Group::Edit => (name.to_owned(), library.edit(name).map(|edit| edit.name.clone()).unwrap_or_default()),
            Group::Facility => match facilities.iter().find(|f| f.id == id) {
                Some(found) => (found.number.clone(), found.name.clone()),
                None => (name.to_owned(), String::new()),
            },
            Group::Abstractor => match users.iter().find(|user| user.id == id) {
                Some(user) => (user.login.clone(), user.name.clone()),
                None => ("nobody".into(), "not assigned".into()),
            },
            Group::Month if name.is_empty() => ("none".into(), "no date of first contact".into()),
            _ => (name.to_owned(), String::new()),
        }
    };
    let (never, ran) = coverage(&mut conn, ask.by()?)?;
    let running = jobs::jobs_of_kind(&mut conn, ask.by()?, rows::RUN, 1)?
        .first()
        .is_some_and(|job| matches!(job.state.as_str(), "waiting" | "running"));
    let report = Report {
        groups: Group::ALL.iter().map(|one| (one.word(), *one == group)).collect(),
        by: group.word(),
        is_edit: group == Group::Edit,
        rows: counted
            .by(group)
            .into_iter()
            .map(|line| {
                let (name, says) = named(&line.name);
                let (errors, warnings) = (number(line.errors), number(line.warnings));
                Row { name, says, errors, warnings, cases: number(line.cases) }
            })
            .collect(),
        cases: number(counted.cases),
        with_errors: number(counted.with_errors),
        never,
        ran,
        may_run: ask.who()?.asker_for(crate::asker::May::Override).is_ok(),
        running,
    };
    Ok((group, report))
}

/// The report.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (_, report) = lines(ask)?;
    let running = report.running;
    let page = ask.page("pages/edits", &Sheet::of("Edits", "/quality"), &report)?;
    Ok(if running { page.with_header("refresh", "5") } else { page })
}

/// The same as a file.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let (group, report) = lines(ask)?;
    let mut csv = show::Csv::new(&[group.word(), "name", "errors", "warnings", "cases"]);
    for row in &report.rows {
        csv.row(&[&row.name, &row.says, &row.errors.to_string(), &row.warnings.to_string(), &row.cases.to_string()]);
    }
    Ok(Reply::download(&format!("edits-by-{}.csv", group.word()), "text/csv; charset=utf-8", csv.bytes()))
}

/// Begins a run over the registry.
pub fn run(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?.clone();
    ask.store().write(move |tx| jobs::enqueue(tx, &by, rows::RUN, "{}", None))?;
    Ok(Reply::see("/edits"))
}

#[derive(Serialize)]
struct Failing {
    edit: String,
    name: String,
    cases: Vec<FailingCase>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct FailingCase {
    id: i64,
    accession: String,
    facility: String,
    status: Chip,
    errors: i64,
    state: &'static str,
}

/// Cases on one page.
const PAGE: i64 = 200;

fn failing_page(ask: &Ask, limit: i64) -> Result<Failing, Refused> {
    let edit = ask.path.get("edit").to_owned();
    if !edit.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(Refused::NotFound);
    }
    let after = ask.query.trimmed("after").parse().unwrap_or(0);
    let mut conn = ask.reading()?;
    let found = rows::results_after(&mut conn, ask.by()?, after, &format!(":{edit}:"), limit)?;
    let facilities = facility::facilities(&mut conn)?;
    let next = (i64::try_from(found.len()).unwrap_or(0) == limit).then(|| found.last().map(|row| row.id)).flatten();
    let cases = found.iter().map(|row| {
        let standing = Standing::read(&row.edition, &row.failures);
        let over_ridden = standing.failures.iter().any(|kept| kept.edit == edit && kept.over_ridden);
        FailingCase {
            id: row.id,
            accession: row.accession.clone().unwrap_or_default(),
            facility: facilities.iter().find(|f| f.id == row.facility_id).map(|f| f.number.clone()).unwrap_or_default(),
            status: words::status(&row.status, 0),
            errors: number(standing.errors() as u64),
            state: if over_ridden { "over-ridden" } else { "fails" },
        }
    });
    let bound = ask.store().standards().edits().bound(None);
    let known = bound.library().edit(&edit);
    // An edit of an edition that is no longer in use is known by the cases that fail it.
    if known.is_none() && found.is_empty() && after == 0 {
        return Err(Refused::NotFound);
    }
    let name = known.map_or_else(|| edit.clone(), |known| known.name.clone());
    Ok(Failing { cases: cases.collect(), next, name, edit })
}

/// The cases in which an edit fails.
pub fn failing(ask: &Ask) -> Result<Reply, Refused> {
    let page = failing_page(ask, PAGE)?;
    let edit = page.edit.clone();
    let reply = ask.page("pages/edits-failing", &Sheet::of(&page.name, "/quality"), &page)?;
    Ok(reply.noting(format!("cases failing {edit}")))
}

/// The same as a file, whole.
pub fn failing_csv(ask: &Ask) -> Result<Reply, Refused> {
    let page = failing_page(ask, i64::from(i32::MAX))?;
    let mut csv = show::Csv::new(&["case", "accession", "facility", "edit", "state", "errors"]);
    for case in &page.cases {
        let (id, errors) = (case.id.to_string(), case.errors.to_string());
        csv.row(&[&id, &case.accession, &case.facility, &page.edit, case.state, &errors]);
    }
    let reply = Reply::download("failing-cases.csv", "text/csv; charset=utf-8", csv.bytes());
    Ok(reply.noting(format!("cases failing {}", page.edit)))
}
