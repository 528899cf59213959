//! The standards a registry loaded itself: which kinds there are, how each is examined before it is stored, and the
//! editions of the staging algorithms that are in use.
//!
//! A standard enters by one door, `accession standards add` or the page under administration: [`examine`] reads it
//! whole and either says what it is or why it is refused; only then is a row written. Adding changes nothing; of the
//! editions of one name one may be switched on and then serves new and changed cases. Where none is, the compiled-in
//! edition serves. A further kind needs a row in [`StandardKind`] and its own checker.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::edits::{Fault, examine_own};
use crate::naaccr::load_dictionary;
use crate::registry::derived::Derivation;
use crate::registry::edit_rules::EditRules;
use crate::registry::recipients::Profile;
use crate::staging::{Algorithm, Edition, Editions};

/// A kind of standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StandardKind {
    /// An official archive of a staging algorithm.
    Staging,
    /// A NAACCR user dictionary.
    Dictionary,
    /// Edits and edit sets of the registry's own.
    Edits,
    /// A recipient of submissions.
    Recipient,
}

impl StandardKind {
    /// Every kind.
    pub const ALL: [StandardKind; 4] =
        [StandardKind::Staging, StandardKind::Dictionary, StandardKind::Edits, StandardKind::Recipient];

    /// Its word in the database and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            StandardKind::Staging => "staging",
            StandardKind::Dictionary => "dictionary",
            StandardKind::Edits => "edits",
            StandardKind::Recipient => "recipient",
        }
    }

    /// What it is called on pages.
    pub fn title(self) -> &'static str {
        match self {
            StandardKind::Staging => "Staging algorithm",
            StandardKind::Dictionary => "User dictionary",
            StandardKind::Edits => "Edits",
            StandardKind::Recipient => "Recipient",
        }
    }

    /// The kind of that word.
    pub fn named(word: &str) -> Option<StandardKind> {
        StandardKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Most bytes a standard of this kind may have.
    fn most_bytes(self) -> usize {
        match self {
            StandardKind::Staging => 32 << 20,
            StandardKind::Dictionary => 8 << 20,
            StandardKind::Edits => 4 << 20,
            StandardKind::Recipient => 1 << 20,
        }
    }

    /// The kind that the bytes look like: an archive, a file of XML, a file of edits.
    fn of(content: &[u8]) -> StandardKind {
        let is_recipient = || {
            let text = std::str::from_utf8(content).unwrap_or_default();
            text.lines().any(|line| line.trim() == "[select]") && text.lines().any(|line| line.trim() == "[schedule]")
        };
        let first = content.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80);
        match first {
            _ if content.starts_with(b"PK") => StandardKind::Staging,
            Some(b'[' | b'#' | b'a'..=b'z') if is_recipient() => StandardKind::Recipient,
            Some(b'[' | b'#') => StandardKind::Edits,
            _ => StandardKind::Dictionary,
        }
    }
}

/// A standard that was examined and may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What it is.
    pub kind: StandardKind,
    /// Its name: of an algorithm its everyday name, of a dictionary the last part of its URI.
    pub name: String,
    /// Its edition.
    pub edition: String,
    /// How much it holds, in words.
    pub holds: String,
}

/// Most bytes a file given as a standard may have.
pub const LARGEST_STANDARD: usize = 32 << 20;

/// Reads a standard whole and says what it is.
///
/// # Errors
/// Why it is refused and what to do.
pub fn examine(content: &[u8], kind: Option<StandardKind>) -> Result<Examined, String> {
    let kind = kind.unwrap_or_else(|| StandardKind::of(content));
    if content.len() > kind.most_bytes() {
        return Err(format!(
            "it has {} bytes, more than the {} a standard of this kind may have",
            content.len(),
            kind.most_bytes()
        ));
    }
    match kind {
        StandardKind::Staging => examine_archive(content),
        StandardKind::Dictionary => examine_dictionary(content),
        StandardKind::Edits => examine_edits(content),
        StandardKind::Recipient => examine_recipient(content),
    }
}

