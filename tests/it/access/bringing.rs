//! A user scoped to facilities cannot bring in another's; what he brings is his; own records only for who has no more.

use accession::asker::Role;

use super::world::{OTHER, Sick, bring, file_of};
use crate::kit::{Database, HOME, Person, Server, Visitor, init_as, is_sound};

const UNKNOWN: &str = "0010000077";

fn sick(name: &str, facilities: &[&'static str]) -> Sick {
    Sick { name: name.into(), facilities: facilities.to_vec() }
}

/// Sends a file in and waits until its job has ended; answers the import's page.
fn send(db: &Database, visitor: &mut Visitor, people: &[Sick], fields: &[(&str, &str)]) -> String {
    visitor.get("/intake").expect_status(200);
    let sent = visitor.upload("/intake", fields, "file", "some.xml", file_of(people).as_bytes()).expect_status(303);
    let place = sent.location().to_owned();
    for _ in 0..600 {
        if db.number("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')") == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    visitor.get(&place).expect_status(200).text()
}

fn abstracts(db: &Database, name: &str) -> i64 {
    db.number(&format!(
        "SELECT count(*) FROM abstract a JOIN patient p ON p.id = a.patient_id WHERE p.last_name = '{name}' AND a.state = 'live'"
    ))
}

on_both!(who_is_limited_to_facilities_brings_in_their_records_only, |db| {
    init_as(db, "network", &[]);
    bring(db, &[sick("STRANGER", &[OTHER]), sick("KNOWN", &[HOME])]);
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[HOME]);
    let server = Server::start(db.url());
    let mut manager = manager.at(&server);
    let facilities = db.number("SELECT count(*) FROM facility");
    let people = [
        sick("OURS", &[HOME]),
        sick("THEIRS", &[OTHER]),
        sick("BOTHS", &[HOME, OTHER]),
        sick("NOBODYS", &[UNKNOWN]),
        // The number of a patient of the other hospital, reported as ours: no door to her record.
        sick("STRANGER", &[HOME]),
        sick("KNOWN", &[HOME]),
    ];
    let page = send(db, &mut manager, &people, &[]);
    assert_eq!(["OURS", "THEIRS", "BOTHS", "NOBODYS", "KNOWN"].map(|name| abstracts(db, name)), [1, 0, 1, 0, 1]);
    assert_eq!(db.number("SELECT count(*) FROM facility"), facilities, "no facility is made by a file");
    let hers = db.number("SELECT count(*) FROM patient WHERE last_name = 'STRANGER'");
    assert_eq!(hers, 2, "the other hospital's patient was not joined");
    let of_other = "SELECT count(DISTINCT a.facility_id) FROM abstract a JOIN patient p ON p.id = a.patient_id WHERE p.last_name = 'STRANGER' \
         AND p.import_id <> (SELECT max(id) FROM import)";
    assert_eq!(db.number(of_other), 1);
    assert!(page.contains("other facility"), "{page}");
    let problems = manager.get(&format!("/intake/{}/problems.csv", db.number("SELECT max(id) FROM import"))).text();
    assert_eq!(
        problems.matches("is of a facility that is not among yours, so it was not taken").count(),
        3,
        "{problems}"
    );
    // Sent by the registry itself the same file brings the rest.
    bring(db, &people);
    assert_eq!(["OURS", "THEIRS", "BOTHS", "NOBODYS"].map(|name| abstracts(db, name)), [1, 1, 2, 1]);
    is_sound(db);
});

on_both!(records_without_a_facility_need_one_of_ones_own, |db| {
    init_as(db, "network", &[]);
    bring(db, &[sick("STRANGER", &[OTHER])]);
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[HOME, OTHER]);
    let server = Server::start(db.url());
    let mut manager = manager.at(&server);
    let text = file_of(&[sick("HOMELESS", &[HOME])])
        .replace(&format!("<Item naaccrId=\"reportingFacility\">{HOME}</Item>\n"), "");
    manager.get("/intake");
    for (facility, status, taken) in [(UNKNOWN, 404, 0), ("", 303, 0), (OTHER, 303, 1)] {
        manager.upload("/intake", &[("facility", facility)], "file", "x.xml", text.as_bytes()).expect_status(status);
        for _ in 0..600 {
            if db.number("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')") == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(abstracts(db, "HOMELESS"), taken, "{facility}");
    }
});

on_both!(a_reporter_sees_and_changes_what_he_brought_and_nothing_else, |db| {
    init_as(db, "network", &[]);
    bring(db, &[sick("COLLEAGUE", &[HOME])]);
    let people = ["one", "two"].map(|login| Person::add(db, login, &[Role::Reporter], &[HOME]));
    let server = Server::start(db.url());
    let [mut one, mut two] = people.map(|person| person.at(&server));
    send(db, &mut one, &[sick("MINEONE", &[HOME]), sick("THEIRS", &[OTHER])], &[]);
    let id = |name: &str| db.number(&format!("SELECT max(id) FROM patient WHERE last_name = '{name}'"));
    let (mine, colleague) = (id("MINEONE"), id("COLLEAGUE"));
    one.get(&format!("/patients/{mine}")).expect_status(200);
    one.get(&format!("/patients/{colleague}")).expect_status(404);
    two.get(&format!("/patients/{mine}")).expect_status(404);
    for (visitor, sees) in [(&mut one, true), (&mut two, false)] {
        visitor.get("/patients");
        for form in
            [[("name", "MINEONE")], [("name", "COLLEAGUE")], [("birth", "1957-04-19")], [("text", "MINEONE, ROBIN")]]
        {
            let found = visitor.post("/patients", &form).expect_status(303).location().to_owned();
            let page = visitor.get(&found).expect_status(200).text().to_uppercase();
            let rows = page.split("/PATIENTS/").count();
            assert!(!page.contains(&format!("/PATIENTS/{colleague}\"")), "{form:?}");
            assert_eq!(
                page.contains(&format!("/PATIENTS/{mine}\"")),
                sees && form[0].1 != "COLLEAGUE",
                "{form:?} {rows}"
            );
        }
        for list in ["/", "/?whose=team", "/follow-up?list=all", "/follow-up?list=soonest", "/intake", "/jobs"] {
            let page = visitor.get(list).expect_status(200).text();
            assert!(!page.contains("COLLEAGUE"), "{list}");
            assert!(sees || !page.contains("MINEONE"), "{list}");
        }
    }
    is_sound(db);
});

on_both!(who_changes_an_abstract_that_nobody_holds_takes_it, |db| {
    init_as(db, "hospital", &[]);
    bring(db, &[sick("FREE", &[HOME])]);
    let people = ["first", "second"].map(|login| Person::add(db, login, &[Role::Abstractor], &[HOME]));
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[HOME]);
    let server = Server::start(db.url());
    let [mut first, mut second] = people.map(|person| person.at(&server));
    let mut manager = manager.at(&server);
    let page = second.get("/cases/1/text").expect_status(200).text();
    assert!(page.contains("<textarea") || page.contains("<input"), "{page}");
    let save = |visitor: &mut Visitor, value: &str| {
        visitor.get("/account");
        let version = db.number("SELECT version FROM abstract WHERE id = 1").to_string();
        let fields = [("seen", version.as_str()), ("seen_patient", "1"), ("value", value)];
        visitor.post("/cases/1/items/2520", &fields).status
    };
    assert_eq!(save(&mut first, "Mass of two centimetres"), 303);
    assert_eq!(
        db.values("SELECT u.login AS value FROM abstract a JOIN user_ u ON u.id = a.abstractor"),
        [Some("first".into())]
    );
    assert_eq!(save(&mut second, "No mass"), 404);
    assert_eq!(save(&mut manager, "Mass of three centimetres"), 303);
    assert_eq!(save(&mut first, "Mass of four centimetres"), 303);
    second.get("/cases/1/text").expect_status(200);
    is_sound(db);
});
