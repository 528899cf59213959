//! What reading keeps, what it refuses, and where it says so.

use std::io::Read;

use accession::naaccr::{
    Fatal, FatalKind, Limits, Patient, Problem, ReadOptions, Reader, Root, Snippets, WriteOptions, Writer, digests_of,
    patient_digest,
};

const ROOT: &str = "<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
                    recordType=\"A\" specificationVersion=\"1.8\"";
const XMLNS: &str = "xmlns=\"http://naaccr.org/naaccrxml\"";

fn file(content: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n{ROOT} {XMLNS}>\n{content}\n</NaaccrData>\n")
}

fn patient(number: u32, more: &str) -> String {
    format!("<Patient>\n<Item naaccrId=\"patientIdNumber\">{number:08}</Item>\n{more}</Patient>\n")
}

struct ReadFile {
    root: Root,
    patients: Vec<Patient>,
    sources: Vec<String>,
    problems: Vec<Problem>,
    fatal: Option<Fatal>,
}

impl ReadFile {
    fn kinds(&self) -> Vec<&'static str> {
        self.problems.iter().map(|p| p.kind.name()).collect()
    }
}

fn read_from(input: impl Read + Send, options: &ReadOptions) -> Result<ReadFile, Fatal> {
    let mut reader = Reader::open(input, options)?;
    let (mut patients, mut sources, mut fatal) = (Vec::new(), Vec::new(), None);
    let mut patient = Patient::default();
    loop {
        match reader.read_patient(&mut patient) {
            Ok(true) => {
                sources.push(String::from_utf8_lossy(reader.patient_source()).into_owned());
                patients.push(patient.clone());
            }
            Ok(false) => break,
            Err(stop) => {
                fatal = Some(stop);
                break;
            }
        }
    }
    let problems = reader.drain_problems();
    Ok(ReadFile { root: reader.root().clone(), patients, sources, problems, fatal })
}

fn read(text: &str, options: &ReadOptions) -> ReadFile {
    read_from(text.as_bytes(), options).unwrap()
}

fn written(read: &ReadFile) -> String {
    let mut writer = Writer::new(Vec::new(), &read.root, &WriteOptions::default()).unwrap();
    for patient in &read.patients {
        writer.write_patient(patient).unwrap();
    }
    String::from_utf8(writer.finish().unwrap().2).unwrap()
}

/// Gives a byte at a time, so that every boundary falls everywhere.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(1).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

#[test]
fn how_the_bytes_arrive_does_not_matter() {
    let tumor = "<!-- a --><Tumor>\n<Item naaccrId=\"primarySite\" naaccrNum=\"400\">C509</Item>\n\
                 <Item naaccrId=\"textRemarks\">a &amp; b<![CDATA[ <c> ]]>é</Item></Tumor>\n";
    let text = file(&(1..20).map(|n| patient(n, tumor)).collect::<String>());
    let whole = read(&text, &ReadOptions::strict());
    let dropwise = read_from(Drops(text.as_bytes()), &ReadOptions::strict()).unwrap();
    assert_eq!(whole.problems, dropwise.problems);
    assert_eq!(whole.patients, dropwise.patients);
    assert_eq!(whole.sources, dropwise.sources);
    assert_eq!(whole.patients.len(), 19);
    assert_eq!(whole.patients[3].tumors[0].items.get("textRemarks"), Some("a & b <c> é"));
    let lines = |file: &ReadFile| file.patients.iter().map(|p| (p.lines, p.tumors[0].lines)).collect::<Vec<_>>();
    assert_eq!(lines(&whole), lines(&dropwise));
}

