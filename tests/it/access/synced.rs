//! Reliability 4: an acknowledged save was synced to the disk before it was acknowledged, as the kernel saw it. On
//! PostgreSQL the server syncs before it answers COMMIT: there the commit must have been sent before the answer.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::world::World;
use crate::kit::{Kind, skipped};

on_both!(between_a_save_and_its_answer_lies_a_sync, |db| {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(!crate::kit::ci(), "strace is not installed (Debian: apt-get install strace)");
        return skipped("strace is not installed (Debian: apt-get install strace)");
    }
    let world = World::new(db);
    let mine = world.case("MINEMGR");
    let mut manager = world.visitor("mgr");
    let trace = db.folder().join("trace");
    let mut strace = Command::new("strace")
        .args(["-f", "-qq", "-s", "64", "-e", "trace=fsync,fdatasync,write,writev,sendto,sendmsg", "-o"])
        .arg(&trace)
        .args(["-p", &world.server.pid().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    const SAVES: usize = 5;
    for turn in 0..SAVES {
        manager.get("/account");
        let version = db.number(&format!("SELECT version FROM abstract WHERE id = {}", mine.abstract_)).to_string();
        let text = format!("Text {turn}");
        let fields = [("seen", version.as_str()), ("seen_patient", "1"), ("value", text.as_str())];
        manager.post(&format!("/cases/{}/items/2520", mine.abstract_), &fields).expect_status(303);
    }
    std::thread::sleep(Duration::from_millis(500));
    Command::new("kill").args(["-INT", &strace.id().to_string()]).status().unwrap();
    strace.wait().unwrap();
    let trace = std::fs::read_to_string(&trace).unwrap();
    if trace.lines().count() < SAVES && !crate::kit::ci() {
        return skipped("this machine lets no process be traced");
    }
    // Between the answer before (the page with the token, 200) and the answer of the save (303) stands a sync that was done.
    let (mut synced, mut saves) = (0, 0);
    for line in trace.lines() {
        let is_synced = match db.kind() {
            Kind::Sqlite => (line.contains("fsync") || line.contains("fdatasync")) && line.trim_end().ends_with("= 0"),
            Kind::Postgres => line.contains("COMMIT"),
        };
        if is_synced {
            synced += 1;
        } else if line.contains("HTTP/1.1 200") {
            synced = 0;
        } else if line.contains("HTTP/1.1 303") {
            saves += 1;
            assert!(synced > 0, "save {saves} was acknowledged without a sync:\n{trace}");
            synced = 0;
        }
    }
    assert_eq!(saves, SAVES, "{trace}");
    assert!(!trace.contains("synchronous_commit"), "{trace}");
});
