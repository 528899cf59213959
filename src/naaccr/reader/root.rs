//! Reads what stands before the first patient: the start tag of the root and what its attributes say.

use std::sync::Arc;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::item::RecordType;
use crate::naaccr::options::ReadOptions;
use crate::naaccr::problem::{Fatal, FatalKind, Problem, ProblemKind, Problems, Severity};
use crate::naaccr::reader::check;
use crate::naaccr::reader::keeper::{Keeper, Spot};
use crate::naaccr::reader::namespace::{NAACCR, Namespaces, declared_prefix};
use crate::naaccr::reader::source::{LineCount, Source};
use crate::naaccr::reader::vocabulary::Vocabulary;
use crate::naaccr::reader::xml_reader::{ENDLESS_TAG, attributes, endless};
use crate::naaccr::record::{Items, Root};
use crate::naaccr::versions::{Specification, Version};
use crate::naaccr::xml::{self, Fault, Markup};

/// A root that was read.
pub(crate) struct Opened {
    pub root: Root,
    pub keeper: Keeper,
    pub namespaces: Namespaces,
    /// Position behind the start tag.
    pub at: usize,
    /// Whether the root element ends at once.
    pub empty: bool,
}

/// Reads up to and with the start tag of the root.
pub(crate) fn open(
    source: &mut Source<'_>,
    lines: &mut LineCount,
    options: &ReadOptions,
    unknown_encoding: Option<String>,
) -> Result<Opened, Fatal> {
    let mut at = 0;
    let (tag, next) = loop {
        at = xml::skip_space(source.text(), at);
        match source.text().get(at).copied() {
            None if source.more()? => continue,
            None => {
                let (kind, what) = if source.text().is_empty() {
                    (FatalKind::Empty, "the file is empty")
                } else {
                    (FatalKind::XmlSyntax, "the file ends before its root element")
                };
                return Err(stop(source, lines, at, kind, what));
            }
            Some(b'<') => {}
            Some(_) => {
                return Err(stop(
                    source,
                    lines,
                    at,
                    FatalKind::XmlSyntax,
                    "the file does not begin with an XML element",
                ));
            }
        }
        match xml::markup(source.text(), at) {
            Ok((Markup::Start(tag), next)) => break (tag, next),
            Ok((Markup::Comment | Markup::Instruction, next)) => at = next,
            Ok((Markup::Doctype, _)) => {
                let what = "the file has a document type declaration; such files are refused, take the declaration out";
                return Err(stop(source, lines, at, FatalKind::XmlSyntax, what));
            }
            Ok(_) => {
                return Err(stop(source, lines, at, FatalKind::XmlSyntax, "the file does not begin with an element"));
            }
            Err(Fault::Incomplete) => match endless(source.text(), at, &options.limits) {
                None if source.more()? => {}
                None => return Err(stop(source, lines, at, FatalKind::XmlSyntax, "the file ends inside a tag")),
                Some(FatalKind::ValueTooLarge) => {
                    let what =
                        "a comment or an instruction before the root element is longer than the limit of a value";
                    return Err(stop(source, lines, at, FatalKind::ValueTooLarge, what));
                }
                Some(kind) => return Err(stop(source, lines, at, kind, ENDLESS_TAG)),
            },
            Err(Fault::Syntax { at, what }) => return Err(stop(source, lines, at, FatalKind::XmlSyntax, what)),
        }
    };
    let text = source.text();
    let name = String::from_utf8_lossy(&text[tag.name.0..tag.name.1]).into_owned();
    let attributes = match attributes(text, &tag, options.limits.attributes) {
        Ok(attributes) => attributes,
        Err(Fault::Syntax { at, what }) => return Err(stop(source, lines, at, FatalKind::XmlSyntax, what)),
        Err(Fault::Incomplete) => {
            return Err(stop(source, lines, at, FatalKind::XmlSyntax, "a tag that is not closed"));
        }
    };
    let (line, column) = lines.place(source, at);
    let spot = Spot { line, column };
    let mut reading = Reading { options, spot, found: Vec::new() };
    let (root, namespaces, user) = reading.root(&name, attributes)?;
    if let Some(name) = unknown_encoding {
        let message =
            format!("the file says its encoding is {name}, which is not known or not true; it is read as UTF-8");
        reading.report(ProblemKind::Encoding, Severity::Warning, Some(&name), message);
    }
    let vocabulary = Vocabulary::new(root.version, root.record_type, &user, options);
    let mut keeper = Keeper::new(vocabulary.into(), root.version, options.clone());
    add_all(&mut keeper.problems, reading.found);
    Ok(Opened { root, keeper, namespaces, at: next, empty: tag.empty })
}

