//! Person matching: how names are folded and sounded so that a person is found again.

pub mod identity;
pub mod names;
