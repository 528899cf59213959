//! The items of a staging schema: of another schema, outside its years, not in the schema's table, required and absent.

use std::sync::LazyLock;

use super::{Made, Maker, failure};
use crate::edits::case::Schema;
use crate::edits::eval::Frame;
use crate::edits::run::Failure;
use crate::edits::slots::Slot;
use crate::staging::{Algorithm, InputView};

/// By slot: whether an item is site-specific in some schema.
static SITE_SPECIFIC: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut found = vec![false; Slot::count()];
    for schema in Algorithm::Eod.shipped().schemas() {
        for input in schema.inputs().filter(is_site_specific) {
            if let Some(slot) = input.xml_id().and_then(Slot::of) {
                found[slot.at()] = true;
            }
        }
    }
    found
});

const EOD: [&str; 3] = ["eodPrimaryTumor", "eodRegionalNodes", "eodMets"];

/// Filled after neoadjuvant therapy only, else left blank: rules of their own ask for them (`grade-post-therapy-path-blank`).
const AFTER_THERAPY: [&str; 2] = ["gradePostTherapy", "gradePostTherapyClin"];

fn is_site_specific(input: &InputView<'_>) -> bool {
    input.flags().any(|flag| flag.name == "SSDI")
}

pub(super) fn check(maker: &Maker, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
    let own = made.own;
    let Schema::One(schema) = own.schema(made.with) else { return };
    let frame = Frame { own, other: None, case: made.case, with: made.with, no_blanks: false };
    let title = schema.title();
    let mut belongs = [0u64; 32];
    for input in schema.inputs() {
        let Some(slot) = input.xml_id().and_then(Slot::of) else { continue };
        if let Some(word) = belongs.get_mut(slot.at() / 64) {
            *word |= 1 << (slot.at() % 64);
        }
        let specific = is_site_specific(&input);
        let value = own.value(slot);
        if value.is_blank() {
            if maker.runs("required") && is_required(maker, made, &input) {
                let mut one = failure(
                    "ssdi-required-blank".into(),
                    "ssdi",
                    made,
                    slot,
                    format!("{} is asked for in schema {title} and is blank.", slot.label()),
                );
                one.kind = "required".into();
                out.push(one);
            }
            continue;
        }
        if !maker.runs("schema-item") {
            continue;
        }
        if specific && !open_in(&input, own.dx_year) {
            let first = input.flags().filter(|flag| flag.name == "SSDI").filter_map(|flag| flag.start).min();
            let since = first.map_or_else(String::new, |year| format!(" from {year}"));
            let mut one = failure(
                "ssdi-year-introduced".into(),
                "ssdi",
                made,
                slot,
                format!("{} is collected for {title}{since}; this diagnosis is of another year.", slot.label()),
            );
            one.kind = "inter-field".into();
            one.items.push(Slot::date_of_diagnosis());
            out.push(one);
            continue;
        }
        let asked = specific || EOD.contains(&slot.id());
        if asked && own.schema(made.with).allows(slot, &frame) == Some(false) {
            let (edit, family) = match specific {
                _ if slot.id().starts_with("grade") => ("grade-code-valid-schema", "grade"),
                true => ("ssdi-value-not-in-table", "ssdi"),
                false => ("eod-code-valid-for-schema", "eod"),
            };
            let message = format!("{}: {} is no code of schema {title}.", slot.label(), value.text);
            let mut one = failure(edit.into(), family, made, slot, message);
            one.kind = "code list".into();
            out.push(one);
        }
    }
    if !maker.runs("schema-item") {
        return;
    }
    for (slot, _) in &own.filled {
        let belongs = belongs.get(slot.at() / 64).is_some_and(|word| word & (1 << (slot.at() % 64)) != 0);
        if SITE_SPECIFIC.get(slot.at()) == Some(&true) && !belongs {
            let message = format!("{} does not belong to schema {title}; it should be blank.", slot.label());
            let mut one = failure("ssdi-not-in-schema".into(), "ssdi", made, *slot, message);
            one.kind = "inter-field".into();
            one.items.extend(["primarySite", "histologicTypeIcdO3"].iter().filter_map(|id| Slot::of(id)));
            out.push(one);
        }
    }
}

/// Collected as a site-specific item for a diagnosis of this year.
fn open_in(input: &InputView<'_>, year: Option<u16>) -> bool {
    input.flags().filter(|flag| flag.name == "SSDI").any(|flag| flag.holds_in(year))
}

fn is_required(maker: &Maker, made: &Made<'_, '_>, input: &InputView<'_>) -> bool {
    let Some(year) = made.own.dx_year else { return false };
    if input.xml_id().is_some_and(|id| AFTER_THERAPY.contains(&id)) {
        return false;
    }
    if is_site_specific(input) && !open_in(input, Some(year)) {
        return false;
    }
    let analytic = matches!(made.own.get("classOfCase"), "00" | "10" | "11" | "12" | "13" | "14" | "20" | "21" | "22");
    input.flags().filter(|flag| flag.holds_in(Some(year))).any(|flag| match flag.name {
        "SEER_REQUIRED" => maker.asked_by("SEER"),
        "NPCR_REQUIRED" => maker.asked_by("NPCR"),
        "COC_REQUIRED" => maker.asked_by("CoC") && analytic,
        "SEER_REQUIRED_WHEN_COC_ANALYTIC" => maker.asked_by("SEER") && analytic,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::dates::PartialDate;
    use crate::edits::{Case, Library, Plan, PlanFor, Surroundings};
    use crate::naaccr::{RecordType, Version};

    /// Items that edits ask for and find blank in a breast case of 2022, besides these.
    fn asked_for(items: &[(&'static str, &'static str)]) -> Vec<&'static str> {
        let library = Library::shipped();
        let set = library.set("hospital").unwrap();
        let plan = Plan::new(library, PlanFor { set, record_type: RecordType::A, version: Version::V260 });
        let breast = [
            ("primarySite", "C504"),
            ("histologicTypeIcdO3", "8500"),
            ("behaviorCodeIcdO3", "3"),
            ("dateOfDiagnosis", "20220310"),
            ("classOfCase", "14"),
        ];
        let case = Case::new([("sexAssignedAtBirth", "2")], [breast.iter().chain(items).copied()]);
        let with = Surroundings::shipped(PartialDate::of_day(2026, 6, 30).unwrap());
        let failures = plan.check(&case, &with);
        failures.iter().filter(|f| f.edit == "ssdi-required-blank").map(|f| f.items[0].id()).collect()
    }

    #[test]
    fn an_item_of_the_schema_that_a_standard_requires_is_asked_for() {
        assert!(asked_for(&[]).contains(&"gradeClinical"));
        assert!(!asked_for(&[("gradeClinical", "2")]).contains(&"gradeClinical"));
    }

    #[test]
    fn grades_after_therapy_are_not_asked_for_by_the_schema_alone() {
        let asked = asked_for(&[]);
        assert!(!asked.contains(&"gradePostTherapy") && !asked.contains(&"gradePostTherapyClin"), "{asked:?}");
    }
}
