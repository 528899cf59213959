//! `accession codes`: search by number or words, and what a value means.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::cli::Outcome;
use crate::codes::{Context, Hit, Meaning, editions, is_coded, meaning, search};

/// Code tables.
#[derive(Debug, Subcommand)]
pub(super) enum Codes {
    /// Finds codes by number or words, the best first.
    Search {
        /// The words or the number, in any order.
        #[arg(required = true)]
        words: Vec<String>,
        /// The item whose codes are searched (NAACCR XML id); without it sites, morphologies and, with --site, surgery.
        #[arg(long)]
        item: Option<String>,
        /// How many hits.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        #[command(flatten)]
        case: Case,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Says what a value of an item means.
    Meaning {
        /// NAACCR XML id of the item.
        item: String,
        /// The value.
        value: String,
        #[command(flatten)]
        case: Case,
        /// One JSON object instead of a line.
        #[arg(long)]
        json: bool,
    },
    /// Lists the tables with edition, origin and size.
    Tables {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// The case that codes are read in.
#[derive(Debug, Args)]
pub(super) struct Case {
    /// Primary site, C504 or C50.4.
    #[arg(long)]
    site: Option<String>,
    /// Histology, 8500.
    #[arg(long)]
    histology: Option<String>,
    /// Behavior, 3.
    #[arg(long)]
    behavior: Option<String>,
    /// Year of diagnosis.
    #[arg(long)]
    year: Option<u16>,
    /// Sex by its code.
    #[arg(long)]
    sex: Option<String>,
    /// State, for counties.
    #[arg(long)]
    state: Option<String>,
}

impl Case {
    fn context(&mut self) -> Context<'_> {
        self.site = self.site.take().map(|s| s.replace('.', "").to_ascii_uppercase());
        Context {
            site: self.site.as_deref(),
            histology: self.histology.as_deref(),
            behavior: self.behavior.as_deref(),
            dx_year: self.year,
            sex: self.sex.as_deref(),
            state_at_dx: self.state.as_deref(),
            state_current: self.state.as_deref(),
            ..Context::default()
        }
    }
}

impl Codes {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut out = std::io::stdout().lock();
        match self {
            Codes::Search { words, item, limit, mut case, json } => {
                known(item.as_deref())?;
                let query = words.join(" ");
                let hits = search(&query, item.as_deref(), &case.context(), limit);
                if json {
                    let hits: Vec<Value> = hits.iter().map(object).collect();
                    writeln!(out, "{}", json!({ "query": query, "hits": hits }))?;
                } else {
                    for hit in &hits {
                        writeln!(out, "{}", line(hit))?;
                    }
                }
            }
            Codes::Meaning { item, value, mut case, json } => {
                known(Some(&item))?;
                let found = meaning(&item, &value, &case.context());
                if json {
                    writeln!(out, "{}", told(&item, &value, found.as_ref()))?;
                } else if let Some(found) = &found {
                    let why = found.retired.map(|r| format!(" ({r})")).unwrap_or_default();
                    writeln!(out, "{}{why}", found.label)?;
                }
                if found.is_none() && is_coded(&item) {
                    return Ok(Outcome::Found);
                }
            }
            Codes::Tables { json } => {
                for table in editions() {
                    if json {
                        let (name, edition, origin, size) = (table.name, table.edition, table.origin, table.size);
                        writeln!(
                            out,
                            "{}",
                            json!({ "table": name, "edition": edition, "origin": origin, "size": size })
                        )?;
                    } else {
                        writeln!(out, "{:<16}{:>8}  {}", table.name, table.size, table.edition)?;
                    }
                }
            }
        }
        Ok(Outcome::Done)
    }
}

fn known(item: Option<&str>) -> anyhow::Result<()> {
    match item {
        Some(item) if crate::naaccr::super_dictionary().by_id(item).is_none() => {
            anyhow::bail!("there is no item {item}: give its NAACCR XML id, as primarySite")
        }
        _ => Ok(()),
    }
}

fn object(hit: &Hit) -> Value {
    let mut object = Map::new();
    object.insert("item".into(), hit.item.into());
    object.insert("code".into(), hit.shown().into());
    object.insert("label".into(), hit.label.into());
    if let Some(term) = hit.term {
        object.insert("term".into(), term.into());
    }
    object.insert("fits".into(), hit.fits.into());
    if hit.means_missing {
        object.insert("missing".into(), true.into());
    }
    if let Some(retired) = hit.retired {
        object.insert("retired".into(), retired.to_string().into());
    }
    object.into()
}

fn line(hit: &Hit) -> String {
    let mut line = format!("{:<8}{}", hit.shown(), hit.label);
    if let Some(term) = hit.term {
        line.push_str(&format!(" [{term}]"));
    }
    if let Some(retired) = hit.retired {
        line.push_str(&format!(" ({retired})"));
    } else if !hit.fits {
        line.push_str(" (not listed for this case)");
    }
    line
}

fn told(item: &str, value: &str, found: Option<&Meaning>) -> Value {
    let mut object = Map::new();
    object.insert("item".into(), item.into());
    object.insert("value".into(), value.into());
    if let Some(found) = found {
        object.insert("label".into(), found.label.as_ref().into());
        object.insert("missing".into(), found.means_missing.into());
        if let Some(retired) = found.retired {
            object.insert("retired".into(), retired.to_string().into());
        }
    }
    object.into()
}