/// Faults told of a refused edit file; the rest is counted.
const MOST_FAULTS: usize = 20;

fn examine_edits(content: &[u8]) -> Result<Examined, String> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line =
            content.get(..error.valid_up_to()).map_or(1, |before| before.iter().filter(|b| **b == b'\n').count() + 1);
        format!("line {line} is not UTF-8 text")
    })?;
    let head = examine_own("edits.toml", text).map_err(|faults| {
        let told: Vec<String> = faults.iter().take(MOST_FAULTS).map(said).collect();
        let more = faults.len().saturating_sub(MOST_FAULTS);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("{}{more}", told.join("; "))
    })?;
    let sets = if head.sets.is_empty() { String::new() } else { format!("; sets {}", head.sets.join(", ")) };
    Ok(Examined {
        kind: StandardKind::Edits,
        name: head.name,
        edition: head.edition,
        holds: format!("{} edits for diagnoses of {}{sets}", head.edits, head.years),
    })
}

/// A fault in a file that was given: line, column, what is wrong.
fn said(fault: &Fault) -> String {
    let edit = fault.edit.as_ref().map(|id| format!("edit {id}: ")).unwrap_or_default();
    format!("line {} column {}: {edit}{}", fault.line, fault.column, fault.message)
}

fn examine_archive(content: &[u8]) -> Result<Examined, String> {
    let edition = Edition::from_archive(content).map_err(|refused| refused.to_string())?;
    let algorithm = Algorithm::named(edition.algorithm()).ok_or_else(|| {
        format!(
            "it is of the algorithm {}, which this program does not stage by; it stages by eod_public, tnm, cs and pediatric",
            edition.algorithm()
        )
    })?;
    let holds = format!("{} schemas, {} tables", edition.schemas().len(), edition.tables().len());
    Ok(Examined {
        kind: StandardKind::Staging,
        name: algorithm.name().into(),
        edition: edition.version().into(),
        holds,
    })
}

fn examine_recipient(content: &[u8]) -> Result<Examined, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is not a text in UTF-8".to_string())?;
    let profile = Profile::read(text)?;
    Ok(Examined {
        kind: StandardKind::Recipient,
        name: profile.name,
        edition: profile.edition,
        holds: format!("{}, type {}, edits {}", profile.title, profile.record_type, profile.edit_set),
    })
}

fn examine_dictionary(content: &[u8]) -> Result<Examined, String> {
    let loaded = load_dictionary(content).map_err(|problem| problem.to_string())?;
    if loaded.is_base {
        return Err(
            "it is an official base dictionary; those are compiled in, load the user dictionary beside it".into()
        );
    }
    if let Some(first) = loaded.problems.first() {
        return Err(format!(
            "{first} ({} in all; see `accession naaccr dictionary check`)",
            match loaded.problems.len() {
                1 => "1 problem".to_string(),
                many => format!("{many} problems"),
            }
        ));
    }
    let uri = loaded.dictionary.uri().trim_end_matches('/');
    let last = uri.rsplit('/').next().unwrap_or(uri);
    let name = last.strip_suffix(".xml").unwrap_or(last);
    if name.is_empty() {
        return Err("its dictionaryUri names nothing".into());
    }
    let version = loaded.dictionary.version().map(|version| version.number().to_string());
    let day = loaded.date_last_modified.as_deref().and_then(|date| date.get(..10)).map(str::to_owned);
    let edition = [version, day].into_iter().flatten().collect::<Vec<_>>().join(" of ");
    Ok(Examined {
        kind: StandardKind::Dictionary,
        name: name.into(),
        edition: if edition.is_empty() { "undated".into() } else { edition },
        holds: match loaded.dictionary.items().len() {
            1 => "1 item".into(),
            many => format!("{many} items"),
        },
    })
}

