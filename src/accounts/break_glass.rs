//! Emergency access (45 CFR 164.312(a)(2)(ii)): for an hour a person may open patients outside his reach.
//!
//! He says why, in at least twenty characters. It begins at once, nobody has to be waited for; it opens reading only;
//! every audit line of that hour carries its number; the privacy officer has a mail of it and gives a verdict later.

use super::AccountError;

/// Minutes a grant lasts.
pub const BREAK_GLASS_MINUTES: i64 = 60;
/// Fewest characters of the reason.
pub const SHORTEST_REASON: usize = 20;
const LONGEST_REASON: usize = 1_000;

/// A reason that is long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassReason(String);

impl BreakGlassReason {
    /// Takes a reason.
    ///
    /// # Errors
    /// A sentence when it is shorter than twenty characters, not counting blanks in a row, or one character repeated.
    pub fn of(typed: &str) -> Result<BreakGlassReason, AccountError> {
        let words: String = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut kinds: Vec<char> = words.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        let length = words.chars().count();
        if length < SHORTEST_REASON || kinds.len() < 5 {
            return Err(AccountError::Said(format!(
                "Say in at least {SHORTEST_REASON} characters why this cannot wait."
            )));
        }
        if length > LONGEST_REASON {
            return Err(AccountError::Said(format!("At most {LONGEST_REASON} characters, please.")));
        }
        Ok(BreakGlassReason(words))
    }

    /// The reason.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reason_has_at_least_twenty_characters() {
        assert!(BreakGlassReason::of("nineteen characters").is_err());
        assert!(BreakGlassReason::of("twenty characters ok").is_ok());
        assert!(BreakGlassReason::of("a   b                   c").is_err());
        assert!(BreakGlassReason::of("xxxxxxxxxxxxxxxxxxxxxxxxx").is_err());
        assert!(BreakGlassReason::of(&"why ever not? ".repeat(200)).is_err());
    }
}
