//! The derivations by name: what each reads, what it gives, its edition.

use super::case::{Case, Derived, Items, Outputs, Params, Value};
use super::death::{Death, DeathEdition, cause_of_death};
use super::survival::{Followed, Measure, TimedTumor};
use super::{
    areas, breast, grade, historic_stage, iarc, icdo2, napiia as napiia_rules, nhia as nhia_rules, races, sites,
    survival as timed, tumor_size,
};
use crate::codes;

/// What a derivation looks at.
#[derive(Clone, Copy)]
enum Run {
    /// Each tumor by itself.
    Tumor(fn(&Items<'_>, &Params) -> Outputs),
    /// A patient with all tumors.
    Patient(fn(&Case<'_>, &Params) -> Derived),
    /// Codes that are of no patient.
    Flat(fn(&Items<'_>, &Params) -> Outputs),
}

/// A derivation: a name, an edition, what it reads and gives, and the rule.
#[derive(Clone, Copy)]
pub struct Derivation {
    /// Its name, as `seer-site-recode`.
    pub id: &'static str,
    /// The edition of the rule.
    pub version: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Ids of the items it reads.
    pub inputs: &'static [&'static str],
    /// Ids of the items it gives.
    pub outputs: &'static [&'static str],
    /// Whether the answer depends on the current year or on another parameter.
    pub as_of: bool,
    run: Run,
}

impl Derivation {
    /// Whether it reads a patient with tumors; else one set of codes.
    pub fn reads_patients(&self) -> bool {
        !matches!(self.run, Run::Flat(_))
    }

    /// Derives what there is to derive for a case.
    pub fn derive(&self, case: &Case<'_>, params: &Params) -> Derived {
        match self.run {
            Run::Tumor(of) => Derived {
                patient: Vec::new(),
                tumors: Some(case.tumors.iter().map(|tumor| of(tumor, params)).collect()),
            },
            Run::Patient(of) => of(case, params),
            Run::Flat(of) => Derived { patient: of(&case.patient, params), tumors: None },
        }
    }
}

impl std::fmt::Debug for Derivation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.version)
    }
}

/// The derivation of a name.
pub fn named(id: &str) -> Option<&'static Derivation> {
    DERIVATIONS.iter().find(|derivation| derivation.id == id)
}

const SITE: &str = "primarySite";
const HISTOLOGY: &str = "histologicTypeIcdO3";
const BEHAVIOR: &str = "behaviorCodeIcdO3";
const DIAGNOSIS: &str = "dateOfDiagnosis";
const SEQUENCE: &str = "sequenceNumberCentral";
const LAST_CONTACT: &str = "dateOfLastContact";
const STATE: &str = "addrAtDxState";
const COUNTY: &str = "countyAtDxAnalysis";

const fn derivation(
    id: &'static str,
    version: &'static str,
    about: &'static str,
    inputs: &'static [&'static str],
    outputs: &'static [&'static str],
    run: Run,
) -> Derivation {
    Derivation { id, version, about, inputs, outputs, as_of: false, run }
}

const fn as_of(derivation: Derivation) -> Derivation {
    Derivation { as_of: true, ..derivation }
}

fn shb<'i>(items: &'i Items<'_>) -> [&'i str; 3] {
    [SITE, HISTOLOGY, BEHAVIOR].map(|id| items.text(id))
}

fn sex<'i>(items: &'i Items<'_>) -> &'i str {
    items.get("sexAssignedAtBirth").unwrap_or_else(|| items.text("sex"))
}

