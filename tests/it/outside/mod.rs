//! Files from outside that mean harm: refused in plain words, at once, in little memory, with nothing changed.

mod bombs;
