//! Reliability 46: on PostgreSQL the server's role serves everything and can neither change nor remove audit and history;
//! SQLite has no roles and says so.

use super::world::{Sick, World, file_of};
use crate::kit::{HOME, Kind, Server, accession};

on_both!(the_servers_role_cannot_touch_audit_and_history, |db| {
    if db.kind() == Kind::Sqlite {
        crate::kit::init(db);
        let refused = accession(&["server-role", "--database", db.url(), "serving"]).expect_code(2);
        assert!(refused.stderr.contains("SQLite has no roles"), "{}", refused.stderr);
        return;
    }
    let mut world = World::new(db);
    db.tamper("DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'serving') THEN CREATE ROLE serving LOGIN; END IF; END $$");
    let grant = |role: &str| accession(&["server-role", "--database", db.url(), role]);
    grant("serving").expect_code(0);
    assert!(grant("nobody_there").expect_code(2).stderr.contains("no role"));
    assert!(grant("accession").expect_code(2).stderr.contains("owns the tables"));
    let as_server = db.url().replace("accession@", "serving@");
    // It serves: pages, a save, a deletion with its undo, an import, a follow-up.
    world.server = Server::start(&as_server);
    let mine = world.case("MINEMGR");
    let mut manager = world.visitor("mgr");
    manager.get(&format!("/patients/{}", mine.patient)).expect_status(200);
    let seen = || db.number(&format!("SELECT version FROM abstract WHERE id = {}", mine.abstract_)).to_string();
    let fields = [("seen", &*seen()), ("seen_patient", "1"), ("value", "Mass felt")];
    manager.post(&format!("/cases/{}/items/2520", mine.abstract_), &fields).expect_status(303);
    manager
        .post(
            &format!("/cases/{}/delete", mine.abstract_),
            &[("seen", &*seen()), ("reason", "entered twice by mistake")],
        )
        .expect_status(303);
    let operation = db.number("SELECT max(id) FROM operation").to_string();
    manager.post("/deleted", &[("operation", &operation), ("reason", "it was not entered twice")]).expect_status(303);
    let text = file_of(&[Sick { name: "BROUGHT".into(), facilities: vec![HOME] }]);
    manager.get("/intake");
    manager.upload("/intake", &[], "file", "some.xml", text.as_bytes()).expect_status(303);
    manager.upload("/intake", &[], "file", "some.xml", b"<NaaccrData").expect_status(303);
    for _ in 0..600 {
        if db.number("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')") == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE last_name = 'BROUGHT'"), 1);
    assert_eq!(
        db.values("SELECT state AS value FROM import ORDER BY id DESC LIMIT 2"),
        [Some("refused".into()), Some("done".into())]
    );
    // What it may not.
    for statement in [
        "UPDATE audit SET note = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TABLE audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "UPDATE history SET login = 'x'",
        "DELETE FROM history",
        "INSERT INTO purging (patient_id) VALUES (1)",
        "UPDATE source_record SET received = ''",
        "DELETE FROM audit_head",
        "DROP TRIGGER audit_no_update ON audit",
    ] {
        let refused = crate::kit::execute_at(&as_server, statement).expect_err(statement);
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{statement}: {refused}");
    }
    crate::kit::is_sound(db);
});
