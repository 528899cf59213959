//! Patient search: misspelt names are found, nobody outside the scope is, and no list reads a whole table.

mod names;
mod plans;
mod population;
mod scope;
