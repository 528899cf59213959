//! The texts of an abstract, as a hospital's documents would have been copied into it.
//!
//! Phrases come from the disease's file, and from `common.txt` where it has none of its own. They are drawn
//! together with the codes from the same story, so that a text and its codes agree.

use super::calendar::civil;
use super::disease::{Disease, Kind};
use super::life::Method;
use super::phrase::{Facts, Phrase};
use super::record::Record;
use super::rng::Rng;
use super::tumor::Scene;

/// The facts a phrase may use, by index.
pub const FACTS: &[&str] = &[
    "side",
    "site",
    "hist",
    "size_cm",
    "size_mm",
    "dx",
    "surgery_date",
    "chemo_date",
    "radiation_date",
    "radiation_end",
    "hormone_date",
    "brm_date",
    "other_date",
    "positive",
    "examined",
    "sentinel",
    "sentinel_positive",
    "grade",
    "age",
    "sex",
    "race",
    "facility",
    "elsewhere",
    "surgeon",
    "oncologist",
    "pathologist",
    "accession",
    "stage",
    "tnm",
    "last",
    "mets",
    "operation",
    "organ",
    "specimen",
    "finding",
    "complaint",
    "stations",
    "margin_mm",
    "weight",
    "he",
    "his",
    "recurrence",
    "smoking",
    "dose",
    "fractions",
    "fraction_dose",
    "killed",
    "earlier",
    "in_situ",
    "benign",
    "resected",
    "nodes_out",
    "neo",
    "blocks",
    "day2",
    "watched",
    "cytology",
    "clinical",
    "dco",
    "autopsy",
    "path2",
    "town",
    "grade_code",
    "eod",
    "eodn",
    "ss",
    "pos",
    "heme",
    "smoker",
    "nodal",
];

/// Facts whose words are drawn once for each abstract.
const WORDS: [&str; 6] = ["organ", "specimen", "finding", "complaint", "stations", "operation"];

const SURNAMES: [&str; 12] = [
    "HALVORSEN",
    "PATEL",
    "KOWALSKI",
    "MEHTA",
    "ABERNATHY",
    "OKAFOR",
    "LINDGREN",
    "RUSSO",
    "CASTELLANO",
    "BRANDVOLD",
    "NAKAMURA",
    "WHITCOMB",
];

/// A scene with what the phrases need beside it.
struct Told<'a, 's> {
    scene: &'a Scene<'s>,
    site: String,
    words: [String; 6],
    margin: i32,
    weight: i32,
    blocks: i32,
}

impl Told<'_, '_> {
    fn date(&self, day: Option<i32>, out: &mut String) {
        if let Some(day) = day {
            let (year, month, date) = civil(day);
            two(out, month);
            out.push('/');
            two(out, date);
            out.push('/');
            two(out, year % 100);
        }
    }

    fn start(&self, kind: Kind) -> Option<i32> {
        self.scene.case.course(self.scene.world, kind).map(|(given, _)| given.start)
    }

    fn disease(&self) -> &Disease {
        self.scene.case.disease(self.scene.world)
    }

    fn plan(&self, index: usize, out: &mut String, scale: f64) {
        if let Some((_, course)) = self.scene.case.course(self.scene.world, Kind::Radiation)
            && let Some(text) = course.plan.get(index)
        {
            push_trimmed(out, text.parse::<f64>().unwrap_or(0.0) / scale);
        }
    }

    fn doctor(&self, index: usize, out: &mut String) {
        let number = self.scene.physicians()[index] as usize;
        out.push_str("DR ");
        out.push_str(SURNAMES[(number * 5 + index) % SURNAMES.len()]);
    }
}

fn two(out: &mut String, number: i32) {
    out.push(char::from(b'0' + (number / 10 % 10) as u8));
    out.push(char::from(b'0' + (number % 10) as u8));
}

fn push_trimmed(out: &mut String, number: f64) {
    use std::fmt::Write;
    let hundredths = (number * 100.0).round() as i64;
    let _ = match hundredths % 100 {
        0 => write!(out, "{}", hundredths / 100),
        rest if rest % 10 == 0 => write!(out, "{}.{}", hundredths / 100, rest / 10),
        rest => write!(out, "{}.{rest:02}", hundredths / 100),
    };
}

