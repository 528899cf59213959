//! The items of one facility's report: identification, place, cancer, follow-up and administration.
//!
//! Staging is in `staging_items`, treatment in `treatment_items`, texts in `narrative`.

use super::World;
use super::calendar::{Day, civil};
use super::life::{Case, Life, Method, Report, write_day};
use super::lists::{physician_licence, physician_npi};
use super::patient::push_number;
use super::record::Record;
use super::rng::Rng;

/// What an abstract is written from.
pub struct Scene<'a> {
    /// Reference tables.
    pub world: &'a World,
    /// Today, for the registry.
    pub as_of: Day,
    /// The whole story.
    pub life: &'a Life,
    /// This report.
    pub report: &'a Report,
    /// This tumor.
    pub case: &'a Case,
    /// Patient number.
    pub number: u64,
    /// Which record of the patient, from 1.
    pub ordinal: usize,
    /// Year and running number of the accession.
    pub accession: (i32, u32),
}

impl Scene<'_> {
    /// Nothing of the treatment is known.
    pub fn treatment_unknown(&self) -> bool {
        matches!(self.report.class, 43 | 49)
    }

    /// In situ.
    pub fn in_situ(&self) -> bool {
        self.behavior() == '2'
    }

    /// Benign or borderline.
    pub fn benign(&self) -> bool {
        matches!(self.behavior(), '0' | '1')
    }

    /// Behavior code.
    pub fn behavior(&self) -> char {
        self.case.hist(self.world).behavior
    }

    /// Physicians of this case: managing, surgeon, medical and radiation oncologist, primary care.
    pub fn physicians(&self) -> [u32; 5] {
        let base = self.report.facility as u32 * 100;
        let spread = (self.number as u32).wrapping_mul(7) + self.case.disease as u32;
        [1, 31, 51, 71, 86].map(|kind| base + kind + spread % 12)
    }

    /// Number of the pathology report of the diagnosis (0) or of the resection (1).
    pub fn report_number(&self, index: usize, out: &mut String) {
        let day = match (index, self.case.surgery) {
            (1, Some((_, day))) => day,
            _ => self.case.dx,
        };
        out.push_str(if self.case.method == Method::Cytology { "NG" } else { "S" });
        push_number(out, (civil(day).0 % 100) as u64, 2);
        out.push('-');
        push_number(out, (self.number * 13 + index as u64 * 7 + 101) % 100_000, 5);
    }

    /// The patient's record number at this facility.
    pub fn record_number(&self, out: &mut String) {
        out.push_str(&self.world.lists.facilities[self.report.facility].short[..2]);
        push_number(out, (self.number * 37 + 1_000_000 * (self.report.facility as u64 + 1)) % 100_000_000, 8);
    }
}

/// Fills everything but staging, treatment and texts.
pub fn fill(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    identification(scene, rng, record);
    place(scene, rng, record);
    cancer(scene, rng, record);
    follow_up(scene, rng, record);
    administration(scene, rng, record);
    path_reports(scene, rng, record);
}