/// Every derivation that is compiled in.
pub static DERIVATIONS: &[Derivation] = &[
    derivation(
        "seer-site-recode",
        "ICD-O-3/WHO 2008",
        "SEER site recode",
        &[SITE, HISTOLOGY],
        &["seerSiteRecode"],
        Run::Tumor(|tumor, _| {
            vec![("seerSiteRecode", sites::site_recode(tumor.text(SITE), tumor.text(HISTOLOGY)).into())]
        }),
    ),
    derivation(
        "seer-site-recode-2023",
        "2023",
        "SEER site recode 2023, and expanded",
        &[SITE, HISTOLOGY, BEHAVIOR, DIAGNOSIS],
        &["seerSiteRecode2023", "seerSiteRecode2023Expanded"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            let [plain, expanded] = sites::site_recode_2023(site, histology, behavior, tumor.text(DIAGNOSIS));
            vec![("seerSiteRecode2023", plain.into()), ("seerSiteRecode2023Expanded", expanded.into())]
        }),
    ),
    derivation(
        "site-recode-2003",
        "2003",
        "SEER site recode of 2003, with and without Kaposi sarcoma and mesothelioma apart",
        &[SITE, HISTOLOGY],
        &["recode2003", "recode2003WithoutKsMeso"],
        Run::Flat(|items, _| {
            let [plain, without] = sites::site_recode_2003(items.text(SITE), items.text(HISTOLOGY));
            vec![("recode2003", plain.into()), ("recode2003WithoutKsMeso", without.into())]
        }),
    ),
    derivation(
        "seer-behavior-recode",
        "2010",
        "SEER behavior recode for analysis",
        &[SITE, HISTOLOGY, BEHAVIOR, DIAGNOSIS],
        &["seerBehaviorRecode"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            let code = sites::behavior_recode(site, histology, behavior, tumor.text(DIAGNOSIS));
            vec![("seerBehaviorRecode", code.into())]
        }),
    ),
    derivation(
        "iccc",
        "ICCC-3/IARC 2017",
        "Childhood cancer classification, main and extended",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["iccc", "icccExtended"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            let [main, extended] = sites::iccc(site, histology, behavior);
            vec![("iccc", main.into()), ("icccExtended", extended.into())]
        }),
    ),
    derivation(
        "iccc-versions",
        "ICCC-3, WHO 2008, ICCC-3/IARC 2017",
        "Childhood cancer classification in all editions",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["iccc3", "icccWho2008", "icccWho2008Ext", "icccIarc2017", "icccIarc2017Ext", "icccMajorCategory"],
        Run::Flat(|items, _| {
            let [site, histology, behavior] = shb(items);
            let [who, who_extended] = sites::iccc_who_2008(site, histology, behavior);
            let [iarc, iarc_extended] = sites::iccc(site, histology, behavior);
            vec![
                ("iccc3", sites::iccc_3(site, histology, behavior).into()),
                ("icccWho2008", who.into()),
                ("icccWho2008Ext", who_extended.into()),
                ("icccIarc2017", iarc.into()),
                ("icccIarc2017Ext", iarc_extended.into()),
                ("icccMajorCategory", sites::iccc_major_category(iarc).into()),
            ]
        }),
    ),
    derivation(
        "aya-site-recode",
        "WHO 2008",
        "Cancers of adolescents and young adults",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["ayaSiteRecode2008"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            vec![("ayaSiteRecode2008", sites::aya_2008(site, histology, behavior).into())]
        }),
    ),
    derivation(
        "aya-site-recode-2020",
        "2020",
        "Cancers of adolescents and young adults, 2020 revision",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["ayaSiteRecode2020"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            vec![("ayaSiteRecode2020", sites::aya_2020(site, histology, behavior).into())]
        }),
    ),
    derivation(
        "seer-brain-cns-recode",
        "2020",
        "Brain and central nervous system recode",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["seerBrainCnsRecode2020"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            vec![("seerBrainCnsRecode2020", sites::brain_2020(site, histology, behavior).into())]
        }),
    ),
    derivation(
        "seer-lymphoid-neoplasm-recode-2021",
        "2021",
        "Lymphoid neoplasm recode",
        &[SITE, HISTOLOGY],
        &["seerLymphNeoplasmRecode2021"],
        Run::Tumor(|tumor, _| {
            let code = sites::lymphoid_2021(tumor.text(SITE), tumor.text(HISTOLOGY));
            vec![("seerLymphNeoplasmRecode2021", code.into())]
        }),
    ),
    as_of(derivation(
        "survival-time",
        "2.2",
        "Survival months and days, active follow-up and presumed alive",
        &[DIAGNOSIS, LAST_CONTACT, "dateOfBirth", "vitalStatus", SEQUENCE, "typeOfReportingSource"],
        &[
            "recordNumberRecode",
            "survDateActiveFollowup",
            "survFlagActiveFollowup",
            "survMosActiveFollowup",
            "survDaysActiveFollowup",
            "survDatePresumedAlive",
            "survFlagPresumedAlive",
            "survMosPresumedAlive",
            "survDaysPresumedAlive",
            "survDateDxRecode",
            "vitalStatusRecode",
        ],
        Run::Patient(survival_time),
    )),
    as_of(derivation(
        "death-classification",
        "2008",
        "Cause-specific and other-cause death",
        &[SITE, HISTOLOGY, SEQUENCE, "causeOfDeath", "icdRevisionNumber", LAST_CONTACT],
        &["seerCauseSpecificCod", "seerOtherCod"],
        Run::Patient(|case, params| {
            let of = |tumor: &Items<'_>| {
                let answer = classified(&case.patient, tumor, DeathEdition::E2008, params.cutoff_year);
                vec![("seerCauseSpecificCod", answer.cause_specific.into()), ("seerOtherCod", answer.other.into())]
            };
            Derived { patient: Vec::new(), tumors: Some(case.tumors.iter().map(of).collect()) }
        }),
    )),
    as_of(derivation(
        "death-classification-2023",
        "2023; 2008 corrected",
        "Cause-specific and other-cause death by site recode 2023, and by the corrected table of 2008",
        &[
            SITE,
            HISTOLOGY,
            BEHAVIOR,
            DIAGNOSIS,
            SEQUENCE,
            "causeOfDeath",
            "icdRevisionNumber",
            LAST_CONTACT,
            "cutoffYear",
        ],
        &["causeSpecific2023", "causeOther2023", "causeSpecific2008Fixed", "causeOther2008Fixed"],
        Run::Flat(|items, params| {
            let cutoff = items.get("cutoffYear").and_then(|year| year.parse().ok()).unwrap_or(params.cutoff_year);
            let new = classified(items, items, DeathEdition::E2023, cutoff);
            let old = classified(items, items, DeathEdition::E2008Corrected, cutoff);
            vec![
                ("causeSpecific2023", new.cause_specific.into()),
                ("causeOther2023", new.other.into()),
                ("causeSpecific2008Fixed", old.cause_specific.into()),
                ("causeOther2008Fixed", old.other.into()),
            ]
        }),
    )),
    derivation(
        "nhia",
        "2.2.1, August 2024",
        "NAACCR Hispanic identification",
        &[
            "spanishHispanicOrigin",
            "birthplaceCountry",
            "race1",
            "ihsLink",
            "sexAssignedAtBirth",
            "sex",
            "nameLast",
            "nameBirthSurname",
            STATE,
            COUNTY,
        ],
        &["nhiaDerivedHispOrigin"],
        Run::Patient(|case, params| {
            let item = |id| case.patient.text(id);
            let origin = nhia_rules::Origin {
                coded: item("spanishHispanicOrigin"),
                birthplace: item("birthplaceCountry"),
                race: item("race1"),
                ihs_link: item("ihsLink"),
                sex: sex(&case.patient),
                name_last: item("nameLast"),
                name_birth_surname: item("nameBirthSurname"),
            };
            let counties = case.tumors.iter().map(|tumor| (tumor.text(STATE), tumor.text(COUNTY)));
            let code = nhia_rules::nhia(&origin, counties, params.nhia_option);
            Derived { patient: vec![("nhiaDerivedHispOrigin", code.into())], tumors: None }
        }),
    ),
    derivation(
        "napiia",
        "August 2025",
        "NAACCR Asian and Pacific Islander identification",
        &[
            "spanishHispanicOrigin",
            "birthplaceCountry",
            "race1",
            "race2",
            "race3",
            "race4",
            "race5",
            "sexAssignedAtBirth",
            "sex",
            "nameLast",
            "nameBirthSurname",
        ],
        &["raceNapiia", "napiiaNeedsHumanReview", "napiiaReasonForReview"],
        Run::Patient(|case, _| {
            let item = |id| case.patient.text(id);
            let found = napiia_rules::napiia(&napiia_rules::Races {
                coded: ["race1", "race2", "race3", "race4", "race5"].map(item),
                hispanic: item("spanishHispanicOrigin"),
                birthplace: item("birthplaceCountry"),
                sex: sex(&case.patient),
                name_last: item("nameLast"),
                name_birth_surname: item("nameBirthSurname"),
            });
            let review = if found.review.is_some() { "1" } else { "0" };
            Derived {
                patient: vec![
                    ("raceNapiia", found.race.into()),
                    ("napiiaNeedsHumanReview", review.into()),
                    ("napiiaReasonForReview", found.review.into()),
                ],
                tumors: None,
            }
        }),
    ),
    derivation(
        "iarc-multiple-primary",
        "2004",
        "Multiple primaries by the international rules",
        &[SITE, HISTOLOGY, BEHAVIOR, DIAGNOSIS, SEQUENCE],
        &["iarcMpIndicator"],
        Run::Patient(|case, params| {
            let tumors: Vec<iarc::IarcTumor<'_>> = case
                .tumors
                .iter()
                .map(|tumor| {
                    let [site, histology, behavior] = shb(tumor);
                    let (diagnosis, sequence) = (tumor.text(DIAGNOSIS), tumor.text(SEQUENCE));
                    iarc::IarcTumor { site, histology, behavior, diagnosis, sequence }
                })
                .collect();
            let marks = iarc::iarc_multiple_primary(&tumors, params.iarc_review);
            let marked = |mark: u8| {
                let code = match mark {
                    0 => "0",
                    1 => "1",
                    _ => "9",
                };
                vec![("iarcMpIndicator", code.into())]
            };
            Derived { patient: Vec::new(), tumors: Some(marks.into_iter().map(marked).collect()) }
        }),
    ),
    derivation(
        "county-at-diagnosis-analysis",
        "3.0, 2023",
        "County at diagnosis for analysis",
        &[
            DIAGNOSIS,
            STATE,
            "countyAtDx",
            "countyAtDxGeocode1990",
            "countyAtDxGeocode2000",
            "countyAtDxGeocode2010",
            "countyAtDxGeocode2020",
            "censusTrCert19708090",
            "censusTrCertainty2000",
            "censusTrCertainty2010",
            "censusTractCertainty2020",
        ],
        &["countyAtDxAnalysis", "countyAtDxAnalysisFlag"],
        Run::Tumor(|tumor, _| {
            let item = |id| tumor.text(id);
            let (county, rule) = areas::county_for_analysis(&areas::AtDiagnosis {
                diagnosis: item(DIAGNOSIS),
                state: item(STATE),
                reported: item("countyAtDx"),
                geocoded: [
                    "countyAtDxGeocode1990",
                    "countyAtDxGeocode2000",
                    "countyAtDxGeocode2010",
                    "countyAtDxGeocode2020",
                ]
                .map(item),
                certainty: [
                    "censusTrCert19708090",
                    "censusTrCertainty2000",
                    "censusTrCertainty2010",
                    "censusTractCertainty2020",
                ]
                .map(item),
            });
            let county = Some(county).filter(|county| !county.is_empty());
            vec![("countyAtDxAnalysis", county.into()), ("countyAtDxAnalysisFlag", rule.into())]
        }),
    ),
    derivation(
        "prcda",
        "2.2, 2022",
        "IHS purchased/referred care delivery area, boundaries of 2020 and 2017",
        &[STATE, COUNTY],
        &["ihsPurchRefCareDeliveryArea", "ihsPurchRefCareDeliveryArea2017"],
        Run::Tumor(|tumor, _| {
            let [now, before] = areas::prcda(tumor.text(STATE), tumor.text(COUNTY));
            vec![("ihsPurchRefCareDeliveryArea", now.into()), ("ihsPurchRefCareDeliveryArea2017", before.into())]
        }),
    ),
    derivation(
        "uiho",
        "2.2, 2022",
        "Urban Indian health organization",
        &[STATE, COUNTY],
        &["urbanIndianHealthOrganization", "uihoFacility"],
        Run::Tumor(|tumor, _| {
            let [area, facility] = areas::uiho(tumor.text(STATE), tumor.text(COUNTY));
            vec![("urbanIndianHealthOrganization", area.into()), ("uihoFacility", facility.into())]
        }),
    ),
    derivation(
        "rural-urban",
        "1993, 2003, 2013",
        "Rural-urban continuum",
        &[STATE, COUNTY],
        &["ruralurbanContinuum1993", "ruralurbanContinuum2003", "ruralurbanContinuum2013"],
        Run::Tumor(|tumor, _| {
            let [y1993, y2003, y2013] = areas::rural_urban_continuum(tumor.text(STATE), tumor.text(COUNTY));
            vec![
                ("ruralurbanContinuum1993", y1993.into()),
                ("ruralurbanContinuum2003", y2003.into()),
                ("ruralurbanContinuum2013", y2013.into()),
            ]
        }),
    ),
    derivation(
        "derived-summary-grade-2018",
        "2018",
        "Summary grade",
        &["schemaId", BEHAVIOR, "gradeClinical", "gradePathological"],
        &["derivedSummaryGrade2018"],
        Run::Tumor(|tumor, _| {
            let grade = grade::summary_grade(
                tumor.text("schemaId"),
                tumor.text(BEHAVIOR),
                tumor.text("gradeClinical"),
                tumor.text("gradePathological"),
            );
            vec![("derivedSummaryGrade2018", grade.into())]
        }),
    ),
    derivation(
        "breast-cancer-category",
        "September 2025",
        "Breast cancer: receptors, HER2, subtype",
        &[
            SITE,
            HISTOLOGY,
            DIAGNOSIS,
            "tumorMarker1",
            "tumorMarker2",
            "csSiteSpecificFactor1",
            "csSiteSpecificFactor2",
            "csSiteSpecificFactor9",
            "csSiteSpecificFactor11",
            "csSiteSpecificFactor13",
            "csSiteSpecificFactor14",
            "csSiteSpecificFactor15",
            "estrogenReceptorSummary",
            "progesteroneRecepSummary",
            "her2OverallSummary",
        ],
        &["estrogenReceptorSumRecode", "progesteroneRecepSumRecode", "her2OverallSumRecode", "breastSubtype"],
        Run::Tumor(|tumor, _| {
            let item = |id| tumor.text(id);
            let category = breast::breast_category(&breast::Markers {
                site: item(SITE),
                histology: item(HISTOLOGY),
                diagnosis: item(DIAGNOSIS),
                tumor_markers: ["tumorMarker1", "tumorMarker2"].map(item),
                receptors: ["csSiteSpecificFactor1", "csSiteSpecificFactor2"].map(item),
                her2_ihc: item("csSiteSpecificFactor9"),
                her2_tests: ["csSiteSpecificFactor11", "csSiteSpecificFactor13", "csSiteSpecificFactor14"].map(item),
                her2_summary: item("csSiteSpecificFactor15"),
                receptor_summaries: ["estrogenReceptorSummary", "progesteroneRecepSummary"].map(item),
                her2_overall: item("her2OverallSummary"),
            });
            vec![
                ("estrogenReceptorSumRecode", category.estrogen.into()),
                ("progesteroneRecepSumRecode", category.progesterone.into()),
                ("her2OverallSumRecode", category.her2.into()),
                ("breastSubtype", category.subtype.into()),
            ]
        }),
    ),
    derivation(
        "tumor-size-over-time",
        "1.1, 2024",
        "Tumor size over time",
        &[DIAGNOSIS, SITE, HISTOLOGY, BEHAVIOR, "eodTumorSize", "csTumorSize", "tumorSizeSummary"],
        &["tumorSizeOverTime"],
        Run::Tumor(|tumor, _| {
            let [site, histology, behavior] = shb(tumor);
            let size = tumor_size::tumor_size_over_time(&tumor_size::Sizes {
                diagnosis: tumor.text(DIAGNOSIS),
                site,
                histology,
                behavior,
                eod: tumor.text("eodTumorSize"),
                cs: tumor.text("csTumorSize"),
                summary: tumor.text("tumorSizeSummary"),
            });
            vec![("tumorSizeOverTime", size.into())]
        }),
    ),
    derivation(
        "days-to-treatment",
        "1.0",
        "Days from diagnosis to first treatment",
        &[DIAGNOSIS, "dateInitialRxSeer"],
        &["daysToTreatment"],
        Run::Tumor(|tumor, _| {
            let days = races::days_to_treatment(tumor.text(DIAGNOSIS), tumor.text("dateInitialRxSeer"));
            vec![("daysToTreatment", days.into())]
        }),
    ),
    derivation(
        "race-1-recode",
        "1, 2024",
        "Race recode for analysis",
        &["race1", "race2", "ihsLink", DIAGNOSIS, STATE],
        &["race1Recode"],
        Run::Patient(|case, _| {
            let tumors: Vec<races::RaceTumor<'_>> = case
                .tumors
                .iter()
                .map(|tumor| races::RaceTumor { diagnosis: tumor.text(DIAGNOSIS), state: tumor.text(STATE) })
                .collect();
            let item = |id| case.patient.text(id);
            let code = races::race_1_recode(item("race1"), item("race2"), item("ihsLink"), &tumors);
            Derived { patient: vec![("race1Recode", code.into())], tumors: None }
        }),
    ),
    derivation(
        "historic-stage",
        "1973 to 2015",
        "Historic stage from the extent of disease of all eras",
        &[
            SITE,
            HISTOLOGY,
            "dxYear",
            "typeOfReportingSource",
            "registryId",
            "csExtension",
            "csLymphNodes",
            "csMetsAtDx",
            "codingSystemEod",
            "eodExtension",
            "eodLymphNodeInvolv",
            "eodOld4DigitExtent",
            "eodOld4DigitNodes",
            "eodOld13Digit",
            "eodOld2Digit",
        ],
        &["historicStage"],
        Run::Flat(|items, _| {
            let item = |id| items.text(id);
            let stage = historic_stage::historic_stage(&historic_stage::ExtentOfDisease {
                site: item(SITE),
                histology: item(HISTOLOGY),
                year: item("dxYear"),
                source: item("typeOfReportingSource"),
                registry: item("registryId"),
                collaborative: ["csExtension", "csLymphNodes", "csMetsAtDx"].map(item),
                coding_system: item("codingSystemEod"),
                eod: ["eodExtension", "eodLymphNodeInvolv"].map(item),
                four_digit: ["eodOld4DigitExtent", "eodOld4DigitNodes"].map(item),
                thirteen_digit: item("eodOld13Digit"),
                two_digit: item("eodOld2Digit"),
            });
            vec![("historicStage", stage.into())]
        }),
    ),
    derivation(
        "icd-conversion",
        "2025",
        "ICD-9-CM, ICD-10-CM and ICD-10 to ICD-O-3",
        &["from", "code", "sex", "allowNull"],
        &["found", "primarySite", "histology", "behavior", "grade", "laterality", "reportable"],
        Run::Flat(icd_conversion),
    ),
    derivation(
        "icdo3-to-icdo2",
        "2001",
        "ICD-O-3 back to ICD-O-2",
        &[SITE, HISTOLOGY, BEHAVIOR],
        &["site", "histology", "behavior", "result"],
        Run::Flat(|items, _| {
            let [site, histology, behavior] = shb(items);
            let converted = icdo2::to_icdo2(site, histology, behavior);
            vec![
                ("site", items.get(SITE).map(str::to_owned).into()),
                ("histology", converted.histology.into()),
                ("behavior", converted.behavior.into()),
                ("result", converted.conversion.name().into()),
            ]
        }),
    ),
    derivation(
        "surgery-table",
        "1998 to 2024",
        "The table of surgery codes for a site and year",
        &["dxYear", SITE, HISTOLOGY],
        &["table", "codes"],
        Run::Flat(|items, _| {
            let year = items.text("dxYear").parse().unwrap_or(0);
            match codes::surgery_table(items.text(SITE), items.text(HISTOLOGY), year) {
                Some(table) => vec![
                    ("table", table.title.into()),
                    ("codes", Value::List(table.operations.iter().map(|operation| operation.code).collect())),
                ],
                None => vec![("table", Value::None)],
            }
        }),
    ),
];

