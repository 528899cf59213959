//! Tumor size over time: one code for millimetres from the size items of three eras.

use std::sync::LazyLock;

use super::parts::{Numbers, digits, histology, year};
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/derive/tumor-sizes.tsv");

/// Sizes allowed for each site, by the number of the site.
static VALID: LazyLock<Vec<Numbers>> = LazyLock::new(|| {
    let mut valid = vec![Numbers::default(); 1000];
    for line in lines(TABLE) {
        let [sizes, sites] = cells::<2>(line);
        for (place, slot) in (0u16..).zip(valid.iter_mut()) {
            if Numbers::of(sites).holds(place) {
                *slot = Numbers::of(sizes);
            }
        }
    }
    valid
});

/// The items of the three eras.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes<'a> {
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// `behaviorCodeIcdO3`.
    pub behavior: &'a str,
    /// `eodTumorSize`.
    pub eod: &'a str,
    /// `csTumorSize`.
    pub cs: &'a str,
    /// `tumorSizeSummary`.
    pub summary: &'a str,
}

const SOLID: &str = "8000-9589";

/// `tumorSizeOverTime`: a size, a special code, `XX1` where size does not apply.
pub fn tumor_size_over_time(of: &Sizes<'_>) -> Option<String> {
    // Only the number of a site counts, as in the official library. What is no number is of no site or histology.
    let place = of.site.get(1..).and_then(|number| digits(number, 3)).unwrap_or(u16::MAX);
    let kind = histology(of.histology).unwrap_or(0);
    let year = year(of.diagnosis)?;
    let no_site = matches!(place, 420..=424 | 690 | 760..=779 | 809) && (8000..=9993).contains(&kind);
    if no_site || matches!(kind, 8720..=8790 | 9140 | 9590..=9993) {
        return Some("XX1".into());
    }
    let size = match year {
        ..1988 => "",
        1988..2004 => of.eod,
        2004..2016 => of.cs,
        2016.. => of.summary,
    };
    if size.is_empty() {
        return None;
    }
    let Ok(coded) = size.parse::<u16>() else { return Some("999".into()) };
    let lung = matches!(place, 340..=349);
    let breast = matches!(place, 500..=509);
    let size = match coded {
        401..=989 => 999,
        _ if year < 2004 => match coded {
            990 => 989,
            1 => 990,
            2 if lung || breast => 999,
            997 if breast => 999,
            other => other,
        },
        _ if year < 2016 => collaborative_stage(coded, place, kind, year, lung, breast),
        other => other,
    };
    let size = if size == 998 && !may_be_diffuse(place, kind, of.behavior) { 999 } else { size };
    let allowed = matches!(size, 998 | 999) || VALID.get(usize::from(place)).is_some_and(|list| list.holds(size));
    Some(format!("{:03}", if allowed { size } else { 999 }))
}

fn collaborative_stage(coded: u16, place: u16, kind: u16, year: u16, lung: bool, breast: bool) -> u16 {
    let bone = matches!(place, 400..=403 | 408..=414 | 418..=419);
    let gist = year >= 2010 && matches!(kind, 8935..=8936) && matches!(place, 150..=209 | 480 | 482 | 488);
    match coded {
        991..=995 => 10 * (coded - 990) - 5,
        996 | 997 => {
            let [first, second] = if lung {
                [999, 998]
            } else if bone {
                [65, 85]
            } else if gist {
                [75, 105]
            } else if breast {
                [999, 999]
            } else if place == 649 {
                [65, 75]
            } else {
                [55, 999]
            };
            if coded == 996 { first } else { second }
        }
        998 if place == 649 => 105,
        other => other,
    }
}

/// 998 stands for a tumor all over the organ where that can be.
fn may_be_diffuse(place: u16, kind: u16, behavior: &str) -> bool {
    (matches!(kind, 8220..=8221) && behavior == "3" && matches!(place, 180..=189 | 199 | 209))
        || (matches!(place, 150..=169 | 340..=349 | 500..=509) && Numbers::of(SOLID).holds(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_are_brought_to_one_code() {
        let of = Sizes { diagnosis: "20060615", site: "C509", histology: "8500", behavior: "3", ..Sizes::default() };
        assert_eq!(tumor_size_over_time(&Sizes { cs: "992", ..of }).as_deref(), Some("015"));
        assert_eq!(tumor_size_over_time(&Sizes { cs: "401", ..of }).as_deref(), Some("999"));
        assert_eq!(tumor_size_over_time(&of), None);
        assert_eq!(tumor_size_over_time(&Sizes { histology: "9680", cs: "010", ..of }).as_deref(), Some("XX1"));
    }
}
