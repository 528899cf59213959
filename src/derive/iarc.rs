//! IARC multiple primaries, 2004: which tumors of a person count in international comparisons.

use super::day::{DateParts, sequence_number};
use super::parts::{Numbers, histology, site};
use std::sync::LazyLock;

/// A tumor as the rules need it.
#[derive(Debug, Clone, Copy, Default)]
pub struct IarcTumor<'a> {
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// `behaviorCodeIcdO3`.
    pub behavior: &'a str,
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `sequenceNumberCentral`.
    pub sequence: &'a str,
}

/// Histology groups 1 to 17 in their order; the first that holds a code has it.
static HISTOLOGIES: LazyLock<Vec<Numbers>> = LazyLock::new(|| {
    [
        "8051-8084,8120-8131",
        "8090-8110",
        "8140-8149,8160-8162,8190-8221,8260-8337,8350-8551,8570-8576,8940-8941",
        "8030-8046,8150-8157,8170-8180,8230-8255,8340-8347,8560-8562,8580-8671",
        "8010-8015,8020-8022,8050",
        "8680-8713,8800-8921,8990-8991,9040-9044,9120-9125,9130-9136,9141-9252,9370-9373,9540-9582",
        "9050-9055",
        "9840,9861-9931,9945-9946,9950,9961-9964,9980-9987,9991-9992",
        "9597,9670-9699,9712,9728,9731-9738,9761-9767,9769,9811-9818,9823-9826,9833,9836,9940",
        "9700-9726,9729,9768,9827-9831,9834,9837,9948",
        "9650-9667",
        "9740-9742",
        "9750-9759",
        "9590-9591,9596,9727,9760,9800-9809,9820,9832,9835,9860,9960,9965-9975,9989",
        "9140",
        "8720-8790,8930-8936,8950-8983,9000-9030,9060-9110,9260-9365,9380-9539",
        "8000-8005",
    ]
    .map(Numbers::of)
    .into()
});

fn histology_group(histology: Option<u16>) -> Option<u8> {
    let code = histology?;
    (1u8..).zip(HISTOLOGIES.iter()).find(|(_, group)| group.holds(code)).map(|(number, _)| number)
}

fn site_group(site: Option<u16>) -> Option<u16> {
    Some(match site? / 10 {
        1 | 2 => 2,
        0 | 3..=6 => 6,
        9 | 10 | 12..=14 => 14,
        19 | 20 => 20,
        23 | 24 => 24,
        33 | 34 => 34,
        40 | 41 => 41,
        65..=68 => 68,
        other => other,
    })
}

#[derive(Clone, Copy)]
struct Judged {
    given: usize,
    date: DateParts,
    sequence: i32,
    in_situ: bool,
    site: Option<u16>,
    histology: Option<u8>,
    histology_text: Option<u16>,
    answer: u8,
}

/// For each tumor 1 counts, 0 is a duplicate, 9 is in situ. With `review` both tumors of a duplicate pair are 0.
pub fn iarc_multiple_primary(tumors: &[IarcTumor<'_>], review: bool) -> Vec<u8> {
    let mut judged: Vec<Judged> = tumors
        .iter()
        .enumerate()
        .map(|(given, tumor)| Judged {
            given,
            date: DateParts::read(tumor.diagnosis),
            sequence: sequence_number(tumor.sequence),
            in_situ: tumor.behavior != "3" && !tumor.site.starts_with("C67"),
            site: site_group(site(tumor.site)),
            histology: histology_group(histology(tumor.histology)),
            histology_text: histology(tumor.histology),
            answer: 1,
        })
        .collect();
    if let [one] = judged.as_mut_slice() {
        return vec![if one.in_situ { 9 } else { 1 }];
    }
    sort(&mut judged);
    for first in 0..judged.len() {
        let Some((before, later)) = judged.split_at_mut_checked(first + 1) else { break };
        let Some(one) = before.last_mut() else { break };
        if matches!(one.answer, 0 | 9) {
            continue;
        }
        if one.in_situ {
            one.answer = 9;
            continue;
        }
        for other in later {
            if other.in_situ {
                other.answer = 9;
                continue;
            }
            if !is_duplicate(one, other) {
                continue;
            }
            other.answer = 0;
            if review {
                one.answer = 0;
            }
            let (one_nos, same) = (is_nos_of(one.histology, other.histology), one.histology == other.histology);
            if one_nos || (same && other.histology_text > one.histology_text) {
                one.histology = other.histology;
                one.histology_text = other.histology_text;
            }
        }
    }
    let mut answers = vec![1; tumors.len()];
    for tumor in &judged {
        if let Some(answer) = answers.get_mut(tumor.given) {
            *answer = tumor.answer;
        }
    }
    answers
}

/// By date and sequence; the comparator is no total order where parts are unknown, so the sort is a plain insertion.
fn sort(tumors: &mut [Judged]) {
    for at in 1..tumors.len() {
        let mut place = at;
        while place > 0 {
            let (Some(a), Some(b)) = (tumors.get(place - 1), tumors.get(place)) else { break };
            if a.date.compare(a.sequence, b.date, b.sequence).is_le() {
                break;
            }
            tumors.swap(place - 1, place);
            place -= 1;
        }
    }
}

/// Group `one` is the unspecified form of group `other`.
fn is_nos_of(one: Option<u8>, other: Option<u8>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    match one {
        17 => matches!(other, 1..=7 | 15 | 16),
        14 => matches!(other, 8..=13),
        5 => matches!(other, 1..=4),
        _ => false,
    }
}

fn is_duplicate(one: &Judged, other: &Judged) -> bool {
    let (Some(a), Some(b), Some(here), Some(there)) = (one.histology, other.histology, one.site, other.site) else {
        return false;
    };
    let hematopoietic = 8..=14;
    (a == 7 && b == 7)
        || (hematopoietic.contains(&a) && hematopoietic.contains(&b) && (a == 14 || b == 14 || a == b))
        || (here == there
            && (a == b || is_nos_of(one.histology, other.histology) || is_nos_of(other.histology, one.histology)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tumor<'a>(site: &'a str, histology: &'a str, diagnosis: &'a str) -> IarcTumor<'a> {
        IarcTumor { site, histology, behavior: "3", diagnosis, sequence: "01" }
    }

    #[test]
    fn a_second_tumor_of_the_same_organ_and_kind_is_a_duplicate() {
        let pair = [tumor("C509", "8500", "2010"), tumor("C501", "8140", "2005")];
        assert_eq!(iarc_multiple_primary(&pair, false), [0, 1]);
        assert_eq!(iarc_multiple_primary(&pair, true), [0, 0]);
        assert_eq!(iarc_multiple_primary(&[tumor("C509", "8500", ""), tumor("C341", "8140", "")], false), [1, 1]);
    }

    #[test]
    fn leukemias_are_one_whatever_the_site() {
        assert_eq!(
            iarc_multiple_primary(&[tumor("C421", "9861", "2010"), tumor("C809", "9800", "2011")], false),
            [1, 0]
        );
    }
}
