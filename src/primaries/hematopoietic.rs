//! Hematopoietic neoplasms: pairs of the manual to 2000, groups of 2001-2009, the database from 2010.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Verdict::{Multiple, Questionable, Single};
use super::sets::{Set, codes, sets};
use super::step::{NOTHING, Said, answer, answer_if, potential, within};
use super::tumor::{Later, Pair, Time, Tumor, m};
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/primaries/hematopoietic.tsv");

sets! {
    MAST_CELL_SARCOMA: Set = "mast_cell_sarcoma";
    MAST_CELL_LEUKEMIA: Set = "mast_cell_leukemia";
    MYELOID_SARCOMA: Set = "myeloid_sarcoma";
    MYELOID_LEUKEMIA: Set = "myeloid_leukemia";
    LYMPHOMA: Set = "lymphoma_nos_and_non_hodgkin_lymphoma";
    HODGKIN: Set = "hodgkin_lymphoma";
    NON_HODGKIN: Set = "non_hodgkin_lymphoma";
    PTLD: Set = "post_transplant_lymphoproliferative";
    BCELL: Set = "bcell";
    TCELL: Set = "tcell";
    PLASMACYTOMA: Set = "plasmacytoma";
}
codes! {
    OTHER_PLASMA_CELL: Set = "9731/3,9734/3";
}

/// Years in which a row is in force, and the morphologies it names.
type Row = ((i32, i32), Vec<u32>);

#[derive(Default)]
struct Tables {
    /// Ranges of the first histology and of the second.
    pairs_1998: Vec<[(u16, u16); 2]>,
    groups_2001: Vec<(u16, (u16, u16))>,
    group_pairs: Vec<(u16, u16)>,
    same: HashMap<u32, Vec<Row>>,
    to: HashMap<u32, Vec<Row>>,
    from: HashMap<u32, Vec<Row>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::default();
    let mut section = "";
    let number = |text: &str| text.parse::<u16>().unwrap_or(0);
    let morphology = |text: &str| {
        let (histology, behavior) = text.split_once('/').unwrap_or((text, "9"));
        u32::from(number(histology)) * 10 + u32::from(number(behavior))
    };
    for line in lines(TABLE) {
        let [a, b, c, d] = cells::<4>(line);
        if a == "@" {
            section = b;
            continue;
        }
        let row = || {
            let mut named: Vec<u32> = d.split(',').map(morphology).collect();
            named.sort_unstable();
            ((b.parse().unwrap_or(0), c.parse().unwrap_or(9999)), named)
        };
        match section {
            "1998" => tables.pairs_1998.push([(number(a), number(b)), (number(c), number(d))]),
            "2001-groups" => tables.groups_2001.push((number(a), (number(b), number(c)))),
            "2001-pairs" => tables.group_pairs.push((number(a), number(b))),
            "same" => tables.same.entry(morphology(a)).or_default().push(row()),
            "to" => tables.to.entry(morphology(a)).or_default().push(row()),
            _ => tables.from.entry(morphology(a)).or_default().push(row()),
        }
    }
    tables
});

fn lists(table: &HashMap<u32, Vec<Row>>, tumor: &Tumor, other: &Tumor) -> bool {
    lists_in(table, tumor, other, tumor.year)
}

fn lists_in(table: &HashMap<u32, Vec<Row>>, tumor: &Tumor, other: &Tumor, year: i32) -> bool {
    let in_force =
        |((from, to), named): &Row| (*from..=*to).contains(&year) && named.binary_search(&other.morphology()).is_ok();
    table.get(&tumor.morphology()).is_some_and(|rows| rows.iter().any(in_force))
}

/// Equal histologies are one; otherwise the earlier and the later one are asked for, both ways when of one day.
fn by_pairs(pair: &Pair, is_one: impl Fn(&Tumor, &Tumor) -> bool) -> Said {
    let one = match pair.later() {
        Later::Unknown => return answer(Questionable),
        Later::A => is_one(&pair.b, &pair.a),
        Later::B => is_one(&pair.a, &pair.b),
        Later::Same => is_one(&pair.a, &pair.b) || is_one(&pair.b, &pair.a),
    };
    answer(if one { Single } else { Multiple })
}

pub(super) fn to_2000(_: &str, pair: &Pair) -> Said {
    if pair.same_histology() {
        return answer(Single);
    }
    let inside = |(low, high): (u16, u16), tumor: &Tumor| (low..=high).contains(&tumor.histology);
    by_pairs(pair, |earlier, later| {
        TABLES.pairs_1998.iter().any(|[first, second]| inside(*first, earlier) && inside(*second, later))
    })
}

