//! Any bytes as an archive, any text as a case: an answer or a refusal, never a panic, never long.
//!
//! The ordinary run takes a few thousand and the corpus of the fuzzer; `ACCESSION_FUZZ_SECONDS=600 cargo test --test it
//! fuzz -- --ignored` goes on for as long as it is told. The numbers come from a seed, so that a finding can be found
//! again. `fuzz/run archive` and `fuzz/run input` go by coverage instead.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use accession::staging::{self, Algorithm, AsOf, Checks, Edition, Keep, Mode, compile_archive};
use serde_json::json;

use super::made::an_archive;

#[path = "../../../fuzz/staging_targets.rs"]
mod staging_targets;

/// Numbers from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn seconds() -> Duration {
    let told = std::env::var("ACCESSION_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(told.unwrap_or(60))
}

/// Changes a few bytes: flipped, cut, repeated, or taken from elsewhere in it.
fn spoiled(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut spoiled = bytes.to_vec();
    for _ in 0..=dice.below(6) {
        let at = dice.below(spoiled.len());
        match dice.below(5) {
            0 => spoiled.truncate(at),
            1 => spoiled.insert(at, dice.next() as u8),
            2 => {
                let length = dice.below(64).min(spoiled.len() - at);
                let piece = spoiled[at..at + length].to_vec();
                let to = dice.below(spoiled.len());
                spoiled.splice(to..to, piece);
            }
            _ if at < spoiled.len() => spoiled[at] = dice.next() as u8,
            _ => {}
        }
        if spoiled.is_empty() {
            break;
        }
    }
    spoiled
}

/// One spoiled archive, entry texts spoiled as well as the zip around them.
fn try_archive(dice: &mut Dice) {
    let mut archive = an_archive();
    let columns = json!([["a", "INPUT"], ["stage", "ENDPOINT"], ["other", "ENDPOINT"]]);
    archive.table("t", columns, json!([["1,2-5,{{b}}", "VALUE:{{a}}", "JUMP:u"], ["*", "ERROR:x", "STOP"]]));
    archive.table(
        "u",
        json!([["stage", "INPUT"], ["other", "ENDPOINT"]]),
        json!([["", "VALUE"], ["0.1-9.9", "MATCH"]]),
    );
    archive.schema(json!({
        "more_inputs": [{"key": "a", "default": "{{b}}", "table": "u"}, {"key": "b", "default_table": "t"}],
        "mappings": [{"id": "m", "inclusion_tables": [{"id": "t"}], "tables": [{"id": "t"}, {"id": "u"}]}],
    }));
    if dice.below(2) == 0 {
        archive.spoil(dice.below(8), |text| String::from_utf8_lossy(&spoiled(text.as_bytes(), dice)).into_owned());
    }
    let mut zip = archive.zip();
    if dice.below(2) == 0 {
        zip = spoiled(&zip, dice);
    }
    for checks in [Checks::Full, Checks::Reference] {
        if let Ok(edition) = Edition::from_archive_with(&zip, checks) {
            try_case(&edition, dice);
        }
    }
    if let Ok(compiled) = compile_archive(&zip, Keep::Everything)
        && let Ok(edition) = Edition::from_compiled(&spoiled(&compiled, dice))
    {
        try_case(&edition, dice);
    }
}

/// One case of odd values, through everything that answers.
fn try_case(edition: &Edition, dice: &mut Dice) {
    const ODD: [&str; 20] = [
        "",
        " ",
        "C509",
        "C619",
        "8000",
        "8500",
        "2020",
        "9999",
        "*",
        "-",
        "1-5",
        "{{b}}",
        "\u{0}",
        "\u{a0}1",
        "٣",
        "-0.0",
        "99999999999999999999999999999999999999999999",
        "\u{1F600}\u{1F600}\u{1F600}\u{1F600}",
        "1e9",
        ".5",
    ];
    let keys: Vec<String> = edition
        .schemas()
        .nth(dice.below(edition.schemas().len()))
        .iter()
        .flat_map(|schema| schema.inputs().map(|input| input.key().to_owned()).collect::<Vec<_>>())
        .chain(["site", "hist", "mystery", "ctx_year_current", "ctx_alg_version"].map(str::to_owned))
        .collect();
    let mut values: Vec<(&str, Option<&str>)> = Vec::new();
    for key in &keys {
        let value = match (key.as_str(), dice.below(4)) {
            (_, 0) => continue,
            ("site", 1 | 2) => Some("C509"),
            ("hist", 1 | 2) => Some("8000"),
            ("year_dx", 1 | 2) => Some("2024"),
            _ if dice.below(9) == 0 => None,
            _ => Some(ODD[dice.below(ODD.len())]),
        };
        values.push((key, value));
    }
    let year = AsOf::year(dice.below(20_000) as u16);
    for mode in [Mode::Strict, Mode::Practical] {
        let (told, steps) = edition.explain(values.iter().copied(), &year, mode);
        let staged = edition.stage(values.iter().copied(), &year, mode);
        assert_eq!((told.outcome, &told.outputs, &told.problems), (staged.outcome, &staged.outputs, &staged.problems));
        assert!(steps.len() < 10_000);
        edition.schemas_matching(values.iter().copied(), mode);
    }
    edition.find(values.iter().copied());
    if let (Some((key, value)), Some(schema)) = (values.first(), edition.schemas().next()) {
        edition.is_code_valid(schema.id(), key, *value, &year);
        edition.facts(schema.id());
    }
}

#[test]
fn the_corpus_of_the_fuzzer_and_the_cases_it_found_are_answered() {
    for (name, take) in
        [("archive", staging_targets::archive as fn(&[u8])), ("input", staging_targets::input as fn(&[u8]))]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 5, "{name}");
        files.iter().for_each(|file| take(&std::fs::read(file).unwrap()));
    }
}

#[test]
fn spoiled_archives_are_refused_or_taken() {
    let mut dice = Dice(0x5eed_0001);
    (0..1500).for_each(|_| try_archive(&mut dice));
}

#[test]
fn odd_cases_are_answered() {
    let mut dice = Dice(0x5eed_0002);
    for _ in 0..1500 {
        try_case(Algorithm::ALL[dice.below(4)].shipped(), &mut dice);
    }
}

#[test]
#[ignore = "long: set ACCESSION_FUZZ_SECONDS"]
fn fuzz_archives_for_long() {
    let (mut dice, end) = (Dice(0x5eed_0003), Instant::now() + seconds());
    while Instant::now() < end {
        try_archive(&mut dice);
    }
}

#[test]
#[ignore = "long: set ACCESSION_FUZZ_SECONDS"]
fn fuzz_cases_for_long() {
    let (mut dice, end) = (Dice(0x5eed_0004), Instant::now() + seconds());
    while Instant::now() < end {
        try_case(Algorithm::ALL[dice.below(4)].shipped(), &mut dice);
    }
}
