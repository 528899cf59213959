//! Letters: attempt, disclosure and copy together or not at all; mail to a folder and through a mail server.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use accession::followup::letters::{Order, Written, write_letter};
use accession::followup::mail::Mailbag;
use accession::registry::store::disclosure::disclosures_of;
use accession::registry::store::files::{FileReader, file};
use accession::registry::store::followup::attempts_of;
use accession::registry::store::{By, Store, StoreError};

use super::*;

/// Gives the home facility address and telephone.
pub fn with_letterhead(db: &Database) {
    db.tamper("UPDATE facility SET name = 'Harbor General', address = '1 Quay Street\nHarbor, IA 50001', telephone = '(555) 010-0001'");
}

fn order(report: &str) -> Order {
    Order {
        report: report.into(),
        recipient: "R. Okafor MD".into(),
        address: vec!["2 Hill Road".into(), "Harbor, IA 50001".into()],
        mail: String::new(),
    }
}

fn write(store: &Store, id: i64, order: &Order) -> Result<Written, StoreError> {
    let order = order.clone();
    store.write(move |tx| write_letter(tx, &By::system("test"), id, &order, today().first()))
}

on_both!(a_letter_is_an_attempt_a_disclosure_and_a_copy, |db| {
    let store = registry_of(db, &[ANNE]);
    with_letterhead(db);
    let (by, id) = (By::system("test"), patient(db, "WEATHERBY"));
    let written = write(&store, id, &order("physician-letter")).unwrap();
    let conn = &mut *store.reading().unwrap();
    let attempts = attempts_of(conn, &by, id).unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].result.as_str(), attempts[0].file_id), ("pending", Some(written.file)));
    assert_eq!(attempts[0].template, "physician-letter 1");
    let disclosed = disclosures_of(conn, id).unwrap();
    assert_eq!((disclosed.len(), disclosed[0].recipient.as_str()), (1, "R. Okafor MD"));
    let kept = file(&store, &by, written.file).unwrap();
    let bytes = FileReader::open(&store, kept.id).next_piece().unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for said in ["Harbor General", "(555) 010-0001", "Anne Weatherby", "1957-04-19", "breast", "2026-12-23"] {
        assert!(text.contains(said), "the letter lacks {said}");
    }
    let years = db.values("SELECT keep_until AS value FROM file WHERE kind = 'letter'").remove(0).unwrap();
    let made = db.values("SELECT created_at AS value FROM file WHERE kind = 'letter'").remove(0).unwrap();
    let year = |text: &str| text[..4].parse::<i32>().unwrap();
    assert_eq!(year(&years) - year(&made), 6);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'disclosure' AND patient_id IS NOT NULL"), 1);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE note LIKE '%Okafor%' OR note LIKE '%eatherby%'"), 0);
    let stranger = of_facilities(&[FacilityId(999)]);
    assert!(matches!(file(&store, &stranger, written.file), Err(StoreError::NotFound)));
    assert!(attempts_of(conn, &stranger, id).unwrap().is_empty());
});

on_both!(a_letter_that_may_not_go_leaves_nothing, |db| {
    let unwilling = Person {
        number: 2,
        name: "HARPER",
        items: &[
            ("dateOfLastContact", "20251011"),
            ("vitalStatus", "1"),
            ("noPatientContactFlag", "1"),
            ("dateOfBirth", "19360726"),
        ],
        tumors: &[(HOME, BREAST)],
    };
    let dead = Person {
        number: 3,
        name: "ROSSI",
        items: &[("dateOfLastContact", "20251011"), ("vitalStatus", "0"), ("dateOfBirth", "19360726")],
        tumors: &[(HOME, BREAST)],
    };
    let store = registry_of(db, &[ANNE, unwilling, dead]);
    let refused = |name: &str, order: &Order| match write(&store, patient(db, name), order) {
        Err(StoreError::Refused(sentence)) => sentence,
        other => panic!("{other:?}"),
    };
    assert!(refused("WEATHERBY", &order("physician-letter")).contains("letterhead"));
    with_letterhead(db);
    assert!(refused("HARPER", &order("patient-letter")).contains("1854"));
    assert!(refused("ROSSI", &order("physician-letter")).contains("dead"));
    assert!(refused("WEATHERBY", &Order { address: vec![], ..order("patient-letter") }).contains("address"));
    assert!(refused("WEATHERBY", &order("love-letter")).contains("no letter"));
    let tables = "SELECT (SELECT count(*) FROM attempt) + (SELECT count(*) FROM disclosure) + (SELECT count(*) FROM file WHERE kind = 'letter')";
    assert_eq!(db.number(tables), 0);
});

on_both!(a_mailed_letter_becomes_a_file_whose_subject_says_nothing, |db| {
    let store = registry_of(db, &[ANNE]);
    with_letterhead(db);
    let id = patient(db, "WEATHERBY");
    let mailed = Order { mail: "office@example.org".into(), ..order("physician-letter") };
    let written = write(&store, id, &mailed).unwrap();
    let folder = db.folder().join("mail");
    std::fs::create_dir(&folder).unwrap();
    let bag = Mailbag::of(&format!("file:{}", folder.display())).unwrap();
    bag.send("registry@example.org", &mailed.mail, &written.subject, &written.text).unwrap();
    let entry = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(entry.path()).unwrap();
    let subject = mail.lines().find(|line| line.starts_with("Subject:")).unwrap();
    let lower = subject.to_lowercase();
    assert!(!["cancer", "breast", "weatherby", "oncolog", "tumor"].iter().any(|w| lower.contains(w)), "{subject}");
    assert!(mail.contains("office@example.org") && mail.contains("FU-26-11-"));
});

/// A mail server that takes one mail and answers what it was sent.
fn mail_server() -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let took = std::thread::spawn(move || {
        let (mut line_out, _) = listener.accept().unwrap();
        let lines = BufReader::new(line_out.try_clone().unwrap()).lines();
        let mut say = |text: &str| line_out.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        say("220 test");
        let (mut mail, mut in_data) = (String::new(), false);
        for line in lines.map_while(Result::ok) {
            mail.push_str(&line);
            mail.push('\n');
            match line.as_str() {
                "." if in_data => {
                    in_data = false;
                    say("250 taken");
                }
                _ if in_data => {}
                "DATA" => {
                    in_data = true;
                    say("354 go on");
                }
                "QUIT" => {
                    say("221 bye");
                    break;
                }
                _ => say("250 ok"),
            }
        }
        mail
    });
    (port, took)
}

#[test]
fn a_mail_goes_through_a_mail_server() {
    let (port, took) = mail_server();
    let bag = Mailbag::of(&format!("smtp://127.0.0.1:{port}")).unwrap();
    bag.send(
        "registry@example.org",
        "office@example.org",
        "Request for information, reference FU-26-11-0001",
        "Line one\n.\nLine two\n",
    )
    .unwrap();
    drop(bag);
    let mail = took.join().unwrap();
    assert!(mail.contains("RCPT TO:<office@example.org>"), "{mail}");
    assert!(mail.contains("Subject: Request for information") && mail.contains("Line two"), "{mail}");
}

#[test]
fn a_mail_server_that_is_not_there_is_said() {
    let bag = Mailbag::of("smtp://127.0.0.1:1").unwrap();
    assert!(bag.send("registry@example.org", "office@example.org", "s", "t").is_err());
}
