//! The codes an item may take in a case: the list of a lookup, valid codes first.

use super::context::Context;
use super::items::{Reading, Source, State, reading};
use super::meaning::Retired;
use super::{
    behaviors_of, counties, is_accepted, is_accepted_histology, morphologies, morphology, sites, surgery_table,
    surgery_tables,
};

/// A line of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value to write.
    pub code: &'static str,
    /// Its name; empty where it may not be compiled in.
    pub label: &'static str,
    /// Unknown, not applicable, not recorded.
    pub means_missing: bool,
    /// The code fits the case: site with histology, sex, year.
    pub fits: bool,
    /// Why it stands below the line, if it does.
    pub retired: Option<Retired>,
}

impl Choice {
    fn of(code: &'static str, label: &'static str) -> Choice {
        Choice { code, label, means_missing: false, fits: true, retired: None }
    }
}

/// The codes of an item in a case: those that fit first, then other valid ones, then the retired; each part in the
/// table's order. Empty for items without a list (numbers, dates, text, causes of death: search those).
pub fn choices(item: &str, context: &Context) -> Vec<Choice> {
    let Some(reading) = reading(item) else { return Vec::new() };
    let mut list = match reading.source {
        Source::Site => of_sites(context),
        Source::Histology => of_histologies(context),
        Source::Behavior => of_behaviors(&reading, context),
        Source::County(state) => {
            let state = if state == State::Current { context.state_current } else { context.state_at_dx };
            let mut list = of_counties(state.unwrap_or(""), context);
            list.extend(of_set(&reading));
            list
        }
        Source::Surgery => of_surgery(context, 2),
        Source::Surgery2023 => of_surgery(context, 4),
        Source::Set => of_set(&reading),
        _ => Vec::new(),
    };
    list.sort_by_key(|c| (c.retired.is_some(), !c.fits));
    list
}

fn of_set(reading: &Reading) -> Vec<Choice> {
    let codes = reading.set.map_or(&[][..], |s| s.codes());
    codes
        .iter()
        .map(|c| Choice {
            means_missing: c.missing,
            retired: c.retired.map(Retired::SinceVersion),
            ..Choice::of(c.code, c.label)
        })
        .collect()
}

fn of_sites(context: &Context) -> Vec<Choice> {
    sites()
        .iter()
        .map(|s| {
            let listed = match (context.histology, context.behavior) {
                (Some(h), Some(b)) if morphology(h, b).is_some() => is_accepted(s.code, h, b),
                (Some(h), _) if !behaviors_of(h).is_empty() => is_accepted_histology(s.code, h),
                _ => true,
            };
            Choice { fits: listed && s.fits_sex(context.sex), ..Choice::of(s.code, s.name) }
        })
        .collect()
}

/// One line a histology: its term for the case's behavior, else its malignant or first one.
fn of_histologies(context: &Context) -> Vec<Choice> {
    let mut list: Vec<Choice> = Vec::new();
    for first in morphologies() {
        if list.last().is_some_and(|c| c.code == first.histology) {
            continue;
        }
        let forms = behaviors_of(first.histology);
        let own = context.behavior.and_then(|b| forms.iter().find(|m| m.behavior == b));
        let shown = own.or_else(|| forms.iter().find(|m| m.behavior == "3")).unwrap_or(first);
        let listed = context.site.is_none_or(|s| match own {
            Some(own) => is_accepted(s, own.histology, own.behavior),
            None => is_accepted_histology(s, first.histology),
        });
        let valid = forms.iter().any(|m| m.is_valid_in(context.dx_year));
        let retired = match (valid, shown.to, shown.from) {
            (true, ..) => None,
            (_, Some(to), _) => Some(Retired::After(to)),
            (_, _, Some(from)) => Some(Retired::Before(from)),
            _ => Some(Retired::OtherYears),
        };
        list.push(Choice { fits: listed, retired, ..Choice::of(first.histology, shown.name) });
    }
    list
}

/// Behaviors the histology has stand first.
fn of_behaviors(reading: &Reading, context: &Context) -> Vec<Choice> {
    let mut list = of_set(reading);
    if let Some(histology) = context.histology.filter(|h| !behaviors_of(h).is_empty()) {
        for choice in &mut list {
            choice.fits = morphology(histology, choice.code).is_some();
        }
    }
    list
}

