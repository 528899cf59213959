//! `accession stage`: cases staged, schemas looked up, rows, codes and facts, a JSON line for a JSON line.

mod file;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use chrono::{Datelike, NaiveDate};
use clap::{Args, Subcommand};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::cli::Outcome;
use crate::cli::lines::{each_line, text};
use crate::staging::{Algorithm, AsOf, Edition, Editions, Mode, Staged};

/// Stages cases: reads lines `{"in":{…}}` and writes what each derives.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
pub(super) struct Stage {
    #[command(subcommand)]
    question: Option<Question>,
    /// A NAACCR file (XML, packed or not; - for the standard input) whose tumors are staged instead of lines.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    by: By,
    /// Adds the tables a case went through.
    #[arg(long)]
    path: bool,
    /// Adds each step in words.
    #[arg(long)]
    explain: bool,
}

/// What else can be asked.
#[derive(Debug, Subcommand)]
enum Question {
    /// The schemas that match: `{"in":{…}}` gives `{"schemas":[…]}`.
    Lookup,
    /// What to ask next: `{"in":{…}}` gives the one `schema`, or `schemas` with the questions, or `why` there is none.
    Ask,
    /// The first row that matches: `{"table":…,"in":{…}}` gives `{"row":N}`.
    Rows,
    /// Whether a code is valid: `{"schema":…,"key":…,"value":…}` gives `{"valid":…}`.
    Codes,
    /// What a schema reads, derives and requires; all schemas if none is named.
    Facts {
        /// The schemas' ids.
        schemas: Vec<String>,
    },
}

/// By which rules.
#[derive(Debug, Args)]
struct By {
    /// The algorithm.
    #[arg(long, global = true, env = "ACCESSION_ALGORITHM", value_parser = algorithm)]
    algorithm: Option<Algorithm>,
    /// The edition; the compiled-in one if not given.
    #[arg(long, global = true, env = "ACCESSION_EDITION")]
    edition: Option<String>,
    /// An official archive to stage by instead of the compiled-in edition.
    #[arg(long, global = true, value_name = "FILE.zip", env = "ACCESSION_ARCHIVE")]
    archive: Option<PathBuf>,
    /// The year that counts as the current one.
    #[arg(long, global = true, value_name = "YEAR", env = "ACCESSION_AS_OF_YEAR")]
    as_of_year: Option<u16>,
    /// The day that counts as today; only its year matters.
    #[arg(long, global = true, value_name = "DATE", env = "ACCESSION_AS_OF")]
    as_of: Option<NaiveDate>,
    /// Answers exactly as the official engine does.
    #[arg(long, global = true, env = "ACCESSION_STRICT")]
    strict: bool,
    /// JSON lines, which this command writes in any case.
    #[arg(long, global = true)]
    json: bool,
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::named(name).ok_or_else(|| "must be eod, tnm, cs or pediatric".into())
}

/// The edition asked for: compiled in, or opened from an archive.
enum Chosen {
    Shipped(&'static Edition),
    Opened(Box<Edition>),
}

impl Chosen {
    fn edition(&self) -> &Edition {
        match self {
            Chosen::Shipped(edition) => edition,
            Chosen::Opened(edition) => edition,
        }
    }
}

impl By {
    fn edition(&self) -> anyhow::Result<Chosen> {
        if let Some(archive) = &self.archive {
            let zip = std::fs::read(archive).with_context(|| format!("reading {}", archive.display()))?;
            let edition = Edition::from_archive(&zip).with_context(|| format!("{}", archive.display()))?;
            if let Some(wanted) = self.edition.as_deref().filter(|wanted| *wanted != edition.version()) {
                bail!("{} holds edition {}, not {wanted}", archive.display(), edition.version());
            }
            return Ok(Chosen::Opened(Box::new(edition)));
        }
        let algorithm =
            self.algorithm.ok_or_else(|| anyhow!("name the algorithm: --algorithm eod, tnm, cs or pediatric"))?;
        let shipped = algorithm.shipped();
        if let Some(wanted) = self.edition.as_deref().filter(|wanted| *wanted != shipped.version()) {
            bail!(
                "edition {wanted} of {} is not compiled in ({} is); give its official archive with --archive",
                algorithm.name(),
                shipped.version()
            );
        }
        Ok(Chosen::Shipped(shipped))
    }

