//! Readers of outside bytes never panic, never hang, and what they accept they can write again.
//!
//! Inputs are the project's own small files, changed at random places from a fixed seed: bytes flipped, cut out,
//! doubled, tags and entities put in. `make test-long` runs the same for ten minutes each, and the fuzzer of `fuzz/`
//! guided by coverage; the corpus and every case that ever failed stand in `fuzz/corpus` and are tried here.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use accession::naaccr::{
    self, FixedWriter, Format, Patient, ReadOptions, Reader, RecordType, Root, Version, WriteOptions, Writer,
    dictionary, patient_digest,
};

#[path = "../../../fuzz/targets.rs"]
mod targets;

use targets::read;

fn try_all(bytes: &[u8]) {
    targets::every_way(bytes, &[Format::Auto, Format::Xml, Format::Fixed]);
}

/// A small generator of numbers that look random (xorshift64*), the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"]]>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<?",
    b"?>",
    b"</",
    b"/>",
    b"&#x41;",
    b"&#0;",
    b"<Patient>",
    b"</Patient>",
    b"<Tumor>",
    b"</Tumor>",
    b"<Item naaccrId=\"sex\">",
    b"</Item>",
    b"</NaaccrData>",
    b"<NaaccrData>",
    b" xmlns=\"x\"",
    b" xmlns:p=\"y\"",
    b"<p:q>",
    b"\0",
    b"\xff",
    b"\xef\xbf\xbe",
    b"\r",
    b"\n",
    b"\t",
    b"<!DOCTYPE a [",
    b" naaccrNum=\"99999999999\"",
    b"180",
    b"260",
];

fn changed(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..1 + numbers.below(4) {
        let at = numbers.below(out.len());
        match numbers.below(5) {
            0 if !out.is_empty() => out[at] = numbers.next() as u8,
            1 => {
                let piece = numbers.one_of(PIECES).to_vec();
                out.splice(at..at, piece);
            }
            2 => {
                let end = (at + numbers.below(40)).min(out.len());
                out.drain(at..end);
            }
            3 => {
                let end = (at + numbers.below(200)).min(out.len());
                let copy = out[at..end].to_vec();
                let to = numbers.below(out.len());
                out.splice(to..to, copy);
            }
            _ => out.truncate(at),
        }
    }
    out
}

fn for_a_while(seeds: &[Vec<u8>], rounds: usize, mut take: impl FnMut(&[u8])) {
    let mut numbers = Numbers(0x5eed);
    for _ in 0..rounds {
        let seed = &seeds[numbers.below(seeds.len())];
        take(&changed(seed, &mut numbers));
    }
}

fn for_minutes(minutes: u64, name: &str, seeds: &[Vec<u8>], mut take: impl FnMut(&[u8])) {
    let asked = std::env::var("ACCESSION_FUZZ_MINUTES").ok().and_then(|m| m.parse().ok());
    let until = Instant::now() + Duration::from_secs(60 * asked.unwrap_or(minutes));
    let mut numbers = Numbers(0x5eed);
    let (mut round, mut longest) = (0u64, Duration::ZERO);
    while Instant::now() < until {
        let seed = &seeds[numbers.below(seeds.len())];
        let bytes = changed(seed, &mut numbers);
        let begun = Instant::now();
        take(&bytes);
        longest = longest.max(begun.elapsed());
        round += 1;
    }
    println!("{name}: {round} changed inputs, the slowest took {longest:?}");
    assert!(longest < Duration::from_secs(20), "{name}: one input took {longest:?}");
}

/// The corpus of the fuzzer: small files of every kind, and the cases it found.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn the_corpus_of_the_fuzzer_and_the_cases_it_found_are_taken() {
    for (name, take) in [
        ("xml", targets::xml as fn(&[u8])),
        ("fixed", targets::fixed as fn(&[u8])),
        ("dictionary", targets::dictionary as fn(&[u8])),
    ] {
        let files = corpus(name);
        assert!(files.len() > 1, "{name}");
        files.iter().for_each(|bytes| take(bytes));
    }
}

