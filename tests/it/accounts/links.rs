//! Test 23: links to a password.

use super::{PASSWORD, Registry, entry, fresh_address, stands_nowhere};
use accession::accounts::store::{add_user, disable_user, link_of, mail_reset_link, reset_user, set_password_by_link};
use accession::accounts::{AccountError, Stage, Token};
use accession::asker::Role;
use accession::registry::store::By;

const NEW: &str = "brittle lantern copper veil";

fn token_in(text: &str) -> Token {
    let (_, rest) = text.split_once("/password/").unwrap();
    Token::read(rest.lines().next().unwrap()).unwrap()
}

fn reset_token(registry: &Registry<'_>, login: &str) -> Option<Token> {
    let public = "https://registry.example.org";
    let (limit, from) = (&registry.limit, fresh_address());
    let mail = mail_reset_link(&registry.store, limit, login, public, from, "POST /password").unwrap()?;
    assert!(mail.text.contains("https://registry.example.org/password/"));
    Some(token_in(&mail.text))
}

on_both!(reset_link_works_once_within_twenty_minutes_and_ends_all_sessions, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let open = registry.sign_in(&ann);
    let token = reset_token(&registry, "ANN@example.org").unwrap();
    stands_nowhere(&registry, token.text());
    registry.clock.advance(20 * 60 - 2);
    let link = link_of(&registry.store, &token).unwrap().unwrap();
    assert!(link.asks_code && link.login == "ann" && link.shortest == 12 && !link.first);
    let set = |code: &str| set_password_by_link(&registry.store, &token, NEW, code, "10.0.0.1", "test");
    assert!(matches!(set(""), Err(AccountError::CodeWrong)));
    let session = set(&registry.code(&ann)).unwrap();
    assert_eq!(session.stage, Stage::Full);
    assert!(registry.who(&open).is_none() && registry.who(&session.token).is_some());
    assert!(matches!(set(&registry.next_code(&ann)), Err(AccountError::LinkSpent)));
    assert!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)).is_err());

    let late = reset_token(&registry, "ann").unwrap();
    registry.clock.advance(20 * 60);
    assert!(link_of(&registry.store, &late).unwrap().is_none());
    let refused = set_password_by_link(&registry.store, &late, NEW, &registry.code(&ann), "10.0.0.1", "test");
    assert!(matches!(refused, Err(AccountError::LinkSpent)));
});

on_both!(reset_with_the_second_factor_opens_a_login_that_a_hundred_tries_shut, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    registry.try_sign_in("ann", "wrong password it is", "").unwrap_err();
    db.tamper("UPDATE sign_in_failure SET in_a_row = 100");
    assert!(matches!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)), Err(AccountError::Shut)));
    let token = reset_token(&registry, "ann").unwrap();
    set_password_by_link(&registry.store, &token, NEW, &registry.code(&ann), "10.0.0.1", "test").unwrap();
    assert!(registry.try_sign_in("ann", NEW, &registry.next_code(&ann)).is_ok());
});

on_both!(five_wrong_codes_spend_a_reset_link, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let token = reset_token(&registry, "ann").unwrap();
    let set = |code: &str| set_password_by_link(&registry.store, &token, NEW, code, "10.0.0.1", "test");
    for _ in 0..4 {
        assert!(matches!(set("000000"), Err(AccountError::CodeWrong)));
    }
    assert!(matches!(set("000000"), Err(AccountError::LinkSpent)));
    assert!(matches!(set(&registry.code(&ann)), Err(AccountError::LinkSpent)));
});

on_both!(nobody_learns_who_has_an_account, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let mut without_mail = entry("bob", &[Role::Researcher]);
    without_mail.mail = String::new();
    registry.somebody(&without_mail, None);
    // No mail and no error: the page says the same for all of them.
    assert!(reset_token(&registry, "eve@example.org").is_none());
    assert!(reset_token(&registry, "").is_none());
    assert!(reset_token(&registry, "bob").is_none());
    disable_user(&registry.store, &By::system("test"), ann.id, "left").unwrap();
    assert!(reset_token(&registry, "ann").is_none());
});

on_both!(nobody_can_flood_a_mailbox, |db| {
    let registry = Registry::new(db);
    registry.person("ann", &[Role::Abstractor]);
    let sent = (0..10).filter(|_| reset_token(&registry, "ann").is_some()).count();
    assert_eq!(sent, 3);
});

on_both!(invitation_sets_the_first_password_and_leads_to_the_second_factor, |db| {
    let registry = Registry::new(db);
    let invited = add_user(&registry.store, &By::system("test"), &entry("ann", &[Role::Abstractor])).unwrap();
    assert!(registry.try_sign_in("ann", "", "").is_err());
    registry.clock.advance(71 * 3_600);
    let link = link_of(&registry.store, &invited.token).unwrap().unwrap();
    assert!(link.first && !link.asks_code && link.shortest == 12);
    let weak = set_password_by_link(&registry.store, &invited.token, "ann ann ann ann", "", "10.0.0.1", "test");
    assert!(matches!(weak, Err(AccountError::Password(_))));
    let session = set_password_by_link(&registry.store, &invited.token, NEW, "", "10.0.0.1", "test").unwrap();
    assert_eq!(session.stage, Stage::Enrol);
    let again = set_password_by_link(&registry.store, &invited.token, NEW, "", "10.0.0.1", "test");
    assert!(matches!(again, Err(AccountError::LinkSpent)));
});

on_both!(reset_by_an_administrator_takes_everything_away, |db| {
    let registry = Registry::new(db);
    let ann = registry.person("ann", &[Role::Abstractor]);
    let open = registry.sign_in(&ann);
    let mailed = reset_token(&registry, "ann").unwrap();
    let invited = reset_user(&registry.store, &By::system("test"), ann.id).unwrap();
    assert!(registry.who(&open).is_none());
    assert!(registry.try_sign_in("ann", PASSWORD, &registry.next_code(&ann)).is_err());
    assert!(link_of(&registry.store, &mailed).unwrap().is_none());
    let session = set_password_by_link(&registry.store, &invited.token, NEW, "", "10.0.0.1", "test").unwrap();
    assert_eq!(session.stage, Stage::Enrol);
});