fn identification(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let (report, case) = (scene.report, scene.case);
    let facility = &scene.world.lists.facilities[report.facility];
    record.set_with("tumorRecordNumber", |out| push_number(out, scene.ordinal as u64, 2));
    record.set_with("patientSystemIdHosp", |out| push_number(out, scene.number + 100_000, 8));
    record.set("reportingFacility", facility.id);
    record.set("npiReportingFacility", facility.npi);
    record.set("followingRegistry", facility.id);
    record.set("npiFollowingRegistry", facility.npi);
    record.set_with("accessionNumberHosp", |out| {
        push_number(out, scene.accession.0 as u64, 4);
        push_number(out, u64::from(scene.accession.1 % 100_000), 5);
    });
    let mut sequence = String::new();
    push_number(&mut sequence, u64::from(case.sequence), 2);
    record.set("sequenceNumberHospital", &sequence);
    if !report.second {
        record.set("sequenceNumberCentral", &sequence);
    }
    over_rides(scene, record);
    record.set_with("medicalRecordNumber", |out| scene.record_number(out));
    record.set("abstractedBy", ["JKL", "MRT", "SAB", "TWN", "LMP", "CDO"][report.facility * 2 + rng.index(2)]);
    record.set_with("dateOf1stContact", |out| {
        write_day(out, report.contact, if report.contact == case.dx { case.dx_known } else { 8 });
    });
    record.set_with("classOfCase", |out| push_number(out, u64::from(report.class), 2));
    if case.year >= 2018 {
        record.set(
            "cocAccreditedFlag",
            match report.class {
                49 => "",
                _ if report.facility == 2 => "0",
                10..=22 => "1",
                _ => "2",
            },
        );
    }
    record.set(
        "typeOfReportingSource",
        match (report.class, case.method) {
            (49, _) => "7",
            (38, _) => "6",
            (43, _) => "3",
            (22, _) if rng.chance(0.1) => "2",
            _ if rng.chance(0.2) => "8",
            _ => "1",
        },
    );
    record.set(
        "casefindingSource",
        match report.class {
            49 => "80",
            38 => "99",
            43 => "40",
            21 | 22 => ["23", "25", "22", "27", "20"][rng.index(5)],
            _ => ["20", "20", "20", "22", "22", "21", "27", "26", "10", "29"][rng.index(10)],
        },
    );
    let other = report.other.map(|other| &scene.world.lists.facilities[other]);
    let outside = ("0000999990", "");
    if matches!(report.class, 20..=22 | 30..=33) {
        let (id, npi) = other.map_or(outside, |other| (other.id, other.npi));
        record.set("institutionReferredFrom", id);
        record.set("npiInstReferredFrom", npi);
    }
    if matches!(report.class, 0 | 13) {
        let (id, npi) = other.map_or(outside, |other| (other.id, other.npi));
        record.set("institutionReferredTo", id);
        record.set("npiInstReferredTo", npi);
    }
    if report.class != 49 {
        physicians(scene, record);
    }
}

/// Flags a registrar sets after looking at what is unusual but right.
fn over_rides(scene: &Scene<'_>, record: &mut Record) {
    let (report, case) = (scene.report, scene.case);
    let first = matches!(case.sequence, 0 | 1 | 60 | 61);
    if first && scene.accession.0 != civil(report.contact).0 && matches!(report.class, 0 | 10..=14 | 38 | 40) {
        record.set("overRideAcsnClassSeq", "1");
    }
    if (1..60).contains(&case.sequence) && case.site(scene.world).code == "C809" {
        record.set("overRideIllDefineSite", "1");
        record.set("overRideHospseqSite", "1");
    }
}

fn physicians(scene: &Scene<'_>, record: &mut Record) {
    let doctors = scene.physicians();
    let items = [
        ("physicianManaging", "npiPhysicianManaging", 0),
        ("physicianFollowUp", "npiPhysicianFollowUp", 4),
        ("physicianPrimarySurg", "npiPhysicianPrimarySurg", 1),
        ("physician3", "npiPhysician3", 2),
        ("physician4", "npiPhysician4", 3),
    ];
    for (licence, npi, index) in items {
        if index == 1 && scene.case.surgery.is_none() {
            continue;
        }
        if record.takes(licence) {
            record.set(licence, &physician_licence(doctors[index]));
        }
        if record.takes(npi) {
            record.set(npi, &physician_npi(doctors[index]));
        }
    }
}

fn place(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let person = &scene.life.person;
    let city = &scene.world.lists.cities[person.home.0];
    record.set("addrAtDxNoStreet", &person.street);
    record.set("addrAtDxCity", city.name);
    record.set("addrAtDxState", "IA");
    record.set("addrAtDxPostalCode", city.zips[person.home.1]);
    record.set("addrAtDxCountry", "USA");
    record.set("countyAtDx", city.county);
    record.set("countyAtDxAnalysis", city.county);
    let tract = city.tracts[(scene.number as usize) % city.tracts.len()];
    record.set("countyAtDxGeocode2010", city.county);
    record.set("stateAtDxGeocode2010", "19");
    record.set("censusTract2010", tract);
    record.set("censusTrCertainty2010", "1");
    record.set("censusBlockGroup2010", ["1", "2", "3"][rng.index(3)]);
    record.set("ruralurbanContinuum2003", city.continuum[0]);
    record.set("ruralurbanContinuum2013", city.continuum[1]);
    record.set("censusTrPovertyIndictr", ["1", "2", "2", "3", "4"][rng.index(5)]);
    record.set("geocodingQualityCode", "M");
    let case = scene.case;
    record.set("maritalStatusAtDx", &person.marital.to_string());
    record.set(
        "primaryPayerAtDx",
        match case.age {
            65.. => ["60", "61", "62", "62", "63", "64", "99"][rng.index(7)],
            18..=64 => ["20", "20", "21", "10", "31", "35", "01", "67", "99"][rng.index(9)],
            _ => ["20", "31", "35", "21"][rng.index(4)],
        },
    );
    if case.year >= 2022 {
        record.set("tobaccoUseSmokingStatus", &person.smoking.to_string());
    }
    record.set("textUsualOccupation", person.occupation.0);
    record.set("textUsualIndustry", person.occupation.1);
}

