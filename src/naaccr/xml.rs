//! The bare syntax of XML, over bytes that are already in memory.
//!
//! Knows markup, attributes and references; nothing of NAACCR. Every answer is either a piece of the input, "more
//! bytes are needed", or a fault with its position, so that the streaming reader and the dictionary loader share it.

use memchr::{memchr, memmem};

/// Why no markup could be read at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end inside the markup.
    Incomplete,
    /// The markup is not XML: where, and what is wrong.
    Syntax { at: usize, what: &'static str },
}

/// A start tag; `attributes` is what stands between the name and the closing bracket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    /// Start and end of the name.
    pub name: (usize, usize),
    /// Start and end of the text of the attributes.
    pub attributes: (usize, usize),
    /// Whether the element ends at once (`/>`).
    pub empty: bool,
}

/// One piece of markup, as ranges of the bytes given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Markup {
    Start(Tag),
    End { name: (usize, usize) },
    Comment,
    Instruction,
    Cdata { text: (usize, usize) },
    Doctype,
}

/// Reads the markup that begins with `<` at `at`; gives it and the position behind it.
pub(crate) fn markup(bytes: &[u8], at: usize) -> Result<(Markup, usize), Fault> {
    debug_assert_eq!(bytes.get(at), Some(&b'<'));
    let rest = bytes.get(at + 1..).ok_or(Fault::Incomplete)?;
    match rest.first() {
        None => Err(Fault::Incomplete),
        Some(b'/') => end_tag(bytes, at),
        Some(b'?') => {
            let end = find(bytes, at + 2, b"?>")?;
            Ok((Markup::Instruction, end + 2))
        }
        Some(b'!') => declaration(bytes, at),
        Some(c) if is_name_start(*c) => start_tag(bytes, at),
        Some(_) => Err(Fault::Syntax { at, what: "a '<' that begins no tag; in text it must be written &lt;" }),
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Result<usize, Fault> {
    let rest = bytes.get(from..).ok_or(Fault::Incomplete)?;
    memmem::find(rest, what).map(|n| from + n).ok_or(Fault::Incomplete)
}

fn declaration(bytes: &[u8], at: usize) -> Result<(Markup, usize), Fault> {
    let rest = &bytes[at + 2..];
    if begins(rest, b"--")? {
        let end = find(bytes, at + 4, b"--")?;
        return match bytes.get(end + 2) {
            None => Err(Fault::Incomplete),
            Some(b'>') => Ok((Markup::Comment, end + 3)),
            Some(_) => Err(Fault::Syntax { at: end, what: "'--' inside a comment" }),
        };
    }
    if begins(rest, b"[CDATA[")? {
        let end = find(bytes, at + 9, b"]]>")?;
        return Ok((Markup::Cdata { text: (at + 9, end) }, end + 3));
    }
    if begins(rest, b"DOCTYPE")? {
        return Ok((Markup::Doctype, at + 9));
    }
    Err(Fault::Syntax { at, what: "'<!' that begins neither a comment nor a CDATA section" })
}

/// Whether `rest` begins with `what`; incomplete if it ends before that can be told.
fn begins(rest: &[u8], what: &[u8]) -> Result<bool, Fault> {
    if rest.len() < what.len() && what.starts_with(rest) {
        return Err(Fault::Incomplete);
    }
    Ok(rest.starts_with(what))
}

fn end_tag(bytes: &[u8], at: usize) -> Result<(Markup, usize), Fault> {
    let close = memchr(b'>', &bytes[at..]).map(|n| at + n).ok_or(Fault::Incomplete)?;
    let mut end = close;
    while end > at + 2 && is_space(bytes[end - 1]) {
        end -= 1;
    }
    let name = &bytes[at + 2..end];
    if name.is_empty() || !is_name_start(name[0]) || !name.iter().all(|c| is_name(*c)) {
        return Err(Fault::Syntax { at, what: "an end tag whose name is not a name" });
    }
    Ok((Markup::End { name: (at + 2, end) }, close + 1))
}

fn start_tag(bytes: &[u8], at: usize) -> Result<(Markup, usize), Fault> {
    let mut i = at + 1;
    while i < bytes.len() && is_name(bytes[i]) {
        i += 1;
    }
    let name = (at + 1, i);
    let begin = i;
    let mut quote = 0u8;
    while i < bytes.len() {
        let c = bytes[i];
        if quote != 0 {
            if c == quote {
                quote = 0;
            } else if c == b'<' {
                return Err(Fault::Syntax { at: i, what: "'<' inside an attribute; it must be written &lt;" });
            }
        } else {
            match c {
                b'"' | b'\'' => quote = c,
                b'>' => {
                    let empty = i > begin && bytes[i - 1] == b'/';
                    let tag = Tag { name, attributes: (begin, i - usize::from(empty)), empty };
                    return Ok((Markup::Start(tag), i + 1));
                }
                b'<' => {
                    return Err(Fault::Syntax { at: i, what: "a new tag begins before the one before it is closed" });
                }
                _ => {}
            }
        }
        i += 1;
    }
    Err(Fault::Incomplete)
}

/// The attributes of a tag: name, raw value and position of each, or a fault.
pub(crate) struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// One attribute; the value still holds its references.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'a> {
    pub name: &'a [u8],
    pub raw: &'a [u8],
    pub at: usize,
}

impl<'a> Attributes<'a> {
    pub fn of(bytes: &'a [u8], tag: &Tag) -> Attributes<'a> {
        Attributes { bytes, at: tag.attributes.0, end: tag.attributes.1 }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = &self.bytes[..self.end];
        let before = self.at;
        let begin = skip_space(bytes, self.at);
        if begin >= self.end {
            self.at = self.end;
            return None;
        }
        let fault = |at, what| Some(Err(Fault::Syntax { at, what }));
        self.at = self.end;
        if begin == before {
            return fault(begin, "attributes without a blank between them");
        }
        let mut i = begin;
        while i < bytes.len() && is_name(bytes[i]) {
            i += 1;
        }
        let name = &bytes[begin..i];
        if name.is_empty() || !is_name_start(name[0]) {
            return fault(begin, "an attribute whose name is not a name");
        }
        i = skip_space(bytes, i);
        if bytes.get(i) != Some(&b'=') {
            return fault(begin, "an attribute without a value");
        }
        i = skip_space(bytes, i + 1);
        let quote = match bytes.get(i) {
            Some(c @ (b'"' | b'\'')) => *c,
            _ => return fault(begin, "an attribute whose value is not in quotes"),
        };
        let start = i + 1;
        let Some(length) = memchr(quote, &bytes[start..]) else {
            return fault(begin, "an attribute whose quotes are not closed");
        };
        self.at = start + length + 1;
        Some(Ok(Attribute { name, raw: &bytes[start..start + length], at: begin }))
    }
}

/// Position of the first byte from `at` on that is not white space.
#[inline]
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
    }
    at
}

