//! What a batch is made with: the recipient's rules, the registry's own facts, and how a stored case becomes the recipient's.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, NaiveDate};

use crate::dates::PartialDate;
use crate::derive::{self, DERIVATIONS, Params};
use crate::edits::{Library, Surroundings};
use crate::intake::arrived::{Head, dictionary_name};
use crate::naaccr::{Items, Level, Patient, RecordType, Version, dictionary, super_dictionary};
use crate::registry::recipients::{Profile, Unit, shipped};
use crate::registry::record::Record;
use crate::registry::standards::StandardKind;
use crate::registry::store::facility::{self, Facility};
use crate::registry::store::settings::setting;
use crate::registry::store::submissions::{Full, Lines};
use crate::registry::store::{Conn, PROGRAM, StoreError, imports, standards};
use crate::submission::content::{Prints, prints};
use crate::submission::convert::{Losses, Target};
use crate::submission::decide::Home;

/// The recipients of a registry: those compiled in, with the registry's own in the place of those of their name.
pub fn recipients(conn: &mut Conn) -> Result<Vec<Profile>, StoreError> {
    let mut profiles = shipped();
    for standard in standards::standards(conn)? {
        if standard.kind != StandardKind::Recipient.word() || standard.switched_on == 0 {
            continue;
        }
        let content = standards::content(conn, standard.id)?;
        // What is in use was examined when it was loaded.
        let Some(own) = std::str::from_utf8(&content).ok().and_then(|text| Profile::read(text).ok()) else { continue };
        match profiles.iter_mut().find(|p| p.name == own.name) {
            Some(place) => *place = own,
            None => profiles.push(own),
        }
    }
    Ok(profiles)
}

/// One recipient.
///
/// # Errors
/// There is none of this name; the names there are.
pub fn recipient(conn: &mut Conn, name: &str) -> Result<Profile, StoreError> {
    let all = recipients(conn)?;
    let names = all.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    let refused = StoreError::Refused(format!("There is no recipient {name}; there are {names}."));
    all.into_iter().find(|p| p.name == name).ok_or(refused)
}

/// What lines of a recipient stand for.
pub fn lines_of(profile: &Profile) -> Lines {
    match profile.unit {
        Unit::Abstract => Lines::Abstracts,
        Unit::Tumor => Lines::Tumors,
    }
}

/// The facts of the registry that selection needs, for a day.
pub fn home(conn: &mut Conn, profile: &Profile, as_of: NaiveDate) -> Result<Home, StoreError> {
    let reference = setting(conn, "registry.reference_date")?.replace('-', "").parse().unwrap_or(0);
    let early = as_of.month() < profile.schedule.year_begins;
    Ok(Home {
        state: setting(conn, "registry.state")?,
        reference,
        submission_year: i64::from(as_of.year()) - i64::from(early),
    })
}

/// The NAACCR version a recipient gets.
pub fn version_of(conn: &mut Conn, profile: &Profile) -> Result<Version, StoreError> {
    let number = match profile.version {
        0 => setting(conn, "registry.naaccr_version")?.parse().unwrap_or(250),
        own => own,
    };
    Version::new(number)
        .filter(|v| v.may_be_exported())
        .ok_or_else(|| StoreError::Refused(format!("No file can be written in version {number}; choose 250 or 260.")))
}

/// Items of type C, and of type A, that are not in type I [NAACCR XML base dictionary 260]: written down a second time, so that
/// a fault of the dictionary's table does not let a name through.
const NOT_IN_TYPE_I: [(u32, u32); 26] = [
    (2230, 2230),
    (2232, 2232),
    (2240, 2240),
    (2250, 2250),
    (2260, 2260),
    (2270, 2270),
    (2280, 2280),
    (2290, 2290),
    (2300, 2300),
    (2315, 2315),
    (2320, 2320),
    (2330, 2335),
    (2350, 2355),
    (2360, 2360),
    (2380, 2380),
    (2392, 2394),
    (2410, 2425),
    (2440, 2445),
    (2460, 2505),
    (2508, 2508),
    (2520, 2690),
    (7010, 7014),
    (7090, 7104),
    (7190, 7194),
    (7320, 7324),
    (7480, 7484),
];

/// Whether an item may never stand in a file of type I.
pub fn is_not_of_type_i(number: u32) -> bool {
    NOT_IN_TYPE_I.iter().any(|(first, last)| (*first..=*last).contains(&number))
}

