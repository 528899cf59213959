//! Records as received, kept compressed: packed and unpacked many at a time, with one context for all of them.

use std::io::Read;

use anyhow::Context;
use zstd::zstd_safe::DCtx;

/// Packs records, one after the other.
pub struct Packing(zstd::bulk::Compressor<'static>);

impl Packing {
    /// Ready to pack.
    pub fn new() -> anyhow::Result<Packing> {
        Ok(Packing(zstd::bulk::Compressor::new(1).context("keeping records as received")?))
    }

    /// The record, compressed.
    pub fn pack(&mut self, received: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.0.compress(received).context("keeping the record as received")
    }
}

/// Unpacks records, one after the other.
pub struct Unpacking(DCtx<'static>);

impl Unpacking {
    /// Ready to unpack.
    pub fn new() -> Unpacking {
        Unpacking(DCtx::create())
    }

    /// The record as it was received.
    pub fn unpack(&mut self, packed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(packed.len() * 4);
        zstd::stream::read::Decoder::with_context(packed, &mut self.0)
            .read_to_end(&mut bytes)
            .context("unpacking a received record")?;
        Ok(bytes)
    }
}

impl Default for Unpacking {
    fn default() -> Unpacking {
        Unpacking::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_packed_comes_back_whole_one_after_the_other() {
        let (mut packing, mut unpacking) = (Packing::new().unwrap(), Unpacking::new());
        for text in ["<Patient/>", "", "<Patient>\u{e9}</Patient>"] {
            let packed = packing.pack(text.as_bytes()).unwrap();
            assert_eq!(unpacking.unpack(&packed).unwrap(), text.as_bytes());
        }
        assert!(unpacking.unpack(b"not packed").is_err());
        assert_eq!(unpacking.unpack(&packing.pack(b"again").unwrap()).unwrap(), b"again");
    }
}
