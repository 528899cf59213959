//! XML and gzip made to swell.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::kit::{Measured, accession, init, is_sound, measured};

const HEAD: &str = "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
                    recordType=\"A\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n";

/// The most memory a refusal may need beside what the program needs for a file of one patient. Built for use that is
/// 18 MiB, of which 11 are pages of the program itself, so that its own memory stays below 16 MiB.
const MOST_KIB: u64 = 8 * 1024;

/// What the program needs for a file of one patient.
fn least_kib() -> u64 {
    let file = format!("{HEAD}<Patient><Item naaccrId=\"patientIdNumber\">00000001</Item></Patient></NaaccrData>");
    let run = inspect("-", move |pipe| pipe.write_all(file.as_bytes()).unwrap());
    assert_eq!(run.outcome.code, Some(0), "{}", run.outcome.stderr);
    run.peak_kib
}

fn with_doctype(doctype: &str, text: &str) -> Vec<u8> {
    let rest = HEAD.trim_start_matches("<?xml version=\"1.0\"?>\n");
    format!(
        "<?xml version=\"1.0\"?>\n{doctype}\n{rest}<Patient><Item naaccrId=\"patientIdNumber\">{text}</Item></Patient></NaaccrData>"
    )
    .into_bytes()
}

fn billion_laughs() -> Vec<u8> {
    let mut doctype = String::from("<!DOCTYPE lolz [<!ENTITY lol \"lol\">");
    for level in 1..10 {
        let inner = if level == 1 { "&lol;".to_owned() } else { format!("&lol{};", level - 1) };
        doctype += &format!("<!ENTITY lol{level} \"{}\">", inner.repeat(10));
    }
    with_doctype(&(doctype + "]>"), "&lol9;")
}

fn quadratic() -> Vec<u8> {
    let doctype = format!("<!DOCTYPE a [<!ENTITY a \"{}\">]>", "a".repeat(50_000));
    with_doctype(&doctype, &"&a;".repeat(50_000))
}

fn deep() -> Vec<u8> {
    format!("{HEAD}{}", "<Patient>".repeat(100_000)).into_bytes()
}

fn many_attributes() -> Vec<u8> {
    let mut text = format!("{HEAD}<Patient");
    for number in 0..1_000_000 {
        text += &format!(" a{number}=\"1\"");
    }
    (text + "/></NaaccrData>").into_bytes()
}

/// A file, whether a whole document must be refused, and how.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("billion-laughs", billion_laughs()),
        ("quadratic", quadratic()),
        ("external-entity", with_doctype("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;")),
        ("external-dtd", with_doctype("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/a.dtd\">", "x")),
        ("parameter-entity", with_doctype("<!DOCTYPE a [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]>", "x")),
        ("undeclared-entity", with_doctype("", "&x;")),
        ("deep", deep()),
        ("many-attributes", many_attributes()),
    ]
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn inspect(input: &str, feed: impl FnOnce(&mut dyn Write) + Send + 'static) -> Measured {
    measured(&["naaccr", "inspect", input, "--json"], feed)
}

#[test]
fn an_xml_bomb_is_refused_at_once_and_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let most = least_kib() + MOST_KIB;
    for (name, bytes) in bombs() {
        let path = write(folder.path(), &format!("{name}.xml"), &bytes);
        let run = inspect(&path.display().to_string(), |_| {});
        assert_eq!(run.outcome.code, Some(2), "{name}: {}{}", run.outcome.stdout, run.outcome.stderr);
        assert_eq!(run.outcome.json()["outcome"], "fatal", "{name}");
        assert!(!run.outcome.stdout.contains("root:"), "{name} read a file of the machine");
        assert!(run.cpu < Duration::from_secs(3), "{name}: {:?}", run.cpu);
        assert!(run.peak_kib < most, "{name}: {} KiB", run.peak_kib);
    }
}

