//! Staging items: what is recorded depends on the year of diagnosis.
//!
//! 2018 on: EOD, Summary Stage 2018, AJCC 8 and 9, grade and the items of the schema. 2016-2017: TNM 7 and Summary
//! Stage 2000. To 2015: Collaborative Stage with its derived summary stage.

use super::disease::{Disease, Nodes};
use super::life::{Method, write_day};
use super::patient::push_number;
use super::record::{Record, items};
use super::rng::Rng;
use super::tumor::Scene;

const METS: [&str; 6] =
    ["metsAtDxBone", "metsAtDxBrain", "metsAtDxLiver", "metsAtDxLung", "metsAtDxDistantLn", "metsAtDxOther"];

/// Fills the staging items of the year.
pub fn fill(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let year = scene.case.year;
    nodes(scene, record);
    if year >= 2010 {
        record.set_with("lymphVascularInvasion", |out| {
            out.push(if scene.case.is_dco() && scene.case.lvi != '8' { '9' } else { scene.case.lvi })
        });
        mets(scene, record);
    }
    if year >= 2016 {
        size(scene, rng, record);
    }
    match year {
        2018.. => modern(scene, rng, record),
        2016..=2017 => seventh(scene, record),
        _ => collaborative(scene, rng, record),
    }
}

/// Leukemias and their kin are systemic whatever is known of them.
fn hemeretic(disease: &Disease) -> bool {
    Disease::by_year(&disease.schemas, 2018) == "00830"
}

fn summary_stage(scene: &Scene<'_>) -> char {
    let disease = scene.case.disease(scene.world);
    if scene.case.is_dco() && !hemeretic(disease) && !scene.benign() { '9' } else { scene.case.stage(scene.world).ss }
}

fn nodes(scene: &Scene<'_>, record: &mut Record) {
    let (case, disease) = (scene.case, scene.case.disease(scene.world));
    let (examined, positive) = if case.is_dco() { (99, 99) } else { case.nodes };
    record.set_with("regionalNodesExamined", |out| push_number(out, examined as u64, 2));
    record.set_with("regionalNodesPositive", |out| push_number(out, positive as u64, 2));
    if case.year < 2018 || disease.nodes != Nodes::Sentinel {
        return;
    }
    let (seen, found) = match case.sentinel {
        _ if case.is_dco() => (99, 99),
        None => (0, 98),
        Some((seen, found)) if disease.key == "breast" && found > 0 && examined > seen => (seen, 97),
        Some(both) => both,
    };
    record.set_with("sentinelLymphNodesExamined", |out| push_number(out, seen as u64, 2));
    record.set_with("sentinelLymphNodesPositive", |out| push_number(out, found as u64, 2));
    if let (Some((seen, _)), Some((_, day))) = (case.sentinel, case.surgery) {
        record.set_with("dateSentinelLymphNodeBiopsy", |out| write_day(out, day, 8));
        if examined > seen {
            record.set_with("dateRegionalLNDissection", |out| write_day(out, day, 8));
        }
    }
}

fn mets(scene: &Scene<'_>, record: &mut Record) {
    let case = scene.case;
    let disease = case.disease(scene.world);
    for (index, id) in METS.iter().enumerate() {
        let value = match () {
            () if disease.is("mets8") => "8",
            () if case.is_dco() => "9",
            () if case.mets[index] => "1",
            () => "0",
        };
        record.set(id, value);
    }
}

fn size(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let known = case.size > 0 && !case.is_dco();
    let path = known && case.resected(scene.world) && !case.neoadjuvant;
    let near = |rng: &mut Rng| (case.size + rng.between(-3, 3)).max(1);
    let clinical = match known {
        true if path && rng.chance(0.35) => 999,
        true if path => near(rng),
        true => case.size,
        false => 999,
    };
    let summary = if known { case.size } else { 999 };
    record.set_with("tumorSizeClinical", |out| push_number(out, clinical as u64, 3));
    record.set_with("tumorSizePathologic", |out| push_number(out, if path { case.size as u64 } else { 999 }, 3));
    record.set_with("tumorSizeSummary", |out| push_number(out, summary as u64, 3));
}

fn modern(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let (disease, stage) = (case.disease(scene.world), case.stage(scene.world));
    let dco = case.is_dco();
    let pathological = case.nodes.0 > 0 && case.nodes.0 < 95;
    let reticular = hemeretic(disease);
    let not_collected = |code: &str| code == "888" || code == "88" || (reticular && code != "999");
    let eod =
        |code: &str, unknown: &str| if dco && !not_collected(code) { unknown.to_owned() } else { code.to_owned() };
    record.set("eodPrimaryTumor", &eod(&stage.eod[0], "999"));
    record.set("eodRegionalNodes", &eod(&stage.eod[if pathological { 2 } else { 1 }], "999"));
    record.set("eodMets", &if dco && stage.eod[3] != "88" { "99".to_owned() } else { stage.eod[3].clone() });
    let ss = summary_stage(scene).to_string();
    record.set("summaryStage2018", &ss);
    record.set("derivedSummaryStage2018", &ss);
    record.set("schemaId", Disease::by_year(&disease.schemas, case.year));
    record.set("schemaIdVersionCurrent", "3.3");
    record.set("schemaIdVersionOriginal", "3.3");
    grades(scene, rng, record);
    for (item, value) in &case.values {
        record.set(items()[*item as usize].id, value);
    }
    eighth(scene, record);
}