/// What a batch is made with.
pub struct Sending {
    /// The recipient's rules.
    pub profile: Profile,
    /// The registry's facts.
    pub home: Home,
    /// The day it is made for.
    pub as_of: NaiveDate,
    /// NAACCR version.
    pub version: Version,
    /// Registry kind, id and accreditation.
    pub registry: Registry,
    /// Days from first contact to completion that count as in time.
    pub due_days: i64,
    /// URIs of the user dictionaries whose items go.
    pub user_dictionaries: Vec<String>,
    facilities: HashMap<i64, Facility>,
    target: Target,
}

/// What the root and each tumor say of the registry.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// `hospital network central`.
    pub kind: String,
    /// Registry id (40).
    pub id: String,
    /// The home facility's number.
    pub home_facility: String,
    /// Accredited by the Commission on Cancer.
    pub accredited: bool,
}

impl Sending {
    /// Gathers it.
    ///
    /// # Errors
    /// The database, or a version that cannot be written.
    pub fn prepare(conn: &mut Conn, profile: Profile, as_of: NaiveDate) -> Result<Sending, StoreError> {
        let version = version_of(conn, &profile)?;
        let wanted = |uri: &str| {
            let name = dictionary_name(uri);
            profile.user_dictionaries.iter().any(|own| own == "*" || own == name)
        };
        let mut user_dictionaries: Vec<String> = Vec::new();
        for import in imports::published_heads(conn)? {
            if let Ok(head) = serde_json::from_str::<Head>(&import) {
                user_dictionaries.extend(head.user_dictionary_uris.into_iter().filter(|uri| wanted(uri)));
            }
        }
        user_dictionaries.sort();
        user_dictionaries.dedup();
        let names = user_dictionaries.iter().map(|uri| dictionary_name(uri).to_string()).collect();
        let record_type = type_of(profile.record_type);
        Ok(Sending {
            home: home(conn, &profile, as_of)?,
            version,
            registry: Registry {
                kind: setting(conn, "registry.kind")?,
                id: setting(conn, "registry.id")?,
                home_facility: setting(conn, "registry.home_facility")?,
                accredited: !setting(conn, "registry.accreditation_date")?.is_empty(),
            },
            due_days: crate::registry::store::settings::setting_number(conn, "abstract.due_days")?,
            facilities: facility::facilities(conn)?.into_iter().map(|f| (f.id, f)).collect(),
            target: Target::new(version, record_type, true, names),
            user_dictionaries,
            profile,
            as_of,
        })
    }

    /// The record type of its dictionary: changes have the items of what they change.
    pub fn record_type(&self) -> RecordType {
        type_of(self.profile.record_type)
    }

    /// The day as item 2110 holds it.
    pub fn day(&self) -> String {
        self.as_of.format("%Y%m%d").to_string()
    }

    /// A case's hashes over the recipient's items.
    pub fn prints(&self, patient: &Record, case: &Record) -> Prints {
        let (mut p, mut t, mut losses) = (Items::default(), Items::default(), Losses::default());
        self.target.write(patient, Level::Patient, &mut p, &mut losses);
        self.target.write(case, Level::Tumor, &mut t, &mut losses);
        prints(&p, &t)
    }

    /// A patient with these cases as the recipient gets them: required items filled, derived items fresh.
    pub fn fill(&self, out: &mut Patient, patient: &Record, cases: &[&Full], losses: &mut Losses) {
        out.clear();
        self.target.write(patient, Level::Patient, &mut out.items, losses);
        let fresh: Vec<Record> = cases.iter().map(|case| self.fresh(case)).collect();
        let derived = self.derived(patient, &fresh);
        for (at, mut items) in fresh.into_iter().enumerate() {
            for (id, value) in derived.get(at).into_iter().flatten() {
                if items.get(id).is_none() {
                    items.set(id, value);
                }
            }
            let tumor = out.add_tumor();
            self.target.write(&items, Level::Tumor, &mut tumor.items, losses);
        }
        if self.profile.ascii {
            ascii_items(&mut out.items, losses);
            out.tumors.iter_mut().for_each(|tumor| ascii_items(&mut tumor.items, losses));
        }
    }