#[test]
fn the_text_of_a_patient_is_kept_byte_for_byte_and_can_be_read_again() {
    let own = "<Tumor>  <Item naaccrId='stateItem' >x&#65;</Item></Tumor>";
    let text = file(&format!("{}{}", patient(1, own), patient(2, "")));
    let whole = read(&text, &ReadOptions::import());
    assert_eq!(whole.sources[0], patient(1, own).trim_end());
    assert_eq!(&text[whole.patients[1].bytes.start as usize..whole.patients[1].bytes.end as usize], whole.sources[1]);
    let (again, problems) =
        Snippets::of(&whole.root, &ReadOptions::import()).read(whole.sources[0].as_bytes()).unwrap();
    assert_eq!(again, whole.patients[0]);
    assert_eq!(problems.len(), 1);
    assert_eq!(patient_digest(&again), patient_digest(&whole.patients[0]));
    assert_eq!(digests_of(&again), digests_of(&whole.patients[0]));
}

#[test]
fn extensions_and_root_attributes_are_written_back_as_they_were() {
    let text = format!(
        "{ROOT} xmlns:o=\"http://o.org\" o:made=\"x &amp; y\" {XMLNS}>\n\
         <o:a b='1'><o:c>t &lt; u</o:c><!-- k --></o:a>\n\
         <Patient><Item naaccrId=\"patientIdNumber\">00000001</Item><o:p/>\n\
         <Tumor><o:t><deep xmlns=\"http://d.org\">1</deep></o:t></Tumor></Patient></NaaccrData>"
    );
    let first = read(&text, &ReadOptions::strict());
    assert_eq!(first.kinds(), [""; 0]);
    assert_eq!(first.root.extensions[0].xml, "<o:a b='1'><o:c>t &lt; u</o:c><!-- k --></o:a>");
    let again = read(&written(&first), &ReadOptions::strict());
    assert_eq!(again.patients, first.patients);
    assert_eq!(again.root.extensions, first.root.extensions);
    assert_eq!(again.root.other_attributes, first.root.other_attributes);
    assert_eq!(written(&again), written(&first));
}

#[test]
fn salvage_goes_on_with_the_next_patient_and_says_what_it_passed_over() {
    let broken = "<Patient><Item naaccrId=\"patientIdNumber\">2 & 3</Item></Patient>\n";
    let unclosed = "<Patient><Tumor>\n";
    let text = file(&format!("{}{broken}{}{unclosed}{}", patient(1, ""), patient(3, ""), patient(5, "")));
    let strict = read(&text, &ReadOptions::strict());
    assert_eq!(strict.fatal.as_ref().map(|f| (f.kind, f.patient)), Some((FatalKind::XmlSyntax, Some(2))));
    assert_eq!(strict.patients.len(), 1);
    let salvaged = read(&text, &ReadOptions { check_codes: false, ..ReadOptions::salvage() });
    let numbers: Vec<_> = salvaged.patients.iter().filter_map(|p| p.items.get("patientIdNumber")).collect();
    assert_eq!(numbers, ["00000001", "00000003", "00000005"]);
    assert_eq!(salvaged.kinds(), ["patient_skipped", "patient_skipped"]);
    assert_eq!(salvaged.problems[0].line, 6);
    assert!(salvaged.fatal.is_none());
    let cut = &text[..text.len() - 40];
    let salvaged = read(cut, &ReadOptions::salvage());
    assert_eq!((salvaged.patients.len(), salvaged.fatal.is_none()), (2, true));
}

#[test]
fn practical_reading_takes_what_real_files_hold_and_says_so() {
    let text = "  \n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml \" recordType=\"A\" \
                madeBy=\"me\" specificationVersion=\"9\">\n<Patient>\n<Item naaccrId=\" sex \">1</Item>\n\
                <Item naaccrNum=\"160\">01</Item>\n<Tumor/>\n<Item naaccrId=\"nameLast\">X</Item>\n\
                <Item naaccrId=\"nameLast\">Y</Item>\n</Patient></NaaccrData>\n<!-- end -->\ntrailing";
    let found = read(text, &ReadOptions::practical());
    let mut kinds = found.kinds();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "after_the_end",
            "duplicate_item",
            "item_id_missing",
            "item_out_of_order",
            "item_out_of_order",
            "namespace_missing",
            "root_attribute_no_prefix",
            "specification_version",
        ]
    );
    let items: Vec<_> = found.patients[0].items.iter().map(|e| (e.id, e.value)).collect();
    assert_eq!(items, [("sex", "1"), ("race1", "01"), ("nameLast", "X"), ("nameLast", "Y")]);
    assert_eq!(found.patients[0].items.get("nameLast"), Some("X"));
    assert_eq!(written(&found).matches("nameLast").count(), 1);
}

