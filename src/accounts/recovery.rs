//! Recovery codes: for the day the device is lost. Ten of them, 80 random bits each, each used once.
//!
//! They are shown once, when the second factor is set up; kept only as SHA-256. With 80 random bits a slow hash would
//! add nothing.

use sha2::{Digest, Sha256};

use super::totp::base32;

/// How many are given out at a time.
pub const RECOVERY_CODES: usize = 10;

/// A recovery code as the person sees it: `ABCD-EFGH-IJKL-MNOP`.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new one.
    pub fn random() -> RecoveryCode {
        let mut bytes = [0u8; 10];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        RecoveryCode(base32(&bytes))
    }

    /// Reads one as typed; blanks, hyphens and case do not matter.
    pub fn typed(text: &str) -> Option<RecoveryCode> {
        let letters: String =
            text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        let fits = letters.len() == 16 && letters.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
        fits.then_some(RecoveryCode(letters))
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl std::fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, c) in self.0.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn code_is_read_back_as_a_person_types_it() {
        let code = RecoveryCode::random();
        let shown = code.to_string();
        assert_eq!(shown.len(), 19);
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), shown.replace('-', "")] {
            assert_eq!(RecoveryCode::typed(&typed).unwrap().hash(), code.hash());
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        for typed in ["", "123456", "ABCD-EFGH-IJKL-MNO1", "ABCD-EFGH-IJKL-MNOPQ", "ÄBCDEFGHIJKLMNO"] {
            assert!(RecoveryCode::typed(typed).is_none(), "{typed}");
        }
    }
}
