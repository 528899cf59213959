//! Reads NAACCR files, a patient at a time.
//!
//! In: bytes, packed or not, in XML or fixed columns, in any encoding that is told or can be told. Out: the root, then
//! patient after patient, the problems found on the way, and the text each patient was read from. Memory is that of
//! the largest patient. A stop says where and why; in salvage mode reading goes on with the next patient.

mod check;
mod keeper;
mod namespace;
mod root;
mod source;
mod unpack;
mod value;
mod vocabulary;
mod xml_reader;

use std::io::Read;

use crate::naaccr::options::ReadOptions;
use crate::naaccr::problem::{Fatal, Problem, Problems};
use crate::naaccr::reader::keeper::Keeper;
use crate::naaccr::reader::namespace::Namespaces;
use crate::naaccr::reader::source::Source;
use crate::naaccr::reader::vocabulary::Vocabulary;
use crate::naaccr::reader::xml_reader::XmlReader;
use crate::naaccr::record::{Patient, Root};
use crate::naaccr::xml;

pub(crate) use namespace::NAACCR;
pub(crate) use value::is_allowed;

/// A reader of one file.
#[derive(Debug)]
pub struct Reader<'a> {
    form: XmlReader<'a>,
}

impl<'a> Reader<'a> {
    /// Opens a file and reads what stands before the first patient.
    pub fn open(input: impl Read + Send + 'a, options: &ReadOptions) -> Result<Reader<'a>, Fatal> {
        let bytes = unpack::unpacked(input, &options.limits)?;
        let decoded = unpack::decoded(bytes, options.encoding.as_deref())?;
        let source = Source::new(decoded.text, &options.limits);
        Ok(Reader { form: XmlReader::open(source, options, decoded.unknown)? })
    }

    /// The root of the file. Items and extensions that stand behind patients, against the rule, appear at the end.
    pub fn root(&self) -> &Root {
        &self.form.root
    }

    /// Reads the next patient into `patient`, whose memory is used again; false at the end of the file.
    pub fn read_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        self.form.read_patient(patient)
    }

    /// The text of the patient read last as it stands in the file, decoded to UTF-8. Bytes that were no character of
    /// the file's encoding are still there as they were.
    pub fn patient_source(&self) -> &[u8] {
        self.form.patient_source()
    }

    /// The problems found so far.
    pub fn problems(&self) -> &Problems {
        &self.form.keeper.problems
    }

    /// Takes the problems found so far and not yet taken.
    pub fn drain_problems(&mut self) -> Vec<Problem> {
        self.form.keeper.problems.drain()
    }
}

/// Reads again the text of one patient that was kept as received, in a file of that root.
pub fn read_snippet(xml: &[u8], root: &Root, options: &ReadOptions) -> Result<(Patient, Vec<Problem>), Fatal> {
    let user: Vec<_> = options
        .user_dictionaries
        .iter()
        .filter(|d| root.user_dictionary_uris.iter().any(|uri| uri == d.uri()))
        .cloned()
        .collect();
    let mut names = vec![("xmlns".to_owned(), NAACCR.to_owned())];
    names.extend(root.other_attributes.iter().filter(|(name, _)| namespace::declared_prefix(name).is_some()).cloned());
    let prefix = snippet_prefix(xml);
    let namespaces = Namespaces::of_root(&format!("{prefix}NaaccrData"), &names);
    let vocabulary = Vocabulary::new(root.version, root.record_type, &user, options);
    let keeper = Keeper::new(vocabulary, root.version, options.clone());
    let mut reader = XmlReader::of_snippet(xml, root.clone(), namespaces, keeper);
    let mut patient = Patient::default();
    reader.read_patient(&mut patient)?;
    Ok((patient, reader.keeper.problems.drain()))
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
