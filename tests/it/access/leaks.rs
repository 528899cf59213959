//! Reliability 72: no name, number or password of a person stands in the log, an error page or a file that is left over.

use super::world::{OTHER, Sick, World, bring, file_of};
use crate::kit::{HOME, Server};

on_both!(no_name_stands_in_a_log_or_a_file_left_over, |db| {
    let mut world = World::new(db);
    bring(db, &[Sick { name: "PLANTED".into(), facilities: vec![OTHER, HOME] }]);
    let temporary = db.folder().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    world.server.kill();
    world.server = Server::start_with(db.url(), &[], &[("TMPDIR", &temporary.display().to_string())]);
    let planted = world.case("PLANTED");
    let mut manager = world.visitor("mgr");
    manager.get("/patients");
    for form in
        [[("name", "PLANTED, ROBIN")], [("ssn", "513-47-4444")], [("birth", "1957-04-19")], [("text", "PLANTED")]]
    {
        let found = manager.post("/patients", &form).expect_status(303).location().to_owned();
        manager.get(&found).expect_status(200);
    }
    manager.post("/go", &[("q", "PLANTED")]);
    for path in [
        format!("/patients/{}", planted.patient),
        format!("/cases/{}/source", planted.abstract_),
        format!("/cases/{}/nowhere", planted.abstract_),
        "/patients/PLANTED".into(),
        "/cases/PLANTED/text?q=PLANTED".into(),
        "/PLANTED".into(),
    ] {
        manager.get(&path);
    }
    manager.post(&format!("/cases/{}/items/240", planted.abstract_), &[("seen", "PLANTED"), ("value", "19570419")]);
    manager.send("POST", "/patients", &[("content-type", "application/json")], b"{\"name\": \"PLANTED\", ");
    manager.get("/intake");
    let broken =
        file_of(&[Sick { name: "PLANTED".into(), facilities: vec![HOME] }]).replace("</Tumor>\n</Patient>", "<Tumor");
    manager.upload("/intake", &[], "file", "some.xml", broken.as_bytes()).expect_status(303);
    manager.upload("/intake", &[("partial", "yes")], "file", "some.xml", broken.as_bytes()).expect_status(303);
    manager.get("/account");
    manager
        .post("/account/password", &[("old", "violet harbour ladder 42"), ("new", "PLANTED"), ("repeated", "PLANTED")]);
    let mut stranger = crate::kit::Visitor::at(&world.server);
    stranger.get("/sign-in");
    stranger.post("/sign-in", &[("login", "PLANTED"), ("password", "violet harbour ladder 42")]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let printed = world.server.printed();
    let secrets =
        ["PLANTED", "ROBIN", "19570419", "1957-04-19", "513-47-4444", "513474444", "violet harbour", "ELM STREET"];
    for secret in secrets {
        let line = printed.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} stands in the log: {line:?}");
        let audit = format!("SELECT count(*) FROM audit WHERE note || route || login || outcome LIKE '%{secret}%'");
        assert_eq!(db.number(&audit), 0, "{secret} stands in the audit");
    }
    let mut left = Vec::new();
    for file in std::fs::read_dir(&temporary).unwrap() {
        left.push(file.unwrap().path());
    }
    assert!(left.is_empty(), "files left over: {left:?}");
});
