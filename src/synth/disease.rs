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

use include_dir::{Dir, include_dir};

use super::narrative::FACTS;
use super::phrase::{BadPhrase, Phrase};
use super::record::{Slot, slot};
use super::rng::Rng;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/reference/synth/diseases");

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
    /// Collaborative Stage codes by summary stage: extension, nodes, mets.
    pub cs: HashMap<char, Vec<[String; 3]>>,
    /// Site-specific factors 1-25: number, weighted values.
    pub factors: Vec<(usize, Weighted)>,
    /// Clinical diagnosis without tissue: chance, confirmation, histology.
    pub clinical: Option<(f64, String, String)>,
    /// Texts by section.
    pub texts: HashMap<String, Vec<Phrase>>,
}

/// Values with running weights.
#[derive(Debug, Default, Clone)]
pub struct Weighted {
    values: Vec<Box<str>>,
    totals: Vec<f32>,
}

impl Weighted {
    fn push(&mut self, value: &str, weight: f32) {
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

    /// The value of a list by first year that holds in this year.
    pub fn by_year(list: &[(i32, String)], year: i32) -> &str {
        list.iter().rev().find(|(from, _)| *from <= year).map_or("", |(_, value)| value)
    }
}

/// All diseases, in the order of their file names.
pub fn all() -> Result<Vec<Disease>, BadDisease> {
    let mut files: Vec<_> = FILES.files().collect();
    files.sort_by_key(|file| file.path());
    files.into_iter().map(|file| parse(&file.path().to_string_lossy(), file.contents_utf8().unwrap_or(""))).collect()
}

/// One line taken apart.
struct Line<'t> {
    file: &'t str,
    number: usize,
    words: Vec<&'t str>,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn error(&self, what: impl Into<String>) -> BadDisease {
        BadDisease::Line { file: self.file.to_owned(), line: self.number, what: what.into() }
    }

    fn word(&self, index: usize) -> Result<&'t str, BadDisease> {
        self.words.get(index).copied().ok_or_else(|| self.error(format!("word {index} is missing")))
    }

    fn find(&self, name: &str) -> Option<&'t str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn text_of(&self, name: &str) -> String {
        self.find(name).unwrap_or("").to_owned()
    }

    fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, BadDisease> {
        match self.find(name) {
            None => Ok(default),
            Some(value) => value.parse().map_err(|_| self.error(format!("{name}={value} is not a number"))),
        }
    }

    fn range(&self, name: &str, default: (i32, i32)) -> Result<(i32, i32), BadDisease> {
        let Some(value) = self.find(name) else { return Ok(default) };
        let (low, high) = value.split_once('-').unwrap_or((value, value));
        match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) => Ok((low, high)),
            _ => Err(self.error(format!("{name}={value} is not a range"))),
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.find(name).map(|value| value.split(',').map(str::to_owned).collect()).unwrap_or_default()
    }

    fn phrase(&self) -> Result<Phrase, BadDisease> {
        Phrase::parse(self.text, FACTS).map_err(|source| BadDisease::Phrase {
            file: self.file.to_owned(),
            line: self.number,
            source,
        })
    }

    fn slot(&self, id: &str) -> Result<Slot, BadDisease> {
        slot(id).ok_or_else(|| self.error(format!("no item {id}")))
    }

    fn weighted(&self, words: &[&str]) -> Result<Weighted, BadDisease> {
        let mut all = Weighted::default();
        for word in words {
            let (value, weight) = word.rsplit_once(':').unwrap_or((word, "1"));
            all.push(value, weight.parse().map_err(|_| self.error(format!("{word} has no weight")))?);
        }
        Ok(all)
    }
}

fn parse(file: &str, text: &str) -> Result<Disease, BadDisease> {
    let mut disease = Disease { age: (65.0, 12.0, 20, 99), examined: (8, 22), ..Disease::default() };
    for (index, raw) in text.lines().enumerate() {
        if raw.trim().is_empty() || raw.starts_with('#') {
            continue;
        }
        let (head, tail) = raw.split_once(" | ").unwrap_or((raw, ""));
        let line = Line { file, number: index + 1, words: head.split_whitespace().collect(), text: tail.trim() };
        read(&mut disease, &line)?;
    }
    Ok(disease)
}