pub(super) fn from_2001(_: &str, pair: &Pair) -> Said {
    if pair.same_histology() {
        return answer(Single);
    }
    let group = |tumor: &Tumor| {
        let holds = |(_, (low, high)): &&(u16, (u16, u16))| (*low..=*high).contains(&tumor.histology);
        TABLES.groups_2001.iter().find(holds).map(|(number, _)| *number)
    };
    if group(&pair.a).is_none() || group(&pair.b).is_none() {
        return answer(Multiple);
    }
    by_pairs(
        pair,
        |earlier, later| matches!((group(earlier), group(later)), (Some(one), Some(other)) if TABLES.group_pairs.contains(&(one, other))),
    )
}

fn transforms(pair: &Pair) -> bool {
    let there = |one: &Tumor, other: &Tumor| lists(&TABLES.to, one, other) && lists(&TABLES.from, other, one);
    there(&pair.a, &pair.b) || there(&pair.b, &pair.a)
}

/// No known part of the dates contradicts that they are of one day.
fn may_be_one_day(pair: &Pair) -> bool {
    let agree = |one: Option<u32>, other: Option<u32>| one.is_none() || other.is_none() || one == other;
    pair.a.year == pair.b.year && agree(pair.a.month, pair.b.month) && agree(pair.a.day, pair.b.day)
}

pub(super) fn from_2010(step: &str, pair: &Pair) -> Said {
    let same_place = pair.same_site() || (pair.same_category() && pair.a.category() != 77);
    let split = |one: &Set, other: &Set| pair.split(|tumor| one.holds(tumor), |tumor| other.holds(tumor));
    match step {
        "M2" if pair.same_histology() => {
            let malt = pair.both(|tumor| tumor.morphology() == m(9699, 3));
            let one_node = (pair.a.category() == 77) != (pair.b.category() == 77);
            answer(if malt && one_node { Questionable } else { Single })
        }
        "M3" => sarcoma_and_leukemia(pair),
        "M4" if same_place && !pair.same_histology() && pair.both(|tumor| LYMPHOMA.holds(tumor)) => within(pair, 21),
        "M5" if same_place && split(&HODGKIN, &LYMPHOMA) => within(pair, 21),
        "M6" => {
            let elsewhere = if pair.a.category() == 77 { !pair.same_site() } else { !pair.same_category() };
            answer_if(split(&HODGKIN, &NON_HODGKIN) && elsewhere, Multiple)
        }
        "M8" => answer_if(transforms(pair) && pair.days(21) != Time::Apart, Questionable),
        "M10" if transforms(pair) => {
            if pair.split(|tumor| tumor.morphology() == m(9732, 3), |tumor| OTHER_PLASMA_CELL.holds(tumor)) {
                return answer(Questionable);
            }
            let time = pair.days(21);
            if pair.later() == Later::Unknown || time == Time::Unknown {
                return potential(Multiple);
            }
            let chronic_first = pair.in_order().is_some_and(|(later, earlier)| {
                lists(&TABLES.to, earlier, later) && lists(&TABLES.from, later, earlier)
            });
            answer_if(time == Time::Apart && chronic_first, Multiple)
        }
        "M12" => answer_if(transforms(pair), Questionable),
        "M14" => {
            let after_transplant = [&*BCELL, &*TCELL, &*HODGKIN, &*PLASMACYTOMA].iter().any(|kind| split(&PTLD, kind));
            if after_transplant && may_be_one_day(pair) { potential(Single) } else { NOTHING }
        }
        "M15" => answer(if same_primary(pair) { Single } else { Multiple }),
        _ => NOTHING,
    }
}

fn sarcoma_and_leukemia(pair: &Pair) -> Said {
    let sarcoma = |tumor: &Tumor| MAST_CELL_SARCOMA.holds(tumor) || MYELOID_SARCOMA.holds(tumor);
    let of = |one: &Set, other: &Set| pair.split(|tumor| one.holds(tumor), |tumor| other.holds(tumor));
    let listed = of(&MAST_CELL_SARCOMA, &MAST_CELL_LEUKEMIA) || of(&MYELOID_SARCOMA, &MYELOID_LEUKEMIA);
    if !listed || !pair.both(|tumor| tumor.behavior == 3) {
        return NOTHING;
    }
    match (pair.days(21), pair.in_order()) {
        (Time::Within, _) => answer(Single),
        (Time::Unknown, None) => potential(Single),
        (_, Some((later, _))) => answer_if(sarcoma(later), Single),
        _ => NOTHING,
    }
}

/// What the database says of two morphologies.
fn same_primary(pair: &Pair) -> bool {
    let (a, b) = (&pair.a, &pair.b);
    if a.morphology() == b.morphology() {
        return true;
    }
    if a.year == b.year {
        return lists(&TABLES.same, a, b) && lists(&TABLES.same, b, a);
    }
    let (later, earlier) = if a.year > b.year { (a, b) } else { (b, a) };
    lists(&TABLES.same, later, earlier)
}
