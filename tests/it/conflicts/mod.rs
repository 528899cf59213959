//! Two at once: editors of one abstract, writers of one audit chain.

mod interleaved;

use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::{By, DatabaseUrl, Store};

use crate::kit::{Answer, Person, Server, Visitor, accession, encode, init, is_sound, naaccr_file};

/// Saves the physical examination's text of case 1, against a version, as the page's script does.
fn save(visitor: &mut Visitor, seen: i64, value: &str) -> Answer {
    let origin = visitor.url().to_owned();
    let body = format!("csrf={}&seen={seen}&seen_patient=1&value={}", visitor.csrf(), encode(value));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
        ("origin", origin.as_str()),
    ];
    visitor.send("POST", "/cases/1/items/2520", &headers, body.as_bytes())
}

on_both!(the_second_of_two_editors_is_shown_both_values, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "one.xml", 1, 1).display().to_string();
    accession(&["import", &file, "--database", db.url()]);
    let people =
        ["first", "second"].map(|login| Person::add(db, login, &[Role::Abstractor, Role::RegistryManager], &[]));
    let server = Server::start(db.url());
    let [mut first, mut second] = people.map(|person| {
        let mut visitor = person.at(&server);
        visitor.get("/account").expect_status(200);
        visitor
    });
    let seen = db.number("SELECT version FROM abstract WHERE id = 1");

    save(&mut first, seen, "Mass of two centimetres").expect_status(200);
    let refused = save(&mut second, seen, "No mass felt").expect_status(409);

    let shown = refused.text();
    assert!(shown.contains("Mass of two centimetres") && shown.contains("No mass felt"), "{shown}");
    let items = db.values("SELECT items AS value FROM abstract WHERE id = 1").remove(0).unwrap();
    assert!(items.contains("Mass of two centimetres") && !items.contains("No mass felt"));
    save(&mut second, seen + 1, "No mass felt").expect_status(200);
    is_sound(db);
});

/// Saves an item of case 1 as the page's script does.
fn save_item(visitor: &mut Visitor, number: u32, seen: i64, value: &str) -> Answer {
    let origin = visitor.url().to_owned();
    let body = format!("csrf={}&seen={seen}&seen_patient=1&value={}", visitor.csrf(), encode(value));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
        ("origin", origin.as_str()),
    ];
    visitor.send("POST", &format!("/cases/1/items/{number}"), &headers, body.as_bytes())
}

on_both!(changes_of_two_editors_at_different_items_are_both_kept, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "one.xml", 1, 1).display().to_string();
    accession(&["import", &file, "--database", db.url()]);
    let people =
        ["first", "second"].map(|login| Person::add(db, login, &[Role::Abstractor, Role::RegistryManager], &[]));
    let server = Server::start(db.url());
    let [mut first, mut second] = people.map(|person| {
        let mut visitor = person.at(&server);
        visitor.get("/account").expect_status(200);
        visitor
    });
    let seen = db.number("SELECT version FROM abstract WHERE id = 1");

    save_item(&mut first, 2520, seen, "Mass of two centimetres").expect_status(200);
    let merged = save_item(&mut second, 2530, seen, "Chest film clear").expect_status(200).text();
    assert!(merged.contains("first changed 2520"), "{merged}");
    save_item(&mut second, 2530, seen, "Chest film clear").expect_status(200);

    let items = db.values("SELECT items AS value FROM abstract WHERE id = 1").remove(0).unwrap();
    assert!(items.contains("Mass of two centimetres") && items.contains("Chest film clear"), "{items}");
    is_sound(db);
});

on_both!(many_writers_make_one_unbroken_chain, |db| {
    const WRITERS: i64 = 8;
    const LINES: i64 = 100;
    init(db);
    let before = db.number("SELECT count(*) FROM audit");
    // Two stores are two programs as far as the database can tell.
    let stores = [0, 1].map(|_| Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap());
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = stores[usize::try_from(writer % 2).unwrap()].clone();
            scope.spawn(move || {
                for line in 0..LINES {
                    let by = By::system("tests");
                    store.audit(by.line("view", store.clock().now()).note(format!("{writer} {line}"))).unwrap();
                }
            });
        }
    });
    assert_eq!(db.number("SELECT count(*) FROM audit"), before + WRITERS * LINES);
    assert_eq!(db.number("SELECT max(seq) FROM audit"), before + WRITERS * LINES);
    is_sound(db);
});
