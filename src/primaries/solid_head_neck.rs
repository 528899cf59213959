//! Solid Tumor Rules from 2018: head and neck.

use super::Verdict::{Multiple, Questionable, Single};
use super::sets::{RowsOfSites, Sites, sets};
use super::step::{
    END, NOTHING, Said, answer, answer_if, different_subtypes, in_situ_after, invasive_after_60, invasive_within_60,
    sides, site3, years,
};
use super::tumor::Pair;

sets! {
    TABLES: RowsOfSites = "head_and_neck_2018_table_for_site";
    SUBTYPES: RowsOfSites = "head_and_neck_2018_subtypes_for_site";
    TABLE_9_SITES: Sites = "head_and_neck_2018_table9_sites";
}

/// Paired sites; those of one group are one organ.
const PAIRED: [&[u16]; 6] = [&[79], &[80, 81], &[98, 99], &[301], &[310, 312], &[754]];

/// Sites that are apart although they share a category: one of each, or two different of a group.
const APART: [(&[u16], &[u16]); 14] = [
    (&[755], &[754]),
    (&[320], &[321, 322, 323]),
    (&[321], &[322, 323]),
    (&[322], &[323]),
    (&[50], &[51, 52]),
    (&[51], &[52]),
    (&[410], &[411]),
    (&[310], &[311, 312, 313]),
    (&[311], &[312, 313]),
    (&[312], &[313]),
    (&[300], &[301]),
    (&[130], &[131, 132]),
    (&[131], &[132]),
    (&[80], &[81]),
];
const LIPS_AND_GUMS: [(&[u16], &[u16]); 2] = [(&[30], &[31]), (&[0, 3], &[1, 4])];

pub(super) fn head_and_neck(step: &str, pair: &Pair) -> Said {
    let (tables, rows) = match step {
        "M7" | "M8" | "M12" => {
            ((TABLES.table(pair.a.site), TABLES.table(pair.b.site)), (TABLES.row(&pair.a), TABLES.row(&pair.b)))
        }
        _ => ((None, None), (None, None)),
    };
    match step {
        "M3" => {
            let apart = APART
                .iter()
                .chain(&LIPS_AND_GUMS)
                .any(|(one, other)| pair.split(|tumor| one.contains(&tumor.site), |tumor| other.contains(&tumor.site)));
            answer_if(apart, Multiple)
        }
        "M4" => site3(pair),
        "M5" => {
            let paired = PAIRED.iter().any(|sites| pair.both(|tumor| sites.contains(&tumor.site)));
            if paired { sides(pair) } else { NOTHING }
        }
        "M6" => years(pair, 5),
        "M7" => match tables {
            (Some(one), Some(other)) if one == other => {
                let shared =
                    SUBTYPES.table(pair.a.site).is_some() && SUBTYPES.table(pair.a.site) == SUBTYPES.table(pair.b.site);
                if shared && different_subtypes(SUBTYPES.row(&pair.a), SUBTYPES.row(&pair.b)) {
                    answer(Multiple)
                } else {
                    answer_if((rows.0.is_none() || rows.1.is_none()) && !pair.same_histology(), Questionable)
                }
            }
            (Some(_), Some(_)) => NOTHING,
            _ => answer(Questionable),
        },
        "M8" if tables.0 != tables.1 => answer(Multiple),
        "M8" => {
            let paraganglia = pair.both(|tumor| TABLE_9_SITES.holds(tumor.site))
                && pair.split(|tumor| tumor.histology == 8690, |tumor| matches!(tumor.histology, 8690 | 8693));
            if paraganglia {
                return answer(Questionable);
            }
            answer_if(different_subtypes(rows.0, rows.1), Multiple)
        }
        "M9" => in_situ_after(pair),
        "M10" => invasive_within_60(pair),
        "M11" => invasive_after_60(pair),
        "M12" => match (tables, rows) {
            ((Some(one), Some(other)), _) if one != other => NOTHING,
            ((Some(_), Some(_)), (Some(one), Some(other))) => {
                answer_if(one.contains(other) || other.contains(one), Single)
            }
            ((Some(_), Some(_)), _) => answer(if pair.same_specified_morphology() { Single } else { Questionable }),
            _ => answer(Questionable),
        },
        _ => END,
    }
}
