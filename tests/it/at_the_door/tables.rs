//! What a spreadsheet opens holds text, never a formula.

use accession::accounts::store::{UserEntry, add_user};
use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::{By, DatabaseUrl, Store};

use crate::kit::{Person, Server, init};

on_both!(a_table_for_a_spreadsheet_holds_no_formula, |db| {
    init(db);
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let names =
        ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://127.0.0.1\",\"x\")", " =1+1", "\"=1+1\"", "a,=1+1"];
    for (name, number) in names.iter().zip(1..) {
        let entry = UserEntry {
            login: format!("user-{number}"),
            name: (*name).to_owned(),
            roles: vec![Role::Auditor],
            ..UserEntry::default()
        };
        add_user(&store, &By::system("tests"), &entry).unwrap();
    }
    let person = Person::add(db, "manager", &[Role::Administrator, Role::PrivacyOfficer], &[]);
    let server = Server::start(db.url());
    let mut visitor = person.at(&server);
    for path in ["/admin/users.csv", "/admin/audit.csv"] {
        let answer = visitor.get(path).expect_status(200);
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(answer.bytes.as_slice());
        let mut cells = 0;
        for row in rows.records() {
            for cell in row.unwrap().iter() {
                cells += 1;
                assert!(
                    !cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{path}: {cell:?}"
                );
            }
        }
        assert!(cells > 10, "{path}: {}", answer.text());
    }
});
