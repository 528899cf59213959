//! The editions that are compiled in, and which algorithm stages a case of which year.

use std::sync::OnceLock;

use super::compile::Keep;
use super::edition::Edition;

/// An algorithm by its everyday name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// Extent of Disease, Summary Stage 2018, grade and site-specific items: 2018 and later.
    Eod,
    /// TNM 7th edition: 2016 and 2017.
    Tnm,
    /// Collaborative Stage: 2004 to 2015.
    Cs,
    /// Pediatric and Toronto stage, beside EOD.
    Pediatric,
}

/// What is compiled in of one algorithm.
#[derive(Debug, Clone, Copy)]
pub struct Shipped {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The official archive it is made of, in the folder of official files.
    pub archive: &'static str,
    /// The file of compact tables, in `reference/staging/`.
    pub file: &'static str,
    /// How much of the archive's words it keeps.
    pub keep: Keep,
    /// The last year of diagnosis it was made for.
    pub made_for: u16,
}

/// The four algorithms that are compiled in. Of TNM and CS no names of codes are kept: their words have their
/// origin with AJCC, whose rights were not granted.
pub const SHIPPED: [Shipped; 4] = [
    Shipped {
        algorithm: Algorithm::Eod,
        archive: "staging/algorithms/eod_public-3.3.zip",
        file: "eod_public-3.3.bin",
        keep: Keep::Names,
        made_for: 2026,
    },
    Shipped {
        algorithm: Algorithm::Tnm,
        archive: "staging/algorithms/tnm-2.1.zip",
        file: "tnm-2.1.bin",
        keep: Keep::Codes,
        made_for: 2017,
    },
    Shipped {
        algorithm: Algorithm::Cs,
        archive: "staging/algorithms/cs-02.05.50.zip",
        file: "cs-02.05.50.bin",
        keep: Keep::Codes,
        made_for: 2015,
    },
    Shipped {
        algorithm: Algorithm::Pediatric,
        archive: "staging/algorithms/pediatric-1.3.zip",
        file: "pediatric-1.3.bin",
        keep: Keep::Names,
        made_for: 2026,
    },
];

impl Algorithm {
    /// All four.
    pub const ALL: [Algorithm; 4] = [Algorithm::Eod, Algorithm::Tnm, Algorithm::Cs, Algorithm::Pediatric];

    /// The last year of diagnosis its compiled-in edition was made for.
    pub fn made_for(self) -> u16 {
        SHIPPED.iter().find(|shipped| shipped.algorithm == self).map_or(u16::MAX, |shipped| shipped.made_for)
    }

    /// Its everyday name, as commands take it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Eod => "eod",
            Algorithm::Tnm => "tnm",
            Algorithm::Cs => "cs",
            Algorithm::Pediatric => "pediatric",
        }
    }

    /// The id its archives carry.
    pub fn id(self) -> &'static str {
        match self {
            Algorithm::Eod => "eod_public",
            other => other.name(),
        }
    }

    /// The algorithm of that everyday name or archive id.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name || algorithm.id() == name)
    }

    /// The algorithms that stage a case of a diagnosis year, in the order they run; none before 2004.
    /// Pediatric comes after EOD because it reads EOD's derived grade.
    pub fn of_year(year: u16) -> &'static [Algorithm] {
        match year {
            2018.. => &[Algorithm::Eod, Algorithm::Pediatric],
            2016..=2017 => &[Algorithm::Tnm],
            2004..=2015 => &[Algorithm::Cs],
            _ => &[],
        }
    }

    /// The compiled-in edition, opened when first asked for.
    pub fn shipped(self) -> &'static Edition {
        static OPENED: [OnceLock<Edition>; 4] = [const { OnceLock::new() }; 4];
        let (place, bytes): (usize, &[u8]) = match self {
            Algorithm::Eod => (0, include_bytes!("../../reference/staging/eod_public-3.3.bin")),
            Algorithm::Tnm => (1, include_bytes!("../../reference/staging/tnm-2.1.bin")),
            Algorithm::Cs => (2, include_bytes!("../../reference/staging/cs-02.05.50.bin")),
            Algorithm::Pediatric => (3, include_bytes!("../../reference/staging/pediatric-1.3.bin")),
        };
        OPENED[place].get_or_init(|| Edition::from_compiled(bytes).expect("the compiled-in tables are whole"))
    }
}
