//! A digest of content that does not depend on how it is written.
//!
//! SHA-256 over lines: `R` for the root, `P` for a patient, `T` for a tumor, and after each its items sorted by id, as
//! `I`, id and value with tabs between; backslash, line feed, carriage return and tab in a value are written with a
//! backslash. Two files, or two records, have the same digest if and only if they hold the same items and values in
//! the same places. Extensions and the order of items do not count.

use sha2::{Digest as _, Sha256};

use crate::naaccr::record::{Items, Patient, Root, Tumor};

/// A digest being made.
#[derive(Clone, Default)]
pub struct Digest {
    sum: Sha256,
    lines: Vec<u8>,
    order: Vec<(u32, u32)>,
}

impl Digest {
    /// A digest of nothing yet.
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Adds the root; comes first in the digest of a file.
    pub fn root(&mut self, root: &Root) {
        self.part("R", &root.items);
    }

    /// Adds a patient with all tumors.
    pub fn patient(&mut self, patient: &Patient) {
        self.part("P", &patient.items);
        for tumor in &patient.tumors {
            self.part("T", &tumor.items);
        }
    }

    /// Adds a patient with one of the tumors: what one abstract is.
    pub fn patient_and_tumor(&mut self, patient: &Patient, tumor: &Tumor) {
        self.part("P", &patient.items);
        self.part("T", &tumor.items);
    }

    /// The digest as 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest itself.
    pub fn bytes(self) -> [u8; 32] {
        self.sum.finalize().into()
    }

    fn part(&mut self, letter: &str, items: &Items) {
        items.sort_into(&mut self.order);
        let lines = &mut self.lines;
        lines.clear();
        lines.extend_from_slice(letter.as_bytes());
        lines.push(b'\n');
        for (_, n) in &self.order {
            let entry = items.at(*n);
            lines.extend_from_slice(b"I\t");
            lines.extend_from_slice(entry.id.as_bytes());
            lines.push(b'\t');
            escape(entry.value.as_bytes(), lines);
            lines.push(b'\n');
        }
        self.sum.update(lines);
    }
}

/// Writes a value with what would break its line marked.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    let is_plain = !value.iter().fold(false, |found, b| found | matches!(b, b'\\' | b'\n' | b'\r' | b'\t'));
    if is_plain {
        return out.extend_from_slice(value);
    }
    for byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.push(*byte),
        }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest")
    }
}

/// Digest of one patient with all tumors.
pub fn patient_digest(patient: &Patient) -> String {
    let mut digest = Digest::new();
    digest.patient(patient);
    digest.finish()
}

/// Digests of a patient with all tumors, and of each abstract: the patient with one of them.
pub fn digests_of(patient: &Patient) -> ([u8; 32], Vec<[u8; 32]>) {
    let mut whole = Digest::new();
    whole.patient(patient);
    let whole = whole.bytes();
    let each = match patient.tumors.as_slice() {
        // A patient with one tumor and that abstract are the same lines.
        [_] => vec![whole],
        tumors => tumors
            .iter()
            .map(|tumor| {
                let mut one = Digest::new();
                one.patient_and_tumor(patient, tumor);
                one.bytes()
            })
            .collect(),
    };
    (whole, each)
}

/// Digest of a root's items.
pub fn root_digest(root: &Root) -> String {
    let mut digest = Digest::new();
    digest.root(root);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_items_does_not_count_and_their_place_does() {
        let mut one = Patient::default();
        one.items.push("sex", "1");
        one.items.push("nameLast", "a\tb");
        let mut other = Patient::default();
        other.items.push("nameLast", "a\tb");
        other.items.push("sex", "1");
        assert_eq!(patient_digest(&one), patient_digest(&other));
        other.add_tumor().items.push("sex", "1");
        assert_ne!(patient_digest(&one), patient_digest(&other));
        let (whole, each) = digests_of(&other);
        assert_eq!(each, [whole]);
        other.add_tumor().items.push("sex", "2");
        assert_ne!(digests_of(&other).0, whole);
        assert_eq!(digests_of(&other).1[0], whole);
    }
}
