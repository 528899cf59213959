//! A pathology report as sections of one text that knows where each place stood in the file it came from.

use std::ops::Range;

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// Final diagnosis.
    Diagnosis,
    /// Comment on it.
    Comment,
    /// Supplement or addendum.
    Supplement,
    /// Synoptic report.
    Synoptic,
    /// Microscopic observation.
    Microscopic,
    /// Gross observation.
    Gross,
    /// Relevant history, clinical information.
    History,
    /// What was sent: the site of origin.
    Specimen,
    /// Anything else.
    Other,
}

impl SectionKind {
    /// The words over the section.
    pub fn title(self) -> &'static str {
        match self {
            SectionKind::Diagnosis => "Final diagnosis",
            SectionKind::Comment => "Comment",
            SectionKind::Supplement => "Supplement",
            SectionKind::Synoptic => "Synoptic report",
            SectionKind::Microscopic => "Microscopic",
            SectionKind::Gross => "Gross",
            SectionKind::History => "History",
            SectionKind::Specimen => "Site of origin",
            SectionKind::Other => "Report",
        }
    }

    /// What is said here is a diagnosis of this report.
    pub(super) fn decides(self) -> bool {
        matches!(self, SectionKind::Diagnosis | SectionKind::Comment | SectionKind::Supplement | SectionKind::Synoptic)
    }

    /// By the LOINC code or the name of an observation.
    pub(super) fn of(code: &str, name: &str) -> SectionKind {
        match code {
            "22637-3" | "34574-4" => return SectionKind::Diagnosis,
            "22638-1" => return SectionKind::Comment,
            "22639-9" | "35265-8" => return SectionKind::Supplement,
            "60568-3" | "60573-3" => return SectionKind::Synoptic,
            "22635-7" => return SectionKind::Microscopic,
            "22634-0" => return SectionKind::Gross,
            "22636-5" | "10219-4" | "11329-0" => return SectionKind::History,
            "22633-2" => return SectionKind::Specimen,
            _ => {}
        }
        by_name(name).unwrap_or(SectionKind::Other)
    }
}

/// The kind of section a heading announces.
fn by_name(name: &str) -> Option<SectionKind> {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if has(&["history", "clinical", "indication", "pre-op", "preop", "preoperative", "postoperative", "reason for"]) {
        return Some(SectionKind::History);
    }
    if has(&["addend", "supplement", "amend"]) {
        return Some(SectionKind::Supplement);
    }
    if has(&["synoptic", "checklist", "case summary", "cancer summary"]) {
        return Some(SectionKind::Synoptic);
    }
    if has(&["micro"]) {
        return Some(SectionKind::Microscopic);
    }
    if has(&["gross", "macro"]) {
        return Some(SectionKind::Gross);
    }
    if has(&["comment", "note", "interpretation", "impression"]) {
        return Some(SectionKind::Comment);
    }
    if has(&["diagnos", "conclusion"]) {
        return Some(SectionKind::Diagnosis);
    }
    has(&["specimen", "site of origin", "source", "tissue"]).then_some(SectionKind::Specimen)
}

/// A section of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is.
    pub kind: SectionKind,
    /// Its place in the report's text.
    pub range: Range<usize>,
}

/// A report: one text and its sections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The text of all sections, one after the other, a line end between two.
    pub text: String,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// Where the text and the file run side by side: place in the text, place in the file.
    origin: Vec<(usize, usize)>,
}

impl Report {
    /// A report from plain text: headings in it make the sections.
    pub fn from_plain(text: &str) -> Report {
        let mut report = Report::default();
        let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        report.add(SectionKind::Other, |out, moved| {
            moved(0, 0);
            out.push_str(&kept);
        });
        report.split_by_headings();
        report
    }

    /// Adds text to the section of this kind at the end, or begins one.
    pub(super) fn add(&mut self, kind: SectionKind, write: impl FnOnce(&mut String, &mut dyn FnMut(usize, usize))) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        let origin = &mut self.origin;
        write(&mut self.text, &mut |here, there| origin.push((here, there)));
        let end = self.text.len();
        match self.sections.last_mut() {
            Some(last) if last.kind == kind => last.range.end = end,
            _ => self.sections.push(Section { kind, range: start..end }),
        }
    }

    /// The text of a section.
    pub fn section(&self, section: &Section) -> &str {
        self.text.get(section.range.clone()).unwrap_or("")
    }

    /// Where the words of a section begin, behind its heading.
    pub(super) fn body(&self, section: &Section) -> Range<usize> {
        let text = self.section(section);
        let lead = text.len() - text.trim_start().len();
        let line = text.get(lead..).unwrap_or("").lines().next().unwrap_or("");
        let skipped = match heading(line) {
            Some(_) => lead + line.find(':').map_or(line.len(), |at| at + 1),
            None => 0,
        };
        section.range.start + skipped.min(text.len())..section.range.end
    }

    /// Where a place of the text stood in the file.
    pub fn origin_of(&self, place: usize) -> usize {
        let at = self.origin.partition_point(|(here, _)| *here <= place);
        match at.checked_sub(1).and_then(|at| self.origin.get(at)) {
            Some((here, there)) => there + (place - here),
            None => place,
        }
    }

    /// Takes sections of no kind apart at lines that are headings (`FINAL DIAGNOSIS:`).
    pub(super) fn split_by_headings(&mut self) {
        let mut found = Vec::with_capacity(self.sections.len());
        for section in &self.sections {
            if section.kind != SectionKind::Other {
                found.push(section.clone());
                continue;
            }
            let base = section.range.start;
            let text = self.text.get(section.range.clone()).unwrap_or("");
            let (mut kind, mut start, mut at) = (SectionKind::Other, base, base);
            for line in text.split_inclusive('\n') {
                if let Some(next) = heading(line) {
                    if at > start {
                        found.push(Section { kind, range: start..at });
                    }
                    (kind, start) = (next, at);
                }
                at += line.len();
            }
            if at > start {
                found.push(Section { kind, range: start..at });
            }
        }
        self.sections = found;
    }
}

/// The kind a heading line announces: a few words, then a colon or the line's end, mostly in capitals when text follows.
fn heading(line: &str) -> Option<SectionKind> {
    let line = line.trim();
    let (head, colon) = match line.split_once(':') {
        Some((head, _)) => (head, true),
        None => (line, false),
    };
    let head = head.trim_matches(['*', '-', '=', ' ']);
    let words = head.split_whitespace().count();
    if words == 0 || words > 5 || head.len() > 60 || head.contains(',') {
        return None;
    }
    let capitals = head.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    if !colon && !capitals {
        return None;
    }
    by_name(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_make_sections_of_plain_text() {
        let text = "CLINICAL HISTORY: breast cancer 2010\nGROSS DESCRIPTION\nOne core.\nFINAL DIAGNOSIS:\nA. BREAST: Fibrosis.\n";
        let report = Report::from_plain(text);
        let kinds: Vec<SectionKind> = report.sections.iter().map(|s| s.kind).collect();
        assert_eq!(kinds, [SectionKind::History, SectionKind::Gross, SectionKind::Diagnosis]);
        assert!(report.sections.iter().all(|s| !report.section(s).is_empty()));
    }
}