    /// The edition, where an algorithm or an archive is named.
    fn edition_if_named(&self) -> anyhow::Result<Option<Chosen>> {
        if self.algorithm.is_some() || self.archive.is_some() { self.edition().map(Some) } else { Ok(None) }
    }

    fn as_of(&self) -> AsOf {
        let today = || chrono::Local::now().year();
        let of_date = || self.as_of.map_or_else(today, |date| date.year());
        AsOf::year(self.as_of_year.unwrap_or_else(|| u16::try_from(of_date()).unwrap_or(9999)))
    }

    fn mode(&self) -> Mode {
        if self.strict { Mode::Strict } else { Mode::Practical }
    }
}

impl Stage {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        if let Some(path) = &self.file {
            let (mut editions, chosen) = (Editions::shipped(), self.by.edition_if_named()?);
            let algorithm = match &chosen {
                Some(chosen) => {
                    let edition = chosen.edition();
                    let algorithm = Algorithm::named(edition.algorithm());
                    let algorithm =
                        algorithm.ok_or_else(|| anyhow!("{} is no algorithm for tumors", edition.algorithm()))?;
                    editions = editions.with(algorithm, edition);
                    self.by.algorithm.is_some().then_some(algorithm)
                }
                None => None,
            };
            return file::run(path, algorithm, &editions, &self.by.as_of());
        }
        let chosen = self.by.edition()?;
        let (edition, as_of, mode) = (chosen.edition(), self.by.as_of(), self.by.mode());
        match &self.question {
            None => each_line(|line, out| {
                let case: CaseLine<'_> = serde_json::from_slice(line)?;
                let inputs = case.inputs();
                if self.explain {
                    let (staged, steps) = edition.explain(inputs, &as_of, mode);
                    write_staged(out, &staged, self.path, Some(&serde_json::to_string(&steps)?));
                } else {
                    write_staged(out, &edition.stage(inputs, &as_of, mode), self.path, None);
                }
                Ok(())
            }),
            Some(Question::Lookup) => each_line(|line, out| {
                let case: CaseLine<'_> = serde_json::from_slice(line)?;
                out.extend_from_slice(b"{\"schemas\":");
                list(out, edition.schemas_matching(case.inputs(), mode));
                out.push(b'}');
                Ok(())
            }),
            Some(Question::Ask) => each_line(|line, out| {
                let case: CaseLine<'_> = serde_json::from_slice(line)?;
                serde_json::to_writer(out, &file::found(&edition.find(case.inputs())))
            }),
            Some(Question::Rows) => each_line(|line, out| {
                let asked: RowLine<'_> = serde_json::from_slice(line)?;
                let values = asked.case.iter().map(|(key, value)| (&**key, value.as_deref()));
                match edition.matching_row(&asked.table.0, values, &as_of) {
                    Some(row) => write!(out, "{{\"row\":{row}}}").unwrap_or(()),
                    None => out.extend_from_slice(b"{\"row\":null}"),
                }
                Ok(())
            }),
            Some(Question::Codes) => each_line(|line, out| {
                let asked: CodeLine<'_> = serde_json::from_slice(line)?;
                let value = asked.value.as_ref().map(|value| &*value.0);
                let valid = edition.is_code_valid(&asked.schema.0, &asked.key.0, value, &as_of);
                out.extend_from_slice(if valid { b"{\"valid\":true}" } else { b"{\"valid\":false}" });
                Ok(())
            }),
            Some(Question::Facts { schemas }) => facts(edition, schemas),
        }
    }
}

fn facts(edition: &Edition, schemas: &[String]) -> anyhow::Result<Outcome> {
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Done;
    let all: Vec<String> = match schemas {
        [] => edition.schemas().map(|schema| schema.id().to_owned()).collect(),
        named => named.to_vec(),
    };
    for id in all {
        match edition.facts(&id) {
            Some(facts) => writeln!(out, "{}", serde_json::to_string(&facts)?)?,
            None => {
                eprintln!("accession: {} {} has no schema {id}", edition.algorithm(), edition.version());
                outcome = Outcome::Found;
            }
        }
    }
    out.flush()?;
    Ok(outcome)
}