fn read(disease: &mut Disease, line: &Line<'_>) -> Result<(), BadDisease> {
    match line.word(0)? {
        "disease" => disease.key = line.word(1)?.to_owned(),
        "who" => {
            disease.weight = [line.number("male", 0.0)?, line.number("female", 0.0)?];
            disease.age =
                (line.number("age", 65.0)?, line.number("sd", 12.0)?, line.number("min", 20)?, line.number("max", 99)?);
        }
        "schema" => disease.schemas.push((line.number("from", 2018)?, line.word(1)?.to_owned())),
        "ajcc" => disease.ajcc.push((line.number("from", 2018)?, line.word(1)?.to_owned())),
        "cause" => disease.cause = line.word(1)?.to_owned(),
        "flags" => disease.flags.extend(line.words.iter().skip(1).map(|word| (*word).to_owned())),
        "nodes" => {
            disease.nodes = match line.word(1)? {
                "sentinel" => Nodes::Sentinel,
                "seldom" => Nodes::Seldom,
                "none" => Nodes::NotCollected,
                _ => Nodes::Regional,
            };
            disease.examined = line.range("examined", (8, 22))?;
        }
        "word" => {
            disease.settings.insert(line.word(1)?.to_owned(), line.text.to_owned());
            disease.words.insert(line.word(1)?.to_owned(), line.phrase()?);
        }
        "site" => read_site(disease, line)?,
        "hist" => read_hist(disease, line)?,
        "stage" => disease.stages.push(read_stage(line)?),
        "grade" => {
            let kind = usize::from(line.word(1)? == "insitu");
            let mut total = 0.0;
            for word in line.words.iter().skip(2) {
                let (code, weight) = word.split_once(':').unwrap_or((word, "1"));
                total += weight.parse::<f32>().map_err(|_| line.error("bad grade weight"))?;
                disease.grades[kind].push((code.to_owned(), total));
            }
        }
        "mets" => {
            for word in line.words.iter().skip(1) {
                let (name, chance) = word.split_once('=').unwrap_or((word, "0"));
                disease.mets.push((name.to_owned(), chance.parse().map_err(|_| line.error("bad chance"))?));
            }
        }
        "surgery" => {
            let codes: Vec<String> = line.text_of("codes").split('/').map(str::to_owned).collect();
            let codes = codes.try_into().map_err(|_| line.error("three codes are needed"))?;
            disease.surgeries.push(Surgery {
                weight: line.number("w", 1.0)?,
                stages: line.list("st"),
                sites: line.list("sites"),
                codes,
                days: line.range("days", (14, 50))?,
                approach: line.find("app").unwrap_or("5").to_owned(),
                with_nodes: line.find("nodes") != Some("no"),
                words: line.phrase()?,
            });
        }
        "ssdi" => read_ssdi(disease, line)?,
        "cs" => {
            let stages = line.word(1)?;
            let codes: Vec<String> = line.word(2)?.split('/').map(str::to_owned).collect();
            let codes: [String; 3] = codes.try_into().map_err(|_| line.error("three codes are needed"))?;
            for stage in stages.chars() {
                disease.cs.entry(stage).or_default().push(codes.clone());
            }
        }
        "factor" => {
            let number = line.word(1)?.parse().map_err(|_| line.error("a factor has a number"))?;
            disease.factors.push((number, line.weighted(&line.words[2..])?));
        }
        "clinical" => {
            disease.clinical = Some((line.number("p", 0.0)?, line.text_of("conf"), line.text_of("hist")));
        }
        "text" => {
            let phrase = line.phrase()?;
            disease.texts.entry(line.word(1)?.to_owned()).or_default().push(phrase);
        }
        word => match kind_of(word) {
            Some(kind) => disease.drugs.push(read_course(kind, line)?),
            None => return Err(line.error(format!("{word:?} is not a keyword"))),
        },
    }
    Ok(())
}

fn kind_of(word: &str) -> Option<Kind> {
    Some(match word {
        "radiation" => Kind::Radiation,
        "chemo" => Kind::Chemo,
        "hormone" => Kind::Hormone,
        "brm" => Kind::Brm,
        "transplant" => Kind::Transplant,
        "other" => Kind::Other,
        _ => return None,
    })
}

fn read_site(disease: &mut Disease, line: &Line<'_>) -> Result<(), BadDisease> {
    let total = disease.site_totals.last().copied().unwrap_or(0.0) + line.number::<f32>("w", 1.0)?;
    disease.site_totals.push(total);
    disease.sites.push(Site {
        code: line.word(1)?.to_owned(),
        paired: line.words.contains(&"paired"),
        only_side: line.find("side").and_then(|side| side.chars().next()),
        title: line.phrase()?,
    });
    Ok(())
}

