//! Who a person is: names, origin, home and habits, drawn so that they suit each other.

use super::World;
use super::calendar::{Day, year};
use super::life::Person;
use super::rng::Rng;

/// Draws a person of this sex, born on this day and diagnosed in this year.
pub fn draw_person(world: &World, rng: &mut Rng, female: bool, born: Day, year_dx: i32) -> Person {
    let lists = &world.lists;
    let group = rng.weighted(&[88.0, 92.0, 96.3, 99.3, 100.0]);
    let (race, hispanic, country) = match group {
        1 => ("02", "0", "USA"),
        2 => {
            let origin = [("1", "MEX"), ("1", "USA"), ("4", "GTM"), ("6", "USA"), ("3", "CUB")];
            let (code, country) = origin[rng.weighted(&[40.0, 75.0, 85.0, 97.0, 100.0])];
            ("01", code, country)
        }
        3 => {
            let origin = [("10", "VNM"), ("04", "CHN"), ("16", "IND"), ("08", "KOR"), ("11", "LAO"), ("06", "PHL")];
            let (code, country) = origin[rng.index(6)];
            (code, "0", country)
        }
        4 => ([("99", "0", "USA"), ("99", "9", "ZZU"), ("03", "0", "USA")])[rng.weighted(&[40.0, 70.0, 100.0])],
        _ => ("01", "0", "USA"),
    };
    let group = if group == 4 { 0 } else { group };
    let state = match country {
        "USA" => ["IA", "IA", "IA", "IA", "IA", "IL", "MN", "NE", "MO", "WI"][rng.index(10)],
        "ZZU" => "ZZ",
        "MEX" | "CUB" | "GTM" | "VNM" | "CHN" | "IND" | "KOR" | "LAO" | "PHL" => "XX",
        _ => "ZZ",
    };
    let born_year = year(born);
    let years = year_dx - born_year;
    let marital = match years {
        ..=19 => '1',
        20..=34 => ['1', '2', '6', '2'][rng.index(4)],
        35..=69 => ['2', '2', '2', '2', '4', '4', '1', '5', '9', '3'][rng.index(10)],
        _ => ['2', '2', '2', '5', '5', '5', '4', '1', '9', '2'][rng.index(10)],
    };
    let last = lists.surname(rng, group).to_owned();
    let maiden =
        (female && !matches!(marital, '1' | '9') && rng.chance(0.8)).then(|| lists.surname(rng, group).to_owned());
    let first = lists.first_name(rng, female, born_year, group).to_owned();
    let middle = if rng.chance(0.6) {
        char::from(b'A' + rng.index(23) as u8).to_string()
    } else if rng.chance(0.7) {
        lists.first_name(rng, female, born_year, group).to_owned()
    } else {
        String::new()
    };
    let alias = if rng.chance(0.06) { lists.nickname(&first).map(|nick| format!("{last} {nick}")) } else { None };
    let city = lists.city(rng);
    let home = (city, rng.index(lists.cities[city].zips.len()));
    let moved = rng.chance(0.12).then(|| {
        let city = lists.city(rng);
        ((city, rng.index(lists.cities[city].zips.len())), lists.street(rng))
    });
    let smoking = if years < 18 { '0' } else { ['0', '0', '0', '0', '2', '2', '2', '1', '1', '9'][rng.index(10)] };
    Person {
        female,
        born,
        born_known: if rng.chance(0.006) { if rng.chance(0.5) { 6 } else { 4 } } else { 8 },
        group,
        race,
        hispanic,
        country,
        state,
        last,
        first,
        middle,
        maiden,
        suffix: if !female && rng.chance(0.04) { ["JR", "SR", "III"][rng.index(3)] } else { "" },
        alias,
        ssn: 900_000_000 + rng.between(1_010_001, 99_999_998) as u32,
        phone: rng.between(2_000_000, 9_999_999) as u32,
        home,
        street: lists.street(rng),
        moved,
        marital,
        smoking,
        occupation: if years < 18 { ("CHILD", "NONE") } else { lists.occupation(rng) },
        contact: lists.first_name(rng, !female, born_year, group),
    }
}
