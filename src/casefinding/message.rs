//! A result message: who, which order, what was reported.

use std::ops::Range;

use super::hl7::{Segment, Separators, Unreadable, decoded, segments, split_messages};
use super::report::{Report, SectionKind};

/// A person of a message: the patient, or who ordered or read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Middle name or initial.
    pub middle: String,
    /// Identifier, for physicians the NPI or licence.
    pub id: String,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// State.
    pub state: String,
    /// Postal code.
    pub postal: String,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Preliminary.
    Preliminary,
    /// Final.
    Final,
    /// Corrected: replaces what was sent before.
    Corrected,
    /// Cancelled: nothing of it counts.
    Cancelled,
}

impl Status {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Status::Preliminary => "preliminary",
            Status::Final => "final",
            Status::Corrected => "corrected",
            Status::Cancelled => "cancelled",
        }
    }
}

/// One order of a message: a report with its number and dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The laboratory's number of the report (OBR-3, else ORC-3).
    pub report_number: String,
    /// What was asked for (OBR-4).
    pub service: String,
    /// Day the specimen was taken, `YYYYMMDD` or shorter, empty when not said (OBR-7).
    pub taken: String,
    /// Day of the report (OBR-22).
    pub reported: String,
    /// Status (OBR-25).
    pub status: Status,
    /// ICD codes of the reason (OBR-31, or OBR-29 where it names ICD).
    pub reasons: Vec<String>,
    /// Who ordered (OBR-16, else ORC-12).
    pub ordered_by: Person,
    /// Who read (OBR-32).
    pub read_by: Person,
}

/// A message as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Number in the file, from 1.
    pub number: usize,
    /// Its place in the file's text.
    pub range: Range<usize>,
    /// Control number (MSH-10).
    pub control: String,
    /// Sending laboratory (MSH-4): its name.
    pub laboratory: String,
    /// Its CLIA number or other identifier (MSH-4.2).
    pub laboratory_id: String,
    /// When it was sent, `YYYYMMDD` or shorter (MSH-7).
    pub sent: String,
    /// The patient.
    pub patient: Person,
    /// Medical record number (PID-3, the MR among several).
    pub record_number: String,
    /// Social Security number (PID-19 or an SS in PID-3).
    pub social_security: String,
    /// Birth date, `YYYYMMDD` or shorter.
    pub born: String,
    /// Sex as a NAACCR code of item 225: 1, 2, 9 or empty.
    pub sex: &'static str,
    /// Race code and name as sent.
    pub race: String,
    /// Address.
    pub address: Address,
    /// Telephone, digits.
    pub telephone: String,
    /// Its orders.
    pub orders: Vec<Order>,
    /// The report of all orders.
    pub report: Report,
}

impl Message {
    /// The day that stands for the diagnosis: specimen, else report, else sending.
    pub fn day(&self) -> &str {
        let of = |f: fn(&Order) -> &String| self.orders.iter().map(f).find(|d| !d.is_empty());
        of(|o| &o.taken).or_else(|| of(|o| &o.reported)).unwrap_or(&self.sent)
    }

    /// The year of that day.
    pub fn year(&self) -> Option<u16> {
        self.day().get(..4)?.parse().ok().filter(|y| (1900..=2100).contains(y))
    }

    /// Every order was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.orders.iter().all(|o| o.status == Status::Cancelled)
    }
}

/// The messages of a file, each read or refused.
///
/// # Errors
/// A file in which no message begins.
pub fn read_messages(bytes: &[u8]) -> Result<(String, Vec<Result<Message, Unreadable>>), Unreadable> {
    let text = decoded(bytes);
    let ranges = split_messages(&text)?;
    let read = ranges.into_iter().enumerate().map(|(at, range)| read_message(&text, range, at + 1)).collect();
    Ok((text, read))
}

