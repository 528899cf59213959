//! Tests 19, 21, 24: sessions begin, change, end.

use super::{PASSWORD, Registry, entry, stands_nowhere};
use crate::kit::Kind;
use accession::accounts::store::{
    amend_user, change_password, disable_user, enable_user, end_session, end_sessions_but, session_seen, sessions_of,
    sign_out, user,
};
use accession::accounts::{AccountError, Stage};
use accession::asker::{Role, Scope};
use accession::registry::store::{By, jobs};

on_both!(session_ends_after_fifteen_idle_minutes_and_twelve_hours_to_the_second, |db| {
    let registry = Registry::new(db);
    let rita = registry.researcher("rita");
    let token = registry.sign_in(&rita);
    let begun = registry.clock.now();
    registry.clock.advance(14 * 60 + 58);
    let who = registry.who(&token).unwrap();
    session_seen(&registry.store, &who).unwrap();
    registry.clock.advance(14 * 60 + 58);
    assert!(registry.who(&token).is_some());
    registry.clock.advance(2);
    assert!(registry.who(&token).is_none());

    let token = registry.sign_in(&rita);
    let signed_in = registry.clock.now();
    for _ in 0..71 {
        registry.clock.advance(600);
        session_seen(&registry.store, &registry.who(&token).unwrap()).unwrap();
    }
    let left = 12 * 3_600 - (registry.clock.now() - signed_in).num_seconds();
    registry.clock.advance(left - 3);
    assert!(registry.who(&token).is_some());
    registry.clock.advance(4);
    assert!(registry.who(&token).is_none());
    assert!(registry.clock.now() > begun);
});

on_both!(idle_minutes_are_a_setting, |db| {
    let registry = Registry::new(db);
    registry.set("session.idle_minutes", "5");
    let token = registry.sign_in(&registry.researcher("rita"));
    registry.clock.advance(298);
    assert!(registry.who(&token).is_some());
    registry.clock.advance(3);
    assert!(registry.who(&token).is_none());
});

on_both!(id_changes_at_sign_in_and_with_the_password_and_only_its_hash_is_stored, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let half = registry.try_sign_in("ann", PASSWORD, "").unwrap().token;
    let one = registry.sign_in(&ann);
    let other = registry.sign_in(&ann);
    assert_ne!(half.text(), one.text());
    stands_nowhere(&registry, one.text());
    let hash: String = one.hash().iter().map(|b| format!("{b:02x}")).collect();
    let kept = match db.kind() {
        Kind::Sqlite => "SELECT lower(hex(token)) AS value FROM session",
        Kind::Postgres => "SELECT encode(token, 'hex') AS value FROM session",
    };
    assert!(db.values(kept).contains(&Some(hash)));
    let who = registry.who(&one).unwrap();
    let by = registry.by(&who);
    let wrong = change_password(&registry.store, &by, &who, "not the old one", "brittle lantern copper veil");
    assert!(matches!(wrong, Err(AccountError::Wrong)));
    let weak = change_password(&registry.store, &by, &who, PASSWORD, "Password2026!");
    assert!(matches!(weak, Err(AccountError::Password(_))));
    let same = change_password(&registry.store, &by, &who, PASSWORD, PASSWORD);
    assert!(same.is_err());
    let new = change_password(&registry.store, &by, &who, PASSWORD, "brittle lantern copper veil").unwrap();
    assert_eq!(new.stage, Stage::Full);
    assert!(registry.who(&one).is_none() && registry.who(&other).is_none() && registry.who(&half).is_none());
    assert_eq!(registry.who(&new.token).unwrap().login, "ann");
    assert!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)).is_err());
    assert!(registry.try_sign_in("ann", "brittle lantern copper veil", &registry.next_code(&ann)).is_ok());
});

