//! A record that differs from a known abstract: it replaces it, waits for a person, or is left alone.

use crate::intake::arrived::Arrived;
use crate::intake::import_job::OnChange;
use crate::registry::change::{Because, write_abstract};
use crate::registry::store::imports::{self, Verdict};
use crate::registry::store::reviews::add_review;
use crate::registry::store::{By, Origin, StoreError, Tx, records};

/// Settles the changed tumors of one source record.
pub fn settle(
    tx: &mut Tx<'_>,
    by: &By,
    import: i64,
    source: i64,
    arrived: &Arrived,
    on_change: OnChange,
) -> Result<(), StoreError> {
    for judged in imports::judged(tx.conn, source)? {
        if judged.settled || judged.verdict != Verdict::Changed {
            continue;
        }
        let items = usize::try_from(judged.ordinal - 1).ok().and_then(|at| arrived.tumors.get(at));
        let (Some(id), Some(received)) = (judged.abstract_id, items) else {
            imports::settle(tx, source, judged.ordinal, Verdict::Refused, None, None)?;
            continue;
        };
        let known = match records::abstract_(tx.conn, by, id) {
            Ok(known) => known,
            // It is another person's work by now: whoever may change it decides.
            Err(StoreError::NotFound) => {
                add_review(tx, import, source, judged.ordinal, id)?;
                imports::settle(tx, source, judged.ordinal, Verdict::Review, None, Some(id))?;
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut items = received.clone();
        // What the rules filled did not arrive the first time either: it follows the new items, it is not taken out.
        for id in known.derived.filled().filter(|id| received.get(id).is_none()) {
            items.set(id, known.items.value(id));
        }
        let verdict = match on_change {
            OnChange::Ignore => Verdict::Ignored,
            OnChange::Review => {
                add_review(tx, import, source, judged.ordinal, id)?;
                Verdict::Review
            }
            OnChange::Replace => {
                let changes = known.items.differences(&items);
                let because =
                    Because { why: "replaced by a later report".into(), origin: Origin::Source, source: Some(source) };
                let patient = records::patient_row(tx.conn, known.patient)?;
                let reported = (patient.items != arrived.patient).then_some(&arrived.patient);
                if !changes.is_empty() || known.reported_patient.as_ref() != reported {
                    write_abstract(tx, by, &known, &items, reported, &changes, &because)?;
                }
                Verdict::Replaced
            }
        };
        imports::settle(tx, source, judged.ordinal, verdict, Some(known.facility), Some(id))?;
    }
    Ok(())
}
