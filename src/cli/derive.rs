//! `accession derive NAME`: derived variables of cases, a JSON line for a JSON line.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value as Json;

use super::lines::{each_line, text};
use crate::cli::Outcome;
use crate::derive::{Case, DERIVATIONS, Derived, Items, Outputs, Params, named};

/// Derived variables: reads lines `{"in":{…},"params":{…}}` and writes `{"out":{…}}`.
#[derive(Debug, Args)]
pub(super) struct Derive {
    /// Which: `seer-site-recode`, `survival-time` …
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// The year that counts as the current one.
    #[arg(long, value_name = "YEAR", env = "ACCESSION_AS_OF_YEAR")]
    as_of_year: Option<i32>,
    /// The day that counts as today; only its year matters.
    #[arg(long, value_name = "DATE", env = "ACCESSION_AS_OF")]
    as_of: Option<NaiveDate>,
    /// JSON lines, which this command writes in any case.
    #[arg(long)]
    json: bool,
    /// Lists the derivations with edition, inputs and outputs instead.
    #[arg(long)]
    list: bool,
}

impl Derive {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        if self.list {
            for one in DERIVATIONS {
                let line = serde_json::json!({
                    "id": one.id, "version": one.version, "about": one.about,
                    "inputs": one.inputs, "outputs": one.outputs, "as_of": one.as_of,
                });
                println!("{line}");
            }
            return Ok(Outcome::Done);
        }
        let name = self.name.unwrap_or_default();
        let Some(derivation) = named(&name) else {
            anyhow::bail!("there is no derivation {name}; accession derive --list names them");
        };
        let year = self.as_of_year.or(self.as_of.map(|date| date.year()));
        let defaults = Params::as_of(year.unwrap_or_else(|| chrono::Local::now().year()));
        each_line(|line, out| {
            let line: Line<'_> = serde_json::from_slice(line)?;
            let params = line.params(&defaults);
            answer(out, &derivation.derive(&line.case, &params));
            Ok(())
        })
    }
}

fn answer(out: &mut Vec<u8>, derived: &Derived) {
    out.extend_from_slice(b"{\"out\":{");
    values(out, &derived.patient);
    if let Some(tumors) = &derived.tumors {
        if !derived.patient.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"\"tumors\":[");
        for (at, tumor) in tumors.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.push(b'{');
            values(out, tumor);
            out.push(b'}');
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
}

fn values(out: &mut Vec<u8>, values: &Outputs) {
    for (at, (id, value)) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(out, id);
        out.push(b':');
        match value.as_text() {
            Some(code) => text(out, code),
            // A value can always be written as JSON.
            None => serde_json::to_writer(&mut *out, value).unwrap_or(()),
        }
    }
}

/// `{"in":{…},"params":{…}}`, other keys ignored.
struct Line<'l> {
    case: Case<'l>,
    params: serde_json::Map<String, Json>,
}

impl Line<'_> {
    fn params(&self, defaults: &Params) -> Params {
        let number = |key: &str| {
            let value = self.params.get(key)?;
            value.as_i64().or_else(|| value.as_str()?.parse().ok())
        };
        let year = |key: &str| number(key).and_then(|year| i32::try_from(year).ok());
        Params {
            as_of_year: defaults.as_of_year,
            cutoff_year: year("survivalCutoffYear")
                .or_else(|| year("seerCodClassCutoffYear"))
                .unwrap_or(defaults.cutoff_year),
            nhia_option: number("nhiaOption").and_then(|o| u8::try_from(o).ok()).unwrap_or(defaults.nhia_option),
            iarc_review: self.params.get("iarcReviewMode").and_then(Json::as_bool).unwrap_or(defaults.iarc_review),
        }
    }
}

/// A value as a text: numbers and flags as they are written, null left out.
struct Scalar<'l>(Option<Cow<'l, str>>);

impl<'de: 'l, 'l> Deserialize<'de> for Scalar<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a number or null")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar(None))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Some(Cow::Borrowed(if flag { "true" } else { "false" }))))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Some(Cow::Owned(number.to_string()))))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(Some(Cow::Owned(number.to_string()))))
            }
        }
        from.deserialize_any(Any)
    }
}

struct Tumor<'l>(Items<'l>);

impl<'de: 'l, 'l> Deserialize<'de> for Tumor<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Filled;
        impl<'de> Visitor<'de> for Filled {
            type Value = Tumor<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of items")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tumor<'de>, A::Error> {
                let mut items = Items::default();
                while let Some(key) = map.next_key::<Scalar<'de>>()? {
                    let value = map.next_value::<Scalar<'de>>()?;
                    if let (Some(key), Some(value)) = (key.0, value.0) {
                        items.push(key, value);
                    }
                }
                Ok(Tumor(items))
            }
        }
        from.deserialize_map(Filled)
    }
}

