//! Two lists about one patient, to print: who viewed or changed the record and when, and every disclosure with its
//! recipient, purpose and class of items. Disclosures are kept six years (45 CFR 164.528).

use serde::Serialize;

use super::banner::Banner;
use crate::dates::PartialDate;
use crate::registry::store::disclosure::disclosures_of;
use crate::registry::store::records;
use crate::registry::store::trail::{Trail, trail};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    banner: Banner,
    views: Vec<View>,
    more: bool,
    disclosures: Vec<Shown>,
    printed: String,
}

#[derive(Serialize)]
struct View {
    at: String,
    login: String,
    did: String,
    route: String,
    address: String,
    outcome: String,
    glass: Option<i64>,
}

#[derive(Serialize)]
struct Shown {
    at: String,
    kind: String,
    recipient: String,
    purpose: String,
    items: String,
    login: String,
    together: i64,
}

const MOST: i64 = 1_000;

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let (by, mut conn) = (ask.by()?, ask.reading()?);
    let id = ask.id("p")?;
    let patient = records::patient(&mut conn, by, id)?;
    let abstracts = records::abstracts_of_patient(&mut conn, by, id)?;
    let lines = trail(&mut conn, &Trail::OfPatient(id), i64::MAX, MOST)?;
    let local = ask.now().with_timezone(&front.zone);
    let today = PartialDate::from_naive(local.date_naive()).map_err(|e| Refused::Broken(format!("today: {e}")))?;
    let data = Page {
        banner: Banner::of(&patient, &abstracts, today),
        more: lines.len() == usize::try_from(MOST).unwrap_or(usize::MAX),
        views: lines
            .into_iter()
            .map(|line| View {
                at: show::time_to_second(&line.at, front.zone),
                did: did(&line.action),
                login: line.login,
                route: line.route,
                address: line.address,
                outcome: if line.outcome == "done" { String::new() } else { line.outcome },
                glass: line.break_glass,
            })
            .collect(),
        disclosures: disclosures_of(&mut conn, id)?
            .into_iter()
            .map(|d| Shown {
                at: show::time(&d.at, front.zone),
                kind: d.kind,
                recipient: d.recipient,
                purpose: d.purpose,
                items: d.items_class,
                login: d.login,
                together: d.patients,
            })
            .collect(),
        printed: local.format("%Y-%m-%d %H:%M").to_string(),
    };
    Ok(ask.page("pages/record", &Sheet::of("Views and disclosures", "/patients"), &data)?.about_patient(id))
}

fn did(action: &str) -> String {
    match action {
        "view" => "viewed".to_string(),
        "change" => "changed".to_string(),
        "export" => "exported".to_string(),
        "refused" => "was refused".to_string(),
        other => other.to_string(),
    }
}
