//! The page where a file is dropped: what it holds, what is wrong with it, the same in another form.

use std::time::{Duration, Instant};

use accession::asker::Role;

use crate::kit::{Person, Server, Visitor, init};

const FILE: &str = "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
     recordType=\"A\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n<Patient>\n\
     <Item naaccrId=\"patientIdNumber\">12</Item>\n<Item naaccrId=\"nameLast\"> Tokenname</Item>\n<Item naaccrId=\"sex\">3</Item>\n\
     <Tumor><Item naaccrId=\"primarySite\">C509</Item></Tumor>\n</Patient>\n</NaaccrData>\n";

/// The page once nothing runs any more.
pub fn settled(visitor: &mut Visitor, path: &str) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let page = visitor.get(path).expect_status(200);
        if page.header("refresh").is_none() {
            return page.text();
        }
        assert!(Instant::now() < until, "the job did not end: {}", page.text());
        std::thread::sleep(Duration::from_millis(100));
    }
}

on_both!(a_dropped_file_is_judged_converted_and_gone_after_its_hours, |db| {
    init(db);
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let other = Person::add(db, "other", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = manager.at(&server);
    visitor.get("/look").expect_status(200);
    let sent = visitor.upload("/look", &[("mode", "practical")], "file", "any.xml", FILE.as_bytes()).expect_status(303);
    let path = sent.location().to_owned();
    let page = settled(&mut visitor, &path);
    for said in ["too short", "leading space", "Patient ID Number", "NAACCR XML", "250"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Tokenname"), "a value stands only where one asks for it");
    let group = page.split(&format!("{path}?group=")).skip(1).find(|p| p.contains(">leading space<")).unwrap();
    let drilled = visitor.get(&format!("{path}?group={}", group.split('"').next().unwrap())).expect_status(200).text();
    assert!(drilled.contains("Tokenname") && drilled.contains("begins with a blank"), "{drilled}");
    let csv = visitor.get(&format!("{path}/problems.csv")).expect_status(200).text();
    assert!(csv.starts_with("kind,severity,line,column,patient") && csv.contains("too_short,error,4,1,1,"), "{csv}");

    let fields = [("form", "xml"), ("version", "260"), ("type", "I"), ("repair_pad", "yes"), ("repair_trim", "yes")];
    visitor.post(&format!("{path}/convert"), &fields).expect_status(303);
    let page = settled(&mut visitor, &path);
    for said in ["no equal", "not in the record type", "nameLast", "The repairs"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let made = page.split("href=\"/look/").find(|p| p.split('"').next().unwrap().ends_with("/made")).unwrap();
    let made = format!("/look/{}", made.split('"').next().unwrap());
    let file = visitor.get(&made).expect_status(200);
    assert!(file.header("content-disposition").unwrap().contains("converted_I260_"));
    let text = file.text();
    assert!(text.contains(">00000012</Item>") && text.contains("dictionary-260") && !text.contains("Tokenname"));
    let repairs = visitor.get(&format!("{made}?list=repairs")).expect_status(200).text();
    assert!(repairs.contains("pad,4,1,,patientIdNumber,12,00000012,"), "{repairs}");

    // Nobody else sees it, and nothing of it stands in the log or among the records.
    let mut stranger = other.at(&server);
    for path in [path.clone(), format!("{path}/problems.csv"), made.clone()] {
        stranger.get(&path).expect_status(404);
    }
    assert!(!stranger.get("/look").expect_status(200).text().contains(&path));
    assert!(!server.printed().contains("Tokenname"));
    assert_eq!(db.number("SELECT count(*) FROM patient"), 0);
    assert_eq!(db.number("SELECT count(*) FROM file WHERE keep_until > '2099'"), 0);

    // A file that cannot be read says so and where.
    visitor.get("/look").expect_status(200);
    let cut = visitor.upload("/look", &[], "file", "cut.xml", &FILE.as_bytes()[..FILE.len() - 25]).expect_status(303);
    let cut = cut.location().to_owned();
    let page = settled(&mut visitor, &cut);
    assert!(page.contains("Reading stopped") && page.contains("the file ends inside"), "{page}");

    // All of it is kept for hours, not days.
    let tomorrow = chrono::Utc::now() + chrono::Duration::hours(25);
    let late = format!("SELECT count(*) FROM file WHERE keep_until > '{}'", tomorrow.format("%Y-%m-%dT%H:%M:%S"));
    assert_eq!(db.number(&late), 0);
    db.tamper("DELETE FROM file_chunk");
    assert!(visitor.get(&path).expect_status(200).text().contains("are gone"));
});