fn cancer(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let (disease, hist) = (case.disease(scene.world), case.hist(scene.world));
    record.set_with("dateOfDiagnosis", |out| write_day(out, case.dx, case.dx_known));
    record.set("primarySite", &case.site(scene.world).code);
    record.set("laterality", &case.side.to_string());
    record.set("histologicTypeIcdO3", &hist.code);
    record.set("behaviorCodeIcdO3", &hist.behavior.to_string());
    record.set_with("ageAtDiagnosis", |out| push_number(out, case.age as u64, 3));
    let system = match case.year {
        ..=2009 => "7",
        2010..=2017 => "8",
        2018..=2020 => "A",
        2021 => "B",
        2022 => "C",
        2023 => "D",
        _ => "E",
    };
    record.set("morphCodingSysCurrent", system);
    record.set("morphCodingSysOriginl", system);
    record.set("siteCodingSysCurrent", "5");
    record.set("siteCodingSysOriginal", "5");
    record.set("icdO3ConversionFlag", "0");
    record.set(
        "diagnosticConfirmation",
        match case.method {
            Method::DeathCertificate => "9",
            Method::Cytology => "2",
            Method::Clinical => disease.clinical.as_ref().map_or("7", |(_, code, _)| code),
            _ if disease.is("conf3") && case.year >= 2010 => "3",
            _ => "1",
        },
    );
    if case.year >= 2007 {
        let (kind, count) = match (case.is_dco(), disease.is("heme"), scene.behavior()) {
            (true, ..) => ("99", "99"),
            (_, true, _) => ("88", "88"),
            (.., '3') if rng.chance(disease.setting("multiple").parse().unwrap_or(0.03)) => {
                ("40", ["02", "02", "03"][rng.index(3)])
            }
            _ => ("00", "01"),
        };
        record.set("multTumRptAsOnePrim", kind);
        record.set("multiplicityCounter", count);
        if kind == "40" {
            record.set_with("dateOfMultTumors", |out| write_day(out, case.dx, case.dx_known));
        }
    }
}

fn follow_up(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let (case, end) = (scene.case, &scene.life.end);
    let stage = case.stage(scene.world);
    let killed = end.killed_by.is_some_and(|index| std::ptr::eq(&scene.life.cases[index], case));
    let treated = case.modalities() > 0;
    let status = if scene.treatment_unknown() || case.method == Method::Autopsy {
        "9"
    } else if killed || !treated || case.recurrence.is_some() || (stage.ss == '7' && !rng.chance(stage.five_year * 0.5))
    {
        "2"
    } else if rng.chance(0.05) {
        "9"
    } else {
        "1"
    };
    record.set("cancerStatus", status);
    if case.year >= 2018 && status != "9" {
        record.set_with("dateOfLastCancerStatus", |out| write_day(out, end.last, end.known));
    }
    match case.recurrence {
        _ if scene.treatment_unknown() || case.method == Method::Autopsy => record.set("recurrenceType1st", "99"),
        Some((day, kind)) => {
            record.set_with("recurrenceDate1st", |out| write_day(out, day, 8));
            record.set("recurrenceType1st", kind);
            if day + 40 < end.last && rng.chance(0.6) {
                record.set_with("subsqRx2ndCourseDate", |out| write_day(out, day + 30, 8));
                record.set("subsqRx2ndCourseSurg", "00");
                record.set("subsqRx2ndCourseRad", "0");
                record.set("subsqRx2ndCourseChemo", "1");
                record.set("subsqRx2ndCourseHorm", "0");
                record.set("subsqRx2ndCourseBrm", "0");
                record.set("subsqRx2ndCourseOth", "0");
            }
        }
        None => record.set(
            "recurrenceType1st",
            match status {
                "1" => "00",
                "2" => "70",
                _ => "99",
            },
        ),
    }
    if end.dead {
        record.set("followUpSource", if end.cause == "7777" { "2" } else { ["7", "7", "7", "2", "0"][rng.index(5)] });
        return;
    }
    record.set("followUpSource", ["2", "2", "2", "1", "1", "3", "0", "8"][rng.index(8)]);
    record.set("nextFollowUpSource", ["0", "1", "1", "2", "3"][rng.index(5)]);
    if rng.chance(0.7) {
        let person = &scene.life.person;
        let city = &scene.world.lists.cities[person.home.0];
        record.set_with("followUpContactName", |out| {
            out.push_str(person.contact);
            out.push(' ');
            out.push_str(&person.last);
        });
        record.set("followUpContactNost", &person.street);
        record.set("followUpContactCity", city.name);
        record.set("followUpContactState", "IA");
        record.set("followUpContactPostal", city.zips[person.home.1]);
        record.set("followupContactCountry", "USA");
    }
}

