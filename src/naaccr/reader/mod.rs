//! Reads NAACCR files, a patient at a time.
//!
//! In: bytes, packed or not, in XML or fixed columns, in any encoding that is told or can be told. Out: the root, then
//! patient after patient, the problems found on the way, and the text each patient was read from. Memory is that of
//! the largest patient. A stop says where and why; in salvage mode reading goes on with the next patient.

mod aside;
mod check;
mod keeper;
mod meaning;
mod namespace;
mod parallel;
mod root;
mod source;
mod unpack;
mod value;
mod vocabulary;
mod xml_item;
mod xml_other;
mod xml_reader;

use std::io::Read;
use std::sync::Arc;

use crate::naaccr::fixed::FixedReader;
use crate::naaccr::options::{Format, ReadOptions};
use crate::naaccr::problem::{Fatal, Problem, Problems};
use crate::naaccr::reader::namespace::Namespaces;
use crate::naaccr::reader::parallel::{PIECE, ParallelReader};
use crate::naaccr::reader::xml_reader::XmlReader;
use crate::naaccr::record::{Patient, Root};
use crate::naaccr::xml;

pub use aside::{Aside, unpacked_aside};
pub(crate) use check::{faults, is_time_generated, rule};
pub(crate) use keeper::{Keeper, Spot, Written as NumberWritten};
pub(crate) use namespace::NAACCR;
pub(crate) use source::Source;
pub(crate) use value::{Bad, append};
pub(crate) use vocabulary::Vocabulary;
pub(crate) use xml_reader::attributes;

/// A reader of one file.
#[derive(Debug)]
pub struct Reader<'a>(Form<'a>);

#[derive(Debug)]
enum Form<'a> {
    Xml(Box<XmlReader<'a>>),
    Parallel(Box<ParallelReader<'a>>),
    Fixed(Box<FixedReader<'a>>),
}

impl<'a> Reader<'a> {
    /// Opens a file and reads what stands before the first patient.
    pub fn open(input: impl Read + Send + 'a, options: &ReadOptions) -> Result<Reader<'a>, Fatal> {
        let bytes = unpack::unpacked(input, &options.limits)?;
        let decoded = unpack::decoded(bytes, options.encoding.as_deref())?;
        let mut source = Source::new(decoded.text, &options.limits);
        source.more()?;
        let is_fixed = match options.format {
            Format::Xml => false,
            Format::Fixed => true,
            Format::Auto => !matches!(source.text().trim_ascii_start().first(), None | Some(b'<')),
        };
        if is_fixed {
            return Ok(Reader(Form::Fixed(Box::new(FixedReader::open(source, options)?))));
        }
        let reader = Box::new(XmlReader::open(source, options, decoded.unknown)?);
        // What is already here whole is read before other threads would have begun.
        let alone = options.threads < 2 || reader.is_finished() || reader.source.ended();
        Ok(Reader(match alone {
            true => Form::Xml(reader),
            false => Form::Parallel(Box::new(ParallelReader::new(reader, options.threads, PIECE))),
        }))
    }

    /// Whether the file is in fixed columns.
    pub fn is_fixed(&self) -> bool {
        matches!(self.0, Form::Fixed(_))
    }

    /// The root of the file. Items and extensions that stand behind patients, against the rule, appear at the end.
    pub fn root(&self) -> &Root {
        match &self.0 {
            Form::Xml(reader) => &reader.root,
            Form::Parallel(reader) => reader.root(),
            Form::Fixed(reader) => &reader.root,
        }
    }

    /// Reads the next patient into `patient`, whose memory is used again; false at the end of the file.
    pub fn read_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        match &mut self.0 {
            Form::Xml(reader) => reader.read_patient(patient),
            Form::Parallel(reader) => reader.read_patient(patient),
            Form::Fixed(reader) => reader.read_patient(patient),
        }
    }

    /// The text of the patient read last as it stands in the file, decoded to UTF-8. Bytes that were no character of
    /// the file's encoding are still there as they were.
    pub fn patient_source(&self) -> &[u8] {
        match &self.0 {
            Form::Xml(reader) => reader.patient_source(),
            Form::Parallel(reader) => reader.patient_source(),
            Form::Fixed(reader) => reader.patient_source(),
        }
    }

    /// The problems found so far.
    pub fn problems(&self) -> &Problems {
        match &self.0 {
            Form::Xml(reader) => &reader.keeper.problems,
            Form::Parallel(reader) => reader.problems(),
            Form::Fixed(reader) => &reader.keeper.problems,
        }
    }

    /// Takes the problems found so far and not yet taken.
    pub fn drain_problems(&mut self) -> Vec<Problem> {
        match &mut self.0 {
            Form::Xml(reader) => reader.keeper.problems.drain(),
            Form::Parallel(reader) => reader.problems_mut().drain(),
            Form::Fixed(reader) => reader.keeper.problems.drain(),
        }
    }
}

/// Reads again the texts of patients that were kept as received from a file of one root.
pub struct Snippets {
    root: Root,
    options: ReadOptions,
    names: Vec<(String, String)>,
    vocabulary: Arc<Vocabulary>,
}

impl Snippets {
    /// Made ready for the patients of a file with that root.
    pub fn of(root: &Root, options: &ReadOptions) -> Snippets {
        let named = |uri: &str| root.user_dictionary_uris.iter().any(|named| named == uri);
        let user: Vec<_> = options.user_dictionaries.iter().filter(|d| named(d.uri())).cloned().collect();
        let mut names = vec![("xmlns".to_owned(), NAACCR.to_owned())];
        let declared = |name: &str| namespace::declared_prefix(name).is_some();
        names.extend(root.other_attributes.iter().filter(|(name, _)| declared(name)).cloned());
        let vocabulary = Arc::new(Vocabulary::new(root.version, root.record_type, &user, options));
        Snippets { root: root.clone(), options: options.clone(), names, vocabulary }
    }

    /// Reads one patient with the problems found in it.
    ///
    /// # Errors
    /// The text is not one `<Patient>` element.
    pub fn read(&self, xml: &[u8]) -> Result<(Patient, Vec<Problem>), Fatal> {
        let namespaces = Namespaces::of_root(&format!("{}NaaccrData", snippet_prefix(xml)), &self.names);
        let keeper = Keeper::new(self.vocabulary.clone(), self.root.version, self.options.clone());
        let mut reader = XmlReader::of_snippet(xml, self.root.clone(), namespaces, keeper);
        let mut patient = Patient::default();
        reader.read_patient(&mut patient)?;
        Ok((patient, reader.keeper.problems.drain()))
    }
}

/// The prefix of the first element with its colon; empty if it has none.
fn snippet_prefix(xml: &[u8]) -> String {
    let name: Vec<u8> = xml
        .trim_ascii_start()
        .iter()
        .skip(1)
        .copied()
        .take_while(|b| !xml::is_space(*b) && !matches!(b, b'>' | b'/'))
        .collect();
    match name.iter().position(|b| *b == b':') {
        Some(colon) => String::from_utf8_lossy(&name[..=colon]).into_owned(),
        None => String::new(),
    }
}
