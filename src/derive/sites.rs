//! The recodes by site, histology and behavior: SEER site recodes, ICCC, AYA, brain, lymphoid, and SEER behavior.
//!
//! Codes that are not well formed have the recode's code for unknown. The two-digit sites that some files carry are not
//! well formed here.

use super::parts::{behavior, digits, histology, site, year};
use super::recode::{Group, Recode};

/// SEER site recode, WHO 2008 definition.
pub fn site_recode(primary_site: &str, histologic_type: &str) -> &'static str {
    by_site(Recode::SiteWho2008, primary_site, histologic_type, "99999")
}

/// SEER site recode of 2003, and the variant that leaves Kaposi sarcoma and mesothelioma with their sites.
pub fn site_recode_2003(primary_site: &str, histologic_type: &str) -> [&'static str; 2] {
    [Recode::Site2003, Recode::Site2003Without].map(|recode| by_site(recode, primary_site, histologic_type, "99999"))
}

fn by_site(recode: Recode, primary_site: &str, histologic_type: &str, unknown: &'static str) -> &'static str {
    let group = || recode.group(site(primary_site)?, histology(histologic_type)?, 3, 0);
    group().map_or(unknown, |group| group.code)
}

/// SEER site recode 2023 and its expanded form.
pub fn site_recode_2023(primary_site: &str, histologic_type: &str, behavior_code: &str, dx: &str) -> [&'static str; 2] {
    [Recode::Site2023, Recode::Site2023Expanded].map(|recode| {
        let group =
            || recode.group(site(primary_site)?, histology(histologic_type)?, behavior(behavior_code)?, year(dx)?);
        group().map_or("99", |group| group.code)
    })
}

fn iccc_group(recode: Recode, primary_site: &str, histologic_type: &str, behavior_code: &str) -> Option<Group> {
    recode.group(site(primary_site)?, histology(histologic_type)?, behavior(behavior_code)?, 0)
}

/// Childhood cancer by ICCC-3, which does not look at behavior unless a row does.
pub fn iccc_3(primary_site: &str, histologic_type: &str, behavior_code: &str) -> &'static str {
    let group = || {
        let behavior = behavior(behavior_code).unwrap_or(u16::MAX);
        Recode::Iccc3.group(site(primary_site)?, histology(histologic_type)?, behavior, 0)
    };
    group().map_or("999", |group| group.code)
}

/// Childhood cancer by ICCC of WHO 2008: main and extended code.
pub fn iccc_who_2008(primary_site: &str, histologic_type: &str, behavior_code: &str) -> [&'static str; 2] {
    iccc_group(Recode::IcccWho2008, primary_site, histologic_type, behavior_code)
        .map_or(["999", "999"], |group| [group.code, group.extended])
}

/// Childhood cancer by ICCC-3 of IARC 2017: main and extended code.
pub fn iccc(primary_site: &str, histologic_type: &str, behavior_code: &str) -> [&'static str; 2] {
    iccc_group(Recode::IcccIarc2017, primary_site, histologic_type, behavior_code)
        .map_or(["999", "999"], |group| [group.code, group.extended])
}

/// The major category of an ICCC main code: the twelve groups, XI split into thyroid, melanoma and skin.
pub fn iccc_major_category(main: &str) -> &'static str {
    match main.parse::<u16>().unwrap_or(0) {
        11..=15 => "01",
        21..=25 => "02",
        31..=36 => "03",
        41..=42 => "04",
        50 => "05",
        61..=63 => "06",
        71..=73 => "07",
        81..=85 => "08",
        91..=95 => "09",
        101..=105 => "10",
        112 => "11",
        114 => "12",
        115 => "13",
        111 | 113 | 116 => "14",
        121..=122 => "15",
        _ => "99",
    }
}

/// Adolescents and young adults, WHO 2008.
pub fn aya_2008(primary_site: &str, histologic_type: &str, behavior_code: &str) -> &'static str {
    iccc_group(Recode::AyaWho2008, primary_site, histologic_type, behavior_code).map_or("99", |group| group.code)
}

/// Adolescents and young adults, 2020.
pub fn aya_2020(primary_site: &str, histologic_type: &str, behavior_code: &str) -> &'static str {
    iccc_group(Recode::Aya2020, primary_site, histologic_type, behavior_code).map_or("999", |group| group.code)
}

/// Brain and central nervous system, 2020; what is none of it has the table's last group.
pub fn brain_2020(primary_site: &str, histologic_type: &str, behavior_code: &str) -> &'static str {
    iccc_group(Recode::Brain2020, primary_site, histologic_type, behavior_code).map_or("99", |group| group.code)
}

/// Lymphoid neoplasms, 2021; behavior does not count.
pub fn lymphoid_2021(primary_site: &str, histologic_type: &str) -> &'static str {
    by_site(Recode::Lymphoid2021, primary_site, histologic_type, "99")
}

/// SEER behavior recode for analysis.
pub fn behavior_recode(primary_site: &str, histologic_type: &str, behavior_code: &str, dx: &str) -> &'static str {
    let known = || Some((site(primary_site)?, histology(histologic_type)?, digits(behavior_code, 1)?, year(dx)?));
    let Some((site, histology, coded, year)) = known() else { return "9" };
    let behavior = if (670..=679).contains(&site) { 3 } else { coded };
    let brain = matches!(site, 700 | 701 | 709..=729 | 751..=753);
    if behavior == 3 && year >= 2010 && matches!(histology, 9724 | 9751 | 9759 | 9831 | 9975 | 9991 | 9992) {
        return "6";
    }
    let newly_malignant = matches!(histology, 9393 | 9538 | 9950 | 9960..=9962 | 9980 | 9982..=9987 | 9989);
    match behavior {
        0 if year >= 2004 && brain => "0",
        1 if year >= 2004 && brain => "1",
        2 => "2",
        3 if year >= 2001 && newly_malignant => "4",
        3 if year >= 2001 && (340..=349).contains(&site) && histology == 9133 => "4",
        1 if matches!(site, 0..=699 | 730..=750 | 754..=809) => "5",
        3 => "3",
        _ => "9",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prostate_is_prostate_in_every_edition() {
        assert_eq!(site_recode("C619", "8140"), "28010");
        assert_eq!(site_recode_2003("C619", "8140"), ["28010", "28010"]);
        assert_eq!(site_recode("C61", "8140"), "99999");
        assert_eq!(site_recode("c619", "8140"), "99999");
    }

    #[test]
    fn bladder_counts_as_malignant() {
        assert_eq!(behavior_recode("C679", "8130", "2", "2010"), "3");
        assert_eq!(behavior_recode("C509", "8500", "2", "2010"), "2");
        assert_eq!(behavior_recode("C700", "9530", "0", "20040101"), "0");
        assert_eq!(behavior_recode("C700", "9530", "0", "20030101"), "9");
    }

    #[test]
    fn every_main_group_of_childhood_cancer_has_a_major_category() {
        for group in Recode::IcccIarc2017.groups() {
            assert_eq!(iccc_major_category(group.code) == "99", group.code == "999", "{}", group.code);
        }
    }
}
