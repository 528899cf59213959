//! Reads XML on several threads, with the same outcome as on one.
//!
//! The text is cut into pieces behind end tags of patients. Each thread reads a piece as if it began between two
//! patients. Whether it really does is known once the piece before it has been read: if that one ended between two
//! patients, with nothing unusual in it, the guess was right, and so on from the first piece. At the first piece that
//! did not end so (a tag inside a comment, a broken patient, the end of the root), everything from its beginning on is
//! read by the one reader that would have read the file alone. So patients, problems and stops are the same, in the
//! same order, for any number of threads. The thread that asks for patients reads pieces too while it waits.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::naaccr::options::Limits;
use crate::naaccr::problem::{Fatal, Problems};
use crate::naaccr::reader::source::{LineCount, Rest, Source};
use crate::naaccr::reader::xml_reader::XmlReader;
use crate::naaccr::record::{Patient, Root};

/// How long a piece is, if its patients are not longer.
pub(crate) const PIECE: usize = 256 << 10;

/// How far the end tag of a patient is looked for; a longer patient, and all after it, is read by one thread.
const LONGEST: usize = 1 << 20;

/// A part of the text that seems to begin and end between two patients.
#[derive(Debug, Default)]
struct Piece {
    text: Vec<u8>,
    /// How many bytes of the file stand before it.
    before: u64,
    /// Line it begins in, and where that line begins.
    line: u64,
    line_begin: u64,
    /// Memory for the patients.
    found: Vec<Found>,
}

/// A patient of a piece with the problems found up to its end.
#[derive(Debug, Default)]
struct Found {
    patient: Patient,
    problems: Option<Box<Problems>>,
}

/// A piece that was read.
#[derive(Debug)]
struct Done {
    piece: Piece,
    /// How many patients it has.
    patients: usize,
    /// Whether it ended between two patients and held nothing unusual.
    is_whole: bool,
}

#[derive(Debug)]
enum Slot {
    Waiting(Piece),
    Working,
    Done(Done),
}

#[derive(Debug, Default)]
struct Queue {
    slots: VecDeque<Slot>,
    /// Which piece of the file the first slot is.
    first: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Whether enough problems are kept whole; more are only counted.
    is_full: AtomicBool,
    limits: Limits,
    most_problems: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a piece.
    fn read(&self, reader: &mut XmlReader<'static>, mut piece: Piece) -> Done {
        let source = Source::of_piece(std::mem::take(&mut piece.text), piece.before, &self.limits);
        reader.take_piece(source, LineCount::from(piece.line, piece.line_begin));
        let mut patients = 0;
        let read = catch_unwind(AssertUnwindSafe(|| {
            loop {
                if piece.found.len() == patients {
                    piece.found.push(Found::default());
                }
                let found = &mut piece.found[patients];
                let most = if self.is_full.load(Ordering::Relaxed) { 0 } else { self.most_problems };
                let more = reader.read_patient(&mut found.patient);
                found.problems = (reader.keeper.problems.total() > 0)
                    .then(|| Box::new(std::mem::replace(&mut reader.keeper.problems, Problems::new(most))));
                match more {
                    Ok(true) => patients += 1,
                    Ok(false) => return found.problems.is_none(),
                    Err(_) => return false,
                }
            }
        }));
        // Nothing may follow the last patient, and nothing of the root may stand between patients.
        let is_whole = read.unwrap_or(false) && reader.root.items.is_empty() && reader.root.extensions.is_empty();
        piece.text = reader.source.take_rest(0).text;
        Done { piece, patients, is_whole }
    }
}