fn read_hist(disease: &mut Disease, line: &Line<'_>) -> Result<(), BadDisease> {
    let (code, behavior) = line.word(1)?.split_once('/').ok_or_else(|| line.error("a histology is written 8500/3"))?;
    disease.hists.push(Hist {
        code: code.to_owned(),
        behavior: behavior.chars().next().unwrap_or('3'),
        weight: line.number("w", 1.0)?,
        years: (line.number("from", 0)?, line.number("to", 9999)?),
        stages: line.list("st"),
        grade: line.find("grade").map(str::to_owned),
        ages: (line.number("agemin", 0)?, line.number("agemax", 999)?),
        sites: line.list("sites"),
        title: line.text.to_owned(),
    });
    Ok(())
}

fn read_stage(line: &Line<'_>) -> Result<Stage, BadDisease> {
    let eod: Vec<&str> = line.find("eod").unwrap_or("999/999/00").split('/').collect();
    let part = |index: usize| eod.get(index).copied().unwrap_or("").to_owned();
    // eod=PT/clinical nodes/mets or PT/clinical nodes:pathological nodes/mets
    let nodes = part(1);
    let (clinical, pathological) = nodes.split_once(':').unwrap_or((&nodes, &nodes));
    Ok(Stage {
        label: line.word(1)?.to_owned(),
        weight: line.number("w", 1.0)?,
        ss: line.find("ss").and_then(|ss| ss.chars().next()).unwrap_or('9'),
        eod: [part(0), clinical.to_owned(), pathological.to_owned(), part(2)],
        tnm: [line.text_of("t"), line.text_of("n"), line.text_of("m"), line.text_of("g")],
        path_n: line.find("pn").or(line.find("n")).unwrap_or("").to_owned(),
        size: line.range("size", (0, 0))?,
        positive: line.range("pos", (0, 0))?,
        five_year: line.number("s5", 0.7)?,
        resected: line.number("surg", 0.0)?,
        neoadjuvant: line.number("neo", 0.0)?,
        behavior: line.find("beh").and_then(|behavior| behavior.chars().next()).unwrap_or('3'),
        words: line.text.to_owned(),
    })
}

fn read_course(kind: Kind, line: &Line<'_>) -> Result<Course, BadDisease> {
    let when = match line.find("when") {
        None => None,
        Some(when) => {
            let (item, values) = when.split_once(':').ok_or_else(|| line.error("when=item:values"))?;
            Some((line.slot(item)?, values.split(',').map(str::to_owned).collect()))
        }
    };
    Ok(Course {
        kind,
        stages: line.list("st"),
        chance: line.number("p", 0.0)?,
        years: line.range("years", (0, 9999))?,
        after: line.text_of("after"),
        when,
        code: line.find("code").unwrap_or("01").to_owned(),
        plan: line.find("plan").map(|plan| plan.split('/').map(str::to_owned).collect()).unwrap_or_default(),
        words: line.phrase()?,
    })
}

/// `ssdi ITEM[+ITEM...] [years=2018-2020] [if=cond,cond] : value:weight ...`
fn read_ssdi(disease: &mut Disease, line: &Line<'_>) -> Result<(), BadDisease> {
    let colon = line.words.iter().position(|word| *word == ":").ok_or_else(|| line.error("values follow a colon"))?;
    let items = line.word(1)?.split('+').map(|id| line.slot(id)).collect::<Result<Vec<_>, _>>()?;
    let values = line.weighted(&line.words[colon + 1..])?;
    if values.values.iter().any(|value| value.split('+').count() != items.len()) {
        return Err(line.error("every value has as many parts as there are items"));
    }
    disease.ssdis.push(Ssdi { items, years: line.range("years", (2018, 9999))?, conditions: line.list("if"), values });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_disease_file_reads_and_is_whole() {
        for disease in all().unwrap() {
            let key = &disease.key;
            assert!(!disease.sites.is_empty() && !disease.hists.is_empty() && !disease.stages.is_empty(), "{key}");
            assert!(disease.weight[0] + disease.weight[1] > 0.0, "{key}");
            for stage in &disease.stages {
                let fits = |hist: &Hist| {
                    (stage.behavior == '*' || hist.behavior == stage.behavior)
                        && (hist.stages.is_empty() || hist.stages.contains(&stage.label))
                };
                assert!(disease.hists.iter().any(fits), "{key} stage {} has no histology", stage.label);
                let done = |surgery: &Surgery| surgery.stages.is_empty() || surgery.stages.contains(&stage.label);
                assert!(stage.resected == 0.0 || disease.surgeries.iter().any(done), "{key} {}", stage.label);
            }
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let why = parse("x.txt", "disease x\nsite C504 w=a | breast").unwrap_err().to_string();
        assert_eq!(why, "x.txt line 2: w=a is not a number");
        assert!(parse("x.txt", "ssdi kras : 0:1 1+2:1").is_err());
        assert!(parse("x.txt", "nonsense 1").is_err());
    }
}
