//! Test 22: the second factor.

use super::{PASSWORD, Registry, entry, stands_nowhere};
use accession::accounts::store::{
    begin_second_factor, confirm_second_factor, give_password_again, new_recovery_codes, remove_second_factor,
    second_step,
};
use accession::accounts::{AccountError, Stage, TotpSecret};
use accession::asker::Role;

on_both!(each_code_signs_in_once, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let code = registry.code(&ann);
    assert!(registry.try_sign_in("ann", PASSWORD, &code).is_ok());
    assert!(matches!(registry.try_sign_in("ann", PASSWORD, &code), Err(AccountError::Wrong)));
    assert!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)).is_ok());
});

on_both!(code_of_the_step_before_and_after_is_taken_and_older_ones_are_not, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let secret = ann.totp.as_ref().unwrap();
    let at = |steps: i64| secret.code_at(registry.clock.now().timestamp() + steps * 30);
    assert!(registry.try_sign_in("ann", PASSWORD, &at(-2)).is_err());
    assert!(registry.try_sign_in("ann", PASSWORD, &at(2)).is_err());
    assert!(registry.try_sign_in("ann", PASSWORD, &at(-1)).is_ok());
    assert!(registry.try_sign_in("ann", PASSWORD, &at(1)).is_ok());
    assert!(registry.try_sign_in("ann", PASSWORD, &at(0)).is_err());
});

on_both!(second_step_takes_the_code_and_makes_a_new_session, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let half = registry.try_sign_in("ann", PASSWORD, "").unwrap();
    assert_eq!(half.stage, Stage::Code);
    assert_eq!(registry.who(&half.token).unwrap().stage, Stage::Code);
    let full = second_step(&registry.store, &half.token, &registry.code(&ann), "10.0.0.1", "test").unwrap();
    assert_eq!(full.stage, Stage::Full);
    assert!(registry.who(&half.token).is_none());
    assert_eq!(registry.who(&full.token).unwrap().stage, Stage::Full);
});

on_both!(five_wrong_codes_end_the_second_step, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let half = registry.try_sign_in("ann", PASSWORD, "").unwrap().token;
    for _ in 0..4 {
        let wrong = second_step(&registry.store, &half, "000000", "10.0.0.1", "test").unwrap_err();
        assert!(matches!(wrong, AccountError::CodeWrong), "{wrong:?}");
    }
    assert!(matches!(second_step(&registry.store, &half, "000000", "10.0.0.1", "test"), Err(AccountError::BeginAgain)));
    let over = second_step(&registry.store, &half, &registry.code(&ann), "10.0.0.1", "test").unwrap_err();
    assert!(matches!(over, AccountError::SessionOver));
    // Wrong codes count like wrong passwords, and a right password alone does not set the count back.
    assert!(matches!(registry.try_sign_in("ann", PASSWORD, ""), Err(AccountError::Wait { .. })));
    registry.clock.advance(2);
    let half = registry.try_sign_in("ann", PASSWORD, "").unwrap().token;
    assert!(second_step(&registry.store, &half, "000000", "10.0.0.1", "test").is_err());
    assert!(matches!(registry.try_sign_in("ann", PASSWORD, ""), Err(AccountError::Wait { .. })));
});

on_both!(role_that_sees_names_sets_its_second_factor_up_before_anything_else, |db| {
    let registry = Registry::new(db);
    let ann = registry.somebody(&entry("ann", &[Role::Abstractor]), None);
    let first = registry.try_sign_in("ann", PASSWORD, "").unwrap();
    assert_eq!(first.stage, Stage::Enrol);
    let who = registry.who(&first.token).unwrap();
    let shown = begin_second_factor(&registry.store, &who).unwrap();
    assert_eq!(begin_second_factor(&registry.store, &who).unwrap().secret, shown.secret);
    assert!(shown.picture.starts_with("<svg") && shown.uri.contains(&shown.secret));
    let secret = TotpSecret::of_base32(&shown.secret).unwrap();
    let by = registry.by(&who);
    assert!(matches!(confirm_second_factor(&registry.store, &by, &who, "000000"), Err(AccountError::CodeWrong)));
    let code = secret.code_at(registry.clock.now().timestamp());
    let (session, codes) = confirm_second_factor(&registry.store, &by, &who, &code).unwrap();
    assert_eq!((session.stage, codes.len()), (Stage::Full, 10));
    assert!(registry.who(&first.token).is_none());
    // The code that proved the set-up is used up; the next one signs in.
    assert!(registry.try_sign_in("ann", PASSWORD, &code).is_err());
    registry.clock.advance(30);
    assert!(registry.try_sign_in("ann", PASSWORD, &secret.code_at(registry.clock.now().timestamp())).is_ok());
    assert_eq!(ann.id, who.user);
});

on_both!(setting_with_a_reason_lets_roles_that_see_names_do_without, |db| {
    let registry = Registry::new(db);
    registry.somebody(&entry("ann", &[Role::Abstractor]), None);
    let no_reason = registry.store.write(|tx| {
        let by = accession::registry::store::By::system("test");
        accession::registry::store::settings::set(tx, &by, "sign_in.second_factor", "no", "")
    });
    assert!(no_reason.is_err());
    registry.set("sign_in.second_factor", "no");
    assert_eq!(registry.try_sign_in("ann", PASSWORD, "").unwrap().stage, Stage::Full);
});

on_both!(researcher_signs_in_with_the_password_alone, |db| {
    let registry = Registry::new(db);
    registry.researcher("rita");
    assert_eq!(registry.try_sign_in("rita", PASSWORD, "").unwrap().stage, Stage::Full);
});

on_both!(recovery_code_signs_in_once, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let who = registry.who(&registry.sign_in(&ann)).unwrap();
    let codes = new_recovery_codes(&registry.store, &registry.by(&who), &who).unwrap();
    let code = codes[3].to_string();
    assert_eq!(registry.try_sign_in("ann", PASSWORD, &code.to_lowercase()).unwrap().stage, Stage::Full);
    assert!(registry.try_sign_in("ann", PASSWORD, &code).is_err());
    assert_eq!(registry.audited("ann sign-in done recovery code, 9 left"), 1);
    stands_nowhere(&registry, &code.replace('-', ""));
    // New ones end the old.
    let who = registry.who(&registry.sign_in(&ann)).unwrap();
    new_recovery_codes(&registry.store, &registry.by(&who), &who).unwrap();
    assert!(registry.try_sign_in("ann", PASSWORD, &codes[4].to_string()).is_err());
});

on_both!(replacing_or_removing_it_needs_the_password_given_lately, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let token = registry.sign_in(&ann);
    registry.clock.advance(600);
    let who = registry.who(&token).unwrap();
    let by = registry.by(&who);
    assert!(matches!(begin_second_factor(&registry.store, &who), Err(AccountError::PasswordAgain)));
    assert!(matches!(give_password_again(&registry.store, &by, &who, "not it"), Err(AccountError::Wrong)));
    give_password_again(&registry.store, &by, &who, PASSWORD).unwrap();
    let who = registry.who(&token).unwrap();
    assert!(begin_second_factor(&registry.store, &who).is_ok());
    let kept = remove_second_factor(&registry.store, &by, &who).unwrap_err();
    assert!(kept.to_string().contains("required"), "{kept}");
});