fn grades(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let none = if case.disease(scene.world).is("grade8") { "8" } else { "9" };
    let grade = if case.is_dco() || none == "8" { none } else { case.grade.as_str() };
    let resected = case.resected(scene.world);
    let clinical = if resected && rng.chance(0.12) && grade != none { none } else { grade };
    record.set("gradeClinical", clinical);
    let path = if resected && !case.neoadjuvant { grade } else { none };
    record.set("gradePathological", path);
    if case.neoadjuvant && resected {
        record.set("gradePostTherapy", grade);
    }
}

fn eighth(scene: &Scene<'_>, record: &mut Record) {
    let case = scene.case;
    let (disease, stage) = (case.disease(scene.world), case.stage(scene.world));
    let mut chapter = Disease::by_year(&disease.ajcc, case.year);
    if chapter == "48.2" && scene.in_situ() {
        chapter = "48.1";
    }
    if chapter.is_empty() {
        record.set("ajccId", "XX");
        for id in [
            "ajccTnmClinT",
            "ajccTnmClinN",
            "ajccTnmClinM",
            "ajccTnmClinStageGroup",
            "ajccTnmPathT",
            "ajccTnmPathN",
            "ajccTnmPathM",
            "ajccTnmPathStageGroup",
        ] {
            record.set(id, "88");
        }
        return;
    }
    record.set("ajccId", chapter);
    if case.is_dco() || case.method == Method::Autopsy {
        record.set("ajccTnmClinStageGroup", "99");
        record.set("ajccTnmPathStageGroup", "99");
        return;
    }
    let [t, n, m, group] = &stage.tnm;
    let with = |record: &mut Record, id: &str, prefix: &str, value: &str| {
        if !value.is_empty() {
            record.set_with(id, |out| {
                out.push_str(prefix);
                out.push_str(value);
            });
        }
    };
    let resected = case.resected(scene.world);
    // Nodes found only under the microscope are not clinical disease.
    let occult =
        resected && !case.neoadjuvant && case.nodes.1 > 0 && case.nodes.1 < 4 && scene.number.is_multiple_of(3);
    let cn = if occult || n.starts_with('X') { "0" } else { n.as_str() };
    with(record, "ajccTnmClinT", "cT", t);
    with(record, "ajccTnmClinN", "cN", cn.split('(').next().unwrap_or(cn));
    with(record, "ajccTnmClinM", "cM", m);
    record.set("ajccTnmClinStageGroup", if occult { "99" } else { group });
    if !resected {
        record.set("ajccTnmPathStageGroup", "99");
        return;
    }
    let pn = match case.nodes {
        (0, _) => "X",
        (_, 0) => "0",
        _ => stage.path_n.as_str(),
    };
    let group =
        if case.nodes.0 == 0 && !matches!(disease.nodes, Nodes::NotCollected | Nodes::Seldom) && !scene.in_situ() {
            "99"
        } else {
            group
        };
    if case.neoadjuvant {
        with(record, "ajccTnmPostTherapyT", "ypT", t);
        with(record, "ajccTnmPostTherapyN", "ypN", pn);
        with(record, "ajccTnmPostTherapyM", "cM", m);
        record.set(
            "ajccTnmPostTherapyStageGroup",
            if case.nodes.1 == 0 && !matches!(n.as_str(), "0") { "99" } else { group },
        );
        return;
    }
    with(record, "ajccTnmPathT", "pT", t);
    if !t.is_empty() {
        with(record, "ajccTnmPathN", "pN", pn);
    }
    with(record, "ajccTnmPathM", "cM", m);
    record.set("ajccTnmPathStageGroup", group);
}

/// Summary grade to 2017: one digit.
fn old_grade<'a>(scene: &Scene<'a>) -> &'a str {
    let case = scene.case;
    if let (Some(old), false) = (&case.hist(scene.world).old_grade, case.is_dco()) {
        return old;
    }
    let disease = case.disease(scene.world);
    let cells = disease.setting("cells");
    if !cells.is_empty() {
        return match cells {
            "B" => "6",
            "T" => "5",
            _ => "9",
        };
    }
    if case.is_dco() || scene.benign() || disease.is("heme") {
        return "9";
    }
    match case.grade.as_str() {
        "1" | "A" | "L" => "1",
        "2" | "B" | "M" => "2",
        "3" | "C" | "H" => "3",
        "4" | "5" | "D" => {
            if disease.is("fourgrades") {
                "4"
            } else {
                "3"
            }
        }
        _ => "9",
    }
}

