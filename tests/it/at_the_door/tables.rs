//! What a spreadsheet opens holds text, never a formula.

use accession::accounts::store::{UserEntry, add_user};
use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::{By, DatabaseUrl, Store};

use crate::kit::{Person, Server, accession, init, naaccr_text};

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
    // Values that the reader finds a problem with stand in the problem report as they came.
    let mut text = naaccr_text(1, names.len());
    for (name, number) in names.iter().zip(1..) {
        let sex = format!("<Item naaccrId=\"sex\">{}</Item>", if number % 2 == 0 { "2" } else { "1" });
        let value = name.replace('"', "&quot;");
        text = text.replacen(
            &sex,
            &format!("<Item naaccrId=\"raceCodingSysCurrent\">{value}</Item><Item naaccrId=\"sex\">{value}</Item>"),
            1,
        );
    }
    std::fs::write(db.folder().join("formulas.xml"), text).unwrap();
    let report = accession(&[
        "import",
        "--json",
        "--partial",
        &db.folder().join("formulas.xml").display().to_string(),
        "--database",
        db.url(),
    ])
    .json();
    let problems = format!("/intake/{}/problems.csv", report["import"].as_str().unwrap());
    assert!(report["problems"].as_i64().unwrap() >= 8, "{report}");
    let roles = [Role::Administrator, Role::PrivacyOfficer, Role::RegistryManager];
    let person = Person::add(db, "manager", &roles, &[]);
    let server = Server::start(db.url());
    let mut visitor = person.at(&server);
    for path in ["/admin/users.csv", "/admin/audit.csv", problems.as_str()] {
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