fn push_int(out: &mut String, number: i32) {
    use std::fmt::Write;
    let _ = write!(out, "{number}");
}

impl Facts for Told<'_, '_> {
    fn write(&self, fact: usize, out: &mut String) {
        let (scene, case) = (self.scene, self.scene.case);
        let (stage, person) = (case.stage(scene.world), &scene.life.person);
        let surgery = case.surgery.map(|(_, day)| day);
        let lists = &scene.world.lists;
        let flag = |out: &mut String, truth: bool| {
            if truth {
                out.push('y');
            }
        };
        match FACTS[fact] {
            "side" => out.push_str(match case.side {
                '1' => "right",
                '2' => "left",
                _ => "",
            }),
            "site" => out.push_str(&self.site),
            "hist" => out.push_str(&case.hist(scene.world).title),
            "size_cm" if case.size > 0 => push_trimmed(out, f64::from(case.size) / 10.0),
            "size_mm" if case.size > 0 => push_int(out, case.size),
            "dx" => self.date(Some(case.dx), out),
            "surgery_date" => self.date(surgery, out),
            "chemo_date" => self.date(self.start(Kind::Chemo), out),
            "radiation_date" => self.date(self.start(Kind::Radiation), out),
            "radiation_end" => self.date(case.course(scene.world, Kind::Radiation).map(|(given, _)| given.end), out),
            "hormone_date" => self.date(self.start(Kind::Hormone), out),
            "brm_date" => self.date(self.start(Kind::Brm), out),
            "other_date" => self.date(self.start(Kind::Other).or(self.start(Kind::Transplant)), out),
            "positive" => push_int(out, if case.nodes.1 < 95 { case.nodes.1 } else { 0 }),
            "examined" => push_int(out, if case.nodes.0 < 95 { case.nodes.0 } else { 0 }),
            "sentinel" => {
                if let Some((seen, _)) = case.sentinel {
                    push_int(out, seen);
                }
            }
            "sentinel_positive" => push_int(out, case.sentinel.map_or(0, |(_, found)| found)),
            "grade" => out.push_str(match case.grade.as_str() {
                "1" | "A" => "well differentiated",
                "2" | "B" => "moderately differentiated",
                "3" | "C" => "poorly differentiated",
                "4" | "D" => "undifferentiated",
                "L" => "low grade",
                "M" => "intermediate grade",
                "H" => "high grade",
                _ => "",
            }),
            "age" => push_int(out, case.age),
            "sex" => out.push_str(match (person.female, case.age) {
                (true, ..15) => "girl",
                (false, ..15) => "boy",
                (true, _) => "woman",
                _ => "man",
            }),
            "race" => out.push_str(match person.race {
                "01" if person.group == 2 => "Hispanic",
                "01" => "white",
                "02" => "Black",
                "03" => "American Indian",
                "99" => "",
                _ => "Asian",
            }),
            "facility" => out.push_str(lists.facilities[scene.report.facility].name),
            "elsewhere" => {
                out.push_str(scene.report.other.map_or("OUTSIDE HOSPITAL", |other| lists.facilities[other].name))
            }
            "surgeon" => self.doctor(1, out),
            "oncologist" => self.doctor(2, out),
            "pathologist" => self.doctor(0, out),
            "accession" => scene.report_number(0, out),
            "path2" => scene.report_number(usize::from(surgery.is_some_and(|day| day > case.dx)), out),
            "stage" => out.push_str(&stage.words),
            "tnm" if !stage.tnm[0].is_empty() => {
                for (letter, value) in ["T", "N", "M"].iter().zip(&stage.tnm) {
                    out.push_str(letter);
                    out.push_str(value);
                    out.push(' ');
                }
                out.pop();
            }
            "last" => self.date(Some(scene.life.end.last), out),
            "mets" => {
                let names = ["bone", "brain", "liver", "lung", "distant lymph nodes", "peritoneum/other"];
                for (index, name) in names.iter().enumerate().filter(|(index, _)| case.mets[*index]) {
                    if index > 0 && case.mets[..index].contains(&true) {
                        out.push_str(", ");
                    }
                    out.push_str(name);
                }
            }
            word @ ("organ" | "specimen" | "finding" | "complaint" | "stations" | "operation") => {
                if let Some(index) = WORDS.iter().position(|one| *one == word) {
                    out.push_str(&self.words[index]);
                }
            }
            "margin_mm" => push_int(out, self.margin),
            "weight" => push_int(out, self.weight),
            "blocks" => push_int(out, self.blocks),
            "he" => out.push_str(if person.female { "she" } else { "he" }),
            "his" => out.push_str(if person.female { "her" } else { "his" }),
            "recurrence" => self.date(case.recurrence.map(|(day, _)| day), out),
            "smoking" => out.push_str(match person.smoking {
                '0' => "never smoker",
                '1' => "current smoker",
                '2' => "former smoker",
                _ => "smoking history not stated",
            }),
            "dose" => {
                if let Some((_, course)) = case.course(scene.world, Kind::Radiation) {
                    let part =
                        |index: usize| course.plan.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
                    push_trimmed(out, part(4) * part(5) / 100.0);
                }
            }
            "fractions" => self.plan(5, out, 1.0),
            "fraction_dose" => self.plan(4, out, 100.0),
            "killed" => {
                flag(out, scene.life.end.killed_by.is_some_and(|index| std::ptr::eq(&scene.life.cases[index], case)))
            }
            "earlier" => flag(out, scene.life.earlier_primary),
            "in_situ" => flag(out, scene.in_situ()),
            "benign" => flag(out, scene.benign()),
            "resected" => flag(out, surgery.is_some()),
            "nodes_out" => flag(out, case.nodes.0 > 0 && case.nodes.0 < 95),
            "neo" => flag(out, case.neoadjuvant),
            "watched" => flag(out, case.watched),
            "day2" => self.date(surgery.filter(|day| *day > case.dx), out),
            "cytology" => flag(out, case.method == Method::Cytology),
            "clinical" => flag(out, case.method == Method::Clinical),
            "dco" => flag(out, case.is_dco()),
            "autopsy" => flag(out, case.method == Method::Autopsy),
            "grade_code" => out.push_str(&case.grade),
            "eod" => out.push_str(&stage.eod[0]),
            "eodn" => out.push_str(&stage.eod[1]),
            "ss" => out.push(stage.ss),
            "pos" => flag(out, (1..95).contains(&case.nodes.1)),
            "heme" => flag(out, self.disease().is("heme")),
            "smoker" => flag(out, matches!(person.smoking, '1' | '2')),
            "nodal" => flag(out, !stage.tnm[1].is_empty() && !stage.tnm[1].starts_with(['0', 'X'])),
            "town" => out.push_str(lists.cities[person.home.0].name),
            _ => {}
        }
    }
}