/// What a thread does: reads pieces until there will be no more.
fn work(shared: &Shared, mut reader: XmlReader<'static>) {
    let mut queue = shared.lock();
    while !queue.is_closed {
        let Some((seq, piece)) = take_waiting(&mut queue) else {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(queue);
        let done = shared.read(&mut reader, piece);
        queue = shared.lock();
        put(&mut queue, seq, done);
        shared.changed.notify_all();
    }
}

/// Takes the first piece nobody reads yet.
fn take_waiting(queue: &mut Queue) -> Option<(u64, Piece)> {
    let n = queue.slots.iter().position(|slot| matches!(slot, Slot::Waiting(_)))?;
    let slot = queue.slots.get_mut(n)?;
    match std::mem::replace(slot, Slot::Working) {
        Slot::Waiting(piece) => Some((queue.first + n as u64, piece)),
        other => {
            *slot = other;
            None
        }
    }
}

fn put(queue: &mut Queue, seq: u64, done: Done) {
    let first = queue.first;
    if let Some(slot) = seq.checked_sub(first).and_then(|n| queue.slots.get_mut(n as usize)) {
        *slot = Slot::Done(done);
    }
}

/// Cuts the text into pieces.
struct Cutter<'a> {
    rest: Rest<'a>,
    line: u64,
    line_begin: u64,
    end_tag: Vec<u8>,
    size: usize,
    most: usize,
    is_done: bool,
}

impl Cutter<'_> {
    /// The next piece, in that memory; none if the rest cannot be cut.
    fn cut(&mut self, mut piece: Piece) -> Option<Piece> {
        if self.is_done {
            return None;
        }
        let mut text = std::mem::take(&mut piece.text);
        text.clear();
        text.append(&mut self.rest.text);
        let mut searched = 0;
        let mut wanted = self.size;
        let cut = loop {
            let came_all = !self.read_up_to(&mut text, wanted);
            let from = usize::saturating_sub(searched, self.end_tag.len());
            let end = text.len().min(wanted.max(searched));
            if let Some(n) = memchr::memmem::rfind(&text[from..end], &self.end_tag) {
                break Some(from + n + self.end_tag.len());
            }
            searched = end;
            if came_all && end == text.len() || end > self.most {
                break None;
            }
            wanted = end + self.size;
        };
        let Some(cut) = cut else {
            self.rest.text = text;
            self.is_done = true;
            return None;
        };
        self.rest.text.extend_from_slice(&text[cut..]);
        text.truncate(cut);
        (piece.before, piece.line, piece.line_begin) = (self.rest.before, self.line, self.line_begin);
        self.rest.before += cut as u64;
        self.line += memchr::memchr_iter(b'\n', &text).count() as u64;
        if let Some(n) = memchr::memrchr(b'\n', &text) {
            self.line_begin = piece.before + n as u64 + 1;
        }
        piece.text = text;
        Some(piece)
    }

    /// Reads until the text has that length; false if it ended or failed before.
    fn read_up_to(&mut self, text: &mut Vec<u8>, wanted: usize) -> bool {
        let mut filled = text.len();
        if filled >= wanted {
            return true;
        }
        let Some(input) = &mut self.rest.input else { return false };
        text.resize(wanted, 0);
        while filled < wanted {
            match input.read_some(&mut text[filled..]) {
                Ok(0) => {
                    self.rest.input = None;
                    break;
                }
                Ok(n) => filled += n,
                Err(failed) => {
                    self.rest.failed = Some(failed);
                    break;
                }
            }
        }
        text.truncate(filled);
        filled >= wanted
    }
}

/// A reader of NAACCR XML on several threads.
pub(crate) struct ParallelReader<'a> {
    /// The reader of the whole file: holds the root and all problems, and reads what cannot be cut.
    alone: Box<XmlReader<'a>>,
    /// Cuts the rest of the file; none once the rest is read alone.
    cutter: Option<Cutter<'a>>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    own: XmlReader<'static>,
    /// The piece whose patients are being given, and how many were.
    current: Option<Done>,
    given: usize,
    /// Patients of the pieces before it.
    before: u64,
    /// Where the patient given last stands in the piece.
    last: std::ops::Range<usize>,
    /// How many pieces may be under way.
    most: usize,
    spare: Vec<Piece>,
}

impl std::fmt::Debug for ParallelReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParallelReader").field("threads", &(self.threads.len() + 1)).finish()
    }
}

