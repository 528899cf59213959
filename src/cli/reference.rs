//! `accession reference build`: makes the compiled-in tables from the official files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use crate::cli::{Outcome, reference_codes};
use crate::naaccr;
use crate::staging::{SHIPPED, compile_archive};

/// The tables that are compiled in.
#[derive(Debug, Subcommand)]
pub(super) enum Reference {
    /// Makes the tables of `reference/` from the official files.
    Build {
        /// Folder of the official files.
        #[arg(long)]
        from: PathBuf,
        /// Folder the tables are written to.
        #[arg(long, default_value = "reference")]
        into: PathBuf,
    },
}

impl Reference {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Reference::Build { from, into } = self;
        let tables = naaccr::reference::build::build(&from).context("making the tables of NAACCR items")?;
        write(&into.join("naaccr"), &tables)?;
        for table in reference_codes::tables(&from).context("making the tables of codes")? {
            let path = into.join(table.path);
            std::fs::create_dir_all(path.parent().unwrap_or(&into))
                .and_then(|()| std::fs::write(&path, &table.content))
                .with_context(|| format!("writing {}", path.display()))?;
            println!("{} {} bytes", path.display(), table.content.len());
        }
        let staging = into.join("staging");
        std::fs::create_dir_all(&staging).with_context(|| format!("making {}", staging.display()))?;
        for shipped in SHIPPED {
            let archive = from.join(shipped.archive);
            let zip = std::fs::read(&archive).with_context(|| format!("reading {}", archive.display()))?;
            let tables = compile_archive(&zip, shipped.keep).with_context(|| format!("{}", archive.display()))?;
            let path = staging.join(shipped.file);
            std::fs::write(&path, &tables).with_context(|| format!("writing {}", path.display()))?;
            println!("{} {} bytes", path.display(), tables.len());
        }
        Ok(Outcome::Done)
    }
}

fn write(folder: &Path, tables: &[(&str, String)]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, text) in tables {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("{} {} lines", path.display(), text.lines().filter(|l| !l.starts_with('#')).count());
    }
    Ok(())
}
