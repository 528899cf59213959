//! Which namespace an element is in: by URI, whatever its prefix.

use crate::naaccr::xml;

/// The namespace of NAACCR data files and dictionaries.
pub(crate) const NAACCR: &str = "http://naaccr.org/naaccrxml";

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Root,
    Patient,
    Tumor,
    Item,
    /// In NAACCR's namespace, but none of its elements.
    Unknown,
    /// In another namespace: an extension.
    Foreign,
    /// Its prefix is not declared.
    Undeclared,
}

/// The namespaces in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Namespaces {
    /// Prefix of the root element; empty if it has none.
    prefix: String,
    /// Namespace of the root element; none in files that leave it out.
    uri: Option<String>,
    /// Prefix and URI of every declaration in force, the outermost first.
    declared: Vec<(String, String)>,
    of_root: usize,
}

impl Namespaces {
    /// The namespaces a root element of that name and those attributes declares.
    pub fn of_root(name: &str, attributes: &[(String, String)]) -> Namespaces {
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        let mut namespaces = Namespaces { prefix: prefix.to_owned(), ..Namespaces::default() };
        for (name, value) in attributes {
            namespaces.declare(name, value);
        }
        namespaces.of_root = namespaces.declared.len();
        namespaces.uri = namespaces.uri_of(prefix).map(str::to_owned);
        namespaces
    }

    /// The root's own namespace.
    pub fn root_uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// Whether a prefix is declared.
    pub fn knows(&self, prefix: &str) -> bool {
        prefix == "xml" || prefix == "xmlns" || self.uri_of(prefix).is_some()
    }

    fn uri_of(&self, prefix: &str) -> Option<&str> {
        let (_, uri) = self.declared.iter().rev().find(|(p, _)| p == prefix)?;
        (!uri.is_empty()).then_some(uri)
    }

    /// Takes an attribute if it declares a namespace; gives whether it does.
    pub fn declare(&mut self, name: &str, value: &str) -> bool {
        let Some(prefix) = declared_prefix(name) else { return false };
        self.declared.push((prefix.to_owned(), value.to_owned()));
        true
    }

    /// How many declarations are in force.
    pub fn depth(&self) -> usize {
        self.declared.len()
    }

    /// Goes back to that many declarations.
    pub fn forget(&mut self, depth: usize) {
        self.declared.truncate(depth);
    }

    /// Goes back to the declarations of the root.
    pub fn forget_all(&mut self) {
        self.declared.truncate(self.of_root);
    }

    /// Text of a tag of NAACCR's namespace, such as `<` and `Patient`.
    pub fn tag(&self, open: &str, rest: &str) -> Vec<u8> {
        let colon = if self.prefix.is_empty() { "" } else { ":" };
        format!("{open}{}{colon}{rest}", self.prefix).into_bytes()
    }

    /// What an element of that name and those attributes is.
    pub fn element(&self, name: &[u8], own: &[(String, String)]) -> Element {
        let (prefix, local) = xml::split_name(name);
        let Ok(prefix) = std::str::from_utf8(prefix) else { return Element::Undeclared };
        let declared_here =
            own.iter().find(|(name, _)| declared_prefix(name) == Some(prefix)).map(|(_, uri)| uri.as_str());
        match (declared_here.or_else(|| self.uri_of(prefix)), self.uri.as_deref()) {
            // In a file whose root is in no namespace, or in another, NAACCR's own still means NAACCR's elements.
            (uri, root) if uri == Some(NAACCR) || uri == root && (uri.is_some() || prefix.is_empty()) => match local {
                b"Item" => Element::Item,
                b"Patient" => Element::Patient,
                b"Tumor" => Element::Tumor,
                b"NaaccrData" => Element::Root,
                _ => Element::Unknown,
            },
            (Some(_), _) => Element::Foreign,
            (None, _) => Element::Undeclared,
        }
    }