/// An archive of the registry's own, opened when it is first asked for.
#[derive(Debug)]
pub struct Loaded {
    /// Row id.
    pub id: i64,
    algorithm: Algorithm,
    version: String,
    loaded_in: u16,
    zip: Vec<u8>,
    opened: OnceLock<Option<Box<Edition>>>,
}

impl Loaded {
    /// An archive as it is stored, and the year in which the registry loaded it.
    pub fn new(id: i64, algorithm: Algorithm, version: String, loaded_in: u16, zip: Vec<u8>) -> Loaded {
        Loaded { id, algorithm, version, loaded_in, zip, opened: OnceLock::new() }
    }

    /// The edition; none if the stored archive can no longer be opened.
    pub fn edition(&self) -> Option<&Edition> {
        let open = || match Edition::from_archive(&self.zip) {
            Ok(edition) => Some(Box::new(edition)),
            Err(refused) => {
                log::error!("standard {} ({} {}): {refused}", self.id, self.algorithm.name(), self.version);
                None
            }
        };
        self.opened.get_or_init(open).as_deref()
    }
}

/// The editions a registry stages by: those it loaded, and which of them are switched on.
#[derive(Debug, Clone, Default)]
pub struct InUse {
    loaded: Vec<(Arc<Loaded>, bool)>,
    edits: Arc<EditRules>,
}

impl InUse {
    /// Of the registry's own archives, each with whether it is switched on. Those that are get opened now, so that no
    /// change waits for it.
    pub fn of(loaded: Vec<(Arc<Loaded>, bool)>, edits: Arc<EditRules>) -> InUse {
        for (archive, on) in &loaded {
            if *on {
                archive.edition();
            }
        }
        InUse { loaded, edits }
    }

    /// The edits in use.
    pub fn edits(&self) -> &Arc<EditRules> {
        &self.edits
    }

    /// An archive that is already here.
    pub fn known(&self, id: i64) -> Option<Arc<Loaded>> {
        self.loaded.iter().map(|(loaded, _)| loaded).find(|loaded| loaded.id == id).cloned()
    }

    /// Whether these archives, each switched on or not, are just those that are here.
    pub fn is_of(&self, rows: impl Iterator<Item = (i64, bool)>) -> bool {
        self.loaded.iter().map(|(loaded, on)| (loaded.id, *on)).eq(rows)
    }

    /// The edition that stages new and changed cases.
    pub fn edition(&self, algorithm: Algorithm) -> &Edition {
        let own = self.loaded.iter().find(|(loaded, on)| *on && loaded.algorithm == algorithm);
        own.and_then(|(loaded, _)| loaded.edition()).unwrap_or_else(|| algorithm.shipped())
    }

    /// An edition by its name, switched on or not.
    pub fn exactly(&self, algorithm: Algorithm, version: &str) -> Option<&Edition> {
        let own = self.loaded.iter().find(|(loaded, _)| loaded.algorithm == algorithm && loaded.version == version);
        own.and_then(|(loaded, _)| loaded.edition())
            .or_else(|| Some(algorithm.shipped()).filter(|shipped| shipped.version() == version))
    }

    /// Every edition there is of an algorithm: its version, whether the registry loaded it, whether it is in use.
    pub fn versions(&self, algorithm: Algorithm) -> Vec<(String, bool, bool)> {
        let own = self.loaded.iter().filter(|(loaded, _)| loaded.algorithm == algorithm);
        let mut all: Vec<(String, bool, bool)> = own.map(|(loaded, on)| (loaded.version.clone(), true, *on)).collect();
        let shipped = algorithm.shipped().version();
        if all.iter().all(|(version, ..)| version != shipped) {
            let on = all.iter().all(|(.., on)| !on);
            all.insert(0, (shipped.to_string(), false, on));
        }
        all
    }