fn of_counties(state: &str, context: &Context) -> Vec<Choice> {
    let retired = |c: &super::County| {
        if c.is_valid_in(context.dx_year) {
            return None;
        }
        c.to.map(Retired::After).or(c.from.map(Retired::Before))
    };
    counties(state).iter().map(|c| Choice { retired: retired(c), ..Choice::of(c.code, c.name) }).collect()
}

/// The table of the year; without a year, or in a year of the other kind of code, the newest table of that kind.
fn of_surgery(context: &Context, length: usize) -> Vec<Choice> {
    let (Some(site), histology) = (context.site, context.histology.unwrap_or("")) else { return Vec::new() };
    let of_kind = |t: &&super::SurgeryTable| t.operations.iter().any(|o| o.code.len() == length);
    let of_year = context.dx_year.and_then(|year| surgery_table(site, histology, year)).filter(of_kind);
    let table = of_year.or_else(|| surgery_tables(site, histology).find(|t| of_kind(t)));
    let retired = (context.dx_year.is_some() && of_year.is_none()).then_some(Retired::OtherYears);
    table.map_or(Vec::new(), |t| {
        t.operations
            .iter()
            .map(|o| Choice {
                retired,
                means_missing: o.code == "99" || o.code.len() == 4 && o.code.ends_with("990"),
                ..Choice::of(o.code, o.name)
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(item: &str, context: &Context) -> Vec<&'static str> {
        choices(item, context).iter().filter(|c| c.fits && c.retired.is_none()).map(|c| c.code).collect()
    }

    #[test]
    fn histologies_of_the_site_come_first() {
        let breast = Context { site: Some("C504"), behavior: Some("3"), dx_year: Some(2024), ..Context::default() };
        let all = choices("histologicTypeIcdO3", &breast);
        let position = |code: &str| all.iter().position(|c| c.code == code).unwrap_or(usize::MAX);
        assert!(position("8500") < position("9440"));
        assert!(first("histologicTypeIcdO3", &breast).contains(&"8520"));
        assert!(!first("histologicTypeIcdO3", &breast).contains(&"9440"));
        let split = all.iter().position(|c| c.retired.is_some()).unwrap_or(all.len());
        assert!(all.iter().skip(split).all(|c| c.retired.is_some()));
    }

    #[test]
    fn sites_of_the_histology_and_of_the_sex_come_first() {
        let glioma = Context { histology: Some("9440"), behavior: Some("3"), ..Context::default() };
        let fitting = first("primarySite", &glioma);
        assert!(fitting.contains(&"C711") && !fitting.contains(&"C504"));
        assert!(!first("primarySite", &Context { sex: Some("1"), ..Context::default() }).contains(&"C569"));
        assert_eq!(choices("primarySite", &glioma).len(), 330);
    }

    #[test]
    fn surgery_is_that_of_the_site_and_year() {
        let case = |dx_year| Context { site: Some("C504"), histology: Some("8500"), dx_year, ..Context::default() };
        assert!(first("rxSummSurgPrimSite2023", &case(Some(2024))).contains(&"B410"));
        assert!(first("rxSummSurgPrimSite", &case(Some(2015))).contains(&"41"));
        assert!(first("rxSummSurgPrimSite", &case(Some(2024))).is_empty());
        assert!(!choices("rxSummSurgPrimSite", &case(Some(2024))).is_empty());
        assert!(choices("rxSummSurgPrimSite2023", &Context::default()).is_empty());
    }

    #[test]
    fn counties_are_those_of_the_state_with_the_special_codes() {
        let iowa = Context { state_at_dx: Some("IA"), ..Context::default() };
        assert_eq!(first("countyAtDx", &iowa).len(), 99 + 2);
        assert_eq!(first("laterality", &iowa).len(), 7);
        assert!(choices("nameLast", &iowa).is_empty() && choices("nothing", &iowa).is_empty());
    }

    #[test]
    fn behaviors_the_histology_has_come_first() {
        let dcis = Context { histology: Some("8500"), ..Context::default() };
        assert_eq!(first("behaviorCodeIcdO3", &dcis), ["2", "3"]);
    }
}
