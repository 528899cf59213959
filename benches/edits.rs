//! How fast edits run: `cargo bench --bench edits`.
//!
//! Synthetic full abstracts (about two hundred filled items) are made in memory; every set is run on them with schema
//! families and required items. Each figure is the best of five rounds, by CPU time of the process; one abstract and one changed item
//! are wall time, 95th percentile.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use accession::dates::PartialDate;
use accession::edits::{Case, Library, Plan, PlanFor, Slot, Surroundings, Trials, shipped_files};
use accession::naaccr::{Patient, ReadOptions, Reader, RecordType, Version};
use accession::synth::{Generator, Settings, write_xml};

const SETS: [&str; 6] = ["all", "hospital", "coc", "central-consolidated", "npcr", "seer"];

fn main() {
    let started = Instant::now();
    let (library, faults) = Library::load(&shipped_files(), Trials::LeftOut);
    let loaded = started.elapsed();
    assert!(faults.is_empty(), "{faults:?}");
    println!("library of {} edits ready in {:.1} ms", library.edits().len(), loaded.as_secs_f64() * 1e3);
    let patients = patients(600);
    let tumors: usize = patients.iter().map(|patient| patient.tumors.len()).sum();
    let items: usize = patients.iter().map(Patient::item_count).sum();
    println!("{} patients, {tumors} tumors, {} items a tumor", patients.len(), items / tumors.max(1));
    let with = Surroundings::shipped(PartialDate::of_day(2026, 6, 30).unwrap());
    let plan = |name: &str| {
        let set = library.set(name).unwrap();
        Plan::new(&library, PlanFor { set, record_type: RecordType::A, version: Version::V260 })
    };
    println!("{:<24}{:>8}{:>16}", "set", "edits", "tumors/CPU s");
    for name in SETS {
        let plan = plan(name);
        let best = best(|| {
            for patient in &patients {
                black_box(plan.check(&Case::of(patient), &with));
            }
        });
        println!("{name:<24}{:>8}{:>16.0}", plan.len(), tumors as f64 / best.as_secs_f64());
    }
    let plans: Vec<Plan<'_>> = SETS.iter().skip(1).map(|name| plan(name)).collect();
    let all = best(|| {
        for patient in &patients {
            let case = Case::of(patient);
            plans.iter().for_each(|plan| drop(black_box(plan.check(&case, &with))));
        }
    });
    println!("{:<24}{:>8}{:>16.0}", "five sets one by one", "", tumors as f64 / all.as_secs_f64());
    let plan = plan("all");
    let mut once: Vec<Duration> = Vec::new();
    let mut again: Vec<Duration> = Vec::new();
    for patient in &patients {
        let started = Instant::now();
        black_box(plan.check(&Case::of(patient), &with));
        once.push(started.elapsed());
        for id in ["primarySite", "laterality", "dateOfDiagnosis", "rxSummChemo"] {
            let started = Instant::now();
            let case = Case::of(patient);
            black_box(plan.recheck(&case, &with, Some(0), Slot::of(id).unwrap()));
            again.push(started.elapsed());
        }
    }
    println!("one abstract, set all     {:>8.3} ms", percentile(&mut once));
    println!("after one changed item    {:>8.3} ms", percentile(&mut again));
}

fn percentile(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() * 95 / 100].as_secs_f64() * 1e3
}

fn patients(many: usize) -> Vec<Patient> {
    let settings = Settings { patients: many as u64, seed: 5, ..Settings::default() };
    let mut generator = Generator::new(&settings).unwrap();
    let mut text = Vec::new();
    write_xml(&mut generator, &mut text, None).unwrap();
    let mut reader = Reader::open(Cursor::new(text), &ReadOptions::practical()).unwrap();
    let mut all = Vec::new();
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).unwrap() {
        all.push(patient.clone());
    }
    all
}

fn best(mut work: impl FnMut()) -> Duration {
    let round = |work: &mut dyn FnMut()| {
        let started = cpu();
        work();
        cpu() - started
    };
    (0..5).map(|_| round(&mut work)).min().unwrap()
}

/// User and system time of this process.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
