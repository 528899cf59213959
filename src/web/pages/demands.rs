//! Who asks for an item of this case: the recipients' table and the flags of the schema, together.

use super::case_stage::CaseStage;
use super::workbench::Case;
use crate::naaccr::StandardItem;
use crate::registry::needs::{Need, Needs, Of, PLACES, Recipients};
use crate::registry::sections::Section;
use crate::registry::store::settings::setting;
use crate::registry::store::{Conn, StoreError};

/// Who asks for what in a case.
pub struct Demands {
    needs: Needs,
    recipients: Recipients,
}

/// Who asks for one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// In the four places N S C St.
    pub asks: [bool; 4],
    /// Must be filled.
    pub required: bool,
    /// Confirmed in a document, or a flag of the schema.
    pub verified: bool,
}

/// Items that registrars look for whether or not somebody asks for them.
const EXPECTED: [&str; 34] = [
    "npiReportingFacility",
    "medicalRecordNumber",
    "patientSystemIdHosp",
    "nameSuffix",
    "nameBirthSurname",
    "nameAlias",
    "birthplaceState",
    "addrCurrentNoStreet",
    "addrCurrentCity",
    "addrCurrentState",
    "addrCurrentPostalCode",
    "addrCurrentCountry",
    "physicianManaging",
    "npiPhysicianManaging",
    "physicianFollowUp",
    "npiPhysicianFollowUp",
    "physicianPrimarySurg",
    "npiPhysicianPrimarySurg",
    "institutionReferredFrom",
    "institutionReferredTo",
    "followUpContactName",
    "rxDateDxStgProc",
    "rxSummDxStgProc",
    "rxDateMostDefinSurg",
    "rxSummSurgicalMargins",
    "rxDateSurgicalDisch",
    "rxDateRadiationEnded",
    "rxDateSystemic",
    "recurrenceDate1st",
    "recurrenceType1st",
    "followUpSource",
    "nextFollowUpSource",
    "noPatientContactFlag",
    "reportingFacilityRestrictionFlag",
];

impl Demands {
    /// Of a case, by whom the registry reports to.
    ///
    /// # Errors
    /// The settings could not be read.
    pub fn of(conn: &mut Conn, case: &Case, stage: &CaseStage) -> Result<Demands, StoreError> {
        let accredited = is_accredited(conn, case.value("cocAccreditedFlag"))?;
        let recipients = Recipients::read(&setting(conn, "abstract.recipients")?, accredited);
        let schema = stage.rules.iter().find(|rules| !rules.schema.is_empty()).map_or("", |rules| &rules.schema);
        let of = Of {
            year: case.value("dateOfDiagnosis").get(..4).and_then(|year| year.parse().ok()),
            class: case.value("classOfCase"),
            vital_status: case.value("vitalStatus"),
            schema,
        };
        Ok(Demands { needs: Needs::of(recipients, of), recipients })
    }

    /// Who asks for an item, by the table or by the schema.
    pub fn of_item(&self, id: &str, stage: &CaseStage) -> Option<Demand> {
        let need = self.needs.item(id);
        let mut demand = Demand {
            asks: need.map_or([false; 4], |need| need.asks),
            required: need.is_some_and(|need| need.required && !need.derived),
            verified: need.is_some_and(|need| need.verified),
        };
        for (place, flag) in stage.item(id).map_or([false; 3], |of_schema| of_schema.required).into_iter().enumerate() {
            let wanted = flag && self.recipients.0.get(place).copied().unwrap_or(false);
            if let (true, Some(asks)) = (wanted, demand.asks.get_mut(place)) {
                *asks = true;
                demand.required = true;
                demand.verified = true;
            }
        }
        demand.asks.contains(&true).then_some(demand)
    }

    /// The rows that ask for an item.
    pub fn need(&self, id: &str) -> Option<&Need> {
        self.needs.item(id)
    }

    /// Whether an item stands on the page without being asked for: somebody needs it, it is filled, or it is expected.
    pub fn shows(&self, item: &StandardItem, section: &Section, case: &Case, stage: &CaseStage) -> bool {
        let id: &str = &item.id;
        let value = case.value(id);
        if !value.is_empty() || stage.item(id).is_some() || stage.ask.iter().any(|asked| asked.id == id) {
            return true;
        }
        let phases = case.value("numberPhasesOfRadTxToVolume").parse::<u8>().unwrap_or(0);
        if id.starts_with("phase2") || id.starts_with("phase3") {
            return phases >= if id.starts_with("phase2") { 2 } else { 3 } && phases < 99;
        }
        let year = case.value("dateOfDiagnosis").get(..4).and_then(|year| year.parse::<u16>().ok());
        if id.ends_with("SurgPrimSite2023") && year.is_some_and(|year| year < 2023)
            || id.ends_with("SurgPrimSite") && year.is_none_or(|year| year >= 2023)
        {
            return false;
        }
        matches!(section.key, "text" | "administration") || EXPECTED.contains(&id) || self.of_item(id, stage).is_some()
    }

    /// How many of the required items of a section are filled, and how many there are.
    pub fn filled(&self, section: &Section, case: &Case, stage: &CaseStage) -> (usize, usize) {
        let (mut filled, mut all) = (0, 0);
        for id in self.required(section, case, stage) {
            all += 1;
            filled += usize::from(!case.value(&id).is_empty());
        }
        (filled, all)
    }

    /// The required items of a section, by id.
    pub fn required(&self, section: &Section, case: &Case, stage: &CaseStage) -> Vec<String> {
        let of_schema = stage
            .items
            .iter()
            .map(|item| item.id.as_str())
            .filter(|id| section.key == "stage" && crate::registry::sections::section_of(id).is_none());
        section
            .items()
            .filter(|item| self.shows(item, section, case, stage))
            .map(|item| &*item.id)
            .chain(of_schema)
            .filter(|id| !super::fields::is_automatic(id) && !stage.derivable.iter().any(|derived| derived == id))
            .filter(|id| self.of_item(id, stage).is_some_and(|demand| demand.required))
            .map(str::to_string)
            .collect()
    }
}

/// Whether the facility of a case is accredited: the case's own flag says it, else the registry's date.
pub fn is_accredited(conn: &mut Conn, flag: &str) -> Result<bool, StoreError> {
    Ok(match flag {
        "1" | "2" => true,
        "0" => false,
        _ => !setting(conn, "registry.accreditation_date")?.is_empty(),
    })
}

/// The names of those who ask, with a word where no document confirms it.
pub fn names(demand: &Demand) -> String {
    let names: Vec<&str> =
        PLACES.iter().zip(demand.asks).filter(|(_, asks)| *asks).map(|((_, name), _)| *name).collect();
    let unsure = if demand.verified { "" } else { " (known from practice, not confirmed)" };
    format!("{}{unsure}", names.join(", "))
}
