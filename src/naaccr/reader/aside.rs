//! Unpacking on a thread of its own, beside the one that reads.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

use crate::naaccr::options::Limits;
use crate::naaccr::problem::Fatal;
use crate::naaccr::reader::unpack::{Readable, unpacked_told};

const BLOCK: usize = 256 << 10;
/// Blocks that may wait; with them memory stays bounded when unpacking is the quicker part.
const WAITING: usize = 4;

/// Bytes that another thread unpacks, if they are packed.
#[derive(Debug)]
pub struct Aside(Bytes);

#[derive(Debug)]
enum Bytes {
    Plain(Readable<'static>),
    Blocks { blocks: Receiver<io::Result<Vec<u8>>>, block: Vec<u8>, at: usize },
}

/// Unpacks a file on a thread of its own, which ends with the file or when the reader is let go. A file that is not
/// packed is read as it is.
pub fn unpacked_aside(input: impl Read + Send + 'static, limits: &Limits) -> Result<Aside, Fatal> {
    let (mut bytes, is_packed) = unpacked_told(input, limits)?;
    if !is_packed {
        return Ok(Aside(Bytes::Plain(Readable(bytes))));
    }
    let (send, blocks) = sync_channel(WAITING);
    let unpack = move || {
        loop {
            let mut block = Vec::with_capacity(BLOCK);
            let read = bytes.by_ref().take(BLOCK as u64).read_to_end(&mut block);
            let ended = block.is_empty();
            let sent = match read {
                // What came before a fault is still read, so that the fault is told at its place.
                Err(fault) => {
                    let sent = ended || send.send(Ok(block)).is_ok();
                    let _ = sent && send.send(Err(fault)).is_ok();
                    return;
                }
                Ok(_) if ended => return,
                Ok(_) => send.send(Ok(block)).is_ok(),
            };
            if !sent {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("naaccr-unpack".into())
        .spawn(unpack)
        .map_err(|e| Fatal::unreadable(format!("no thread for unpacking: {e}")))?;
    Ok(Aside(Bytes::Blocks { blocks, block: Vec::new(), at: 0 }))
}

impl Read for Aside {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (blocks, block, at) = match &mut self.0 {
            Bytes::Plain(bytes) => return bytes.0.read(buffer),
            Bytes::Blocks { blocks, block, at } => (blocks, block, at),
        };
        while *at == block.len() {
            match blocks.recv() {
                Ok(next) => *block = next?,
                Err(_) => return Ok(0),
            }
            *at = 0;
        }
        let n = buffer.len().min(block.len() - *at);
        buffer[..n].copy_from_slice(&block[*at..*at + n]);
        *at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::problem::FatalKind;
    use crate::naaccr::reader::unpack::stop_of;

    #[test]
    fn a_file_unpacked_aside_is_the_same_and_its_faults_are_told() {
        let text: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
        let packed = zstd::encode_all(&text[..], 1).unwrap();
        let cut = packed[..packed.len() - 10].to_vec();
        let mut whole = Vec::new();
        unpacked_aside(io::Cursor::new(packed), &Limits::default()).unwrap().read_to_end(&mut whole).unwrap();
        assert_eq!(whole, text);
        let mut part = Vec::new();
        let fault =
            unpacked_aside(io::Cursor::new(cut), &Limits::default()).unwrap().read_to_end(&mut part).unwrap_err();
        assert_eq!(stop_of(&fault).kind, FatalKind::Io);
        let small = Limits { total: 1000, ..Limits::default() };
        let fault = unpacked_aside(io::Cursor::new(zstd::encode_all(&text[..], 1).unwrap()), &small)
            .unwrap()
            .read_to_end(&mut part)
            .unwrap_err();
        assert_eq!(stop_of(&fault).kind, FatalKind::FileTooLarge);
    }

    #[test]
    fn letting_go_of_the_reader_ends_the_thread() {
        let packed = zstd::encode_all(io::repeat(b'x').take(100 << 20), 1).unwrap();
        drop(unpacked_aside(io::Cursor::new(packed), &Limits::default()).unwrap());
    }
}