/// One message of a text.
///
/// # Errors
/// What is missing for a report of a patient.
pub fn read_message(text: &str, range: Range<usize>, number: usize) -> Result<Message, Unreadable> {
    let (separators, found) = segments(text, range.clone(), number)?;
    let s = &separators;
    let head = found.first().ok_or(Unreadable::NoMessage)?;
    let kind = head.field(9);
    if s.component(kind, 1) != "ORU" {
        return Err(Unreadable::OtherType { message: number, kind: s.plain(kind) });
    }
    let patient = found.iter().find(|p| p.name == "PID").ok_or(Unreadable::NoPatient { message: number })?;
    let mut message = Message {
        number,
        range,
        control: s.plain(head.field(10)),
        laboratory: s.component(head.field(4), 1),
        laboratory_id: s.component(head.field(4), 2),
        sent: day(&s.component(head.field(7), 1)),
        patient: Person {
            last: s.subcomponent(patient.field(5), 1, 1),
            first: s.component(patient.field(5), 2),
            middle: s.component(patient.field(5), 3),
            id: String::new(),
        },
        record_number: record_number(s, patient.field(3)),
        social_security: social_security(s, patient),
        born: day(&s.component(patient.field(7), 1)),
        sex: match s.component(patient.field(8), 1).as_str() {
            "M" => "1",
            "F" => "2",
            "U" | "O" | "A" | "N" => "9",
            _ => "",
        },
        race: s.component(patient.field(10), 2),
        address: Address {
            street: s.subcomponent(patient.field(11), 1, 1),
            city: s.component(patient.field(11), 3),
            state: s.component(patient.field(11), 4),
            postal: s.component(patient.field(11), 5),
        },
        telephone: telephone(s, patient.field(13)),
        orders: Vec::new(),
        report: Report::default(),
    };
    observations(&mut message, s, &found);
    if message.orders.is_empty() {
        return Err(Unreadable::NoOrder { message: number });
    }
    message.report.split_by_headings();
    Ok(message)
}

