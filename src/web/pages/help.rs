//! Help: all keys, and every page one may open.

use serde::Serialize;

use crate::registry::store::settings::setting;
use crate::web::frame::{Link, Sheet, pages_for};
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Help {
    groups: &'static [Group],
    pages: Vec<Link>,
    program: &'static str,
    /// Where the source of this server is offered.
    source: String,
}

#[derive(Serialize)]
struct Group {
    place: &'static str,
    keys: &'static [Key],
}

#[derive(Serialize)]
struct Key {
    keys: &'static [&'static str],
    does: &'static str,
}

const fn k(keys: &'static [&'static str], does: &'static str) -> Key {
    Key { keys, does }
}

const GROUPS: &[Group] = &[
    Group {
        place: "Everywhere",
        keys: &[
            k(&["F2"], "Go to a patient, an item, a page"),
            k(&["Ctrl Enter"], "Press the page's filled button"),
            k(&["Shift F1"], "About this page; in an item, about the item"),
            k(&["Escape"], "Close a list or dialog; never leaves a page"),
        ],
    },
    Group {
        place: "In an item",
        keys: &[
            k(&["Enter", "Shift Enter"], "Next, previous code box"),
            k(&["F4", "Alt ↓"], "Codes; on a derived item, how it was derived"),
            k(&["letters"], "Search the codes by words where the item holds digits"),
            k(&["Ctrl '"], "Repeat the value of the previous tumor or abstract"),
            k(&["Ctrl ;"], "Today; in a date also + and - move by a day"),
            k(&["F8", "Shift F8"], "Next, previous message"),
            k(&["Ctrl ."], "Why the message's edit fails, values that let it pass, over-ride"),
            k(&["Alt PgDn", "Alt PgUp"], "Next, previous section"),
            k(&["Shift F4"], "The life of this item: values, who, when, why"),
            k(&["Shift F2"], "To the words in the source pane, and back"),
        ],
    },
    Group {
        place: "In a list, while a row has focus",
        keys: &[
            k(&["↑", "↓", "Home", "End", "PgUp", "PgDn"], "Move"),
            k(&["Space", "Shift ↑", "Shift ↓"], "Choose, choose more"),
            k(&["Enter"], "Open"),
            k(&["letters"], "Press the button that carries the letter"),
        ],
    },
    Group {
        place: "In a dialog or form",
        keys: &[k(&["Tab", "Space", "Enter"], "As everywhere; arrows move in a group of choices")],
    },
];

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let pages = ask.who().map(pages_for).unwrap_or_default();
    let source = setting(&mut *ask.reading()?, "program.source")?;
    let data = Help { groups: GROUPS, pages, program: env!("CARGO_PKG_VERSION"), source };
    ask.page("pages/help", &Sheet::of("Help", "/help"), &data)
}
