//! First start: the link to the set-up, and the same without the page.

use super::Registry;
use accession::accounts::store::{
    Founding, UserEntry, found_registry, link_of, set_up_by_link, set_up_link, set_up_link_works, users,
};
use accession::accounts::{AccountError, Stage, Token};
use accession::asker::{Role, Scope};
use accession::registry::store::facility::FacilityEntry;
use accession::registry::store::{By, settings};

const PASSWORD: &str = "brittle lantern copper veil";

fn answers() -> Founding {
    let settings = [("registry.kind", "hospital"), ("registry.name", "Harbor Registry"), ("registry.state", "IA")];
    Founding {
        settings: settings.map(|(n, v)| (n.into(), v.into())).to_vec(),
        home: Some(FacilityEntry { number: "101".into(), name: "Harbor Hospital".into(), ..Default::default() }),
        administrator: Some(UserEntry { login: "ada".into(), name: "Ada".into(), ..Default::default() }),
    }
}

on_both!(link_opens_the_set_up_once, |db| {
    let registry = Registry::new(db);
    let old = set_up_link(&registry.store).unwrap().unwrap();
    let link = set_up_link(&registry.store).unwrap().unwrap();
    assert!(!set_up_link_works(&registry.store, &old).unwrap());
    assert!(!set_up_link_works(&registry.store, &Token::random()).unwrap());
    assert!(set_up_link_works(&registry.store, &link).unwrap());
    assert!(link_of(&registry.store, &link).unwrap().is_none());

    let mut wrong = answers();
    wrong.settings.push(("registry.time_zone".into(), "Mars/Base".into()));
    assert!(set_up_by_link(&registry.store, &link, &wrong, PASSWORD, "10.0.0.1", "POST /set-up").is_err());
    let weak = set_up_by_link(&registry.store, &link, &answers(), "Harbor Registry 1", "10.0.0.1", "POST /set-up");
    assert!(matches!(weak, Err(AccountError::Password(_))));
    assert_eq!(db.number("SELECT count(*) FROM user_") + db.number("SELECT count(*) FROM setting"), 0);

    let session = set_up_by_link(&registry.store, &link, &answers(), PASSWORD, "10.0.0.1", "POST /set-up").unwrap();
    assert_eq!(session.stage, Stage::Enrol);
    let who = registry.who(&session.token).unwrap();
    assert_eq!(who.roles, [Role::RegistryManager, Role::Administrator, Role::PrivacyOfficer]);
    assert_eq!(who.scope, Scope::Registry);
    let conn = &mut *registry.store.reading().unwrap();
    assert_eq!(settings::setting(conn, "registry.name").unwrap(), "Harbor Registry");
    assert_eq!(settings::setting(conn, "registry.home_facility").unwrap(), "0000000101");
    assert!(!set_up_link_works(&registry.store, &link).unwrap());
    assert!(set_up_link(&registry.store).unwrap().is_none());
    let again = set_up_by_link(&registry.store, &link, &answers(), PASSWORD, "10.0.0.1", "POST /set-up");
    assert!(matches!(again, Err(AccountError::LinkSpent)));
});

on_both!(link_ends_after_a_day, |db| {
    let registry = Registry::new(db);
    let link = set_up_link(&registry.store).unwrap().unwrap();
    registry.clock.advance(24 * 3_600);
    assert!(!set_up_link_works(&registry.store, &link).unwrap());
});

on_both!(same_without_the_page_invites_the_first_administrator, |db| {
    let registry = Registry::new(db);
    let mut central = answers();
    central.settings[0].1 = "central".into();
    let founded = found_registry(&registry.store, &By::system("accession init"), &central).unwrap();
    let invited = founded.administrator.unwrap();
    assert!(link_of(&registry.store, &invited.token).unwrap().unwrap().first);
    assert!(founded.home.is_some());
    let people = users(&mut registry.store.reading().unwrap()).unwrap();
    assert_eq!(people[0].roles, [Role::Administrator, Role::CentralEditor, Role::PrivacyOfficer]);
    assert!(set_up_link(&registry.store).unwrap().is_none());
    assert!(found_registry(&registry.store, &By::system("accession init"), &central).is_err());
});

on_both!(registry_made_by_command_without_anybody_is_opened_by_the_link, |db| {
    let registry = Registry::new(db);
    let nobody = Founding { administrator: None, ..answers() };
    found_registry(&registry.store, &By::system("accession init"), &nobody).unwrap();
    let link = set_up_link(&registry.store).unwrap().unwrap();
    set_up_by_link(&registry.store, &link, &answers(), PASSWORD, "10.0.0.1", "POST /set-up").unwrap();
    assert_eq!(db.number("SELECT count(*) FROM facility"), 1);
});

on_both!(there_is_no_password_that_comes_with_the_program, |db| {
    let registry = Registry::new(db);
    assert_eq!(db.number("SELECT count(*) FROM user_"), 0);
    for (login, password) in [("admin", "admin"), ("administrator", "password"), ("accession", "accession"), ("", "")] {
        assert!(registry.try_sign_in(login, password, "").is_err());
    }
});
