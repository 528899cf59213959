//! `accession user`: works without the web.

use super::{PASSWORD, Registry};
use crate::kit::{accession, accession_with};
use accession::accounts::store::set_password_by_link;
use accession::accounts::{Stage, Token};

on_both!(people_are_added_listed_disabled_and_reset, |db| {
    let registry = Registry::new(db);
    registry.facility("0000000101");
    let url = db.url();
    let run = |arguments: &[&str]| accession(&[&["user", "--database", url, "--json"], arguments].concat());
    let added = run(&["add", "ann", "--name", "Ann Other", "--role", "abstractor,qc-reviewer", "--facility", "101"]);
    let object = added.expect_code(0).json();
    let link = object["link"].as_str().unwrap();
    let token = Token::read(link.strip_prefix("/password/").unwrap()).unwrap();
    let session = set_password_by_link(&registry.store, &token, PASSWORD, "", "10.0.0.1", "test").unwrap();
    assert_eq!(session.stage, Stage::Enrol);

    let listed = run(&["list"]).expect_code(0).json_lines();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["roles"], serde_json::json!(["abstractor", "qc_reviewer"]));
    run(&["disable", "ann", "--reason", "left the hospital"]).expect_code(0);
    assert!(registry.who(&session.token).is_none());
    assert_eq!(run(&["list", "--review"]).expect_code(0).json_lines().len(), 0);
    run(&["reset", "ann"]).expect_code(2);
    run(&["enable", "ann"]).expect_code(0);
    let reset = run(&["reset", "ann", "--public-url", "https://r.example.org/"]).expect_code(0).json();
    assert!(reset["link"].as_str().unwrap().starts_with("https://r.example.org/password/"));
    assert!(registry.audited(&format!("system user done user {} reset", 1)) == 1);
});

on_both!(password_may_come_from_standard_input, |db| {
    let registry = Registry::new(db);
    let arguments =
        ["user", "add", "rita", "--name", "Rita", "--role", "researcher", "--all-facilities", "--password-file", "-"];
    let variables = [("ACCESSION_DATABASE", db.url())];
    let weak = accession_with(&arguments, b"Password2026!!!\n", &variables).expect_code(2);
    assert!(weak.stderr.contains("guessed"), "{}", weak.stderr);
    accession_with(&arguments, format!("{}\n", PASSWORD).as_bytes(), &variables).expect_code(0);
    assert_eq!(registry.try_sign_in("rita", PASSWORD, "").unwrap().stage, Stage::Full);
});

on_both!(what_cannot_be_done_is_said_in_one_line, |db| {
    Registry::new(db);
    for (arguments, said) in [
        (vec!["add", "ann", "--name", "Ann", "--role", "boss"], "there is no role boss"),
        (
            vec!["add", "ann", "--name", "Ann", "--role", "abstractor", "--facility", "999"],
            "there is no facility with number 999",
        ),
        (vec!["add", "system", "--name", "Ann", "--role", "abstractor"], "stands for the program itself"),
        (vec!["disable", "eve", "--reason", "left"], "there is no user eve"),
    ] {
        let run = accession(&[&["user", "--database", db.url()], arguments.as_slice()].concat()).expect_code(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert_eq!(run.stderr.trim().lines().count(), 1, "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    accession(&["user", "list"]).expect_code(2);
});
