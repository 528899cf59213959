//! Changes
/// Why a change was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAmended {
    /// The version now stored.
    pub version: i64,
}
