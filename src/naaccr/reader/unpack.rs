//! From the bytes of a file to UTF-8 text: unpacking and decoding, told by content.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::naaccr::options::Limits;
use crate::naaccr::problem::{Fatal, FatalKind};

/// A reader of bytes that may move to another thread.
pub(crate) type Bytes<'a> = Box<dyn Read + Send + 'a>;

const HEAD: usize = 1024;
/// Unpacked bytes from which on the ratio is asked.
const RATIO_FROM: u64 = 16 << 20;

/// A reader that begins with bytes already read.
type Again<'a> = Chain<Cursor<Vec<u8>>, Bytes<'a>>;

/// Reads up to `HEAD` bytes ahead and gives them with a reader that begins with them again.
fn look_ahead(mut input: Bytes<'_>) -> io::Result<(Vec<u8>, Again<'_>)> {
    let mut head = Vec::with_capacity(HEAD);
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(input)))
}

/// Unpacks gzip, zstd and zip, told by the first bytes, and holds to the limits.
pub(crate) fn unpacked<'a>(input: impl Read + Send + 'a, limits: &Limits) -> Result<Bytes<'a>, Fatal> {
    unpacked_told(input, limits).map(|(bytes, _)| bytes)
}

/// The same; says too whether the bytes were packed.
pub(crate) fn unpacked_told<'a>(input: impl Read + Send + 'a, limits: &Limits) -> Result<(Bytes<'a>, bool), Fatal> {
    let counted = Counted { input, read: std::sync::Arc::default() };
    let packed = counted.read.clone();
    let (head, rest) = look_ahead(Box::new(counted)).map_err(|e| Fatal::new(FatalKind::Io, e.to_string()))?;
    let buffered = BufReader::with_capacity(64 << 10, rest);
    let unpacked: Bytes<'a> = match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(buffered)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(
            zstd::stream::read::Decoder::with_buffer(buffered).map_err(|e| Fatal::new(FatalKind::Io, e.to_string()))?,
        ),
        [b'P', b'K', 3, 4, ..] => Box::new(first_of_zip(buffered, limits)?),
        _ => {
            let (_, whole) = (head, buffered);
            return Ok((Box::new(Bounded { input: whole, given: 0, packed: None, limits: *limits }), false));
        }
    };
    Ok((Box::new(Bounded { input: unpacked, given: 0, packed: Some(packed), limits: *limits }), true))
}

/// The first file of a zip archive. Archives need to be read from their end, so the packed bytes are held.
fn first_of_zip(mut packed: impl Read, limits: &Limits) -> Result<Cursor<Vec<u8>>, Fatal> {
    let wrong = |e: &dyn std::fmt::Display| Fatal::new(FatalKind::Io, format!("the zip archive cannot be read: {e}"));
    let most = limits.patient as u64 * 4;
    let mut archive = Vec::new();
    packed.by_ref().take(most + 1).read_to_end(&mut archive).map_err(|e| wrong(&e))?;
    if archive.len() as u64 > most {
        let message = format!("the zip archive is larger than {most} bytes; unpack it first, or use gzip");
        return Err(Fatal::new(FatalKind::FileTooLarge, message));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(|e| wrong(&e))?;
    let files: Vec<usize> =
        (0..archive.len()).filter(|n| archive.by_index(*n).is_ok_and(|file| file.is_file())).collect();
    let [only] = files[..] else {
        let message = format!("the zip archive holds {} files; it must hold exactly one", files.len());
        return Err(Fatal::new(FatalKind::Io, message));
    };
    let file = archive.by_index(only).map_err(|e| wrong(&e))?;
    let mut content = Vec::new();
    file.take(most + 1).read_to_end(&mut content).map_err(|e| wrong(&e))?;
    if content.len() as u64 > most {
        let message = format!("the file in the zip archive is larger than {most} bytes; unpack it first, or use gzip");
        return Err(Fatal::new(FatalKind::FileTooLarge, message));
    }
    Ok(Cursor::new(content))
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    read: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.read.fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops at the limits of a file's length and of how far packed bytes may unfold.
struct Bounded<R> {
    input: R,
    given: u64,
    packed: Option<std::sync::Arc<std::sync::atomic::AtomicU64>>,
    limits: Limits,
}

/// The error a bound is reported with, found again by [`bound_of`].
#[derive(Debug)]
struct Bound(FatalKind, String);

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.1)
    }
}

