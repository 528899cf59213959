//! `accession extract`: a table of tumors for research, with codebook and read-me.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::database::Database;
use super::export::Aside;
use crate::registry::store::By;
use crate::registry::store::settings::setting;
use crate::research::codebook::{About, Made, write_codebook, write_read_me};
use crate::research::cohort::Filters;
use crate::research::definition::Definition;
use crate::research::extract::{as_of, count, extract};
use crate::research::levels::Level;

/// Makes a table of tumors for research (CSV), with a codebook and a read-me beside it
#[derive(Debug, Args)]
pub struct Extract {
    #[command(flatten)]
    database: Database,
    /// A definition (JSON) that says everything
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "items", "level", "study"])]
    definition: Option<PathBuf>,
    /// Which tumors: site=C50,C61-C63 histology= behavior= years=2018-2023 sex= age=20-84 county= state= vital= or ITEM=codes
    #[arg(long, default_value = "")]
    filter: Vec<String>,
    /// Items by id or number, and ready choices: @core @place @stage @treatment @outcome @quality
    #[arg(long, value_delimiter = ',', default_value = "@core")]
    items: Vec<String>,
    /// Privacy level: deidentified, limited, or identified where that is switched on
    #[arg(long, default_value = "deidentified", value_parser = ["deidentified", "limited", "identified"])]
    level: String,
    /// The study: patients keep their numbers in all its extracts
    #[arg(long, default_value = "command line")]
    study: String,
    /// Who receives it, for the list of disclosures
    #[arg(long, default_value = "")]
    recipient: String,
    /// What for, for the list of disclosures
    #[arg(long, default_value = "")]
    purpose: String,
    /// The day ages are judged by, YYYY-MM-DD
    #[arg(long)]
    as_of: Option<String>,
    /// Only say how many tumors and patients there are
    #[arg(long, conflicts_with = "out")]
    count: bool,
    /// The table; its codebook and read-me stand beside it
    #[arg(long, value_name = "FILE", required_unless_present = "count")]
    out: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    codebook: String,
    read_me: String,
    level: &'static str,
    #[serde(flatten)]
    made: Made,
    bytes: u64,
    sha256: String,
}

impl Extract {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let plan = self.asked()?.plan().map_err(|why| anyhow!(why))?;
        let store = self.database.open()?;
        let by = By::system("accession extract");
        let Some(out) = self.out.as_deref() else {
            let count = count(&store, &by, &plan)?;
            match (self.json, count.complete) {
                (true, _) => println!("{}", serde_json::to_string(&count)?),
                (false, true) => println!("{} tumors of {} patients", count.tumors, count.patients),
                (false, false) => println!("at least {} tumors of {} patients", count.tumors, count.patients),
            }
            return Ok(Outcome::Done);
        };
        let (codebook_file, read_me_file) = (beside(out, "-codebook.csv"), beside(out, "-read-me.txt"));
        let aside = Aside::begin(out)?;
        let mut codebook = Aside::begin(&codebook_file)?;
        let mut read_me = Aside::begin(&read_me_file)?;
        let buffered = std::io::BufWriter::with_capacity(1 << 16, aside);
        let (made, buffered) = extract(&store, &by, &plan, None, buffered, |_, _| Ok(true))?;
        let aside = buffered.into_inner().map_err(|error| error.into_error()).context("writing the extract")?;
        let (bytes, sha256) = aside.finish()?;
        let mut text = Vec::new();
        write_codebook(&plan, &mut text)?;
        codebook.write_all(&text)?;
        codebook.finish()?;
        let registry = setting(&mut *store.reading()?, "registry.name")?;
        let about = About {
            registry: &registry,
            as_of: &as_of(&store, &plan).to_string(),
            made: &made,
            file: &out.file_name().unwrap_or_default().to_string_lossy(),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            sha256: &sha256,
        };
        text.clear();
        write_read_me(&plan, &about, &mut text)?;
        read_me.write_all(&text)?;
        read_me.finish()?;
        let answer = Answer {
            file: out.display().to_string(),
            codebook: codebook_file.display().to_string(),
            read_me: read_me_file.display().to_string(),
            level: plan.definition.level.key(),
            made,
            bytes,
            sha256,
        };
        if self.json {
            println!("{}", serde_json::to_string(&answer)?);
        } else {
            let (made, file) = (&answer.made, &answer.file);
            println!("{file}: {} tumors of {} patients, {}, {bytes} bytes", made.tumors, made.patients, answer.level);
            for (item, count) in &made.withheld {
                println!("  left out: {count} values of {item} that had not the form the item allows");
            }
        }
        Ok(Outcome::Done)
    }

    fn asked(&self) -> anyhow::Result<Definition> {
        if let Some(file) = &self.definition {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            let mut definition = Definition::parse(&text).map_err(|why| anyhow!("{}: {why}", file.display()))?;
            definition.as_of = self.as_of.clone().or(definition.as_of);
            return Ok(definition);
        }
        Ok(Definition {
            study: self.study.clone(),
            level: Level::of_key(&self.level).ok_or_else(|| anyhow!("there is no level {}", self.level))?,
            filters: Filters::parse(&self.filter.join(" ")).map_err(|why| anyhow!(why))?,
            items: self.items.clone(),
            recipient: self.recipient.clone(),
            purpose: self.purpose.clone(),
            as_of: self.as_of.clone(),
        })
    }
}

/// `breast.csv` and `-codebook.csv` make `breast-codebook.csv`.
fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = out.file_stem().unwrap_or_default().to_owned();
    name.push(ending);
    out.with_file_name(name)
}