/// Text after a head, again and again up to a gigabyte; it ends where nobody listens any more.
fn endless(head: String, piece: &'static [u8]) -> impl FnOnce(&mut dyn Write) + Send + 'static {
    move |pipe| {
        let mut ok = pipe.write_all(head.as_bytes()).is_ok();
        let block = piece.repeat((1 << 20) / piece.len());
        for _ in 0..1024 {
            ok = ok && pipe.write_all(&block).is_ok();
        }
    }
}

#[test]
fn what_has_no_end_is_refused_at_once_and_in_little_memory() {
    let most = least_kib() + MOST_KIB;
    for (name, head, piece) in [
        ("text", "<Patient><Item naaccrId=\"patientIdNumber\">", &b"a"[..]),
        ("escaped text", "<Patient><Item naaccrId=\"patientIdNumber\">", b"&amp;"),
        ("cdata", "<Patient><Item naaccrId=\"patientIdNumber\"><![CDATA[", b"a"),
        ("comments in an item", "<Patient><Item naaccrId=\"patientIdNumber\">", b"<!---->"),
        ("attribute", "<Patient><Item naaccrId=\"", b"a"),
        ("attributes", "<Patient><Item ", b"a=\"b\" "),
        ("name", "<Patient><", b"a"),
        ("comment", "<!--", b"a"),
        ("instruction", "<Patient><?", b"a"),
        ("stray text", "<Patient>", b"a"),
        ("text of an extension", "<o:x xmlns:o=\"o\">", b"a"),
    ] {
        for threads in ["1", "2"] {
            let feed = endless(format!("{HEAD}{head}"), piece);
            let run = measured(&["naaccr", "inspect", "-", "--json", "--threads", threads], feed);
            assert_eq!(run.outcome.code, Some(2), "{name}: {}{}", run.outcome.stdout, run.outcome.stderr);
            assert!(run.cpu < Duration::from_millis(500), "{name}: {:?}", run.cpu);
            assert!(run.peak_kib < most, "{name}: {} KiB", run.peak_kib);
        }
    }
    // Blanks between patients are nobody's: they are let go of, and end with the file.
    let run = measured(&["naaccr", "inspect", "-", "--json"], endless(HEAD.to_owned(), b" "));
    assert_eq!((run.outcome.code, run.peak_kib < most), (Some(2), true), "{} KiB", run.peak_kib);
}

/// Gzip of many zeros or blanks: 1 KiB on disk for each MiB within.
fn gzip_bomb(megabytes: usize) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(HEAD.as_bytes()).unwrap();
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        packer.write_all(&blanks).unwrap();
    }
    packer.finish().unwrap()
}

#[test]
fn a_gzip_bomb_is_stopped_at_its_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let most = least_kib() + MOST_KIB;
    let bytes = gzip_bomb(512);
    assert!(bytes.len() < 1 << 20);
    let path = write(folder.path(), "bomb.xml.gz", &bytes);
    let run = inspect(&path.display().to_string(), |_| {});
    assert_eq!(run.outcome.code, Some(2), "{}{}", run.outcome.stdout, run.outcome.stderr);
    assert!(run.cpu < Duration::from_secs(5), "{:?}", run.cpu);
    assert!(run.peak_kib < most, "{} KiB", run.peak_kib);
}

on_both!(no_bomb_changes_a_registry, |db| {
    init(db);
    let folder = tempfile::tempdir().unwrap();
    let mut files = bombs();
    files.push(("gzip", gzip_bomb(300)));
    files.push(("cut-gzip", gzip_bomb(1)[..200].to_vec()));
    files.push(("nothing", Vec::new()));
    files.push(("noise", (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()));
    for (name, bytes) in files {
        let ending = if name.contains("gzip") { "xml.gz" } else { "xml" };
        let path = write(folder.path(), &format!("{name}.{ending}"), &bytes).display().to_string();
        let began = Instant::now();
        let run = accession(&["import", &path, "--database", db.url(), "--json"]);
        assert_eq!(run.code, Some(1), "{name}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.json_lines()[0]["outcome"], "refused", "{name}: {}", run.stdout);
        assert!(began.elapsed() < Duration::from_secs(20), "{name}: {:?}", began.elapsed());
        for table in ["patient", "tumor", "abstract"] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 0, "{name} left rows in {table}");
        }
    }
    is_sound(db);
});