/// Writes all texts into the record.
pub fn fill(scene: &Scene<'_>, rng: &mut Rng, record: &mut Record, scratch: &mut String) {
    if !record.takes("textDxProcPath") {
        return;
    }
    let mut told = Told {
        scene,
        site: String::new(),
        words: Default::default(),
        margin: rng.between(1, 28),
        weight: rng.between(18, 940),
        blocks: rng.between(6, 22),
    };
    let mut site = String::new();
    scene.case.site(scene.world).title.write(rng, &told, record, &mut site);
    single_blanks(&mut site);
    told.site = site;
    for (index, word) in WORDS.iter().enumerate() {
        let mut text = String::new();
        let phrase = match scene.case.surgery {
            Some((surgery, _)) if *word == "operation" => Some(&told.disease().surgeries[surgery].words),
            _ => told.disease().words.get(*word),
        };
        if let Some(phrase) = phrase {
            phrase.write(rng, &told, record, &mut text);
        }
        told.words[index] = text;
    }
    record.set_with("textPrimarySiteTitle", |out| {
        out.push_str(told.site.to_uppercase().trim());
    });
    record.set("textHistologyTitle", &scene.case.hist(scene.world).title.to_uppercase());
    let mut teller = Teller { told: &told, rng, scratch };
    let case = scene.case;
    if case.is_dco() {
        teller.tell(record, "textRemarks", &["dco"]);
        return;
    }
    teller.tell(record, "textPlaceOfDiagnosis", &["place"]);
    teller.tell(record, "textDxProcPe", &["pe"]);
    teller.tell(record, "textDxProcXRayScan", &["xray"]);
    teller.tell(record, "textDxProcScopes", &["scopes"]);
    teller.tell(record, "textDxProcLabTests", &["labs"]);
    if case.method == Method::Autopsy {
        teller.tell(record, "textDxProcPath", &["autopsypath"]);
    } else if case.method != Method::Clinical {
        let excised = case.surgery.is_some_and(|(_, day)| day <= case.dx);
        let sections: &[&str] = match (case.resected(scene.world), excised) {
            (false, _) => &["bx"],
            (true, true) => &["path"],
            (true, false) => &["bx", "path"],
        };
        teller.tell(record, "textDxProcPath", sections);
    }
    teller.tell(record, "textStaging", &["staging"]);
    if case.surgery.is_some() {
        teller.tell(record, "textDxProcOp", &["op"]);
        teller.tell(record, "rxTextSurgery", &["rxsurgery"]);
    }
    for (kind, id, section) in [
        (Kind::Radiation, "rxTextRadiation", "rxradiation"),
        (Kind::Chemo, "rxTextChemo", "rxchemo"),
        (Kind::Hormone, "rxTextHormone", "rxhormone"),
        (Kind::Brm, "rxTextBrm", "rxbrm"),
        (Kind::Transplant, "rxTextOther", "rxother"),
        (Kind::Other, "rxTextOther", "rxother"),
    ] {
        if let Some((_, course)) = case.course(scene.world, kind) {
            teller.course(record, id, &course.words, section);
        }
    }
    teller.tell(record, "textRemarks", &["remarks"]);
}

