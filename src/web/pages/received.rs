//! Files that facilities sent to a central registry: sending one in, the verdict on each abstract, the report to the sender,
//! releasing one that is held, and how each facility reports.

use serde::Serialize;

use crate::asker::{May, Reach};
use crate::registry::store::receipts::{self, Receipt, Reporting};
use crate::registry::store::scope::{ScopeBinds, must_hold};
use crate::registry::store::settings::setting;
use crate::registry::store::{facility, jobs};
use crate::submission::receive::{self, REPORT_COLUMNS, report_row};
use crate::web::form::Field;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
    fields: Vec<Field>,
    facilities: Vec<FacilityRow>,
    staff: bool,
}

#[derive(Serialize)]
struct Row {
    receipt: Receipt,
    facility: String,
    when: String,
    state: Chip,
}

#[derive(Serialize)]
struct FacilityRow {
    id: i64,
    name: String,
    expected: String,
    accepted: i64,
    share: String,
    errors: String,
    last: String,
    contact: String,
    behind: bool,
}

fn chip(receipt: &Receipt) -> Chip {
    match (receipt.state.as_str(), receipt.rejected) {
        ("taken", 0) => Chip::new("good", "ok", "Accepted"),
        ("taken", _) if receipt.accepted == 0 => Chip::new("bad", "back", "Rejected"),
        ("taken", _) => Chip::new("warn", "back", "Some rejected"),
        ("quarantined", _) => Chip::new("bad", "lock", "Held"),
        ("refused", _) => Chip::new("bad", "bad", "Refused"),
        _ => Chip::new("now", "clock", "Being read"),
    }
}

/// Works for the registry itself, not for a facility that reports to it.
fn is_staff(ask: &Ask) -> bool {
    ask.by().is_ok_and(|by| {
        by.asker.reach(May::AdministerFacilities) == Reach::Registry
            || by.asker.reach(May::Consolidate) == Reach::Registry
    })
}

/// The list, with the form for a new file, and the facilities for staff.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let scope = ScopeBinds::of(by);
    let places: Vec<_> =
        facility::facilities(conn)?.into_iter().filter(|f| f.retired == 0 && scope.holds(f.id, by)).collect();
    let named: Vec<(String, String)> =
        places.iter().map(|f| (f.number.clone(), format!("{} {}", f.number, f.name))).collect();
    let first = named.first().map(|(number, _)| number.as_str()).unwrap_or_default();
    let year_ago = (ask.now() - chrono::Duration::days(365)).format("%Y-%m-%d").to_string();
    let sent = receipts::sent_since(conn, by, &year_ago)?;
    let mut facilities = Vec::new();
    for place in &places {
        let own = receipts::reporting(conn, place.id)?.unwrap_or_default();
        let of = sent.iter().find(|s| s.facility_id == place.id);
        let (accepted, rejected) = of.map_or((0, 0), |s| (s.accepted, s.rejected));
        let percent = |part: i64, whole: i64| format!("{:.0} %", part as f64 * 100.0 / whole as f64);
        facilities.push(FacilityRow {
            id: place.id,
            name: place.name.clone(),
            expected: if own.expected_year == 0 { "not said".into() } else { show::thousands(own.expected_year) },
            accepted,
            share: if own.expected_year == 0 { String::new() } else { percent(accepted, own.expected_year) },
            errors: if accepted + rejected == 0 { String::new() } else { percent(rejected, accepted + rejected) },
            last: of.map(|s| show::time_near(&s.last, ask.now(), front.zone)).unwrap_or_else(|| "never".into()),
            behind: own.expected_year > 0 && accepted * 100 < own.expected_year * 90,
            contact: own.contact_name,
        });
    }
    let rows = receipts::receipts(conn, by, 100)?
        .into_iter()
        .map(|receipt| Row {
            facility: places.iter().find(|f| f.id == receipt.facility_id).map(|f| f.name.clone()).unwrap_or_default(),
            when: show::time_near(&receipt.at, ask.now(), front.zone),
            state: chip(&receipt),
            receipt,
        })
        .collect();
    let data = List {
        rows,
        fields: vec![
            Field::choose("facility", "From", first, named.iter().map(|(n, t)| (n.as_str(), t.as_str()))),
            Field::text("sha256", "SHA-256 of the file, if the sender told it", ""),
        ],
        facilities,
        staff: is_staff(ask),
    };
    ask.page("pages/received", &Sheet::of("Received", "/intake"), &data)
}

