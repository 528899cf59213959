//! Which candidate is meant: how well each agrees with everything that was typed.
//!
//! Name, birth date and numbers are weighed against one another; what a record does not say counts less than what it
//! contradicts. Equal candidates stand by name, birth date and id.

use super::candidates::{Candidate, Name};
use super::query::Reading;
use crate::dates::PartialDate;
use crate::matching::names::fold;
use crate::matching::similarity::Compared;
use crate::matching::typed_name::NameReading;

const NAME: f64 = 60.0;
const BIRTH: f64 = 30.0;
const BIRTH_PART: f64 = 20.0;
const NUMBER: f64 = 60.0;
const LAST_FOUR: f64 = 30.0;

/// Below this nobody would take the candidate for the person typed.
const LEAST: f64 = 0.6;

/// A candidate with its agreement.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub candidate: Candidate,
    /// From 0 to 10,000.
    pub score: i64,
    /// In what way it agrees, when not simply by its name.
    pub how: Vec<&'static str>,
    /// The name that agrees, when it is not the name the patient has now.
    pub other_name: Option<String>,
    /// Folded last and first name, by which equals stand.
    pub sorted_by: (String, String),
}

impl Ranked {
    /// The order of a list: the best first, then name, birth date, id.
    pub fn order(&self, other: &Ranked) -> std::cmp::Ordering {
        (other.score, &self.sorted_by, self.candidate.birth, self.candidate.id).cmp(&(
            self.score,
            &other.sorted_by,
            other.candidate.birth,
            other.candidate.id,
        ))
    }
}

/// The candidates that agree well enough, the best first.
pub(super) fn rank(reading: &Reading, candidates: Vec<Candidate>, as_written: bool) -> Vec<Ranked> {
    let typed: Vec<TypedName> = typed_names(&reading.names);
    let mut ranked: Vec<Ranked> =
        candidates.into_iter().filter_map(|c| judge(reading, &typed, c, as_written)).collect();
    ranked.sort_by(Ranked::order);
    ranked
}

/// A reading made ready for comparing, with the part of its agreement that counts.
struct TypedName {
    last: Compared,
    parts: Vec<Compared>,
    first: Compared,
    share: f64,
    turned: bool,
}

fn typed_names(readings: &[NameReading]) -> Vec<TypedName> {
    let mut typed: Vec<TypedName> = readings
        .iter()
        .enumerate()
        .map(|(rank, read)| TypedName {
            last: Compared::new(&read.last),
            parts: read.parts.iter().map(|p| Compared::new(p)).collect(),
            first: Compared::new(&read.first),
            // Of two words without a comma either may be the last name.
            share: if rank < 2 { 1.0 } else { 0.985 },
            turned: false,
        })
        .collect();
    if let [only] = readings
        && !only.last.is_empty()
        && !only.first.is_empty()
    {
        typed.push(TypedName {
            last: Compared::new(&only.first),
            parts: Vec::new(),
            first: Compared::new(&only.last),
            share: 0.96,
            turned: true,
        });
    }
    typed
}

fn judge(reading: &Reading, typed: &[TypedName], candidate: Candidate, as_written: bool) -> Option<Ranked> {
    let (mut agreed, mut weights) = (0.0, 0.0);
    let mut weigh = |weight: f64, agreement: f64| {
        agreed += weight * agreement;
        weights += weight;
    };
    let has = |kind: &str| candidate.numbers.contains(&kind);
    if reading.ssn.is_some() {
        weigh(
            NUMBER,
            if has("ssn") {
                1.0
            } else if has("ssn4") {
                0.7
            } else {
                0.0
            },
        );
    }
    if reading.ssn4.is_some() {
        weigh(LAST_FOUR, f64::from(has("ssn4")));
    }
    if reading.record.is_some() {
        weigh(NUMBER, f64::from(has("record")));
    }
    if !reading.accession.is_empty() {
        weigh(NUMBER, f64::from(has("accession")));
    }
    for number in &reading.any_number {
        let weight = if number.ssn4.is_some() { LAST_FOUR } else { NUMBER };
        weigh(weight, f64::from(!candidate.numbers.is_empty()));
    }
    if let Some(date) = reading.birth {
        let weight = if date.is_full() { BIRTH } else { BIRTH_PART };
        weigh(weight, birth_agreement(date, candidate.birth));
    }
    let best = best_name(typed, &candidate.names, as_written);
    if !typed.is_empty() {
        if best.is_none() && candidate.numbers.is_empty() {
            return None;
        }
        weigh(NAME, best.as_ref().map_or(0.0, |b| b.agreement));
    }
    let share = agreed / weights;
    if weights == 0.0 || share < LEAST {
        return None;
    }
    let now = (fold(&candidate.last_name).replace(' ', ""), fold(&candidate.first_name).replace(' ', ""));
    let (mut how, mut other_name) = (Vec::new(), None);
    if let Some(best) = best {
        how = best.how;
        if best.name.last != now.0 || best.name.first != now.1 {
            let kind = match best.name.kind.as_str() {
                "birth" => "birth surname",
                "alias" => "alias",
                "middle" => "middle name",
                "part" => "part of the surname",
                // Generation and titles are folded away, which makes no earlier name.
                _ if now.0.starts_with(&best.name.last) && now.1 == best.name.first => "",
                _ => "earlier name",
            };
            if !kind.is_empty() {
                how.push(kind);
            }
            if matches!(kind, "birth surname" | "alias" | "earlier name") {
                other_name = Some(format!("{}, {}", best.name.last, best.name.first));
            }
        }
    }
    Some(Ranked { score: (share * 10_000.0).round() as i64, how, other_name, sorted_by: now, candidate })
}