fn administration(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    let (rx, coc) = match case.year {
        ..=2009 => ("06", "08"),
        2010..=2017 => ("07", "08"),
        _ => ("08", "09"),
    };
    record.set("rxCodingSystemCurrent", rx);
    record.set("cocCodingSysCurrent", coc);
    record.set("cocCodingSysOriginal", coc);
    record.set("vendorName", "ACCSYNTH");
    let started = scene.report.contact.max(case.dx) + rng.between(70, 150);
    let done = started + rng.between(5, 70);
    let steps = [
        ("dateCaseInitiated", started),
        ("dateCaseCompleted", done),
        ("dateCaseCompletedCoc", done),
        ("dateCaseLastChanged", done + rng.between(0, 200)),
        ("dateCaseReportReceived", done + 16),
        ("dateCaseReportLoaded", done + 18),
        ("dateTumorRecordAvailbl", done + 40),
    ];
    for (id, day) in steps {
        if day <= scene.as_of {
            record.set_with(id, |out| write_day(out, day, 8));
        }
    }
    let codes = ["I10", "E785", "E119", "J449", "I2510", "K219", "E039", "N183", "Z87891", "F329", "M1990", "I4891"];
    let count = if case.age < 30 || case.is_dco() { 0 } else { rng.index(6) };
    let first = rng.index(codes.len());
    let items = [
        "secondaryDiagnosis1",
        "secondaryDiagnosis2",
        "secondaryDiagnosis3",
        "secondaryDiagnosis4",
        "secondaryDiagnosis5",
    ];
    for (index, id) in items.iter().enumerate().take(count) {
        record.set(id, codes[(first + index * 5) % codes.len()]);
    }
}

fn path_reports(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record) {
    let case = scene.case;
    if !record.takes("pathReportNumber1") || matches!(case.method, Method::Clinical | Method::DeathCertificate) {
        return;
    }
    let facility = &scene.world.lists.facilities[scene.report.facility];
    let doctors = scene.physicians();
    let kind = match case.method {
        Method::Autopsy => "05",
        Method::Cytology => "02",
        _ if case.disease(scene.world).is("marrow") => "04",
        _ => "01",
    };
    // A case of a laboratory starts with its specimen.
    let mut days = vec![(case.dx, kind)];
    if let Some((_, day)) = case.surgery
        && day > case.dx
    {
        days.push((day, "01"));
    }
    for (index, (day, kind)) in days.into_iter().enumerate() {
        let n = index + 1;
        let (year, month, date) = civil(day);
        record.set_with(&format!("pathReportNumber{n}"), |out| scene.report_number(index, out));
        record.set(&format!("pathReportType{n}"), kind);
        record.set(&format!("pathReportingFacId{n}"), facility.id);
        record.set(&format!("pathOrderingFacNo{n}"), facility.id);
        record.set(&format!("pathOrderPhysLicNo{n}"), &physician_licence(doctors[index.min(1)]));
        if index == 0 && case.dx_known < 8 {
            continue;
        }
        let (hour, minute) = (rng.between(8, 16), rng.between(0, 59));
        record.set(
            &format!("pathDateSpecCollect{n}"),
            &format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:00-06:00"),
        );
    }
}