fn classified<'i>(
    patient: &'i Items<'_>,
    tumor: &'i Items<'_>,
    edition: DeathEdition,
    cutoff_year: i32,
) -> super::death::CauseOfDeath {
    let [site, histology, behavior] = shb(tumor);
    let death = Death {
        sequence: tumor.text(SEQUENCE),
        cause: patient.text("causeOfDeath"),
        icd_revision: patient.text("icdRevisionNumber"),
        last_contact: patient.text(LAST_CONTACT),
        site,
        histology,
        behavior,
        diagnosis: tumor.text(DIAGNOSIS),
    };
    cause_of_death(&death, edition, cutoff_year)
}

fn survival_time(case: &Case<'_>, params: &Params) -> Derived {
    let item = |id: &'static str| case.patient.text(id);
    // Files of records may repeat patient items on each tumor, and then differ.
    let of_tumors =
        |id: &'static str| -> Vec<&str> { case.tumors.iter().map(|tumor| tumor.get(id).unwrap_or(item(id))).collect() };
    let differ = |id: &'static str| of_tumors(id).windows(2).any(|pair| matches!(pair, [one, other] if one != other));
    let first = |id: &'static str| of_tumors(id).first().copied().unwrap_or(item(id)).to_owned();
    let (last_contact, vital_status) = (first(LAST_CONTACT), first("vitalStatus"));
    let contradicted = differ(LAST_CONTACT) || differ("vitalStatus");
    let patient = Followed { birth: item("dateOfBirth"), last_contact: &last_contact, vital_status: &vital_status };
    let tumors: Vec<TimedTumor<'_>> = case
        .tumors
        .iter()
        .map(|tumor| TimedTumor {
            diagnosis: tumor.text(DIAGNOSIS),
            sequence: tumor.text(SEQUENCE),
            source: tumor.text("typeOfReportingSource"),
        })
        .collect();
    let mut computed = timed::survival(patient, &tumors, params.cutoff_year, params.as_of_year);
    if contradicted {
        let unknown = Measure { end: None, flag: 9, months: None, days: None };
        for tumor in &mut computed.tumors {
            tumor.active = unknown;
            tumor.presumed_alive = unknown;
            tumor.diagnosis = None;
        }
        if differ("vitalStatus") {
            computed.vital_status = None;
        }
    }
    let date = |number: Option<i32>| Value::from(number.map(|number| format!("{number:08}")));
    let tumors = computed.tumors.iter().map(|tumor| {
        let months = |of: &Measure| Value::from(format!("{:04}", of.months.unwrap_or(9999)));
        let days = |of: &Measure| Value::from(format!("{:05}", of.days.unwrap_or(99_999)));
        let flag = |of: &Measure| Value::from(of.flag.to_string());
        vec![
            ("recordNumberRecode", format!("{:02}", tumor.record_number).into()),
            ("survDateActiveFollowup", date(tumor.active.end)),
            ("survFlagActiveFollowup", flag(&tumor.active)),
            ("survMosActiveFollowup", months(&tumor.active)),
            ("survDaysActiveFollowup", days(&tumor.active)),
            ("survDatePresumedAlive", date(tumor.presumed_alive.end)),
            ("survFlagPresumedAlive", flag(&tumor.presumed_alive)),
            ("survMosPresumedAlive", months(&tumor.presumed_alive)),
            ("survDaysPresumedAlive", days(&tumor.presumed_alive)),
            ("survDateDxRecode", tumor.diagnosis.map(|date| date.text()).into()),
        ]
    });
    Derived {
        patient: vec![("vitalStatusRecode", computed.vital_status.clone().into())],
        tumors: Some(tumors.collect()),
    }
}

