//! Style sheet, scripts and pictures, compiled in. Each has an address with a piece of its SHA-256, so that browsers
//! keep it for a year and never show an old one.

use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::registry::store::hex;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/static");

/// A file as it is served.
pub struct StaticFile {
    /// Its address.
    pub address: String,
    /// Its kind.
    pub kind: &'static str,
    /// As it is.
    pub plain: Vec<u8>,
    /// The same, packed.
    pub packed: Vec<u8>,
}

/// All files by name (the last part of the path: names are unique).
fn files() -> &'static HashMap<String, StaticFile> {
    static ALL: OnceLock<HashMap<String, StaticFile>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = HashMap::new();
        collect(&FILES, &mut all);
        all
    })
}

fn collect(folder: &Dir<'_>, all: &mut HashMap<String, StaticFile>) {
    for file in folder.files() {
        let Some(name) = file.path().file_name().and_then(|n| n.to_str()) else { continue };
        all.insert(name.to_string(), StaticFile::of(name, file.contents().to_vec()));
    }
    folder.dirs().for_each(|inner| collect(inner, all));
}

impl StaticFile {
    fn of(name: &str, plain: Vec<u8>) -> StaticFile {
        let digest = hex(&Sha256::digest(&plain));
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(&plain).and_then(|()| packer.finish()).unwrap_or_default();
        let kind = match name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            _ => "application/octet-stream",
        };
        StaticFile { address: format!("/static/{}/{name}", digest.get(..12).unwrap_or_default()), kind, plain, packed }
    }
}

/// The address of a file; of one that is not there, an address that answers 404.
pub fn address_of(name: &str) -> String {
    #[cfg(debug_assertions)]
    if std::env::var_os("ACCESSION_PAGES_FROM").is_some() {
        return format!("/static/now/{name}");
    }
    files().get(name).map_or_else(|| format!("/static/none/{name}"), |file| file.address.clone())
}

/// The file of an address.
pub fn file_at(hash: &str, name: &str) -> Option<&'static StaticFile> {
    files().get(name).filter(|file| file.address == format!("/static/{hash}/{name}"))
}

/// While pages are written: debug builds serve `/static/now/` from the folder in `ACCESSION_PAGES_FROM`.
#[cfg(debug_assertions)]
pub fn file_now(hash: &str, name: &str) -> Option<StaticFile> {
    let root = std::path::PathBuf::from(std::env::var_os("ACCESSION_PAGES_FROM")?).join("static");
    if hash != "now" || name.contains(['/', '\\']) || name.starts_with('.') {
        return None;
    }
    let plain = std::fs::read(root.join(name)).or_else(|_| std::fs::read(root.join("js").join(name))).ok()?;
    Some(StaticFile::of(name, plain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_has_one_address_made_of_its_content() {
        let address = address_of("app.css");
        let parts: Vec<&str> = address.split('/').collect();
        let file = file_at(parts[2], parts[3]).unwrap();
        assert!(file.packed.len() * 3 < file.plain.len());
        assert!(file_at("000000000000", "app.css").is_none());
        assert!(file_at(parts[2], "../Cargo.toml").is_none());
    }
}
