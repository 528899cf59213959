//! The window of text a reader works in.
//!
//! The window always begins at or before the patient being read and only grows while it is read, so positions in it
//! stay valid within a patient and the exact text of a patient is a slice of it.

use crate::naaccr::options::Limits;
use crate::naaccr::problem::{Fatal, FatalKind};
use crate::naaccr::reader::unpack::Readable;

const WINDOW: usize = 512 << 10;
const AHEAD: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Source<'a> {
    input: Option<Readable<'a>>,
    window: Vec<u8>,
    filled: usize,
    before: u64,
    most: usize,
    /// Where the patient being read begins; `most` counts from here.
    begin: usize,
    /// Why the input ended early; told when all that came before is used up.
    failed: Option<Fatal>,
}

/// What a source has not given yet, to be given by another.
pub(crate) struct Rest<'a> {
    /// Text that was read.
    pub text: Vec<u8>,
    /// What follows it.
    pub input: Option<Readable<'a>>,
    /// Why the input ended early.
    pub failed: Option<Fatal>,
    /// How many bytes of the file are before the text.
    pub before: u64,
}

impl<'a> Source<'a> {
    pub fn new(input: Readable<'a>, limits: &Limits) -> Source<'a> {
        let window = vec![0; WINDOW];
        Source { input: Some(input), window, filled: 0, before: 0, most: limits.patient, begin: 0, failed: None }
    }

    /// A source that goes on where another ended.
    pub fn resumed(rest: Rest<'a>, limits: &Limits) -> Source<'a> {
        let Rest { text: mut window, input, failed, before } = rest;
        let filled = window.len();
        window.resize(filled.max(WINDOW), 0);
        Source { input, window, filled, before, most: limits.patient, begin: 0, failed }
    }

    /// What is left from `at` on; the source itself is empty after that.
    pub fn take_rest(&mut self, at: usize) -> Rest<'a> {
        let mut text = std::mem::take(&mut self.window);
        text.truncate(self.filled);
        text.drain(..at.min(self.filled));
        self.filled = 0;
        Rest { text, input: self.input.take(), failed: self.failed.take(), before: self.before + at as u64 }
    }

    /// A source of text that is already there.
    pub fn of_text(text: Vec<u8>) -> Source<'static> {
        let filled = text.len();
        Source { input: None, window: text, filled, before: 0, most: usize::MAX, begin: 0, failed: None }
    }

    /// A piece of a file that is already there; `before` bytes of the file stand before it.
    pub fn of_piece(text: Vec<u8>, before: u64, limits: &Limits) -> Source<'static> {
        Source { before, most: limits.patient, ..Source::of_text(text) }
    }

    /// The text of the window.
    #[inline]
    pub fn text(&self) -> &[u8] {
        &self.window[..self.filled]
    }

    /// How many bytes of the file are before the window.
    pub fn before(&self) -> u64 {
        self.before
    }

    /// Whether the window holds all that is left.
    pub fn ended(&self) -> bool {
        self.input.is_none()
    }

    /// Lets go of what is before `at` if little is left behind it; gives the new position of `at`.
    pub fn let_go(&mut self, at: usize) -> usize {
        self.begin = at;
        let has_grown = self.window.len() > WINDOW;
        if self.ended() || self.filled - at >= AHEAD && !(has_grown && at > 0) {
            return at;
        }
        self.window.copy_within(at..self.filled, 0);
        self.filled -= at;
        self.before += at as u64;
        self.begin = 0;
        if has_grown {
            self.window.truncate(self.filled.max(WINDOW));
            self.window.shrink_to_fit();
        }
        while !self.ended() && self.failed.is_none() && self.filled < self.window.len() / 2 {
            // A fault is told when everything before it was read.
            self.read_on();
        }
        0
    }

    /// A patient begins at `at`.
    pub fn begin(&mut self, at: usize) {
        self.begin = at;
    }

    /// Reads more behind what is there; false at the end of the file.
    pub fn more(&mut self) -> Result<bool, Fatal> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if self.ended() {
            return Ok(false);
        }
        self.check_size(self.filled)?;
        if self.filled == self.window.len() {
            // One byte more than a patient may have shows that it is too large.
            let most = self.begin.saturating_add(self.most).saturating_add(1);
            self.window.resize((self.filled * 2).min(most).max(self.filled + 1), 0);
        }
        let read = self.read_on();
        match &self.failed {
            Some(failed) => Err(failed.clone()),
            None => Ok(read),
        }
    }

    /// Whether a patient that ends at `end`, or has not ended there, is not too large.
    pub fn check_size(&self, end: usize) -> Result<(), Fatal> {
        if end.saturating_sub(self.begin) <= self.most {
            return Ok(());
        }
        let message = format!(
            "one patient, or what stands before the first, is longer than {} bytes, the limit that is set",
            self.most
        );
        Err(Fatal::new(FatalKind::PatientTooLarge, message))
    }

    /// Reads into the free part of the window; false if nothing came.
    fn read_on(&mut self) -> bool {
        let Some(input) = &mut self.input else { return false };
        match input.read_some(&mut self.window[self.filled..]) {
            Ok(0) => {
                self.input = None;
                false
            }
            Ok(n) => {
                self.filled += n;
                true
            }
            Err(failed) => {
                self.failed = Some(failed);
                false
            }
        }
    }
}

/// Counts lines up to a position that only moves forward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineCount {
    /// Position in the window up to which lines are counted.
    at: usize,
    /// The line of that position, from 1.
    line: u64,
    /// Position in the whole text where that line begins.
    begin: u64,
    /// The same of the line the window begins in.
    first: u64,
}

impl LineCount {
    pub fn new() -> LineCount {
        LineCount::from(1, 0)
    }

    /// Counts from a window on that begins in that line, which begins at that position of the whole text.
    pub fn from(line: u64, begin: u64) -> LineCount {
        LineCount { at: 0, line, begin, first: begin }
    }

    /// The line counted up to, and where in the whole text it begins.
    pub fn counted(&self) -> (u64, u64) {
        (self.line, self.begin)
    }

    /// The line of `at`, from 1.
    #[inline]
    pub fn line(&mut self, source: &Source<'_>, at: usize) -> u64 {
        if at > self.at {
            let text = source.text();
            let end = at.min(text.len());
            for n in memchr::memchr_iter(b'\n', &text[self.at..end]) {
                self.line += 1;
                self.begin = source.before() + (self.at + n + 1) as u64;
            }
            self.at = end;
        }
        self.line
    }

    /// Line and column of `at`, both from 1; `at` may be a little before what was counted.
    pub fn place(&mut self, source: &Source<'_>, at: usize) -> (u64, u64) {
        if at >= self.at {
            let line = self.line(source, at);
            return (line, (source.before() + at as u64).saturating_sub(self.begin) + 1);
        }
        let back = memchr::memchr_iter(b'\n', &source.text()[at..self.at]).count() as u64;
        let begin = match memchr::memrchr(b'\n', &source.text()[..at]) {
            _ if back == 0 => self.begin,
            Some(n) => source.before() + n as u64 + 1,
            None => self.first,
        };
        (self.line - back, (source.before() + at as u64).saturating_sub(begin) + 1)
    }

    /// The window has let go of everything before `at`, which now is at `now`.
    pub fn moved(&mut self, at: usize, now: usize) {
        if now < at {
            self.first = self.begin;
        }
        self.at = self.at.saturating_sub(at - now);
    }
}