fn icd_conversion(items: &Items<'_>, _: &Params) -> Outputs {
    let code = items.text("code");
    let of = match items.text("from") {
        "icd10" => codes::Classification::Icd10,
        "icd9cm" => codes::Classification::Icd9Cm,
        _ => codes::Classification::Icd10Cm,
    };
    if let Some(start) = codes::to_icdo3(of, code, items.get("sex")) {
        return vec![
            ("found", Value::Flag(true)),
            ("primarySite", start.site.into()),
            ("histology", start.histology.into()),
            ("behavior", start.behavior.into()),
            ("grade", start.grade.into()),
            ("laterality", start.laterality.into()),
            ("reportable", start.reportable.into()),
        ];
    }
    if of != codes::Classification::Icd10 || items.get("allowNull") != Some("false") {
        return vec![("found", Value::Flag(false))];
    }
    // A cause of death always gets a site: its own code where that is one.
    let mut whole = code.to_uppercase();
    if whole.len() == 3 {
        whole.push('9');
    }
    let behavior = match whole.as_bytes().first() {
        Some(b'C') => Value::from("3"),
        Some(b'D') => Value::from("2"),
        _ => Value::None,
    };
    let site = codes::site(&whole).map_or("C809", |site| site.code);
    vec![
        ("found", Value::Flag(true)),
        ("primarySite", site.into()),
        ("histology", "8000".into()),
        ("behavior", behavior),
        ("grade", "9".into()),
        ("laterality", Value::None),
        ("reportable", Value::None),
    ]
}
