//! The items a form shows for a schema and a diagnosis year.
//!
//! The order is the schema's, with what selects the schema first. An item is off the form when its flags say so:
//! its window as a site-specific item has closed or not opened, it is marked as undefined for the schema, or nobody
//! requires it in that year and the rules do not read it. The registry's own standard setters are the caller's to
//! filter by: `required_by` names every flag that holds.

use super::edition::Edition;
use super::view::{Choice, Entry, InputView, SchemaView};

/// Items that stand on every abstract and are not asked again, by NAACCR id.
pub(crate) const ON_EVERY_ABSTRACT: [&str; 6] = [
    "dateOfDiagnosis",
    "primarySite",
    "histologicTypeIcdO3",
    "behaviorCodeIcdO3",
    "sexAssignedAtBirth",
    "ageAtDiagnosis",
];

/// An item of a schema on a form.
#[derive(Debug, Clone)]
pub struct FormItem<'e> {
    /// Its place on the form, from 1.
    pub order: usize,
    /// Its key in the rules.
    pub key: &'e str,
    /// The id of its NAACCR item.
    pub xml_id: &'e str,
    /// The number of its NAACCR item.
    pub number: Option<u16>,
    /// Its label.
    pub name: &'e str,
    /// What selects the schema: changing it may change the form.
    pub discriminator: bool,
    /// Whether it is a site-specific data item.
    pub site_specific: bool,
    /// Whether the rules read it.
    pub used_for_staging: bool,
    /// The value it rests at.
    pub default: Option<&'e str>,
    /// The unit of its value.
    pub unit: Option<&'e str>,
    /// Digits after the point.
    pub decimals: Option<u32>,
    /// The flags that hold in the year, `SSDI` aside.
    pub required_by: Vec<&'e str>,
    /// The table of its codes, for its notes.
    pub table: Option<&'e str>,
    /// Its codes; a range is a number to enter.
    pub picklist: Vec<Choice<'e>>,
}

impl FormItem<'_> {
    /// Whether a number can be entered beside the codes.
    pub fn takes_a_number(&self) -> bool {
        self.picklist.iter().any(|choice| choice.entry == Entry::Range)
    }
}

/// The items a form shows for a schema of an edition; empty if there is no such schema. Without a diagnosis year
/// every window counts as open.
pub fn schema_items<'e>(edition: &'e Edition, schema: &str, dx_year: Option<u16>) -> Vec<FormItem<'e>> {
    let Some(schema) = edition.schema(schema) else { return Vec::new() };
    let asked = |input: &InputView<'e>| {
        input.xml_id().is_some_and(|id| !ON_EVERY_ABSTRACT.contains(&id)) && is_shown(&schema, input, dx_year)
    };
    let discriminators: Vec<&str> = schema.discriminators().collect();
    let mut inputs: Vec<InputView<'e>> = schema.inputs().filter(asked).collect();
    inputs.sort_by_key(|input| !discriminators.contains(&input.key()));
    let item = |(at, input): (usize, InputView<'e>)| FormItem {
        order: at + 1,
        key: input.key(),
        xml_id: input.xml_id().unwrap_or(""),
        number: input.item_number(),
        name: input.name(),
        discriminator: discriminators.contains(&input.key()),
        site_specific: input.flags().any(|flag| flag.name == "SSDI") || is_factor(input.key()),
        used_for_staging: input.used_for_staging(),
        default: input.default(),
        unit: input.unit(),
        decimals: input.decimals(),
        required_by: input
            .flags()
            .filter(|flag| flag.name != "SSDI" && flag.holds_in(dx_year))
            .map(|flag| flag.name)
            .collect(),
        table: input.table().map(|table| table.id()),
        picklist: input.table().map(|table| table.choices(input.key())).unwrap_or_default(),
    };
    inputs.into_iter().enumerate().map(item).collect()
}

/// Whether the flags of an item leave it on the form.
fn is_shown(schema: &SchemaView<'_>, input: &InputView<'_>, year: Option<u16>) -> bool {
    let flags: Vec<_> = input.flags().collect();
    if flags.iter().any(|flag| flag.name == "UNDEFINED_SSF") {
        return false;
    }
    let mut windows = flags.iter().filter(|flag| flag.name == "SSDI").peekable();
    if windows.peek().is_some() {
        return windows.any(|flag| flag.holds_in(year));
    }
    flags.is_empty()
        || input.used_for_staging()
        || schema.discriminators().any(|key| key == input.key())
        || flags.iter().any(|flag| flag.holds_in(year))
}

/// A site-specific factor of Collaborative Stage or TNM.
fn is_factor(key: &str) -> bool {
    key.strip_prefix("ssf").is_some_and(|number| number.parse::<u8>().is_ok())
}