/// White space of XML.
#[inline]
pub(crate) fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\n' | b'\r' | b'\t')
}

/// A byte that may begin a name; every byte of a longer UTF-8 character counts as a letter.
#[inline]
pub(crate) fn is_name_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c == b':' || c >= 0x80
}

#[inline]
fn is_name(c: u8) -> bool {
    is_name_start(c) || c.is_ascii_digit() || c == b'-' || c == b'.'
}

/// Splits a qualified name into prefix (empty if none) and local name.
pub(crate) fn split_name(name: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b':', name) {
        Some(n) => (&name[..n], &name[n + 1..]),
        None => (&[], name),
    }
}

/// The character a reference stands for, such as the text between `&` and `;` in `&#x41;`.
pub(crate) fn reference(name: &[u8]) -> Option<char> {
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x', hex @ ..] => number(hex, 16),
        [b'#', decimal @ ..] => number(decimal, 10),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(|d| (*d as char).is_digit(radix)) {
        return None;
    }
    char::from_u32(u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?)
}

/// Decodes an attribute's value: references resolved, white space turned into blanks.
pub(crate) fn attribute_text(raw: &[u8], at: usize) -> Result<String, Fault> {
    let text = std::str::from_utf8(raw)
        .map_err(|e| Fault::Syntax { at: at + e.valid_up_to(), what: "bytes that are not UTF-8" })?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find(['&', '\n', '\r', '\t']) {
        out.push_str(&rest[..n]);
        if rest.as_bytes()[n] != b'&' {
            out.push(' ');
            rest = &rest[n + 1..];
            continue;
        }
        let after = &rest[n + 1..];
        let known = after.find(';').and_then(|end| Some((reference(&after.as_bytes()[..end])?, end)));
        let Some((c, end)) = known else {
            return Err(Fault::Syntax { at, what: "'&' that begins no known reference; it must be written &amp;" });
        };
        out.push(c);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    if out.chars().all(is_allowed) {
        Ok(out)
    } else {
        Err(Fault::Syntax { at, what: "a character XML does not allow, in an attribute" })
    }
}

/// Whether XML 1.0 allows a character.
pub(crate) fn is_allowed(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn attributes(text: &str) -> Result<Vec<(String, String)>, Fault> {
        let (found, _) = markup(text.as_bytes(), 0)?;
        let Markup::Start(tag) = found else { panic!("not a start tag") };
        Attributes::of(text.as_bytes(), &tag)
            .map(|a| {
                let a = a?;
                Ok((String::from_utf8_lossy(a.name).into_owned(), attribute_text(a.raw, a.at)?))
            })
            .collect()
    }

    #[test]
    fn attributes_are_read_in_either_quotes() {
        let read = attributes("<a  b = \"1\"\n c='x &lt; &#65;' />").unwrap();
        assert_eq!(read, [("b".into(), "1".into()), ("c".into(), "x < A".into())]);
    }

    #[test]
    fn faults_say_where() {
        assert_eq!(attributes("<a b>").unwrap_err(), Fault::Syntax { at: 3, what: "an attribute without a value" });
        assert!(matches!(attributes("<a b='1'c='2'>").unwrap_err(), Fault::Syntax { at: 8, .. }));
        assert_eq!(attributes("<a b='1").unwrap_err(), Fault::Incomplete);
        assert!(matches!(markup(b"< a>", 0).unwrap_err(), Fault::Syntax { at: 0, .. }));
    }

    #[test]
    fn every_prefix_of_markup_is_incomplete_or_the_same_kind() {
        for text in ["<!-- c -->", "<![CDATA[x]]>", "<?pi x?>", "<a b='>'>", "</a >"] {
            assert_eq!(markup(text.as_bytes(), 0).unwrap().1, text.len());
            for n in 1..text.len() {
                assert_eq!(markup(&text.as_bytes()[..n], 0).unwrap_err(), Fault::Incomplete, "{text} {n}");
            }
        }
    }

    #[test]
    fn references_above_16_bits_are_whole() {
        assert_eq!(reference(b"#x1F600"), char::from_u32(0x1F600));
        assert_eq!(reference(b"#xD800"), None);
        assert_eq!(reference(b"nbsp"), None);
    }
}
