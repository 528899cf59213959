//! Search by words and meanings of values: what a form asks at every key.

#![allow(missing_docs, reason = "the macro of criterion makes public functions")]

use criterion::{Criterion, criterion_group, criterion_main};

use accession::codes::{Context, choices, meaning, search};

const CASE: Context<'static> = Context {
    site: Some("C504"),
    histology: Some("8500"),
    behavior: Some("3"),
    dx_year: Some(2024),
    sex: Some("2"),
    state_at_dx: Some("IA"),
    state_current: Some("IA"),
    icd_revision: Some("1"),
};

fn meanings(c: &mut Criterion) {
    let values = [
        ("primarySite", "C504"),
        ("histologicTypeIcdO3", "8500"),
        ("countyAtDx", "113"),
        ("rxSummSurgPrimSite2023", "B410"),
        ("causeOfDeath", "C349"),
        ("laterality", "1"),
        ("tumorSizeSummary", "018"),
        ("psaLabValue", "XXX.1"),
        ("dateOfDiagnosis", "20180401"),
        ("censusOccCode2010", "0010"),
    ];
    for (item, value) in values {
        c.bench_function(&format!("meaning {item}"), |b| {
            b.iter(|| meaning(std::hint::black_box(item), std::hint::black_box(value), &CASE));
        });
    }
}

fn searches(c: &mut Criterion) {
    let free = Context::default();
    for (query, item) in [
        ("inf duct ca", Some("histologicTypeIcdO3")),
        ("dcis", Some("histologicTypeIcdO3")),
        ("ca", Some("histologicTypeIcdO3")),
        ("carcnoma lobular", Some("histologicTypeIcdO3")),
        ("luq breast", Some("primarySite")),
        ("lung adenoca", None),
        ("85", Some("histologicTypeIcdO3")),
        ("nipple sparing", Some("rxSummSurgPrimSite2023")),
        ("myocardial infarction", Some("causeOfDeath")),
        ("nicotine dependence history", Some("secondaryDiagnosis1")),
        ("teacher", Some("censusOccCode2010")),
        ("linn", Some("countyAtDx")),
    ] {
        let context = if query == "nipple sparing" || query == "linn" { CASE } else { free };
        c.bench_function(&format!("search {query}"), |b| {
            b.iter(|| search(std::hint::black_box(query), item, &context, 20));
        });
    }
    c.bench_function("choices of a histology for the breast", |b| b.iter(|| choices("histologicTypeIcdO3", &CASE)));
}

criterion_group!(benches, meanings, searches);
criterion_main!(benches);
