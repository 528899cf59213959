//! The window of text a reader works in.
//!
//! The window always begins at or before the patient being read and only grows while it is read, so positions in it
//! stay valid within a patient and the exact text of a patient is a slice of it.

use std::io::Read;

use crate::naaccr::options::Limits;
use crate::naaccr::problem::{Fatal, FatalKind};
use crate::naaccr::reader::unpack::{Readable, stop_of};

const WINDOW: usize = 512 << 10;
const AHEAD: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Source<'a> {
    input: Option<Readable<'a>>,
    window: Vec<u8>,
    filled: usize,
    before: u64,
    most: usize,
}

impl<'a> Source<'a> {
    pub fn new(input: Readable<'a>, limits: &Limits) -> Source<'a> {
        Source { input: Some(input), window: vec![0; WINDOW], filled: 0, before: 0, most: limits.patient }
    }

    /// A source of text that is already there.
    pub fn of_text(text: Vec<u8>) -> Source<'static> {
        let filled = text.len();
        Source { input: None, window: text, filled, before: 0, most: usize::MAX }
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
    pub fn let_go(&mut self, at: usize) -> Result<usize, Fatal> {
        if self.ended() || self.filled - at >= AHEAD {
            return Ok(at);
        }
        self.window.copy_within(at..self.filled, 0);
        self.filled -= at;
        self.before += at as u64;
        while !self.ended() && self.filled < self.window.len() / 2 {
            self.more()?;
        }
        Ok(0)
    }

    /// Reads more behind what is there; false at the end of the file.
    pub fn more(&mut self) -> Result<bool, Fatal> {
        let Some(input) = &mut self.input else { return Ok(false) };
        if self.filled == self.window.len() {
            if self.filled >= self.most {
                let message = format!(
                    "one patient, or what stands before the first, is longer than {} bytes, the limit that is set",
                    self.most
                );
                return Err(Fatal::new(FatalKind::PatientTooLarge, message));
            }
            self.window.resize(self.filled * 2, 0);
        }
        loop {
            match input.0.read(&mut self.window[self.filled..]) {
                Ok(0) => {
                    self.input = None;
                    return Ok(false);
                }
                Ok(n) => {
                    self.filled += n;
                    return Ok(true);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(stop_of(&e)),
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
}

impl LineCount {
    pub fn new() -> LineCount {
        LineCount { at: 0, line: 1, begin: 0 }
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
        let between = &source.text()[at..self.at];
        let line = self.line - memchr::memchr_iter(b'\n', between).count() as u64;
        let begin = memchr::memrchr(b'\n', &source.text()[..at]).map_or(0, |n| n + 1);
        (line, (at - begin) as u64 + 1)
    }

    /// The window has let go of everything before `at`, which now is at `now`.
    pub fn moved(&mut self, at: usize, now: usize) {
        self.at = self.at.saturating_sub(at - now);
    }
}