fn old_summary(scene: &Scene<'_>, record: &mut Record) {
    // Regional disease of lymphomas and of the brain had a code of its own.
    let ss = match summary_stage(scene) {
        '2' if scene.case.disease(scene.world).nodes == Nodes::NotCollected => "5".to_owned(),
        ss => ss.to_string(),
    };
    record.set("seerSummaryStage2000", &ss);
    record.set("grade", old_grade(scene));
    if scene.case.year <= 2015 {
        record.set("derivedSs2000", &ss);
        record.set("derivedSs2000Flag", "1");
    }
}

/// TNM as written before 2018: no T, N or M in front, capital letters, at most four characters.
fn old_value(prefix: char, value: &str) -> String {
    let plain: String = value.split('(').next().unwrap_or("").to_uppercase();
    let plain = if plain.starts_with("IS") { "IS".to_owned() } else { plain };
    let short: String = match plain.as_str() {
        "" => return String::new(),
        // In situ and papillary noninvasive disease are proven by the microscope, also clinically.
        "IS" => return "pIS".to_owned(),
        "A" => return "pA".to_owned(),
        "1MI" => "1MI".to_owned(),
        other => other.chars().take(2).collect(),
    };
    format!("{prefix}{short}")
}

fn seventh(scene: &Scene<'_>, record: &mut Record) {
    old_summary(scene, record);
    let case = scene.case;
    let (disease, stage) = (case.disease(scene.world), case.stage(scene.world));
    if Disease::by_year(&disease.ajcc, 2018).is_empty() || stage.tnm[0].is_empty() && !disease.is("heme") {
        for id in [
            "tnmClinT",
            "tnmClinN",
            "tnmClinM",
            "tnmClinStageGroup",
            "tnmPathT",
            "tnmPathN",
            "tnmPathM",
            "tnmPathStageGroup",
        ] {
            record.set(id, "88");
        }
        record.set("tnmEditionNumber", "88");
        return;
    }
    record.set("tnmEditionNumber", "07");
    record.set("tnmClinDescriptor", "0");
    record.set("tnmPathDescriptor", "0");
    if case.is_dco() {
        record.set("tnmClinStageGroup", "99");
        record.set("tnmPathStageGroup", "99");
        return;
    }
    let [t, n, m, group] = &stage.tnm;
    record.set("tnmClinT", &old_value('c', t));
    record.set("tnmClinN", &old_value('c', n));
    record.set("tnmClinM", &old_value('c', m));
    record.set("tnmClinStageGroup", &short_group(group));
    record.set("tnmClinStagedBy", "10");
    if case.resected(scene.world) && !case.neoadjuvant {
        let none = case.nodes.0 == 0;
        record.set("tnmPathT", &old_value('p', t));
        record.set("tnmPathN", &old_value('p', if none { "X" } else { &stage.path_n }));
        record.set("tnmPathM", &old_value('c', m));
        record.set("tnmPathStageGroup", &if none { "99".to_owned() } else { short_group(group) });
        record.set("tnmPathStagedBy", "10");
    } else {
        record.set("tnmPathStageGroup", "99");
    }
}

fn short_group(group: &str) -> String {
    if group.is_empty() { "99".to_owned() } else { group.chars().take(2).collect() }
}

fn collaborative(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    old_summary(scene, record);
    let case = scene.case;
    let disease = case.disease(scene.world);
    let ss = summary_stage(scene);
    let site = &case.site(scene.world).code;
    let mut list = Vec::new();
    if ss == '7' && case.mets == [false; 6] {
        list = disease.collaborative(site, 'd');
    }
    if list.is_empty() {
        list = disease.collaborative(site, ss);
    }
    if list.is_empty() {
        return;
    }
    let [extension, nodes, mets] = list[rng.index(list.len())];
    let size = if case.size > 0 && !case.is_dco() { case.size } else { 999 };
    record.set_with("csTumorSize", |out| {
        push_number(out, if disease.is("heme") || disease.is("surg98") { 988 } else { size as u64 }, 3)
    });
    record.set("csExtension", extension);
    record.set("csLymphNodes", nodes);
    record.set("csMetsAtDx", mets);
    let eval = if disease.nodes == Nodes::NotCollected {
        "9"
    } else if case.resected(scene.world) {
        "3"
    } else {
        "0"
    };
    record.set("csTumorSizeExtEval", eval);
    record.set("csLymphNodesEval", eval);
    record.set("csMetsEval", if disease.nodes == Nodes::NotCollected { "9" } else { "0" });
    if case.year >= 2010 {
        for (index, id) in ["csMetsAtDxBone", "csMetsAtDxBrain", "csMetsAtDxLiver", "csMetsAtDxLung"].iter().enumerate()
        {
            let value = if disease.is("mets8") {
                "8"
            } else if case.is_dco() {
                "9"
            } else if case.mets[index] {
                "1"
            } else {
                "0"
            };
            record.set(id, value);
        }
    }
    for id in ["csVersionInputOriginal", "csVersionInputCurrent", "csVersionDerived"] {
        record.set(id, "020550");
    }
    for number in 1..=25 {
        let value = match disease.factors.iter().find(|(factor, _)| *factor == number) {
            Some((_, values)) => values.draw(rng),
            None => "988",
        };
        record.set(&format!("csSiteSpecificFactor{number}"), value);
    }
}
