//! Commands that answer a JSON line with a JSON line, in order.

use std::io::{self, Read, Write};

use anyhow::Context;

use super::Outcome;

/// Answers every line of the standard input with a line, in order. What is ready is written before waiting for
/// more, so that a program may ask and listen in turns.
pub(super) fn each_line(
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> serde_json::Result<()>,
) -> anyhow::Result<Outcome> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut held = vec![0u8; 1 << 18];
    let mut filled = 0;
    let mut out = Vec::with_capacity(1 << 18);
    let mut number = 0u64;
    let mut outcome = Outcome::Done;
    let mut one = |line: &[u8], out: &mut Vec<u8>| {
        number += 1;
        let start = out.len();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Err(error) = answer(line, out) {
            out.truncate(start);
            out.extend_from_slice(format!("{{\"line\":{number},\"error\":").as_bytes());
            text(out, &reason(&error));
            out.push(b'}');
            outcome = Outcome::Found;
        }
        out.push(b'\n');
    };
    loop {
        if filled == held.len() {
            held.resize(held.len() * 2, 0);
        }
        let room = held.get_mut(filled..).unwrap_or_default();
        let read = match input.read(room) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("reading the standard input"),
        };
        let searched = filled;
        filled += read;
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', &held[searched..filled]) {
            one(&held[from..searched + at], &mut out);
            from = searched + at + 1;
        }
        if read == 0 && from < filled {
            one(&held[from..filled], &mut out);
            from = filled;
        }
        held.copy_within(from..filled, 0);
        filled -= from;
        match output.write_all(&out).and_then(|()| output.flush()) {
            Ok(()) => out.clear(),
            // The reader has heard enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
            Err(error) => return Err(error).context("writing the standard output"),
        }
        if read == 0 {
            return Ok(outcome);
        }
    }
}

/// Why a line could not be answered; the line and column of a one-line text say nothing.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// A JSON text.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A text can always be written as JSON.
        let _ = serde_json::to_writer(out, text);
    }
}
