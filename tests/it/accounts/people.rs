//! People: added, refused, reviewed.

use super::{PASSWORD, Registry, entry, is_not_found};
use accession::accounts::AccountError;
use accession::accounts::store::{
    add_ready_user, add_user, amend_user, disable_user, is_active, reset_user, review_user, user, user_by_login, users,
    users_to_review,
};
use accession::asker::{FacilityId, Role, UserId};
use accession::registry::store::By;

on_both!(only_an_administrator_touches_people, |db| {
    let registry = Registry::new(db);
    let manager = registry.person("mia", &[Role::RegistryManager, Role::PrivacyOfficer]);
    let who = registry.who(&registry.sign_in(&manager)).unwrap();
    let by = registry.by(&who);
    let all = [
        add_user(&registry.store, &by, &entry("eve", &[Role::Administrator])).err(),
        add_ready_user(&registry.store, &by, &entry("eve", &[]), PASSWORD, None).err(),
        amend_user(&registry.store, &by, manager.id, 1, &entry("mia", &[Role::Administrator])).err(),
        disable_user(&registry.store, &by, manager.id, "why").err(),
        reset_user(&registry.store, &by, manager.id).err(),
    ];
    for refused in all {
        assert!(matches!(refused, Some(AccountError::NotAllowed(_))), "{refused:?}");
    }
    assert_eq!(registry.db.number("SELECT count(*) FROM user_"), 1);
});

on_both!(entries_that_cannot_be_taken_are_refused_and_nothing_is_kept, |db| {
    let registry = Registry::new(db);
    let by = By::system("test");
    for login in ["", "a", "system", "Nobody", "two words", "ünser", "x\ny", &"a".repeat(61)] {
        assert!(add_user(&registry.store, &by, &entry(login, &[])).is_err(), "{login:?}");
    }
    let mut nameless = entry("ann", &[]);
    nameless.name = "  ".into();
    let mut no_mail = entry("ann", &[]);
    no_mail.mail = "ann at example".into();
    let mut elsewhere = entry("ann", &[]);
    elsewhere.facilities = vec![FacilityId(99)];
    for wrong in [nameless, no_mail, elsewhere] {
        assert!(add_user(&registry.store, &by, &wrong).is_err());
    }
    assert_eq!(registry.db.number("SELECT count(*) FROM user_"), 0);
    add_user(&registry.store, &by, &entry("ann", &[])).unwrap();
    assert!(add_user(&registry.store, &by, &entry(" ANN ", &[])).is_err());
    assert!(is_not_found(&reset_user(&registry.store, &by, UserId(99)).unwrap_err()));
});

on_both!(last_administrator_stays, |db| {
    let registry = Registry::new(db);
    let by = By::system("test");
    let ada = registry.person("ada", &[Role::Administrator]);
    assert!(disable_user(&registry.store, &by, ada.id, "left").is_err());
    let version = user(&mut registry.store.reading().unwrap(), ada.id).unwrap().unwrap().version;
    assert!(amend_user(&registry.store, &by, ada.id, version, &entry("ada", &[Role::Auditor])).is_err());
    let bea = registry.person("bea", &[Role::Administrator]);
    disable_user(&registry.store, &by, ada.id, "left").unwrap();
    assert!(disable_user(&registry.store, &by, bea.id, "left").is_err());
    let conn = &mut *registry.store.reading().unwrap();
    assert!(
        !is_active(conn, ada.id).unwrap() && is_active(conn, bea.id).unwrap() && !is_active(conn, UserId(99)).unwrap()
    );
});

on_both!(lists_show_roles_facilities_and_last_sign_in, |db| {
    let registry = Registry::new(db);
    let harbor = registry.facility("0000000101");
    let mut ann = entry("ann", &[Role::QcReviewer, Role::Abstractor]);
    ann.all_facilities = false;
    ann.facilities = vec![harbor];
    registry.somebody(&ann, None);
    let rita = registry.researcher("rita");
    let gone = registry.researcher("gone");
    registry.sign_in(&rita);
    disable_user(&registry.store, &By::system("test"), gone.id, "left").unwrap();
    let conn = &mut *registry.store.reading().unwrap();
    let all = users(conn).unwrap();
    assert_eq!(all.iter().map(|u| u.login.as_str()).collect::<Vec<_>>(), ["ann", "gone", "rita"]);
    assert_eq!(all[0].roles, [Role::Abstractor, Role::QcReviewer]);
    assert_eq!(all[0].facilities, [harbor]);
    assert_eq!(Some(&all[0]), user_by_login(conn, "ANN").unwrap().as_ref());
    // The yearly review: who may sign in, never and longest ago first.
    let review = users_to_review(conn).unwrap();
    assert_eq!(review.iter().map(|u| u.login.as_str()).collect::<Vec<_>>(), ["ann", "rita"]);
    assert!(review[0].last_sign_in.is_none() && review[1].last_sign_in.is_some());
});

on_both!(yearly_review_is_noted, |db| {
    let registry = Registry::new(db);
    let rita = registry.researcher("rita");
    let olga = registry.person("olga", &[Role::PrivacyOfficer]);
    let who = registry.who(&registry.sign_in(&olga)).unwrap();
    review_user(&registry.store, &registry.by(&who), rita.id).unwrap();
    let reviewed = user(&mut registry.store.reading().unwrap(), rita.id).unwrap().unwrap();
    assert_eq!(reviewed.reviewed_by.as_deref(), Some("olga"));
    assert!(reviewed.reviewed_at.is_some());
    let own = registry.who(&registry.sign_in(&rita)).unwrap();
    assert!(review_user(&registry.store, &registry.by(&own), rita.id).is_err());
});

on_both!(student_counts_in_a_training_registry_only, |db| {
    let registry = Registry::new(db);
    let stu = registry.person("stu", &[Role::Student, Role::Researcher]);
    let token = registry.sign_in(&stu);
    assert_eq!(registry.who(&token).unwrap().roles, [Role::Researcher]);
    registry.set("registry.training", "yes");
    assert_eq!(registry.who(&token).unwrap().roles, [Role::Researcher, Role::Student]);
});

on_both!(audit_names_what_was_given_by_keys_and_ids_only, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    assert_eq!(
        registry.audited(&format!("system user done user {} added; roles abstractor; facilities all", ann.id.0)),
        1
    );
    assert!(!registry.audit().iter().any(|line| line.contains("Person")));
});