impl std::error::Error for Bound {}

/// The stop an error of reading stands for.
pub(crate) fn stop_of(error: &io::Error) -> Fatal {
    match error.get_ref().and_then(|e| e.downcast_ref::<Bound>()) {
        Some(Bound(kind, message)) => Fatal::new(*kind, message.clone()),
        None => Fatal::new(FatalKind::Io, format!("the file cannot be read further: {error}")),
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Up to the limit everything is given, whatever the sizes it is asked for in; one byte more is a fault.
        let left = self.limits.total.saturating_sub(self.given);
        let most = usize::try_from(left).unwrap_or(usize::MAX).max(1).min(buffer.len());
        let n = self.input.read(&mut buffer[..most])?;
        self.given += n as u64;
        if self.given > self.limits.total {
            let message = format!("the file is longer than {} bytes, the limit that is set", self.limits.total);
            return Err(io::Error::other(Bound(FatalKind::FileTooLarge, message)));
        }
        if let Some(packed) = &self.packed {
            let packed = packed.load(std::sync::atomic::Ordering::Relaxed).max(1);
            if self.given > RATIO_FROM && self.given / packed > self.limits.ratio {
                let message = format!(
                    "{packed} packed bytes unfold to more than {} times as many; unpack the file first if it is to be trusted",
                    self.limits.ratio
                );
                return Err(io::Error::other(Bound(FatalKind::CompressionRatio, message)));
            }
        }
        Ok(n)
    }
}

/// How the bytes of a text are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16 {
        big: bool,
    },
    /// ISO 8859-1, read as Windows-1252, which only adds characters where the other has none in use.
    Western,
}

impl Encoding {
    /// The encoding of that name.
    pub fn named(name: &str) -> Option<Encoding> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(Encoding::Utf8),
            "utf-16" | "utf-16le" | "utf16" => Some(Encoding::Utf16 { big: false }),
            "utf-16be" => Some(Encoding::Utf16 { big: true }),
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" | "windows-1252" | "cp1252" => {
                Some(Encoding::Western)
            }
            _ => None,
        }
    }
}

/// What the first bytes of a text say about its encoding.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    /// The text in UTF-8, without a byte order mark.
    pub text: Readable<'a>,
    /// The encoding the file names and that is not known.
    pub unknown: Option<String>,
}

/// A boxed reader that can be shown in debug output.
pub(crate) struct Readable<'a>(pub Bytes<'a>);

impl Readable<'_> {
    /// Reads some bytes; none at the end.
    pub fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Fatal> {
        loop {
            match self.0.read(buffer) {
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(stop_of(&e)),
            }
        }
    }
}

impl std::fmt::Debug for Readable<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readable")
    }
}

/// Decodes a text: by the name given, else by its byte order mark, else by its XML declaration, else as UTF-8.
pub(crate) fn decoded<'a>(input: Bytes<'a>, named: Option<&str>) -> Result<Decoded<'a>, Fatal> {
    let (head, mut rest) = look_ahead(input).map_err(|e| stop_of(&e))?;
    let (mark, marked) = match head.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => (3, Some(Encoding::Utf8)),
        [0xff, 0xfe, ..] => (2, Some(Encoding::Utf16 { big: false })),
        [0xfe, 0xff, ..] => (2, Some(Encoding::Utf16 { big: true })),
        [b'<', 0, ..] => (0, Some(Encoding::Utf16 { big: false })),
        [0, b'<', ..] => (0, Some(Encoding::Utf16 { big: true })),
        _ => (0, None),
    };
    let mut skipped = [0; 3];
    rest.read_exact(&mut skipped[..mark]).map_err(|e| stop_of(&e))?;
    let mut unknown = None;
    let encoding = match named {
        Some(name) => Encoding::named(name).ok_or_else(|| {
            let message = format!("the encoding {name} is not known; use utf-8, utf-16, iso-8859-1 or windows-1252");
            Fatal::new(FatalKind::Encoding, message)
        })?,
        None => marked.unwrap_or_else(|| match declared(&head) {
            // A declaration that could be read byte by byte is not in UTF-16, whatever it says.
            Some(name) => match Encoding::named(&name) {
                Some(Encoding::Utf16 { .. }) | None => {
                    unknown = Some(name);
                    Encoding::Utf8
                }
                Some(known) => known,
            },
            None => Encoding::Utf8,
        }),
    };
    let text: Bytes<'a> = match encoding {
        Encoding::Utf8 => Box::new(rest),
        other => Box::new(Decoder { input: rest, encoding: other, left: Vec::new(), out: Vec::new(), at: 0 }),
    };
    Ok(Decoded { text: Readable(text), unknown })
}

