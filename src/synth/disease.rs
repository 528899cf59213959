//! The diseases: one file each under `reference/synth/diseases`, read when the generator starts.
//!
//! A file is lines of a keyword, then words, many of them `name=value`, then for some a text after `|`:
//!
//! ```text
//! disease breast
//! who male=0.3 female=32 age=62 sd=13 min=24 max=99
//! site C504 w=36 | upper outer quadrant of {side} breast
//! hist 8500/3 w=70 from=2001 | Infiltrating duct carcinoma, NOS
//! stage 1 w=30 ss=1 eod=100/070/00 t=1c n=0 m=0 g=1A size=11-20 pos=0 s5=.99 surg=.97
//! surgery w=55 st=0,1,2 codes=22/A220/B200 date=20-45 app=5 | lumpectomy
//! ssdi kras 2018-2025 if=nores : 9:70 0:20 1:10
//! text bx | Core needle biopsy, {side} breast ...
//! ```
//!
//! Distributions follow the general shape of published United States statistics; the figures are our own round ones.

use std::collections::HashMap;

use super::phrase::{BadPhrase, Phrase};
use super::record::Slot;
use super::rng::Rng;

/// Why a disease file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadDisease {
    /// A line that is not understood.
    #[error("{file} line {line}: {what}")]
    Line {
        /// The file.
        file: String,
        /// Line number.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A phrase that is not understood.
    #[error("{file} line {line}: {source}")]
    Phrase {
        /// The file.
        file: String,
        /// Line number.
        line: usize,
        /// What is wrong.
        source: BadPhrase,
    },
}

/// What the regional nodes of a disease are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nodes {
    /// Removed with the primary.
    #[default]
    Regional,
    /// Sentinel biopsy is usual.
    Sentinel,
    /// Seldom removed.
    Seldom,
    /// Not collected: 99 and scope 9.
    NotCollected,
}

/// One disease.
#[derive(Debug, Default)]
pub struct Disease {
    /// Name of its file.
    pub key: String,
    /// Weight among men and women.
    pub weight: [f32; 2],
    /// Mean, deviation, least and greatest age.
    pub age: (f64, f64, i32, i32),
    /// Schema id by first year.
    pub schemas: Vec<(i32, String)>,
    /// AJCC chapter by first year.
    pub ajcc: Vec<(i32, String)>,
    /// Cause of death when it kills.
    pub cause: String,
    /// Words used in the texts: organ, specimen and others.
    pub words: HashMap<String, Phrase>,
    /// The same words as written, for those that steer the generator.
    pub settings: HashMap<String, String>,
    /// How nodes are treated; least and most examined at a resection.
    pub nodes: Nodes,
    /// Least and most nodes examined.
    pub examined: (i32, i32),
    /// Switches: `heme`, `cns`, `nosize`, `nolvi`, `scope9`, `margins9`, `paired`, `nots`.
    pub flags: Vec<String>,
    /// Sites.
    pub sites: Vec<Site>,
    /// Running weights of the sites.
    pub site_totals: Vec<f32>,
    /// Histologies.
    pub hists: Vec<Hist>,
    /// Stages.
    pub stages: Vec<Stage>,
    /// Grades of invasive and of in situ tumors: code and running weight.
    pub grades: [Vec<(String, f32)>; 2],
    /// Distant sites with their probability: item letter (`bone` ...) and chance.
    pub mets: Vec<(String, f64)>,
    /// Operations.
    pub surgeries: Vec<Surgery>,
    /// Radiation, chemotherapy, hormones, immunotherapy.
    pub drugs: Vec<Course>,
    /// Items of the staging schema.
    pub ssdis: Vec<Ssdi>,
    /// Collaborative Stage codes.
    pub cs: Vec<Collaborative>,
    /// Site-specific factors 1-25: number, weighted values.
    pub factors: Vec<(usize, Weighted)>,
    /// Clinical diagnosis without tissue: chance, confirmation, histology.
    pub clinical: Option<(f64, String, String)>,
    /// Texts by section.
    pub texts: HashMap<String, Vec<Phrase>>,
}

/// Codes of Collaborative Stage that give a summary stage.
#[derive(Debug)]
pub struct Collaborative {
    /// Summary stage; `d` is distant without metastases.
    pub stage: char,
    /// Only these sites (empty = those that have none of their own).
    pub sites: Vec<String>,
    /// Extension, nodes, mets.
    pub codes: [String; 3],
}

/// Values with running weights.
#[derive(Debug, Default, Clone)]
pub struct Weighted {
    pub(super) values: Vec<Box<str>>,
    totals: Vec<f32>,
}

impl Weighted {
    pub(super) fn push(&mut self, value: &str, weight: f32) {
        self.values.push(value.into());
        self.totals.push(self.totals.last().copied().unwrap_or(0.0) + weight);
    }

    /// One of the values.
    pub fn draw(&self, rng: &mut Rng) -> &str {
        self.values.get(rng.weighted(&self.totals)).map_or("", |value| value)
    }
}

