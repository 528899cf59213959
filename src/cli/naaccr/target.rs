//! The file a command writes: beside its place until it is whole, packed if its name says so.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::write::GzEncoder;

use crate::naaccr::Fatal;

/// Where a file goes. Unless it is committed nothing is left behind.
#[derive(Debug)]
pub(super) struct Target {
    place: PathBuf,
    aside: Option<PathBuf>,
}

/// What is written into.
pub(super) enum Sink {
    Stdout(io::Stdout),
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, BufWriter<File>>>),
}

impl Target {
    /// A file at that place, or standard output for `-`.
    pub fn new(place: &Path) -> anyhow::Result<Target> {
        if place.as_os_str() == "-" {
            return Ok(Target { place: place.to_owned(), aside: None });
        }
        if place.is_dir() {
            bail!("{} is a folder; name a file to write", place.display());
        }
        let name = place.file_name().with_context(|| format!("{} is no name for a file", place.display()))?;
        let aside = place.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        Ok(Target { place: place.to_owned(), aside: Some(aside) })
    }

    /// Begins the file.
    pub fn sink(&self) -> Result<Sink, Fatal> {
        let Some(aside) = &self.aside else { return Ok(Sink::Stdout(io::stdout())) };
        let wrong = |e: io::Error| Fatal::unreadable(format!("{} cannot be written: {e}", self.place.display()));
        let file = BufWriter::with_capacity(64 << 10, File::create(aside).map_err(wrong)?);
        Ok(match self.place.extension().and_then(|e| e.to_str()) {
            Some("gz") => Sink::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::default()))),
            Some("zst") => Sink::Zstd(Box::new(zstd::stream::write::Encoder::new(file, 3).map_err(wrong)?)),
            _ => Sink::Plain(file),
        })
    }

    /// Puts the whole file in its place.
    pub fn commit(self, sink: Sink) -> anyhow::Result<()> {
        let context = || format!("writing {}", self.place.display());
        let file = match sink {
            Sink::Stdout(mut out) => return out.flush().with_context(context),
            Sink::Plain(file) => file,
            Sink::Gzip(encoder) => encoder.finish().with_context(context)?,
            Sink::Zstd(encoder) => encoder.finish().with_context(context)?,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error).with_context(context)?;
        file.sync_all().with_context(context)?;
        if let Some(aside) = &self.aside {
            std::fs::rename(aside, &self.place).with_context(context)?;
        }
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(aside) = &self.aside {
            // After a commit it is no longer there.
            let _ = std::fs::remove_file(aside);
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(out) => out.write(bytes),
            Sink::Plain(out) => out.write(bytes),
            Sink::Gzip(out) => out.write(bytes),
            Sink::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(out) => out.flush(),
            Sink::Plain(out) => out.flush(),
            // Flushing an encoder would make the file larger; it is finished once, at the end.
            Sink::Gzip(_) | Sink::Zstd(_) => Ok(()),
        }
    }
}
