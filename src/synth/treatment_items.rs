//! Treatment items: the summary of the first course, what this facility gave, dates and reasons.

use super::disease::{Kind, Nodes};
use super::life::{Method, write_day};
use super::patient::push_number;
use super::record::Record;
use super::rng::Rng;
use super::tumor::Scene;

/// What this facility did itself.
#[derive(Debug, Default, Clone, Copy)]
struct Here {
    surgery: bool,
    radiation: bool,
    systemic: bool,
}

/// Fills the treatment items.
pub fn fill(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let here = here(scene);
    surgery(scene, here, rng, record);
    radiation(scene, here, record);
    systemic(scene, here, rng, record);
    sequence(scene, record);
    if scene.case.year >= 2021 {
        neoadjuvant(scene, rng, record);
    }
}

fn here(scene: &Scene<'_>) -> Here {
    let case = scene.case;
    let cut = case.surgery.is_some();
    match scene.report.class {
        10 | 12 | 14 | 22 => Here { surgery: true, radiation: true, systemic: true },
        // Part here: the operation if there was one, otherwise the drugs; the rest elsewhere.
        11 | 13 => Here { surgery: cut, radiation: false, systemic: !cut },
        20 | 21 => {
            let drugs =
                case.given.iter().any(|given| case.disease(scene.world).drugs[given.course].kind != Kind::Radiation);
            Here { surgery: false, radiation: !drugs || !cut, systemic: cut && drugs }
        }
        _ => Here::default(),
    }
}

/// The code of the operation in the table of the year: column and whether it is the 2023 item.
fn column(year: i32) -> (usize, bool) {
    match year {
        ..=2022 => (0, false),
        2023 => (1, true),
        _ => (2, true),
    }
}

fn surgery(scene: &Scene<'_>, here: Here, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let disease = case.disease(scene.world);
    let (column, new) = column(case.year);
    let site = &case.site(scene.world).code;
    let own = disease.surgeries.iter().find(|surgery| surgery.sites.is_empty() || surgery.sites.contains(site));
    let prefix = match own {
        Some(surgery) if new => &surgery.codes[column][..1],
        _ => "A",
    };
    let code = |short: &str| if new { format!("{prefix}{short}0") } else { short.to_owned() };
    let unknown = scene.treatment_unknown();
    let not_applicable = disease.is("surg98");
    let (summary, reason) = match case.surgery {
        _ if not_applicable && unknown => (if new { "A980".to_owned() } else { "98".to_owned() }, "9"),
        _ if not_applicable => (
            if new { "A980".to_owned() } else { "98".to_owned() },
            if case.method == Method::Autopsy { "9" } else { "1" },
        ),
        Some((index, _)) => {
            let surgery = &disease.surgeries[index];
            let early = surgery.early.as_ref().filter(|_| case.year < 2010);
            (early.unwrap_or(&surgery.codes[column]).clone(), "0")
        }
        None if unknown => (code("99"), "9"),
        None if case.method == Method::Autopsy => (code("00"), "9"),
        None => {
            let reason = match rng.unit() {
                unit if unit < 0.88 => "1",
                unit if unit < 0.95 => "2",
                unit if unit < 0.98 => "7",
                _ => "6",
            };
            (code("00"), reason)
        }
    };
    let item = |summary: bool| match (summary, new) {
        (true, false) => "rxSummSurgPrimSite",
        (true, true) => "rxSummSurgPrimSite2023",
        (false, false) => "rxHospSurgPrimSite",
        (false, true) => "rxHospSurgPrimSite2023",
    };
    record.set(item(true), &summary);
    record.set("reasonForNoSurgery", reason);
    let done_here = here.surgery && case.surgery.is_some();
    let hospital = if done_here || not_applicable { summary.clone() } else { code("00") };
    record.set(item(false), &hospital);
    let scope = scope(scene);
    record.set("rxSummScopeRegLnSur", scope);
    record.set("rxHospScopeRegLnSur", if done_here || scope == "9" { scope } else { "0" });
    record.set("rxSummSurgOthRegDis", if unknown { "9" } else { "0" });
    record.set("rxHospSurgOthRegDis", "0");
    if case.year >= 2024 && disease.key == "breast" {
        record.set("rxSummReconBreast", if unknown { "A990" } else { "A000" });
        record.set("rxHospReconBreast", "A000");
    }
    let margins = match case.surgery {
        _ if disease.is("margins9") => "9",
        None if unknown => "9",
        None => "8",
        Some(_) if !case.resected(scene.world) => "9",
        Some(_) => ["0", "0", "0", "0", "0", "0", "0", "0", "2", "1", "9"][rng.index(11)],
    };
    record.set("rxSummSurgicalMargins", margins);
    record.set(
        "readmSameHosp30Days",
        if done_here { ["0", "0", "0", "0", "0", "0", "0", "0", "0", "1"][rng.index(10)] } else { "0" },
    );
    let approach = case.surgery.filter(|_| done_here).map_or("0", |(index, _)| {
        let list = &disease.surgeries[index].approach;
        let at = rng.index(list.len());
        &list[at..=at]
    });
    if case.year >= 2010 {
        record.set("rxHospSurgApp2010", approach);
    }
    if let Some((_, day)) = case.surgery {
        record.set_with("rxDateSurgery", |out| write_day(out, day, 8));
        record.set_with("rxDateMostDefinSurg", |out| write_day(out, day, 8));
        let stay = rng.between(0, 6).min(scene.life.end.last - day);
        record.set_with("rxDateSurgicalDisch", |out| write_day(out, day + stay, 8));
        if done_here && stay > 0 {
            record.set_with("dateOfInptAdm", |out| write_day(out, day, 8));
            record.set_with("dateOfInptDisch", |out| write_day(out, day + stay, 8));
        }
    }
    biopsy(scene, record);
}