impl<'a> ParallelReader<'a> {
    /// Reads on where a reader stands before the first patient, on that many threads with this one.
    pub fn new(mut alone: Box<XmlReader<'a>>, threads: usize, piece: usize) -> ParallelReader<'a> {
        let limits = alone.keeper.options.limits;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            is_full: AtomicBool::new(alone.keeper.problems.is_full()),
            limits,
            most_problems: alone.keeper.options.max_problems,
        });
        let at = alone.position();
        let (line, line_begin) = alone.counted();
        let cutter = Cutter {
            rest: alone.source.take_rest(at),
            line,
            line_begin,
            end_tag: alone.end_tag_of_patient(),
            size: piece,
            most: LONGEST.max(piece).min(limits.patient),
            is_done: false,
        };
        let own = alone.of_pieces();
        let spawn = |_| {
            let (shared, reader) = (shared.clone(), alone.of_pieces());
            // Where no thread can be had the others do its work.
            std::thread::Builder::new().name("naaccr-read".into()).spawn(move || work(&shared, reader)).ok()
        };
        let threads: Vec<_> = (1..threads).filter_map(spawn).collect();
        let most = 2 * (threads.len() + 1) + 1;
        ParallelReader {
            alone,
            cutter: Some(cutter),
            shared,
            threads,
            own,
            current: None,
            given: 0,
            before: 0,
            last: 0..0,
            most,
            spare: Vec::new(),
        }
    }

    /// The root of the file.
    pub fn root(&self) -> &Root {
        &self.alone.root
    }

    /// The problems found up to the patient given last.
    pub fn problems(&self) -> &Problems {
        &self.alone.keeper.problems
    }

    /// The same, to be taken.
    pub fn problems_mut(&mut self) -> &mut Problems {
        &mut self.alone.keeper.problems
    }

    /// The text of the patient given last.
    pub fn patient_source(&self) -> &[u8] {
        match &self.current {
            Some(done) => done.piece.text.get(self.last.clone()).unwrap_or_default(),
            None => self.alone.patient_source(),
        }
    }

    /// Gives the next patient; false at the end of the file.
    pub fn read_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        loop {
            if let Some(done) = &mut self.current {
                if self.given < done.patients
                    && let Some(found) = done.piece.found.get_mut(self.given)
                {
                    std::mem::swap(patient, &mut found.patient);
                    self.given += 1;
                    patient.ordinal += self.before;
                    let from = (patient.bytes.start - done.piece.before) as usize;
                    self.last = from..(patient.bytes.end - done.piece.before) as usize;
                    if let Some(problems) = found.problems.take() {
                        self.alone.keeper.problems.absorb(*problems, self.before);
                        self.shared.is_full.store(self.alone.keeper.problems.is_full(), Ordering::Relaxed);
                    }
                    return Ok(true);
                }
                self.before += done.patients as u64;
                self.given = 0;
                self.spare.extend(self.current.take().map(|done| done.piece));
            }
            if self.cutter.is_none() {
                return self.alone.read_patient(patient);
            }
            match self.next_piece() {
                Some(done) if done.is_whole => self.current = Some(done),
                other => self.read_alone(other),
            }
        }
    }

    /// The next piece, read; this thread reads pieces itself as long as the next is not there.
    fn next_piece(&mut self) -> Option<Done> {
        self.fill();
        let mut queue = self.shared.lock();
        loop {
            match queue.slots.pop_front() {
                None => return None,
                Some(Slot::Done(done)) => {
                    queue.first += 1;
                    return Some(done);
                }
                Some(Slot::Waiting(piece)) => {
                    queue.first += 1;
                    drop(queue);
                    return Some(self.shared.read(&mut self.own, piece));
                }
                Some(Slot::Working) => queue.slots.push_front(Slot::Working),
            }
            match take_waiting(&mut queue) {
                Some((seq, piece)) => {
                    drop(queue);
                    let done = self.shared.read(&mut self.own, piece);
                    queue = self.shared.lock();
                    put(&mut queue, seq, done);
                }
                None => queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Cuts as many pieces as may be under way, long ones fewer.
    fn fill(&mut self) {
        let Some(cutter) = &mut self.cutter else { return };
        let mut under_way = self.shared.lock().slots.len();
        while under_way < self.most {
            let Some(piece) = cutter.cut(self.spare.pop().unwrap_or_default()) else { return };
            under_way += (piece.text.len() / (2 * cutter.size)).max(1);
            self.shared.lock().slots.push_back(Slot::Waiting(piece));
            self.shared.changed.notify_one();
        }
    }

    /// From the beginning of that piece on, or of the rest, everything is read by one reader.
    fn read_alone(&mut self, first: Option<Done>) {
        let Some(cutter) = self.cutter.take() else { return };
        let mut pieces: Vec<Piece> = first.into_iter().map(|done| done.piece).collect();
        let mut queue = self.shared.lock();
        while let Some(slot) = queue.slots.pop_front() {
            match slot {
                Slot::Waiting(piece) | Slot::Done(Done { piece, .. }) => {
                    queue.first += 1;
                    pieces.push(piece);
                }
                Slot::Working => {
                    queue.slots.push_front(Slot::Working);
                    queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        drop(queue);
        self.close();
        let (before, line, line_begin) = pieces
            .first()
            .map_or((cutter.rest.before, cutter.line, cutter.line_begin), |p| (p.before, p.line, p.line_begin));
        let mut text: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.text).collect();
        text.extend_from_slice(&cutter.rest.text);
        let limits = self.shared.limits;
        let source = Source::resumed(Rest { text, before, ..cutter.rest }, &limits);
        self.alone.take_piece(source, LineCount::from(line, line_begin));
        self.alone.keeper.patient = self.before;
        self.alone.keeper.between = self.before > 0;
        self.spare = Vec::new();
    }

    fn close(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A panic while reading was caught and is met again by the reader that reads alone.
            let _ = thread.join();
        }
    }
}

impl Drop for ParallelReader<'_> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::options::ReadOptions;
    use crate::naaccr::reader::unpack::{decoded, unpacked};

    const HEAD: &str = "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
                        recordType=\"A\" specificationVersion=\"1.8\" xmlns:o=\"http://o\" xmlns=\"http://naaccr.org/naaccrxml\">";

    fn patient(n: usize, site: &str) -> String {
        format!(
            "<Patient>\n<Item naaccrId=\"patientIdNumber\">{n:08}</Item><Item naaccrId=\"sex\">7</Item>\n<Tumor>\
             <Item naaccrId=\"primarySite\">{site}</Item></Tumor></Patient>"
        )
    }

    type Heard = Vec<(Result<(Patient, u64, std::ops::Range<u64>, crate::naaccr::Lines), String>, String, Vec<String>)>;

    /// Everything a reader says of a file: patients, their texts, problems with their places, the stop.
    fn heard(mut next: impl FnMut(&mut Patient) -> (Result<bool, Fatal>, String, Vec<String>)) -> Heard {
        let mut all = Vec::new();
        let mut patient = Patient::default();
        loop {
            let (more, text, problems) = next(&mut patient);
            let last = !matches!(more, Ok(true));
            let said = (patient.clone(), patient.ordinal, patient.bytes.clone(), patient.lines);
            all.push((more.map(|_| said).map_err(|f| format!("{f:?}")), text, problems));
            if last {
                all.last_mut().unwrap().0 = all.last().unwrap().0.clone().map(|_| Default::default());
                return all;
            }
        }
    }

    fn open<'a>(text: &'a [u8], options: &ReadOptions) -> Option<Box<XmlReader<'a>>> {
        let text = decoded(unpacked(text, &options.limits).ok()?, None).ok()?.text;
        let mut source = Source::new(text, &options.limits);
        source.more().ok()?;
        Some(Box::new(XmlReader::open(source, options, None).ok()?))
    }

    fn same_on_any_number_of_threads(text: &[u8], options: &ReadOptions) {
        let Some(mut one) = open(text, options) else { return };
        let alone = heard(|patient| {
            let more = one.read_patient(patient);
            let text = String::from_utf8_lossy(one.patient_source()).into_owned();
            (more, text, one.keeper.problems.drain().iter().map(|p| format!("{p:?}")).collect())
        });
        let root = one.root.clone();
        for (threads, piece) in [(1, 100), (2, 1), (3, 400), (2, 1000)] {
            let mut several = ParallelReader::new(open(text, options).unwrap(), threads, piece);
            let together = heard(|patient| {
                let more = several.read_patient(patient);
                let text = String::from_utf8_lossy(several.patient_source()).into_owned();
                (more, text, several.problems_mut().drain().iter().map(|p| format!("{p:?}")).collect())
            });
            for (n, (found, expected)) in std::iter::zip(&together, &alone).enumerate() {
                assert_eq!(found, expected, "{threads} threads, {piece} bytes, place {n}");
            }
            assert_eq!(together.len(), alone.len(), "{threads} threads, {piece} bytes");
            assert_eq!(several.root(), &root);
            let counts = |p: &Problems| (p.counts().collect::<Vec<_>>(), p.errors(), p.total());
            assert_eq!(counts(several.problems()), counts(&one.keeper.problems));
        }
    }

    #[test]
    fn patients_problems_and_stops_are_the_same_on_any_number_of_threads() {
        let some: String = (1..40).map(|n| patient(n, if n % 7 == 0 { "C50" } else { "C509" }) + "\n").collect();
        let limit = Limits { patient: 300, ..Limits::default() };
        for body in [
            format!("{some}</NaaccrData>\n"),
            format!("{some}</NaaccrData><Patient/></Patient>{some}"),
            some.clone(),
            format!("{some}<!-- {some} -->{some}<!-- </Patient> --></NaaccrData>"),
            format!("{some}<Patient><Tumor><o:x>{some}</o:x></Tumor></Patient>{some}</NaaccrData>"),
            format!(
                "{some}<Patient><Item naaccrId=\"textRemarks\"><![CDATA[{some}]]></Item></Patient>{some}</NaaccrData>"
            ),
            format!("{some}<Patient><Item</Patient>{some}<Patient></Tumor></Patient>{some}</NaaccrData>"),
            format!("{some}stray</Patient>{some}</NaaccrData>"),
            format!("{some}<Item naaccrId=\"registryId\">1</Item>{some}<o:y/></NaaccrData>"),
            format!("{some}<Patient/><Patient></Patient ><Patient>{}</Patient>{some}</NaaccrData>", " ".repeat(5000)),
            some.replace('\n', "") + "</NaaccrData>",
            "<Patient/>".into(),
        ] {
            for options in [ReadOptions::strict(), ReadOptions::practical(), ReadOptions::salvage()] {
                let text = format!("{HEAD}{body}");
                same_on_any_number_of_threads(text.as_bytes(), &options);
                same_on_any_number_of_threads(text.as_bytes(), &ReadOptions { max_problems: 7, ..options.clone() });
                same_on_any_number_of_threads(text.as_bytes(), &ReadOptions { limits: limit, ..options });
            }
        }
    }

    #[test]
    fn changed_texts_are_read_the_same_on_any_number_of_threads() {
        const PIECES: [&str; 14] = [
            "<",
            "</Patient>",
            "<Patient>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "</NaaccrData>",
            "<o:x>",
            "</o:x>",
            "x",
            "\n",
            "<Item naaccrId=\"registryId\">7</Item>",
            "</Tumor>",
        ];
        let text = format!("{HEAD}{}</NaaccrData>", (0..12).map(|n| patient(n, "C50") + "\n").collect::<String>());
        let mut number = 0x5eed_u64;
        let mut below = |n: usize| {
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
            (number % n as u64) as usize
        };
        for round in 0..250 {
            let mut changed = text.clone();
            for _ in 0..1 + below(3) {
                let at = HEAD.len() + below(changed.len() - HEAD.len());
                let piece = PIECES[below(PIECES.len())];
                changed.replace_range(at..(at + below(4)).min(changed.len()), piece);
            }
            let ways = [ReadOptions::strict(), ReadOptions::practical(), ReadOptions::salvage()];
            same_on_any_number_of_threads(changed.as_bytes(), &ways[round % 3]);
        }
    }

    #[test]
    fn letting_go_of_a_reader_ends_its_threads() {
        let text = format!("{HEAD}{}", (0..200).map(|n| patient(n, "C509")).collect::<String>());
        let mut reader = ParallelReader::new(open(text.as_bytes(), &ReadOptions::strict()).unwrap(), 3, 300);
        assert!(reader.read_patient(&mut Patient::default()).unwrap());
        let shared = Arc::downgrade(&reader.shared);
        drop(reader);
        assert!(shared.upgrade().is_none());
    }
}