    /// The editions that stage new and changed cases.
    pub fn editions(&self) -> Editions<'_> {
        self.with_years(Algorithm::ALL.map(|algorithm| self.edition(algorithm)))
    }

    /// The editions a case is bound to: those it records, else those in use.
    pub fn bound_to(&self, recorded: &Derivation) -> Editions<'_> {
        let bound = |algorithm: Algorithm| {
            let version = recorded.run(algorithm).map(|run| run.edition.as_str());
            version.and_then(|version| self.exactly(algorithm, version)).unwrap_or_else(|| self.edition(algorithm))
        };
        self.with_years(Algorithm::ALL.map(bound))
    }

    /// Archives do not say which years they are for. The compiled-in editions' are known; another that the registry
    /// loaded is for diagnoses up to the year in which it was loaded, as editions come out once a year.
    fn with_years<'e>(&'e self, of: [&'e Edition; 4]) -> Editions<'e> {
        let made_for = Algorithm::ALL.map(|algorithm| {
            let version = of[algorithm as usize].version();
            let own = self.loaded.iter().map(|(loaded, _)| loaded);
            let own = own.filter(|loaded| loaded.algorithm == algorithm && loaded.version == version);
            match own.map(|loaded| loaded.loaded_in).max() {
                Some(loaded_in) if version != algorithm.shipped().version() => loaded_in.max(algorithm.made_for()),
                _ => algorithm.made_for(),
            }
        });
        Editions { of, made_for }
    }
}

/// Where the editions in use lie ready for every thread.
#[derive(Debug, Clone, Default)]
pub struct Shelf(Arc<RwLock<Arc<InUse>>>);

impl Shelf {
    /// The editions in use.
    pub fn in_use(&self) -> Arc<InUse> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts others in their place.
    pub fn put(&self, in_use: InUse) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_use);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DICTIONARY: &str = r#"<?xml version="1.0"?>
<NaaccrDictionary dictionaryUri="https://registry.example.org/dictionaries/iowa.xml" naaccrVersion="260" specificationVersion="1.8"
  description="Iowa" dateLastModified="2026-01-05T09:00:00-05:00" xmlns="http://naaccr.org/naaccrxml">
  <ItemDefs><ItemDef naaccrId="iowaRegion" naaccrNum="9510" naaccrName="Iowa Region" parentXmlElement="Tumor" length="2"/></ItemDefs>
</NaaccrDictionary>"#;

    #[test]
    fn a_user_dictionary_says_its_name_and_edition() {
        let examined = examine(DICTIONARY.as_bytes(), None).unwrap();
        assert_eq!((examined.kind, examined.name.as_str()), (StandardKind::Dictionary, "iowa"));
        assert_eq!((examined.edition.as_str(), examined.holds.as_str()), ("260 of 2026-01-05", "1 item"));
    }

    #[test]
    fn what_is_no_standard_is_refused_with_the_reason() {
        assert!(examine(b"PK\x03\x04 cut off", None).unwrap_err().contains("cannot be opened"));
        assert!(examine(b"", None).is_err());
        assert!(examine(b"name;value\n", Some(StandardKind::Staging)).is_err());
        let broken = DICTIONARY.replace("naaccrNum=\"9510\"", "naaccrNum=\"400\"");
        assert!(examine(broken.as_bytes(), None).unwrap_err().starts_with("line "));
        let large = vec![b' '; StandardKind::Dictionary.most_bytes() + 1];
        assert!(examine(&large, Some(StandardKind::Dictionary)).unwrap_err().contains("more than"));
    }

    #[test]
    fn without_archives_of_its_own_a_registry_stages_by_what_is_compiled_in() {
        let in_use = InUse::default();
        assert_eq!(in_use.edition(Algorithm::Eod).version(), "3.3");
        assert!(in_use.exactly(Algorithm::Eod, "3.3").is_some() && in_use.exactly(Algorithm::Eod, "3.2").is_none());
    }
}
