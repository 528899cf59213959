//! Reads a dictionary in XML.

use std::borrow::Cow;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::dictionary_file::check::{Header, Written, check};
use crate::naaccr::dictionary_file::{DictionaryProblem, LoadedDictionary};
use crate::naaccr::item::{DataType, Item, Level, Padding, RecordTypes, UNRANKED};
use crate::naaccr::reader::{NAACCR, attributes};
use crate::naaccr::versions::{Specification, Version};
use crate::naaccr::xml::{self, Fault, Markup};

/// More attributes than any element of a dictionary has.
const MOST_ATTRIBUTES: usize = 100;

const MOST: usize = 16 << 20;

/// Loads a dictionary; what cannot be read as XML, or is no dictionary, is refused with its line.
pub fn load_dictionary(bytes: &[u8]) -> Result<LoadedDictionary, DictionaryProblem> {
    let problem = |kind, line, message: String| DictionaryProblem { kind, line, item: None, number: None, message };
    if bytes.len() > MOST {
        let message = format!("the dictionary is longer than {MOST} bytes");
        return Err(problem("dict_xml_syntax", 1, message));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let line_of = |at: usize| 1 + memchr::memchr_iter(b'\n', &bytes[..at.min(bytes.len())]).count() as u64;
    let syntax = |fault: Fault| match fault {
        Fault::Incomplete => {
            problem("dict_xml_syntax", line_of(bytes.len()), "not well-formed XML: the file ends inside a tag".into())
        }
        Fault::Syntax { at, what } => problem("dict_xml_syntax", line_of(at), format!("not well-formed XML: {what}")),
    };
    let mut header: Option<Header> = None;
    let mut written: Vec<Written> = Vec::new();
    let mut found: Vec<DictionaryProblem> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        let text_end = memchr::memchr(b'<', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        if !bytes[at..text_end].trim_ascii().is_empty() {
            if open.is_empty() {
                return Err(problem(
                    "dict_xml_syntax",
                    line_of(at),
                    "not well-formed XML: text outside of the root element".into(),
                ));
            }
            found.push(problem("dict_stray_text", line_of(at), "text stands between the elements".into()));
        }
        if text_end == bytes.len() {
            break;
        }
        at = text_end;
        let line = line_of(at);
        let (markup, next) = xml::markup(bytes, at).map_err(syntax)?;
        match markup {
            Markup::Comment | Markup::Instruction | Markup::Cdata { .. } => {}
            Markup::Doctype => {
                let message = "the dictionary has a document type declaration; such files are refused";
                return Err(problem("dict_xml_syntax", line, message.into()));
            }
            Markup::End { name } => {
                let name = String::from_utf8_lossy(&bytes[name.0..name.1]);
                if open.pop().as_deref() != Some(&*name) {
                    let message = format!("not well-formed XML: </{name}> closes no element");
                    return Err(problem("dict_xml_syntax", line, message));
                }
            }
            Markup::Start(tag) => {
                let name = String::from_utf8_lossy(&bytes[tag.name.0..tag.name.1]).into_owned();
                let local = name.rsplit(':').next().unwrap_or_default();
                let attributes = attributes(bytes, &tag, MOST_ATTRIBUTES).map_err(syntax)?;
                match (open.len(), local) {
                    (0, "NaaccrDictionary") if header.is_none() => header = Some(Header { line, attributes }),
                    (0, _) => {
                        let message = format!("the root element is <{name}>, not <NaaccrDictionary>");
                        return Err(problem("dict_root_tag", line, message));
                    }
                    (1, "ItemDefs") => {}
                    (2, "ItemDef") => written.push(Written { line, attributes }),
                    (_, "GroupedItemDef" | "GroupedItemDefs") => {
                        let message =
                            "grouped items are defined; only official dictionaries up to specification 1.5 may";
                        found.push(problem("dict_grouped_items", line, message.into()));
                    }
                    _ => {
                        let message = format!("<{name}> is no element of a dictionary");
                        found.push(problem("dict_unknown_element", line, message));
                    }
                }
                if !tag.empty {
                    open.push(name);
                }
            }
        }
        at = next;
    }
    if let Some(name) = open.last() {
        let message = format!("not well-formed XML: the file ends inside <{name}>");
        return Err(problem("dict_xml_syntax", line_of(bytes.len()), message));
    }
    let Some(header) = header else {
        return Err(problem("dict_xml_syntax", 1, "the file has no root element".into()));
    };
    Ok(assemble(&header, &written, found))
}

fn assemble(header: &Header, written: &[Written], mut problems: Vec<DictionaryProblem>) -> LoadedDictionary {
    let uri = header.get("dictionaryUri").unwrap_or_default().to_owned();
    let is_base = Version::from_base_uri(&uri).is_some();
    if is_base {
        problems.retain(|p| p.kind != "dict_grouped_items");
    }
    if header.get("xmlns").is_none_or(|uri| uri != NAACCR) && !header.attributes.iter().any(|(_, v)| v == NAACCR) {
        problems.push(DictionaryProblem {
            kind: "dict_namespace",
            line: header.line,
            item: None,
            number: None,
            message: format!("the root element is not in the namespace {NAACCR}"),
        });
    }
    let specification =
        header.get("specificationVersion").and_then(Specification::parse).unwrap_or(Specification::OLDEST);
    let version = header.get("naaccrVersion").and_then(Version::parse);
    check(header, written, &mut problems);
    problems.sort_by_key(|p| p.line);
    let items = written.iter().filter_map(item).collect();
    LoadedDictionary {
        dictionary: Dictionary::new(uri, version, items),
        description: header.get("description").unwrap_or_default().to_owned(),
        specification,
        date_last_modified: header.get("dateLastModified").map(str::to_owned),
        is_base,
        problems,
    }
}

/// The item a definition describes, if id, length and level can be understood.
fn item(written: &Written) -> Option<Item> {
    let length: u32 = written.get("length")?.trim().parse().ok()?;
    Some(Item {
        number: written.number(),
        id: Cow::Owned(written.get("naaccrId").filter(|id| !id.is_empty())?.to_owned()),
        name: Cow::Owned(written.get("naaccrName").or(written.get("naaccrId"))?.to_owned()),
        length,
        level: Level::from_element(written.get("parentXmlElement")?)?,
        data_type: written.get("dataType").and_then(DataType::from_name).unwrap_or(DataType::Text),
        record_types: written.get("recordTypes").and_then(RecordTypes::parse).unwrap_or(RecordTypes::ALL),
        padding: written.get("padding").and_then(Padding::from_name).unwrap_or(Padding::None),
        unlimited_text: written.get("allowUnlimitedText") == Some("true"),
        keeps_blanks: written.get("trim") == Some("none"),
        start_column: written.get("startColumn").and_then(|c| c.parse().ok()),
        section: "",
        rank: UNRANKED,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dictionary(attributes: &str, items: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<NaaccrDictionary dictionaryUri=\"http://x.org/d.xml\" {attributes} \
             xmlns=\"http://naaccr.org/naaccrxml\">\n<ItemDefs>\n{items}\n</ItemDefs>\n</NaaccrDictionary>"
        )
    }

    fn kinds(attributes: &str, items: &str) -> Vec<(&'static str, u64)> {
        let text = dictionary(attributes, items);
        load_dictionary(text.as_bytes()).unwrap().problems.iter().map(|p| (p.kind, p.line)).collect()
    }

    const NEW: &str = "specificationVersion=\"1.8\" dateLastModified=\"2024-01-01T00:00:00Z\"";
    const GOOD: &str =
        "<ItemDef naaccrId=\"a1\" naaccrNum=\"10000\" naaccrName=\"A\" length=\"1\" parentXmlElement=\"Tumor\"/>";

    #[test]
    fn a_good_dictionary_has_no_problem() {
        assert_eq!(kinds(NEW, GOOD), []);
        let loaded = load_dictionary(dictionary(NEW, GOOD).as_bytes()).unwrap();
        assert_eq!(loaded.dictionary.by_id("a1").unwrap().length, 1);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let items = format!(
            "{GOOD}\n{}\n{}",
            GOOD.replace("a1", "A-1").replace("10000", "400"),
            GOOD.replace("a1", "primarySite")
                .replace("length=\"1\"", "length=\"x\" colour=\"red\" padding=\"leftBlank\"")
        );
        assert_eq!(
            kinds(NEW, &items),
            [
                ("dict_item_id_format", 5),
                ("dict_number_redefined", 5),
                ("dict_unknown_attribute", 6),
                ("dict_item_id_redefined", 6),
                ("dict_number_duplicate", 6),
                ("dict_length_format", 6),
                ("dict_padding_value", 6),
            ]
        );
    }

    #[test]
    fn what_is_not_xml_is_refused_with_its_line() {
        let refused = load_dictionary(b"<NaaccrDictionary>\n<ItemDefs>\n").unwrap_err();
        assert_eq!((refused.kind, refused.line), ("dict_xml_syntax", 3));
        assert_eq!(load_dictionary(b"<a/>").unwrap_err().kind, "dict_root_tag");
    }
}