    /// The name of NAACCR's element an end tag of that name closes.
    pub fn name_of_end(&self, name: &[u8]) -> Option<&'static str> {
        match self.element(name, &[]) {
            Element::Item => Some("Item"),
            Element::Patient => Some("Patient"),
            Element::Tumor => Some("Tumor"),
            Element::Root => Some("NaaccrData"),
            _ => None,
        }
    }

    /// An extension that means the same wherever it is written: with the declarations it relied on that a file written
    /// anew does not have. Those are the default namespace, if it is not NAACCR's, and what patient or tumor declare.
    pub fn self_contained(&self, xml: String, own: &[(String, String)]) -> String {
        let name_end = xml[1..].find(|c: char| c.is_whitespace() || c == '>' || c == '/').map_or(xml.len(), |n| n + 1);
        let declares = |prefix: &str| own.iter().any(|(name, _)| declared_prefix(name) == Some(prefix));
        let mut added = String::new();
        if !xml[1..name_end].contains(':') && !declares("") {
            match self.uri_of("") {
                Some(uri) if uri != NAACCR => added = declaration("xmlns", uri),
                // In no namespace, beside a root that is in one.
                None if self.uri.is_some() => added = declaration("xmlns", ""),
                _ => {}
            }
        }
        let inner = self.declared.get(self.of_root..).unwrap_or_default();
        for (n, (prefix, uri)) in inner.iter().enumerate().filter(|(_, (prefix, _))| !prefix.is_empty()) {
            let is_latest = !inner[n + 1..].iter().any(|(later, _)| later == prefix);
            if is_latest && xml.contains(&format!("{prefix}:")) && !declares(prefix) {
                added.push_str(&declaration(&format!("xmlns:{prefix}"), uri));
            }
        }
        if added.is_empty() { xml } else { format!("{}{added}{}", &xml[..name_end], &xml[name_end..]) }
    }
}

fn declaration(name: &str, uri: &str) -> String {
    let uri = uri.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(" {name}=\"{uri}\"")
}

/// The prefix an attribute of that name declares; empty for the default namespace.
pub(crate) fn declared_prefix(name: &str) -> Option<&str> {
    if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn the_uri_counts_and_not_the_prefix() {
        let of = Namespaces::of_root("n:NaaccrData", &attributes(&[("xmlns:n", NAACCR), ("xmlns", "http://other")]));
        assert_eq!(of.element(b"n:Patient", &[]), Element::Patient);
        assert_eq!(of.element(b"Patient", &[]), Element::Foreign);
        assert_eq!(of.element(b"x:Patient", &[]), Element::Undeclared);
        assert_eq!(of.element(b"Patient", &attributes(&[("xmlns", NAACCR)])), Element::Patient);
        assert_eq!(of.self_contained("<a b='1'/>".into(), &[]), "<a xmlns=\"http://other\" b='1'/>");
    }

    #[test]
    fn an_extension_takes_along_what_was_declared_around_it() {
        let mut of = Namespaces::of_root("n:NaaccrData", &attributes(&[("xmlns:n", NAACCR), ("xmlns:r", "http://r")]));
        assert_eq!(of.self_contained("<Tumor/>".into(), &[]), "<Tumor xmlns=\"\"/>");
        of.declare("xmlns:p", "http://p");
        assert_eq!(of.self_contained("<p:a r:b='1'/>".into(), &[]), "<p:a xmlns:p=\"http://p\" r:b='1'/>");
        assert_eq!(of.self_contained("<r:a/>".into(), &[]), "<r:a/>");
        // What stands in a value declares nothing; what the element itself declares is not declared twice.
        let own = attributes(&[("b", ">xmlns=1 xmlns:p=2")]);
        assert_eq!(
            of.self_contained("<a b='>xmlns=1 xmlns:p=2'><p:c/></a>".into(), &own),
            "<a xmlns=\"\" xmlns:p=\"http://p\" b='>xmlns=1 xmlns:p=2'><p:c/></a>"
        );
        let own = attributes(&[("b", ">"), ("xmlns", ""), ("xmlns:p", "http://q")]);
        let whole = "<a b='>' xmlns='' xmlns:p = 'http://q'><p:c/></a>";
        assert_eq!(of.self_contained(whole.into(), &own), whole);
    }

    #[test]
    fn a_file_without_namespace_is_in_none() {
        let of = Namespaces::of_root("NaaccrData", &[]);
        assert_eq!(of.element(b"Tumor", &[]), Element::Tumor);
        assert_eq!(of.element(b"o:Tumor", &[]), Element::Undeclared);
        assert_eq!(of.element(b"Tumor", &attributes(&[("xmlns", NAACCR)])), Element::Tumor);
    }
}
