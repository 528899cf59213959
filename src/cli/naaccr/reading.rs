//! The options of every command that reads a NAACCR file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::naaccr::{
    Format, Limits, Mode, ReadOptions, RepairKind, Unknown, conflicts, load_dictionary, unpacked_aside,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ModeName {
    Strict,
    Practical,
    Salvage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    Auto,
    Xml,
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UnknownName {
    Error,
    Ignore,
    Keep,
}

/// How a file is read.
#[derive(Debug, Args)]
pub(super) struct Reading {
    /// How forgiving reading is.
    #[arg(long, value_enum, default_value = "practical", env = "ACCESSION_MODE")]
    pub mode: ModeName,
    /// The form of the file.
    #[arg(long, value_enum, default_value = "auto")]
    pub format: FormatName,
    /// The encoding, whatever the file says.
    #[arg(long)]
    pub encoding: Option<String>,
    /// Leave out value sets, calendar and required root items.
    #[arg(long)]
    pub no_code_check: bool,
    /// Leave out types and blanks; lengths are always checked.
    #[arg(long)]
    pub no_value_check: bool,
    /// Take files without namespace and with foreign root attributes.
    #[arg(long)]
    pub relaxed_namespaces: bool,
    /// What becomes of items no dictionary knows.
    #[arg(long, value_enum)]
    pub unknown: Option<UnknownName>,
    /// Leave extensions out.
    #[arg(long)]
    pub ignore_extensions: bool,
    /// Translate ids of earlier editions.
    #[arg(long)]
    pub translate_renamed: bool,
    /// Stop if a user dictionary the file names is not given.
    #[arg(long)]
    pub require_dictionaries: bool,
    /// Report differences between the lines of one patient (fixed columns).
    #[arg(long)]
    pub level_mismatch: bool,
    /// Make each line a patient of its own (fixed columns).
    #[arg(long)]
    pub no_grouping: bool,
    /// Only these items.
    #[arg(long, value_delimiter = ',')]
    pub include: Vec<String>,
    /// All but these items.
    #[arg(long, value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// A user dictionary; may be given several times.
    #[arg(long = "user-dictionary", value_name = "FILE")]
    pub user_dictionaries: Vec<PathBuf>,
    /// How many problems are printed; all are counted.
    #[arg(long, default_value_t = 10_000)]
    pub max_problems: usize,
    /// How many threads read patients; from two on a packed file is unpacked by one more. The outcome is the same for
    /// any number.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    #[command(flatten)]
    bounds: Bounds,
}

/// Repairs, of the commands that make them.
#[derive(Debug, Args)]
pub(super) struct Repairing {
    /// Repairs to make, none unasked: `control` characters XML does not allow, `rename` ids of other editions, `trim`
    /// blanks, `pad` with zeros, `cut` what is too long, `level` moves items to where they belong. Each is listed.
    #[arg(long = "repair", value_delimiter = ',', value_name = "KIND")]
    pub kinds: Vec<RepairKind>,
}

impl Repairing {
    /// Has the reader leave in place what is to be repaired.
    pub fn prepare(&self, options: &mut ReadOptions) {
        options.keep_control_characters |= self.kinds.contains(&RepairKind::Control);
        options.translate_renamed &= !self.kinds.contains(&RepairKind::Rename);
    }
}

/// Bounds that keep a hostile file from using up the machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bounds")]
struct Bounds {
    /// Longest value in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().value)]
    max_value: usize,
    /// Largest patient in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().patient)]
    max_patient: usize,
    /// Longest file in bytes, unpacked.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().total)]
    max_total: u64,
    /// How deep elements of an extension may stand in each other.
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    max_depth: usize,
    /// Most attributes of one element.
    #[arg(long, value_name = "N", default_value_t = Limits::default().attributes)]
    max_attributes: usize,
    /// How many bytes a packed byte may unfold to, in a file that unfolds to more than 16 MB.
    #[arg(long, value_name = "N", default_value_t = Limits::default().ratio)]
    max_ratio: u64,
}

impl Bounds {
    fn limits(&self) -> Limits {
        Limits {
            depth: self.max_depth,
            value: self.max_value,
            patient: self.max_patient,
            attributes: self.max_attributes,
            total: self.max_total,
            ratio: self.max_ratio,
        }
    }
}

impl Reading {
    /// The options of the reader; user dictionaries are loaded.
    pub fn options(&self) -> anyhow::Result<ReadOptions> {
        let mut options = match self.mode {
            ModeName::Strict => ReadOptions::strict(),
            ModeName::Practical => ReadOptions::practical(),
            ModeName::Salvage => ReadOptions::salvage(),
        };
        options.format = match self.format {
            FormatName::Auto => Format::Auto,
            FormatName::Xml => Format::Xml,
            FormatName::Fixed => Format::Fixed,
        };
        if let Some(unknown) = self.unknown {
            options.unknown = match unknown {
                UnknownName::Error => Unknown::Error,
                UnknownName::Ignore => Unknown::Ignore,
                UnknownName::Keep => Unknown::Keep,
            };
        }
        options.encoding = self.encoding.clone();
        options.check_codes &= !self.no_code_check;
        options.check_values = !self.no_value_check;
        options.relaxed_namespaces |= self.relaxed_namespaces;
        options.ignore_extensions = self.ignore_extensions;
        options.translate_renamed |= self.translate_renamed;
        options.require_dictionaries = self.require_dictionaries;
        options.level_mismatch |= self.level_mismatch;
        options.grouping = !self.no_grouping;
        options.include = self.include.iter().cloned().collect();
        options.exclude = self.exclude.iter().cloned().collect();
        options.max_problems = self.max_problems;
        options.threads = self.threads;
        options.limits = self.bounds.limits();
        for path in &self.user_dictionaries {
            let bytes =
                std::fs::read(path).with_context(|| format!("reading the user dictionary {}", path.display()))?;
            let loaded = load_dictionary(&bytes)
                .with_context(|| format!("the user dictionary {} cannot be used", path.display()))?;
            for problem in &loaded.problems {
                eprintln!("{}: {problem}", path.display());
            }
            options.user_dictionaries.push(Arc::new(loaded.dictionary));
        }
        let all: Vec<_> = options.user_dictionaries.iter().map(|d| &**d).collect();
        for conflict in conflicts(&all) {
            eprintln!("user dictionaries contradict each other: {}", conflict.message);
        }
        debug_assert!(options.mode != Mode::Strict || !options.check_codes);
        Ok(options)
    }
}

impl Reading {
    /// Opens a file, or standard input for `-`; with two threads or more it is unpacked on one of its own.
    pub fn open(&self, path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
        let input = open(path)?;
        if self.threads < 2 {
            return Ok(input);
        }
        Ok(Box::new(unpacked_aside(input, &self.bounds.limits()).with_context(|| path.display().to_string())?))
    }
}

/// Opens a file, or standard input for `-`.
fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    if path.is_dir() {
        bail!("{} is a folder; name a file", path.display());
    }
    Ok(Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?))
}
