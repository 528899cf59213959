//! How fast cases are staged and looked up: `cargo bench --bench staging`.
//!
//! One thread, values as texts in memory, all outputs as texts, cases of the official answers again and again. Each
//! figure is the best of five rounds, by CPU time of the process and by wall time. Without the folder of official
//! files there is nothing to stage, and the bench says so.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use accession::staging::{Algorithm, AsOf, Mode};

type Case = Vec<(String, Option<String>)>;

fn main() {
    let shared = std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !shared.join("staging/cases").is_dir() {
        println!("the folder of official files is not there: nothing to stage");
        return;
    }
    let year = AsOf::year(2026);
    let started = Instant::now();
    for algorithm in Algorithm::ALL {
        black_box(algorithm.shipped());
    }
    println!(
        "all four algorithms ready in {:.1} ms, {} MB resident",
        started.elapsed().as_secs_f64() * 1e3,
        resident()
    );
    println!("{:<22}{:>14}{:>14}", "", "per CPU s", "per wall s");
    for algorithm in Algorithm::ALL {
        let edition = algorithm.shipped();
        let cases = cases(&shared, "stage", algorithm);
        report(&format!("stage {}", algorithm.name()), cases.len(), || {
            for case in &cases {
                let inputs = case.iter().map(|(key, value)| (key.as_str(), value.as_deref()));
                black_box(edition.stage(inputs, &year, Mode::Strict));
            }
        });
        // Look-ups as a form makes them: site and histology, with or without discriminators.
        let mut lookups = self::cases(&shared, "lookup", algorithm);
        lookups.retain(|case| ["site", "hist"].iter().all(|key| case.iter().any(|(name, _)| name == key)));
        report(&format!("look up {}", algorithm.name()), lookups.len(), || {
            for case in &lookups {
                let inputs = case.iter().map(|(key, value)| (key.as_str(), value.as_deref()));
                black_box(edition.schemas_matching(inputs, Mode::Strict));
            }
        });
    }
    println!("{} MB resident with every table in use", resident());
}

fn cases(shared: &std::path::Path, kind: &str, algorithm: Algorithm) -> Vec<Case> {
    let file = shared.join(format!("staging/cases/{kind}-{}.jsonl", algorithm.name()));
    let text = std::fs::read_to_string(file).unwrap();
    let case = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let inputs = line["in"].as_object().unwrap();
        inputs.iter().map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned))).collect()
    };
    text.lines().map(case).collect()
}

fn report(what: &str, many: usize, round: impl Fn()) {
    round();
    let repeat = (200_000 / many).max(1);
    let (mut cpu, mut wall) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let (started, used) = (Instant::now(), cpu_time());
        for _ in 0..repeat {
            round();
        }
        wall = wall.min(started.elapsed());
        cpu = cpu.min(cpu_time() - used);
    }
    let per = |time: Duration| (many * repeat) as f64 / time.as_secs_f64();
    println!("{what:<22}{:>14.0}{:>14.0}", per(cpu), per(wall));
}

/// CPU time of this process, in nanoseconds from the scheduler's own count.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// Resident memory in megabytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
