//! What arrived, beside what it became.

use serde::Serialize;

use super::banner::{Banner, Tab};
use super::workbench::Case;
use crate::dates::PartialDate;
use crate::intake::review::read_again;
use crate::naaccr::super_dictionary;
use crate::registry::record::Record;
use crate::registry::store::sources;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct SourcePage {
    banner: Banner,
    linked: bool,
    tabs: Vec<Tab>,
    tab_section: &'static str,
    case: i64,
    file: String,
    sender: String,
    when: String,
    lines: String,
    ordinal: i64,
    rows: Vec<Row>,
    differs: usize,
    as_received: String,
}

#[derive(Serialize)]
struct Row {
    number: u32,
    name: String,
    received: String,
    now: String,
    differs: bool,
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let id = case.abstract_.source.ok_or(Refused::NotFound)?;
    let (source, tumors) = {
        let conn = &mut *ask.reading()?;
        (sources::source(conn, id)?, sources::tumors_seen(conn, ask.by()?, id)?)
    };
    let received = source.received()?;
    let arrived = read_again(&source)?;
    let seen = |ordinal: usize| tumors.as_ref().is_none_or(|seen| seen.contains(&(ordinal + 1)));
    let shown = match tumors.is_some() && !(0..arrived.tumors.len()).all(seen) {
        true => without_tumors(&received, |ordinal| !seen(ordinal)).unwrap_or_default(),
        false => received.clone(),
    };
    let tumor = arrived
        .tumors
        .iter()
        .enumerate()
        .filter(|(ordinal, _)| seen(*ordinal))
        .map(|(_, tumor)| tumor)
        .max_by_key(|t| t.iter().filter(|(id, value)| case.abstract_.items.get(id) == Some(value)).count())
        .cloned()
        .unwrap_or_default();
    let mut rows = side_by_side(&arrived.patient, &case.patient.items);
    rows.extend(side_by_side(&tumor, &case.abstract_.items));
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let page = SourcePage {
        banner: Banner::of(&case.patient, &case.all, today),
        linked: true,
        tabs: Tab::all(&case.all, Some(case.abstract_.id)),
        tab_section: "accession",
        case: case.abstract_.id,
        file: source.file_name.clone(),
        sender: source.sender.clone(),
        when: show::time(&source.created_at, ask.app.front()?.zone),
        lines: format!("{}–{}", source.line_from, source.line_to),
        ordinal: source.ordinal,
        differs: rows.iter().filter(|r| r.differs).count(),
        rows,
        as_received: shown,
    };
    let reply = ask.page("pages/source", &Sheet::of("As received", "/patients"), &page)?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting("source"))
}

/// A `<Patient>` element without some of its tumors: what another facility sent in the same element is not shown. None
/// when the element holds what cannot be cut safely.
fn without_tumors(patient: &str, hidden: impl Fn(usize) -> bool) -> Option<String> {
    if patient.contains("<!") {
        return None;
    }
    let name = |tag: &str| {
        let name = tag.split(|c: char| c.is_whitespace() || c == '/' || c == '>').next().unwrap_or_default();
        name.rsplit(':').next().unwrap_or_default() == "Tumor"
    };
    let (mut kept, mut ordinal, mut inside) = (String::new(), 0, false);
    let mut pieces = patient.split('<');
    kept.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        if let Some(closing) = piece.strip_prefix('/') {
            if inside && name(closing) {
                inside = false;
                kept.push_str(closing.split_once('>').map_or("", |(_, after)| after));
                continue;
            }
        } else if name(piece) {
            inside = hidden(ordinal);
            ordinal += 1;
        }
        if !inside {
            kept.push('<');
            kept.push_str(piece);
        }
    }
    Some(kept)
}

fn side_by_side(received: &Record, now: &Record) -> Vec<Row> {
    let mut ids: Vec<&str> = received.iter().map(|(id, _)| id).collect();
    ids.extend(now.iter().map(|(id, _)| id).filter(|id| received.get(id).is_none()));
    ids.into_iter()
        .map(|id| {
            let item = super_dictionary().by_id(id);
            Row {
                number: item.and_then(|i| i.number).map_or(0, |n| n.0),
                name: item.map_or_else(|| id.to_string(), |i| show::item_name(&i.name)),
                received: received.value(id).into(),
                now: now.value(id).into(),
                differs: received.value(id) != now.value(id),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hidden_tumors_are_cut_out_of_what_is_shown() {
        let text = "<p:Patient>\n<Item naaccrId=\"a\">1</Item>\n<p:Tumor>\n<Item>mine</Item></p:Tumor>\n<Tumor x='1'><Item>theirs</Item></Tumor>\n</p:Patient>";
        let kept = without_tumors(text, |ordinal| ordinal == 1).unwrap();
        assert_eq!(
            kept,
            "<p:Patient>\n<Item naaccrId=\"a\">1</Item>\n<p:Tumor>\n<Item>mine</Item></p:Tumor>\n\n</p:Patient>"
        );
        assert!(without_tumors("<Patient><!-- <Tumor> --></Patient>", |_| true).is_none());
    }
}