fn biopsy(scene: &Scene<'_>, record: &mut Record) {
    let case = scene.case;
    let excised = case.surgery.is_some_and(|(_, day)| day <= case.dx);
    let done = case.method == Method::Histology && !excised && !case.disease(scene.world).is("nobiopsy");
    let code = if scene.report.class == 49 {
        "09"
    } else if done {
        "02"
    } else {
        "00"
    };
    record.set("rxSummDxStgProc", code);
    if done {
        record.set_with("rxDateDxStgProc", |out| write_day(out, case.dx, case.dx_known));
        let here = matches!(scene.report.class, 0 | 10..=14 | 43);
        record.set("rxHospDxStgProc", if here { "02" } else { "00" });
    } else {
        record.set("rxHospDxStgProc", "00");
    }
}

fn scope(scene: &Scene<'_>) -> &'static str {
    let case = scene.case;
    let disease = case.disease(scene.world);
    let examined = case.nodes.0;
    match (disease.nodes, case.sentinel) {
        (Nodes::NotCollected, _) if disease.is("scope9") => "9",
        _ if scene.treatment_unknown() => "9",
        (_, Some((seen, _))) if examined > seen => "6",
        (_, Some(_)) => "2",
        _ if examined == 95 => "1",
        _ if (1..=3).contains(&examined) => "4",
        _ if (4..=90).contains(&examined) => "5",
        _ => "0",
    }
}

fn radiation(scene: &Scene<'_>, here: Here, record: &mut Record) {
    let case = scene.case;
    let unknown = scene.treatment_unknown();
    let phase_items = [
        "phase1RadiationPrimaryTxVolume",
        "phase1RadiationToDrainingLN",
        "phase1RadiationTreatmentModality",
        "phase1RadiationExternalBeamTech",
    ];
    let Some((given, course)) = case.course(scene.world, Kind::Radiation) else {
        let none = if unknown { "99" } else { "00" };
        for id in phase_items {
            record.set(id, none);
        }
        if !unknown {
            record.set("phase1DosePerFraction", "00000");
            record.set("phase1NumberOfFractions", "000");
            record.set("phase1TotalDose", "000000");
            record.set("totalDose", "000000");
        }
        record.set("numberPhasesOfRadTxToVolume", none);
        record.set("radiationTxDiscontinuedEarly", none);
        record.set("reasonForNoRadiation", if unknown { "9" } else { "1" });
        record.set("rxSummRadiation", if unknown { "9" } else { "0" });
        record.set("rxHospRadiation", "0");
        record.set("radLocationOfRx", if unknown { "9" } else { "0" });
        return;
    };
    let part = |index: usize| course.plan.get(index).map_or("99", String::as_str);
    for (index, id) in phase_items.iter().enumerate() {
        record.set(id, part(index));
    }
    let (dose, fractions): (u64, u64) = (part(4).parse().unwrap_or(0), part(5).parse().unwrap_or(0));
    let total = course.plan.get(6).and_then(|total| total.parse().ok()).unwrap_or(dose * fractions);
    record.set_with("phase1DosePerFraction", |out| push_number(out, dose, 5));
    record.set_with("phase1NumberOfFractions", |out| push_number(out, fractions, 3));
    record.set_with("phase1TotalDose", |out| push_number(out, total, 6));
    record.set_with("totalDose", |out| push_number(out, total, 6));
    for id in [
        "phase2RadiationPrimaryTxVolume",
        "phase2RadiationToDrainingLN",
        "phase2RadiationTreatmentModality",
        "phase2RadiationExternalBeamTech",
    ] {
        record.set(id, "00");
    }
    record.set("phase2DosePerFraction", "00000");
    record.set("phase2NumberOfFractions", "000");
    record.set("phase2TotalDose", "000000");
    record.set("numberPhasesOfRadTxToVolume", "01");
    record.set("radiationTxDiscontinuedEarly", "01");
    record.set("reasonForNoRadiation", "0");
    let kind = match part(2) {
        "13" | "14" | "15" | "16" => "3",
        "07" | "08" | "09" | "10" | "11" | "12" => "2",
        _ => "1",
    };
    record.set("rxSummRadiation", kind);
    record.set("rxHospRadiation", if here.radiation { kind } else { "0" });
    record.set("radLocationOfRx", if here.radiation { "1" } else { "4" });
    record.set_with("rxDateRadiation", |out| write_day(out, given.start, 8));
    record.set_with("rxDateRadiationEnded", |out| write_day(out, given.end, 8));
}

fn systemic(scene: &Scene<'_>, here: Here, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let disease = case.disease(scene.world);
    let unknown = scene.treatment_unknown();
    let kinds = [
        (Kind::Chemo, "rxSummChemo", "rxHospChemo", "rxDateChemo"),
        (Kind::Hormone, "rxSummHormone", "rxHospHormone", "rxDateHormone"),
        (Kind::Brm, "rxSummBrm", "rxHospBrm", "rxDateBrm"),
        (Kind::Transplant, "rxSummTransplntEndocr", "", ""),
        (Kind::Other, "rxSummOther", "rxHospOther", "rxDateOther"),
    ];
    for (kind, summary, hospital, date) in kinds {
        let none = match kind {
            Kind::Other if unknown => "9",
            Kind::Other => "0",
            _ if unknown => "99",
            Kind::Chemo
                if disease.drugs.iter().any(|course| course.kind == Kind::Chemo && course.chance > 0.4)
                    && case.method != Method::Autopsy
                    && !scene.in_situ() =>
            {
                ["00", "00", "00", "00", "00", "00", "00", "00", "87", "82"][rng.index(10)]
            }
            _ => "00",
        };
        let nothing = if kind == Kind::Other { "0" } else { "00" };
        let given = case.course(scene.world, kind);
        record.set(summary, given.as_ref().map_or(none, |(_, course)| &course.code));
        if !hospital.is_empty() {
            let own = given.as_ref().filter(|_| here.systemic);
            record.set(hospital, own.map_or(nothing, |(_, course)| &course.code));
        }
        if let (Some((given, _)), false) = (&given, date.is_empty()) {
            record.set_with(date, |out| write_day(out, given.start, 8));
        }
    }
    record.set("rxSummPalliativeProc", if unknown { "9" } else { "0" });
    record.set("rxHospPalliativeProc", "0");
    if case.year >= 2010 {
        record.set(
            "rxSummTreatmentStatus",
            match case.modalities() {
                _ if unknown && case.surgery.is_none() => "9",
                0 if case.watched => "2",
                0 => "0",
                _ => "1",
            },
        );
    }
    if let Some(first) = case.first_treatment() {
        record.set_with("date1stCrsRxCoc", |out| write_day(out, first, 8));
        record.set_with("dateInitialRxSeer", |out| write_day(out, first, 8));
    }
}

fn sequence(scene: &Scene<'_>, record: &mut Record) {
    let case = scene.case;
    let drugs = case.disease(scene.world);
    let systemic =
        case.given.iter().filter(|given| !matches!(drugs.drugs[given.course].kind, Kind::Radiation | Kind::Other));
    let first = systemic.map(|given| given.start).min();
    if let Some(first) = first {
        record.set_with("rxDateSystemic", |out| write_day(out, first, 8));
    }
    let unknown = scene.treatment_unknown();
    let code = |start: Option<i32>, cut: Option<i32>| match (start, cut) {
        (Some(start), Some(cut)) if start < cut => "2",
        (Some(_), Some(_)) => "3",
        _ => "0",
    };
    let cut = case.surgery.map(|(_, day)| day);
    let beam = case.course(scene.world, Kind::Radiation).map(|(given, _)| given.start);
    // A needle into a node counts as surgery for the sequence items.
    let node = (case.nodes.0 == 95 && cut.is_none() && !unknown).then_some(case.dx);
    record.set("rxSummSurgRadSeq", code(beam, cut.or(node)));
    let after = case.neoadjuvant
        && case.given.iter().any(|given| {
            !matches!(drugs.drugs[given.course].kind, Kind::Radiation | Kind::Other)
                && cut.is_some_and(|cut| given.start > cut)
        });
    record.set("rxSummSystemicSurSeq", if after { "4" } else { code(first, cut.or(node)) });
}

fn neoadjuvant(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let disease = case.disease(scene.world);
    let no_effect = disease.is("heme") || disease.key == "unknown";
    let (given, response, effect) = match case.neoadjuvant {
        _ if scene.treatment_unknown() => ("9", "9", if no_effect { "" } else { "9" }),
        true => ("1", ["1", "2", "2", "4", "6", "8"][rng.index(6)], ["3", "3", "4", "6"][rng.index(4)]),
        false => ("0", "0", "0"),
    };
    record.set("neoadjuvantTherapy", given);
    record.set("neoadjuvTherapyClinicalResponse", response);
    record.set("neoadjuvTherapyTreatmentEffect", effect);
}