    /// What exporting fills: 2110, 2170, and 540, 545, 2152 where they are empty.
    fn fresh(&self, case: &Full) -> Record {
        let mut items = case.items.clone();
        items.set("dateCaseReportExported", &self.day());
        items.set("vendorName", &format!("ACCESSION {PROGRAM}"));
        if self.profile.unit == Unit::Tumor {
            return items;
        }
        if let Some(facility) = self.facilities.get(&case.facility) {
            if items.get("reportingFacility").is_none() {
                items.set("reportingFacility", &facility.number);
            }
            if let Some(npi) = facility.npi.as_deref().filter(|_| items.get("npiReportingFacility").is_none()) {
                items.set("npiReportingFacility", npi);
            }
        }
        if items.get("cocAccreditedFlag").is_none() && self.registry.kind != "central" {
            let flag = match (self.registry.accredited, items.value("classOfCase").parse::<u8>()) {
                (false, _) => "0",
                (true, Ok(10..=22)) => "1",
                (true, _) => "2",
            };
            items.set("cocAccreditedFlag", flag);
        }
        items
    }

    /// Derived variables that a consolidated tumor lacks, a list a tumor.
    fn derived(&self, patient: &Record, tumors: &[Record]) -> Vec<Vec<(String, String)>> {
        if self.profile.unit != Unit::Tumor {
            return vec![];
        }
        let case = derive::Case {
            patient: patient.iter().collect(),
            tumors: tumors.iter().map(|t| t.iter().collect()).collect(),
        };
        let params = Params::as_of(self.as_of.year());
        let mut made = vec![Vec::new(); tumors.len()];
        for derivation in DERIVATIONS.iter().filter(|d| d.reads_patients()) {
            let known = derivation.outputs.iter().any(|id| super_dictionary().by_id(id).is_some());
            if !known {
                continue;
            }
            let derived = derivation.derive(&case, &params);
            for (at, outputs) in derived.tumors.iter().flatten().enumerate() {
                for (id, value) in outputs {
                    let of_tumor = super_dictionary().by_id(id).is_some_and(|i| i.level == Level::Tumor);
                    if let (true, Some(text), Some(list)) = (of_tumor, value.as_text(), made.get_mut(at)) {
                        list.push((id.to_string(), text.to_string()));
                    }
                }
            }
        }
        made
    }

    /// Items in a written patient that a file of type I must not hold.
    pub fn identifying(&self, patient: &Patient) -> Vec<String> {
        if self.record_type() != RecordType::I {
            return vec![];
        }
        let base = dictionary(self.version);
        let of = |items: &Items| -> Vec<String> {
            items
                .iter()
                .filter(|item| {
                    let known = base.by_id(item.id);
                    let number = known.and_then(|k| k.number).map_or(0, |n| n.0);
                    known.is_none_or(|k| !k.record_types.contains(RecordType::I)) || is_not_of_type_i(number)
                })
                .map(|item| item.id.to_string())
                .collect()
        };
        patient.tumors.iter().map(|t| &t.items).chain([&patient.items]).flat_map(of).collect()
    }

    /// What edits are run with.
    ///
    /// # Errors
    /// A day no date of NAACCR can hold.
    pub fn surroundings(&self) -> Result<Surroundings<'static>, StoreError> {
        let day = PartialDate::from_naive(self.as_of).map_err(|e| StoreError::Refused(format!("the day: {e}")))?;
        let mut with = Surroundings::shipped(day);
        with.settings = BTreeMap::from([("registryState".to_string(), self.home.state.clone())]);
        Ok(with)
    }

    /// The library its edits come from.
    pub fn library(&self) -> &'static Library {
        Library::shipped()
    }

    /// The facility's number for names of files.
    pub fn facility_in_name(&self, facility: Option<i64>) -> String {
        let chosen = facility.and_then(|id| self.facilities.get(&id)).map(|f| f.number.clone());
        let own = [&self.registry.home_facility, &self.registry.id].into_iter().find(|text| !text.is_empty());
        chosen.or_else(|| own.cloned()).unwrap_or_else(|| "registry".into())
    }

    /// A facility's number.
    pub fn facility_number(&self, id: i64) -> &str {
        self.facilities.get(&id).map_or("", |f| &f.number)
    }
}

/// The record type of a letter that a profile's examination let through.
fn type_of(letter: char) -> RecordType {
    letter.to_string().parse().unwrap_or(RecordType::I)
}

fn ascii_items(items: &mut Items, losses: &mut Losses) {
    use unicode_normalization::UnicodeNormalization;
    let wide: Vec<(String, String)> = items
        .iter()
        .filter(|item| !item.value.is_ascii())
        .map(|item| (item.id.to_string(), item.value.nfkd().filter(char::is_ascii).collect()))
        .collect();
    for (id, value) in wide {
        losses.add(&id, "not ASCII");
        items.set(&id, &value);
    }
}