on_both!(sessions_end_when_roles_or_facilities_change, |db| {
    let registry = Registry::new(db);
    let harbor = registry.facility("0000000101");
    let ann = registry.person("ann", &[Role::Abstractor]);
    let by = By::system("test");
    let token = registry.sign_in(&ann);
    let version = || user(&mut registry.store.reading().unwrap(), ann.id).unwrap().unwrap().version;
    let mut new = entry("ann", &[Role::Abstractor]);
    new.name = "Ann Other".into();
    amend_user(&registry.store, &by, ann.id, version(), &new).unwrap();
    assert!(registry.who(&token).is_some());
    new.all_facilities = false;
    new.facilities = vec![harbor];
    amend_user(&registry.store, &by, ann.id, version(), &new).unwrap();
    assert!(registry.who(&token).is_none());
    let token = registry.sign_in(&ann);
    assert_eq!(registry.who(&token).unwrap().scope, Scope::Facilities(vec![harbor]));
    new.roles = vec![Role::Abstractor, Role::QcReviewer];
    amend_user(&registry.store, &by, ann.id, version(), &new).unwrap();
    assert!(registry.who(&token).is_none());
    assert!(matches!(amend_user(&registry.store, &by, ann.id, 1, &new), Err(AccountError::Stale)));
});

on_both!(signing_out_kills_the_token, |db| {
    let registry = Registry::new(db);
    let token = registry.sign_in(&registry.researcher("rita"));
    let who = registry.who(&token).unwrap();
    sign_out(&registry.store, &registry.by(&who), &who).unwrap();
    assert!(registry.who(&token).is_none());
    assert_eq!(registry.audited("rita sign-out done"), 1);
});

on_both!(one_sees_and_ends_ones_own_sessions_only, |db| {
    let registry = Registry::new(db);
    let (rita, rob) = (registry.researcher("rita"), registry.researcher("rob"));
    let (a, b, c) = (registry.sign_in(&rita), registry.sign_in(&rita), registry.sign_in(&rita));
    let others = registry.sign_in(&rob);
    let who = registry.who(&a).unwrap();
    let by = registry.by(&who);
    assert_eq!(sessions_of(&registry.store, rita.id).unwrap().len(), 3);
    end_session(&registry.store, &by, &who, registry.who(&b).unwrap().session).unwrap();
    assert!(registry.who(&b).is_none());
    assert!(end_session(&registry.store, &by, &who, registry.who(&others).unwrap().session).is_err());
    assert_eq!(end_sessions_but(&registry.store, &by, &who).unwrap(), 1);
    assert!(registry.who(&c).is_none() && registry.who(&a).is_some() && registry.who(&others).is_some());
});

on_both!(disabled_users_next_request_is_refused_and_his_exports_stop, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::RegistryManager]);
    let token = registry.sign_in(&ann);
    let by = registry.by(&registry.who(&token).unwrap());
    let jobs_of_ann = registry.store.write(move |tx| {
        Ok::<_, accession::registry::store::StoreError>((
            jobs::enqueue(tx, &by, "export", "{}", None)?,
            jobs::enqueue(tx, &by, "import", "{}", None)?,
        ))
    });
    let (export, import) = jobs_of_ann.unwrap();
    disable_user(&registry.store, &By::system("test"), ann.id, "left the hospital").unwrap();
    assert!(registry.who(&token).is_none());
    assert!(matches!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)), Err(AccountError::Wrong)));
    let state =
        |id: i64| registry.db.values(&format!("SELECT state AS value FROM job WHERE id = {id}")).remove(0).unwrap();
    assert_eq!((state(export).as_str(), state(import).as_str()), ("failed", "waiting"));
    assert!(disable_user(&registry.store, &By::system("test"), ann.id, "again").is_err());
    registry.clock.advance(300);
    enable_user(&registry.store, &By::system("test"), ann.id).unwrap();
    assert!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)).is_ok());
    assert!(registry.who(&token).is_none());
});

on_both!(made_up_and_cut_tokens_are_nobodys, |db| {
    let registry = Registry::new(db);
    let token = registry.sign_in(&registry.researcher("rita"));
    assert!(registry.who(&accession::accounts::Token::random()).is_none());
    assert!(accession::accounts::Token::read(&token.text()[..42]).is_none());
});