/// Takes a file and begins reading it.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?;
    let found = facility::facility_by_number(&mut *ask.reading()?, ask.form.trimmed("facility"))?;
    let from = found.ok_or(Refused::NotFound)?;
    must_hold(by, from.id)?;
    let file = ask.file()?.clone();
    let sum = crate::registry::store::files::file_by_id(ask.store(), file.file)?.sha256;
    let received = (file.file, file.name.clone(), sum);
    let (receipt, _) = receive::begin(ask.store(), by, from.id, received, ask.form.trimmed("sha256"))?;
    Ok(Reply::see(format!("/received/{receipt}")))
}

#[derive(Serialize)]
struct Page {
    receipt: Receipt,
    facility: String,
    number: String,
    when: String,
    state: Chip,
    running: bool,
    rows: Vec<Line>,
    next: Option<i64>,
    all: bool,
    staff: bool,
    contact: String,
}

#[derive(Serialize)]
struct Line {
    line: i64,
    accession: String,
    sequence: String,
    site: String,
    verdict: Chip,
    reasons: Vec<String>,
}

const PAGE: i64 = 100;

/// The report on a file.
pub fn report(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let receipt = receipts::receipt(conn, ask.by()?, ask.id("w")?)?;
    let from = facility::facility(conn, crate::asker::FacilityId(receipt.facility_id))?;
    let running = match receipt.job_id.filter(|_| receipt.state == "reading") {
        Some(job) => matches!(jobs::job_of_batch(conn, job)?.state.as_str(), "waiting" | "running"),
        None => false,
    };
    let all = ask.query.has("all");
    let after = ask.query.trimmed("after").parse().unwrap_or(0);
    let lines = receipts::lines(conn, receipt.id, if all { "" } else { "rejected" }, after, PAGE)?;
    let full = i64::try_from(lines.len()).unwrap_or(0) == PAGE;
    let data = Page {
        facility: from.as_ref().map(|f| f.name.clone()).unwrap_or_default(),
        number: from.map(|f| f.number).unwrap_or_default(),
        when: show::time(&receipt.at, front.zone),
        state: chip(&receipt),
        next: lines.last().filter(|_| full).map(|l| l.ordinal),
        rows: lines
            .into_iter()
            .map(|l| Line {
                line: l.line,
                accession: l.accession,
                sequence: l.sequence,
                site: l.site,
                verdict: match l.verdict.as_str() {
                    "accepted" => Chip::new("good", "ok", "Accepted"),
                    _ => Chip::new("bad", "back", "Rejected"),
                },
                reasons: l.reasons.lines().map(str::to_string).collect(),
            })
            .collect(),
        contact: receipts::reporting(conn, receipt.facility_id)?.map(|r| r.contact_mail).unwrap_or_default(),
        staff: is_staff(ask),
        running,
        all,
        receipt,
    };
    let page = ask.page("pages/receipt", &Sheet::of("Received file", "/intake"), &data)?;
    let page = page.noting(format!("receipt {}", data.receipt.id));
    Ok(if running { page.with_header("refresh", "2") } else { page })
}

/// The report as a table that the sender's registry can load.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let receipt = receipts::receipt(conn, ask.by()?, ask.id("w")?)?;
    let mut table = show::Csv::new(&REPORT_COLUMNS);
    let mut after = 0;
    loop {
        let lines = receipts::lines(conn, receipt.id, "", after, 1_000)?;
        let Some(last) = lines.last() else { break };
        after = last.ordinal;
        for line in &lines {
            let row = report_row(line);
            table.row(&row.each_ref().map(String::as_str));
        }
    }
    let name = format!("report-{}.csv", receipt.id);
    Ok(Reply::download(&name, "text/csv; charset=utf-8", table.bytes()).noting(format!("receipt {}", receipt.id)))
}

