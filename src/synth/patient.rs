//! The items of the person: identity, address, vital status.

use super::life::{Life, write_day};
use super::lists::Lists;
use super::record::Record;
use super::rng::Rng;

/// Fills the patient-level items.
pub fn fill(lists: &Lists, life: &Life, number: u64, rng: &mut Rng, record: &mut Record) {
    let person = &life.person;
    record.set_with("patientIdNumber", |out| push_number(out, number, 8));
    let sex = if person.female { "2" } else { "1" };
    record.set("sex", sex);
    record.set("sexAssignedAtBirth", sex);
    record.set_with("dateOfBirth", |out| write_day(out, person.born, person.born_known));
    record.set("birthplaceCountry", person.country);
    record.set("birthplaceState", person.state);
    record.set("race1", person.race);
    let rest = if person.race == "99" { "99" } else { "88" };
    for id in ["race2", "race3", "race4", "race5"] {
        record.set(id, rest);
    }
    record.set("spanishHispanicOrigin", person.hispanic);
    record.set("computedEthnicity", if matches!(person.hispanic, "0" | "9") { "1" } else { "3" });
    record.set("computedEthnicitySource", "2");
    record.set("ihsLink", "0");
    identity(life, record);
    address(lists, life, record);
    vital(life, rng, record);
}

fn identity(life: &Life, record: &mut Record) {
    let person = &life.person;
    record.set("nameLast", &person.last);
    record.set("nameFirst", &person.first);
    record.set("nameMiddle", &person.middle);
    record.set("nameSuffix", person.suffix);
    record.set("nameBirthSurname", person.maiden.as_deref().unwrap_or(""));
    record.set("nameAlias", person.alias.as_deref().unwrap_or(""));
    record.set_with("socialSecurityNumber", |out| push_number(out, u64::from(person.ssn), 9));
    record.set_with("telephone", |out| push_number(out, 5_550_000_000 + u64::from(person.phone), 10));
    record.set("noPatientContactFlag", if person.ssn.is_multiple_of(41) { "1" } else { "0" });
}

fn address(lists: &Lists, life: &Life, record: &mut Record) {
    let person = &life.person;
    let ((city, zip), street) = match &person.moved {
        Some((place, street)) => (*place, street),
        None => (person.home, &person.street),
    };
    let city = &lists.cities[city];
    record.set("addrCurrentNoStreet", street);
    record.set("addrCurrentCity", city.name);
    record.set("addrCurrentState", "IA");
    record.set("addrCurrentPostalCode", city.zips[zip]);
    record.set("addrCurrentCountry", "USA");
    record.set("countyCurrent", city.county);
}

fn vital(life: &Life, rng: &mut Rng, record: &mut Record) {
    let end = &life.end;
    record.set_with("dateOfLastContact", |out| write_day(out, end.last, end.known));
    if !end.dead {
        record.set("vitalStatus", "1");
        record.set("causeOfDeath", "0000");
        record.set("icdRevisionNumber", "0");
        record.set("autopsy", "0");
        let sources = ["41", "40", "30", "30", "50", "08", "32", "43", "01", "03"];
        record.set("followUpSourceCentral", sources[rng.index(sources.len())]);
        return;
    }
    record.set("vitalStatus", "0");
    record.set("causeOfDeath", &end.cause);
    record.set("icdRevisionNumber", if matches!(end.cause.as_str(), "7777" | "7797") { "0" } else { "1" });
    let autopsy = life.cases.iter().any(|case| case.method == super::life::Method::Autopsy);
    record.set("autopsy", if autopsy { "1" } else { ["2", "2", "2", "2", "2", "9"][rng.index(6)] });
    record.set("placeOfDeathState", "IA");
    record.set("placeOfDeathCountry", "USA");
    record.set("followUpSourceCentral", ["05", "05", "05", "30", "64", "62"][rng.index(6)]);
    if end.cause != "7777" {
        record.set_with("dcStateFileNumber", |out| {
            push_number(out, super::calendar::year(end.last) as u64, 4);
            push_number(out, rng.between(1, 39_999) as u64, 6);
        });
    }
}

/// Writes a number with leading zeros.
pub fn push_number(out: &mut String, number: u64, digits: usize) {
    let mut buffer = [b'0'; 20];
    let mut rest = number;
    for at in buffer[20 - digits..].iter_mut().rev() {
        *at = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend(buffer[20 - digits..].iter().map(|digit| char::from(*digit)));
}