struct Teller<'a, 's> {
    told: &'a Told<'a, 's>,
    rng: &'a mut Rng,
    scratch: &'a mut String,
}

impl Teller<'_, '_> {
    fn sections(&mut self, record: &Record, sections: &[&str]) {
        let world = self.told.scene.world;
        for section in sections {
            let own = self.told.disease().texts.get(*section);
            let phrases = own.or_else(|| world.common.texts.get(*section));
            let more = world.common.texts.get(&format!("{section}+"));
            for phrase in phrases.into_iter().flatten().chain(more.into_iter().flatten()) {
                let before = self.scratch.len();
                if before > 0 {
                    self.scratch.push(' ');
                }
                let start = self.scratch.len();
                phrase.write(self.rng, self.told, record, self.scratch);
                if self.scratch.len() == start {
                    self.scratch.truncate(before);
                }
            }
        }
    }

    fn tell(&mut self, record: &mut Record, id: &str, sections: &[&str]) {
        self.scratch.clear();
        self.sections(record, sections);
        self.keep(record, id);
    }

    fn course(&mut self, record: &mut Record, id: &str, words: &Phrase, section: &str) {
        self.scratch.clear();
        words.write(self.rng, self.told, record, self.scratch);
        self.sections(record, &[section]);
        self.keep(record, id);
    }

    fn keep(&mut self, record: &mut Record, id: &str) {
        let longest = if id == "textPlaceOfDiagnosis" { 60 } else { 4000 };
        single_blanks(self.scratch);
        let mut end = self.scratch.len().min(longest);
        while !self.scratch.is_char_boundary(end) {
            end -= 1;
        }
        let text = self.scratch[..end].trim();
        record.set(id, text);
    }
}

/// Takes out the blanks and stops that phrases leave which had nothing to tell: doubled, before a stop, at the end.
fn single_blanks(text: &mut String) {
    let before = text.clone();
    let mut next = 0;
    text.retain(|letter| {
        next += letter.len_utf8();
        let following = before.as_bytes().get(next);
        letter != ' ' || following.is_some_and(|byte| !matches!(byte, b' ' | b'.' | b',' | b';'))
    });
    if text.contains("..") {
        *text = text.replace("..", ".");
    }
}