#[test]
fn hostile_files_are_stopped_by_a_limit_with_its_own_message() {
    let limits = Limits { depth: 10, value: 1000, patient: 1 << 20, attributes: 5, total: 4 << 20, ratio: 100 };
    let options = ReadOptions { limits, ..ReadOptions::strict() };
    let stop = |text: String| match read_from(text.as_bytes(), &options) {
        Ok(read) => read.fatal.map(|f| (f.kind, f.message)),
        Err(fatal) => Some((fatal.kind, fatal.message)),
    };
    let deep = format!("<o:x xmlns:o=\"o\">{}", "<o:y>".repeat(100_000));
    let attributes: String = (0..10).map(|n| format!(" a{n}=\"\"")).collect();
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
    let cases = [
        (file(&patient(1, &deep)), FatalKind::TooDeep),
        (
            file(&patient(1, &format!("<Item naaccrId=\"nameLast\">{}</Item>", "x".repeat(2000)))),
            FatalKind::ValueTooLarge,
        ),
        (file(&patient(1, "<Tumor/>").repeat(1 << 17)), FatalKind::FileTooLarge),
        (file(&patient(1, &format!("<Item{attributes}>x</Item>"))), FatalKind::TooManyAttributes),
        (format!("<?xml version=\"1.0\"?>{bomb}{}", file("")), FatalKind::XmlSyntax),
    ];
    let mut messages = Vec::new();
    for (text, kind) in cases {
        let (found, message) = stop(text).unwrap();
        assert_eq!(found, kind, "{message}");
        messages.push(message);
    }
    messages.dedup();
    assert_eq!(messages.len(), 5);
    let patient_only =
        ReadOptions { limits: Limits { patient: 1 << 20, ..Limits::default() }, ..ReadOptions::strict() };
    let large = file(&patient(1, &"<Tumor/>".repeat(1 << 20)));
    let fatal = read_from(large.as_bytes(), &patient_only).unwrap().fatal.unwrap();
    assert_eq!(fatal.kind, FatalKind::PatientTooLarge);
}

#[test]
fn a_file_cut_anywhere_never_ends_quietly() {
    let text =
        file(&format!("{}{}", patient(1, "<Tumor><Item naaccrId=\"primarySite\">C509</Item></Tumor>"), patient(2, "")));
    let whole = text.trim_end().len();
    for end in 0..whole {
        match read_from(&text.as_bytes()[..end], &ReadOptions::strict()) {
            Err(fatal) => assert!(matches!(fatal.kind, FatalKind::XmlSyntax | FatalKind::Empty), "{end} {fatal}"),
            Ok(read) => assert!(read.fatal.is_some_and(|f| f.line.is_some()), "cut at {end}"),
        }
    }
}

// What the reference library loses without a word, and what is no longer lost.

fn remark(text: &str) -> String {
    file(&patient(1, &format!("<Tumor>\n<Item naaccrId=\"textRemarks\">{text}</Item>\n</Tumor>\n")))
}

#[test]
fn a_character_above_16_bits_is_not_lost() {
    let found = read(&remark("&#x1F600;"), &ReadOptions::strict());
    assert_eq!(found.patients[0].tumors[0].items.get("textRemarks"), Some("😀"));
}