fn add_all(problems: &mut Problems, found: Vec<Problem>) {
    for problem in found {
        problems.add(problem.kind, problem.severity, || problem);
    }
}

fn stop(source: &Source<'_>, lines: &mut LineCount, at: usize, kind: FatalKind, what: &str) -> Fatal {
    let (line, column) = lines.place(source, at);
    Fatal { kind, line: Some(line), column: Some(column), patient: None, message: what.to_owned() }
}

struct Reading<'a> {
    options: &'a ReadOptions,
    spot: Spot,
    found: Vec<Problem>,
}

impl Reading<'_> {
    fn stop(&self, kind: FatalKind, message: impl Into<String>) -> Fatal {
        Fatal {
            kind,
            line: Some(self.spot.line),
            column: Some(self.spot.column),
            patient: None,
            message: message.into(),
        }
    }

    fn report(&mut self, kind: ProblemKind, severity: Severity, value: Option<&str>, message: impl Into<String>) {
        self.found.push(Problem {
            kind,
            severity,
            line: self.spot.line,
            column: self.spot.column,
            patient: None,
            tumor: None,
            item: None,
            number: None,
            name: None,
            value: value.map(str::to_owned),
            message: message.into(),
        });
    }

    fn root(
        &mut self,
        name: &str,
        attributes: Vec<(String, String)>,
    ) -> Result<(Root, Namespaces, Vec<Arc<Dictionary>>), Fatal> {
        let local = name.rsplit(':').next().unwrap_or(name);
        if local != "NaaccrData" {
            return Err(self.stop(FatalKind::RootTag, format!("the root element is <{name}>, not <NaaccrData>")));
        }
        if attributes.len() > self.options.limits.attributes {
            return Err(self.stop(FatalKind::TooManyAttributes, "the root element has too many attributes"));
        }
        let namespaces = Namespaces::of_root(name, &attributes);
        if namespaces.root_uri() != Some(NAACCR) {
            let message = match namespaces.root_uri() {
                Some(uri) => format!("the root element is in the namespace {uri}, not in {NAACCR}"),
                None => format!("the root element has no namespace; xmlns=\"{NAACCR}\" is missing"),
            };
            if !self.options.relaxed_namespaces {
                return Err(self.stop(FatalKind::RootTag, message));
            }
            if !self.options.is_strict() {
                self.report(ProblemKind::NamespaceMissing, Severity::Warning, namespaces.root_uri(), message);
            }
        }
        let (mut base, mut user, mut record_type, mut time, mut specification) = (None, None, None, None, None);
        let mut other_attributes = Vec::new();
        for (name, value) in attributes {
            match name.as_str() {
                "baseDictionaryUri" => base = Some(value),
                "userDictionaryUri" => user = Some(value),
                "recordType" => record_type = Some(value),
                "timeGenerated" => time = Some(value),
                "specificationVersion" => specification = Some(value),
                _ => {
                    self.other_attribute(&name, &value, &namespaces)?;
                    if name != "xmlns" {
                        other_attributes.push((name, value));
                    }
                }
            }
        }
        let (base_dictionary_uri, version) = self.base(base)?;
        let record_type = self.record_type(record_type)?;
        let time_generated = time.filter(|t| !t.is_empty());
        if let Some(time) = &time_generated
            && !check::is_time_generated(time)
        {
            let message = "timeGenerated must be a date and time as 2024-08-23T09:11:35-04:00";
            self.report(ProblemKind::BadTimeGenerated, self.time_severity(), Some(time), message);
        }
        let specification = self.specification(specification)?;
        let user_dictionary_uris: Vec<String> =
            user.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let dictionaries = self.user_dictionaries(&user_dictionary_uris, version)?;
        let root = Root {
            base_dictionary_uri,
            version,
            user_dictionary_uris,
            record_type,
            time_generated,
            specification,
            items: Items::default(),
            other_attributes,
            extensions: Vec::new(),
        };
        Ok((root, namespaces, dictionaries))
    }

    fn time_severity(&self) -> Severity {
        if self.options.is_strict() { Severity::Error } else { Severity::Warning }
    }

    fn other_attribute(&mut self, name: &str, value: &str, namespaces: &Namespaces) -> Result<(), Fatal> {
        if declared_prefix(name).is_some() {
            return Ok(());
        }
        match name.split_once(':') {
            None if !self.options.relaxed_namespaces => {
                let message = format!("the root attribute {name} is not one of NAACCR's and in no other namespace");
                Err(self.stop(FatalKind::RootAttributeNoPrefix, message))
            }
            None => {
                if !self.options.is_strict() {
                    let message = format!("the root attribute {name} is not one of NAACCR's; it is kept");
                    self.report(ProblemKind::RootAttributeNoPrefix, Severity::Warning, Some(value), message);
                }
                Ok(())
            }
            Some((prefix, _)) if namespaces.knows(prefix) => Ok(()),
            Some((prefix, _)) => {
                let message = format!("the prefix {prefix} of the root attribute {name} is not declared");
                if !self.options.relaxed_namespaces {
                    return Err(self.stop(FatalKind::RootAttributeNamespace, message));
                }
                self.report(ProblemKind::NamespaceUndeclared, Severity::Warning, Some(value), message);
                Ok(())
            }
        }
    }

    fn base(&mut self, uri: Option<String>) -> Result<(String, Version), Fatal> {
        let uri = uri.unwrap_or_default();
        if uri.is_empty() {
            let message = "the root has no baseDictionaryUri, so the version of the file is not known";
            return Err(self.stop(FatalKind::BaseDictionaryUri, message));
        }
        let taken = if self.options.is_strict() { uri.as_str() } else { uri.trim() };
        match Version::from_base_uri(taken) {
            Some(version) => Ok((taken.to_owned(), version)),
            None => {
                let message = format!(
                    "baseDictionaryUri is {uri:?}; it must be {} with one of {}",
                    "http://naaccr.org/naaccrxml/naaccr-dictionary-VVV.xml",
                    Version::ALL.map(|v| v.to_string()).join(" ")
                );
                Err(self.stop(FatalKind::BaseDictionaryUri, message))
            }
        }
    }

    fn record_type(&mut self, text: Option<String>) -> Result<RecordType, Fatal> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return Err(self.stop(FatalKind::RecordTypeMissing, "the root has no recordType"));
        }
        let taken = if self.options.is_strict() { text.as_str() } else { text.trim() };
        taken.parse().map_err(|()| {
            let message = format!(
                "recordType is {text:?}; it must be A, M, C or I (types U and L are not tumor records; pathology comes as HL7)"
            );
            self.stop(FatalKind::RecordTypeInvalid, message)
        })
    }

    fn specification(&mut self, text: Option<String>) -> Result<Option<Specification>, Fatal> {
        let Some(text) = text else { return Ok(None) };
        let known = Specification::parse(text.trim());
        if known.is_none() || self.options.is_strict() && Specification::parse(&text).is_none() {
            let message = format!("specificationVersion is {text:?}; it must be 1.0 to 1.8");
            if self.options.is_strict() {
                return Err(self.stop(FatalKind::SpecificationVersion, message));
            }
            self.report(ProblemKind::SpecificationVersion, Severity::Warning, Some(&text), message);
        }
        Ok(known)
    }

    fn user_dictionaries(&mut self, uris: &[String], version: Version) -> Result<Vec<Arc<Dictionary>>, Fatal> {
        let mut found: Vec<Arc<Dictionary>> = Vec::new();
        for uri in uris {
            // Of several of that URI the one made for this version counts.
            let mut named = self.options.user_dictionaries.iter().filter(|d| d.uri() == uri);
            let fits = |d: &&Arc<Dictionary>| d.version().is_none_or(|v| v == version);
            if let Some(dictionary) = named.clone().find(fits).or_else(|| named.next()) {
                if dictionary.version().is_some_and(|v| v != version) {
                    let made_for = dictionary.version().map(|v| v.to_string()).unwrap_or_default();
                    let message = format!(
                        "the user dictionary {uri} is made for version {made_for}, the file is of version {version}"
                    );
                    return Err(self.stop(FatalKind::UserDictionaryVersion, message));
                }
                found.push(dictionary.clone());
                continue;
            }
            if Version::from_default_user_uri(uri) == Some(version) {
                continue;
            }
            let message = format!("the user dictionary {uri} was not supplied, so its items are not known");
            if self.options.require_dictionaries {
                return Err(self.stop(FatalKind::UserDictionaryMissing, message));
            }
            if !self.options.is_strict() {
                self.report(ProblemKind::UserDictionaryMissing, Severity::Note, Some(uri), message);
            }
        }
        Ok(found)
    }
}
