//! Text of items: a quick look for the simple form, and decoding of all the others.

use crate::naaccr::xml::{self, is_allowed};

/// Bytes that end the simple form of a value: markup, references, carriage returns, control characters, `]` (which
/// may begin `]]>`) and the first byte of U+FFFE and U+FFFF.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut n = 0;
    while n < 0x20 {
        special[n] = n != 9 && n != 10;
        n += 1;
    }
    special[b'<' as usize] = true;
    special[b'&' as usize] = true;
    special[b']' as usize] = true;
    special[0xef] = true;
    special
};

/// Position of the first `<` from `at` on, if nothing before it needs decoding; else none.
#[inline]
pub(crate) fn simple_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        while let Some(eight) = text.get(at..at + 8) {
            let word = u64::from_le_bytes(eight.try_into().unwrap_or([0; 8]));
            if may_be_special(word) {
                break;
            }
            at += 8;
        }
        let end = text.len().min(at + 8);
        while at < end && !SPECIAL[usize::from(text[at])] {
            at += 1;
        }
        if at == text.len() {
            return None;
        }
        if at == end {
            continue;
        }
        match &text[at..] {
            [b'<', ..] => return Some(at),
            // A lone bracket and other characters that begin with the same byte are common enough in free text.
            [b']', second, third, ..] if (*second, *third) != (b']', b'>') => at += 1,
            [0xef, second, third, ..] if (*second, *third & 0xfe) != (0xbf, 0xbe) => at += 1,
            _ => return None,
        }
    }
}

/// Whether one of eight bytes is below a blank, `<`, `&`, `]` or not ASCII. May say yes once too often, never no.
#[inline]
fn may_be_special(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let below_blank = word.wrapping_sub(ONES * 0x20);
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let same = |byte: u8| zero(word ^ (ONES * byte as u64));
    (word | (below_blank & !word) | same(b'<') | same(b'&') | same(b']')) & HIGH != 0
}

/// A character XML does not allow, or bytes that are no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Character { at: usize, code: u32 },
    Bytes { at: usize, first: u8 },
}

/// Why text could not be decoded: where and what.
pub(crate) type Wrong = (usize, &'static str);

/// Appends the text of `raw` (between two pieces of markup) to `out`: references resolved, line ends made LF,
/// characters XML does not allow told to `bad` and
/// left out unless `keep`, bytes that are not UTF-8 read as Windows-1252.
/// `at` is the position of `raw`, for faults.
pub(crate) fn decode(
    raw: &[u8],
    at: usize,
    keep: bool,
    out: &mut String,
    bad: &mut dyn FnMut(Bad),
) -> Result<(), Wrong> {
    let mut begin = 0;
    while let Some(n) = memchr::memchr2(b'&', b']', &raw[begin..]) {
        let stop = begin + n;
        append(&raw[begin..stop], at + begin, keep, out, bad);
        if raw[stop] == b']' {
            if raw[stop..].starts_with(b"]]>") {
                return Err((at + stop, "']]>' in text; it must be written ]]&gt;"));
            }
            out.push(']');
            begin = stop + 1;
            continue;
        }
        let rest = &raw[stop + 1..];
        let end = rest.iter().take(12).position(|b| *b == b';');
        let known = end.and_then(|end| Some((xml::reference(&rest[..end])?, end)));
        let Some((c, end)) = known else {
            return Err((at + stop, "'&' that begins no known reference; it must be written &amp;"));
        };
        if is_allowed(c) {
            out.push(c);
        } else {
            bad(Bad::Character { at: at + stop, code: c.into() });
            if keep {
                out.push(c);
            }
        }
        begin = stop + 1 + end + 1;
    }
    append(&raw[begin..], at + begin, keep, out, bad);
    Ok(())
}

/// Appends text without references.
pub(crate) fn append(raw: &[u8], at: usize, keep: bool, out: &mut String, bad: &mut dyn FnMut(Bad)) {
    let mut done = 0;
    for chunk in raw.utf8_chunks() {
        let mut characters = chunk.valid().char_indices().peekable();
        while let Some((n, c)) = characters.next() {
            match c {
                '\r' => {
                    if characters.peek().is_none_or(|(_, next)| *next != '\n') {
                        out.push('\n');
                    }
                }
                _ if is_allowed(c) => out.push(c),
                _ => {
                    bad(Bad::Character { at: at + done + n, code: c.into() });
                    if keep {
                        out.push(c);
                    }
                }
            }
        }
        done += chunk.valid().len();
        for (n, byte) in chunk.invalid().iter().enumerate() {
            bad(Bad::Bytes { at: at + done + n, first: *byte });
            out.push(crate::naaccr::reader::unpack::western(*byte));
        }
        done += chunk.invalid().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simple_end_is_the_first_tag_unless_something_needs_decoding() {
        for text in ["", "1", "1234567", "12345678", "a long text] with [brackets] \u{fffd} \n and é", "ends with ]"] {
            assert_eq!(simple_end(format!("{text}</Item>").as_bytes(), 0), Some(text.len()), "{text}");
        }
        for text in ["a&amp;b", "a\rb", "a\u{1}b", "123456789]]>", "\u{ffff}", "1234567890\u{fffe}", "no tag at all"] {
            assert_eq!(simple_end(format!("{text}.......").as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn text_is_decoded_and_nothing_is_lost_unsaid() {
        let mut found = Vec::new();
        let mut out = String::new();
        let text = b"a&#xd;b\r\nc\rd\x01e\xfc&lt;]&#x1F600;";
        assert_eq!(decode(text, 100, false, &mut out, &mut |bad| found.push(bad)), Ok(()));
        assert_eq!(out, "a\rb\nc\ndeü<]😀");
        assert_eq!(found, [Bad::Character { at: 112, code: 1 }, Bad::Bytes { at: 114, first: 0xfc }]);
        assert!(decode(b"a & b", 0, false, &mut out, &mut |_| {}).is_err());
        assert!(decode(b"a ]]> b", 0, false, &mut out, &mut |_| {}).is_err());
    }
}