struct In<'l>(Case<'l>);

impl<'de: 'l, 'l> Deserialize<'de> for In<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Filled;
        impl<'de> Visitor<'de> for Filled {
            type Value = In<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of items, with tumors")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<In<'de>, A::Error> {
                let mut case = Case::default();
                while let Some(key) = map.next_key::<Scalar<'de>>()? {
                    match key.0 {
                        Some(key) if key == "tumors" => {
                            let tumors: Vec<Tumor<'de>> = map.next_value()?;
                            case.tumors = tumors.into_iter().map(|tumor| tumor.0).collect();
                        }
                        Some(key) => {
                            if let Some(value) = map.next_value::<Scalar<'de>>()?.0 {
                                case.patient.push(key, value);
                            }
                        }
                        None => {}
                    }
                }
                Ok(In(case))
            }
        }
        from.deserialize_map(Filled)
    }
}

impl<'de: 'l, 'l> Deserialize<'de> for Line<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Line<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object with \"in\"")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line<'de>, A::Error> {
                let (mut case, mut params) = (None, serde_json::Map::new());
                while let Some(key) = map.next_key::<Scalar<'de>>()? {
                    match key.0.as_deref() {
                        Some("in") => case = Some(map.next_value::<In<'de>>()?.0),
                        Some("params") => params = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        _ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                case.map(|case| Line { case, params }).ok_or_else(|| A::Error::missing_field("in"))
            }
        }
        from.deserialize_map(Parts)
    }
}

/// Tests need the derivation of a line without a process.
#[cfg(test)]
fn answered(derivation: &crate::derive::Derivation, line: &str, defaults: &Params) -> Json {
    let line: Line<'_> = serde_json::from_str(line).expect("a line of a case file");
    let mut out = Vec::new();
    answer(&mut out, &derivation.derive(&line.case, &line.params(defaults)));
    serde_json::from_slice(&out).expect("an answer is JSON")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::PathBuf;

    fn shared() -> Option<PathBuf> {
        let folder = std::env::var_os("ACCESSION_SHARED")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
        folder.join("algorithms/cases").is_dir().then_some(folder)
    }

    #[test]
    fn every_case_of_the_official_library_is_derived_alike() {
        let Some(shared) = shared() else { return };
        let defaults = Params::as_of(2026);
        let mut report = Vec::new();
        for derivation in DERIVATIONS {
            let name = derivation.id;
            let path = shared.join(format!("algorithms/cases/{name}.jsonl"));
            let mut differences = Vec::new();
            for (at, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
                let expected: Json = serde_json::from_str(line).unwrap();
                let ours = answered(derivation, line, &defaults);
                if ours["out"] != expected["out"] {
                    differences.push(format!("  line {}\n    ours {}\n    case {line}", at + 1, ours["out"]));
                }
            }
            if !differences.is_empty() {
                report.push(format!("{name}: {} differences", differences.len()));
                report.extend(differences.into_iter().take(4));
            }
        }
        assert!(report.is_empty(), "{}", report.join("\n"));
    }

    #[test]
    fn every_case_file_has_its_derivation() {
        let Some(shared) = shared() else { return };
        let files = std::fs::read_dir(shared.join("algorithms/cases")).unwrap().map(|entry| entry.unwrap().path());
        let unknown: Vec<PathBuf> =
            files.filter(|path| named(path.file_stem().unwrap().to_str().unwrap()).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_line_without_a_case_is_an_error_and_numbers_are_read_as_codes() {
        let derivation = named("surgery-table").unwrap();
        assert!(serde_json::from_str::<Line<'_>>("{}").is_err());
        let line = r#"{"in":{"primarySite":"C349","histologicTypeIcdO3":"8000","dxYear":2005},"id":7}"#;
        assert_eq!(answered(derivation, line, &Params::as_of(2026))["out"]["table"], "Lung");
    }

    #[test]
    fn every_derivation_is_registered_once_with_what_it_gives() {
        for one in DERIVATIONS {
            assert_eq!(DERIVATIONS.iter().filter(|other| other.id == one.id).count(), 1, "{}", one.id);
            let case = Case { patient: Items::default(), tumors: vec![Items::default()] };
            let derived = one.derive(&case, &Params::as_of(2026));
            let given: Vec<&str> =
                derived.patient.iter().chain(derived.tumors.iter().flatten().flatten()).map(|v| v.0).collect();
            assert!(given.iter().all(|id| one.outputs.contains(id)), "{}: {given:?}", one.id);
        }
    }
}
