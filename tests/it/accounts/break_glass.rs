//! Test 30: break-glass.

use super::{Registry, entry};
use accession::accounts::AccountError;
use accession::accounts::store::{break_glass, end_break_glass, grants, judge_grant};
use accession::asker::{May, Role, Scope};

const REASON: &str = "Unconscious patient in the emergency room, transferred without papers";

on_both!(it_needs_a_reason_opens_reading_for_an_hour_is_marked_and_told, |db| {
    let registry = Registry::new(db);
    registry.set("privacy.officer_mail", "privacy@example.org");
    let officer = registry.person("olga", &[Role::PrivacyOfficer]);
    let mut scoped = entry("ann", &[Role::RegistryManager]);
    scoped.all_facilities = false;
    scoped.facilities = vec![registry.facility("0000000101")];
    let own = Scope::Facilities(scoped.facilities.clone());
    let ann = registry.somebody(&scoped, Some(accession::accounts::TotpSecret::random()));
    let token = registry.sign_in(&ann);
    let who = registry.who(&token).unwrap();
    let by = registry.by(&who);
    assert_eq!(who.asker_for(May::SeePatients).unwrap().scope, own);
    assert!(matches!(break_glass(&registry.store, &by, &who, "because"), Err(AccountError::Said(_))));

    let (grant, mails) = break_glass(&registry.store, &by, &who, REASON).unwrap();
    let to: Vec<&str> = mails.iter().map(|m| m.to.as_str()).collect();
    assert_eq!(to, ["privacy@example.org", "olga@example.org"]);
    assert!(mails[0].text.contains(REASON) && mails[0].text.contains("ann"));
    let who = registry.who(&token).unwrap();
    assert_eq!(who.asker_for(May::SeePatients).unwrap().scope, Scope::Registry);
    assert_eq!(who.asker_for(May::EditTumorItems).unwrap().scope, own);
    assert_eq!(who.asker_for(May::ExportIdentified).unwrap().scope, own);
    assert!(break_glass(&registry.store, &by, &who, REASON).is_err());

    let marked = accession::registry::store::By { asker: who.asker_for(May::SeePatients).unwrap(), ..by.clone() };
    registry.store.audit(marked.line("view", registry.clock.now()).patient(7)).unwrap();
    let marks = registry.db.number(&format!("SELECT count(*) FROM audit WHERE break_glass = {grant}"));
    assert_eq!(marks, 2);

    // An hour with the page in use, to the second.
    let begun = registry.clock.now();
    for _ in 0..5 {
        registry.clock.advance(600);
        accession::accounts::store::session_seen(&registry.store, &registry.who(&token).unwrap()).unwrap();
    }
    registry.clock.advance(597 - (registry.clock.now() - begun).num_seconds() % 600);
    assert!(registry.who(&token).unwrap().break_glass.is_some());
    registry.clock.advance(6);
    let who = registry.who(&token).unwrap();
    assert_eq!((who.break_glass, who.asker_for(May::SeePatients).unwrap().scope), (None, own));

    let officer = registry.who(&registry.sign_in(&officer)).unwrap();
    let seen = grants(&mut registry.store.reading().unwrap(), &registry.by(&officer)).unwrap();
    assert_eq!((seen.len(), seen[0].patients, seen[0].reason.as_str()), (1, 1, REASON));
    judge_grant(&registry.store, &registry.by(&officer), grant, true, "The record was of that patient.").unwrap();
    assert!(judge_grant(&registry.store, &registry.by(&officer), grant, false, "No.").is_err());
    assert!(grants(&mut registry.store.reading().unwrap(), &registry.by(&who)).is_err());
});

on_both!(it_can_be_ended_early_and_nobody_judges_his_own, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Physician, Role::PrivacyOfficer]);
    let token = registry.sign_in(&ann);
    let who = registry.who(&token).unwrap();
    assert!(who.asker_for(May::SeePatients).is_err());
    let (grant, _) = break_glass(&registry.store, &registry.by(&who), &who, REASON).unwrap();
    assert!(registry.who(&token).unwrap().asker_for(May::SeePatients).is_ok());
    end_break_glass(&registry.store, &registry.by(&who), &who).unwrap();
    assert!(registry.who(&token).unwrap().asker_for(May::SeePatients).is_err());
    assert!(end_break_glass(&registry.store, &registry.by(&who), &who).is_err());
    let own = judge_grant(&registry.store, &registry.by(&who), grant, true, "I was right.").unwrap_err();
    assert!(own.to_string().contains("his own"), "{own}");
});

on_both!(roles_without_it_cannot_break_the_glass, |db| {
    let registry = Registry::new(db);
    for (login, role) in [("rita", Role::Researcher), ("stu", Role::Student), ("sam", Role::Submitter)] {
        let person = registry.person(login, &[role]);
        let who = registry.who(&registry.sign_in(&person)).unwrap();
        let refused = break_glass(&registry.store, &registry.by(&who), &who, REASON).unwrap_err();
        assert!(matches!(refused, AccountError::NotAllowed(_)), "{role:?}");
    }
    assert_eq!(registry.db.number("SELECT count(*) FROM break_glass"), 0);
});
