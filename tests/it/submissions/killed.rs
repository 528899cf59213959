//! The command that makes a batch is killed at random points: no half file stands under its name, and once the command is
//! run again, ledger and file agree and no case went twice.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use super::{accessions, own_recipient, path_of};
use crate::kit::{Database, accession, command, init, is_sound, naaccr_file};

const PATIENTS: usize = 400;

fn rounds(db: &Database, rounds: u64) {
    init(db);
    let file = naaccr_file(db.folder(), "some.xml", 1, PATIENTS);
    accession(&["import", file.to_str().unwrap(), "--database", db.url()]);
    for round in 0..rounds {
        // Each round has a recipient of its own, so that each makes a whole first batch.
        let name = format!("killed-{round}");
        own_recipient(db, &name, "changes", "when-corrected");
        let out = db.folder().join(&name);
        std::fs::create_dir(&out).unwrap();
        let words = ["submit", "--recipient", &name, "--out", out.to_str().unwrap(), "--json", "--database", db.url()];
        let mut killed = command().args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the time a batch takes, from its first moment to past its end.
        std::thread::sleep(Duration::from_millis(40 + round * 2_400 / rounds));
        killed.kill().unwrap();
        killed.wait().unwrap();
        for left in std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()) {
            if left.extension().is_some_and(|ending| ending == "gz") {
                assert_eq!(accessions(&left).len(), PATIENTS, "a half file under its name");
            }
        }
        // As if the dead one's lease had run out, which takes 20 s by the clock.
        db.tamper("UPDATE job SET lease_until = 0 WHERE state = 'running'");
        let run = accession(&words);
        assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
        let entered = format!("SELECT count(*) FROM submission_ledger WHERE recipient = '{name}' AND state = 'sent'");
        assert_eq!(db.number(&entered), i64::try_from(PATIENTS).unwrap(), "round {round}");
        let batches = format!("SELECT count(*) FROM submission_batch WHERE recipient = '{name}' AND state = 'sent'");
        assert_eq!(db.number(&batches), 1, "round {round}");
        let batch =
            db.number(&format!("SELECT id FROM submission_batch WHERE recipient = '{name}' AND state = 'sent'"));
        let again = db.folder().join(format!("{name}-again"));
        std::fs::create_dir(&again).unwrap();
        let resent = accession(&[
            "submissions",
            "resend",
            &batch.to_string(),
            "--out",
            again.to_str().unwrap(),
            "--json",
            "--database",
            db.url(),
        ])
        .expect_code(0)
        .json();
        let in_file = accessions(&path_of(&resent, "A").unwrap());
        let query = format!(
            "SELECT a.accession AS value FROM submission_ledger l JOIN abstract a ON a.id = l.abstract_id WHERE l.recipient = '{name}'"
        );
        let in_ledger: BTreeSet<String> = db.values(&query).into_iter().flatten().collect();
        assert_eq!(in_file, in_ledger, "round {round}");
    }
    is_sound(db);
}

on_both!(a_killed_batch_is_whole_once_it_is_made_again, |db| {
    rounds(db, 3);
});

on_both!(
    #[ignore = "long"]
    a_batch_killed_at_twenty_points_is_whole,
    |db| {
        rounds(db, 20);
    }
);
