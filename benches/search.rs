//! How long patient search takes in a registry at hand.
//!
//! ```text
//! accession init --database sqlite:/tmp/big.db … && accession synth --into sqlite:/tmp/big.db --tumors 1000000
//! ACCESSION_BENCH_DATABASE=sqlite:/tmp/big.db cargo bench --bench search
//! ```
//!
//! Patients are drawn from the registry itself and searched for in every way a person would: by name, misspelt, by
//! the beginning of a name, by birth date, by numbers; as somebody of the whole registry and as somebody of its
//! smallest facility. For each way the median, the 95th percentile and the longest time are printed, and how many of
//! the patients drawn were among the first three. Without a database it says so and ends well.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use accession::asker::{FacilityId, Scope};
use accession::registry::clock::Clock;
use accession::registry::store::search::{Query, find_patients};
use accession::registry::store::{By, DatabaseUrl, Reading, Store};
use diesel::sql_types::{BigInt, Nullable, Text};

const DRAWN: i64 = 200;

#[derive(diesel::QueryableByName)]
struct Drawn {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    accession: Option<String>,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
}

/// A way of searching: its name and what is typed for a patient.
type Way = (&'static str, fn(&Drawn) -> Query);

fn last(drawn: &Drawn) -> String {
    drawn.last_name.clone().unwrap_or_default()
}

fn first(drawn: &Drawn) -> String {
    drawn.first_name.clone().unwrap_or_default()
}

/// Two letters in the middle changed places.
fn misspelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let middle = letters.len() / 2;
    if middle > 0 && middle + 1 < letters.len() {
        letters.swap(middle, middle + 1);
    }
    letters.into_iter().collect()
}

fn born(drawn: &Drawn) -> String {
    drawn.birth_low.map(|day| day.to_string()).unwrap_or_default()
}

fn begin(name: &str, letters: usize) -> String {
    name.chars().take(letters).collect()
}

const WAYS: [Way; 10] = [
    ("last, first", |d| Query::of_text(&format!("{}, {}", last(d), first(d)))),
    ("first last", |d| Query::of_text(&format!("{} {}", first(d), last(d)))),
    ("last name alone", |d| Query::of_text(&last(d))),
    ("misspelt, first name", |d| Query::of_text(&format!("{}, {}", misspelt(&last(d)), first(d)))),
    ("misspelt, born", |d| Query::of_text(&format!("{} {} {}", first(d), misspelt(&last(d)), born(d)))),
    ("two letters", |d| Query::of_text(&begin(&last(d), 2))),
    ("three letters, initial", |d| Query::of_text(&format!("{}, {}", begin(&last(d), 3), begin(&first(d), 1)))),
    ("last name, year of birth", |d| Query::of_text(&format!("{} {}", last(d), begin(&born(d), 4)))),
    ("birth date", |d| Query { birth: born(d), ..Query::default() }),
    ("accession number", |d| Query { accession: d.accession.clone().unwrap_or_default(), ..Query::default() }),
];

fn drawn(conn: &mut Reading) -> Vec<Drawn> {
    let most = conn.number("SELECT max(id) AS n FROM patient", &[]).unwrap().unwrap_or(0);
    (0..DRAWN)
        .filter_map(|at| {
            let from = 1 + most * at / DRAWN;
            conn.row::<Drawn>(
                "SELECT p.id, p.last_name, p.first_name, p.birth_low, a.accession, a.facility_id FROM patient_live p \
                 JOIN abstract_live a ON a.patient_id = p.id WHERE p.id >= ? ORDER BY p.id, a.id LIMIT 1",
                &[from.into()],
            )
            .unwrap()
        })
        .filter(|d| d.last_name.is_some() && d.birth_low.is_some())
        .collect()
}

fn run(store: &Store, by: &By, whose: &str, drawn: &[Drawn]) {
    let mut conn = store.reading().unwrap();
    println!("{whose}, {} patients drawn: milliseconds\n{:28} median    95 %    most  first three", drawn.len(), "");
    for (name, typed) in WAYS {
        let (mut times, mut found) = (Vec::new(), 0);
        for patient in drawn {
            let query = typed(patient);
            let began = Instant::now();
            let answer = find_patients(&mut conn, by, store.secret(), &query).unwrap();
            times.push(began.elapsed());
            found += usize::from(answer.found.iter().take(3).any(|f| f.patient == patient.id));
        }
        times.sort();
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
        let ms = |time: Option<&Duration>| time.map_or(0.0, |t| t.as_secs_f64() * 1_000.0);
        println!("{name:28} {:6.1}  {:6.1}  {:6.1}  {found:6}", ms(at(50)), ms(at(95)), ms(times.last()));
    }
}

fn main() {
    let Ok(url) = std::env::var("ACCESSION_BENCH_DATABASE") else {
        println!("search: set ACCESSION_BENCH_DATABASE to a registry's URL (accession synth --into fills one)");
        return;
    };
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), Clock::system()).unwrap();
    let mut conn = store.reading().unwrap();
    let patients = conn.number("SELECT count(*) AS n FROM patient_live", &[]).unwrap().unwrap_or(0);
    let tumors = conn.number("SELECT count(*) AS n FROM tumor_live", &[]).unwrap().unwrap_or(0);
    println!("{patients} patients, {tumors} tumors");
    let all = drawn(&mut conn);
    run(&store, &By::system("bench"), "whole registry", &all);
    let smallest = conn
        .number(
            "SELECT facility_id AS n FROM abstract GROUP BY facility_id ORDER BY count(*), facility_id LIMIT 1",
            &[],
        )
        .unwrap()
        .unwrap_or(0);
    let mut by = By::system("bench");
    by.asker.scope = Scope::Facilities(vec![FacilityId(smallest)]);
    run(&store, &by, "all names, asked by the smallest facility", &all);
    let own: Vec<Drawn> = all.into_iter().filter(|d| d.facility_id == smallest).collect();
    run(&store, &by, "the smallest facility's own", &own);
}