fn xml_seed() -> Vec<u8> {
    let head = "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
                recordType=\"A\" specificationVersion=\"1.8\" xmlns:o=\"http://o\" xmlns=\"http://naaccr.org/naaccrxml\">\n\
                <Item naaccrId=\"registryId\">0000001234</Item><o:x a=\"1\"><o:y/>t</o:x>";
    let patient = "<Patient>\n  <Item naaccrId=\"patientIdNumber\">00000001</Item>\n  <Item naaccrId=\"nameLast\">M&#xfc;ller &amp; S\u{f8}n</Item>\
                   <!-- c -->\n  <Tumor>\n<Item naaccrId=\"primarySite\" naaccrNum=\"400\">C509</Item><Item naaccrId=\"textRemarks\"><![CDATA[a<b]]>\nx</Item>\
                   <o:z>1</o:z></Tumor></Patient>\n";
    format!("{head}{}</NaaccrData>\n", patient.repeat(3)).into_bytes()
}

fn dictionary_seed() -> Vec<u8> {
    "<?xml version=\"1.0\"?>\n<NaaccrDictionary dictionaryUri=\"http://x/d.xml\" naaccrVersion=\"180\" \
                 specificationVersion=\"1.4\" xmlns=\"http://naaccr.org/naaccrxml\"><ItemDefs>\n<ItemDef naaccrId=\"a1\" naaccrNum=\"9999\" \
                 naaccrName=\"A\" startColumn=\"2340\" length=\"4294967295\" parentXmlElement=\"Tumor\" dataType=\"digits\"/>\n\
                 <ItemDef naaccrId=\"a2\" naaccrNum=\"99999\" naaccrName=\"B\" startColumn=\"4294967295\" length=\"2\" parentXmlElement=\"Tumor\"/>\n\
                 </ItemDefs></NaaccrDictionary>"
    .into()
}

fn fixed_seed() -> Vec<u8> {
    let (root, patients) = read(&xml_seed(), &ReadOptions::import()).unwrap();
    let root = Root { version: Version::V180, record_type: RecordType::I, ..root };
    let mut writer = FixedWriter::new(Vec::new(), &root, &WriteOptions::default()).unwrap();
    patients.iter().for_each(|p| writer.write_patient(p).unwrap());
    writer.finish().unwrap().2
}

#[test]
fn changed_xml_never_panics_and_what_is_read_can_be_written() {
    for_a_while(&[xml_seed()], 400, try_all);
}

#[test]
fn a_prefix_of_naaccr_beside_a_root_without_namespace_survives_writing() {
    let text = String::from_utf8(xml_seed()).unwrap();
    let text = text.replace("xmlns:o=\"http://o\" xmlns=", "xmlns:o=");
    assert!(read(text.as_bytes(), &ReadOptions::practical()).is_some());
    try_all(text.as_bytes());
}

#[test]
#[ignore = "long: ten minutes for each form, or ACCESSION_FUZZ_MINUTES"]
fn changed_inputs_of_every_form_for_a_long_while() {
    for_minutes(10, "xml", &corpus("xml"), targets::xml);
    for_minutes(10, "fixed", &corpus("fixed"), targets::fixed);
    for_minutes(10, "dictionary", &corpus("dictionary"), targets::dictionary);
}

#[test]
fn changed_fixed_columns_never_panic() {
    for_a_while(&[fixed_seed()], 60, try_all);
}