#[test]
fn bytes_that_are_not_utf8_are_not_lost() {
    let mut bytes = remark("MXller").into_bytes();
    let at = bytes.windows(3).position(|w| w == b"MXl").unwrap() + 1;
    bytes[at] = 0xfc;
    let found = read_from(&bytes[..], &ReadOptions::strict()).unwrap();
    assert_eq!(found.patients[0].tumors[0].items.get("textRemarks"), Some("Müller"));
    assert_eq!(found.kinds(), ["invalid_utf8"]);
    assert!(found.problems[0].message.contains(&at.to_string()), "{}", found.problems[0].message);
}

#[test]
fn text_in_a_declared_encoding_is_not_lost() {
    let text = remark("Müller").replacen("version=\"1.0\"", "version=\"1.0\" encoding=\"ISO-8859-1\"", 1);
    let western: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let found = read_from(&western[..], &ReadOptions::strict()).unwrap();
    assert_eq!(found.patients[0].tumors[0].items.get("textRemarks"), Some("Müller"));
    assert_eq!(found.kinds(), [""; 0]);
}

#[test]
fn a_control_character_is_not_lost_unsaid() {
    for bad in ["\u{7}", "\u{fffe}", "&#7;"] {
        let found = read(&remark(&format!("a{bad}b")), &ReadOptions::strict());
        assert_eq!(found.kinds(), ["control_character"]);
        assert_eq!((found.problems[0].line, found.problems[0].patient), (6, Some(1)));
        assert_eq!(found.patients[0].tumors[0].items.get("textRemarks"), Some("ab"));
    }
}

#[test]
fn text_between_elements_is_not_lost_unsaid() {
    let found = read(&file(&patient(1, "<Tumor>stray &amp; lost</Tumor>\n")), &ReadOptions::strict());
    assert_eq!(found.kinds(), ["stray_text"]);
    assert_eq!(found.problems[0].value.as_deref(), Some("stray & lost"));
}

#[test]
fn what_follows_the_root_is_not_lost_unsaid() {
    let text = file(&patient(1, "")) + "<Patient/>";
    assert_eq!(read(&text, &ReadOptions::strict()).fatal.unwrap().kind, FatalKind::XmlSyntax);
    assert_eq!(read(&text, &ReadOptions::practical()).kinds(), ["after_the_end"]);
}

#[test]
fn patients_of_a_nested_root_are_not_lost_unsaid() {
    let nested = file(&format!("<NaaccrData>{}</NaaccrData>", patient(1, "")));
    let refused = read_from(nested.as_bytes(), &ReadOptions::strict()).err().unwrap();
    assert_eq!(refused.kind, FatalKind::UnexpectedTag);
}

#[test]
fn an_item_after_an_extension_is_not_lost() {
    let text = format!(
        "{ROOT} xmlns:o=\"o\" {XMLNS}>\n<o:x/>\n<Item naaccrId=\"registryId\">0000001234</Item>\n</NaaccrData>"
    );
    assert_eq!(read_from(text.as_bytes(), &ReadOptions::strict()).err().unwrap().kind, FatalKind::UnexpectedTag);
    let found = read(&text, &ReadOptions::practical());
    assert_eq!(found.root.items.get("registryId"), Some("0000001234"));
    assert_eq!(found.kinds(), ["item_out_of_order"]);
}

#[test]
fn a_fixed_column_line_of_another_version_is_not_misread() {
    let line = |version: &str, length: usize| {
        let mut line = vec![b' '; length];
        line[0] = b'I';
        line[16..19].copy_from_slice(version.as_bytes());
        line[41..49].copy_from_slice(b"00000001");
        // Primary site: columns 554 to 557 in 18, 540 to 543 in 16.
        let site = if version == "180" { 553 } else { 539 };
        line[site..site + 4].copy_from_slice(b"C509");
        line.push(b'\n');
        line
    };
    let text = [line("180", 4048), line("160", 3339)].concat();
    let found = read_from(&text[..], &ReadOptions::strict()).unwrap();
    assert_eq!(found.kinds(), ["record_mismatch"]);
    let sites: Vec<_> = found.patients[0].tumors.iter().map(|t| t.items.get("primarySite")).collect();
    assert_eq!(sites, [Some("C509"), Some("C509")]);
}