/// The encoding an XML declaration names.
fn declared(head: &[u8]) -> Option<String> {
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let end = memchr::memmem::find(head, b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let after = declaration[declaration.find("encoding")? + 8..].trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = &after[1..];
    Some(name[..name.find(quote)?].to_owned())
}

/// Turns another encoding into UTF-8.
struct Decoder<R> {
    input: R,
    encoding: Encoding,
    left: Vec<u8>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            let mut raw = [0; 16 << 10];
            let n = self.input.read(&mut raw)?;
            self.out.clear();
            self.at = 0;
            if n == 0 {
                if self.left.is_empty() {
                    return Ok(0);
                }
                self.left.clear();
                self.out.extend_from_slice("\u{FFFD}".as_bytes());
                break;
            }
            self.left.extend_from_slice(&raw[..n]);
            self.decode();
        }
        let n = buffer.len().min(self.out.len() - self.at);
        buffer[..n].copy_from_slice(&self.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl<R> Decoder<R> {
    fn decode(&mut self) {
        let mut utf8 = [0; 4];
        if let Encoding::Utf16 { big } = self.encoding {
            let whole = self.left.len() & !1;
            let unit = |p: &[u8]| if big { u16::from_be_bytes([p[0], p[1]]) } else { u16::from_le_bytes([p[0], p[1]]) };
            let mut units: Vec<u16> = self.left[..whole].chunks_exact(2).map(unit).collect();
            let cut_pair = units.last().is_some_and(|u| (0xD800..0xDC00).contains(u));
            if cut_pair {
                units.pop();
            }
            for c in char::decode_utf16(units) {
                self.out.extend_from_slice(c.unwrap_or('\u{FFFD}').encode_utf8(&mut utf8).as_bytes());
            }
            self.left.drain(..whole - if cut_pair { 2 } else { 0 });
        } else {
            for byte in self.left.drain(..) {
                self.out.extend_from_slice(western(byte).encode_utf8(&mut utf8).as_bytes());
            }
        }
    }
}

/// The character of a byte in Windows-1252.
pub(crate) fn western(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text_of(bytes: &[u8], named: Option<&str>) -> String {
        let mut text = String::new();
        let unpacked = unpacked(bytes, &Limits::default()).unwrap();
        decoded(unpacked, named).unwrap().text.0.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn encodings_are_told_by_mark_and_declaration() {
        let text = "<?xml version='1.0'?>é😀";
        let little: Vec<u8> = [0xfeffu16].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&little, None), text);
        assert_eq!(text_of(&big, None), text);
        assert_eq!(text_of(format!("\u{feff}{text}").as_bytes(), None), text);
        let western = b"<?xml version='1.0' encoding=\"ISO-8859-1\"?>M\xfcller";
        assert!(text_of(western, None).ends_with("Müller"));
        assert_eq!(text_of(b"M\xfcller", Some("latin1")), "Müller");
    }

    #[test]
    fn packed_files_are_told_by_content() {
        let text = b"<a/>".repeat(1000);
        let mut gz = flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast());
        let mut packed = Vec::new();
        gz.read_to_end(&mut packed).unwrap();
        assert_eq!(text_of(&packed, None).len(), 4000);
        assert_eq!(text_of(&zstd::encode_all(&text[..], 1).unwrap(), None).len(), 4000);
    }

    #[test]
    fn a_bomb_is_refused_by_its_ratio() {
        let bomb = zstd::encode_all(io::repeat(b' ').take(200 << 20), 1).unwrap();
        let mut input = unpacked(&bomb[..], &Limits::default()).unwrap();
        let error = io::copy(&mut input, &mut io::sink()).unwrap_err();
        assert_eq!(stop_of(&error).kind, FatalKind::CompressionRatio);
    }
}
