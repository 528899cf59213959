//! Derived variables, multiple primaries and statistics. The figures of `docs/statistics.md`:
//! `cargo bench --bench statistics`.

#![allow(missing_docs, reason = "the macro of criterion makes public functions")]

use std::hint::black_box;

use accession::derive::{Followed, TimedTumor, iccc, site_recode, site_recode_2023, survival};
use accession::primaries::{Reported, primaries};
use accession::research::stats::life_table::{LifeTable, Sex};
use accession::research::stats::rates::{Stratum, count, rate};
use accession::research::stats::relative::ederer_2;
use accession::research::stats::standards;
use accession::research::stats::survival::{Observed, kaplan_meier};
use accession::research::stats::tumors::Member;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Numbers that look random and are the same every time.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}

fn derived(c: &mut Criterion) {
    let cases: Vec<(String, String, String)> = (0..4096u64)
        .map(|n| {
            let (site, histology) = (scattered(n) % 810, 8000 + scattered(n + 9999) % 1990);
            let date = format!("{}{:02}{:02}", 2000 + n % 16, 1 + n % 12, 1 + n % 28);
            (format!("C{site:03}"), format!("{histology:04}"), date)
        })
        .collect();
    let mut group = c.benchmark_group("derived");
    group.throughput(Throughput::Elements(cases.len() as u64));
    group.bench_function("site recode WHO 2008", |b| {
        b.iter(|| cases.iter().map(|(site, histology, _)| site_recode(site, histology).len()).sum::<usize>());
    });
    group.bench_function("site recode 2023 and expanded", |b| {
        b.iter(|| cases.iter().map(|(s, h, date)| site_recode_2023(s, h, "3", date)[1].len()).sum::<usize>());
    });
    group.bench_function("ICCC", |b| b.iter(|| cases.iter().map(|(s, h, _)| iccc(s, h, "3")[0].len()).sum::<usize>()));
    group.bench_function("survival time", |b| {
        b.iter(|| {
            for (at, (_, _, date)) in cases.iter().enumerate() {
                let patient = Followed {
                    birth: "19500203",
                    last_contact: "20160405",
                    vital_status: if at.is_multiple_of(2) { "0" } else { "1" },
                };
                let tumor = TimedTumor { diagnosis: date, sequence: "00", source: "1" };
                black_box(survival(patient, &[tumor], 2015, 2026));
            }
        });
    });
    group.bench_function("multiple primaries", |b| {
        let tumor = |at: usize| {
            let (site, histology, date) = &cases[at % cases.len()];
            Reported {
                year: &date[..4],
                month: &date[4..6],
                day: &date[6..],
                site,
                histology,
                behavior: if at.is_multiple_of(5) { "2" } else { "3" },
                laterality: "1",
            }
        };
        b.iter(|| {
            for at in 0..cases.len() {
                black_box(primaries(&tumor(at), &tumor(at + 1), 2026));
            }
        });
    });
    group.finish();
}

fn statistics(c: &mut Criterion) {
    let mut group = c.benchmark_group("statistics");
    group.sample_size(10);
    let observed: Vec<Observed> = (0..1_000_000u64)
        .map(|n| Observed {
            time: u32::try_from(scattered(n) % 5475).unwrap_or(0),
            event: scattered(n + 7).is_multiple_of(3),
        })
        .collect();
    group.bench_function("Kaplan-Meier, 1,000,000 rows in days", |b| b.iter(|| kaplan_meier(observed.iter().copied())));
    let members: Vec<Member> = (0..1_000_000u64)
        .map(|n| {
            let months = u16::try_from(scattered(n) % 180).unwrap_or(0);
            let age = 40 + i32::from(months % 45);
            Member {
                days: u32::from(months) * 30,
                months,
                dead: n.is_multiple_of(3),
                dead_of_cancer: n.is_multiple_of(5),
                sex: if n.is_multiple_of(2) { Sex::Male } else { Sex::Female },
                age,
                age_months: 12 * age + i32::from(months % 12),
                diagnosis_month: 12 * 2000 + i32::from(months % 170),
                diagnosis_day: 730_000,
                birth_day: 715_000,
                row: 0,
            }
        })
        .collect();
    for threads in [1, 2] {
        group.bench_function(format!("Ederer II, 1,000,000 × 120 months, {threads} thread(s)"), |b| {
            b.iter(|| ederer_2(&members, LifeTable::us(), 120, threads));
        });
    }
    let tumors: Vec<(u8, u8)> = (0..5_000_000u64)
        .map(|n| (u8::try_from(scattered(n) % 30).unwrap_or(0), u8::try_from(scattered(n + 3) % 19).unwrap_or(0)))
        .collect();
    let standard = standards::named("us2000_population").map(|standard| standard.weights.clone()).unwrap_or_default();
    group.bench_function("rates over 5,000,000 rows by year and sex", |b| {
        b.iter(|| {
            let counts = count(tumors.iter().map(|(group, age)| (usize::from(*group), usize::from(*age))), 30, 19);
            for group in counts.chunks(19) {
                let strata: Vec<Stratum> = group
                    .iter()
                    .zip(&standard)
                    .map(|(cases, weight)| Stratum { cases: *cases as f64, persons: 1e5, weight: *weight })
                    .collect();
                black_box(rate(&strata, 0.95));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, derived, statistics);
criterion_main!(benches);
