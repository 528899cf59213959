//! Reads the files of `reference/synth/diseases`: each line is a keyword with its words, see `disease`.

use include_dir::{Dir, include_dir};

use super::disease::{
    BadDisease, Collaborative, Course, Disease, Hist, Kind, Nodes, Site, Ssdi, Stage, Surgery, Weighted,
};
use super::narrative::FACTS;
use super::phrase::Phrase;
use super::record::{Slot, slot};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/reference/synth/diseases");

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
                early: line.find("early").map(str::to_owned),
                days: line.range("days", (14, 50))?,
                approach: line.find("app").unwrap_or("5").to_owned(),
                with_nodes: line.find("nodes") != Some("no"),
                words: line.phrase()?,
            });
        }
        "ssdi" => read_ssdi(disease, line)?,
        "cs" => {
            let codes: Vec<String> = line.word(2)?.split('/').map(str::to_owned).collect();
            let codes: [String; 3] = codes.try_into().map_err(|_| line.error("three codes are needed"))?;
            let stage = line.word(1)?.chars().next().unwrap_or('9');
            disease.cs.push(Collaborative { stage, sites: line.list("sites"), codes });
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
        old_grade: line.find("old").map(str::to_owned),
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
        for disease in all().unwrap().iter().filter(|disease| disease.key != "common") {
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