#[test]
fn changed_packed_files_never_panic() {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(&xml_seed()[..], flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    for_a_while(&[packed, zstd::encode_all(&xml_seed()[..], 1).unwrap()], 60, try_all);
}

#[test]
fn changed_dictionaries_never_panic() {
    for_a_while(&[dictionary_seed()], 1500, targets::dictionary);
}

/// Patients with items of every kind the version has, texts with every difficult character among them.
fn invented(version: Version, record_type: RecordType, numbers: &mut Numbers) -> Vec<Patient> {
    use accession::naaccr::{DataType, Level};
    let texts = ["a", "a < b & c > d", "]]>", "\u{e9}\u{1F600}", "two\nlines", "tab\tin", "\"quoted\" 'too'", "&amp;"];
    let mut patients = Vec::new();
    for n in 0..1 + numbers.below(4) {
        let mut patient = Patient::default();
        patient.items.push("patientIdNumber", &format!("{n:08}"));
        for _ in 0..numbers.below(4) {
            patient.add_tumor();
        }
        for item in dictionary(version).items() {
            if numbers.below(4) > 0 || !item.record_types.contains(record_type) || &*item.id == "patientIdNumber" {
                continue;
            }
            let length = item.length as usize;
            let value = match item.data_type {
                DataType::Digits => "1".repeat(length),
                DataType::Alpha => "A".repeat(length),
                DataType::Mixed => "A".repeat(length),
                DataType::Numeric => "1".into(),
                DataType::Date => "20200115".chars().take(length).collect(),
                DataType::DateTime => "2020-01-15".into(),
                DataType::Text => numbers.one_of(&texts).chars().take(length).collect::<String>().trim().to_owned(),
            };
            match item.level {
                Level::Patient => patient.items.push(&item.id, &value),
                Level::Tumor => patient.tumors.iter_mut().for_each(|t| t.items.push(&item.id, &value)),
                Level::Root => {}
            }
        }
        patients.push(patient);
    }
    patients
}

#[test]
fn what_is_written_is_read_the_same_in_every_version_type_and_form() {
    let mut numbers = Numbers(7);
    for version in Version::ALL {
        for record_type in RecordType::ALL {
            let patients = invented(version, record_type, &mut numbers);
            let root = Root::new(version, record_type);
            for (item_numbers, crlf) in [(false, false), (true, true)] {
                let options = WriteOptions { item_numbers, crlf, ..WriteOptions::default() };
                let mut writer = Writer::new(Vec::new(), &root, &options).unwrap();
                patients.iter().for_each(|p| writer.write_patient(p).unwrap());
                let (_, lost, bytes) = writer.finish().unwrap();
                assert!(lost.is_empty());
                let mut reader = Reader::open(&bytes[..], &ReadOptions::strict()).unwrap();
                let mut patient = Patient::default();
                for expected in &patients {
                    assert!(reader.read_patient(&mut patient).unwrap());
                    assert_eq!(&patient, expected, "{version} {record_type}");
                }
                assert!(!reader.read_patient(&mut patient).unwrap());
                assert_eq!(reader.problems().kept(), [], "{version} {record_type}");
                // What was read is written the same.
                let (root, read) = read(&bytes, &ReadOptions::strict()).unwrap();
                let mut writer = Writer::new(Vec::new(), &root, &options).unwrap();
                read.iter().for_each(|p| writer.write_patient(p).unwrap());
                assert_eq!(writer.finish().unwrap().2, bytes);
            }
            // Sorted items, cutting and an older specification change the form, not the content; padding happens once.
            for (n, specification) in ["1.0", "1.3", "1.8"].into_iter().enumerate() {
                let options = WriteOptions {
                    alphabetical: true,
                    zero_pad: n > 0,
                    cut_too_long: true,
                    item_numbers: n > 1,
                    specification: naaccr::Specification::parse(specification).unwrap(),
                    ..WriteOptions::default()
                };
                let write = |root: &Root, patients: &[Patient]| {
                    let mut writer = Writer::new(Vec::new(), root, &options).unwrap();
                    patients.iter().for_each(|p| writer.write_patient(p).unwrap());
                    let (_, lost, bytes) = writer.finish().unwrap();
                    assert!(lost.is_empty(), "{lost:?}");
                    bytes
                };
                let bytes = write(&root, &patients);
                let (root, back) = read(&bytes, &ReadOptions::strict()).unwrap();
                let same = |(a, b): (&Patient, &Patient)| patient_digest(a) == patient_digest(b);
                assert!(options.zero_pad || std::iter::zip(&back, &patients).all(same));
                assert_eq!(back.len(), patients.len());
                assert_eq!(write(&root, &back), bytes, "{version} {record_type} {specification}");
            }
            if version.has_fixed_columns() {
                let mut writer = FixedWriter::new(Vec::new(), &root, &WriteOptions::default()).unwrap();
                patients.iter().for_each(|p| writer.write_patient(p).unwrap());
                let (_, lost, bytes) = writer.finish().unwrap();
                assert!(lost.is_empty(), "{lost:?}");
                let (_, back) = read(&bytes, &ReadOptions::strict()).unwrap();
                assert_eq!(back.len(), patients.len(), "{version} {record_type}");
                for (mut expected, found) in std::iter::zip(patients.clone(), back) {
                    // Lines have no line ends in them, and a patient without tumor still is a line.
                    if expected.tumors.is_empty() {
                        expected.add_tumor();
                    }
                    let one_line = |digest: &Patient| {
                        let mut plain = digest.clone();
                        let lines: Vec<_> =
                            plain.tumors.iter_mut().map(|t| &mut t.items).chain([&mut plain.items]).collect();
                        for items in lines {
                            let values: Vec<_> =
                                items.iter().map(|e| (e.id.to_owned(), e.value.replace('\n', " "))).collect();
                            values.iter().for_each(|(id, value)| items.set(id, value));
                        }
                        patient_digest(&plain)
                    };
                    assert_eq!(one_line(&found), one_line(&expected), "{version} {record_type}");
                }
            }
        }
    }
}