struct BestName<'a> {
    agreement: f64,
    name: &'a Name,
    how: Vec<&'static str>,
}

/// The name that agrees best with any reading.
fn best_name<'a>(typed: &[TypedName], names: &'a [Name], as_written: bool) -> Option<BestName<'a>> {
    let mut best: Option<BestName<'a>> = None;
    for read in typed {
        for name in names {
            let Some((agreement, how)) = compare(read, name, as_written) else { continue };
            if best.as_ref().is_none_or(|b| agreement > b.agreement + 1e-9) {
                best = Some(BestName { agreement, name, how });
            }
        }
    }
    best
}

fn compare(read: &TypedName, name: &Name, as_written: bool) -> Option<(f64, Vec<&'static str>)> {
    let mut how = Vec::new();
    let has_last = !read.last.name().is_empty();
    let has_first = !read.first.name().is_empty();
    let mut last = read.last.last_name(&name.last);
    let of_parts = read.parts.iter().map(|p| p.last_name(&name.last) * 0.95).fold(0.0, f64::max);
    let by_part = of_parts > last;
    last = last.max(of_parts);
    let first = read.first.first_name(&name.first);
    if as_written {
        let written = name.last.starts_with(read.last.name()) && name.first.starts_with(read.first.name());
        if !written {
            return None;
        }
    }
    if has_last && !by_part && name.last != read.last.name() {
        how.push(if name.last.starts_with(read.last.name()) { "beginning" } else { "similar name" });
    }
    if has_first && name.first != read.first.name() && first >= 0.6 && !name.first.starts_with(read.first.name()) {
        let nickname = crate::matching::nicknames::are_related(read.first.name(), &name.first);
        how.push(if nickname { "nickname" } else { "similar first name" });
    }
    if has_first && first < 0.6 {
        how.push("other first name");
    }
    if read.turned {
        how.push("first and last name turned");
    }
    let alike = match (has_last, has_first) {
        (true, true) => 0.62 * last + 0.38 * first,
        (true, false) => last,
        (false, true) => 0.9 * first,
        (false, false) => return None,
    };
    let kind = match name.kind.as_str() {
        "name" => 1.0,
        "part" | "birth" => 0.985,
        "alias" => 0.98,
        _ => 0.97,
    };
    // Of a name with beginning alone the whole is unlike: the score says so, the list keeps it.
    let agreement = alike * kind * read.share;
    (agreement >= 0.45).then_some((agreement, how))
}

/// How well a birth date typed agrees with the first and last possible day stored.
fn birth_agreement(typed: PartialDate, stored: (Option<i64>, Option<i64>)) -> f64 {
    let (Some(low), Some(high)) = stored else { return 0.45 };
    let (typed_low, typed_high) = (i64::from(typed.first_day()), i64::from(typed.last_day()));
    if typed_low <= low && high <= typed_high {
        return 1.0;
    }
    if low <= typed_high && typed_low <= high {
        return 0.9;
    }
    let (year, stored_year) = (typed_low / 10_000, low / 10_000);
    if typed.is_full() && low == high {
        let (month, day) = (typed_low / 100 % 100, typed_low % 100);
        let turned = year * 10_000 + day * 100 + month;
        if turned == low {
            return 0.8;
        }
        let (one, other) = (typed_low.to_string(), low.to_string());
        let differ: Vec<usize> =
            one.bytes().zip(other.bytes()).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
        return match differ.as_slice() {
            [_] => 0.75,
            [a, b] if b - a == 1 && one.as_bytes().get(*a) == other.as_bytes().get(*b) => 0.75,
            _ if year == stored_year => 0.4,
            _ => 0.0,
        };
    }
    match (year - stored_year).abs() {
        0 => 0.5,
        1 => 0.6,
        2 => 0.3,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn agreement(typed: &str, low: i64, high: i64) -> f64 {
        birth_agreement(PartialDate::parse_typed(typed).unwrap(), (Some(low), Some(high)))
    }

    #[test]
    fn a_birth_date_agrees_as_far_as_it_is_known() {
        assert_eq!(agreement("1961", 19610512, 19610512), 1.0);
        assert_eq!(agreement("1961-05", 19610512, 19610512), 1.0);
        assert_eq!(agreement("05/12/1961", 19610101, 19611231), 0.9);
        assert_eq!(agreement("12/05/1961", 19610512, 19610512), 0.8);
        assert_eq!(agreement("05/13/1961", 19610512, 19610512), 0.75);
        assert_eq!(agreement("05/21/1961", 19610512, 19610512), 0.75);
        assert_eq!(agreement("05/12/1961", 19340901, 19340901), 0.0);
        assert_eq!(agreement("1962", 19610512, 19610512), 0.6);
    }
}
