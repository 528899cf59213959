//! Secrets of second factors are sealed with a key that does not lie in the database.

use accession::accounts::Stage;
use accession::accounts::store::{begin_second_factor, confirm_second_factor, seal_second_factors};
use accession::asker::Role;
use accession::registry::clock::Clock;
use accession::registry::store::vault::{KeyPlace, SecretsKey};
use accession::registry::store::{DatabaseUrl, Store};

use super::{PASSWORD, Registry};
use crate::kit::{Database, Kind, accession, accession_with};

/// The registry, opened with the key of this file.
fn with_key<'a>(db: &'a Database, file: &str) -> Registry<'a> {
    let clock = Clock::system();
    let url = DatabaseUrl::parse(db.url()).unwrap();
    let store = Store::open_with_key(&url, clock.clone(), KeyPlace::File(file.into())).unwrap();
    Registry { db, store, clock, limit: Default::default() }
}

fn kept(db: &Database) -> String {
    db.values("SELECT coalesce(totp, '') || coalesce(totp_new, '') AS value FROM user_ ORDER BY id")
        .into_iter()
        .flatten()
        .collect()
}

on_both!(no_secret_stands_readable_and_each_key_opens_its_own, |db| {
    let place = |name: &str| db.folder().join(name).display().to_string();
    let (first, second) = (place("first.key"), place("second.key"));
    accession(&["key", "new", &first]).expect_code(0);
    accession(&["key", "new", &second]).expect_code(0);
    let refused = accession(&["key", "new", &first]).expect_code(2);
    assert!(refused.stderr.contains("first.key"), "{}", refused.stderr);

    // One secret was kept before there was a key, one is set up with it.
    let before = Registry::new(db);
    let ann = before.person("ann", &[Role::Abstractor]);
    let secret = ann.totp.as_ref().unwrap().base32();
    assert_eq!(kept(db).contains(&secret), db.kind() == Kind::Postgres, "beside a file there is a key from the start");
    if db.kind() == Kind::Sqlite {
        accession(&["key", "change", "--database", db.url(), "--to", &first]).expect_code(0);
    }
    let registry = with_key(db, &first);
    seal_second_factors(&registry.store).unwrap();
    assert!(!kept(db).contains(&secret));
    registry.sign_in(&ann);
    let rita = registry.researcher("rita");
    let session = registry.try_sign_in("rita", PASSWORD, "").unwrap();
    let who = registry.who(&session.token).unwrap();
    let enrolment = begin_second_factor(&registry.store, &who).unwrap();
    assert!(!kept(db).contains(&enrolment.secret));
    let totp = accession::accounts::TotpSecret::of_base32(&enrolment.secret).unwrap();
    let code = totp.code_at(registry.clock.now().timestamp());
    confirm_second_factor(&registry.store, &registry.by(&who), &who, &code).unwrap();
    assert!(!kept(db).contains(&enrolment.secret));
    registry.clock.advance(30);
    let code = totp.code_at(registry.clock.now().timestamp());
    assert_eq!(registry.try_sign_in(&rita.login, PASSWORD, &code).unwrap().stage, Stage::Full);

    // Another key, while a server runs: it takes the new file up by itself.
    let seen = [("ACCESSION_KEY_FILE", first.as_str())];
    let changed = accession_with(&["key", "change", "--database", db.url(), "--to", &second], b"", &seen);
    let changed = changed.expect_code(0);
    assert!(changed.stderr.contains("2 people"), "{}", changed.stderr);
    registry.sign_in(&ann);
    let name = SecretsKey::of_file(std::path::Path::new(&second)).unwrap().name();
    assert_eq!(kept(db).matches(&format!("sealed:1:{name}:")).count(), 2);
    let lines = registry.audit();
    assert_eq!(lines.iter().filter(|l| l.contains(" key done second factors of 2 people sealed")).count(), 1);
});

on_both!(without_its_key_a_restored_registry_says_what_to_do, |db| {
    let place = |name: &str| db.folder().join(name).display().to_string();
    let (key, backup) = (place("secrets.key"), place("r.backup"));
    accession(&["key", "new", &key]).expect_code(0);
    let url = DatabaseUrl::parse(db.url()).unwrap();
    drop(Store::create(&url, Clock::system()).unwrap());
    let registry = with_key(db, &key);
    let ann = registry.person("ann", &[Role::Abstractor]);
    registry.sign_in(&ann);
    accession(&["backup", &backup, "--database", db.url()]).expect_code(0);

    let fresh = Database::fresh(db.kind()).unwrap();
    let restored = accession(&["restore", &backup, "--database", fresh.url()]).expect_code(0);
    assert!(restored.stderr.contains("Before it is served: the second factors of 1 "), "{}", restored.stderr);
    let served = accession(&["serve", "--database", fresh.url(), "--listen", "127.0.0.1:0"]).expect_code(2);
    assert!(served.stderr.contains("accession key lost"), "{}", served.stderr);
    assert_eq!(served.stderr.trim().lines().count(), 1, "{}", served.stderr);

    // With the key file ann signs in as before; without it she sets up a new second factor.
    let again = with_key(&fresh, &key);
    again.clock.advance(60);
    again.sign_in(&ann);
    drop(again);
    let lost = ["key", "lost", "--database", fresh.url(), "--reason"];
    accession(&[&lost[..], &["gone"]].concat()).expect_code(2);
    accession(&[&lost[..], &["the old server burnt down"]].concat()).expect_code(0);
    let store =
        Store::open_with_key(&DatabaseUrl::parse(fresh.url()).unwrap(), Clock::system(), KeyPlace::None).unwrap();
    seal_second_factors(&store).unwrap();
    let last = Registry { db: &fresh, store, clock: Clock::system(), limit: Default::default() };
    assert_eq!(last.try_sign_in("ann", PASSWORD, "").unwrap().stage, Stage::Enrol);
    assert_eq!(last.audited("system key done second factor of user 1 taken away: the old server burnt down"), 1);
});

#[test]
fn a_change_of_key_that_was_broken_off_is_taken_up() {
    let db = Database::fresh(Kind::Sqlite).unwrap();
    let registry = Registry::new(&db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let beside = registry.store.vault().place().file().unwrap().to_path_buf();
    let old = std::fs::read_to_string(&beside).unwrap();
    accession(&["key", "change", "--database", db.url()]).expect_code(0);
    // The moment before the rename: the old key in its place, the new one beside it.
    std::fs::rename(&beside, beside.with_extension("key.new")).unwrap();
    std::fs::write(&beside, old).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600)).unwrap();
    seal_second_factors(&registry.store).unwrap();
    assert!(!beside.with_extension("key.new").exists());
    registry.sign_in(&ann);
}
