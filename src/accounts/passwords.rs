//! Passwords: which are taken, and how they are kept.
//!
//! Rules of NIST SP 800-63B-4, section 3.1.1.2: length, a blocklist, every character of Unicode, nothing about kinds of
//! characters and no ageing. A password is brought to NFKC before it is counted, hashed or compared, so that it is
//! the same on every keyboard. Kept as argon2id with 19 MiB, two passes, one lane; at most two hashings run at a
//! time, so that sign-ins cannot starve the machine.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::blocklist::Blocklist;

/// Fewest characters when a second factor is asked.
pub const SHORTEST_WITH_SECOND_FACTOR: usize = 12;
/// Fewest characters when the password stands alone.
pub const SHORTEST_ALONE: usize = 15;
/// Most characters.
pub const LONGEST_PASSWORD: usize = 256;

/// Whether the person signs in with a second factor as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// One-time codes are asked too.
    Asked,
    /// The password stands alone.
    Not,
}

/// Words that this person's password must not be made of.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Login, own name, mail address, name of the registry.
    pub words: Vec<String>,
}

/// Why a password was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Too short.
    #[error("This password has {has} characters. Take at least {needs}; a few words in a row are fine.")]
    TooShort {
        /// How many it has.
        has: usize,
        /// How many it needs.
        needs: usize,
    },
    /// Too long.
    #[error("A password has at most 256 characters.")]
    TooLong,
    /// On the list, or made of a word on it.
    #[error(
        "This password is among the first that are guessed: a common word or password, the registry's name or yours, \
         also with digits behind it. Take another, for instance four words that do not belong together."
    )]
    Guessed,
    /// Holds a control character.
    #[error("A password cannot hold line ends or control characters.")]
    ControlCharacter,
}

/// A password that keeps the rules, normalised; not yet hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// Takes a password if it keeps the rules.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn of(typed: &str, second: SecondFactor, known: &Known) -> Result<NewPassword, PasswordRefused> {
        if typed.len() > LONGEST_PASSWORD * 16 {
            return Err(PasswordRefused::TooLong);
        }
        let password: String = typed.nfkc().collect();
        let has = password.chars().count();
        let needs = match second {
            SecondFactor::Asked => SHORTEST_WITH_SECOND_FACTOR,
            SecondFactor::Not => SHORTEST_ALONE,
        };
        if password.chars().any(char::is_control) {
            return Err(PasswordRefused::ControlCharacter);
        }
        if has < needs {
            return Err(PasswordRefused::TooShort { has, needs });
        }
        if has > LONGEST_PASSWORD {
            return Err(PasswordRefused::TooLong);
        }
        if Blocklist::compiled_in().refuses(&password, &known.words) {
            return Err(PasswordRefused::Guessed);
        }
        Ok(NewPassword(password))
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// A password as it is kept: a PHC string with salt and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// Hashes a new password with a fresh salt.
pub fn hash_password(password: &NewPassword) -> PasswordHash {
    hash_text(&password.0)
}

fn hash_text(password: &str) -> PasswordHash {
    let _turn = Turn::take();
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).expect("the operating system gives random numbers");
    let hash: phc::PasswordHash = argon2()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("a salt of 16 bytes and fixed costs are accepted");
    PasswordHash(hash.to_string())
}

/// Whether this is the password of that hash. Without a hash (unknown login) it takes the same time and says no.
pub fn password_matches(typed: &str, kept: Option<&PasswordHash>) -> bool {
    static NOBODY: LazyLock<PasswordHash> = LazyLock::new(|| hash_text("nobody has this password"));
    let nobody = LazyLock::force(&NOBODY);
    let hash = kept.unwrap_or(nobody);
    // A text beyond the limit is cut: it can't be a password, and hashing megabytes would cost time.
    let password: String = typed.chars().take(LONGEST_PASSWORD * 4).nfkc().collect();
    let _turn = Turn::take();
    let same = phc::PasswordHash::new(&hash.0)
        .is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok());
    same && kept.is_some()
}

fn argon2() -> Argon2<'static> {
    const PARAMS: Params = match Params::new(19 * 1024, 2, 1, None) {
        Ok(params) => params,
        Err(_) => Params::DEFAULT,
    };
    Argon2::new(Algorithm::Argon2id, Version::V0x13, PARAMS)
}

/// One of the two places in which a password may be hashed at a time.
struct Turn;

static BUSY: Mutex<usize> = Mutex::new(0);
static FREE: Condvar = Condvar::new();
const AT_A_TIME: usize = 2;

impl Turn {
    fn take() -> Turn {
        let mut busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
        while *busy >= AT_A_TIME {
            busy = FREE.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
        *busy += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *BUSY.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREE.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn alone(password: &str) -> Result<NewPassword, PasswordRefused> {
        NewPassword::of(password, SecondFactor::Not, &Known::default())
    }

    #[test]
    fn fifteen_characters_alone_and_twelve_with_a_second_factor() {
        assert_eq!(alone("kT9vq2Lm8ZxwRf"), Err(PasswordRefused::TooShort { has: 14, needs: 15 }));
        assert!(alone("kT9vq2Lm8ZxwRfb").is_ok());
        let with = |p: &str| NewPassword::of(p, SecondFactor::Asked, &Known::default());
        assert_eq!(with("kT9vq2Lm8Zx"), Err(PasswordRefused::TooShort { has: 11, needs: 12 }));
        assert!(with("kT9vq2Lm8Zxw").is_ok());
    }

    #[test]
    fn two_hundred_fifty_six_characters_are_taken_and_one_more_is_not() {
        let long: String = (0..256).map(|n| char::from(b'a' + u8::try_from((n * n + n / 7) % 26).unwrap())).collect();
        assert!(alone(&long).is_ok());
        assert_eq!(alone(&format!("{long}x")), Err(PasswordRefused::TooLong));
        assert_eq!(alone(&"x y".repeat(1_000_000)), Err(PasswordRefused::TooLong));
    }

    #[test]
    fn no_kinds_of_characters_are_asked_and_all_of_unicode_is_taken() {
        assert!(alone("nothing but lower letters").is_ok());
        assert!(alone("七つの海を越えて行く船の古い羅針盤").is_ok());
        assert_eq!(alone("a line\nand another"), Err(PasswordRefused::ControlCharacter));
    }

    #[test]
    fn same_password_on_another_keyboard_matches() {
        let composed = NewPassword::of("Grüße aus Ölmühle", SecondFactor::Not, &Known::default()).unwrap();
        let hash = hash_password(&composed);
        assert!(password_matches("Gru\u{308}ße aus O\u{308}lmu\u{308}hle", Some(&hash)));
        assert!(!password_matches("Grusse aus Olmuhle", Some(&hash)));
    }

    #[test]
    fn hash_is_argon2id_with_19_mib_two_passes_one_lane_and_a_salt_of_its_own() {
        let password = alone("plum ferry tangent orbit").unwrap();
        let (one, two) = (hash_password(&password), hash_password(&password));
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert_ne!(one, two);
    }

    #[test]
    fn unknown_login_never_matches_even_with_the_stand_in_password() {
        assert!(!password_matches("nobody has this password", None));
        assert!(!password_matches("", Some(&PasswordHash("not a hash".into()))));
    }

    #[test]
    fn at_most_two_hashings_run_at_a_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        std::thread::scope(|s| {
            for _ in 0..16 {
                s.spawn(|| {
                    let _turn = Turn::take();
                    MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    NOW.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!(MOST.load(Ordering::SeqCst) <= AT_A_TIME);
    }
}