/// A text of a line, borrowed where it has no escapes.
struct Text<'l>(Cow<'l, str>);

impl<'de: 'l, 'l> Deserialize<'de> for Text<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Borrowing)
    }
}

/// Keys and values as they came.
struct Values<'l>(Vec<(Cow<'l, str>, Option<Cow<'l, str>>)>);

impl<'l> Values<'l> {
    fn iter(&self) -> impl Iterator<Item = &(Cow<'l, str>, Option<Cow<'l, str>>)> {
        self.0.iter()
    }
}

impl<'de: 'l, 'l> Deserialize<'de> for Values<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Values<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts or nulls")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
                let mut values = Vec::with_capacity(48);
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    values.push((key.0, map.next_value::<Option<Text<'de>>>()?.map(|text| text.0)));
                }
                Ok(Values(values))
            }
        }
        from.deserialize_map(Pairs)
    }
}

/// `{"in":{…}}`, other keys ignored.
struct CaseLine<'l>(Values<'l>);

impl CaseLine<'_> {
    fn inputs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (&**key, value.as_deref()))
    }
}

impl<'de: 'l, 'l> Deserialize<'de> for CaseLine<'l> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Line;
        impl<'de> Visitor<'de> for Line {
            type Value = CaseLine<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object with \"in\"")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CaseLine<'de>, A::Error> {
                let mut found = None;
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if key.0 == "in" {
                        found = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                found.map(CaseLine).ok_or_else(|| A::Error::missing_field("in"))
            }
        }
        from.deserialize_map(Line)
    }
}

/// `{"table":…,"in":{…}}`.
#[derive(serde::Deserialize)]
struct RowLine<'l> {
    #[serde(borrow)]
    table: Text<'l>,
    #[serde(borrow, rename = "in")]
    case: Values<'l>,
}

/// `{"schema":…,"key":…,"value":…}`.
#[derive(serde::Deserialize)]
struct CodeLine<'l> {
    #[serde(borrow)]
    schema: Text<'l>,
    #[serde(borrow)]
    key: Text<'l>,
    #[serde(borrow, deserialize_with = "present")]
    value: Option<Text<'l>>,
}

/// A value that may be null but must be there.
fn present<'de: 'l, 'l, D: Deserializer<'de>>(from: D) -> Result<Option<Text<'l>>, D::Error> {
    Option::deserialize(from)
}

fn write_staged(out: &mut Vec<u8>, staged: &Staged<'_>, with_path: bool, steps: Option<&str>) {
    out.extend_from_slice(b"{\"result\":");
    text(out, staged.outcome.as_str());
    if let Some(schema) = staged.schema {
        out.extend_from_slice(b",\"schema\":");
        text(out, schema);
    }
    out.extend_from_slice(b",\"out\":{");
    for (at, (key, value)) in staged.outputs.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(out, key);
        out.push(b':');
        match value {
            Some(value) => text(out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(b"},\"errors\":[");
    for (at, problem) in staged.problems.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"type\":");
        text(out, problem.kind.as_str());
        for (name, value) in [(&b",\"table\":"[..], problem.table), (b",\"key\":", problem.key)] {
            if let Some(value) = value {
                out.extend_from_slice(name);
                text(out, value);
            }
        }
        if !problem.columns.is_empty() {
            out.extend_from_slice(b",\"columns\":");
            list(out, problem.columns.iter().copied());
        }
        out.push(b'}');
    }
    // Writing into memory cannot fail.
    let _ = write!(out, "],\"path_len\":{},\"path_crc32\":\"{:08x}\"", staged.path().len(), staged.path_checksum());
    if with_path {
        out.extend_from_slice(b",\"path\":");
        list(
            out,
            staged.path().map(|visit| match visit.mapping {
                Some(mapping) => format!("{mapping}.{}", visit.table),
                None => visit.table.to_owned(),
            }),
        );
    }
    if let Some(steps) = steps {
        out.extend_from_slice(b",\"explain\":");
        out.extend_from_slice(steps.as_bytes());
    }
    out.push(b'}');
}

fn list<T: AsRef<str>>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        text(out, item.as_ref());
    }
    out.push(b']');
}