/// A topography code.
#[derive(Debug)]
pub struct Site {
    /// Code, as C504.
    pub code: String,
    /// Takes a side.
    pub paired: bool,
    /// Only this side (`1` or `2`), if any.
    pub only_side: Option<char>,
    /// Words of the site.
    pub title: Phrase,
}

/// A histology with behavior.
#[derive(Debug)]
pub struct Hist {
    /// Histology.
    pub code: String,
    /// Behavior.
    pub behavior: char,
    /// Weight.
    pub weight: f32,
    /// Years of diagnosis it is used in.
    pub years: (i32, i32),
    /// Only these stages (empty = all that fit the behavior).
    pub stages: Vec<String>,
    /// A grade that goes with it always.
    pub grade: Option<String>,
    /// The grade of it to 2017, where that is another.
    pub old_grade: Option<String>,
    /// Least and greatest age.
    pub ages: (i32, i32),
    /// Only these sites (empty = all).
    pub sites: Vec<String>,
    /// Words.
    pub title: String,
}

/// A stage at diagnosis with all that agrees with it.
#[derive(Debug)]
pub struct Stage {
    /// Short label, used by the filters of the other lines.
    pub label: String,
    /// Weight.
    pub weight: f32,
    /// Summary stage.
    pub ss: char,
    /// EOD primary tumor, nodes (clinical and pathological), mets.
    pub eod: [String; 4],
    /// T, N, M and group without their prefixes.
    pub tnm: [String; 4],
    /// Pathological N where it differs.
    pub path_n: String,
    /// Size in millimetres, least and greatest; 0 = none.
    pub size: (i32, i32),
    /// Positive nodes, least and greatest.
    pub positive: (i32, i32),
    /// Five-year survival from this disease.
    pub five_year: f64,
    /// Chance of a resection.
    pub resected: f64,
    /// Chance of therapy before the resection.
    pub neoadjuvant: f64,
    /// Only tumors of this behavior (`0`, `2`, `3`; `*` for all).
    pub behavior: char,
    /// Words for the staging text.
    pub words: String,
}

/// An operation on the primary.
#[derive(Debug)]
pub struct Surgery {
    /// Weight.
    pub weight: f32,
    /// Stages it is done for (empty = all).
    pub stages: Vec<String>,
    /// Only these sites (empty = all).
    pub sites: Vec<String>,
    /// Codes to 2022, of 2023, from 2024.
    pub codes: [String; 3],
    /// Code to 2009, where that was another.
    pub early: Option<String>,
    /// Days from diagnosis.
    pub days: (i32, i32),
    /// Approaches to draw from.
    pub approach: String,
    /// Nodes are removed with it.
    pub with_nodes: bool,
    /// Words.
    pub words: Phrase,
}

/// What kind of treatment a course is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Radiation.
    Radiation,
    /// Chemotherapy.
    Chemo,
    /// Hormone therapy.
    Hormone,
    /// Immunotherapy and other biological response modifiers.
    Brm,
    /// Transplant.
    Transplant,
    /// Other therapy.
    Other,
}

/// A course of treatment other than surgery.
#[derive(Debug)]
pub struct Course {
    /// What kind.
    pub kind: Kind,
    /// Stages it is given for (empty = all).
    pub stages: Vec<String>,
    /// Chance.
    pub chance: f64,
    /// Years of diagnosis.
    pub years: (i32, i32),
    /// Only after this operation-with-resection state: `res`, `nores` or empty.
    pub after: String,
    /// Only when the item has one of the values.
    pub when: Option<(Slot, Vec<String>)>,
    /// Code of the summary item.
    pub code: String,
    /// Volume, nodes, modality, technique, dose per fraction, fractions (radiation).
    pub plan: Vec<String>,
    /// Words, several alternatives.
    pub words: Phrase,
}

/// A line of an item of the staging schema.
#[derive(Debug)]
pub struct Ssdi {
    /// The items that are drawn together.
    pub items: Vec<Slot>,
    /// Years of diagnosis.
    pub years: (i32, i32),
    /// Conditions, all of which must hold.
    pub conditions: Vec<String>,
    /// Values: one part for each item.
    pub values: Weighted,
}

impl Disease {
    /// True when the switch is set.
    pub fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|one| one == flag)
    }

    /// A word that steers the generator, empty when there is none.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// The Collaborative Stage codes of a site for a summary stage.
    pub fn collaborative(&self, site: &str, stage: char) -> Vec<&[String; 3]> {
        let own = self.cs.iter().any(|line| line.sites.iter().any(|one| one == site));
        let fits = |line: &&Collaborative| {
            line.stage == stage && if own { line.sites.iter().any(|one| one == site) } else { line.sites.is_empty() }
        };
        self.cs.iter().filter(fits).map(|line| &line.codes).collect()
    }

    /// The value of a list by first year that holds in this year.
    pub fn by_year(list: &[(i32, String)], year: i32) -> &str {
        list.iter().rev().find(|(from, _)| *from <= year).map_or("", |(_, value)| value)
    }
}
