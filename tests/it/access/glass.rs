//! Reliability 30 through the door: breaking the glass opens reading for an hour, each line is marked, nothing is changed.

use super::world::{OTHER, World};

on_both!(broken_glass_opens_reading_and_marks_each_line, |db| {
    let world = World::new(db);
    let theirs = world.case("STRANGER");
    let mut visitor = world.visitor("mgr");
    let (patient, case) = (format!("/patients/{}", theirs.patient), format!("/cases/{}/text", theirs.abstract_));
    visitor.get(&patient).expect_status(404);
    visitor.get("/break-glass").expect_status(200);
    let short = visitor.post("/break-glass", &[("reason", "because I must")]);
    assert_eq!(short.status, 422, "{}", short.text());
    visitor.post("/break-glass", &[("reason", "Unconscious patient in the emergency room")]).expect_status(303);
    let page = visitor.get(&patient).expect_status(200).text();
    assert!(page.to_lowercase().contains("break") || page.to_lowercase().contains("glass"), "the page says it is open");
    visitor.get(&case).expect_status(200);
    let marked = "SELECT count(*) FROM audit WHERE break_glass IS NOT NULL AND action = 'view'";
    assert_eq!(db.number(&format!("{marked} AND patient_id = {}", theirs.patient)), 2);
    // Reading only: no change, no letter, no file of it.
    let version = db.number(&format!("SELECT version FROM abstract WHERE id = {}", theirs.abstract_)).to_string();
    let change = [("seen", version.as_str()), ("seen_patient", "1"), ("value", "x")];
    visitor.post(&format!("/cases/{}/items/2520", theirs.abstract_), &change).expect_status(404);
    visitor
        .post(&format!("/cases/{}/delete", theirs.abstract_), &[("seen", "1"), ("reason", "entered twice, it seems")])
        .expect_status(404);
    let export = [("facility", OTHER), ("recipient", "me"), ("purpose", "mine")];
    visitor.post("/submissions", &export).expect_status(404);
    visitor.get("/account");
    visitor.post("/break-glass/end", &[]).expect_status(303);
    visitor.get(&patient).expect_status(404);
    // What was done is waiting for the privacy officer, and nobody else reads it.
    let mut officer = world.visitor("prv");
    assert!(officer.get("/admin/break-glass").expect_status(200).text().contains("Unconscious patient"));
    visitor.get("/admin/break-glass").expect_status(403);
});
