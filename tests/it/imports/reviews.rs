//! A later report that differs waits for a person, who takes what he chooses, item by item.

use accession::asker::Role;

use super::{compare, import};
use crate::kit::{Person, Server, init, is_sound};

on_both!(of_a_later_report_the_chosen_items_are_taken_and_the_rest_stays, |db| {
    init(db);
    let first = compare::small_file(db, "first.xml", "C504", "SMITH");
    let second = compare::small_file(db, "second.xml", "C505", "SMYTHE");
    assert_eq!(import(db, &first, &[])["added"].as_i64(), Some(1));
    assert_eq!(import(db, &second, &[])["review"].as_i64(), Some(1));
    let person = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = person.at(&server);

    let list = visitor.get("/intake").expect_status(200).text();
    assert!(list.contains("/cases/1/differs"), "{list}");
    let page = visitor.get("/cases/1/differs").expect_status(200);
    let text = page.text();
    assert!(text.contains("C504") && text.contains("C505") && text.contains("SMYTHE"), "{text}");
    let (review, seen, patient) =
        (page.input("review").unwrap(), page.input("seen").unwrap(), page.input("seen_patient").unwrap());
    let fields = |seen| {
        [
            ("review", review.as_str()),
            ("seen", seen),
            ("seen_patient", &patient),
            ("item", "primarySite"),
            ("what", "chosen"),
        ]
    };

    visitor.post("/cases/1/differs", &fields("99")).expect_status(422);
    assert_eq!(db.number("SELECT count(*) FROM review WHERE state = 'open'"), 1);
    visitor.post("/cases/1/differs", &fields(&seen)).expect_status(303);

    assert_eq!(db.number("SELECT count(*) FROM tumor WHERE site = 'C505'"), 1);
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE last_name = 'SMITH'"), 1);
    assert_eq!(db.number("SELECT count(*) FROM review WHERE state = 'settled' AND settled_by = 'manager'"), 1);
    let life = visitor.get("/cases/1/items/400").expect_status(200).text();
    assert!(life.contains("second.xml") || life.contains("later report"), "{life}");
    visitor.post("/cases/1/differs", &fields("2")).expect_status(422);
    assert!(visitor.get("/cases/1/differs").expect_status(200).text().contains("No later report waits"));
    is_sound(db);
});

on_both!(who_takes_from_a_later_report_of_a_free_case_holds_it_from_then_on, |db| {
    init(db);
    let first = compare::small_file(db, "first.xml", "C504", "SMITH");
    let second = compare::small_file(db, "second.xml", "C505", "SMITH");
    import(db, &first, &[]);
    assert_eq!(import(db, &second, &[])["review"].as_i64(), Some(1));
    let held = "SELECT count(*) FROM abstract a JOIN user_ u ON u.id = a.abstractor WHERE u.login = 'anna'";
    assert_eq!(db.number("SELECT count(*) FROM abstract WHERE abstractor IS NULL"), 1);
    let anna = Person::add(db, "anna", &[Role::Abstractor], &["0010000001"]);
    let server = Server::start(db.url());
    let mut visitor = anna.at(&server);
    let page = visitor.get("/cases/1/differs").expect_status(200);
    let value = |name| page.input(name).unwrap();
    let (review, seen, patient) = (value("review"), value("seen"), value("seen_patient"));
    let fields = [("review", &*review), ("seen", &*seen), ("seen_patient", &*patient), ("what", "all")];
    visitor.post("/cases/1/differs", &fields).expect_status(303);
    assert_eq!(db.number(held), 1);
    let changes = "SELECT count(*) FROM history WHERE login = 'anna'";
    assert!(db.number(changes) > 0);
    is_sound(db);
});