/// Staff release a held file with a reason, or mail the sender that the report is ready. No patient stands in the mail.
pub fn act(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?;
    let receipt = receipts::receipt(&mut *ask.reading()?, by, ask.id("w")?)?;
    if !is_staff(ask) {
        return Err(Refused::Because("Only the registry's own staff does this.".into()));
    }
    match ask.form.trimmed("what") {
        "release" => {
            receive::release(ask.store(), by, &receipt, ask.form.trimmed("reason"))?;
        }
        "mail" => {
            let conn = &mut *ask.reading()?;
            let to = receipts::reporting(conn, receipt.facility_id)?.map(|r| r.contact_mail).unwrap_or_default();
            if to.is_empty() {
                return Err(Refused::Because(
                    "No mail address of this facility is known; say it under Received.".into(),
                ));
            }
            let text = format!(
                "Your file {} was read.\n\n{} abstracts accepted, {} rejected.\n{}\n\nThe reasons stand in the report under Received, file {}.\n",
                receipt.file_name, receipt.accepted, receipt.rejected, receipt.message, receipt.id
            );
            let from = setting(conn, "letters.from")?;
            let sent = ask.app.mailbag().send(&from, &to, "Your file at the cancer registry", &text);
            sent.map_err(|why| Refused::Because(format!("The mail was not sent: {why}.")))?;
            let line = by.line("mail", ask.now()).note(format!("receipt {} reported to the facility", receipt.id));
            ask.store().audit(line)?;
        }
        _ => return Err(Refused::NotUnderstood("it names nothing that is done with a file".into())),
    }
    Ok(Reply::see(format!("/received/{}", receipt.id)))
}

#[derive(Serialize)]
struct Form {
    id: i64,
    name: String,
    fields: Vec<Field>,
}

/// How a facility reports.
pub fn facility_form(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let id = ask.id("f")?;
    let place = facility::facility(conn, crate::asker::FacilityId(id))?.ok_or(Refused::NotFound)?;
    let own = receipts::reporting(conn, id)?.unwrap_or_default();
    let sets: Vec<(&str, &str)> =
        crate::edits::Library::shipped().sets().map(|s| (s.name.as_str(), s.title.as_str())).collect();
    let sets = std::iter::once(("", "The registry's own")).chain(sets);
    let data = Form {
        id,
        name: place.name,
        fields: vec![
            Field::choose("edit_set", "Edits its files are judged by", &own.edit_set, sets),
            Field::text("expected", "Cases expected a year", &own.expected_year.to_string()).kind("number"),
            Field::text("contact_name", "Whom to write to", &own.contact_name),
            Field::text("contact_mail", "Mail", &own.contact_mail).kind("email"),
            Field::text("contact_telephone", "Telephone", &own.contact_telephone).kind("tel"),
        ],
    };
    ask.page("pages/reporting", &Sheet::of("How a facility reports", "/intake"), &data)
}

/// Saves it.
pub fn save_facility(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?.clone();
    let id = ask.id("f")?;
    facility::facility(&mut *ask.reading()?, crate::asker::FacilityId(id))?.ok_or(Refused::NotFound)?;
    let expected = match ask.form.trimmed("expected") {
        "" => 0,
        text => match text.parse::<i64>() {
            Ok(n) if (0..=1_000_000).contains(&n) => n,
            _ => return Err(Refused::Because("Cases expected a year: a whole number, or nothing.".into())),
        },
    };
    let text = |name: &str| ask.form.trimmed(name).chars().filter(|c| !c.is_control()).take(200).collect::<String>();
    let new = Reporting {
        facility_id: id,
        edit_set: text("edit_set"),
        expected_year: expected,
        contact_name: text("contact_name"),
        contact_mail: text("contact_mail"),
        contact_telephone: text("contact_telephone"),
    };
    if !new.edit_set.is_empty() && crate::edits::Library::shipped().set(&new.edit_set).is_none() {
        return Err(Refused::Because("There is no such edit set.".into()));
    }
    ask.store().write(move |tx| receipts::set_reporting(tx, &by, &new))?;
    Ok(Reply::see("/received"))
}
