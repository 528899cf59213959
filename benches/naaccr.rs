//! Speed of the NAACCR reader and writer: `cargo bench --bench naaccr [-- FOLDER]`.
//!
//! The input is at least 500 MB, made by repeating the patients of published samples (FOLDER is that of the official
//! files, `../shared` by default), so that a run measures reading and not the disk. Speed is megabytes per CPU second
//! of this process (user and system), best of five, with wall time beside it. Peak memory is that of the process.

use std::io::{self, Read, Write};
use std::time::Instant;

use accession::naaccr::{
    Digest, FixedWriter, Patient, ReadOptions, Reader, RecordType, Root, Version, WriteOptions, Writer,
};

const SIZE: usize = 500 << 20;
const ROUNDS: usize = 5;

fn main() {
    // `cargo bench` gives `--bench`.
    let folder = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_else(|| "../shared".to_owned());
    for name in ["synthetic/full-abstract-v25.xml.gz", "naaccr/samples/naaccr-xml-sample-v250-abstract-1000.xml.gz"] {
        let path = format!("{folder}/{name}");
        let Ok(packed) = std::fs::read(&path) else {
            println!("skipped: {path} is not there");
            continue;
        };
        let mut file = Vec::new();
        flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut file).expect("the samples are whole");
        println!("\n{name}, repeated to {} MB", SIZE >> 20);
        println!("{:42} {:>10} {:>10} {:>10}", "", "MB/s CPU", "MB/s wall", "first byte");
        xml(&file);
    }
    fixed(&folder);
    println!("\npeak memory {} MB", peak_memory() >> 10);
}

fn xml(file: &[u8]) {
    let text = |find: &str| find_in(file, find.as_bytes());
    let first = text("<Patient>").expect("the sample has patients");
    let end = text("</NaaccrData>").expect("the sample is whole");
    let (head, patients, tail) = (&file[..first], &file[first..end], &file[end..]);
    let input = || Repeated { parts: [head, patients, tail], part: 0, at: 0, left: SIZE };
    measure("bare search for tags", || {
        let (mut input, mut buffer, mut tags, mut size) = (input(), vec![0; 64 << 10], 0, 0);
        loop {
            let n = input.read(&mut buffer).expect("memory can be read");
            if n == 0 {
                break;
            }
            size += n;
            tags += memchr::memchr_iter(b'<', &buffer[..n]).count();
        }
        assert!(tags > 1000);
        (size, None)
    });
    let strict = ReadOptions::strict();
    measure("read, structure, types and lengths", || read(input(), &strict, |_| {}));
    let codes = ReadOptions { check_codes: true, ..ReadOptions::strict() };
    measure("the same with value sets and calendar", || read(input(), &codes, |_| {}));
    let two = ReadOptions { threads: 2, ..ReadOptions::strict() };
    measure("read on two threads", || read(input(), &two, |_| {}));
    measure("read and digest", || {
        let mut digest = Digest::new();
        let size = read(input(), &strict, |patient| digest.patient(patient));
        assert_eq!(digest.finish().len(), 64);
        size
    });
    measure("read and write", || write(input(), &strict));
}

fn read(input: Repeated<'_>, options: &ReadOptions, mut take: impl FnMut(&Patient)) -> (usize, Option<f64>) {
    let size = input.size();
    let mut reader = Reader::open(input, options).expect("the sample is valid");
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).expect("the sample is valid") {
        take(&patient);
    }
    (size, None)
}

fn write(input: Repeated<'_>, options: &ReadOptions) -> (usize, Option<f64>) {
    let size = input.size();
    let begun = Instant::now();
    let mut reader = Reader::open(input, options).expect("the sample is valid");
    let sink = Sink { begun, first: None };
    let mut writer = Writer::new(sink, reader.root(), &WriteOptions::default()).expect("a sink takes all");
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).expect("the sample is valid") {
        writer.write_patient(&patient).expect("a sink takes all");
    }
    let (_, _, sink) = writer.finish().expect("a sink takes all");
    (size, sink.first)
}

fn fixed(folder: &str) {
    let path = format!("{folder}/naaccr/samples/naaccr-xml-sample-v180-abstract-100.xml.gz");
    let Ok(packed) = std::fs::read(&path) else { return };
    let options = ReadOptions::strict();
    let mut reader = Reader::open(&packed[..], &options).expect("the sample is valid");
    let root = Root::new(Version::V180, RecordType::A);
    let mut writer = FixedWriter::new(Vec::new(), &root, &WriteOptions::default()).expect("18 has fixed columns");
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).expect("the sample is valid") {
        writer.write_patient(&patient).expect("memory takes all");
    }
    let (_, _, lines) = writer.finish().expect("memory takes all");
    println!("\nfixed columns, version 18, type A");
    measure("read, types and lengths", || {
        read(Repeated { parts: [&[], &lines, &[]], part: 0, at: 0, left: SIZE }, &options, |_| {})
    });
}

/// A head, one part again and again, and a tail.
struct Repeated<'a> {
    parts: [&'a [u8]; 3],
    part: usize,
    at: usize,
    left: usize,
}

impl Repeated<'_> {
    fn size(&self) -> usize {
        self.parts[0].len() + self.parts[1].len() * self.left.div_ceil(self.parts[1].len()) + self.parts[2].len()
    }
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(part) = self.parts.get(self.part) else { return Ok(0) };
            if self.at < part.len() {
                let n = buffer.len().min(part.len() - self.at);
                buffer[..n].copy_from_slice(&part[self.at..self.at + n]);
                self.at += n;
                return Ok(n);
            }
            self.at = 0;
            if self.part == 1 {
                self.left = self.left.saturating_sub(part.len());
            }
            if self.part != 1 || self.left == 0 {
                self.part += 1;
            }
        }
    }
}

/// Takes all and notes when the first byte came.
struct Sink {
    begun: Instant,
    first: Option<f64>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.first.get_or_insert_with(|| self.begun.elapsed().as_secs_f64());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn measure(name: &str, mut run: impl FnMut() -> (usize, Option<f64>)) {
    let (mut best, mut wall, mut first) = (f64::MAX, f64::MAX, None);
    let mut size = 0;
    for _ in 0..ROUNDS {
        let (cpu, begun) = (cpu_seconds(), Instant::now());
        let (bytes, first_byte) = run();
        best = best.min(cpu_seconds() - cpu);
        wall = wall.min(begun.elapsed().as_secs_f64());
        size = bytes;
        first = first_byte.or(first);
    }
    let speed = |seconds: f64| size as f64 / 1e6 / seconds;
    let first = first.map_or(String::new(), |s| format!("{:.1} ms", s * 1e3));
    println!("{name:42} {:>10.0} {:>10.0} {first:>10}", speed(best), speed(wall));
}

fn find_in(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

/// User and system time of this process, from `/proc`, in ticks of a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory this process had, in kB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
}
