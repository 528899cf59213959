//! Counting the registry against the reports of the program it came from.

use serde::Serialize;

use crate::dates::PartialDate;
use crate::registry::store::{facility, reconciliation, settings};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct ReconcilePage {
    measures: Vec<&'static str>,
    rows: Vec<Row>,
    error: String,
}

#[derive(Serialize)]
struct Row {
    facility: i64,
    name: String,
    year: i64,
    cells: Vec<Cell>,
    gaps: i64,
    gap_list: String,
}

#[derive(Serialize)]
struct Cell {
    measure: &'static str,
    counted: i64,
    expected: Option<i64>,
    differs: bool,
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, String::new())
}

fn page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let (by, mut conn) = (ask.by()?, ask.reading()?);
    let months = settings::setting_number(&mut conn, "follow_up.lost_months")?;
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let since = today.add_months(-i32::try_from(months).unwrap_or(15)).map_or(0, |d| i64::from(d.first_day()));
    let facilities = facility::facilities(&mut conn)?;
    let expected = reconciliation::expected(&mut conn, by)?;
    let mut rows = Vec::new();
    for counted in reconciliation::counted(&mut conn, by, since)? {
        let values = [
            counted.patients,
            counted.tumors,
            counted.class_10_14,
            counted.class_20_22,
            counted.class_00,
            counted.deaths,
            counted.followed,
        ];
        let cells = reconciliation::MEASURES.iter().zip(values).map(|((measure, _), number)| {
            let typed = expected
                .iter()
                .find(|e| e.facility_id == counted.facility_id && e.year == counted.year && e.measure == *measure)
                .map(|e| e.expected);
            Cell { measure, counted: number, expected: typed, differs: typed.is_some_and(|t| t != number) }
        });
        let gaps = reconciliation::accession_gaps(&mut conn, by, counted.facility_id, counted.year)?;
        rows.push(Row {
            facility: counted.facility_id,
            name: facilities.iter().find(|f| f.id == counted.facility_id).map(|f| f.name.clone()).unwrap_or_default(),
            year: counted.year,
            cells: cells.collect(),
            gaps: i64::try_from(gaps.len()).unwrap_or(i64::MAX),
            gap_list: gaps.iter().take(20).map(|g| format!("{g:05}")).collect::<Vec<_>>().join(" "),
        });
    }
    let wrong = !error.is_empty();
    let page =
        ReconcilePage { measures: reconciliation::MEASURES.iter().map(|(_, name)| *name).collect(), rows, error };
    ask.page("pages/reconcile", &Sheet::of("Reconciliation", "/reconcile").refused_if(wrong), &page)
}

/// Keeps the numbers of an old report for one facility and year.
pub fn keep(ask: &Ask) -> Result<Reply, Refused> {
    let (by, facility, year) = (ask.by()?.clone(), ask.number("facility")?, ask.number("year")?);
    let mut numbers = Vec::new();
    for (measure, name) in reconciliation::MEASURES {
        match ask.form.trimmed(measure) {
            "" => {}
            text => match text.replace(',', "").parse::<i64>() {
                Ok(number) if number >= 0 => numbers.push((measure, number)),
                _ => return page(ask, format!("{name}: {text} is not a count.")),
            },
        }
    }
    ask.store().write(move |tx| {
        for (measure, number) in &numbers {
            reconciliation::expect(tx, &by, facility, year, measure, *number)?;
        }
        Ok::<(), crate::registry::store::StoreError>(())
    })?;
    Ok(Reply::see("/reconcile"))
}