fn observations(message: &mut Message, s: &Separators, found: &[Segment<'_>]) {
    let mut filler = String::new();
    let mut ordered_by = Person::default();
    let mut counts = false;
    for segment in found {
        match segment.name {
            "ORC" => {
                filler = s.component(segment.field(3), 1);
                ordered_by = physician(s, segment.field(12));
            }
            "OBR" => {
                let own = s.component(segment.field(3), 1);
                let by = physician(s, segment.field(16));
                let status = match segment.field(25).trim() {
                    "C" => Status::Corrected,
                    "X" => Status::Cancelled,
                    "P" | "R" | "A" | "I" | "O" | "S" => Status::Preliminary,
                    _ => Status::Final,
                };
                counts = status != Status::Cancelled;
                let code = s.component(segment.field(4), 1);
                message.orders.push(Order {
                    report_number: if own.is_empty() { std::mem::take(&mut filler) } else { own },
                    service: format!("{code} {}", s.component(segment.field(4), 2)).trim().to_owned(),
                    taken: day(&s.component(segment.field(7), 1)),
                    reported: day(&s.component(segment.field(22), 1)),
                    status,
                    reasons: reasons(s, segment),
                    ordered_by: if by == Person::default() { std::mem::take(&mut ordered_by) } else { by },
                    read_by: reader(s, segment.field(32)),
                });
            }
            "OBX" | "NTE" if counts => observation(message, s, segment),
            _ => {}
        }
    }
}

fn observation(message: &mut Message, s: &Separators, segment: &Segment<'_>) {
    if segment.name == "NTE" {
        let (place, raw) = segment.field_at(3);
        if !raw.trim().is_empty() {
            message.report.add(SectionKind::Comment, |out, moved| s.unescape(raw, place, out, moved));
        }
        return;
    }
    // Deleted, wrong and never obtained results do not count.
    if matches!(segment.field(11).trim(), "D" | "W" | "X" | "N") {
        return;
    }
    let (code, name) = (s.component(segment.field(3), 1), s.component(segment.field(3), 2));
    let (place, raw) = segment.field_at(5);
    if raw.trim().is_empty() || raw == "\"\"" || matches!(segment.field(2), "ED" | "RP") {
        return;
    }
    let kind = SectionKind::of(&code, &name);
    let coded = matches!(segment.field(2), "CE" | "CWE" | "CNE");
    let mut at = place;
    for part in raw.split(s.repetition) {
        let (mut from, mut part_text) = (at, part);
        if coded {
            // The words of a coded answer stand in its second part, behind the question it answers.
            let mut pieces = part.split(s.component);
            let first = pieces.next().unwrap_or("");
            if let Some(words) = pieces.next().filter(|w| !w.is_empty()) {
                from = at + first.len() + s.component.len_utf8();
                part_text = words;
            } else {
                part_text = first;
            }
        }
        if !part_text.trim().is_empty() {
            let question = (kind == SectionKind::Synoptic && (coded || segment.field(2) == "ST") && !name.is_empty())
                .then(|| name.clone());
            message.report.add(kind, |out, moved| {
                if let Some(question) = question {
                    moved(out.len(), from);
                    out.push_str(&question);
                    out.push_str(": ");
                }
                s.unescape(part_text, from, out, moved);
            });
        }
        at += part.len() + s.repetition.len_utf8();
    }
}

fn physician(s: &Separators, field: &str) -> Person {
    Person {
        id: s.component(field, 1),
        last: s.subcomponent(field, 2, 1),
        first: s.component(field, 3),
        middle: s.component(field, 4),
    }
}

/// ICD codes of the reason for the study: OBR-31, and what of OBR-29 says that it is one, since laboratories are known to
/// write it there, where the number of the parent order belongs.
fn reasons(s: &Separators, segment: &Segment<'_>) -> Vec<String> {
    let is_icd = |r: &&str| ["I9", "I10"].iter().any(|system| s.component(r, 3).starts_with(system));
    let stray = s.repetitions(segment.field(29)).filter(is_icd);
    let codes = s.repetitions(segment.field(31)).chain(stray).map(|r| s.component(r, 1));
    codes.filter(|code| !code.is_empty()).collect()
}

/// OBR-32 names a person in subcomponents of its first component; some laboratories use components.
fn reader(s: &Separators, field: &str) -> Person {
    let whole = Person {
        id: s.subcomponent(field, 1, 1),
        last: s.subcomponent(field, 1, 2),
        first: s.subcomponent(field, 1, 3),
        middle: s.subcomponent(field, 1, 4),
    };
    if whole.last.is_empty() { physician(s, field) } else { whole }
}

fn record_number(s: &Separators, field: &str) -> String {
    let mut first = String::new();
    for repetition in s.repetitions(field) {
        let kind = s.component(repetition, 5);
        if kind == "MR" {
            return s.component(repetition, 1);
        }
        if first.is_empty() && !matches!(kind.as_str(), "SS" | "DL" | "MC" | "MA") {
            first = s.component(repetition, 1);
        }
    }
    first
}

fn social_security(s: &Separators, patient: &Segment<'_>) -> String {
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let in_list = s.repetitions(patient.field(3)).find(|r| s.component(r, 5) == "SS").map(|r| s.component(r, 1));
    [Some(s.component(patient.field(19), 1)), in_list]
        .into_iter()
        .flatten()
        .map(digits)
        .find(|n| n.len() == 9)
        .unwrap_or_default()
}

fn telephone(s: &Separators, field: &str) -> String {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let whole = digits(&s.component(field, 1));
    if whole.len() >= 10 { whole } else { digits(&(s.component(field, 6) + &s.component(field, 7))) }
}

/// The day of a time stamp: its leading digits, at most eight.
fn day(stamp: &str) -> String {
    stamp.chars().take_while(char::is_ascii_digit).take(8).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SENT: &str = "MSH|^~\\&|A^1^ISO|LAB1^99D1234567^CLIA|REG|ST|20260105101500-0600||ORU^R01^ORU_R01|M1|P|2.5.1\r\
        PID|1||X9^^^L^PI~P0001^^^LAB1&2.16&ISO^MR~123-45-6789^^^SSA^SS||O'NEIL&O^ANN^B||196003|F||2106-3^White|1 A ST^^DES MOINES^IA^50309||^PRN^PH^^1^515^5550100\r\
        OBR|1||S26-1^LAB1|11529-5^Surgical pathology study^LN|||20260102|||||||||1234567893^EXAMPLE^ANA||||||20260104||SP|C||||||C50.412^x^I10C~Z12^y^I10C|1987654321&PATHOLOGIST&KIM\r\
        OBX|1|TX|22634-0^Gross^LN|1|Tan\\.br\\core||||||F\r\
        OBX|2|TX|22637-3^Final^LN|2|LEFT BREAST: Carcinoma \\T\\ DCIS||||||F\r\
        OBX|3|TX|22637-3^Final^LN|2|withdrawn words||||||D\r";

    #[test]
    fn a_reason_in_the_place_of_the_parent_order_counts_and_a_parent_order_does_not() {
        let reasons =
            |text: &str| read_messages(text.as_bytes()).unwrap().1[0].as_ref().unwrap().orders[0].reasons.clone();
        assert_eq!(reasons(SENT), ["C50.412", "Z12"]);
        let moved = SENT.replace("C||||||C50.412^x^I10C~Z12^y^I10C|", "C||||C50.412^x^I10C~P1^F1||Z12^y^I10C|");
        assert_eq!(reasons(&moved), ["Z12", "C50.412"]);
    }

    #[test]
    fn the_facts_of_a_message_are_read() {
        let (_, messages) = read_messages(SENT.as_bytes()).unwrap();
        let m = messages[0].as_ref().unwrap();
        assert_eq!((m.record_number.as_str(), m.social_security.as_str()), ("P0001", "123456789"));
        assert_eq!((m.patient.last.as_str(), m.born.as_str(), m.sex), ("O'NEIL", "196003", "2"));
        assert_eq!((m.laboratory.as_str(), m.laboratory_id.as_str()), ("LAB1", "99D1234567"));
        assert_eq!(m.telephone, "5155550100");
        let order = &m.orders[0];
        assert_eq!((order.report_number.as_str(), order.status), ("S26-1", Status::Corrected));
        assert_eq!(order.reasons, ["C50.412", "Z12"]);
        assert_eq!((order.read_by.last.as_str(), order.ordered_by.id.as_str()), ("PATHOLOGIST", "1234567893"));
        assert_eq!(m.report.text, "Tan\ncore\nLEFT BREAST: Carcinoma & DCIS");
        assert_eq!(m.year(), Some(2026));
    }

    #[test]
    fn places_of_the_report_lead_back_into_the_file() {
        let (text, messages) = read_messages(SENT.as_bytes()).unwrap();
        let report = &messages[0].as_ref().unwrap().report;
        for word in ["Tan", "core", "Carcinoma", "DCIS"] {
            let at = report.origin_of(report.text.find(word).unwrap());
            assert_eq!(text.get(at..at + word.len()), Some(word));
        }
    }

    #[test]
    fn what_is_no_result_of_a_patient_is_refused_in_words() {
        let refused = |text: &str| read_messages(text.as_bytes()).unwrap().1[0].clone().unwrap_err().to_string();
        assert!(refused("MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5.1\rPID|1\r").contains("the type is ADT"));
        assert!(refused("MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.5.1\rOBR|1\r").contains("PID"));
        assert!(refused("MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.5.1\rPID|1\r").contains("OBR"));
    }

    #[test]
    fn nothing_that_arrives_stops_the_reader() {
        let bytes = SENT.as_bytes();
        for cut in 0..bytes.len() {
            let _ = read_messages(&bytes[..cut]);
            let mut broken = bytes.to_vec();
            broken[cut] = 0xC3;
            let _ = read_messages(&broken);
        }
        for text in ["MSH|", "MSH||||", "MSH|^~\\&\rPID\rOBR\rOBX|", "MSH\u{e9}^~"] {
            let _ = read_messages(text.as_bytes());
        }
    }
}
